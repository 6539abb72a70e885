//! Why an element is not in a slice: for people who thought it was.

use std::sync::Arc;

use super::discriminator::Belongs;
use super::format::shortened;
use super::walk::Walk;
use crate::definitions::profile::{Discriminator, DiscriminatorKind, ElementNode};
use crate::fhir::NodeRef;

/// A row of the table that goes with an issue about slices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SliceMismatch {
    /// Path of the element.
    pub path: String,
    /// Name of the slice that it is not in.
    pub slice: Arc<str>,
    /// The first discriminator that fails: `value: code.coding.code`.
    pub discriminator: String,
    /// What the slice asks for there.
    pub expected: String,
    /// What the element has there.
    pub found: String,
}

/// Most rows of one table.
const ROWS: usize = 12;

impl<'d> Walk<'_, 'd> {
    /// A row for every one of these elements and slices, as far as a discriminator fails.
    pub fn mismatches(
        &mut self,
        nodes: &[NodeRef<'d>],
        slices: &[Arc<ElementNode>],
        by: &[Discriminator],
    ) -> Vec<SliceMismatch> {
        let mut rows = vec![];
        // While something is tried nobody reads them.
        if self.is_trying() {
            return rows;
        }
        for node in nodes {
            for slice in slices {
                if rows.len() < ROWS
                    && let Some(row) = self.mismatch(*node, slice, by)
                {
                    rows.push(row);
                }
            }
        }
        rows
    }

    fn mismatch(&mut self, node: NodeRef<'d>, slice: &Arc<ElementNode>, by: &[Discriminator]) -> Option<SliceMismatch> {
        let failed = by.iter().find(|d| self.discriminate(node, slice, d) == Belongs::No)?;
        let rules = self.rules_at(slice, &failed.path);
        let expected = rules.iter().find_map(|rule| expectation(rule, failed.kind));
        let found: Vec<String> = self.nodes_at(node, &failed.path).into_iter().map(said).collect();
        Some(SliceMismatch {
            path: node.path(),
            slice: slice.slice_name.clone().unwrap_or_else(|| slice.name.clone()),
            discriminator: format!("{}: {}", failed.kind.code(), failed.path),
            expected: expected.unwrap_or_else(|| "something else".to_owned()),
            found: if found.is_empty() { "nothing".to_owned() } else { shortened(&found.join(" | ")) },
        })
    }
}

/// What a rule asks for, in the words of the kind of discriminator.
fn expectation(rule: &ElementNode, kind: DiscriminatorKind) -> Option<String> {
    let rules = &rule.rules;
    let listed = |all: Vec<&str>| (!all.is_empty()).then(|| all.join(" or "));
    match kind {
        DiscriminatorKind::Value | DiscriminatorKind::Pattern => {
            let value = rules.fixed.as_ref().or(rules.pattern.as_ref()).map(ToString::to_string);
            let bound = || Some(format!("a code of {}", rules.binding.as_ref()?.value_set.as_ref()?));
            value
                .or_else(bound)
                .or_else(|| listed(rules.types.iter().flat_map(|t| &t.profiles).map(|p| &**p).collect()))
        }
        DiscriminatorKind::Exists => Some(if rules.min() > 0 { "something" } else { "nothing" }.to_owned()),
        DiscriminatorKind::Type => listed(rules.types.iter().map(|t| &*t.code).collect()),
        DiscriminatorKind::Profile => {
            listed(rules.types.iter().flat_map(|t| t.profiles.iter().chain(&t.targets)).map(|p| &**p).collect())
        }
    }
}

/// What stands at an element, in one line.
fn said(node: NodeRef<'_>) -> String {
    let leaves = node.descendants_and_self().filter_map(NodeRef::value);
    let all: Vec<&str> = leaves.take(3).collect();
    match (node.resource_type(), all.is_empty()) {
        (Some(name), _) => name.to_owned(),
        (None, true) => "no value".to_owned(),
        (None, false) => all.join(", "),
    }
}
