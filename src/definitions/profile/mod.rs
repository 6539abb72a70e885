//! Profiles: StructureDefinitions, their snapshots, and the form the validator walks.
//!
//! A [`StructureDefinition`] is read from a resource (or made from facts) as it was written. [`Profiles`]
//! holds many of them, finds them by canonical, and makes on demand what follows from them: a [`Snapshot`]
//! (differential and base merged into one tree of elements) and a [`Profile`] (that tree with names,
//! slices and links resolved). What was made once is kept; several threads may ask at the same time.
//!
//! What may not come in: instances, verdicts, terminology. And no FHIR version: STU3 and R4 write the same
//! facts in different places, and each place is read where it is met.

mod base;
mod choice;
mod compiled;
mod discriminator;
mod generate;
mod merge;
mod model;
mod reader;
mod registry;
mod snapshot;
#[cfg(test)]
mod tests;
mod tree;

pub use base::BaseTypes;
pub use compiled::{Child, ElementIndex, Profile, ProfileElement, Slice, SliceSet};
pub use discriminator::{Decider, PathStep, SliceTest};
pub use model::{
    Aggregation, Constraint, ConstraintSeverity, Derivation, Discriminator, DiscriminatorKind, ElementBinding,
    ElementDefinition, ElementRules, ExtensionContext, Max, Slicing, SlicingRules, StructureDefinition, TypeRule,
    Value, Versioning,
};
pub use reader::UnreadableDefinition;
pub use registry::{CORE, DefinitionSource, ProfileError, Profiles};
pub use snapshot::{Snapshot, SnapshotProblem};
pub use tree::{ElementNode, ListFault};
