//! A document whose elements know their types.
//!
//! Typing walks the tree once with a [`TypeTable`]. What the definitions do not have stays
//! [`TypeId::UNKNOWN`], and so does everything below it.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use super::types::{Element, ElementId, TypeClass, TypeId, TypeTable};
use crate::fhir::{Document, Kind, NameId, NodeId, NodeRef, Shape, shape::AsRead};

/// What is known of one node.
#[derive(Clone, Copy, Debug)]
pub struct NodeType {
    /// Its type; of a resource, the resource type.
    pub ty: TypeId,
    /// The element it is an instance of; none for the root and for unknown ones.
    pub element: Option<ElementId>,
    /// The name a path uses for it: `value` for `valueQuantity`.
    pub step: NameId,
}

/// A document and the types of its nodes. It derefs to the document.
pub struct Typed {
    doc: Document,
    table: Arc<TypeTable>,
    nodes: Vec<NodeType>,
    /// The children of the root by the name a path uses, in reading order; made when it is first asked for.
    steps: OnceLock<Vec<(NameId, NodeId)>>,
}

impl Typed {
    /// Finds the type of every node.
    pub fn new(mut doc: Document, table: Arc<TypeTable>) -> Typed {
        let symbols: Vec<Option<u32>> = doc.names().map(|n| table.symbol(n)).collect();
        let resource_types: Vec<TypeId> = doc
            .names()
            .map(|n| {
                table.type_named(n).filter(|t| table.get(*t).class == TypeClass::Resource).unwrap_or(TypeId::UNKNOWN)
            })
            .collect();
        let unknown = NodeType { ty: TypeId::UNKNOWN, element: None, step: doc.root().name_id() };
        let mut nodes = vec![unknown; doc.len()];
        // Step names of choices are interned as they are met; typing never renames a node.
        let mut steps: Vec<(ElementId, NameId)> = vec![];
        // Parents first: extensions written before the primitive they extend stand before it in the arena.
        let order: Vec<NodeId> = doc.root().descendants_and_self().map(NodeRef::id).collect();
        for id in order {
            let node = doc.node(id);
            let (name, resource) = (node.name_id(), node.resource_type_id());
            let parent = node.parent().map(|p| p.id());
            let from_parent = parent.and_then(|p| table.child_symbol(nodes[p.index()].ty, symbols[name.index()]?));
            let mut step = name;
            if let Some((element, _)) = from_parent
                && table.element_at(element).is_choice
            {
                step = match steps.iter().find(|(e, _)| *e == element) {
                    Some((_, step)) => *step,
                    None => {
                        let step = doc.intern(&table.element_at(element).name);
                        steps.push((element, step));
                        step
                    }
                };
            }
            let ty = match resource {
                Some(resource) => resource_types[resource.index()],
                None => from_parent.map_or(TypeId::UNKNOWN, |(_, ty)| ty),
            };
            nodes[id.index()] = NodeType { ty, element: from_parent.map(|(e, _)| e), step };
        }
        Typed { doc, table, nodes, steps: OnceLock::new() }
    }

    /// The children of the root that a path calls so, placeholders left out. Expressions begin at the root, and a
    /// Bundle has hundreds of entries to go past.
    pub fn steps_of_root(&self, name: NameId) -> impl Iterator<Item = NodeRef<'_>> + Clone {
        let steps = self.steps.get_or_init(|| {
            let step = |child: NodeRef<'_>| (self.node_type(child.id()).step, child.id());
            let children = self.doc.root().children().filter(|child| !child.is_placeholder());
            let mut steps: Vec<(NameId, NodeId)> = children.map(step).collect();
            steps.sort_by_key(|(name, _)| *name);
            steps
        });
        let start = steps.partition_point(|(step, _)| *step < name);
        let of_name = steps.get(start..).unwrap_or_default().iter().take_while(move |(step, _)| *step == name);
        of_name.map(|(_, id)| self.doc.node(*id))
    }

    /// The types it was typed with.
    pub fn table(&self) -> &TypeTable {
        &self.table
    }

    /// The same, shared.
    pub fn shared_table(&self) -> Arc<TypeTable> {
        self.table.clone()
    }

    /// The document without its types.
    pub fn document(&self) -> &Document {
        &self.doc
    }

    /// What is known of a node of this document.
    pub fn node_type(&self, node: NodeId) -> NodeType {
        self.nodes[node.index()]
    }

    /// The definition of the element a node is an instance of.
    pub fn element(&self, node: NodeId) -> Option<&Element> {
        self.node_type(node).element.map(|e| self.table.element_at(e))
    }

    /// The name of a node's type; empty when it is not known.
    pub fn type_name(&self, node: NodeId) -> &str {
        &self.table.get(self.node_type(node).ty).name
    }

    fn class(&self, node: NodeRef<'_>) -> TypeClass {
        self.table.get(self.node_type(node.id()).ty).class
    }
}

impl Deref for Typed {
    type Target = Document;

    fn deref(&self) -> &Document {
        &self.doc
    }
}

/// The primitive types that JSON writes without quotes (<http://hl7.org/fhir/STU3/json.html#primitive>).
pub(super) const JSON_KINDS: [(&str, Kind); 7] = [
    ("boolean", Kind::Boolean),
    ("integer", Kind::Number),
    ("positiveInt", Kind::Number),
    ("unsignedInt", Kind::Number),
    ("decimal", Kind::Number),
    ("integer64", Kind::Text),
    ("xhtml", Kind::Xhtml),
];

impl Shape for Typed {
    fn repeats(&self, node: NodeRef<'_>) -> bool {
        match self.element(node.id()) {
            Some(element) => element.max != Some(1),
            None => AsRead.repeats(node),
        }
    }

    fn kind(&self, node: NodeRef<'_>) -> Kind {
        match self.class(node) {
            TypeClass::Unknown => AsRead.kind(node),
            TypeClass::Primitive => {
                let name = self.type_name(node.id());
                JSON_KINDS.iter().find(|(n, _)| *n == name).map_or(Kind::Text, |(_, k)| *k)
            }
            // A value where none belongs is kept rather than lost.
            _ if node.value().is_some() => node.kind(),
            _ => Kind::Complex,
        }
    }

    fn rank(&self, node: NodeRef<'_>) -> usize {
        self.node_type(node.id()).element.map_or(usize::MAX, ElementId::index)
    }
}
