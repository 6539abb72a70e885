//! Running a plan: requests out, verdicts down, one script after the other.
//!
//! Everything a script changes is in its own [`ScriptRun`], so scripts could run side by side; events
//! carry the number of their script.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use crate::exchange::{Exchange, Headers, redaction};
use crate::fhir::Format;
use crate::record::{
    ActionFinished, ActionKind, BodyHash, DefinitionUse, Event, EventSink, Exchanged, RecordError, RecordedMessage,
    RunStarted, ScriptPlace, ScriptStarted, TestStarted, Verdict,
};
use crate::testscript::{Action, Assert, Check, Circumstances, Direction, Interaction, Operation, Place};

use super::assertion::{self, ProfileValidator};
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
}

impl Default for RunSettings<'_> {
    fn default() -> Self {
        RunSettings {
            definitions: vec![],
            simulated: false,
            validator: None,
            circumstances: Circumstances::live(),
            interrupt: Interrupt::default(),
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
    sink.event(&Event::RunStarted(RunStarted {
        format: 1,
        keur: env!("CARGO_PKG_VERSION").to_owned(),
        at: jiff::Timestamp::now().to_string(),
        target: redaction::recorded_url(&plan.target).into_owned(),
        simulated: settings.simulated,
        fhir_version: version.to_owned(),
        definitions: settings.definitions.clone(),
        scripts: plan.scripts.len() as u32,
    }))?;
    for (number, planned) in plan.scripts.iter().enumerate() {
        if settings.interrupt.is_raised() {
            break;
        }
        ScriptRun::new(&run, number as u32, planned).script().await?;
    }
    let interrupted = settings.interrupt.is_raised();
    sink.event(&Event::RunFinished { at: jiff::Timestamp::now().to_string(), interrupted })?;
    let count = |counter: &AtomicU32| counter.load(Ordering::Relaxed);
    Ok(RunOutcome { interrupted, exchanges: count(&run.exchanges), answered: count(&run.answered) })
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
        ScriptRun { run, number, planned, state, tests: 0, stopped: None }
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
        self.section("setup", "setup", &script.setup).await?;
        // What the setup could not put in place, the tests cannot build on.
        let broken_setup = self.stopped.take();
        for test in &script.tests {
            self.stopped = broken_setup.clone();
            let title = test.name.as_deref().or(test.description.as_deref()).unwrap_or(&test.id);
            self.section(&test.id, title, &test.actions).await?;
        }
        self.stopped = None;
        self.section("teardown", "teardown", &script.teardown).await?;
        self.run.sink.event(&Event::ScriptFinished { script: self.number })
    }

    /// A test, the setup or the teardown.
    async fn section(&mut self, id: &str, title: &str, actions: &'r [Action]) -> Result<(), RecordError> {
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
                Action::Operation(operation) => self.operation(operation, test, number as u32).await?,
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

    async fn operation(&mut self, operation: &Operation, test: u32, action: u32) -> Result<Done, RecordError> {
        let ids = (operation.request_id.as_deref(), operation.response_id.as_deref());
        let done = |finding, exchange| Done { kind: ActionKind::Operation, finding, exchange };
        let request = match self.left_out() {
            Some(why) => Err(why),
            None => operation::request(operation, &mut self.state, &self.run.plan.target),
        };
        let request = match request {
            Ok(request) => request,
            Err(why) => {
                self.state.not_exchanged(&why, ids.0, ids.1);
                return Ok(done(why.into(), None));
            }
        };
        let call = Call { script: &self.planned.script.path, test, action };
        let exchange = self.run.client.send(request, call).await;
        let number = self.run.exchanges.fetch_add(1, Ordering::Relaxed) + 1;
        if exchange.result.is_ok() {
            self.run.answered.fetch_add(1, Ordering::Relaxed);
        }
        self.exchanged(number, test, &exchange)?;
        let kept = Arc::new(Kept::new(number, exchange, self.planned.types.clone()));
        let finding = answered(operation, &kept);
        self.state.exchanged(kept, ids.0, ids.1);
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
