//! Making a tree.

use std::sync::{Arc, OnceLock};

use super::{Document, Irregularity, IrregularityKind, Kind, NONE, NameId, Names, Node, NodeId, NodeRef, Value};
use crate::diagnostic::{LineIndex, Span};
use crate::fhir::Format;

/// Builds a document, node by node. The readers use it with spans; everything that makes a resource
/// (rule outputs, search results, outcomes) uses it without.
pub struct Builder {
    doc: Document,
    open: Vec<NodeId>,
}

impl Builder {
    /// For a reader: a tree over `source`.
    pub(in crate::fhir) fn over(source: Arc<str>, format: Format) -> Self {
        let nodes = Vec::with_capacity(source.len() / 24 + 1);
        let lines = LineIndex::default();
        Builder {
            doc: Document {
                source,
                decoded: String::new(),
                nodes,
                names: Names::default(),
                format,
                irregularities: vec![],
                lines,
                ordinals: OnceLock::new(),
            },
            open: vec![],
        }
    }

    /// A new resource of this type, open for children.
    pub fn resource(resource_type: &str, format: Format) -> Self {
        let mut builder = Builder::over("".into(), format);
        let root = builder.push(resource_type, Kind::Complex, Span::default());
        builder.set_resource_type(root, resource_type);
        builder
    }

    pub(in crate::fhir) fn intern(&mut self, name: &str) -> NameId {
        self.doc.names.intern(name)
    }

    /// Appends a child to the open node and opens it.
    pub(in crate::fhir) fn push(&mut self, name: &str, kind: Kind, span: Span) -> NodeId {
        let name = self.intern(name);
        let id = self.push_detached(name, kind, span);
        if let Some(parent) = self.open.last().copied() {
            self.attach(parent, id);
        }
        self.open.push(id);
        id
    }

    /// A node without a parent, not opened; see [`Builder::attach`].
    pub(in crate::fhir) fn push_detached(&mut self, name: NameId, kind: Kind, span: Span) -> NodeId {
        let id = NodeId(self.doc.nodes.len() as u32);
        self.doc.nodes.push(Node {
            name,
            resource_type: NONE,
            parent: NONE,
            first_child: NONE,
            last_child: NONE,
            next_sibling: NONE,
            value: Value { start: 0, len: 0, decoded: true },
            span,
            kind,
            in_array: false,
            extended: false,
        });
        id
    }

    /// Makes `child` the last child of `parent`.
    pub(in crate::fhir) fn attach(&mut self, parent: NodeId, child: NodeId) {
        self.doc.nodes[child.index()].parent = parent.0;
        let last = self.doc.nodes[parent.index()].last_child;
        if last == NONE {
            self.doc.nodes[parent.index()].first_child = child.0;
        } else {
            self.doc.nodes[last as usize].next_sibling = child.0;
        }
        self.doc.nodes[parent.index()].last_child = child.0;
    }

    /// Moves all children of `from` to the end of `to`.
    pub(in crate::fhir) fn adopt(&mut self, to: NodeId, from: NodeId) {
        let mut child = self.doc.nodes[from.index()].first_child;
        self.doc.nodes[from.index()].first_child = NONE;
        self.doc.nodes[from.index()].last_child = NONE;
        while child != NONE {
            let next = std::mem::replace(&mut self.doc.nodes[child as usize].next_sibling, NONE);
            self.attach(to, NodeId(child));
            child = next;
        }
    }

    pub(in crate::fhir) fn pop(&mut self) {
        self.open.pop();
    }

    pub(in crate::fhir) fn set_span(&mut self, node: NodeId, span: Span) {
        self.doc.nodes[node.index()].span = span;
    }

    pub(in crate::fhir) fn set_in_array(&mut self, node: NodeId) {
        self.doc.nodes[node.index()].in_array = true;
    }

    pub(in crate::fhir) fn set_extended(&mut self, node: NodeId) {
        self.doc.nodes[node.index()].extended = true;
    }

    pub(in crate::fhir) fn set_resource_type(&mut self, node: NodeId, resource_type: &str) {
        let name = self.intern(resource_type);
        self.doc.nodes[node.index()].resource_type = name.0;
    }

    pub(in crate::fhir) fn rename(&mut self, node: NodeId, name: &str) {
        let name = self.intern(name);
        self.doc.nodes[node.index()].name = name;
    }

    /// Gives a node the value that stands in the source at `span`.
    pub(in crate::fhir) fn set_source_value(&mut self, node: NodeId, kind: Kind, span: Span) {
        let node = &mut self.doc.nodes[node.index()];
        node.kind = kind;
        node.value = Value { start: span.start() as u32, len: span.len() as u32, decoded: false };
    }

    /// Gives a node a value that does not stand in the source as is.
    pub(in crate::fhir) fn set_decoded_value(&mut self, node: NodeId, kind: Kind, text: &str) {
        let start = self.doc.decoded.len() as u32;
        self.doc.decoded.push_str(text);
        let node = &mut self.doc.nodes[node.index()];
        node.kind = kind;
        node.value = Value { start, len: text.len() as u32, decoded: true };
    }

    pub(in crate::fhir) fn irregular(&mut self, kind: IrregularityKind, name: &str, span: Span, node: NodeId) {
        self.doc.irregularities.push(Irregularity { kind, name: name.into(), span, node });
    }

    pub(in crate::fhir) fn irregular_named(&mut self, kind: IrregularityKind, name: NameId, span: Span, node: NodeId) {
        let name = self.doc.name(name).into();
        self.doc.irregularities.push(Irregularity { kind, name, span, node });
    }

    pub(in crate::fhir) fn irregular_at(&mut self, kind: IrregularityKind, span: Span, node: NodeId) {
        self.irregular_named(kind, self.doc.nodes[node.index()].name, span, node);
    }

    pub(in crate::fhir) fn open_existing(&mut self, node: NodeId) {
        self.open.push(node);
    }

    pub(in crate::fhir) fn set_kind(&mut self, node: NodeId, kind: Kind) {
        self.doc.nodes[node.index()].kind = kind;
    }

    pub(in crate::fhir) fn is_resource(&self, node: NodeId) -> bool {
        self.doc.nodes[node.index()].resource_type != NONE
    }

    pub(in crate::fhir) fn kind_of(&self, node: NodeId) -> Kind {
        self.doc.nodes[node.index()].kind
    }

    pub(in crate::fhir) fn has_children(&self, node: NodeId) -> bool {
        self.doc.nodes[node.index()].first_child != NONE
    }

    /// Opens a complex child; close it with [`Builder::close`].
    pub fn open(&mut self, name: &str) -> &mut Self {
        self.push(name, Kind::Complex, Span::default());
        self
    }

    /// Opens a child that is a resource of this type.
    pub fn open_resource(&mut self, name: &str, resource_type: &str) -> &mut Self {
        let id = self.push(name, Kind::Complex, Span::default());
        self.set_resource_type(id, resource_type);
        self
    }

    /// Closes the innermost open element (never the root).
    pub fn close(&mut self) -> &mut Self {
        if self.open.len() > 1 {
            self.open.pop();
        }
        self
    }

    /// Adds a primitive child with a text value.
    pub fn text(&mut self, name: &str, value: &str) -> &mut Self {
        self.primitive(name, Kind::Text, value)
    }

    /// Adds a primitive child; `kind` says how JSON shall write it.
    pub fn primitive(&mut self, name: &str, kind: Kind, value: &str) -> &mut Self {
        let id = self.push(name, kind, Span::default());
        self.set_decoded_value(id, kind, value);
        self.pop();
        self
    }

    /// Opens a primitive child for its id and extensions; close it with [`Builder::close`].
    pub fn open_primitive(&mut self, name: &str, kind: Kind, value: Option<&str>) -> &mut Self {
        let id = self.push(name, kind, Span::default());
        if let Some(value) = value {
            self.set_decoded_value(id, kind, value);
        }
        self.set_extended(id);
        self
    }

    /// Adds a copy of a subtree of any document as a child called `name`.
    pub fn graft(&mut self, name: &str, node: NodeRef<'_>) -> &mut Self {
        self.graft_filtered(name, node, &|_| true)
    }

    /// Like [`Builder::graft`], leaving out every node below for which `keep` says no.
    pub fn graft_filtered(&mut self, name: &str, node: NodeRef<'_>, keep: &dyn Fn(NodeRef<'_>) -> bool) -> &mut Self {
        let id = self.push(name, node.kind(), Span::default());
        if let Some(value) = node.value() {
            self.set_decoded_value(id, node.kind(), value);
        }
        if let Some(resource_type) = node.resource_type() {
            self.set_resource_type(id, resource_type);
        }
        if node.in_array() {
            self.set_in_array(id);
        }
        if node.is_extended_primitive() {
            self.set_extended(id);
        }
        for child in node.children().filter(|c| keep(*c)) {
            self.graft_filtered(child.name(), child, keep);
        }
        self.pop();
        self
    }

    /// Marks the last child added to the open element as an item of an array, for JSON written
    /// without type knowledge.
    pub fn array_item(&mut self) -> &mut Self {
        if let Some(parent) = self.open.last() {
            let last = self.doc.nodes[parent.index()].last_child;
            if last != NONE {
                self.doc.nodes[last as usize].in_array = true;
            }
        }
        self
    }

    /// The finished document.
    pub fn finish(self) -> Document {
        self.doc
    }
}
