//! TestScripts: reading them, knowing what they ask, and finding everything wrong with them before the
//! first request is made.

pub mod fixture;
mod model;
mod moment;
pub mod placeholders;
pub mod problem;
pub mod properties;
mod scope;
pub mod source;
mod template;

pub use model::*;
pub use scope::{Circumstances, Missing, Scope, Unresolved, Variables, Why};
pub use template::{Part, Placeholder, Portion, Template};
