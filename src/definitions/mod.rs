//! What FHIR elements are: packages, types, profiles, terminology, search parameters.
//!
//! Definitions come in packages, official ones by path or the facts embedded in the binary, and are
//! the only place where FHIR versions differ.

pub mod distill;
mod embedded;
pub mod facts;
pub mod package;
pub mod profile;
mod registry;
pub mod search;
mod source;
mod structure;
pub mod terminology;
mod typed;
mod types;

pub use package::{Loaded, Origin};
pub use registry::{
    Definitions, UnsupportedParameter, Used, embedded_base, embedded_packages, embedded_profile,
    embedded_search_parameters, embedded_structures,
};
pub use source::PackageSource;
pub use typed::{NodeType, Typed};
pub use types::{
    Binding, BindingStrength, Element, ElementFacts, ElementId, InvariantFacts, StructureFacts, Type, TypeClass,
    TypeFacts, TypeId, TypeTable, choice_name,
};
