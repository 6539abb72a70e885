//! What came of a run: a pure fold of its record, and the ways to write that down.
//!
//! [`Fold`] turns events into a [`RunReport`]; nothing else goes into it, so the same record gives the
//! same report, today or in an audit. The renderers are peers over the report; those that show what was
//! received ask a [`Material`] for it.

mod cause;
mod diagnosis;
mod fold;
mod model;
mod phrase;
mod receipt;
mod remedy;
pub mod renderer;
mod verdict;

pub use cause::{Cause, CauseKind};
pub use fold::{Fold, fold};
pub use model::*;
pub use renderer::Material;
pub use verdict::{Conclusion, verdict_code};
