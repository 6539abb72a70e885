//! TestScripts: reading them, knowing what they ask, and finding everything wrong with them before the
//! first request is made.

mod model;
mod moment;
mod scope;
mod template;

pub use model::*;
pub use scope::{Circumstances, Missing, Scope, Unresolved, Variables, Why};
pub use template::{Part, Placeholder, Portion, Template};
