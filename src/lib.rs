//! keur: a conformance test harness for Dutch health-data exchange.
//!
//! The house is built floor by floor; a module imports only from the floors below it
//! (`tests/architecture.rs` holds the plan and checks it).

pub mod authorization;
pub mod check;
pub mod cli;
pub mod connectathon;
pub mod definitions;
pub mod diagnostic;
pub mod embedded;
pub mod engine;
pub mod evidence;
pub mod exchange;
pub mod fhir;
pub mod fhirpath;
pub mod record;
pub mod report;
pub mod simulator;
pub mod testscript;
pub mod validation;
