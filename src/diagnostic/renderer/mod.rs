//! Ways to write a diagnostic down; each a file, none knows the others.

mod terminal;

pub use terminal::Terminal;
