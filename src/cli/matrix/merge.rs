//! `keur report merge`: the parts of a matrix as one.

use std::path::PathBuf;

use crate::connectathon::{CellVerdict, code, merge as merged};
use crate::diagnostic::Words;

use super::super::console::Console;
use super::super::destination;
use super::super::exit::Exit;
use super::super::problem;
use super::super::settings::{Checked, Key, ReportKind, Said};
use super::bundle::{self, Part};

/// Flags of `report merge`.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// The parts (`keur matrix … --shard 1/4`): JSON reports, folders, or bundles of what was merged before
    #[arg(value_name = "PART", required = true)]
    parts: Vec<PathBuf>,
    /// Report to write: json; `-` is standard output [default: json=-]
    #[arg(long, value_name = "KIND=PATH")]
    report: Vec<String>,
    /// Write the evidence of all cells to one bundle; its parts are folders and bundles then
    #[arg(long, value_name = "FILE")]
    evidence: Option<PathBuf>,
}

const MISSING: Words = Words::new("{} of {} cells; the rest is missing", "{} van {} cellen; de rest ontbreekt");
const WHOLE: Words = Words::new("{} of {} cells", "{} van {} cellen");

impl Arguments {
    /// Flags that are settings too.
    pub fn settings(&self) -> Said {
        let otherwise = self.report.is_empty().then(|| "json=-".to_owned());
        Said::default().many(Key::Report, &self.report).one(Key::Report, &otherwise)
    }
}

/// Carries it out.
pub fn merge(arguments: &Arguments, checked: &Checked, console: &Console) -> Exit {
    let (mut parts, mut problems) = (vec![], destination::check(&checked.reports));
    for path in &arguments.parts {
        match Part::open(path) {
            Ok(part) => parts.push(part),
            Err(problem) => problems.push(problem),
        }
    }
    let totals: std::collections::BTreeSet<usize> = parts.iter().map(|part| part.report.total).collect();
    if totals.len() > 1 {
        problems.push(code::error(
            code::MERGE,
            "the parts are of different matrices: they differ in how many cells there are",
        ));
    }
    // What a single part says of itself is counted again too.
    let report =
        parts.iter().map(|part| part.report.clone()).reduce(merged).map(|report| merged(report.clone(), report));
    let (Some(report), true) = (report, problems.is_empty()) else {
        console.tell_all(problems);
        return Exit::Usage;
    };
    for destination in &checked.reports {
        if destination.kind != ReportKind::Json {
            problems.push(problem::error(problem::REPORT, "a merged matrix is reported as `json`"));
            continue;
        }
        let bytes = serde_json::to_vec_pretty(&report).unwrap_or_default();
        problems.extend(match &destination.path {
            Some(path) => destination::write(path, &bytes).err().map(|problem| *problem),
            None => console.output(&bytes).err().map(|error| problem::error(problem::REPORT, error.to_string())),
        });
    }
    let mut without_evidence = false;
    if let Some(to) = &arguments.evidence {
        match bundle::write(&report, &parts, to, checked, console) {
            Ok(missing) => {
                without_evidence = !missing.is_empty();
                console.tell_grouped(missing);
            }
            Err(more) => problems.extend(more),
        }
    }
    let words = if report.cells.len() < report.total { MISSING } else { WHOLE };
    let said = words.get(console.language).replacen("{}", &report.cells.len().to_string(), 1);
    console.error(&format!("{}\n", said.replacen("{}", &report.total.to_string(), 1)));
    let unwritten = !problems.is_empty();
    console.tell_all(problems);
    match report.verdict {
        _ if unwritten => Exit::Usage,
        CellVerdict::Passed if without_evidence => Exit::Incomplete,
        CellVerdict::Passed => Exit::Passed,
        CellVerdict::Failed => Exit::Failed,
        CellVerdict::Incomplete => Exit::Incomplete,
    }
}
