//! Running a plan: requests out, verdicts down, one script after the other.
//!
//! Everything a script changes is in its own [`ScriptRun`], so scripts can run side by side, as those do
//! that wait for a client; events carry the number of their script.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use futures_util::future::FutureExt as _;
use futures_util::stream::{FuturesUnordered, StreamExt as _};

use crate::exchange::{Exchange, Headers, redaction};
use crate::fhir::Format;
use crate::record::{
    ActionFinished, ActionKind, BodyHash, DefinitionUse, Event, EventSink, Exchanged, RecordError, RecordedMessage,
    RunStarted, ScriptPlace, ScriptStarted, TestStarted, Verdict,
};
use crate::testscript::{
    Action, Assert, Check, Circumstances, Direction, Interaction, Operation, Party, Place, Side, Test,
};

use super::assertion::{self, ProfileValidator};
use super::awaiting::{self, Closing, Expectation, Opening, Seat};
use super::content::Kept;
use super::finding::{Absence, Finding};
use super::plan::{Plan, PlannedScript};
use super::state::ScriptState;
use super::title::{assert_title, operation_title, script_title};
use super::transport::{Call, Transport};
use super::{code, operation};

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

/// Runs a plan and tells the sink what happens. Errs only when the sink does.
pub async fn run(
    plan: &Plan,
    client: &dyn Transport,
    sink: &dyn EventSink,
    settings: &RunSettings<'_>,
) -> Result<RunOutcome, RecordError> {
    let run = Run { plan, client, sink, settings, exchanges: AtomicU32::new(0), answered: AtomicU32::new(0) };
    let version = plan.scripts.first().map_or("", |s| s.fhir_version.number());
    // A run that only waits has the simulator on the other side.
    let target = settings.awaiting.filter(|_| plan.target.is_empty()).map_or(plan.target.as_str(), |seat| seat.base);
    sink.event(&Event::RunStarted(RunStarted {
        format: 1,
        keur: env!("CARGO_PKG_VERSION").to_owned(),
        at: jiff::Timestamp::now().to_string(),
        target: redaction::recorded_url(target).into_owned(),
        simulated: settings.simulated || (settings.awaiting.is_some() && plan.target.is_empty()),
        fhir_version: version.to_owned(),
        definitions: settings.definitions.clone(),
        scripts: plan.scripts.len() as u32,
    }))?;
    match settings.awaiting {
        Some(seat) => beside_each_other(&run, seat).await?,
        None => in_order(&run, plan.scripts.iter().enumerate()).await?,
    }
    let stopped = settings.awaiting.is_some_and(|seat| seat.hall.closed() == Some(Closing::Stopped));
    let interrupted = settings.interrupt.is_raised() || stopped;
    for peer in client.peers() {
        sink.event(&Event::ServerSeen(peer.into()))?;
    }
    sink.event(&Event::RunFinished { at: jiff::Timestamp::now().to_string(), interrupted })?;
    let count = |counter: &AtomicU32| counter.load(Ordering::Relaxed);
    Ok(RunOutcome { interrupted, exchanges: count(&run.exchanges), answered: count(&run.answered) })
}

/// One script after the other.
async fn in_order<'r>(
    run: &'r Run<'r>,
    scripts: impl Iterator<Item = (usize, &'r PlannedScript)>,
) -> Result<(), RecordError> {
    for (number, planned) in scripts {
        if run.settings.interrupt.is_raised() {
            break;
        }
        ScriptRun::new(run, number as u32, planned).script().await?;
    }
    Ok(())
}

/// All scripts that wait at once, those that prepare something for their test person in their order
/// (rule 2 of [`super::awaiting`]).
async fn beside_each_other<'r>(run: &'r Run<'r>, seat: Seat<'r>) -> Result<(), RecordError> {
    let prepares = |planned: &PlannedScript| !planned.script.setup.is_empty() || !planned.script.teardown.is_empty();
    let (chained, free): (Vec<_>, Vec<_>) = run.plan.scripts.iter().enumerate().partition(|(_, p)| prepares(p));
    let mut all: FuturesUnordered<_> = free
        .into_iter()
        .map(|script| in_order(run, std::iter::once(script)).left_future())
        .chain([in_order(run, chained.into_iter()).right_future()])
        .collect();
    let mut clock = tokio::time::interval(TICK);
    clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            over = all.next() => match over {
                Some(over) => over?,
                None => return Ok(()),
            },
            _ = clock.tick() => seat.hall.tick(),
        }
    }
}

/// How often held requests are looked at.
const TICK: std::time::Duration = std::time::Duration::from_millis(100);

/// The folders that the scripts of a plan stand in: each has a store of its own while it waits.
pub fn folders(plan: &Plan) -> Vec<&std::path::Path> {
    let mut folders: Vec<_> = plan.scripts.iter().filter_map(|planned| planned.script.path.parent()).collect();
    folders.sort_unstable();
    folders.dedup();
    folders
}

/// How many scripts open before anything comes, for [`Hall::opened`](super::awaiting::Hall::opened).
pub fn openings(plan: &Plan) -> usize {
    let prepares = |planned: &PlannedScript| !planned.script.setup.is_empty() || !planned.script.teardown.is_empty();
    let (chained, free): (Vec<_>, Vec<_>) = plan.scripts.iter().partition(|planned| prepares(planned));
    free.len() + usize::from(!chained.is_empty())
}

/// What all scripts of a run share.
struct Run<'r> {
    plan: &'r Plan,
    client: &'r dyn Transport,
    sink: &'r dyn EventSink,
    settings: &'r RunSettings<'r>,
    exchanges: AtomicU32,
    answered: AtomicU32,
}

/// One script while it runs.
struct ScriptRun<'r> {
    run: &'r Run<'r>,
    number: u32,
    planned: &'r PlannedScript,
    state: ScriptState<'r>,
    tests: u32,
    /// Why the rest of the current test is left out.
    stopped: Option<Absence>,
    /// Operations that wait for a request, with their number in the hall.
    slots: Vec<(&'r Test, &'r Operation, usize)>,
    /// The hall knows that the script is open.
    opened: bool,
}

/// Who carries out an operation.
enum Doer {
    /// The system under test: keur waits.
    UnderTest,
    /// keur, at this base.
    Keur(String),
}

/// A verdict with what it is about.
struct Done {
    kind: ActionKind,
    finding: Finding,
    exchange: Option<u32>,
}

impl<'r> ScriptRun<'r> {
    fn new(run: &'r Run<'r>, number: u32, planned: &'r PlannedScript) -> Self {
        let state = ScriptState::new(planned, &run.plan.expressions, &run.settings.circumstances);
        ScriptRun { run, number, planned, state, tests: 0, stopped: None, slots: vec![], opened: false }
    }

    fn interrupted(&self) -> bool {
        self.run.settings.interrupt.is_raised()
    }

    async fn script(mut self) -> Result<(), RecordError> {
        let script = &self.planned.script;
        self.run.sink.event(&Event::ScriptStarted(ScriptStarted {
            script: self.number,
            path: script.path.to_string_lossy().into_owned(),
            sha256: script.sha256.clone(),
            title: script_title(script),
            fhir_version: self.planned.fhir_version.number().to_owned(),
        }))?;
        self.section("setup", "setup", &script.setup, None).await?;
        // What the setup could not put in place, the tests cannot build on.
        let broken_setup = self.stopped.take();
        self.open(0, 0);
        for (place, test) in script.tests.iter().enumerate() {
            self.stopped = broken_setup.clone();
            let title = test.name.as_deref().or(test.description.as_deref()).unwrap_or(&test.id);
            self.section(&test.id, title, &test.actions, Some(place)).await?;
        }
        self.stopped = None;
        self.section("teardown", "teardown", &script.teardown, None).await?;
        if let Some(seat) = self.run.settings.awaiting {
            if !self.opened {
                seat.hall.script_opened(seat.party, &script.sha256, vec![]);
            }
            seat.hall.script_over();
        }
        self.run.sink.event(&Event::ScriptFinished { script: self.number })
    }

    /// A test (`place` is which), the setup or the teardown.
    async fn section(
        &mut self,
        id: &str,
        title: &str,
        actions: &'r [Action],
        place: Option<usize>,
    ) -> Result<(), RecordError> {
        if (actions.is_empty() && matches!(id, "setup" | "teardown")) || self.interrupted() {
            return Ok(());
        }
        let test = self.tests;
        self.tests += 1;
        let (id, title) = (id.to_owned(), super::expression::shortened(title));
        self.run.sink.event(&Event::TestStarted(TestStarted { script: self.number, test, id, title }))?;
        for (number, action) in actions.iter().enumerate() {
            // Ctrl-C lets what was asked be judged, and asks nothing new.
            if self.interrupted() && matches!(action, Action::Operation(_)) {
                break;
            }
            let done = match action {
                Action::Operation(operation) => match (self.doer(operation, place.is_some()), place) {
                    (Doer::UnderTest, Some(place)) => self.awaited(operation, test, (place, number)).await?,
                    (Doer::UnderTest, None) => {
                        self.operation(operation, (test, number as u32), &self.run.plan.target.clone()).await?
                    }
                    (Doer::Keur(base), _) => self.operation(operation, (test, number as u32), &base).await?,
                },
                Action::Assert(assert) => self.assert(assert),
            };
            self.finished(test, number as u32, action, done)?;
        }
        Ok(())
    }

    /// Why an action is not even tried.
    fn left_out(&self) -> Option<Absence> {
        self.planned.set_aside.clone().or_else(|| self.stopped.clone())
    }

    /// Who carries out an operation: the parties say. A setup or teardown has no origin: it is keur's.
    fn doer(&self, operation: &Operation, in_test: bool) -> Doer {
        let target = || Doer::Keur(self.run.plan.target.clone());
        let Some(seat) = self.run.settings.awaiting else { return target() };
        let script = &self.planned.script;
        let is_tested = |parties: &[Party], index: Option<u32>| {
            index.and_then(|index| parties.iter().find(|p| p.index == index)).map(|p| p.under_test)
        };
        let asks = is_tested(&script.origins, operation.origin)
            .unwrap_or(in_test && !script.origins.is_empty() && script.origins.iter().all(|p| p.under_test));
        if asks {
            return Doer::UnderTest;
        }
        match is_tested(&script.destinations, operation.destination) {
            Some(false) => Doer::Keur(seat.base.to_owned()),
            Some(true) => target(),
            None if script.side() == Side::Client => Doer::Keur(seat.base.to_owned()),
            None => target(),
        }
    }

    /// Lets the operations wait that the system under test may do now: from this action on, up to the next
    /// one that keur does.
    fn open(&mut self, test: usize, action: usize) {
        let Some(seat) = self.run.settings.awaiting else { return };
        let planned = self.planned;
        let mut openings = vec![];
        let mut operations = vec![];
        let tests = if planned.set_aside.is_some() { &[] } else { planned.script.tests.as_slice() };
        'tests: for (place, of) in tests.iter().enumerate().skip(test) {
            let skipped = if place == test { action } else { 0 };
            for action in of.actions.iter().skip(skipped) {
                let Action::Operation(operation) = action else { continue };
                if self.slots.iter().any(|(_, known, _)| std::ptr::eq(*known, &**operation)) {
                    continue;
                }
                let Doer::UnderTest = self.doer(operation, true) else { break 'tests };
                if let Some(id) = &operation.source_id {
                    self.state.prepare_fixture(id);
                }
                openings.push(Opening {
                    script: self.number,
                    room: self.room(),
                    title: script_title(&planned.script),
                    test: of.name.clone().unwrap_or_default(),
                    expectation: Expectation::of(operation, of, &self.state),
                    types: planned.types.clone(),
                });

                operations.push((of, &**operation));
            }
        }
        // A script that begins by notifying its party is open once the party knows.
        let waits = !openings.is_empty();
        let slots = seat.hall.open(seat.party, openings);
        self.slots.extend(operations.into_iter().zip(slots).map(|((test, operation), slot)| (test, operation, slot)));
        if !self.opened && waits {
            self.opened = true;
            seat.hall.script_opened(seat.party, &planned.script.sha256, self.state.values());
        }
    }

    /// An operation of the system under test: its request has come, or comes, or never does.
    async fn awaited(
        &mut self,
        operation: &'r Operation,
        test: u32,
        place: (usize, usize),
    ) -> Result<Done, RecordError> {
        let ids = (operation.request_id.as_deref(), operation.response_id.as_deref());
        let done = |finding, exchange| Done { kind: ActionKind::Operation, finding, exchange };
        let Some(seat) = self.run.settings.awaiting else {
            return Ok(done(Finding::not_evaluated(code::CLIENT_SIDE, "nobody waits for this request"), None));
        };
        let known = |slots: &[(&'r Test, &'r Operation, usize)]| {
            slots.iter().find(|(_, known, _)| std::ptr::eq(*known, operation)).map(|(test, _, slot)| (*test, *slot))
        };
        let left_out = self.left_out();
        if left_out.is_none() && known(&self.slots).is_none() {
            self.open(place.0, place.1);
        }
        let slot = known(&self.slots);
        let came = match (slot, &left_out) {
            (Some((_, slot)), None) => seat.hall.take(slot).await,
            (Some((_, slot)), Some(_)) => {
                seat.hall.leave(slot);
                None
            }
            (None, _) => None,
        };
        let Some(came) = came else {
            let never = || {
                let expected =
                    slot.map(|(test, _)| Expectation::of(operation, test, &self.state).shown()).unwrap_or_default();
                Absence::not_evaluated(awaiting::code::NEVER_CAME, format!("`{expected}` never came"))
            };
            let why = left_out.unwrap_or_else(never);
            self.state.not_exchanged(&why, ids.0, ids.1);
            return Ok(done(why.into(), None));
        };
        for (name, value) in &came.caught {
            self.state.learn(name, value);
        }
        let exchange = self.run.client.seen(came.exchange);
        let number = self.record(test, &exchange)?;
        let kept = Arc::new(Kept::new(number, exchange, self.planned.types.clone()));
        let finding = match kept.answered() {
            Err(absence) => absence.into(),
            Ok(_) if came.differences.is_empty() => Finding::pass(),
            Ok(_) => Finding::note(awaiting::code::NOT_AS_EXPECTED, came.differences.join(", ")),
        };
        self.state.exchanged(kept, ids.0, ids.1);
        self.refine(seat);
        Ok(done(finding, Some(number)))
    }

    /// The number of the script's folder among those of the plan.
    fn room(&self) -> usize {
        let folder = self.planned.script.path.parent();
        folders(self.run.plan).iter().position(|known| Some(*known) == folder).unwrap_or_default()
    }

    /// An exchange may have told what others expect.
    fn refine(&self, seat: Seat<'_>) {
        for (test, operation, slot) in &self.slots {
            seat.hall.refine(*slot, || Expectation::of(operation, test, &self.state));
        }
    }

    /// Counts an exchange and writes it down.
    fn record(&self, test: u32, exchange: &Exchange) -> Result<u32, RecordError> {
        let number = self.run.exchanges.fetch_add(1, Ordering::Relaxed) + 1;
        if exchange.result.is_ok() {
            self.run.answered.fetch_add(1, Ordering::Relaxed);
        }
        self.exchanged(number, test, exchange)?;
        Ok(number)
    }

    /// An operation of keur's own, at a base; `at` is its test and its number in there.
    async fn operation(&mut self, operation: &Operation, at: (u32, u32), base: &str) -> Result<Done, RecordError> {
        let ids = (operation.request_id.as_deref(), operation.response_id.as_deref());
        let done = |finding, exchange| Done { kind: ActionKind::Operation, finding, exchange };
        let no_server = || {
            let message = "this asks something of the server under test, and no `--target` was given";
            Absence::not_evaluated(awaiting::code::NO_SERVER, message)
        };
        let request = match self.left_out() {
            Some(why) => Err(why),
            None if base.is_empty() && operation.url.is_none() => Err(no_server()),
            None => operation::request(operation, &mut self.state, base),
        };
        let request = match request {
            Ok(mut request) => {
                if let Some(seat) = self.run.settings.awaiting {
                    request.headers.push("User-Agent", seat.hall.agent(seat.party, self.room()));
                }
                request
            }
            Err(why) => {
                self.state.not_exchanged(&why, ids.0, ids.1);
                return Ok(done(why.into(), None));
            }
        };
        let (test, action) = at;
        let call = Call { script: &self.planned.script.path, test, action };
        let exchange = self.run.client.send(request, call).await;
        let number = self.record(test, &exchange)?;
        let kept = Arc::new(Kept::new(number, exchange, self.planned.types.clone()));
        let finding = answered(operation, &kept);
        self.state.exchanged(kept, ids.0, ids.1);
        if let Some(seat) = self.run.settings.awaiting {
            self.refine(seat);
        }
        Ok(done(finding, Some(number)))
    }

    fn assert(&mut self, assert: &Assert) -> Done {
        let kind = ActionKind::Assert;
        if let Some(why) = self.left_out() {
            self.no_outputs(assert, &why);
            return Done { kind, finding: why.into(), exchange: None };
        }
        let judgement = assertion::judge(assert, &mut self.state, self.run.settings.validator);
        match judgement.output {
            Some((name, document)) => self.state.keep_document(&name, document),
            None => self.no_outputs(assert, &Absence::without(&judgement.finding)),
        }
        let finding = if assert.warning_only { judgement.finding.softened() } else { judgement.finding };
        if assert.stop_test_on_fail && matches!(finding.verdict, Verdict::Fail | Verdict::Error) {
            let message = format!("left out: `{}` failed before it", assert_title(assert));
            let absence = Absence { verdict: Verdict::Skip, code: code::SKIPPED, message, target: None };
            self.stopped = Some(absence);
        }
        Done { kind, finding, exchange: judgement.exchange }
    }

    /// What a rule should have made is not there: who needs it gets the cause.
    fn no_outputs(&mut self, assert: &Assert, why: &Absence) {
        let Check::Rule(call) = &assert.check else { return };
        for output in &call.outputs {
            let message = format!("rule `{}` made no `{}`: {}", call.rule_id, output.name, why.message);
            self.state.keep_nothing(&output.name, Absence { message, ..why.clone() });
        }
    }

    /// Writes an exchange down: bodies first, so that the event never refers to what is not there.
    fn exchanged(&self, number: u32, test: u32, exchange: &Exchange) -> Result<(), RecordError> {
        let Exchange { request, result, started, elapsed } = exchange;
        let recorded_request = self.message(&request.headers, &request.body)?;
        let (response, status, error) = match result {
            Ok(response) => (Some(self.message(&response.headers, &response.body)?), Some(response.status), None),
            Err(error) => (None, None, Some((error.kind.code().to_owned(), error.detail.clone()))),
        };
        self.run.sink.event(&Event::Exchanged(Exchanged {
            exchange: number,
            script: self.number,
            test,
            request: recorded_request,
            method: request.method.clone(),
            url: redaction::recorded_url(&request.url).into_owned(),
            response,
            status,
            error,
            at: started.to_string(),
            micros: elapsed.as_micros().try_into().unwrap_or(u64::MAX),
        }))
    }

    fn message(&self, headers: &Headers, body: &[u8]) -> Result<RecordedMessage, RecordError> {
        let masked =
            |(name, value): (&str, &str)| (name.to_owned(), redaction::recorded_header(name, value).into_owned());
        let headers = headers.iter().map(masked).collect();
        if body.is_empty() {
            return Ok(RecordedMessage { headers, body: None, size: 0 });
        }
        let hash = BodyHash::of(body);
        self.run.sink.body(&hash, body)?;
        Ok(RecordedMessage { headers, body: Some(hash.to_string()), size: body.len() as u64 })
    }

    fn finished(&self, test: u32, number: u32, action: &Action, done: Done) -> Result<(), RecordError> {
        let Done { kind, finding, exchange } = done;
        let (title, place) = match action {
            Action::Operation(operation) => (operation_title(operation), &operation.place),
            Action::Assert(assert) => (assert_title(assert), &assert.check_place),
        };
        self.run.sink.event(&Event::ActionFinished(ActionFinished {
            script: self.number,
            test,
            action: number,
            kind,
            verdict: finding.verdict,
            code: finding.code.map(|c| c.to_string()).unwrap_or_default(),
            title,
            message: finding.message,
            expected: finding.expected,
            found: finding.found,
            source: self.script_place(place),
            exchange,
            target: finding.target,
            codes: finding.codes,
            issues: finding.issues,
        }))
    }

    fn script_place(&self, place: &Place) -> ScriptPlace {
        let own = *place.source.name == *self.planned.script.path.to_string_lossy();
        ScriptPlace {
            path: (!own).then(|| place.source.name.to_string()),
            line: place.position.line,
            column: place.position.column,
            span: (place.span.start() as u32, place.span.end() as u32),
        }
    }
}

/// The verdict of an operation: whether it was answered, and, where FHIR was asked for and the status
/// says that all is well, whether the answer is FHIR. Which status it is, is for the asserts to judge.
fn answered(operation: &Operation, kept: &Kept) -> Finding {
    let response = match kept.answered() {
        Ok(response) => response,
        Err(absence) => return absence.into(),
    };
    let asks_fhir = match kept.exchange.request.headers.get("Accept") {
        Some("*/*") | None => !matches!(operation.interaction, Interaction::Http(_)),
        Some(accept) => accept.split(',').any(|a| Format::from_media_type(a).is_some()),
    };
    if !asks_fhir || !(200..300).contains(&response.status) || response.body.is_empty() {
        return Finding::pass();
    }
    match kept.content(Direction::Response) {
        Ok(_) => Finding::pass(),
        Err(absence) => absence.clone().into(),
    }
}
