//! TestScripts: reading them, knowing what they ask, and finding everything wrong with them before the
//! first request is made.

mod model;
mod template;

pub use model::*;
pub use template::{Part, Placeholder, Portion, Template};
