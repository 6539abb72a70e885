//! Everybody against everybody: which cell runs when, and what becomes of one that got no connection.

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::stream::{FuturesUnordered, StreamExt as _};
use tokio::sync::mpsc;

use crate::engine::Interrupt;

use super::cell::{self, Hands, Ran};
use super::evidence::Unanswered;
use super::journal::{Journal, JournalError};
use super::outcome::{CellOutcome, CellVerdict, Key, Shard};
use super::progress::Progress;
use super::scenario::Scenario;

/// A party that answers.
#[derive(Clone, Debug)]
pub struct Server {
    /// Its name.
    pub name: String,
    /// Base URL, without a `/` at its end.
    pub base: String,
    /// A fault it has on purpose: name, and `@Type` where it is in that type only.
    pub defect: Option<String>,
}

/// A party that asks.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its name.
    pub name: String,
    /// A fault it has on purpose.
    pub defect: Option<String>,
}

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

/// How often a connection that breaks while it is used is tried again: a party that always breaks it is at
/// fault.
const BROKEN: u32 = 3;
/// How long after a failed connection the next try is.
const PAUSE: Duration = Duration::from_millis(500);

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
    /// Parties whose planted fault was mended.
    pub mended: Mutex<HashSet<String>>,
}

/// A cell that has to be run.
struct Job {
    place: usize,
    attempts: u32,
    broken: u32,
    since: Instant,
    not_before: Instant,
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
            mended: Mutex::default(),
        }
    }

    /// Names of a cell.
    pub fn key(&self, place: usize) -> Option<Key> {
        let (server, client, scenario) = self.parts(place)?;
        Some(Key { server: server.name.clone(), client: client.name.clone(), scenario: scenario.name.clone() })
    }

    fn parts(&self, place: usize) -> Option<(&Server, &Client, &Scenario)> {
        let (server, client, scenario) = *self.cells.get(place)?;
        Some((self.servers.get(server)?, self.clients.get(client)?, self.scenarios.get(scenario)?))
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

    /// Runs cells until none is left (and, where it stays, nobody can ask for one again); every finished cell
    /// goes to the journal.
    ///
    /// # Errors
    /// When the journal or a record cannot be written.
    pub async fn run(
        &self,
        open: Vec<usize>,
        hands: &Hands<'_>,
        (journal, progress): (&Journal, &Progress),
        mut again: mpsc::UnboundedReceiver<usize>,
        interrupt: &Interrupt,
    ) -> Result<(), JournalError> {
        let now = Instant::now();
        let job = |place| Job { place, attempts: 0, broken: 0, since: now, not_before: now };
        let mut waiting: VecDeque<Job> = open.into_iter().map(job).collect();
        let mut running = FuturesUnordered::new();
        let mut busy: HashMap<(bool, usize), usize> = HashMap::new();
        let mut closed = false;
        loop {
            while running.len() < self.limits.cells && !interrupt.is_raised() {
                let now = Instant::now();
                let free = |job: &Job| {
                    let Some((server, client, _)) = self.cells.get(job.place) else { return false };
                    let room = |party| busy.get(&party).copied().unwrap_or(0) < self.limits.party;
                    job.not_before <= now && room((true, *server)) && room((false, *client))
                };
                let Some(at) = waiting.iter().position(free) else { break };
                let Some(mut job) = waiting.remove(at) else { break };
                let (server, client, _) = self.cells[job.place];
                *busy.entry((true, server)).or_default() += 1;
                *busy.entry((false, client)).or_default() += 1;
                job.attempts += 1;
                progress.begun(job.place);
                running.push(self.attempt(job, hands, progress));
            }
            if running.is_empty() && (interrupt.is_raised() || (waiting.is_empty() && (closed || !self.stays))) {
                return Ok(());
            }
            tokio::select! {
                Some((mut job, ran)) = running.next() => {
                    let (server, client, _) = self.cells[job.place];
                    for party in [(true, server), (false, client)] {
                        busy.entry(party).and_modify(|count| *count = count.saturating_sub(1));
                    }
                    let (run, ran) = ran?;
                    let retried = match ran.unanswered {
                        Some(Unanswered::Connect) => job.since.elapsed() < self.limits.patience,
                        Some(Unanswered::Broken) => { job.broken += 1; job.broken < BROKEN }
                        None => false,
                    };
                    if retried {
                        job.not_before = Instant::now() + PAUSE;
                        progress.over(job.place, None);
                        waiting.push_back(job);
                    } else if let Some(outcome) = self.outcome(&job, run, ran) {
                        journal.add(&outcome)?;
                        progress.over(job.place, Some(outcome));
                    }
                }
                asked = again.recv(), if !closed => match asked {
                    Some(place) => {
                        if !waiting.iter().any(|job| job.place == place) && place < self.cells.len() {
                            let now = Instant::now();
                            waiting.push_front(Job { place, attempts: 0, broken: 0, since: now, not_before: now });
                        }
                    }
                    None => closed = true,
                },
                () = tokio::time::sleep(PAUSE / 5) => {}
            }
        }
    }

    async fn attempt(
        &self,
        job: Job,
        hands: &Hands<'_>,
        progress: &Progress,
    ) -> (Job, Result<(String, Ran), JournalError>) {
        let runs = self.folder.join("runs");
        let Some(parts) = self.parts(job.place) else {
            let reason = std::io::Error::other("there is no such cell");
            return (job, Err(JournalError { path: runs, reason }));
        };
        let name = folder_name(&runs, parts);
        let faulty = !self.is_mended(&parts.1.name);
        let ran = cell::run(hands, (parts, faulty), (&runs, &name), progress).await;
        let ran = ran.map(|ran| (format!("runs/{name}"), ran));
        (job, ran.map_err(|error| JournalError { path: error.path, reason: error.cause }))
    }

    fn outcome(&self, job: &Job, run: String, ran: Ran) -> Option<CellOutcome> {
        let Ran { judgement, millis, .. } = ran;
        let both = [judgement.server, judgement.client];
        Some(CellOutcome {
            key: self.key(job.place)?,
            verdict: both.into_iter().max().unwrap_or(CellVerdict::Incomplete),
            planted_defect: self.planted(job.place),
            server_verdict: judgement.server,
            client_verdict: judgement.client,
            run,
            scripts: self.parts(job.place)?.2.scripts.clone(),
            attempts: job.attempts,
            at: jiff::Timestamp::now().to_string(),
            millis,
            counts: judgement.counts,
            failures: judgement.failures,
        })
    }
}

/// A folder that is not there yet: an earlier try keeps its own.
fn folder_name(runs: &Path, (server, client, scenario): (&Server, &Client, &Scenario)) -> String {
    let plain = |name: &str| name.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect::<String>();
    let name = format!("{}--{}--{}", plain(&server.name), plain(&client.name), plain(&scenario.name));
    let free = |name: &String| !runs.join(name).exists();
    let numbered = (2u32..).map(|number| format!("{name}--{number}"));
    std::iter::once(name.clone()).chain(numbered).find(free).unwrap_or(name)
}
