//! A row of the tables: one invariant in our own words.

use crate::definitions::Typed;
use crate::diagnostic::Words;
use crate::fhir::{FhirVersion, NodeRef};

/// A question about the tree that gives what the expression gives, or None where only that can tell.
pub type Shortcut = fn(&Typed, NodeRef<'_>) -> Option<bool>;

/// One invariant.
#[derive(Debug)]
pub struct Row {
    /// Its key.
    pub key: &'static str,
    /// The types and element paths (a choice with its `[x]`) where the key means this; none: wherever a
    /// definition states it. Keys are unique in a structure only, so another package may use one for
    /// something else.
    pub at: &'static [&'static str],
    /// What must hold.
    pub expression: &'static str,
    /// The same for people.
    pub says: Option<Words>,
    /// A faster way to the same answer, for what is asked of nearly every element.
    pub shortcut: Option<Shortcut>,
}

/// A row without shortcut.
pub(super) const fn row(key: &'static str, at: &'static [&'static str], expression: &'static str) -> Row {
    Row { key, at, expression, says: None, shortcut: None }
}

impl Row {
    /// The same row with a shortcut.
    pub(super) const fn or(self, shortcut: Shortcut) -> Row {
        Row { shortcut: Some(shortcut), ..self }
    }

    /// The same row with what it asks for, in English and in Dutch.
    pub(super) const fn says(self, en: &'static str, nl: &'static str) -> Row {
        Row { says: Some(Words::new(en, nl)), ..self }
    }

    /// True when the row is about this element.
    pub fn applies(&self, document: &Typed, node: NodeRef<'_>) -> bool {
        if self.at.is_empty() {
            return true;
        }
        let path = document.element(node.id()).map(|e| &*e.path);
        let type_name = document.type_name(node.id());
        self.at.iter().any(|at| *at == type_name || Some(*at) == path)
    }
}

/// Tables by the release they are for; None is every release. A table for one release comes first.
pub(super) static TABLES: [(Option<FhirVersion>, &[Row]); 6] = [
    (Some(FhirVersion::Stu3), super::stu3::ROWS),
    (Some(FhirVersion::Stu3), super::zib::ROWS),
    (Some(FhirVersion::R4), super::r4::ROWS),
    (Some(FhirVersion::R4), super::zib2020::ROWS),
    (None, super::base::ROWS),
    (None, super::conformance::ROWS),
];

/// All rows of a release.
pub fn rows(release: FhirVersion) -> impl Iterator<Item = &'static Row> {
    TABLES.iter().filter(move |(of, _)| of.is_none_or(|of| of == release)).flat_map(|(_, rows)| *rows)
}
