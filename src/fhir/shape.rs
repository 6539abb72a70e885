//! What a writer must know that a tree does not say.

use super::{Kind, NodeRef};

/// How the definitions want a node written. JSON needs to know what repeats and which primitives are
/// numbers; XML needs the order of elements. A tree read from JSON knows the first two itself.
pub trait Shape {
    /// True when the element may repeat, so that JSON writes an array even of one. Asked only of an
    /// element that has no sibling of its name.
    fn repeats(&self, node: NodeRef<'_>) -> bool;
    /// How JSON writes the value.
    fn kind(&self, node: NodeRef<'_>) -> Kind;
    /// Position among its siblings in the definition; equal ones keep their order.
    fn rank(&self, node: NodeRef<'_>) -> usize;
}

/// The shape a tree has of itself: right for JSON that was read as JSON and for XML that was read as XML.
pub struct AsRead;

impl Shape for AsRead {
    fn repeats(&self, node: NodeRef<'_>) -> bool {
        node.in_array()
    }

    fn kind(&self, node: NodeRef<'_>) -> Kind {
        match node.kind() {
            // Nothing but its place under `_name` says that it is a primitive.
            Kind::Complex if node.is_extended_primitive() => Kind::Null,
            kind => kind,
        }
    }

    fn rank(&self, _: NodeRef<'_>) -> usize {
        0
    }
}
