//! The gate: where clients that come themselves ask, each at addresses of its own.
//!
//! Every server and scenario has its address for every such client; what comes there goes on to the server
//! unchanged, and is looked at on the way. The first request begins the cell, and what comes after it is
//! over begins it anew: a laptop that was closed in the middle starts again.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use crate::engine::Interrupt;
use crate::engine::awaiting::Notice;
use crate::exchange::{AccessToken, Secrets, redaction};

use super::party::{Caller, plain};
use super::progress::{FeedItem, Progress};
use super::proxy::{Passed, Proxy, Route, Settings, TlsError, Upstream};
use super::schedule::Asked;
use super::station::{Station, below};
use super::tournament::Tournament;

/// How much of a body is kept for the record.
const KEPT: usize = 8 * 1024 * 1024;
/// How often it is looked whether everything shall stop.
const TICK: Duration = Duration::from_millis(200);

/// How a gate is set up.
#[derive(Clone)]
pub struct GateSettings {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Certificate authorities (PEM) to trust for servers instead of the machine's.
    pub roots: Option<Vec<u8>>,
    /// How long nothing shall have come before a cell is judged with what there is.
    pub idle: Duration,
    /// Its address as parties see it, where that is another.
    pub url: Option<String>,
}

/// Why a gate does not open.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// The address cannot be listened on.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// A server cannot be spoken with.
    #[error("`{0}`: {1}")]
    Server(String, TlsError),
}

/// A cell while its client is there.
pub struct Visit {
    pub(super) station: Station,
    pub(super) secrets: Secrets,
    place: usize,
    doors: Weak<Doors>,
    idle: Duration,
    done: watch::Sender<bool>,
}

impl Visit {
    /// Comes back when the client has gone, or says it is done, or everything stops.
    pub(super) async fn over(&self, interrupt: &Interrupt) {
        let stopped = async {
            while !interrupt.is_raised() {
                tokio::time::sleep(TICK).await;
            }
        };
        let mut done = self.done.subscribe();
        tokio::select! {
            () = self.station.quiet_for(self.idle) => {}
            _ = done.wait_for(|done| *done) => {}
            () = stopped => {}
        }
    }

    /// What comes from now on is for another visit.
    pub(super) fn leave(&self) {
        if let Some(doors) = self.doors.upgrade() {
            doors.visits().remove(&self.place);
        }
    }
}

/// Who is there.
struct Doors {
    tournament: Arc<Tournament>,
    progress: Arc<Progress>,
    persons: Vec<AccessToken>,
    /// The cell of every route.
    places: Vec<usize>,
    visits: Mutex<HashMap<usize, Arc<Visit>>>,
    asked: mpsc::UnboundedSender<Asked>,
    idle: Duration,
}

impl Doors {
    fn visits(&self) -> std::sync::MutexGuard<'_, HashMap<usize, Arc<Visit>>> {
        self.visits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn passed(self: &Arc<Doors>, passed: Passed) {
        let Some(place) = passed.party.and_then(|route| self.places.get(route).copied()) else { return };
        // Who is let in here is not sent away in the middle.
        let mut visits = self.visits();
        if let Some(visit) = visits.get(&place).cloned().or_else(|| self.begun(place, &mut visits)) {
            visit.station.heard(&passed.below, passed.exchange);
        }
    }

    /// The first request of a cell begins it.
    fn begun(self: &Arc<Doors>, place: usize, visits: &mut HashMap<usize, Arc<Visit>>) -> Option<Arc<Visit>> {
        let (server, client, scenario) = self.tournament.parts(place)?;
        let caller = client.caller.as_ref()?;
        let mut tokens = caller.known();
        tokens.extend(self.persons.iter().chain(server.access.iter().flat_map(|access| &access.known)).cloned());
        let mut secrets = Secrets::default();
        caller.tokens.iter().for_each(|(_, token)| secrets.add(token.expose()));
        let own = server.access.as_ref().map(|access| &access.secrets);
        let secrets = own.cloned().unwrap_or(secrets);
        let (progress, at) = (self.progress.clone(), FeedItem::of(&server.name, &client.name, "held", String::new()));
        let at = FeedItem { scenario: scenario.name.clone(), ..at };
        let listener = move |notice: &Notice| {
            if let Notice::Held { request, test, differences, .. } = notice {
                // Someone who stands there wants to know it now.
                let text = format!("{}: {test}: {}", below(request), differences.join(", "));
                let text = redaction::mask_bsns(&text).into_owned();
                progress.pass(FeedItem { text, at: jiff::Timestamp::now().to_string(), ..at.clone() });
            }
        };
        let visit = Arc::new(Visit {
            station: Station::new(&client.name, tokens, listener),
            secrets,
            place,
            doors: Arc::downgrade(self),
            idle: self.idle,
            done: watch::channel(false).0,
        });
        visits.insert(place, visit.clone());
        // Nobody takes it any more when the matrix is over.
        self.asked.send(Asked::Visit(place, visit.clone())).ok()?;
        Some(visit)
    }
}

/// Where clients ask; open until it is dropped.
pub struct Gate {
    /// Where.
    pub address: SocketAddr,
    doors: Arc<Doors>,
    url: String,
    _proxy: Proxy,
}

impl Gate {
    /// Opens it for the clients that come themselves. Needs a Tokio runtime.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub async fn open(
        settings: GateSettings,
        tournament: &Arc<Tournament>,
        progress: &Arc<Progress>,
        persons: Vec<AccessToken>,
        asked: mpsc::UnboundedSender<Asked>,
    ) -> Result<Gate, GateError> {
        let mut upstreams = vec![];
        for server in &tournament.servers {
            let upstream = Upstream::new(&server.base, settings.roots.as_deref());
            upstreams.push(Arc::new(upstream.map_err(|error| GateError::Server(server.name.clone(), error))?));
        }
        let (mut routes, mut places) = (vec![], vec![]);
        for (place, (server, ..)) in tournament.cells.iter().enumerate() {
            if let Some(name) = path(tournament, place) {
                routes.push(Route { name, token: None, upstream: upstreams.get(*server).cloned() });
                places.push(place);
            }
        }
        let doors = Arc::new(Doors {
            tournament: tournament.clone(),
            progress: progress.clone(),
            persons,
            places,
            visits: Mutex::default(),
            asked,
            idle: settings.idle,
        });
        let witness = {
            let doors = doors.clone();
            Arc::new(move |passed: Passed| doors.passed(passed))
        };
        let proxy = Settings { listen: settings.listen, upstream: None, tls: None, routes, limit: KEPT, witness };
        let proxy = Proxy::start(proxy).await.map_err(|error| GateError::Listen(settings.listen, error))?;
        let url = settings.url.unwrap_or_else(|| format!("http://{}", proxy.address));
        Ok(Gate { address: proxy.address, doors, url: url.trim_end_matches('/').to_owned(), _proxy: proxy })
    }

    /// Base URL of a cell for its client.
    pub fn base(&self, place: usize) -> Option<String> {
        Some(format!("{}/{}", self.url, path(&self.doors.tournament, place)?))
    }

    /// The client says that it has done all it does.
    pub fn done(&self, place: usize) -> bool {
        let visit = self.doors.visits().get(&place).cloned();
        visit.is_some_and(|visit| !visit.done.send_replace(true))
    }
}

/// The parts of the path of a cell; None where keur plays the client.
fn path(tournament: &Tournament, place: usize) -> Option<String> {
    let (server, client, scenario) = tournament.parts(place)?;
    let Caller { prefix, .. } = client.caller.as_ref()?;
    Some(format!("{prefix}/{}/{}", slug(&server.name), slug(&scenario.name)))
}

/// A name as it stands in an address.
pub(super) fn slug(name: &str) -> String {
    plain(name).chars().map(|c| if c.is_ascii() { c.to_ascii_lowercase() } else { '-' }).collect()
}
