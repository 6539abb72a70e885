//! The element tree: one shape for JSON, XML and YAML.
//!
//! A [`Document`] is an arena of nodes in reading order. Repeated elements are siblings with the same
//! name, whether they came from a JSON array or from repeated XML elements; the value of a primitive
//! keeps its text, and its id and extensions are children of the same node. Every node knows which bytes
//! of the source it came from. No types live here: what an element *is* needs definitions
//! (`crate::definitions::Typed`).

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use super::Format;
use crate::diagnostic::{LineIndex, Position, Span};

const NONE: u32 = u32::MAX;

/// A node of one document: an index, meaningless without its document.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeId(u32);

impl NodeId {
    /// Position in the arena, from 0 (the root); usable as an index into per-node tables.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A name interned in one document: comparing two of the same document compares the names.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct NameId(u32);

impl NameId {
    /// Position in the document's name table; usable as an index into per-name tables.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What the source said a node is. XML says less than JSON: all its values are [`Kind::Text`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// No value of its own: an object, an element with children only, or an empty element.
    Complex,
    /// A JSON string, an XML `value` attribute, a YAML scalar that is text.
    Text,
    /// A JSON or YAML number, with its text as written.
    Number,
    /// A JSON or YAML `true` or `false`.
    Boolean,
    /// A JSON `null`: a place kept in an array of primitives, or a fault elsewhere.
    Null,
    /// Narrative markup; the value is the `<div>` as text.
    Xhtml,
}

#[derive(Clone, Copy)]
struct Value {
    start: u32,
    len: u32,
    /// In [`Document::decoded`] instead of in the source (escapes were resolved, or it was built).
    decoded: bool,
}

struct Node {
    name: NameId,
    resource_type: u32,
    parent: u32,
    first_child: u32,
    last_child: u32,
    next_sibling: u32,
    value: Value,
    span: Span,
    kind: Kind,
    in_array: bool,
    extended: bool,
}

/// A parsed resource (or TestScript, or any other FHIR-shaped file) and the text it came from.
pub struct Document {
    source: Arc<str>,
    decoded: String,
    nodes: Vec<Node>,
    names: Names,
    format: Format,
    irregularities: Vec<Irregularity>,
    lines: LineIndex,
}

#[derive(Default, Clone)]
struct Names {
    list: Vec<Box<str>>,
    ids: HashMap<Box<str>, u32>,
}

impl Names {
    fn intern(&mut self, name: &str) -> NameId {
        if let Some(id) = self.ids.get(name) {
            return NameId(*id);
        }
        let id = self.list.len() as u32;
        self.list.push(name.into());
        self.ids.insert(name.into(), id);
        NameId(id)
    }
}

/// Something the format allows to be written but FHIR does not: a reader notes it and goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Irregularity {
    /// Which rule of the format was bent.
    pub kind: IrregularityKind,
    /// The name of the property or element concerned.
    pub name: Box<str>,
    /// Where.
    pub span: Span,
    /// The node it belongs to.
    pub node: NodeId,
}

/// The ways in which a well-formed file can still break FHIR's representation rules
/// (<http://hl7.org/fhir/STU3/json.html>, <http://hl7.org/fhir/STU3/xml.html>).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IrregularityKind {
    /// A JSON object holds the same property twice; both are kept as siblings.
    DuplicateProperty,
    /// `[]`: an array must have content.
    EmptyArray,
    /// `{}` or an XML element without value, children or text.
    EmptyObject,
    /// `null` outside an array of primitives.
    NullValue,
    /// An array inside an array.
    NestedArray,
    /// `_name` without the shape that goes with `name` (not an object, or an array of another length).
    MisplacedExtensions,
    /// XML text between elements.
    StrayText,
    /// An XML attribute that FHIR does not know there.
    UnknownAttribute,
    /// An XML element in a namespace other than FHIR's.
    ForeignNamespace,
}

impl Document {
    /// The outermost element.
    pub fn root(&self) -> NodeRef<'_> {
        NodeRef { doc: self, id: NodeId(0) }
    }

    /// The node with this id, which must be of this document.
    pub fn node(&self, id: NodeId) -> NodeRef<'_> {
        NodeRef { doc: self, id }
    }

    /// Adds a name to the name table without using it for a node.
    pub(crate) fn intern(&mut self, name: &str) -> NameId {
        self.names.intern(name)
    }

    /// Number of nodes; ids run from 0 (the root) to this.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// True never: a document has a root.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The format it was read from (or built for).
    pub fn format(&self) -> Format {
        self.format
    }

    /// The text as received. Empty for a document that was built.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The text as received, shared.
    pub fn shared_source(&self) -> Arc<str> {
        self.source.clone()
    }

    /// Where the source bends FHIR's representation rules, in reading order.
    pub fn irregularities(&self) -> &[Irregularity] {
        &self.irregularities
    }

    /// The interned form of a name, if any element of the document bears it.
    pub fn name_id(&self, name: &str) -> Option<NameId> {
        self.names.ids.get(name).map(|id| NameId(*id))
    }

    /// The text of an interned name.
    pub fn name(&self, id: NameId) -> &str {
        &self.names.list[id.index()]
    }

    /// All names in the order of their ids.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.names.list.iter().map(|n| &**n)
    }

    /// Line and column (both from 1, columns in characters) of a byte offset in the source.
    pub fn position(&self, offset: usize) -> Position {
        self.lines.position(&self.source, offset)
    }

    fn value_text(&self, value: Value) -> &str {
        let text: &str = if value.decoded { &self.decoded } else { &self.source };
        &text[value.start as usize..(value.start + value.len) as usize]
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({:?}, {} nodes)", self.format, self.nodes.len())
    }
}

/// Two documents are equal when their trees are: names, kinds of value, values and resource types.
/// The order of differently named siblings and all positions are left out, so that a file read from
/// JSON equals one written with its properties in another order.
impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        self.root().tree_eq(other.root())
    }
}

/// A node in its document: the way to read a tree.
#[derive(Clone, Copy)]
pub struct NodeRef<'d> {
    doc: &'d Document,
    id: NodeId,
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
        let Some(parent) = self.parent() else { return 0 };
        parent.children().take_while(|s| s.id != self.id).filter(|s| s.name_id() == self.name_id()).count()
    }

    /// True when a sibling has the same name or it came from an array.
    pub fn repeats(self) -> bool {
        self.in_array()
            || self.parent().is_some_and(|p| p.children().filter(|s| s.name_id() == self.name_id()).nth(1).is_some())
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

    fn tree_eq(self, other: NodeRef<'_>) -> bool {
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

/// Builds a document, node by node. The readers use it with spans; everything that makes a resource
/// (rule outputs, search results, outcomes) uses it without.
pub struct Builder {
    doc: Document,
    open: Vec<NodeId>,
}

impl Builder {
    /// For a reader: a tree over `source`.
    pub(super) fn over(source: Arc<str>, format: Format) -> Self {
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

    pub(super) fn intern(&mut self, name: &str) -> NameId {
        self.doc.names.intern(name)
    }

    /// Appends a child to the open node and opens it.
    pub(super) fn push(&mut self, name: &str, kind: Kind, span: Span) -> NodeId {
        let name = self.intern(name);
        let id = self.push_detached(name, kind, span);
        if let Some(parent) = self.open.last().copied() {
            self.attach(parent, id);
        }
        self.open.push(id);
        id
    }

    /// A node without a parent, not opened; see [`Builder::attach`].
    pub(super) fn push_detached(&mut self, name: NameId, kind: Kind, span: Span) -> NodeId {
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
    pub(super) fn attach(&mut self, parent: NodeId, child: NodeId) {
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
    pub(super) fn adopt(&mut self, to: NodeId, from: NodeId) {
        let mut child = self.doc.nodes[from.index()].first_child;
        self.doc.nodes[from.index()].first_child = NONE;
        self.doc.nodes[from.index()].last_child = NONE;
        while child != NONE {
            let next = std::mem::replace(&mut self.doc.nodes[child as usize].next_sibling, NONE);
            self.attach(to, NodeId(child));
            child = next;
        }
    }

    pub(super) fn pop(&mut self) {
        self.open.pop();
    }

    pub(super) fn set_span(&mut self, node: NodeId, span: Span) {
        self.doc.nodes[node.index()].span = span;
    }

    pub(super) fn set_in_array(&mut self, node: NodeId) {
        self.doc.nodes[node.index()].in_array = true;
    }

    pub(super) fn set_extended(&mut self, node: NodeId) {
        self.doc.nodes[node.index()].extended = true;
    }

    pub(super) fn set_resource_type(&mut self, node: NodeId, resource_type: &str) {
        let name = self.intern(resource_type);
        self.doc.nodes[node.index()].resource_type = name.0;
    }

    pub(super) fn rename(&mut self, node: NodeId, name: &str) {
        let name = self.intern(name);
        self.doc.nodes[node.index()].name = name;
    }

    /// Gives a node the value that stands in the source at `span`.
    pub(super) fn set_source_value(&mut self, node: NodeId, kind: Kind, span: Span) {
        let node = &mut self.doc.nodes[node.index()];
        node.kind = kind;
        node.value = Value { start: span.start() as u32, len: span.len() as u32, decoded: false };
    }

    /// Gives a node a value that does not stand in the source as is.
    pub(super) fn set_decoded_value(&mut self, node: NodeId, kind: Kind, text: &str) {
        let start = self.doc.decoded.len() as u32;
        self.doc.decoded.push_str(text);
        let node = &mut self.doc.nodes[node.index()];
        node.kind = kind;
        node.value = Value { start, len: text.len() as u32, decoded: true };
    }

    pub(super) fn irregular(&mut self, kind: IrregularityKind, name: &str, span: Span, node: NodeId) {
        self.doc.irregularities.push(Irregularity { kind, name: name.into(), span, node });
    }

    pub(super) fn irregular_named(&mut self, kind: IrregularityKind, name: NameId, span: Span, node: NodeId) {
        let name = self.doc.name(name).into();
        self.doc.irregularities.push(Irregularity { kind, name, span, node });
    }

    pub(super) fn irregular_at(&mut self, kind: IrregularityKind, span: Span, node: NodeId) {
        self.irregular_named(kind, self.doc.nodes[node.index()].name, span, node);
    }

    pub(super) fn open_existing(&mut self, node: NodeId) {
        self.open.push(node);
    }

    pub(super) fn set_kind(&mut self, node: NodeId, kind: Kind) {
        self.doc.nodes[node.index()].kind = kind;
    }

    pub(super) fn is_resource(&self, node: NodeId) -> bool {
        self.doc.nodes[node.index()].resource_type != NONE
    }

    pub(super) fn kind_of(&self, node: NodeId) -> Kind {
        self.doc.nodes[node.index()].kind
    }

    pub(super) fn has_children(&self, node: NodeId) -> bool {
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
