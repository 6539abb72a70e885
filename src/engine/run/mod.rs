//! Running a plan: requests out, verdicts down.
//!
//! Everything a script changes is in its own [`ScriptRun`](script::ScriptRun), so scripts can run side by side
//! ([`order`] says which do); events carry the number of their script. A run takes its scripts in portions
//! where all of them at once would be too much.

mod awaited;
mod order;
mod script;
mod written;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use crate::exchange::redaction;
use crate::record::{DefinitionUse, Event, EventSink, RecordError, RunStarted};
use crate::testscript::Circumstances;

use super::assertion::ProfileValidator;
use super::awaiting::{Closing, Seat};
use super::plan::Plan;
use super::transport::Transport;

pub use order::{folders, openings};

/// What a run needs beside its plan.
pub struct RunSettings<'r> {
    /// Definitions that verdicts rest on, for the receipt.
    pub definitions: Vec<DefinitionUse>,
    /// True when the target is the built-in simulator.
    pub simulated: bool,
    /// Who validates profiles; without one those asserts are not evaluated.
    pub validator: Option<&'r dyn ProfileValidator>,
    /// Clock and chance for placeholders.
    pub circumstances: Circumstances,
    /// Ends the run early.
    pub interrupt: Interrupt,
    /// Where requests of the system under test are awaited, if they are.
    pub awaiting: Option<Seat<'r>>,
    /// Scripts that run side by side at most.
    pub jobs: NonZeroUsize,
}

impl Default for RunSettings<'_> {
    fn default() -> Self {
        RunSettings {
            definitions: vec![],
            simulated: false,
            validator: None,
            circumstances: Circumstances::live(),
            interrupt: Interrupt::default(),
            awaiting: None,
            jobs: NonZeroUsize::MIN,
        }
    }
}

/// Asks a run to end after the request it is at. Clones are the same switch.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Ends the run.
    pub fn raise(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// True once it was raised.
    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What a run came to, for the exit code; everything else is in the events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunOutcome {
    /// True when it was broken off.
    pub interrupted: bool,
    /// Requests that were tried.
    pub exchanges: u32,
    /// Requests that got an HTTP answer.
    pub answered: u32,
}

/// What a run says of itself when it starts.
#[derive(Clone, Copy, Debug)]
pub struct Announced<'a> {
    /// Base URL of the target; empty where keur only waits.
    pub target: &'a str,
    /// FHIR version of the first script.
    pub fhir_version: &'a str,
    /// Scripts of all portions.
    pub scripts: usize,
}

/// Runs a plan and tells the sink what happens. Errs only when the sink does.
pub async fn run(
    plan: &Plan,
    client: &dyn Transport,
    sink: &dyn EventSink,
    settings: &RunSettings<'_>,
) -> Result<RunOutcome, RecordError> {
    let fhir_version = plan.scripts.first().map_or("", |script| script.fhir_version.number());
    let announced = Announced { target: &plan.target, fhir_version, scripts: plan.scripts.len() };
    let mut running = Running::start(&announced, client, sink, settings)?;
    running.portion(plan).await?;
    running.finish()
}

/// A run that takes its scripts in portions, in their order.
pub struct Running<'r> {
    client: &'r dyn Transport,
    sink: &'r dyn EventSink,
    settings: &'r RunSettings<'r>,
    exchanges: AtomicU32,
    answered: AtomicU32,
    /// Scripts of the portions before.
    before: usize,
}

impl<'r> Running<'r> {
    /// Tells the sink that the run starts.
    pub fn start(
        announced: &Announced<'_>,
        client: &'r dyn Transport,
        sink: &'r dyn EventSink,
        settings: &'r RunSettings<'r>,
    ) -> Result<Running<'r>, RecordError> {
        let Announced { target, fhir_version, scripts } = announced;
        // A run that only waits has the simulator on the other side.
        let only_waits = settings.awaiting.filter(|_| target.is_empty());
        let target = only_waits.map_or(*target, |seat| seat.base);
        sink.event(&Event::RunStarted(RunStarted {
            format: 1,
            keur: env!("CARGO_PKG_VERSION").to_owned(),
            at: jiff::Timestamp::now().to_string(),
            target: redaction::recorded_url(target).into_owned(),
            simulated: settings.simulated || only_waits.is_some(),
            fhir_version: (*fhir_version).to_owned(),
            definitions: settings.definitions.clone(),
            scripts: u32::try_from(*scripts).unwrap_or(u32::MAX),
        }))?;
        let (exchanges, answered) = (AtomicU32::new(0), AtomicU32::new(0));
        Ok(Running { client, sink, settings, exchanges, answered, before: 0 })
    }

    /// Runs the next scripts.
    pub async fn portion(&mut self, plan: &Plan) -> Result<(), RecordError> {
        order::run(&Portion { run: self, plan }).await?;
        self.before += plan.scripts.len();
        Ok(())
    }

    /// Tells the sink that the run is over.
    pub fn finish(self) -> Result<RunOutcome, RecordError> {
        let stopped = self.settings.awaiting.is_some_and(|seat| seat.hall.closed() == Some(Closing::Stopped));
        let interrupted = self.settings.interrupt.is_raised() || stopped;
        for peer in self.client.peers() {
            self.sink.event(&Event::ServerSeen(peer.into()))?;
        }
        self.sink.event(&Event::RunFinished { at: jiff::Timestamp::now().to_string(), interrupted })?;
        let count = |counter: &AtomicU32| counter.load(Ordering::Relaxed);
        Ok(RunOutcome { interrupted, exchanges: count(&self.exchanges), answered: count(&self.answered) })
    }
}

/// What all scripts of a portion share.
#[derive(Clone, Copy)]
struct Portion<'r> {
    run: &'r Running<'r>,
    plan: &'r Plan,
}
