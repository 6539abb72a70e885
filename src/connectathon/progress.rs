//! How a matrix stands while it runs, for everyone who looks on.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::sync::broadcast;

use super::outcome::CellOutcome;

/// How many exchanges are kept for who comes later.
const KEPT: usize = 200;

/// Something that passed, or happened.
#[derive(Clone, Debug, Serialize)]
pub struct FeedItem {
    /// Counts up.
    pub number: u64,
    /// When, RFC 3339.
    pub at: String,
    /// Name of the server.
    pub server: String,
    /// Name of the client.
    pub client: String,
    /// Name of the scenario; empty when the request was for none.
    pub scenario: String,
    /// `exchange`, `unmatched`, `down`, `back`, `note`.
    pub kind: &'static str,
    /// `GET /Patient?…`, or what happened.
    pub text: String,
    /// HTTP status; 0 for none.
    pub status: u16,
    /// Until the last byte, in microseconds.
    pub micros: u64,
}

impl FeedItem {
    /// Something between two parties, now.
    pub fn of(server: &str, client: &str, kind: &'static str, text: String) -> FeedItem {
        FeedItem {
            number: 0,
            at: jiff::Timestamp::now().to_string(),
            server: server.to_owned(),
            client: client.to_owned(),
            scenario: String::new(),
            kind,
            text,
            status: 0,
            micros: 0,
        }
    }
}

/// The last exchanges.
#[derive(Default)]
pub struct Feed {
    items: VecDeque<FeedItem>,
    numbers: u64,
}

/// News for who looks on.
#[derive(Clone, Debug)]
pub enum News {
    /// A cell began (its place).
    Begun(usize),
    /// A cell is over.
    Over(usize),
    /// Something passed.
    Feed(FeedItem),
    /// A finding changed its state.
    Findings,
}

/// A cell as far as it is.
#[derive(Clone, Debug, Default)]
pub(super) struct Standing {
    /// It runs now.
    pub running: bool,
    /// What it came to, the last time.
    pub outcome: Option<CellOutcome>,
}

/// How all cells stand, and what passes.
pub struct Progress {
    cells: Mutex<Vec<Standing>>,
    feed: Mutex<Feed>,
    news: broadcast::Sender<News>,
}

impl Progress {
    /// Nothing yet.
    pub fn new(cells: usize) -> Progress {
        Progress {
            cells: Mutex::new(vec![Standing::default(); cells]),
            feed: Mutex::default(),
            news: broadcast::channel(4096).0,
        }
    }

    /// Listens from now on.
    pub fn listen(&self) -> broadcast::Receiver<News> {
        self.news.subscribe()
    }

    pub(super) fn cells(&self) -> MutexGuard<'_, Vec<Standing>> {
        self.cells.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What every finished cell came to.
    pub fn outcomes(&self) -> Vec<CellOutcome> {
        self.cells().iter().filter_map(|cell| cell.outcome.clone()).collect()
    }

    /// A cell begins.
    pub fn begun(&self, place: usize) {
        if let Some(cell) = self.cells().get_mut(place) {
            cell.running = true;
        }
        let _ = self.news.send(News::Begun(place));
    }

    /// A cell is over; None when it has to wait for another try.
    pub fn over(&self, place: usize, outcome: Option<CellOutcome>) {
        if let Some(cell) = self.cells().get_mut(place) {
            cell.running = false;
            if outcome.is_some() {
                cell.outcome = outcome;
            }
        }
        // Nobody may be listening.
        let _ = self.news.send(News::Over(place));
    }

    /// The findings changed.
    pub fn findings(&self) {
        let _ = self.news.send(News::Findings);
    }

    /// Something passed.
    pub fn pass(&self, item: FeedItem) {
        let item = {
            let mut feed = self.feed.lock().unwrap_or_else(PoisonError::into_inner);
            feed.numbers += 1;
            let item = FeedItem { number: feed.numbers, ..item };
            if feed.items.len() == KEPT {
                feed.items.pop_front();
            }
            feed.items.push_back(item.clone());
            item
        };
        let _ = self.news.send(News::Feed(item));
    }

    /// The last exchanges, oldest first.
    pub fn feed(&self) -> Vec<FeedItem> {
        self.feed.lock().unwrap_or_else(PoisonError::into_inner).items.iter().cloned().collect()
    }
}
