//! The live board: one page that shows how a matrix stands, from this process, with nothing from elsewhere.
//!
//! Everybody may look. Who has the token of the board may ask for retests and speak for every party; a
//! party with its own token speaks for itself. Where parties have tokens, what was found in a cell and the
//! bodies of its exchanges are shown to the two parties of that cell only.

mod page;
mod rights;
mod route;
mod start;
mod view;

pub use page::export;
pub use rights::Pass;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;

use super::finding::Findings;
use super::gate::Gate;
use super::progress::Progress;
use super::schedule::Asked;
use super::tournament::Tournament;
use crate::diagnostic::Language;
use crate::exchange::AccessToken;

/// Writes the report of a run as a page: the folder of the run, the language.
pub type Render = dyn Fn(&Path, Language) -> Option<Vec<u8>> + Send + Sync;

/// How a board is set up.
#[derive(Clone)]
pub struct Settings {
    /// Gives every right.
    pub token: Option<AccessToken>,
    /// Tokens of parties: name and token.
    pub parties: Vec<(String, AccessToken)>,
    /// The language at first.
    pub language: Language,
    /// What stands above it.
    pub title: String,
    /// Writes reports of runs.
    pub render: Arc<Render>,
    /// Is told the name of a party that says it mended something.
    pub fixed: Option<mpsc::UnboundedSender<String>>,
}

/// What is shown.
#[derive(Clone)]
pub struct Stage {
    /// Parties, scenarios and cells.
    pub tournament: Arc<Tournament>,
    /// How they stand.
    pub progress: Arc<Progress>,
    /// What is wrong.
    pub findings: Arc<Findings>,
    /// Cells that are to be run again.
    pub again: mpsc::UnboundedSender<Asked>,
    /// Where clients ask that come themselves.
    pub gate: Option<Arc<Gate>>,
}

/// Everything a request needs.
pub(super) struct Shared {
    pub stage: Stage,
    pub settings: Settings,
}

/// How many connections there may be at once.
const CONNECTIONS: usize = 512;
/// How long the head of a request may take.
const HEAD: std::time::Duration = std::time::Duration::from_secs(20);

/// A board that is served until it is dropped.
pub struct Board {
    /// Where.
    pub address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Board {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Board {
    /// Begins to serve. Needs a Tokio runtime.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub async fn start(listen: SocketAddr, stage: Stage, settings: Settings) -> std::io::Result<Board> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared { stage, settings });
        let task = tokio::spawn(async move {
            let places = Arc::new(Semaphore::new(CONNECTIONS));
            loop {
                let place = places.clone().acquire_owned().await;
                // A connection that was gone before it was taken is its client's affair.
                let Ok((stream, _)) = listener.accept().await else { continue };
                let shared = shared.clone();
                tokio::spawn(async move {
                    let service = service_fn(|request| route::answer(request, shared.clone()));
                    let mut builder = http1::Builder::new();
                    builder.timer(TokioTimer::new()).header_read_timeout(HEAD);
                    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
                    drop(place);
                });
            }
        });
        Ok(Board { address, task })
    }
}
