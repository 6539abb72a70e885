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
mod defined;
mod discriminator;
mod element;
mod extension;
mod format;
pub mod invariant;
mod issue;
mod mismatch;
mod policy;
mod reference;
mod resource;
mod slicing;
#[cfg(feature = "fhir-sdk")]
pub mod typed;
mod ucum;
mod value;
mod walk;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, RwLock};

pub use defined::Defined;
pub use issue::{Broken, CodeCount, Issue, Outcome, Unavailable};
pub use mismatch::SliceMismatch;
pub use policy::Policy;

use crate::definitions::profile::{Constraint, Profiles, Snapshot};
use crate::definitions::terminology::{Authority, Terminology};
use crate::definitions::{ElementId, TypeId, TypeTable, Typed};
use crate::fhir::NodeRef;
use invariant::Ready;

/// An invariant and the place it is asked of.
type Asked = (usize, TypeId, Option<ElementId>);

/// Definitions and terminology, ready to judge resources of one FHIR release.
pub struct Validator {
    types: Arc<TypeTable>,
    profiles: Arc<Profiles>,
    terminology: Arc<Terminology>,
    authority: Option<Arc<dyn Authority>>,
    policy: Policy,
    /// By the address of the constraint, which is kept alive beside it, and the type and element it is asked of.
    invariants: RwLock<HashMap<Asked, (Arc<Constraint>, Ready)>>,
    /// Base definitions by type.
    base: Vec<OnceLock<Option<Arc<Snapshot>>>>,
}

impl Validator {
    /// A validator; profiles are generated when they are first met.
    pub fn new(
        types: Arc<TypeTable>,
        profiles: Arc<Profiles>,
        terminology: Arc<Terminology>,
        policy: Policy,
    ) -> Validator {
        let base = types.types().map(|_| OnceLock::new()).chain([OnceLock::new()]).collect();
        Validator { types, profiles, terminology, authority: None, policy, invariants: RwLock::default(), base }
    }

    /// The same validator with somebody to ask about codes that what is loaded does not decide.
    pub fn asking(self, authority: Option<Arc<dyn Authority>>) -> Validator {
        Validator { authority, ..self }
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

    /// The definition of a base type; None when no package has it.
    fn base(&self, ty: TypeId) -> Option<&Arc<Snapshot>> {
        let make = || self.profiles.snapshot(&Profiles::type_canonical(&self.types.get(ty).name)).ok();
        self.base.get(ty.index())?.get_or_init(make).as_ref()
    }

    /// An invariant, parsed. Kept: profiles share most of them.
    fn invariant(&self, constraint: &Arc<Constraint>, document: &Typed, node: NodeRef<'_>) -> Ready {
        let known = document.node_type(node.id());
        let asked = (Arc::as_ptr(constraint) as usize, known.ty, known.element);
        if let Some(known) = self.invariants.read().ok().and_then(|i| Some(i.get(&asked)?.1.clone())) {
            return known;
        }
        let ready = Ready::new(constraint, document, node);
        if let Ok(mut invariants) = self.invariants.write() {
            invariants.insert(asked, (constraint.clone(), ready.clone()));
        }
        ready
    }
}

#[cfg(test)]
mod tests;
