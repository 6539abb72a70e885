//! The properties of an object while it is read, in the formats that have objects (JSON, YAML).

use std::collections::HashMap;

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

/// The properties of one object so far.
#[derive(Default)]
pub(super) struct Members {
    list: Vec<Member>,
    /// First position of each name, once there are too many to look through: an object with a million
    /// names must not take a million times a million steps.
    first: HashMap<(NameId, bool), usize>,
}

impl Members {
    const FEW: usize = 48;

    pub fn find(&self, name: NameId, extends: bool) -> Option<&Member> {
        if self.list.len() <= Members::FEW {
            return self.list.iter().find(|m| m.name == name && m.extends == extends);
        }
        self.first.get(&(name, extends)).and_then(|at| self.list.get(*at))
    }

    pub fn push(&mut self, member: Member) {
        self.list.push(member);
        let indexed = match self.list.len() {
            few if few <= Members::FEW => return,
            few if few == Members::FEW + 1 => 0,
            many => many - 1,
        };
        for (at, member) in self.list.iter().enumerate().skip(indexed) {
            self.first.entry((member.name, member.extends)).or_insert(at);
        }
    }
}

/// Moves what `_name` properties hold under the `name` nodes
/// (<http://hl7.org/fhir/STU3/json.html#primitive>).
pub(super) fn fold_extensions(builder: &mut Builder, object: NodeId, members: &Members) {
    for extension in members.list.iter().filter(|m| m.extends) {
        let base = members.find(extension.name, false);
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
