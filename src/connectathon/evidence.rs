//! The evidence of a cell: two runs of the engine, of the client's scripts and of the server's, in one record.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::engine::Plan;
use crate::engine::awaiting::code::NOT_AS_EXPECTED;
use crate::record::{ActionFinished, ActionKind, BodyHash, Event, EventSink, Exchanged, RecordError, Verdict};

use super::blame::owner;
use super::outcome::{CellVerdict, Failure, Side};

/// How many failures of a cell are kept with it; its record has them all.
const KEPT: usize = 12;

/// What is known of a cell while it runs.
#[derive(Default)]
struct State {
    /// Paths of the scripts so far, by their number in the record.
    scripts: Vec<String>,
    exchanges: u32,
    counts: [u32; 3],
    failures: Vec<Failure>,
    server: [bool; 2],
    client: [bool; 2],
    /// The client asked for something else than its scripts expect.
    astray: bool,
    /// Failures about answers in the client's scripts: whose they are is known at the end.
    unsure: Vec<Failure>,
    unanswered: Option<Unanswered>,
}

/// Why a request got no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// Nobody listened.
    Connect,
    /// The connection broke.
    Broken,
}

/// Takes the events of both runs and writes them as one.
pub struct Evidence<'e> {
    inner: &'e dyn EventSink,
    state: Mutex<State>,
    target: String,
    total: u32,
    exchanged: &'e (dyn Fn(&Exchanged) + Send + Sync),
}

/// One of the two runs.
pub struct Part<'e> {
    evidence: &'e Evidence<'e>,
    plan: &'e Plan,
    judged: Side,
    /// Scripts and exchanges before it.
    before: (u32, u32),
}

/// What a cell came to.
pub struct Judgement {
    /// Of the answers.
    pub server: CellVerdict,
    /// Of the requests.
    pub client: CellVerdict,
    /// Pass, fail, not evaluated.
    pub counts: [u32; 3],
    /// The first few.
    pub failures: Vec<Failure>,
}

impl<'e> Evidence<'e> {
    /// Before a sink; `total` is how many scripts there are in both runs.
    pub fn new(
        inner: &'e dyn EventSink,
        target: &str,
        total: usize,
        exchanged: &'e (dyn Fn(&Exchanged) + Send + Sync),
    ) -> Self {
        Evidence { inner, state: Mutex::default(), target: target.to_owned(), total: total as u32, exchanged }
    }

    /// Base URL of the server.
    pub(super) fn target(&self) -> &str {
        &self.target
    }

    /// The sink of a run.
    pub fn part(&'e self, plan: &'e Plan, judged: Side) -> Part<'e> {
        let state = self.state();
        Part { evidence: self, plan, judged, before: (state.scripts.len() as u32, state.exchanges) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a request got no answer so far.
    pub fn unanswered(&self) -> Option<Unanswered> {
        self.state().unanswered
    }

    /// The end of the record.
    ///
    /// # Errors
    /// When the sink cannot be written.
    pub fn finish(self, interrupted: bool) -> Result<Judgement, RecordError> {
        self.inner.event(&Event::RunFinished { at: jiff::Timestamp::now().to_string(), interrupted })?;
        let mut state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        let blamed = if state.astray || state.client[0] { Side::Client } else { Side::Server };
        for failure in std::mem::take(&mut state.unsure) {
            state.add(Failure { owner: blamed, ..failure });
        }
        state.failures.sort_by_key(|failure| std::cmp::Reverse(failure.verdict));
        let verdict = |[failed, open]: [bool; 2]| match (failed, open) {
            (true, _) => CellVerdict::Failed,
            (_, true) => CellVerdict::Incomplete,
            _ => CellVerdict::Passed,
        };
        Ok(Judgement {
            server: verdict(state.server),
            client: verdict(state.client),
            counts: state.counts,
            failures: state.failures,
        })
    }
}

impl State {
    fn add(&mut self, failure: Failure) {
        let of = if failure.owner == Side::Server { &mut self.server } else { &mut self.client };
        match failure.verdict {
            CellVerdict::Failed => of[0] = true,
            _ => of[1] = true,
        }
        // What failed goes before what is open.
        if self.failures.len() < KEPT {
            self.failures.push(failure);
        } else if failure.verdict == CellVerdict::Failed
            && let Some(open) = self.failures.iter_mut().find(|known| known.verdict != CellVerdict::Failed)
        {
            *open = failure;
        }
    }
}

impl Part<'_> {
    fn judged(&self, action: &ActionFinished) {
        let mut state = self.evidence.state();
        let verdict = match action.verdict {
            Verdict::Pass | Verdict::Warning => {
                state.counts[0] += 1;
                if self.judged == Side::Client && action.code == NOT_AS_EXPECTED.to_string() {
                    state.astray = true;
                }
                return;
            }
            Verdict::Skip => return,
            Verdict::Fail | Verdict::Error => {
                state.counts[1] += 1;
                CellVerdict::Failed
            }
            Verdict::NotEvaluated => {
                state.counts[2] += 1;
                CellVerdict::Incomplete
            }
        };
        let mut owner = owner(self.plan, action.script, action.test, action.action, self.judged);
        // A request that came and was not answered is the server's.
        let unanswered = action.kind == ActionKind::Operation && action.exchange.is_some();
        if unanswered && verdict == CellVerdict::Failed {
            owner = Side::Server;
        }
        let script = state.scripts.get((self.before.0 + action.script) as usize).cloned().unwrap_or_default();
        let failure = Failure {
            owner,
            verdict,
            code: action.code.clone(),
            title: action.title.clone(),
            message: action.message.clone(),
            path: action.target.as_ref().map(|target| target.path.clone()).unwrap_or_default(),
            script: action.source.path.clone().unwrap_or(script),
            line: action.source.line,
            exchange: action.exchange.map(|number| number + self.before.1),
        };
        match (self.judged, owner) {
            (Side::Client, Side::Server) => state.unsure.push(failure),
            _ => state.add(failure),
        }
    }
}

impl EventSink for Part<'_> {
    fn event(&self, event: &Event) -> Result<(), RecordError> {
        let (scripts, exchanges) = self.before;
        let inner = self.evidence.inner;
        match event {
            Event::RunStarted(started) => {
                if scripts > 0 {
                    return Ok(());
                }
                let mut started = started.clone();
                started.target.clone_from(&self.evidence.target);
                started.scripts = self.evidence.total;
                started.simulated = false;
                inner.event(&Event::RunStarted(started))
            }
            Event::TokenObtained(_) | Event::ServerSeen(_) => inner.event(event),
            Event::ScriptStarted(script) => {
                self.evidence.state().scripts.push(script.path.clone());
                let mut script = script.clone();
                script.script += scripts;
                inner.event(&Event::ScriptStarted(script))
            }
            Event::TestStarted(test) => {
                let mut test = test.clone();
                test.script += scripts;
                inner.event(&Event::TestStarted(test))
            }
            Event::Exchanged(exchange) => {
                let mut exchange = exchange.clone();
                exchange.script += scripts;
                exchange.exchange += exchanges;
                exchange.renews = exchange.renews.map(|number| number + exchanges);
                {
                    let mut state = self.evidence.state();
                    state.exchanges = state.exchanges.max(exchange.exchange);
                    if let Some((kind, _)) = &exchange.error {
                        state.unanswered = match kind.as_str() {
                            "connect" => Some(Unanswered::Connect),
                            "broken" => Some(Unanswered::Broken),
                            _ => state.unanswered,
                        };
                    }
                }
                if self.judged == Side::Client {
                    (self.evidence.exchanged)(&exchange);
                }
                inner.event(&Event::Exchanged(exchange))
            }
            Event::ActionFinished(action) => {
                self.judged(action);
                let mut action = action.clone();
                action.script += scripts;
                action.exchange = action.exchange.map(|number| number + exchanges);
                inner.event(&Event::ActionFinished(action))
            }
            Event::ScriptFinished { script } => inner.event(&Event::ScriptFinished { script: script + scripts }),
            // There is one end, when both are over.
            Event::RunFinished { .. } => Ok(()),
        }
    }

    fn body(&self, hash: &BodyHash, body: &[u8]) -> Result<(), RecordError> {
        self.evidence.inner.body(hash, body)
    }
}
