//! What users may decide about severity.

use crate::diagnostic::Severity;

/// Choices that the specification leaves to the validator. The defaults are those of the HL7 validator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// An extension that no package defines.
    pub unknown_extension: Severity,
    /// A code system that no package knows.
    pub unknown_code_system: Severity,
    /// A code outside an extensible value set.
    pub outside_extensible: Severity,
    /// A code that no code of the business leads to by the concept map of its binding.
    pub outside_concept_map: Severity,
    /// A profile that a resource claims and no package has.
    pub unknown_profile: Severity,
    /// An identifier whose system is at a host reserved for examples.
    pub example_system: Severity,
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            unknown_extension: Severity::Error,
            unknown_code_system: Severity::Warning,
            outside_extensible: Severity::Warning,
            outside_concept_map: Severity::Information,
            unknown_profile: Severity::Warning,
            example_system: Severity::Error,
        }
    }
}
