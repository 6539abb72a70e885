//! Checks to events: an area is a script, a check is a test, each finding an assert.

use sha2::{Digest, Sha256};

use crate::diagnostic::Language;
use crate::record::{
    ActionFinished, ActionKind, CodeCount, Event, EventSink, RecordError, RunStarted, ScriptPlace, ScriptStarted,
    TestStarted, Verdict,
};

use super::catalogue::{Area, Check, Level, Need};
use super::code;
use super::outcome::{Finding, Outcome};
use super::session::Session;
use super::setup::{Answer, Setup};

/// Which areas run, and which of their checks.
pub struct Chosen<'c> {
    /// Areas in the order they run.
    pub areas: &'c [Area],
    /// Ids or beginnings of ids; none is all.
    pub only: &'c [String],
}

impl Chosen<'_> {
    fn wants(&self, check: &Check) -> bool {
        let begins = |only: &String| check.id.get(..only.len()).is_some_and(|start| start.eq_ignore_ascii_case(only));
        self.only.is_empty() || self.only.iter().any(begins)
    }

    /// The areas with the checks that run.
    pub fn areas(&self) -> Vec<(&Area, Vec<&'static Check>)> {
        let chosen = self.areas.iter().map(|area| (area, area.checks.iter().filter(|c| self.wants(c)).collect()));
        chosen.filter(|(_, checks): &(_, Vec<_>)| !checks.is_empty()).collect()
    }
}

/// Runs the checks one after another and writes their events; the outcomes come back by id.
///
/// # Errors
/// The record could not be written.
pub async fn run(
    chosen: &Chosen<'_>,
    setup: &Setup,
    sink: &dyn EventSink,
    language: Language,
) -> Result<Vec<(&'static Check, Outcome)>, RecordError> {
    let session = Session::new(setup, sink, language);
    let areas = chosen.areas();
    session.tell(&Event::RunStarted(RunStarted {
        format: 1,
        keur: env!("CARGO_PKG_VERSION").to_owned(),
        at: jiff::Timestamp::now().to_string(),
        target: target(setup),
        simulated: false,
        fhir_version: setup.fhir_version.clone(),
        definitions: vec![],
        scripts: areas.len() as u32,
    }));
    let mut outcomes = vec![];
    for (number, (area, checks)) in (0u32..).zip(&areas) {
        session.tell(&Event::ScriptStarted(ScriptStarted {
            script: number,
            path: area.path.to_owned(),
            sha256: fingerprint(checks),
            title: area.title.get(language).to_owned(),
            fhir_version: setup.fhir_version.clone(),
        }));
        for (test, check) in (0u32..).zip(checks) {
            session.enter(number, test);
            session.tell(&Event::TestStarted(TestStarted {
                script: number,
                test,
                id: check.id.to_owned(),
                title: check.title.get(language).to_owned(),
            }));
            let outcome = judge(check, &session).await;
            finished(&session, check, &outcome, number, test);
            outcomes.push((*check, outcome));
        }
        session.tell(&Event::ScriptFinished { script: number });
    }
    session.tell(&Event::RunFinished { at: jiff::Timestamp::now().to_string(), interrupted: false });
    match session.sink_error() {
        Some(error) => Err(error),
        None => Ok(outcomes),
    }
}

/// What the checks are about, for people: the resource server, else what else there is.
pub fn target(setup: &Setup) -> String {
    let pull = setup.pull.as_ref().map(|pull| pull.token_endpoint.clone());
    let list = setup.lists.iter().flatten().next().map(|source| source.place.clone());
    setup.fhir_base.clone().or(setup.authorization_endpoint.clone()).or(pull).or(list).unwrap_or_default()
}

/// The table is the script: its hash says which checks were run with which levels.
fn fingerprint(checks: &[&Check]) -> String {
    let mut hash = Sha256::new();
    for check in checks {
        hash.update(format!("{}|{}|{:?}|{}\n", check.id, check.level.letter(), check.certainty, check.source));
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What is seen decides; where nothing could be seen, what a person said about it.
async fn judge(check: &Check, session: &Session<'_>) -> Outcome {
    let seen = looked(check, session).await;
    match session.setup.answers.get(check.id) {
        Some(answer) if seen.verdict() == Verdict::NotEvaluated => stated(check, answer),
        _ => seen,
    }
}

fn stated(check: &Check, answer: &Answer) -> Outcome {
    let by = if answer.by.is_empty() { String::new() } else { format!(" ({})", answer.by) };
    let remark = if answer.remark.is_empty() { String::new() } else { format!(": {}", answer.remark) };
    let holds = if answer.holds { "that it holds" } else { "that it does not hold" };
    let message = format!("a person{by} states {holds}{remark}");
    match answer.holds {
        true => Outcome::note(message),
        false => Finding::new(check.level, code::MANUAL, message).into(),
    }
}

async fn looked(check: &Check, session: &Session<'_>) -> Outcome {
    let setup = session.setup;
    let (from, before) = check.releases;
    if from.is_some_and(|from| setup.release < from) || before.is_some_and(|before| setup.release >= before) {
        return Outcome::skipped(format!("it does not belong to release {}", setup.release.number()));
    }
    let missing = setup.missing(check);
    let guarded = |need: &Need| matches!(need, Need::Writes | Need::LongRun);
    if !missing.is_empty() {
        let kind = if missing.iter().all(guarded) { code::GUARDED } else { code::INPUT };
        let words: Vec<&str> = missing.iter().map(|need| need.words().get(session.language)).collect();
        let missing = if session.language == Language::Nl { "ontbreekt" } else { "missing" };
        return Outcome::open(kind, format!("{missing}: {}", words.join("; ")));
    }
    match check.judge {
        Some(judge) => {
            let outcome = judge(session).await.unwrap_or_else(|outcome| outcome);
            match (check.level, outcome.verdict()) {
                // What was seen of a manual item is a help to whoever looks, not a verdict.
                (Level::Manual, Verdict::Pass) => Outcome::open(code::MANUAL, "somebody has to confirm this"),
                _ => outcome,
            }
        }
        None if check.level == Level::Note => Outcome::open(code::UNSEEN, "this cannot be seen over the network"),
        None => Outcome::open(code::MANUAL, "somebody has to look at this"),
    }
}

fn finished(session: &Session<'_>, check: &Check, outcome: &Outcome, script: u32, test: u32) {
    let source = format!(
        "{} [{}, {}: {}]",
        check.title.get(session.language),
        check.level.letter(),
        check.certainty.words().get(session.language),
        check.source
    );
    let action = |number: u32, verdict: Verdict, finding: Option<&Finding>| {
        Event::from(ActionFinished {
            script,
            test,
            action: number,
            kind: ActionKind::Assert,
            verdict,
            code: finding.map(|finding| finding.code.to_string()).unwrap_or_default(),
            title: source.clone(),
            message: finding.map(|finding| session.masked(&finding.message)).unwrap_or_default(),
            expected: finding.and_then(|finding| finding.expected.as_deref()).map(|text| session.masked(text)),
            found: finding.and_then(|finding| finding.found.as_deref()).map(|text| session.masked(text)),
            // The check is what people look for; there is no line.
            source: ScriptPlace { path: Some(check.id.to_owned()), ..ScriptPlace::default() },
            exchange: finding.map_or(outcome.exchange, |finding| finding.exchange),
            target: None,
            miss: None,
            codes: CodeCount::default(),
            issues: vec![],
        })
    };
    if outcome.findings.is_empty() {
        session.tell(&action(0, Verdict::Pass, None));
    }
    for (number, finding) in (0u32..).zip(&outcome.findings) {
        session.tell(&action(number, finding.verdict, Some(finding)));
    }
}
