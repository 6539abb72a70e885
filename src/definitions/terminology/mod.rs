//! Is this code in that value set? Decided offline, or honestly not.
//!
//! Enumerated value sets, complete code systems and shipped expansions decide. A value set that takes in
//! a whole code system whose content is not at hand (SNOMED CT, LOINC, G-Standaard) decides against
//! codes of other systems and leaves the rest undecided, with the reason.

mod authority;
mod code_system;
mod concept_map;
mod value_set;

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

pub use authority::{Answer, Authority, Question};
pub use code_system::{CodeSystem, Content};
pub use concept_map::ConceptMap;
pub use value_set::ValueSet;

use crate::fhir::Document;

/// A code as a resource gives it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct CodeRef<'c> {
    /// The code system; None for elements of type `code`, whose system the binding implies.
    pub system: Option<&'c str>,
    /// The code.
    pub code: &'c str,
}

/// Whether a code is in a value set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Membership {
    /// It is.
    Member,
    /// It is not.
    NotMember,
    /// That cannot be decided with what is loaded.
    Undecided(Undecided),
}

/// Why a membership cannot be decided.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Undecided {
    /// No package defines the value set.
    ValueSet(Box<str>),
    /// The content of the code system is not at hand.
    CodeSystem(Box<str>),
    /// A filter over a code system whose content is not at hand.
    Filter(Box<str>),
    /// Value sets refer to each other in a circle.
    Circle(Box<str>),
}

/// Where value sets and code systems come from: packages, or facts carried by the binary.
pub trait TerminologySource: Send + Sync {
    /// Every ValueSet with this url, the one that counts first; others may add an expansion.
    fn value_sets(&self, url: &str) -> Vec<Document>;
    /// The CodeSystem with this url.
    fn code_system(&self, url: &str) -> Option<Document>;
    /// The ConceptMap with this url.
    fn concept_map(&self, url: &str) -> Option<Document> {
        let _ = url;
        None
    }
}

/// Several sources, the first that has something coming first.
impl TerminologySource for Vec<Box<dyn TerminologySource>> {
    fn value_sets(&self, url: &str) -> Vec<Document> {
        self.iter().flat_map(|s| s.value_sets(url)).collect()
    }

    fn code_system(&self, url: &str) -> Option<Document> {
        self.iter().find_map(|s| s.code_system(url))
    }

    fn concept_map(&self, url: &str) -> Option<Document> {
        self.iter().find_map(|s| s.concept_map(url))
    }
}

/// Value sets and code systems, read on first use and kept.
pub struct Terminology {
    source: Box<dyn TerminologySource>,
    value_sets: RwLock<HashMap<Box<str>, Option<Arc<ValueSet>>>>,
    code_systems: RwLock<HashMap<Box<str>, Option<Arc<CodeSystem>>>>,
    concept_maps: RwLock<HashMap<Box<str>, Option<Arc<ConceptMap>>>>,
}

impl Terminology {
    /// Nothing is read yet.
    pub fn new(source: impl TerminologySource + 'static) -> Terminology {
        Terminology {
            source: Box::new(source),
            value_sets: Default::default(),
            code_systems: Default::default(),
            concept_maps: Default::default(),
        }
    }

    /// The value set with this canonical; a version after `|` is not looked at, packages hold one each.
    pub fn value_set(&self, canonical: &str) -> Option<Arc<ValueSet>> {
        let url = canonical.split('|').next().unwrap_or_default();
        kept(&self.value_sets, url, || ValueSet::read(&self.source.value_sets(url)))
    }

    /// The code system with this url.
    pub fn code_system(&self, url: &str) -> Option<Arc<CodeSystem>> {
        kept(&self.code_systems, url, || self.source.code_system(url).map(|d| CodeSystem::read(&d)))
    }

    /// The concept map with this canonical.
    pub fn concept_map(&self, canonical: &str) -> Option<Arc<ConceptMap>> {
        let url = canonical.split('|').next().unwrap_or_default();
        kept(&self.concept_maps, url, || self.source.concept_map(url).map(|d| ConceptMap::read(&d)))
    }

    /// Whether a code is in a value set.
    pub fn membership(&self, value_set: &str, code: CodeRef<'_>) -> Membership {
        self.membership_within(value_set, code, 0)
    }

    fn membership_within(&self, canonical: &str, code: CodeRef<'_>, depth: usize) -> Membership {
        // Imports nest a few deep; a circle would never end.
        const DEEPEST: usize = 16;
        let url = canonical.split('|').next().unwrap_or_default();
        if depth > DEEPEST {
            return Membership::Undecided(Undecided::Circle(url.into()));
        }
        match self.value_set(url) {
            Some(set) => set.membership(code, self, depth),
            None => Membership::Undecided(Undecided::ValueSet(url.into())),
        }
    }
}

/// Looks up in a cache that is filled on first use.
fn kept<T>(
    cache: &RwLock<HashMap<Box<str>, Option<Arc<T>>>>,
    url: &str,
    read: impl FnOnce() -> Option<T>,
) -> Option<Arc<T>> {
    if let Some(found) = cache.read().ok().and_then(|c| c.get(url).cloned()) {
        return found;
    }
    let made = read().map(Arc::new);
    if let Ok(mut cache) = cache.write() {
        cache.insert(url.into(), made.clone());
    }
    made
}

#[cfg(test)]
mod tests;
