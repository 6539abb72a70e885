//! The report for people at a terminal: what failed, with both ends; what was not evaluated; the receipt.
//! Passes are quiet. Colour only repeats what the words say.

use std::fmt::Write as _;

use annotate_snippets::renderer::{AnsiColor, Style};

use crate::diagnostic::{self, Code, Diagnostic, Language, NoteKind, Registry, Severity};
use crate::record::Verdict;

use super::super::baseline::{KnownReport, KnownState};
use super::super::cause::Cause;
use super::super::code;
use super::super::diagnosis::{Diagnosis, one_line, place};
use super::super::model::*;
use super::super::phrase::{Noun, Phrase, duration, number};
use super::super::receipt;
use super::super::verdict::Conclusion;
use super::{Material, requirements};

/// Writes reports as text.
#[derive(Clone, Copy)]
pub struct Terminal<'r> {
    /// Colour, width and language.
    pub frame: diagnostic::Terminal,
    /// What the codes mean.
    pub registry: &'r Registry,
    /// Where scripts and answers are.
    pub material: &'r dyn Material,
    /// Most failing causes that are written out.
    pub causes: usize,
}

/// Causes in a list of one line each (warnings, not evaluated).
const LISTED: usize = 12;

impl Terminal<'_> {
    /// The report as lines of text.
    pub fn render(&self, report: &RunReport) -> String {
        let language = self.frame.language;
        let mut out = String::new();
        self.failures(report, &mut out);
        self.baseline(report, &mut out);
        for (verdict, phrase) in [(Verdict::Warning, Phrase::Warnings), (Verdict::NotEvaluated, Phrase::NotEvaluated)] {
            let causes: Vec<&Cause> = report.causes.iter().filter(|cause| cause.verdict == verdict).collect();
            if !causes.is_empty() {
                let count = causes.iter().map(|cause| cause.actions.len() as u64).sum();
                let title = format!("{}: {}", phrase.get(language), number(language, count));
                let _ = writeln!(out, "{}", self.paint(AnsiColor::Yellow, &title));
                self.list(report, &causes, &mut out);
            }
        }
        for table in &report.requirements {
            requirements::write(&mut out, report, table, language);
        }
        if report.interrupted {
            let _ = writeln!(out, "{}\n", self.paint(AnsiColor::Yellow, Phrase::Interrupted.get(language)));
        }
        out.push_str(&receipt::lines(report, language));
        out.push('\n');
        out.push_str(&self.verdict(report));
        out
    }

    fn failures(&self, report: &RunReport, out: &mut String) {
        let diagnosis = self.diagnosis(report);
        let failing = report.causes.iter().filter(|cause| cause.fails());
        let mut hidden = 0;
        for (at, cause) in failing.enumerate() {
            if at >= self.causes {
                hidden += 1;
                continue;
            }
            let Some(diagnostic) = diagnosis.of(cause) else { continue };
            let diagnostic = diagnostic.titled(self.registry, diagnosis.language);
            let word = if cause.verdict == Verdict::Fail { "FAIL" } else { "ERROR" };
            debug_assert_eq!(diagnostic.severity, Severity::Error);
            out.push_str(&self.frame.render_as(word, &diagnostic));
            out.push('\n');
        }
        if hidden > 0 {
            let causes = Noun::Cause.count(self.frame.language, hidden);
            let _ = writeln!(out, "{}\n", Phrase::MoreCauses.with(self.frame.language, &[&causes]));
        }
    }

    /// What is accepted, by entry, and entries that should not be there any more.
    fn baseline(&self, report: &RunReport, out: &mut String) {
        let language = self.frame.language;
        for KnownReport { entry, state, .. } in report.known.iter().filter(|entry| entry.state.fails()) {
            let name = entry.name();
            let (code, message) = match state {
                KnownState::Healed => (code::KNOWN_HEALED, Phrase::KnownHealed.with(language, &[&name])),
                _ => (code::KNOWN_EXPIRED, Phrase::KnownExpired.with(language, &[&name, &entry.expires])),
            };
            let agreed = format!("{} ({})", one_line(&entry.reason), one_line(&entry.reference));
            let diagnostic = Diagnostic::new(Severity::Error, code, message).note(NoteKind::Note, agreed);
            let diagnostic = diagnostic.in_language(self.registry, language);
            out.push_str(&self.frame.render_as("FAIL", &diagnostic));
            out.push('\n');
        }
        let known = report.receipt.asserts.known + report.receipt.operations.known;
        if known == 0 {
            return;
        }
        let title = format!("{}: {}", Phrase::Known.get(language), number(language, known));
        let _ = writeln!(out, "{}", self.paint(AnsiColor::Yellow, &title));
        let causes: Vec<&Cause> = report.causes.iter().filter(|cause| cause.known).collect();
        self.list(report, &causes, out);
    }

    /// One line a cause: how often, which rule, what, and where first.
    fn list(&self, report: &RunReport, causes: &[&Cause], out: &mut String) {
        let language = self.frame.language;
        let digits = |cause: &&&Cause| number(language, cause.actions.len() as u64).len();
        let width = causes.iter().take(LISTED).map(|cause| digits(&cause)).max().unwrap_or(1);
        for cause in causes.iter().take(LISTED) {
            let Some((script, _, action)) = report.action(cause.actions[0]) else { continue };
            let count = number(language, cause.actions.len() as u64);
            let _ = writeln!(out, "  {count:>width$} × {} {}", cause.code, one_line(&cause.message));
            let _ = writeln!(out, "  {:width$}   --> {}", "", place(script, action));
            if let Some(KnownReport { entry, .. }) = action.known.and_then(|entry| report.known.get(entry as usize)) {
                let values = [&*one_line(&entry.reason), &entry.expires, &one_line(&entry.reference)];
                let _ = writeln!(out, "  {:width$}   = {}", "", Phrase::KnownEntry.with(language, &values));
                continue;
            }
            let rule = cause.code.parse::<Code>().ok().and_then(|code| self.registry.rule(code));
            if let Some(rule) = rule {
                let _ = writeln!(out, "  {:width$}   = {}", "", rule.remedy.get(language));
            }
        }
        if let Some(hidden) = causes.len().checked_sub(LISTED).filter(|hidden| *hidden > 0) {
            let causes = Noun::Cause.count(language, hidden as u64);
            let _ = writeln!(out, "  {}", Phrase::MoreCauses.with(language, &[&causes]));
        }
        out.push('\n');
    }

    fn verdict(&self, report: &RunReport) -> String {
        const VERDICTS: [(Conclusion, Phrase, AnsiColor); 3] = [
            (Conclusion::Passed, Phrase::VerdictPassed, AnsiColor::Green),
            (Conclusion::Failed, Phrase::VerdictFailed, AnsiColor::Red),
            (Conclusion::Incomplete, Phrase::VerdictIncomplete, AnsiColor::Yellow),
        ];
        let language = self.frame.language;
        let (_, phrase, colour) = VERDICTS[report.verdict as usize];
        let took = took(report).map(|micros| Phrase::Took.with(language, &[&duration(language, micros)]));
        let scripts = Noun::Script.count(language, u64::from(report.receipt.scripts.total));
        let asserts = Noun::Assert.count(language, report.receipt.asserts.total);
        let known = match report.receipt.asserts.known + report.receipt.operations.known {
            0 => String::new(),
            known => format!("; {}: {}", Phrase::Known.get(language).to_lowercase(), number(language, known)),
        };
        let simulated = match report.simulated {
            true => format!(" ({})", Phrase::Simulated.get(language)),
            false => String::new(),
        };
        let took = took.unwrap_or_default();
        let text = Phrase::VerdictLine.with(language, &[&scripts, &asserts, &took, &report.target]);
        format!("{}  {text}{simulated}{known}\n", self.paint(colour, phrase.get(language)))
    }

    fn diagnosis<'d>(&'d self, report: &'d RunReport) -> Diagnosis<'d> {
        Diagnosis { report, registry: self.registry, material: self.material, language: self.language(), tables: true }
    }

    fn language(&self) -> Language {
        self.frame.language
    }

    fn paint(&self, colour: AnsiColor, text: &str) -> String {
        match self.frame.colour {
            true => {
                let style: Style = colour.on_default().bold();
                format!("{style}{text}{style:#}")
            }
            false => text.to_owned(),
        }
    }
}

/// From begin to end, in microseconds; none when the record does not say.
fn took(report: &RunReport) -> Option<u64> {
    let begin: jiff::Timestamp = report.started.parse().ok()?;
    let end: jiff::Timestamp = report.finished.parse().ok()?;
    u64::try_from(end.as_microsecond() - begin.as_microsecond()).ok()
}
