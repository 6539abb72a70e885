//! The runtime of verbs that make or take requests; the other verbs start none.

use tokio::runtime::{Builder, Runtime};

use super::console::Console;
use super::exit::Exit;

/// Threads that work.
#[derive(Clone, Copy)]
pub enum Workers {
    /// The thread that asks: one request after the other.
    Own,
    /// Enough for one run and what it waits for.
    Two,
    /// One a core, for servers.
    Cores,
}

/// Starts it; why it does not start is said.
///
/// # Errors
/// How keur ends.
pub fn start(workers: Workers, console: &Console) -> Result<Runtime, Exit> {
    let mut builder = match workers {
        Workers::Own => Builder::new_current_thread(),
        Workers::Two | Workers::Cores => Builder::new_multi_thread(),
    };
    if let Workers::Two = workers {
        builder.worker_threads(2);
    }
    builder.enable_all().build().map_err(|error| {
        console.error(&format!("the runtime does not start: {error}\n"));
        Exit::Bug
    })
}
