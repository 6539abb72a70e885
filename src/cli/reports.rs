//! From the record of a run to the reports that were asked for.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::diagnostic::Diagnostic;
use crate::record::{Event, Record};
use crate::report::renderer::{self, Material, Terminal, TestReportRelease};
use crate::report::{Fold, RunReport};
use crate::testscript::source::ScriptSource;

use super::console::Console;
use super::destination;
use super::problem;
use super::settings::{Checked, ReportKind};

/// Causes of failure that are written out at a terminal, and in a file.
const CAUSES: usize = 15;

/// The record of a run and the scripts it was made with.
pub struct Evidence<'e> {
    /// The record.
    pub record: &'e Record,
    /// Where the scripts are read from.
    pub files: &'e dyn ScriptSource,
}

impl Material for Evidence<'_> {
    fn body(&self, sha256: &str) -> Option<Vec<u8>> {
        self.record.body(sha256).ok().flatten().map(Vec::from)
    }

    /// From the record where it has the text, else from the file, and only if that is what was run: a
    /// mark in another text would show something else.
    fn script(&self, path: &str) -> Option<Arc<str>> {
        let recorded = self.record.events().iter().find_map(|event| match event {
            Event::ScriptStarted(script) if script.path == path => Some(script.sha256.as_str()),
            _ => None,
        });
        let kept = recorded.and_then(|hash| self.record.body(hash).ok().flatten());
        if let Some(text) = kept.and_then(|bytes| String::from_utf8(bytes.into()).ok()) {
            return Some(text.into());
        }
        let text = self.files.read(path.as_ref()).ok()?;
        let same = |hash: &str| {
            let digest = Sha256::digest(text.as_bytes());
            digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>() == hash
        };
        recorded.is_none_or(same).then_some(text)
    }
}

/// Folds the record and writes every report; what could not be written comes back with the report. People
/// get theirs on standard output, unless it is asked for elsewhere or another report goes there.
pub fn write(evidence: &Evidence<'_>, checked: &Checked, console: &Console) -> (RunReport, Vec<Diagnostic>) {
    let report = folded(evidence.record, checked);
    let destinations = &checked.reports;
    let mut problems = vec![];
    for destination in destinations {
        let bytes = match rendered(destination.kind, &report, evidence, console, destination.path.is_some()) {
            Ok(bytes) => bytes,
            Err(reason) => {
                problems.push(problem::error(problem::REPORT, reason));
                continue;
            }
        };
        match &destination.path {
            Some(path) => problems.extend(destination::write(path, &bytes).err().map(|problem| *problem)),
            None => problems.extend(console.output(&bytes).err().map(output_failed)),
        }
    }
    if !destinations.iter().any(|destination| destination.kind == ReportKind::Terminal) {
        let taken = destinations.iter().any(|destination| destination.path.is_none());
        let frame = if taken { console.error_frame() } else { console.output_frame() };
        let renderer = Terminal { frame, registry: &console.registry, material: evidence, causes: CAUSES };
        let text = renderer.render(&report);
        match taken {
            true => console.error(&text),
            false => problems.extend(console.output(text.as_bytes()).err().map(output_failed)),
        }
    }
    (report, problems)
}

/// The report of a record, with what was declared beforehand.
pub fn folded(record: &Record, checked: &Checked) -> RunReport {
    let mut fold = Fold::knowing(&checked.known);
    fold.push_all(record.events());
    let mut report = fold.finish();
    let judged = checked.requirements.iter().map(|table| table.judge(&report, &checked.observations)).collect();
    report.requirements = judged;
    report
}

fn output_failed(error: std::io::Error) -> Diagnostic {
    problem::error(problem::REPORT, format!("standard output cannot be written: {error}"))
}

fn said<E: ToString>(written: Result<Vec<u8>, E>) -> Result<Vec<u8>, String> {
    written.map_err(|error| error.to_string())
}

fn rendered(
    kind: ReportKind,
    report: &RunReport,
    evidence: &Evidence<'_>,
    console: &Console,
    file: bool,
) -> Result<Vec<u8>, String> {
    let (registry, language) = (&console.registry, console.language);
    match kind {
        ReportKind::Json => said(renderer::json(report, registry, language)),
        ReportKind::Junit => said(renderer::junit(report, registry, evidence, language)),
        ReportKind::Html => Ok(renderer::html(report, registry, evidence, language)),
        ReportKind::TestReport => said(renderer::testreport(report, TestReportRelease::R4)),
        ReportKind::TestReportR5 => said(renderer::testreport(report, TestReportRelease::R5)),
        ReportKind::Sarif => Ok(renderer::sarif(report, registry, language).into_bytes()),
        ReportKind::Har => said(renderer::har(report, evidence)),
        ReportKind::Github => Ok(renderer::github(report).into_bytes()),
        ReportKind::Gitlab => said(renderer::gitlab(report)),
        ReportKind::Terminal => {
            let frame = if file { console.file_frame() } else { console.output_frame() };
            let causes = if file { usize::MAX } else { CAUSES };
            Ok(Terminal { frame, registry, material: evidence, causes }.render(report).into_bytes())
        }
    }
}
