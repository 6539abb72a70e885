//! What FHIR elements are: packages, types, profiles, terminology, search parameters.
//!
//! Definitions come in packages, official ones by path or the facts embedded in the binary, and are
//! the only place where FHIR versions differ.

pub mod profile;
mod typed;
mod types;

pub use typed::{NodeType, Typed};
pub use types::{
    Binding, BindingStrength, Element, ElementFacts, ElementId, StructureFacts, Type, TypeClass, TypeFacts, TypeId,
    TypeTable, choice_name,
};
