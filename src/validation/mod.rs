//! Is this resource what FHIR and its profiles say it is?
//!
//! A [`Validator`] holds definitions and terminology and is used for many resources, from several threads.
//! [`Validator::validate`] walks a typed document once without profiles (`format`: what is written at all)
//! and once for each profile that applies (`element` and the rooms beside it), and gives an [`Outcome`]:
//! issues with their element, codes that could and could not be checked, and profiles that could not be
//! had. What could not be checked is never passed over in silence.
//!
//! What may not come in: the network, FHIR versions, vendors.

mod binding;
mod bundle;
pub mod code;
mod discriminator;
mod element;
mod extension;
mod format;
mod invariant;
mod issue;
mod policy;
mod reference;
mod resource;
mod slicing;
#[cfg(feature = "fhir-sdk")]
pub mod typed;
mod value;
mod walk;

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

pub use issue::{CodeCount, Issue, Outcome, Unavailable};
pub use policy::Policy;

use crate::definitions::profile::Profiles;
use crate::definitions::terminology::Terminology;
use crate::definitions::{TypeTable, Typed};
use crate::fhirpath::Expression;

/// Definitions and terminology, ready to judge resources of one FHIR release.
pub struct Validator {
    types: Arc<TypeTable>,
    profiles: Arc<Profiles>,
    terminology: Arc<Terminology>,
    policy: Policy,
    expressions: RwLock<HashMap<Arc<str>, Option<Arc<Expression>>>>,
}

impl Validator {
    /// A validator; profiles are generated when they are first met.
    pub fn new(
        types: Arc<TypeTable>,
        profiles: Arc<Profiles>,
        terminology: Arc<Terminology>,
        policy: Policy,
    ) -> Validator {
        Validator { types, profiles, terminology, policy, expressions: RwLock::default() }
    }

    /// The types that documents must be typed with.
    pub fn types(&self) -> Arc<TypeTable> {
        self.types.clone()
    }

    /// Where profiles are looked up.
    pub fn profiles(&self) -> &Profiles {
        &self.profiles
    }

    /// Judges a document against the base definitions, the profiles its resources claim, and `profiles`
    /// (canonicals) for the outermost one.
    pub fn validate(&self, document: &Typed, profiles: &[&str]) -> Outcome {
        let mut walk = walk::Walk::new(self, document);
        walk.formats();
        walk.resource(document.root(), profiles);
        walk.finish()
    }

    /// A parsed invariant; None when it cannot be parsed. Kept, profiles share most of them.
    fn expression(&self, text: &Arc<str>) -> Option<Arc<Expression>> {
        if let Some(known) = self.expressions.read().ok().and_then(|e| e.get(text).cloned()) {
            return known;
        }
        let parsed = Expression::parse(text).ok().map(Arc::new);
        if let Ok(mut expressions) = self.expressions.write() {
            expressions.insert(text.clone(), parsed.clone());
        }
        parsed
    }
}
