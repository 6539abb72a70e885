//! TestScripts: reading them, knowing what they ask, and finding everything wrong with them before the
//! first request is made.

mod census;
mod dialect;
pub mod fixture;
pub mod lint;
mod model;
mod moment;
pub mod placeholders;
mod portions;
pub mod problem;
pub mod properties;
mod reader;
mod scope;
pub mod series;
mod set;
pub mod source;
mod status;
pub mod suite;
mod template;

pub use census::{Census, Expressions, Folder};
pub use dialect::{NativeRule, PublishedRule};
pub use model::*;
pub use portions::{Card, Portions};
pub use reader::{Loaded, ScriptReader};
pub use scope::{Circumstances, Missing, Scope, Unresolved, Variables, Why};
pub use set::{ScriptFile, ScriptSet};
pub use status::status_named;
pub use template::{Part, Placeholder, Template, TimeUnit};
