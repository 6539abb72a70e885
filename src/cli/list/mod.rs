//! `keur list PATH…`: what is in folders of scripts, without running any; `keur list --own`: the suites.

mod own;

use std::fmt::Write as _;
use std::path::PathBuf;

use serde::Serialize;

use crate::diagnostic::{Diagnostic, Language, LineIndex, NoteKind, Severity, Words};
use crate::testscript::{Census, Expressions, Folder, ScriptSet, problem as script_problem};

use super::console::Console;
use super::exit::Exit;
use super::suite::{Selection, Shelf};

/// Flags of `list`.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Files and folders of TestScripts, or names of built-in suites; without any, the suites are listed
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// List the suites that can be run by name, with data service, VIPP module and role
    #[arg(long, conflicts_with = "paths")]
    own: bool,
    /// How to write it
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Ways to write it.
#[derive(clap::ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Format {
    /// A table for people
    #[default]
    Text,
    /// JSON for programs
    Json,
}

/// The JSON form (`schema/list-1.json`).
#[derive(Serialize)]
struct Document<'c> {
    scripts: usize,
    tests: usize,
    operations: usize,
    asserts: usize,
    expressions: Expressions,
    folders: &'c [Folder],
    problems: Vec<Problem<'c>>,
}

#[derive(Serialize)]
struct Problem<'c> {
    severity: &'static str,
    code: String,
    message: &'c str,
    path: &'c str,
    line: u32,
    column: u32,
    remedy: Option<&'c str>,
}

/// Severities in JSON.
const SEVERITIES: [(Severity, &str); 4] = [
    (Severity::Fatal, "fatal"),
    (Severity::Error, "error"),
    (Severity::Warning, "warning"),
    (Severity::Information, "information"),
];

const HEADINGS: [Words; 7] = [
    Words::new("scripts", "scripts"),
    Words::new("tests", "tests"),
    Words::new("operations", "aanvragen"),
    Words::new("asserts", "toetsen"),
    Words::new("FHIR", "FHIR"),
    Words::new("role", "rol"),
    Words::new("folder", "map"),
];
const TOTAL: Words = Words::new("total", "totaal");
const EXPRESSIONS: Words = Words::new("FHIRPath expressions", "FHIRPath-expressies");
const DISTINCT: Words = Words::new("different", "verschillend");
const INVALID: Words = Words::new("invalid", "ongeldig");

/// Carries it out.
pub fn list(arguments: &Arguments, console: &Console) -> Exit {
    if arguments.own || arguments.paths.is_empty() {
        return own::list(arguments.format, console);
    }
    let selection = match Selection::of(&arguments.paths, &[]) {
        Ok(selection) => selection,
        Err(problems) => {
            console.tell_all(problems);
            return Exit::Usage;
        }
    };
    let set = match ScriptSet::collect(&Shelf, &selection.paths) {
        Ok(set) => set,
        Err(problems) => return refused(problems, console),
    };
    let census = Census::of(&set);
    let exit = match census.problems.iter().any(script_problem::forbids_running) {
        true => Exit::Usage,
        false => Exit::Passed,
    };
    match arguments.format {
        Format::Json => {
            let document = Document {
                scripts: census.scripts,
                tests: census.tests,
                operations: census.operations,
                asserts: census.asserts,
                expressions: census.expressions,
                folders: &census.folders,
                problems: census.problems.iter().map(written).collect(),
            };
            match serde_json::to_vec_pretty(&document) {
                Ok(mut json) => {
                    json.push(b'\n');
                    console.ended(&json, exit)
                }
                Err(_) => Exit::Bug,
            }
        }
        Format::Text => {
            let text = table(&census, console.language);
            console.tell_grouped(census.problems);
            console.ended(text.as_bytes(), exit)
        }
    }
}

/// Why there are no scripts: nothing to run is an exit of its own.
pub fn refused(problems: Vec<Diagnostic>, console: &Console) -> Exit {
    let empty = problems.iter().all(|problem| problem.code == script_problem::NO_SCRIPTS);
    console.tell_all(problems);
    if empty { Exit::NothingSelected } else { Exit::Usage }
}

fn written(problem: &Diagnostic) -> Problem<'_> {
    let label = problem.labels.first();
    let position = label.map(|label| LineIndex::default().position(&label.source.text, label.span.start()));
    let position = position.unwrap_or_default();
    let remedy = problem.notes.iter().find(|(kind, _)| *kind == NoteKind::Remedy);
    Problem {
        severity: SEVERITIES[problem.severity as usize].1,
        code: problem.code.to_string(),
        message: &problem.message,
        path: label.map_or("", |label| &label.source.name),
        line: position.line,
        column: position.column,
        remedy: remedy.map(|(_, text)| text.as_str()),
    }
}

/// Folders below each other, numbers to the right, names last because they are long.
fn table(census: &Census, language: Language) -> String {
    let mut rows: Vec<[String; 7]> = vec![HEADINGS.map(|words| words.get(language).to_owned())];
    for folder in &census.folders {
        let numbers = [folder.scripts, folder.tests, folder.operations, folder.asserts].map(|n| n.to_string());
        let [scripts, tests, operations, asserts] = numbers;
        let path = folder.path.display().to_string();
        rows.push([scripts, tests, operations, asserts, folder.fhir_version.clone(), folder.role.clone(), path]);
    }
    let numbers = [census.scripts, census.tests, census.operations, census.asserts].map(|n| n.to_string());
    let [scripts, tests, operations, asserts] = numbers;
    let total = TOTAL.get(language).to_owned();
    rows.push([scripts, tests, operations, asserts, String::new(), String::new(), total]);
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 7] = std::array::from_fn(width);
    let mut text = String::new();
    for row in &rows {
        for (column, cell) in row.iter().enumerate() {
            let width = widths[column];
            let _ = match column {
                0..4 => write!(text, "{cell:>width$}  "),
                4 | 5 => write!(text, "{cell:width$}  "),
                _ => writeln!(text, "{cell}"),
            };
        }
    }
    let expressions = census.expressions;
    let _ = writeln!(
        text,
        "\n{}: {}, {} {}, {} {}",
        EXPRESSIONS.get(language),
        expressions.total,
        expressions.distinct,
        DISTINCT.get(language),
        expressions.invalid,
        INVALID.get(language)
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_severities() {
        assert!(SEVERITIES.iter().enumerate().all(|(at, (severity, _))| *severity as usize == at));
    }
}
