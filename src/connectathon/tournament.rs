//! Everybody against everybody: parties, scenarios and the cells they make.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::outcome::{CellOutcome, Key, Shard};
use super::party::{Absent, Client, Server};
use super::scenario::{Plans, Scenario};

/// How many at once, and how long for a connection.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Cells at once.
    pub cells: usize,
    /// Cells of one party at once.
    pub party: usize,
    /// How long a party may be gone.
    pub patience: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { cells: 8, party: 2, patience: Duration::from_secs(120) }
    }
}

/// Parties, scenarios and cells.
pub struct Tournament {
    /// Who answers.
    pub servers: Vec<Server>,
    /// Who asks.
    pub clients: Vec<Client>,
    /// What.
    pub scenarios: Vec<Scenario>,
    /// Every cell: server, client, scenario.
    pub cells: Vec<(usize, usize, usize)>,
    /// Folder of the matrix.
    pub folder: PathBuf,
    /// Bounds.
    pub limits: Limits,
    /// Goes on when all cells are over, for those that are asked for again.
    pub stays: bool,
    /// Until when clients that come themselves are waited for.
    pub until: Option<Instant>,
    /// Parties whose planted fault was mended.
    pub mended: Mutex<HashSet<String>>,
    /// Clients that are not there at the moment.
    pub absent: Absent,
}

impl Tournament {
    /// All against all.
    pub fn new(servers: Vec<Server>, clients: Vec<Client>, scenarios: Vec<Scenario>, folder: &Path) -> Tournament {
        let mut cells = vec![];
        for scenario in 0..scenarios.len() {
            // Neighbours in the order have different parties, so that nobody waits for one of them.
            for shift in 0..clients.len() {
                cells.extend((0..servers.len()).map(|server| (server, (server + shift) % clients.len(), scenario)));
            }
        }
        Tournament {
            servers,
            clients,
            scenarios,
            cells,
            folder: folder.to_owned(),
            limits: Limits::default(),
            stays: false,
            until: None,
            mended: Mutex::default(),
            absent: Absent::default(),
        }
    }

    /// Names of a cell.
    pub fn key(&self, place: usize) -> Option<Key> {
        let (server, client, scenario) = self.parts(place)?;
        Some(Key { server: server.name.clone(), client: client.name.clone(), scenario: scenario.name.clone() })
    }

    /// The parts of a cell.
    pub(super) fn parts(&self, place: usize) -> Option<(&Server, &Client, &Scenario)> {
        let (server, client, scenario) = *self.cells.get(place)?;
        Some((self.servers.get(server)?, self.clients.get(client)?, self.scenarios.get(scenario)?))
    }

    /// Whether the client of a cell comes itself.
    pub fn comes_itself(&self, place: usize) -> bool {
        self.parts(place).is_some_and(|(_, client, _)| client.caller.is_some())
    }

    /// What a cell is judged by, with the tokens of its parties.
    pub(super) fn plans(&self, place: usize) -> Option<&Plans> {
        let (server, client, scenario) = *self.cells.get(place)?;
        let server = self.servers.get(server)?;
        let callers = || self.clients.get(client)?.caller.as_ref().filter(|_| server.simulated);
        let own = server.access.as_ref().map(|access| &access.plans).or(callers().map(|caller| &caller.plans));
        own.and_then(|plans| plans.get(scenario)).or(self.scenarios.get(scenario).map(|scenario| &scenario.plans))
    }

    /// Whether a party or a scenario has this name.
    pub fn knows(&self, name: &str) -> bool {
        self.servers.iter().any(|server| server.name == name)
            || self.clients.iter().any(|client| client.name == name)
            || self.scenarios.iter().any(|scenario| scenario.name == name)
    }

    /// Whether a cell is of all of these parties and scenarios.
    pub fn concerns(&self, place: usize, names: &[String]) -> bool {
        let Some(Key { server, client, scenario }) = self.key(place) else { return false };
        names.iter().all(|name| [&server, &client, &scenario].contains(&name))
    }

    /// A party mended its planted fault.
    pub fn mend(&self, party: &str) {
        self.mended.lock().unwrap_or_else(PoisonError::into_inner).insert(party.to_owned());
    }

    /// Whether it did.
    pub fn is_mended(&self, party: &str) -> bool {
        self.mended.lock().unwrap_or_else(PoisonError::into_inner).contains(party)
    }

    /// The fault that was planted where it shows: a fault in one type of resource shows in the scenarios
    /// that ask for it.
    pub fn planted(&self, place: usize) -> Option<String> {
        let (server, client, scenario) = self.parts(place)?;
        let shows = |defect: &&String| match defect.split_once('@') {
            None | Some((_, "all")) => true,
            Some((_, of)) => scenario.resource_types.iter().any(|known| known == of),
        };
        let of = |side: &str, name: &str, defect: &Option<String>| {
            let defect = defect.as_ref().filter(shows).filter(|_| !self.is_mended(name))?;
            Some(format!("{side}: {defect}"))
        };
        let all = [of("server", &server.name, &server.defect), of("client", &client.name, &client.defect)];
        let all: Vec<String> = all.into_iter().flatten().collect();
        (!all.is_empty()).then(|| all.join(", "))
    }

    /// The places of the cells that a shard has to run and that are not in the journal.
    pub fn open(&self, known: &HashMap<Key, CellOutcome>, shard: Option<Shard>) -> Vec<usize> {
        let mine = (0..self.cells.len()).filter(|place| shard.is_none_or(|shard| shard.has(*place)));
        let done = |place: usize| {
            let scripts = self.parts(place).map(|(.., scenario)| scenario.scripts.as_str());
            let outcome = self.key(place).and_then(|key| known.get(&key));
            outcome.is_some_and(|outcome| Some(outcome.scripts.as_str()) == scripts)
        };
        mine.filter(|place| !done(*place)).collect()
    }
}
