//! Ways to write a diagnostic down; each a file, none knows the others.

mod sarif;
mod terminal;

pub use sarif::{SarifPlace, SarifResult, sarif};
pub use terminal::Terminal;
