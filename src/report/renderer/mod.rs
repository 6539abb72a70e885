//! Ways to write a report down: peers that know the report and not each other.

mod annotation;
mod har;
mod html;
mod json;
mod junit;
mod requirements;
mod sarif;
mod terminal;
mod testreport;

use std::sync::Arc;

pub use annotation::{github, gitlab};
pub use har::har;
pub use html::html;
pub use json::{json, write_json};
pub use junit::{JunitError, junit};
pub use sarif::sarif;
pub use terminal::Terminal;
pub use testreport::{TestReportRelease, testreport};
/// Texts that a report refers to: bodies by their hash, scripts by their path. What is not there any more
/// is left out of a report; it never changes a verdict.
pub trait Material {
    /// A body as received or sent, before any masking.
    fn body(&self, sha256: &str) -> Option<Vec<u8>>;

    /// The text of a script or of a file it includes.
    fn script(&self, path: &str) -> Option<Arc<str>>;
}

/// Nothing is there: a report by itself.
impl Material for () {
    fn body(&self, _: &str) -> Option<Vec<u8>> {
        None
    }

    fn script(&self, _: &str) -> Option<Arc<str>> {
        None
    }
}
