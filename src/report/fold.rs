//! Events to report. Pure: no clock, no files, and a log that was cut off or mixed up gives a report of
//! what is in it, never a panic and never a better verdict.

use std::collections::HashMap;

use crate::exchange::redaction;
use crate::record::{
    ActionFinished, ActionKind, Event, Exchanged, Issue, RunStarted, ScriptStarted, ServerSeen, SliceMiss, TargetPlace,
    TestStarted, TokenObtained,
};

use super::baseline::{self, KnownFailure};
use super::cause;
use super::model::*;
use super::verdict::Conclusion;

/// A report in the making: takes events one by one.
#[derive(Default)]
pub struct Fold {
    run: Option<RunStarted>,
    finished: Option<(String, bool)>,
    scripts: Vec<OpenScript>,
    /// Where the script of a number is in `scripts`.
    places: HashMap<u32, usize>,
    exchanges: Vec<ExchangeReport>,
    tokens: Vec<TokenObtained>,
    servers: Vec<ServerSeen>,
    receipt: Receipt,
    known: Vec<KnownFailure>,
}

/// A script of which more may come.
struct OpenScript {
    /// Its number in the run.
    number: u32,
    report: ScriptReport,
    /// Numbers of its tests, beside `report.tests`.
    tests: Vec<u32>,
    finished: bool,
}

/// The report of a whole log.
pub fn fold<'e>(events: impl IntoIterator<Item = &'e Event>) -> RunReport {
    let mut fold = Fold::default();
    events.into_iter().for_each(|event| fold.push(event));
    fold.finish()
}

impl Fold {
    /// One that knows some failures beforehand.
    pub fn knowing(known: &[KnownFailure]) -> Fold {
        Fold { known: known.to_vec(), ..Fold::default() }
    }

    /// Takes all of these.
    pub fn push_all<'e>(&mut self, events: impl IntoIterator<Item = &'e Event>) {
        events.into_iter().for_each(|event| self.push(event));
    }

    /// Takes the next event.
    pub fn push(&mut self, event: &Event) {
        match event {
            Event::RunStarted(run) => self.run = Some(run.clone()),
            Event::TokenObtained(token) => self.tokens.push(token.clone()),
            Event::ServerSeen(server) => self.servers.push(server.clone()),
            Event::ScriptStarted(script) => self.start_script(script),
            Event::TestStarted(test) => self.start_test(test),
            Event::Exchanged(exchange) => self.exchange(exchange),
            Event::ActionFinished(action) => self.action(action),
            Event::ScriptFinished { script } => {
                if let Some(script) = self.script(*script) {
                    script.finished = true;
                }
            }
            Event::RunFinished { at, interrupted } => self.finished = Some((at.clone(), *interrupted)),
        }
    }

    /// The report of what came in.
    pub fn finish(self) -> RunReport {
        let Fold { run, finished, mut scripts, mut exchanges, tokens, servers, mut receipt, known, .. } = self;
        // Scripts that ran side by side began and asked in any order.
        scripts.sort_by_key(|script| script.number);
        exchanges.sort_by_key(|exchange| exchange.id);
        let (ended, interrupted) = finished.unwrap_or((String::new(), true));
        let complete: Vec<bool> = scripts.iter().map(|script| script.finished).collect();
        let mut scripts: Vec<ScriptReport> = scripts.into_iter().map(|script| script.report).collect();
        let day = run.as_ref().map_or("", |run| run.at.as_str());
        let known = baseline::mark(&known, day, &mut scripts, &complete);
        for (script, complete) in scripts.iter_mut().zip(complete) {
            close(script, complete);
        }
        for action in scripts.iter().flat_map(|s| &s.tests).flat_map(|t| &t.actions) {
            let counts = match action.kind {
                ActionKind::Assert => &mut receipt.asserts,
                ActionKind::Operation => &mut receipt.operations,
            };
            counts.known += u64::from(action.known.is_some());
        }

        receipt.scripts.total = run.as_ref().map_or(0, |run| run.scripts).max(scripts.len() as u32);
        for script in &scripts {
            *match script.verdict {
                Conclusion::Passed => &mut receipt.scripts.passed,
                Conclusion::Failed => &mut receipt.scripts.failed,
                Conclusion::Incomplete => &mut receipt.scripts.incomplete,
            } += 1;
        }
        // Scripts that never began.
        receipt.scripts.incomplete += receipt.scripts.total - scripts.len() as u32;
        receipt.definitions = run.as_ref().map_or(vec![], |run| run.definitions.clone());

        let whole = if interrupted || receipt.scripts.total > scripts.len() as u32 {
            Conclusion::Incomplete
        } else {
            Conclusion::Passed
        };
        // The counts too: they hold actions whose test the log does not have.
        let mut all = receipt.asserts;
        all.add_all(&receipt.operations);
        // An entry of the baseline that should not be there any more is a failure of its own.
        let entries = known.iter().filter(|entry| entry.state.fails()).map(|_| Conclusion::Failed);
        let parts = scripts.iter().map(|script| script.verdict).chain([whole, Conclusion::of(&all)]).chain(entries);
        let verdict = Conclusion::of_all(parts, all.evaluated);
        let run = run.unwrap_or_else(unknown_run);
        let mut report = RunReport {
            schema: SCHEMA,
            verdict,
            keur: run.keur,
            target: run.target,
            simulated: run.simulated,
            fhir_version: run.fhir_version,
            started: run.at,
            finished: ended,
            interrupted,
            receipt,
            causes: vec![],
            known,
            requirements: vec![],
            tokens,
            servers,
            exchanges,
            scripts,
        };
        report.causes = cause::of(&report);
        report
    }

    fn script(&mut self, number: u32) -> Option<&mut OpenScript> {
        self.places.get(&number).map(|at| &mut self.scripts[*at])
    }

    fn start_script(&mut self, script: &ScriptStarted) {
        self.places.insert(script.script, self.scripts.len());
        let report = ScriptReport {
            path: script.path.clone(),
            sha256: script.sha256.clone(),
            title: script.title.clone(),
            fhir_version: script.fhir_version.clone(),
            verdict: Conclusion::Incomplete,
            tests: vec![],
        };
        self.scripts.push(OpenScript { number: script.script, report, tests: vec![], finished: false });
    }

    fn start_test(&mut self, test: &TestStarted) {
        let Some(script) = self.script(test.script) else { return };
        script.tests.push(test.test);
        script.report.tests.push(TestReport {
            id: test.id.clone(),
            title: test.title.clone(),
            verdict: Conclusion::Incomplete,
            micros: 0,
            actions: vec![],
        });
    }

    fn exchange(&mut self, exchange: &Exchanged) {
        self.receipt.exchanges.total += 1;
        self.receipt.exchanges.answered += u64::from(exchange.status.is_some());
        let response = exchange.response.as_ref();
        if let Some(test) = self.script(exchange.script).and_then(|script| script.test(exchange.test)) {
            test.micros += exchange.micros;
        }
        self.exchanges.push(ExchangeReport {
            id: exchange.exchange,
            method: exchange.method.clone(),
            url: redaction::shown_url(&exchange.url).into_owned(),
            status: exchange.status,
            error: exchange.error.clone().map(|(kind, detail)| TransportReport { kind, detail }),
            at: exchange.at.clone(),
            micros: exchange.micros,
            request_sha256: exchange.request.body.clone(),
            response_sha256: response.and_then(|response| response.body.clone()),
            response_size: response.map_or(0, |response| response.size),
            request_size: exchange.request.size,
            request_headers: exchange.request.headers.clone(),
            response_headers: response.map_or(vec![], |response| response.headers.clone()),
        });
    }

    fn action(&mut self, action: &ActionFinished) {
        let counts = match action.kind {
            ActionKind::Assert => &mut self.receipt.asserts,
            ActionKind::Operation => &mut self.receipt.operations,
        };
        counts.add(action.verdict);
        self.receipt.codes.checked += action.codes.checked;
        self.receipt.codes.not_checkable += action.codes.not_checkable;
        let Some(test) = self.script(action.script).and_then(|script| script.test(action.test)) else { return };
        test.actions.push(ActionReport {
            kind: action.kind,
            verdict: action.verdict,
            code: action.code.clone(),
            title: action.title.clone(),
            message: shown(&action.message),
            expected: action.expected.as_deref().map(shown),
            found: action.found.as_deref().map(shown),
            source: SourceReport {
                line: action.source.line,
                column: action.source.column,
                path: action.source.path.clone(),
                span: action.source.span,
            },
            exchange: action.exchange,
            target: action.target.as_ref().map(target).unwrap_or_default(),
            miss: action.miss.clone().map(|mut miss| {
                miss.what_mut().into_iter().for_each(|what| *what = shown(what));
                miss
            }),
            codes: action.codes,
            issues: action.issues.iter().map(issue).collect(),
            known: None,
        });
    }
}

impl OpenScript {
    fn test(&mut self, number: u32) -> Option<&mut TestReport> {
        // Nearly always the last one.
        let at = self.tests.iter().rposition(|test| *test == number)?;
        self.report.tests.get_mut(at)
    }
}

/// The verdicts of a script and its tests, now that no more comes.
fn close(script: &mut ScriptReport, complete: bool) {
    let mut all = Counts::default();
    for test in &mut script.tests {
        let mut counts = Counts::default();
        test.actions.iter().for_each(|action| counts.add_action(action));
        test.verdict = Conclusion::of(&counts);
        all.add_all(&counts);
    }
    let tests = script.tests.iter().map(|test| test.verdict);
    script.verdict = Conclusion::of_all(tests, all.evaluated);
    if !complete {
        script.verdict = script.verdict.and(Conclusion::Incomplete);
    }
}

fn target(place: &TargetPlace) -> TargetReport {
    TargetReport {
        line: place.line,
        column: place.column,
        path: place.path.clone(),
        request: place.request,
        span: place.span,
    }
}

fn issue(issue: &Issue) -> IssueReport {
    IssueReport {
        severity: issue.severity.clone(),
        code: issue.code.clone(),
        message: shown(&issue.message),
        target: target(&issue.target),
        profile: issue.profile.clone(),
        slices: issue.slices.iter().map(miss).collect(),
    }
}

fn miss(row: &SliceMiss) -> SliceMiss {
    SliceMiss { expected: shown(&row.expected), found: shown(&row.found), ..row.clone() }
}

/// Reports are passed around: citizen numbers stay in the record.
fn shown(text: &str) -> String {
    redaction::mask_bsns(text).into_owned()
}

/// A log without its first line.
fn unknown_run() -> RunStarted {
    RunStarted {
        format: 0,
        keur: String::new(),
        at: String::new(),
        target: String::new(),
        simulated: false,
        fhir_version: String::new(),
        definitions: vec![],
        scripts: 0,
    }
}
