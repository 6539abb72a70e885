//! Who answers the requests of a run: the system under test, or the record of an earlier run.

use std::future::Future;
use std::path::Path;
use std::pin::Pin;

use crate::exchange::{Client, Exchange, Peer, Request};

/// The action that sends a request; a record finds its answer by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call<'c> {
    /// Path of the script.
    pub script: &'c Path,
    /// Number of the test in the script, as its events have it.
    pub test: u32,
    /// Number of the action in the test.
    pub action: u32,
}

/// An exchange under way.
pub type Sending<'t> = Pin<Box<dyn Future<Output = Exchange> + Send + 't>>;

/// Takes requests and comes back with exchanges, whatever happened.
pub trait Transport: Sync {
    /// Sends a request and waits for the whole answer.
    fn send<'t>(&'t self, request: Request, call: Call<'t>) -> Sending<'t>;

    /// The number that the exchange of a call has in a record that answers; otherwise the run counts.
    fn number(&self, call: Call<'_>) -> Option<u32> {
        let _ = call;
        None
    }

    /// An exchange that somebody else had, as it is to be judged and written down.
    fn seen(&self, exchange: Exchange) -> Exchange {
        exchange
    }

    /// The servers that answered so far, by their certificates.
    fn peers(&self) -> Vec<Peer> {
        vec![]
    }
}

impl Transport for Client {
    fn send<'t>(&'t self, request: Request, _: Call<'t>) -> Sending<'t> {
        Box::pin(Client::send(self, request))
    }

    fn peers(&self) -> Vec<Peer> {
        Client::peers(self)
    }
}
