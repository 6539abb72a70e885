//! The embedded FHIR server: fixtures in, answers out.
//!
//! It stands in for a supplier when keur has no target of its own, and for the other party in tests of
//! clients. What it does not support it refuses; a parameter it did not apply is never answered as if it
//! had been. Releases differ only in the definitions it is given. No FHIR knowledge of profiles comes in
//! here, and nothing of scripts but the placeholders in fixtures.

mod access;
mod binary;
mod call;
mod capability;
pub mod code;
mod defect;
mod document;
pub mod dva;
mod edit;
mod load;
mod reception;
mod refusal;
mod reply;
mod search;
mod searchset;
mod server;
mod service;
mod store;
mod stored;
mod transaction;
mod view;
mod wire;
mod write;

pub use access::{Persons, TokenRegistry};
pub use defect::{ActiveDefect, DEFECTS, Defect};
pub use load::Fixture;
pub use reception::{Admission, Bearing, Reception};
pub use server::{Bounds, Inspector, Observer, RunningSimulator, Settings, Simulator, StartError};

#[cfg(test)]
mod tests;
