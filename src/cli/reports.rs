//! From the record of a run to the reports that were asked for.

use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::record::Record;
use crate::report::renderer::{self, Material, Terminal};
use crate::report::{RunReport, fold};
use crate::testscript::source::ScriptSource;

use super::console::Console;
use super::destination;
use super::problem;
use super::settings::{Destination, ReportKind};

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

    fn script(&self, path: &str) -> Option<Arc<str>> {
        self.files.read(path.as_ref()).ok()
    }
}

/// Folds the record and writes every report; what could not be written comes back with the report. People
/// get theirs on standard output, unless it is asked for elsewhere or another report goes there.
pub fn write(evidence: &Evidence<'_>, destinations: &[Destination], console: &Console) -> (RunReport, Vec<Diagnostic>) {
    let report = fold(evidence.record.events());
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

fn output_failed(error: std::io::Error) -> Diagnostic {
    problem::error(problem::REPORT, format!("standard output cannot be written: {error}"))
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
        ReportKind::Json => renderer::json(report, registry, language).map_err(|error| error.to_string()),
        ReportKind::Junit => renderer::junit(report, registry, evidence, language).map_err(|error| error.to_string()),
        ReportKind::Terminal => {
            let frame = if file { console.file_frame() } else { console.output_frame() };
            let causes = if file { usize::MAX } else { CAUSES };
            Ok(Terminal { frame, registry, material: evidence, causes }.render(report).into_bytes())
        }
    }
}
