//! Is this resource what its profiles say it is?

#[cfg(feature = "fhir-sdk")]
pub mod typed;
