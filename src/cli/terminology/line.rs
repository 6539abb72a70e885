//! The line to the server. Validation waits for an answer where it stands, on whatever thread that is, also
//! one that drives a run; so requests go out on a thread of their own with a runtime of its own.

use std::sync::{Arc, OnceLock, mpsc};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::exchange::{Client, Request, Response};

/// What came back, or why nothing did.
pub type Reply = Result<Response, String>;

/// A request, and where its answer goes.
struct Job {
    request: Request,
    reply: mpsc::Sender<Reply>,
}

/// Sends requests one after the other or side by side. Nothing is started before the first.
pub struct Line {
    client: Arc<Client>,
    jobs: OnceLock<Result<UnboundedSender<Job>, String>>,
}

impl Line {
    /// A line by this client.
    pub fn new(client: Client) -> Line {
        Line { client: Arc::new(client), jobs: OnceLock::new() }
    }

    /// Sends and waits. The client's limits end the wait.
    pub fn send(&self, request: Request) -> Reply {
        let jobs = self.jobs.get_or_init(|| start(self.client.clone())).as_ref().map_err(Clone::clone)?;
        let (reply, answer) = mpsc::channel();
        let gone = |_| "the line to it is closed".to_owned();
        jobs.send(Job { request, reply }).map_err(|_| gone(mpsc::RecvError))?;
        answer.recv().map_err(gone)?
    }
}

fn start(client: Arc<Client>) -> Result<UnboundedSender<Job>, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("the runtime does not start: {error}"))?;
    let (sender, jobs) = unbounded_channel();
    // It ends when the sender is dropped.
    let thread = std::thread::Builder::new().name("terminology".to_owned());
    let started = thread.spawn(move || runtime.block_on(carry(client, jobs)));
    started.map(|_| sender).map_err(|error| format!("no thread can be started: {error}"))
}

async fn carry(client: Arc<Client>, mut jobs: UnboundedReceiver<Job>) {
    while let Some(Job { request, reply }) = jobs.recv().await {
        let client = client.clone();
        tokio::spawn(async move {
            let result = client.send(request).await.result;
            // Whoever asked may have gone.
            let _ = reply.send(result.map_err(|error| error.detail));
        });
    }
}
