//! Which cell runs when, and what becomes of one that got no connection.

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use tokio::sync::mpsc;

use crate::engine::Interrupt;

use super::cell::{self, Hands, Parts, Ran};
use super::evidence::Unanswered;
use super::gate::Visit;
use super::journal::{Journal, JournalError};
use super::outcome::{CellOutcome, CellVerdict};
use super::party::plain;
use super::progress::Progress;
use super::tournament::Tournament;

/// How often a connection that breaks while it is used is tried again: a party that always breaks it is at
/// fault.
const BROKEN: u32 = 3;
/// How long after a failed connection the next try is.
const PAUSE: Duration = Duration::from_millis(500);

/// What is asked of a matrix while it runs.
pub enum Asked {
    /// A cell shall be run again.
    Again(usize),
    /// A client that comes itself began a cell.
    Visit(usize, Arc<Visit>),
}

/// A cell that has to be run.
struct Job {
    place: usize,
    attempts: u32,
    broken: u32,
    since: Instant,
    not_before: Instant,
}

impl Job {
    fn new(place: usize) -> Job {
        let now = Instant::now();
        Job { place, attempts: 0, broken: 0, since: now, not_before: now }
    }
}

/// How an attempt ended; None when its client went away in the middle.
type Attempted = Result<(String, Option<Ran>), JournalError>;

/// How many cells each party is in: true for servers.
#[derive(Default)]
struct Busy(HashMap<(bool, usize), usize>);

impl Busy {
    fn has_room(&self, party: (bool, usize), limit: usize) -> bool {
        self.0.get(&party).copied().unwrap_or(0) < limit
    }

    fn begin(&mut self, (server, client, _): (usize, usize, usize)) {
        [(true, server), (false, client)].into_iter().for_each(|party| *self.0.entry(party).or_default() += 1);
    }

    fn end(&mut self, (server, client, _): (usize, usize, usize)) {
        for party in [(true, server), (false, client)] {
            self.0.entry(party).and_modify(|count| *count = count.saturating_sub(1));
        }
    }
}

impl Tournament {
    /// Runs cells until none is left (and, where it stays, nobody can ask for one again); every finished cell
    /// goes to the journal. Cells of clients that come themselves run when they come.
    ///
    /// # Errors
    /// When the journal or a record cannot be written.
    pub async fn run(
        &self,
        open: Vec<usize>,
        hands: &Hands<'_>,
        (journal, progress): (&Journal, &Progress),
        mut asked: mpsc::UnboundedReceiver<Asked>,
        interrupt: &Interrupt,
    ) -> Result<(), JournalError> {
        let (awaited, played): (Vec<usize>, Vec<usize>) = open.into_iter().partition(|place| self.comes_itself(*place));
        let mut awaited: HashSet<usize> = awaited.into_iter().collect();
        let mut waiting: VecDeque<Job> = played.into_iter().map(Job::new).collect();
        let mut running = FuturesUnordered::new();
        let mut visits = 0;
        let mut busy = Busy::default();
        let mut closed = false;
        loop {
            while running.len() < self.limits.cells + visits && !interrupt.is_raised() {
                let Some(at) = waiting.iter().position(|job| self.is_free(job, &busy)) else { break };
                let Some(mut job) = waiting.remove(at) else { break };
                busy.begin(self.cells[job.place]);
                job.attempts += 1;
                progress.begun(job.place);
                running.push(self.attempt(job, hands, progress).left_future());
            }
            let late = self.until.is_some_and(|until| Instant::now() >= until);
            let settled = waiting.is_empty() && (awaited.is_empty() || late) && (closed || !self.stays);
            if running.is_empty() && (interrupt.is_raised() || settled) {
                return Ok(());
            }
            tokio::select! {
                Some((mut job, ran)) = running.next() => {
                    if self.comes_itself(job.place) {
                        visits -= 1;
                    } else {
                        busy.end(self.cells[job.place]);
                    }
                    let (run, ran) = ran?;
                    let patient = job.since.elapsed() < self.limits.patience;
                    let outcome = match ran {
                        None => None,
                        Some(ran) => {
                            let retried = match ran.unanswered {
                                Some(_) if self.comes_itself(job.place) => false,
                                Some(Unanswered::Connect) => patient,
                                Some(Unanswered::Broken) => { job.broken += 1; job.broken < BROKEN }
                                None => false,
                            };
                            if retried { None } else { self.outcome(&job, run, ran) }
                        }
                    };
                    match outcome {
                        Some(outcome) => {
                            journal.add(&outcome)?;
                            awaited.remove(&job.place);
                            progress.over(job.place, Some(outcome));
                        }
                        // Tried again, and marked so: its attempts are counted.
                        None => {
                            job.not_before = Instant::now() + PAUSE;
                            progress.over(job.place, None);
                            waiting.push_back(job);
                        }
                    }
                }
                news = asked.recv(), if !closed => match news {
                    Some(Asked::Again(place)) => {
                        let known = waiting.iter().any(|job| job.place == place);
                        if !known && place < self.cells.len() && !self.comes_itself(place) {
                            waiting.push_front(Job::new(place));
                        }
                    }
                    Some(Asked::Visit(place, visit)) => {
                        visits += 1;
                        progress.begun(place);
                        let job = Job { attempts: 1, ..Job::new(place) };
                        running.push(self.visited(job, visit, hands, progress, interrupt).right_future());
                    }
                    None => closed = true,
                },
                () = tokio::time::sleep(PAUSE / 5) => {}
            }
        }
    }

    fn is_free(&self, job: &Job, busy: &Busy) -> bool {
        let Some((server, client, _)) = self.cells.get(job.place).copied() else { return false };
        let here = self.clients.get(client).is_some_and(|client| !self.absent.has(&client.name));
        let room = |party| busy.has_room(party, self.limits.party);
        here && job.not_before <= Instant::now() && room((true, server)) && room((false, client))
    }

    async fn attempt(&self, job: Job, hands: &Hands<'_>, progress: &Progress) -> (Job, Attempted) {
        let runs = self.folder.join("runs");
        let Some(((server, client, scenario), plans)) = self.parts(job.place).zip(self.plans(job.place)) else {
            return (job, Err(no_such(&runs)));
        };
        let name = folder_name(&runs, (server, client, scenario));
        let faulty = !self.is_mended(&client.name);
        let parts = ((server, client, scenario), plans);
        let ran = tokio::select! {
            ran = cell::play(hands, parts, faulty, (&runs, &name), progress) => Some(ran),
            () = self.absent.gone(&client.name) => None,
        };
        let ran = ran.transpose().map(|ran| (format!("runs/{name}"), ran));
        (job, ran.map_err(|error| JournalError { path: error.path, reason: error.cause }))
    }

    async fn visited(
        &self,
        job: Job,
        visit: Arc<Visit>,
        hands: &Hands<'_>,
        progress: &Progress,
        interrupt: &Interrupt,
    ) -> (Job, Attempted) {
        let runs = self.folder.join("runs");
        let Some(parts) = self.parts(job.place).zip(self.plans(job.place)) else {
            return (job, Err(no_such(&runs)));
        };
        let name = folder_name(&runs, parts.0);
        let ran = cell::visit(hands, parts, &visit, (&runs, &name), progress, interrupt).await;
        let ran = ran.map(|ran| (format!("runs/{name}"), Some(ran)));
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

fn no_such(runs: &Path) -> JournalError {
    JournalError { path: runs.to_owned(), reason: std::io::Error::other("there is no such cell") }
}

/// A folder that is not there yet: an earlier try keeps its own.
fn folder_name(runs: &Path, (server, client, scenario): Parts<'_>) -> String {
    let name = format!("{}--{}--{}", plain(&server.name), plain(&client.name), plain(&scenario.name));
    let free = |name: &String| !runs.join(name).exists();
    let numbered = (2u32..).map(|number| format!("{name}--{number}"));
    std::iter::once(name.clone()).chain(numbered).find(free).unwrap_or(name)
}
