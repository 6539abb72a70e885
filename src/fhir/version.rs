//! FHIR releases: names for data, never a reason to branch.

use std::fmt;

/// A FHIR release that exchanges are made in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum FhirVersion {
    /// 3.0.2.
    Stu3,
    /// 4.0.1.
    R4,
}

impl FhirVersion {
    /// Every supported release.
    pub const ALL: [FhirVersion; 2] = [FhirVersion::Stu3, FhirVersion::R4];

    /// Major and minor number, as `--fhir-version` and the `fhirVersion` media-type parameter take it.
    pub fn number(self) -> &'static str {
        match self {
            FhirVersion::Stu3 => "3.0",
            FhirVersion::R4 => "4.0",
        }
    }

    /// The full number of the release we hold facts of.
    pub fn release(self) -> &'static str {
        match self {
            FhirVersion::Stu3 => "3.0.2",
            FhirVersion::R4 => "4.0.1",
        }
    }

    /// Reads `3.0`, `3.0.1`, `STU3`, `4.0`, `4.0.1`, `R4`.
    pub fn parse(text: &str) -> Option<FhirVersion> {
        FhirVersion::ALL.into_iter().find(|v| {
            text.eq_ignore_ascii_case(&v.to_string())
                || text == v.number()
                || text.starts_with(&format!("{}.", v.number()))
        })
    }
}

impl fmt::Display for FhirVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FhirVersion::Stu3 => "STU3",
            FhirVersion::R4 => "R4",
        })
    }
}
