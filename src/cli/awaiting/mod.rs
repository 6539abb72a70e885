//! `keur run --await`: the simulator answers, and the scripts wait for a party (or several) to ask.

mod door;
mod party;
mod told;
mod waiting;

use std::path::PathBuf;
use std::sync::Arc;

use crate::testscript::{Side, TestScript};

pub use door::material;
pub use party::{aliases, file_name, of_party};
pub use told::told;
pub use waiting::Waiting;

/// Flags of `run` that are for waiting.
#[derive(clap::Args, Debug, Default)]
pub struct Flags {
    /// Wait for the requests of a client: the scripts judge what it sends to the built-in simulator
    #[arg(long = "await")]
    pub awaits: bool,
    /// With --await: where the simulator listens; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080", requires = "awaits")]
    listen: String,
    /// With --await: tokens of test persons [default: those that stand with the scripts]
    #[arg(long, value_name = "FILE", requires = "awaits")]
    tokens: Option<PathBuf>,
    /// With --await: folder of resources to serve [default: what the script set loads] (repeatable)
    #[arg(long, value_name = "FOLDER", requires = "awaits")]
    fixtures: Vec<PathBuf>,
    /// With --await: longest wait for the requests
    #[arg(long, value_name = "DURATION", default_value = DEFAULT_TIMEOUT, requires = "awaits")]
    await_timeout: String,
    /// With --await: a party that is judged by itself, by its own tokens: NAME=FILE, or NAME for tokens
    /// made here (repeatable)
    #[arg(long, value_name = "NAME[=FILE]", requires = "awaits")]
    party: Vec<String>,
}

/// How long the requests may take.
const DEFAULT_TIMEOUT: &str = "10m";

/// What the scripts of a client test are: those to wait with.
pub fn awaited(scripts: &[Arc<TestScript>]) -> Vec<Arc<TestScript>> {
    scripts.iter().filter(|script| script.side() != Side::Load).cloned().collect()
}
