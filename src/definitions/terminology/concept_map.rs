//! A concept map: which codes of one system stand for which of another.

use std::collections::HashSet;

use crate::fhir::{Document, NodeRef};

/// Relations that say that a code has no counterpart (<http://hl7.org/fhir/STU3/valueset-concept-map-equivalence.html>).
const NO_COUNTERPART: [&str; 2] = ["unmatched", "disjoint"];

/// The codes that a map relates, read.
#[derive(Debug, Default)]
pub struct ConceptMap {
    groups: Vec<Group>,
}

/// ConceptMap.group: codes on either side that have a counterpart on the other.
#[derive(Debug, Default)]
struct Group {
    source: Box<str>,
    from: HashSet<Box<str>>,
    to: HashSet<Box<str>>,
}

impl ConceptMap {
    /// Reads a ConceptMap resource.
    pub fn read(document: &Document) -> ConceptMap {
        ConceptMap { groups: document.root().children_named("group").map(Group::read).collect() }
    }

    /// True when the map has a counterpart for a code of these systems. Maps run from the business to FHIR or
    /// the other way round: the side that is meant is the one of these systems, and the target where neither
    /// says that it is.
    pub fn relates(&self, code: &str, systems: &[&str]) -> bool {
        self.groups.iter().any(|group| match systems.contains(&&*group.source) {
            true => group.from.contains(code),
            false => group.to.contains(code),
        })
    }
}

impl Group {
    fn read(node: NodeRef<'_>) -> Group {
        let mut group = Group { source: node.child_value("source").unwrap_or_default().into(), ..Group::default() };
        for element in node.children_named("element") {
            let Some(code) = element.child_value("code") else { continue };
            for target in element.children_named("target") {
                let has_none = target.child_value("equivalence").is_some_and(|e| NO_COUNTERPART.contains(&e));
                if let (Some(to), false) = (target.child_value("code"), has_none) {
                    group.from.insert(code.into());
                    group.to.insert(to.into());
                }
            }
        }
        group
    }
}
