//! The element tree: one shape for JSON, XML and YAML.
//!
//! A [`Document`] is an arena of nodes in reading order. Repeated elements are siblings with the same
//! name, whether they came from a JSON array or from repeated XML elements; the value of a primitive
//! keeps its text, and its id and extensions are children of the same node. Every node knows which bytes
//! of the source it came from. No types live here: what an element *is* needs definitions
//! (`crate::definitions::Typed`).

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use foldhash::fast::RandomState;

use super::Format;
use crate::diagnostic::{LineIndex, Position, Span};

mod builder;
mod node;
mod ordinal;

pub use builder::Builder;
pub use node::{Children, NodeRef};

use ordinal::Ordinals;

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
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
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
    ordinals: OnceLock<Ordinals>,
}

#[derive(Default, Clone)]
struct Names {
    list: Vec<Box<str>>,
    ids: HashMap<Box<str>, u32, RandomState>,
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

    fn ordinals(&self) -> &Ordinals {
        self.ordinals.get_or_init(|| Ordinals::of(self))
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
