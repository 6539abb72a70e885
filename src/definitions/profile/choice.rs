//! Choices of type: the names an element can be written under, and the slices that come of it.
//!
//! A differential speaks of `value[x]` under that name, under that of a type (`valueQuantity`), or as a slice
//! of one of both. In a snapshot of ours a choice is always `value[x]`, and what is said of one type stands
//! in a slice named `valueQuantity`.

use std::borrow::Cow;
use std::sync::Arc;

use super::model::{Discriminator, DiscriminatorKind, ElementRules, Slicing, SlicingRules, TypeRule};
use super::tree::ElementNode;
use crate::definitions::types::choice_name;

/// What a differential says of one child of the base.
pub(super) struct Aligned<'d> {
    /// Which child.
    pub at: usize,
    /// The node under the child's own name.
    pub main: Option<&'d ElementNode>,
    /// Nodes under the name of one type, and their slices.
    pub slices: Vec<SliceDiff<'d>>,
}

/// What a differential says of one slice.
pub(super) struct SliceDiff<'d> {
    /// Name of the slice.
    pub name: &'d str,
    /// For one that stands under the name of a type (`valueQuantity`): the type.
    pub type_rule: Option<TypeRule>,
    /// What is said.
    pub node: &'d ElementNode,
}

impl<'d> SliceDiff<'d> {
    /// A slice under its own name.
    pub fn named(node: &'d ElementNode) -> SliceDiff<'d> {
        SliceDiff { name: node.slice_name.as_deref().unwrap_or(&node.name), type_rule: None, node }
    }

    /// What is stated of it: in a slice for one type that type, too.
    pub fn stated(&self) -> Cow<'d, ElementRules> {
        match &self.type_rule {
            Some(rule) if self.node.rules.types.is_empty() => {
                Cow::Owned(ElementRules { types: vec![rule.clone()], ..(*self.node.rules).clone() })
            }
            _ => Cow::Borrowed(&self.node.rules),
        }
    }
}

/// Finds which children of the base the nodes of a differential speak of; names that none has come second.
pub(super) fn align<'d>(base: &[Arc<ElementNode>], diff: &'d [Arc<ElementNode>]) -> (Vec<Aligned<'d>>, Vec<Arc<str>>) {
    let mut aligned: Vec<Aligned<'d>> = vec![];
    let mut unknown = vec![];
    for node in diff {
        let Some((at, type_rule)) = find(base, &node.name) else {
            unknown.push(node.name.clone());
            continue;
        };
        let known = match aligned.iter().position(|a| a.at == at) {
            Some(known) => known,
            None => {
                aligned.push(Aligned { at, main: None, slices: vec![] });
                aligned.len() - 1
            }
        };
        let Some(entry) = aligned.get_mut(known) else { continue };
        match type_rule {
            None if entry.main.is_none() => entry.main = Some(node),
            // Said twice under one name: the second time as another layer is not foreseen, its slices are.
            None => entry.slices.extend(node.slices.iter().map(|s| SliceDiff::named(s))),
            Some(rule) => {
                let says = !node.children.is_empty() || *node.rules != ElementRules::default();
                if says || node.slices.is_empty() {
                    entry.slices.push(SliceDiff { name: &node.name, type_rule: Some(rule.clone()), node });
                }
                let typed =
                    |s: &'d Arc<ElementNode>| SliceDiff { type_rule: Some(rule.clone()), ..SliceDiff::named(s) };
                entry.slices.extend(node.slices.iter().map(typed));
            }
        }
    }
    (aligned, unknown)
}

/// The child that bears a name, and the type that the name says it has.
fn find(children: &[Arc<ElementNode>], name: &str) -> Option<(usize, Option<TypeRule>)> {
    if let Some(at) = children.iter().position(|c| &*c.name == name) {
        return Some((at, None));
    }
    let mut guess = None;
    for (at, child) in children.iter().enumerate() {
        let Some(stem) = child.name.strip_suffix("[x]") else { continue };
        let Some(suffix) = name.strip_prefix(stem).filter(|s| s.starts_with(|c: char| c.is_ascii_uppercase())) else {
            continue;
        };
        if let Some(rule) = child.rules.types.iter().find(|t| choice_name(stem, &t.code) == name) {
            return Some((at, Some(rule.clone())));
        }
        // A type that the base does not allow (or any, `*`): the name says which.
        guess = Some((at, Some(TypeRule { code: suffix.into(), ..TypeRule::default() })));
    }
    guess
}

/// Slicing that needs not be written: extensions are told apart by their url.
pub(super) fn implied_slicing(name: &str) -> Option<Arc<Slicing>> {
    let by = |kind, path: &str, rules| {
        let discriminators = vec![Discriminator { kind, path: path.into() }];
        Some(Arc::new(Slicing { discriminators, ordered: false, rules }))
    };
    match name {
        "extension" | "modifierExtension" => by(DiscriminatorKind::Value, "url", SlicingRules::Open),
        choice if choice.ends_with("[x]") => by(DiscriminatorKind::Type, "$this", SlicingRules::Closed),
        _ => None,
    }
}

/// Settles what slices by type do to the choice itself. Where the differential names types without dividing
/// the choice first, only those types are left (<http://hl7.org/fhir/STU3/profiling.html#slicing>); where it
/// divides it and requires one type, the others cannot occur.
pub(super) fn close(base: &ElementNode, node: &mut ElementNode, stated: &ElementRules, slices: &[SliceDiff<'_>]) {
    let Some(implied) = implied_slicing(&node.name) else { return };
    let of_slices = |node: &ElementNode| -> Vec<Arc<str>> {
        node.slices.iter().flat_map(|s| s.rules.types.iter().map(|t| t.code.clone())).collect()
    };
    let required = node.slices.iter().find(|s| s.rules.min() > 0).cloned();
    let mut rules = ElementRules::clone(&node.rules);
    if let Some(required) = &required {
        rules.min = Some(rules.min().max(required.rules.min()));
    }
    let single = rules.max() == super::model::Max::Count(1);
    if stated.slicing.is_none() && base.rules.slicing.is_none() {
        rules.slicing = Some(implied.clone());
        let left = of_slices(node);
        rules.types.retain(|t| left.contains(&t.code));
    } else if let Some(required) = required.filter(|_| single && !slices.is_empty()) {
        rules.types.retain(|t| required.rules.types.iter().any(|r| r.code == t.code));
    }
    if rules.slicing.is_none() {
        rules.slicing = Some(implied);
    }
    node.rules = Arc::new(rules);
}
