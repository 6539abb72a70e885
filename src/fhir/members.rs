//! The properties of an object while it is read, in the formats that have objects (JSON, YAML).

use super::Span;
use super::tree::{Builder, IrregularityKind, Kind, NameId, NodeId};

/// What one property of an object became.
pub(super) struct Member {
    pub name: NameId,
    /// A `_name` property: its nodes are not linked until the object is complete.
    pub extends: bool,
    pub array: bool,
    pub nodes: Vec<NodeId>,
    /// The property's name in the source.
    pub span: Span,
}

/// Moves what `_name` properties hold under the `name` nodes
/// (<http://hl7.org/fhir/STU3/json.html#primitive>).
pub(super) fn fold_extensions(builder: &mut Builder, object: NodeId, members: &[Member]) {
    for extension in members.iter().filter(|m| m.extends) {
        let base = members.iter().find(|m| !m.extends && m.name == extension.name);
        if let Some(base) = base
            && (base.array != extension.array || (base.array && base.nodes.len() != extension.nodes.len()))
        {
            let (name, span) = (extension.name, extension.span);
            builder.irregular_named(IrregularityKind::MisplacedExtensions, name, span, object);
        }
        for (i, part) in extension.nodes.iter().copied().enumerate() {
            if !matches!(builder.kind_of(part), Kind::Complex | Kind::Null) {
                let (name, span) = (extension.name, extension.span);
                builder.irregular_named(IrregularityKind::MisplacedExtensions, name, span, object);
            }
            match base.and_then(|b| b.nodes.get(i)) {
                Some(node) => {
                    if builder.has_children(part) {
                        builder.set_extended(*node);
                    }
                    builder.adopt(*node, part);
                    if builder.kind_of(*node) == Kind::Null && builder.has_children(*node) {
                        builder.set_kind(*node, Kind::Complex);
                    }
                }
                None => {
                    builder.set_extended(part);
                    builder.attach(object, part);
                }
            }
        }
    }
}
