//! What came of a run: a pure fold of its record, and the ways to write that down.
//!
//! [`Fold`] turns events into a [`RunReport`]; nothing else goes into it but what someone declared
//! beforehand ([`KnownFailure`], [`Requirements`]), so the same record gives the same report, today or in
//! an audit. The renderers are peers over the report; those that show what was received ask a [`Material`]
//! for it.

mod baseline;
mod cause;
pub mod code;
mod diagnosis;
mod fold;
mod layout;
mod model;
mod pattern;
mod phrase;
mod receipt;
mod remedy;
pub mod renderer;
mod requirement;
mod verdict;

pub use baseline::{KnownFailure, KnownReport, KnownState};
pub use cause::{Cause, CauseKind};
pub use fold::{Fold, fold};
pub use model::*;
pub use pattern::Pattern;
pub use phrase::slice_miss;
pub use renderer::Material;
pub use requirement::{
    Evidence, Localized, ManualReport, Observation, Picture, ReadRequirementsError, Requirement, RequirementReport,
    RequirementVerdict, Requirements, RequirementsReport,
};
pub use verdict::{Conclusion, verdict_code};
