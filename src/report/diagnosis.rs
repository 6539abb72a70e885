//! A cause as a diagnostic: both ends of the failure, what was expected and found, what to do, how to see
//! it again, and where else it struck.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Language, NoteKind, Registry, Severity, Source, Span};
use crate::exchange::{curl, redaction};
use crate::record::{ActionKind, Verdict};

use super::cause::{Cause, CauseKind};
use super::model::*;
use super::phrase::{self, Noun, Phrase, duration};
use super::remedy;
use super::renderer::Material;

/// What is needed besides the report to say it well.
#[derive(Clone, Copy)]
pub(super) struct Diagnosis<'r> {
    pub(super) report: &'r RunReport,
    pub(super) registry: &'r Registry,
    pub(super) material: &'r dyn Material,
    pub(super) language: Language,
    /// Whether tables (of slices) are written as notes.
    pub(super) tables: bool,
}

/// Rows of a table that are written as notes.
const ROWS: usize = 4;

/// Places of other consequences that are named rather than counted.
const ELSEWHERE: usize = 5;

/// Places in an answer that are marked.
const MARKS: usize = 3;

/// Characters of a title that fit beside a mark.
const LABEL: usize = 72;

/// Characters of an answer that are quoted when no place in it is marked.
const QUOTE: usize = 200;

impl Diagnosis<'_> {
    /// Everything about a cause, told by its first consequence.
    pub(super) fn of(&self, cause: &Cause) -> Option<Diagnostic> {
        let (script, test, action) = self.report.action(cause.actions[0])?;
        let mut diagnostic = self.action(script, test, action);
        if let Some(message) = self.cause_message(cause, action) {
            diagnostic.message = message;
        }
        self.consequences(cause, &mut diagnostic);
        Some(diagnostic)
    }

    /// Everything about one action.
    pub(super) fn action(&self, script: &ScriptReport, test: &TestReport, action: &ActionReport) -> Diagnostic {
        let severity = match action.verdict {
            Verdict::Fail | Verdict::Error => Severity::Error,
            Verdict::Warning | Verdict::NotEvaluated => Severity::Warning,
            Verdict::Pass | Verdict::Skip => Severity::Information,
        };
        let code = action.code.parse().unwrap_or(Code(0));
        let message = format!("{}: {}", heading(script, test), one_line(&action.message));
        let mut diagnostic = Diagnostic::new(severity, code, message);
        let exchange = action.exchange.and_then(|id| self.report.exchange(id));

        // A short title says what the marked line asks; a long one, or one without its line, goes below.
        let title = one_line(&action.title);
        let mut said = title.is_empty() || action.message.contains(&action.title);
        if let Some(source) = self.script_source(script, action) {
            let text = match (action.kind, title.chars().count()) {
                (_, 1..=LABEL) if !said => {
                    said = true;
                    title.as_str()
                }
                (ActionKind::Assert, _) => Phrase::ThisAssert.get(self.language),
                (ActionKind::Operation, _) => Phrase::ThisOperation.get(self.language),
            };
            diagnostic = diagnostic.label(&source, span(action.source.span), text);
        }
        let mut framed = false;
        if let Some(exchange) = exchange {
            let (plural, targets) = self.targets(action);
            for (target, text) in targets {
                let Some(source) = self.body_source(exchange, target.request) else { continue };
                let text = if plural { text } else { Phrase::Here.get(self.language) };
                diagnostic = diagnostic.label(&source, span(target.span), text);
                framed = true;
            }
        }
        if !said {
            diagnostic = diagnostic.note(NoteKind::Note, title);
        }
        if let Some(expected) = &action.expected {
            diagnostic = diagnostic.note(NoteKind::Expected, one_line(expected));
        }
        let unseen = exchange.filter(|_| !framed && action.verdict != Verdict::NotEvaluated);
        if let Some(found) = self.found(action, unseen) {
            diagnostic = diagnostic.note(NoteKind::Found, found);
        }
        let rows = || action.issues.iter().flat_map(|issue| &issue.slices).filter(|_| self.tables);
        for row in rows().take(ROWS) {
            diagnostic = diagnostic.note(NoteKind::Note, phrase::slice_miss(row, self.language));
        }
        if let Some(more) = rows().count().checked_sub(ROWS).filter(|more| *more > 0) {
            diagnostic = diagnostic.note(NoteKind::Note, Phrase::MoreSlices.with(self.language, &[&more.to_string()]));
        }
        if let Some(exchange) = exchange {
            diagnostic = diagnostic.note(NoteKind::Exchange, self.exchange(exchange));
        }
        if let Some(remedy) = self.remedy(code, action, exchange) {
            diagnostic = diagnostic.note(NoteKind::Remedy, remedy);
        }
        if let Some(exchange) = exchange.filter(|_| action.verdict != Verdict::NotEvaluated) {
            let headers = exchange.request_headers.iter().map(|(name, value)| (&**name, &**value));
            let body = exchange.request_sha256.as_deref();
            diagnostic =
                diagnostic.note(NoteKind::Reproduce, curl::line(&exchange.method, &exchange.url, headers, body));
        }
        diagnostic
    }

    /// The request and what it was answered with: `#7 GET https://… (200, 41 ms)`.
    pub(super) fn exchange(&self, exchange: &ExchangeReport) -> String {
        let status = exchange.status.map(|status| status.to_string());
        Phrase::ExchangeLine.with(
            self.language,
            &[
                &exchange.id.to_string(),
                &exchange.method,
                &redaction::shown_url(&exchange.url),
                status.as_deref().unwrap_or(Phrase::NoStatus.get(self.language)),
                &duration(self.language, exchange.micros),
            ],
        )
    }

    /// What the actions of a cause have in common, where that says more than the first of them.
    fn cause_message(&self, cause: &Cause, action: &ActionReport) -> Option<String> {
        let exchange = self.report.exchange(action.exchange?)?;
        let host = host(&exchange.url);
        match cause.kind {
            CauseKind::Finding => None,
            CauseKind::NoAnswer => {
                let error = exchange.error.as_ref()?;
                Some(Phrase::NoAnswer.with(self.language, &[host, &one_line(&error.detail)]))
            }
            CauseKind::Status => {
                let status = exchange.status?.to_string();
                let requests: BTreeSet<u32> = cause
                    .actions
                    .iter()
                    .filter_map(|place| self.report.action(*place))
                    .filter_map(|(_, _, action)| action.exchange)
                    .collect();
                let requests = Noun::Request.count(self.language, requests.len() as u64);
                Some(Phrase::Refused.with(self.language, &[host, &requests, &status]))
            }
        }
    }

    fn consequences(&self, cause: &Cause, diagnostic: &mut Diagnostic) {
        let others = &cause.actions[1..];
        if !others.is_empty() {
            let scripts: BTreeSet<u32> = cause.actions.iter().map(|place| place.script).collect();
            let tests: BTreeSet<(u32, u32)> = cause.actions.iter().map(|place| (place.script, place.test)).collect();
            let more = Noun::Action.count(self.language, others.len() as u64);
            let tests = Noun::Test.count(self.language, tests.len() as u64);
            let scripts = Noun::Script.count(self.language, scripts.len() as u64);
            diagnostic.notes.push((NoteKind::Also, Phrase::Also.with(self.language, &[&more, &tests, &scripts])));
            let elsewhere = match cause.kind {
                CauseKind::Finding => self.places(&cause.actions),
                CauseKind::Status | CauseKind::NoAnswer => self.requests(&cause.actions),
            };
            if !elsewhere.is_empty() {
                let text = Phrase::Elsewhere.with(self.language, &[&elsewhere]);
                diagnostic.notes.push((NoteKind::Also, text));
            }
        }
        if cause.skipped > 0 {
            let skipped = Noun::Action.count(self.language, u64::from(cause.skipped));
            diagnostic.notes.push((NoteKind::Also, Phrase::Skipped.with(self.language, &[&skipped])));
        }
    }

    /// Where the same thing was found: lines of the same file, names of other files in its folder.
    fn places(&self, actions: &[ActionPlace]) -> String {
        let Some((first, _, action)) = self.report.action(actions[0]) else { return String::new() };
        let known = action.source.path.as_deref().unwrap_or(&first.path);
        let folder = known.rfind('/').map_or(0, |slash| slash + 1);
        let mut seen = BTreeSet::from([(known, action.source.line)]);
        let places = actions
            .iter()
            .skip(1)
            .filter_map(|place| self.report.action(*place))
            .map(|(script, _, action)| (action.source.path.as_deref().unwrap_or(&script.path), action.source.line));
        // A line of a shared group is one place, however many scripts share it.
        listed(places.filter(|place| seen.insert(*place)).map(|(path, line)| {
            let shown = if path == known { "" } else { path.strip_prefix(&known[..folder]).unwrap_or(path) };
            format!("{shown}:{line}")
        }))
    }

    /// Which requests met the same thing, without their parameters.
    fn requests(&self, actions: &[ActionPlace]) -> String {
        let exchanges = actions.iter().filter_map(|place| self.report.action(*place)?.2.exchange);
        let paths = exchanges.filter_map(|id| self.report.exchange(id)).map(|exchange| {
            let path = exchange.url.split('?').next().unwrap_or_default();
            let below = path.strip_prefix(self.report.target.as_str()).unwrap_or(path).trim_start_matches('/');
            redaction::shown_url(below).into_owned()
        });
        let mut seen = BTreeSet::new();
        let different: Vec<String> = paths.filter(|path| seen.insert(path.clone())).collect();
        if different.len() < 2 { String::new() } else { listed(different.into_iter()) }
    }

    fn script_source(&self, script: &ScriptReport, action: &ActionReport) -> Option<Source> {
        let path = action.source.path.as_deref().unwrap_or(&script.path);
        let text = self.material.script(path)?;
        Some(Source { name: path.into(), text })
    }

    /// The body as it is shown: without BSNs, every other byte where it was.
    fn body_source(&self, exchange: &ExchangeReport, request: bool) -> Option<Source> {
        let (hash, name) = match request {
            true => (exchange.request_sha256.as_deref()?, Noun::Request),
            false => (exchange.response_sha256.as_deref()?, Noun::Answer),
        };
        let body = String::from_utf8(self.material.body(hash)?).ok()?;
        let text: Arc<str> = redaction::mask_bsns(&body).into();
        Some(Source { name: format!("{} #{}", name.name(self.language, 1), exchange.id).into(), text })
    }

    /// The places to mark: the action's own, or those of its issues with what is wrong there.
    fn targets<'a>(&self, action: &'a ActionReport) -> (bool, Vec<(&'a TargetReport, &'a str)>) {
        let placed = || action.issues.iter().filter(|issue| issue.target.line > 0);
        let broken = |issue: &&IssueReport| matches!(issue.severity.as_str(), "fatal" | "error");
        // What is merely worth knowing is not shown beside what is wrong.
        let any = placed().any(|issue| broken(&issue));
        let issues = placed().filter(|issue| !any || broken(issue));
        let issues: Vec<_> = issues.map(|issue| (&issue.target, issue.message.as_str())).collect();
        match issues.is_empty() {
            true => (false, std::iter::once((&action.target, "")).filter(|(t, _)| t.line > 0).collect()),
            false => (true, issues.into_iter().take(MARKS).collect()),
        }
    }

    /// What was found; of an answer that was refused or is not FHIR, in which nothing is marked, also its
    /// beginning.
    fn found(&self, action: &ActionReport, unseen: Option<&ExchangeReport>) -> Option<String> {
        let found = action.found.as_deref().map(one_line);
        let refused = |exchange: &&ExchangeReport| exchange.status.is_some_and(|status| status >= 400);
        let telling = unseen.filter(|exchange| refused(exchange) || action.verdict == Verdict::Error);
        match (found, telling.and_then(|exchange| self.body_source(exchange, false))) {
            (Some(found), Some(body)) => Some(format!("{found}: {}", quote(&body.text))),
            (None, Some(body)) => Some(quote(&body.text)),
            (found, None) => found,
        }
    }

    /// What to do: about the exchange, about what was missed, about the worst of several issues; otherwise
    /// what the rule says.
    fn remedy(&self, code: Code, action: &ActionReport, exchange: Option<&ExchangeReport>) -> Option<String> {
        let failing = matches!(action.verdict, Verdict::Fail | Verdict::Error);
        let failure = exchange.filter(|_| failing).and_then(|exchange| match (&exchange.error, exchange.status) {
            (Some(error), _) => remedy::for_failure(&error.kind, self.language),
            (None, Some(status))
                if found_status(action) == Some(status) && !is_other_success(status, action.expected.as_deref()) =>
            {
                remedy::for_status(status, self.language)
            }
            _ => None,
        });
        let worst = action.issues.first().filter(|_| failing).and_then(|issue| issue.code.parse().ok());
        let by_rule =
            || self.registry.rule(worst.unwrap_or(code)).map(|rule| rule.remedy.get(self.language).to_owned());
        failure.map(str::to_owned).or_else(|| remedy::for_finding(action, self.language)).or_else(by_rule)
    }
}

/// The status that an assert on the status found.
pub(super) fn found_status(action: &ActionReport) -> Option<u16> {
    let digits = action.found.as_deref()?.split(|c: char| !c.is_ascii_digit()).next()?;
    (digits.len() == 3).then(|| digits.parse().ok())?
}

/// True where one status of success stands for another: nothing was to be refused then.
fn is_other_success(status: u16, expected: Option<&str>) -> bool {
    let mut numbers = expected.unwrap_or_default().split(|c: char| !c.is_ascii_digit());
    status / 100 == 2 && numbers.any(|number| number.parse::<u16>().is_ok_and(|wanted| wanted / 100 == 2))
}

/// `script title / test title`, as far as they are there.
pub(super) fn heading(script: &ScriptReport, test: &TestReport) -> String {
    let script = if script.title.is_empty() { &script.path } else { &script.title };
    let test = if test.title.is_empty() { &test.id } else { &test.title };
    match test.is_empty() || test == script {
        true => one_line(script),
        false => format!("{} / {}", one_line(script), one_line(test)),
    }
}

/// `path:line`.
pub(super) fn place(script: &ScriptReport, action: &ActionReport) -> String {
    format!("{}:{}", action.source.path.as_deref().unwrap_or(&script.path), action.source.line)
}

/// The first few, and a sign that there are more.
fn listed(mut names: impl Iterator<Item = String>) -> String {
    let shown: Vec<String> = names.by_ref().take(ELSEWHERE).collect();
    let more = if names.next().is_some() { ", …" } else { "" };
    format!("{}{more}", shown.join(", "))
}

fn span((start, end): (u32, u32)) -> Span {
    Span::new(start as usize, end as usize)
}

/// The host (and port) of a URL, or the whole of it.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?']).next().unwrap_or(rest)
}

/// White space, line breaks among it, as single spaces.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The beginning of a body.
fn quote(body: &str) -> String {
    let mut text = String::new();
    for word in body.split_whitespace() {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(word);
        if let Some((cut, _)) = text.char_indices().nth(QUOTE) {
            text.truncate(cut);
            text.push('…');
            break;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_body_is_quoted_by_its_beginning() {
        assert_eq!(quote("<a>\n  <b/>\n</a>"), "<a> <b/> </a>");
        let long = quote(&"é".repeat(100_000));
        assert_eq!(long.chars().count(), QUOTE + 1);
    }

    #[test]
    fn a_success_in_place_of_another_was_not_to_be_refused() {
        for (status, expected, other) in [
            (200, Some("201"), true),
            (200, Some("200,201"), true),
            (200, Some("404"), false),
            (404, Some("200"), false),
            (200, None, false),
        ] {
            assert_eq!(is_other_success(status, expected), other, "{status} {expected:?}");
        }
    }

    #[test]
    fn the_host_is_what_people_know_a_server_by() {
        for (url, expected) in
            [("https://dva.example:8443/fhir/Patient?x", "dva.example:8443"), ("not a url", "not a url"), ("", "")]
        {
            assert_eq!(host(url), expected);
        }
    }
}
