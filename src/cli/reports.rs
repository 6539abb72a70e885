//! From the record of a run to the reports that were asked for.

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::diagnostic::Diagnostic;
use crate::record::{Event, Record};
use crate::report::RunReport;
use crate::report::renderer::{self, Material, Terminal, TestReportRelease};
use crate::testscript::ScriptReader;
use crate::testscript::source::ScriptSource;

use super::console::Console;
use super::destination;
use super::problem;
use super::settings::{Checked, Destination, ReportKind};

/// Causes of failure that are written out at a terminal, and in a file.
const CAUSES: usize = 15;

/// The record of a run and the scripts it was made with.
pub struct Evidence<'e> {
    /// The record.
    record: &'e Record,
    /// Where the scripts are read from.
    files: &'e dyn ScriptSource,
    /// True when the scripts were read a moment ago: then they are not compared with what was run.
    fresh: bool,
    started: Started,
    /// Scripts that were compared.
    seen: Mutex<HashMap<String, bool>>,
    /// The body that was asked for last: several findings are often about the same one.
    last: Mutex<Option<(String, Vec<u8>)>>,
}

/// How scripts come to be read again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Read {
    /// They were read for this run, a moment ago.
    JustNow,
    /// They may have changed since.
    Before,
}

/// The scripts that a log says were started.
#[derive(Default)]
struct Started {
    /// Path and hash by number.
    scripts: HashMap<u32, (String, String)>,
    by_path: HashMap<String, u32>,
    /// A group is known by the first script that includes it.
    groups: HashMap<String, u32>,
}

impl Started {
    fn of(events: &[Event]) -> Started {
        let mut started = Started::default();
        for event in events {
            match event {
                Event::ScriptStarted(script) => {
                    started.by_path.entry(script.path.clone()).or_insert(script.script);
                    started.scripts.insert(script.script, (script.path.clone(), script.sha256.clone()));
                }
                Event::ActionFinished(action) => {
                    if let Some(path) = action.source.path.as_ref().filter(|path| !started.groups.contains_key(*path)) {
                        started.groups.insert(path.clone(), action.script);
                    }
                }
                _ => {}
            }
        }
        started
    }

    /// Path and hash of the script that is, or includes, the file at this path.
    fn script(&self, path: &str) -> Option<&(String, String)> {
        self.scripts.get(self.by_path.get(path).or_else(|| self.groups.get(path))?)
    }
}

impl<'e> Evidence<'e> {
    /// Of a run of some time ago.
    pub fn recorded(record: &'e Record, files: &'e dyn ScriptSource) -> Evidence<'e> {
        Evidence::of(record, Started::of(record.events()), Read::Before, files)
    }

    fn of(record: &'e Record, started: Started, read: Read, files: &'e dyn ScriptSource) -> Evidence<'e> {
        let fresh = read == Read::JustNow;
        Evidence { record, files, fresh, started, seen: Mutex::default(), last: Mutex::default() }
    }
}

impl Material for Evidence<'_> {
    fn body(&self, sha256: &str) -> Option<Vec<u8>> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, body)) = last.as_ref().filter(|(known, _)| known == sha256) {
            return Some(body.clone());
        }
        let body = Vec::from(self.record.body(sha256).ok().flatten()?);
        *last = Some((sha256.to_owned(), body.clone()));
        Some(body)
    }

    /// From the record where it has the text, else from the file, and only if that is what was run: a
    /// mark in another text would show something else.
    fn script(&self, path: &str) -> Option<Arc<str>> {
        let Some((script, sha256)) = self.started.script(path) else {
            return self.files.read(path.as_ref()).ok();
        };
        let kept = if script == path { self.record.body(sha256).ok().flatten() } else { None };
        match kept.and_then(|bytes| String::from_utf8(bytes.into()).ok()) {
            Some(text) => Some(text.into()),
            None if self.unchanged(script, sha256) => self.files.read(path.as_ref()).ok(),
            None => None,
        }
    }
}

impl Evidence<'_> {
    /// Whether a script and all that it includes are what they were when it was run.
    fn unchanged(&self, path: &str, sha256: &str) -> bool {
        if self.fresh {
            return true;
        }
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        *seen.entry(path.to_owned()).or_insert_with(|| {
            let path = Path::new(path);
            let loaded = ScriptReader::new(self.files).load(path, path);
            loaded.script.is_some_and(|script| script.sha256 == sha256)
        })
    }
}

/// Folds the record and writes every report; what could not be written comes back with the report. People
/// get theirs on standard output, unless it is asked for elsewhere or another report goes there.
pub fn write(
    mut record: Record,
    read: Read,
    files: &dyn ScriptSource,
    checked: &Checked,
    console: &Console,
) -> (RunReport, Vec<Diagnostic>) {
    let started = Started::of(record.events());
    // Of a large run, events and report together are the most that is in memory.
    let report = checked.declared().report(record.take_events(), &checked.observations);
    let evidence = &Evidence::of(&record, started, read, files);
    let destinations = &checked.reports;
    let mut problems = vec![];
    for Destination { kind, path } in destinations {
        let render = |to: &mut dyn Write| render(*kind, &report, evidence, console, path.is_some(), to);
        problems.extend(match path {
            Some(path) => destination::write_by(path, render).err().map(|problem| *problem),
            None => {
                let mut bytes = vec![];
                let printed = render(&mut bytes).and_then(|()| console.output(&bytes));
                printed.err().map(output_failed)
            }
        });
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
    checked.declared().report(record.events(), &checked.observations)
}

fn output_failed(error: std::io::Error) -> Diagnostic {
    problem::error(problem::REPORT, format!("standard output cannot be written: {error}"))
}

fn render(
    kind: ReportKind,
    report: &RunReport,
    evidence: &Evidence<'_>,
    console: &Console,
    file: bool,
    to: &mut dyn Write,
) -> io::Result<()> {
    let (registry, language) = (&console.registry, console.language);
    let bytes = match kind {
        ReportKind::Json => return renderer::write_json(report, registry, language, to),
        ReportKind::Junit => renderer::junit(report, registry, evidence, language).map_err(io::Error::other)?,
        ReportKind::Html => renderer::html(report, registry, evidence, language),
        ReportKind::TestReport => renderer::testreport(report, TestReportRelease::R4)?,
        ReportKind::TestReportR5 => renderer::testreport(report, TestReportRelease::R5)?,
        ReportKind::Sarif => renderer::sarif(report, registry, language).into_bytes(),
        ReportKind::Har => renderer::har(report, evidence)?,
        ReportKind::Github => renderer::github(report).into_bytes(),
        ReportKind::Gitlab => renderer::gitlab(report)?,
        ReportKind::Terminal => {
            let frame = if file { console.file_frame() } else { console.output_frame() };
            let causes = if file { usize::MAX } else { CAUSES };
            Terminal { frame, registry, material: evidence, causes }.render(report).into_bytes()
        }
    };
    to.write_all(&bytes)
}
