//! One script while it runs: its setup, tests and teardown, operation by operation and assert by assert.

use std::sync::Arc;

use crate::fhir::Format;
use crate::record::{ActionKind, Event, RecordError, ScriptStarted, TestStarted, Verdict};
use crate::testscript::{Action, Assert, Check, Direction, Interaction, Operation, Party, Side, Test};

use super::super::awaiting;
use super::super::content::Kept;
use super::super::finding::{Absence, Finding};
use super::super::plan::PlannedScript;
use super::super::state::ScriptState;
use super::super::title::{assert_title, script_title};
use super::super::transport::Call;
use super::super::{assertion, code, operation};
use super::Portion;

/// One script while it runs.
pub(super) struct ScriptRun<'r> {
    pub(super) portion: &'r Portion<'r>,
    pub(super) number: u32,
    pub(super) planned: &'r PlannedScript,
    pub(super) state: ScriptState<'r>,
    tests: u32,
    /// Why the rest of the current test is left out.
    stopped: Option<Absence>,
    /// Operations that wait for a request, with their number in the hall.
    pub(super) slots: Vec<(&'r Test, &'r Operation, usize)>,
    /// The hall knows that the script is open.
    pub(super) opened: bool,
}

/// Who carries out an operation.
pub(super) enum Doer {
    /// The system under test: keur waits.
    UnderTest,
    /// keur, at this base.
    Keur(String),
}

/// A verdict with what it is about.
pub(super) struct Done {
    pub(super) kind: ActionKind,
    pub(super) finding: Finding,
    pub(super) exchange: Option<u32>,
}

impl<'r> ScriptRun<'r> {
    pub(super) fn new(portion: &'r Portion<'r>, number: u32, planned: &'r PlannedScript) -> Self {
        let state = ScriptState::new(planned, &portion.plan.expressions, &portion.run.settings.circumstances);
        ScriptRun { portion, number, planned, state, tests: 0, stopped: None, slots: vec![], opened: false }
    }

    fn interrupted(&self) -> bool {
        self.portion.run.settings.interrupt.is_raised()
    }

    pub(super) async fn script(mut self) -> Result<(), RecordError> {
        let script = &self.planned.script;
        self.portion.run.sink.event(&Event::ScriptStarted(ScriptStarted {
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
        if let Some(seat) = self.portion.run.settings.awaiting {
            if !self.opened {
                seat.hall.script_opened(seat.party, &script.sha256, vec![]);
            }
            seat.hall.script_over();
        }
        self.portion.run.sink.event(&Event::ScriptFinished { script: self.number })
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
        let (id, title) = (id.to_owned(), super::super::expression::shortened(title));
        self.portion.run.sink.event(&Event::TestStarted(TestStarted { script: self.number, test, id, title }))?;
        for (number, action) in actions.iter().enumerate() {
            // Ctrl-C lets what was asked be judged, and asks nothing new.
            if self.interrupted() && matches!(action, Action::Operation(_)) {
                break;
            }
            let done = match action {
                Action::Operation(operation) => match (self.doer(operation, place.is_some()), place) {
                    (Doer::UnderTest, Some(place)) => self.awaited(operation, test, (place, number)).await?,
                    (Doer::UnderTest, None) => {
                        self.operation(operation, (test, number as u32), &self.portion.plan.target.clone()).await?
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
    pub(super) fn left_out(&self) -> Option<Absence> {
        self.planned.set_aside.clone().or_else(|| self.stopped.clone())
    }

    /// Who carries out an operation: the parties say. A setup or teardown has no origin: it is keur's.
    pub(super) fn doer(&self, operation: &Operation, in_test: bool) -> Doer {
        let target = || Doer::Keur(self.portion.plan.target.clone());
        let Some(seat) = self.portion.run.settings.awaiting else { return target() };
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
                if let Some(seat) = self.portion.run.settings.awaiting {
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
        let exchange = self.portion.run.client.send(request, call).await;
        let number = self.record(test, &exchange, self.portion.run.client.number(call))?;
        let kept = Arc::new(Kept::new(number, exchange, self.planned.types.clone()));
        let finding = answered(operation, &kept);
        self.state.exchanged(kept, ids.0, ids.1);
        if let Some(seat) = self.portion.run.settings.awaiting {
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
        let judgement = assertion::judge(assert, &mut self.state, self.portion.run.settings.validator);
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
