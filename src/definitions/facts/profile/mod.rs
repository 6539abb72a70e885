//! Profiles and extensions: what a StructureDefinition adds to the one it derives from.
//!
//! ```text
//! profile http://nictiz.nl/fhir/StructureDefinition/zib-Example
//! version 2.2.18
//! type Observation
//! kind resource
//! base http://nictiz.nl/fhir/StructureDefinition/nl-core-observation
//!
//! Observation .. - invariants=example-1
//! code 1.. -
//! code.coding .. - slicing=open(value=code,value=system)
//! code.coding:SnomedCode ..1 -
//! code.coding.code 1.. - fixed=code(75367002)
//! value[x] .. Quantity,CodeableConcept extensible=http://decor.nictiz.nl/fhir/ValueSet/x
//! ```
//!
//! The elements come in the order of the differential, each with the name of its slice after a colon, both
//! ends of its cardinality where they are stated, and its types (`-` where none are). Of a reference the
//! aggregation stands in braces. A fixed value, pattern or limit is its type with a primitive's text in
//! parentheses, or with JSON.

mod read;
mod write;

pub use read::{canonical_of, read_profile};
pub use write::write_profile;

/// The limits of a value, in the order they are written.
const VALUES: [&str; 4] = ["fixed", "pattern", "min-value", "max-value"];
