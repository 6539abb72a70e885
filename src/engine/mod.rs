//! The engine: TestScripts in, events out.
//!
//! [`plan()`] finds everything wrong before the first request; [`run()`] does the operations, judges the
//! asserts and tells an [`EventSink`](crate::record::EventSink) what happened. What cannot be decided is
//! never a pass: an assert whose subject is missing gets the verdict and the cause of what is missing.
//!
//! The engine knows no vendor's extensions (those end at `testscript`), no FHIR version (that is data)
//! and no report.

mod address;
mod assertion;
pub mod awaiting;
pub mod code;
mod compare;
mod content;
mod explain;
mod expression;
mod finding;
mod operation;
mod outline;
mod plan;
pub mod play;
mod rule;
mod run;
mod state;
mod title;
mod transport;

pub use crate::authorization::Tokens;
pub use assertion::{ProfileOutcome, ProfileQuery, ProfileValidator};
pub use plan::{Plan, PlanSettings, PlannedScript, Planner, Stance, TypesOf, is_runnable, plan};
pub use run::{Announced, Interrupt, RunOutcome, RunSettings, Running, openings, run};
pub use transport::{Call, Sending, Transport};
