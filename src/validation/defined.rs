//! Where a definition speaks of an element: what an issue shows beside its place in the resource.

use std::sync::Arc;

use super::discriminator::Belongs;
use super::walk::{Walk, address};
use crate::definitions::profile::{ElementNode, Max, Snapshot};
use crate::fhir::NodeRef;

/// An element of a definition, and how often it must and may occur.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defined {
    /// Its id: the path with slices, `Observation.component:SystolicBP.value[x]`.
    pub path: String,
    /// At least so often.
    pub min: u32,
    /// At most so often.
    pub max: Max,
}

impl Defined {
    /// An element below one that is known by the place: only its name, until that is found.
    pub(super) fn child(rule: &ElementNode) -> Defined {
        Defined { path: label(rule), min: rule.rules.min(), max: rule.rules.max() }
    }
}

fn label(rule: &ElementNode) -> String {
    match &rule.slice_name {
        Some(slice) => format!("{}:{slice}", rule.name),
        None => rule.name.to_string(),
    }
}

impl<'d> Walk<'_, 'd> {
    /// The element of a definition that a node was judged by; `child` is one in it that the issue is about.
    pub fn defined(&mut self, node: NodeRef<'d>, canonical: &str, child: Option<Defined>) -> Option<Defined> {
        let snapshot = self.validator.profiles.snapshot(canonical).ok().filter(|_| !canonical.is_empty())?;
        // Down from where the definition was taken up.
        let mut way = vec![];
        let mut at = node;
        while !self.was_judged(at, address(&snapshot)) {
            way.push(at);
            at = at.parent()?;
        }
        let mut rule = snapshot.root.clone();
        let mut path = label(&rule);
        for step in way.into_iter().rev() {
            rule = self.rule_of(step, &rule, &snapshot)?;
            path = format!("{path}.{}", label(&rule));
        }
        Some(match child {
            Some(child) => Defined { path: format!("{path}.{}", child.path), ..child },
            None => Defined { path, min: rule.rules.min(), max: rule.rules.max() },
        })
    }

    /// The rule for an element in one that has `rule`: its slice, where it is in one.
    fn rule_of(&mut self, node: NodeRef<'d>, rule: &ElementNode, snapshot: &Snapshot) -> Option<Arc<ElementNode>> {
        let name = self.document.name(self.document.node_type(node.id()).step);
        let found = |rule: &ElementNode| rule.child(name).or_else(|| rule.child(&format!("{name}[x]"))).cloned();
        let shared = || {
            let mut steps = rule.rules.content_reference.as_deref()?.split('.').skip(1);
            steps.try_fold(&snapshot.root, |at, name| at.child(name)).and_then(|target| found(target))
        };
        let child = found(rule).or_else(shared)?;
        let slicing = child.rules.slicing.clone();
        let by = slicing.as_ref().map(|s| &*s.discriminators).unwrap_or_default();
        let slice = child.slices.iter().find(|slice| self.belongs(node, slice, by) == Belongs::Yes).cloned();
        Some(slice.unwrap_or(child))
    }
}
