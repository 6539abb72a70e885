//! keur: a conformance test harness for Dutch health-data exchange.
//!
//! The house is built floor by floor; a module imports only from the floors below it
//! (`tests/architecture.rs` holds the plan and checks it).

pub mod definitions;
pub mod diagnostic;
pub mod exchange;
pub mod fhir;
pub mod record;
pub mod testscript;
