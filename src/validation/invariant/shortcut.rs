//! Invariants that nearly every element or resource has, asked of the tree directly.
//!
//! Each gives exactly what the expression of its row gives; `tests/invariants.rs` compares the two.

use crate::definitions::Typed;
use crate::fhir::{Kind, NodeRef};

/// The children that count: the places that JSON keeps with `null` are no elements.
fn children<'d>(node: NodeRef<'d>) -> impl Iterator<Item = NodeRef<'d>> {
    node.children().filter(|c| c.kind() != Kind::Null || c.children().next().is_some())
}

/// `ele-1`: a value, or something in it that is not its id.
pub(super) fn has_content(_: &Typed, node: NodeRef<'_>) -> Option<bool> {
    Some(node.value().is_some() || children(node).any(|c| c.name() != "id"))
}

/// `ext-1`: a value or extensions, not both.
pub(super) fn value_or_extensions(document: &Typed, node: NodeRef<'_>) -> Option<bool> {
    let has = |name: &str| children(node).any(|c| document.name(document.node_type(c.id()).step) == name);
    Some(has("extension") != has("value"))
}

/// `dom-1` to `dom-5` are about contained resources, which few resources have.
pub(super) fn nothing_contained(_: &Typed, node: NodeRef<'_>) -> Option<bool> {
    node.child("contained").is_none().then_some(true)
}
