//! Reading a tree: a node in its document.

use std::fmt;

use super::{Document, Kind, NONE, NameId, Node, NodeId};
use crate::diagnostic::{Position, Span};

/// A node in its document: the way to read a tree.
#[derive(Clone, Copy)]
pub struct NodeRef<'d> {
    pub(super) doc: &'d Document,
    pub(super) id: NodeId,
}

impl<'d> NodeRef<'d> {
    fn raw(self) -> &'d Node {
        &self.doc.nodes[self.id.index()]
    }

    fn at(self, id: u32) -> Option<NodeRef<'d>> {
        (id != NONE).then_some(NodeRef { doc: self.doc, id: NodeId(id) })
    }

    /// Its id.
    pub fn id(self) -> NodeId {
        self.id
    }

    /// Its document.
    pub fn document(self) -> &'d Document {
        self.doc
    }

    /// The name as written, a choice with its type suffix (`valueQuantity`). A resource's name is the
    /// element that holds it (`resource`, `contained`); the root's is its resource type.
    pub fn name(self) -> &'d str {
        self.doc.name(self.raw().name)
    }

    /// The interned name.
    pub fn name_id(self) -> NameId {
        self.raw().name
    }

    /// The resource type, where this node is a resource.
    pub fn resource_type(self) -> Option<&'d str> {
        let id = self.raw().resource_type;
        (id != NONE).then(|| self.doc.name(NameId(id)))
    }

    /// The interned resource type, where this node is a resource.
    pub fn resource_type_id(self) -> Option<NameId> {
        let id = self.raw().resource_type;
        (id != NONE).then_some(NameId(id))
    }

    /// What the source said it is.
    pub fn kind(self) -> Kind {
        self.raw().kind
    }

    /// True when the source had it as an item of a JSON or YAML array.
    pub fn in_array(self) -> bool {
        self.raw().in_array
    }

    /// True when JSON or YAML wrote its id or extensions under `_name`: a primitive, even without a value.
    pub fn is_extended_primitive(self) -> bool {
        self.raw().extended
    }

    /// The value of a primitive, escapes resolved, nothing else changed. None where there is none
    /// (complex elements, `null`, primitives with extensions only).
    pub fn value(self) -> Option<&'d str> {
        let node = self.raw();
        match node.kind {
            Kind::Complex | Kind::Null => None,
            _ => Some(self.doc.value_text(node.value)),
        }
    }

    /// The bytes of the source it came from: the JSON value, the whole XML element.
    pub fn span(self) -> Span {
        self.raw().span
    }

    /// The bytes of the value alone where the source holds it as is, else [`NodeRef::span`].
    pub fn value_span(self) -> Span {
        let node = self.raw();
        match node.kind {
            Kind::Complex | Kind::Null => node.span,
            _ if node.value.decoded => node.span,
            _ => Span::new(node.value.start as usize, (node.value.start + node.value.len) as usize),
        }
    }

    /// Line and column of the start of its span.
    pub fn position(self) -> Position {
        self.doc.position(self.span().start())
    }

    /// The element around it.
    pub fn parent(self) -> Option<NodeRef<'d>> {
        self.at(self.raw().parent)
    }

    /// True for a `null` that keeps a place in a JSON array and has no extensions: no element at all.
    pub fn is_placeholder(self) -> bool {
        self.kind() == Kind::Null && self.raw().first_child == NONE
    }

    /// Its children in reading order; the `id` and `extension` of a primitive are among them.
    pub fn children(self) -> Children<'d> {
        Children { next: self.at(self.raw().first_child) }
    }

    /// The children with this name as written.
    pub fn children_named(self, name: &str) -> impl Iterator<Item = NodeRef<'d>> + use<'d> {
        let wanted = self.doc.name_id(name);
        self.children().filter(move |c| Some(c.name_id()) == wanted)
    }

    /// The first child with this name.
    pub fn child(self, name: &str) -> Option<NodeRef<'d>> {
        self.children_named(name).next()
    }

    /// The value of the first child with this name.
    pub fn child_value(self, name: &str) -> Option<&'d str> {
        self.child(name).and_then(NodeRef::value)
    }

    /// The node itself and all below it, parents first.
    pub fn descendants_and_self(self) -> impl Iterator<Item = NodeRef<'d>> + use<'d> {
        let mut stack = vec![self];
        std::iter::from_fn(move || {
            let node = stack.pop()?;
            let from = stack.len();
            stack.extend(node.children());
            stack[from..].reverse();
            Some(node)
        })
    }

    /// The resource that holds this node, itself included.
    pub fn resource(self) -> Option<NodeRef<'d>> {
        std::iter::successors(Some(self), |n| n.parent()).find(|n| n.resource_type().is_some())
    }

    /// Position among the siblings of the same name, from 0.
    pub fn index(self) -> usize {
        self.doc.ordinals().index(self.id.index())
    }

    /// True when a sibling has the same name or it came from an array.
    pub fn repeats(self) -> bool {
        self.in_array() || self.doc.ordinals().is_one_of_several(self.id.index())
    }

    /// Path from the root with an index on every repeating element, names as written:
    /// `Bundle.entry[3].resource.subject`.
    pub fn path(self) -> String {
        let Some(parent) = self.parent() else { return self.name().to_owned() };
        let mut path = parent.path();
        path.push('.');
        path.push_str(self.name());
        if self.repeats() {
            path.push_str(&format!("[{}]", self.index()));
        }
        path
    }

    pub(super) fn tree_eq(self, other: NodeRef<'_>) -> bool {
        if self.name() != other.name()
            || self.kind() != other.kind()
            || self.value() != other.value()
            || self.resource_type() != other.resource_type()
        {
            return false;
        }
        let by_name = |n: NodeRef<'_>| {
            let mut order: Vec<NodeId> = n.children().map(NodeRef::id).collect();
            order.sort_by(|a, b| n.doc.node(*a).name().cmp(n.doc.node(*b).name()));
            order
        };
        let (mine, theirs) = (by_name(self), by_name(other));
        mine.len() == theirs.len()
            && mine.iter().zip(&theirs).all(|(a, b)| self.doc.node(*a).tree_eq(other.doc.node(*b)))
    }
}

impl PartialEq for NodeRef<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.doc, other.doc) && self.id == other.id
    }
}

impl fmt::Debug for NodeRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path())
    }
}

/// Iterator over the children of a node.
#[derive(Clone)]
pub struct Children<'d> {
    next: Option<NodeRef<'d>>,
}

impl<'d> Iterator for Children<'d> {
    type Item = NodeRef<'d>;

    fn next(&mut self) -> Option<NodeRef<'d>> {
        let node = self.next?;
        self.next = node.at(node.raw().next_sibling);
        Some(node)
    }
}
