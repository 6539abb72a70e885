//! `keur list --own`: the suites that can be run by name, by data service, VIPP module and role.

use std::fmt::Write as _;

use serde::Serialize;

use crate::diagnostic::{Language, Words};
use crate::testscript::{Census, ScriptSet};

use super::super::console::Console;
use super::super::exit::Exit;
use super::super::suite::{self, Shelf, Suite};
use super::Format;

/// The JSON form (`schema/suites-1.json`).
#[derive(Serialize)]
struct Document<'s> {
    suites: Vec<Line<'s>>,
}

/// A part of a suite.
#[derive(Serialize)]
struct Line<'s> {
    name: String,
    title: Names<'s>,
    service: Option<u32>,
    vipp: &'s [String],
    role: &'static str,
    fhir_version: &'static str,
    scripts: usize,
    tests: usize,
    operations: usize,
    asserts: usize,
}

#[derive(Serialize)]
struct Names<'s> {
    en: &'s str,
    nl: &'s str,
}

const HEADINGS: [Words; 8] = [
    Words::new("service", "dienst"),
    Words::new("VIPP 5", "VIPP 5"),
    Words::new("role", "rol"),
    Words::new("suite", "suite"),
    Words::new("FHIR", "FHIR"),
    Words::new("scripts", "scripts"),
    Words::new("asserts", "toetsen"),
    Words::new("about", "over"),
];
/// Columns of numbers, which stand to the right.
const NUMBERS: [bool; 8] = [true, false, false, false, false, true, true, false];

/// Carries it out.
pub(super) fn list(format: Format, console: &Console) -> Exit {
    let (suites, problems) = suite::suites();
    let lines: Vec<Line<'_>> = suites.iter().map(line).collect();
    let exit = if problems.is_empty() { Exit::Passed } else { Exit::Usage };
    console.tell_all(problems);
    match format {
        Format::Json => match serde_json::to_vec_pretty(&Document { suites: lines }) {
            Ok(mut json) => {
                json.push(b'\n');
                console.ended(&json, exit)
            }
            Err(_) => Exit::Bug,
        },
        Format::Text => console.ended(table(&lines, console.language).as_bytes(), exit),
    }
}

fn line(suite: &Suite) -> Line<'_> {
    let paths = [suite.scripts.clone()];
    // What is wrong with its scripts is said when they are run, listed or linted.
    let census = ScriptSet::collect(&Shelf, &paths).map(|set| Census::of(&set)).unwrap_or_default();
    let card = &suite.card;
    Line {
        name: suite.name(),
        title: Names { en: &card.title.en, nl: &card.title.nl },
        service: card.service,
        vipp: &card.vipp,
        role: suite.part.role(),
        fhir_version: card.fhir_version.number(),
        scripts: census.scripts,
        tests: census.tests,
        operations: census.operations,
        asserts: census.asserts,
    }
}

fn table(lines: &[Line<'_>], language: Language) -> String {
    let mut rows: Vec<[String; 8]> = vec![HEADINGS.map(|words| words.get(language).to_owned())];
    rows.extend(lines.iter().map(|line| {
        [
            line.service.map(|id| id.to_string()).unwrap_or_default(),
            line.vipp.join(", "),
            line.role.to_owned(),
            line.name.clone(),
            line.fhir_version.to_owned(),
            line.scripts.to_string(),
            line.asserts.to_string(),
            match language {
                Language::En => line.title.en.to_owned(),
                Language::Nl => line.title.nl.to_owned(),
            },
        ]
    }));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 8] = std::array::from_fn(width);
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for ((cell, width), number) in row.iter().zip(widths).zip(NUMBERS) {
            let _ = match number {
                true => write!(line, "{cell:>width$}  "),
                false => write!(line, "{cell:width$}  "),
            };
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_json_keeps_to_its_schema_and_names_every_suite_once() {
        let (suites, _) = suite::suites();
        let lines: Vec<Line<'_>> = suites.iter().map(line).collect();
        assert!(lines.iter().all(|line| line.scripts > 0 && line.asserts > 0));
        let document = serde_json::to_value(Document { suites: lines }).unwrap();
        let schema = serde_json::from_str(include_str!("../schema/suites-1.json")).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let faults: Vec<String> = validator.iter_errors(&document).map(|e| e.to_string()).collect();
        assert!(faults.is_empty(), "{faults:?}");
        let bgz = document["suites"].as_array().unwrap().iter().find(|suite| suite["name"] == "bgz-3.0").unwrap();
        assert_eq!(
            (&bgz["service"], &bgz["role"], &bgz["fhir_version"]),
            (&48.into(), &"serving".into(), &"3.0".into())
        );
    }

    #[test]
    fn the_table_is_in_columns_in_both_languages() {
        let vipp = ["5.1".to_owned(), "5.3".to_owned()];
        let names = Names { en: "Basics", nl: "Basis" };
        let line = |name: &str, service, names| Line {
            name: name.into(),
            title: names,
            service,
            vipp: &vipp,
            role: "serving",
            fhir_version: "3.0",
            scripts: 7,
            tests: 1,
            operations: 1,
            asserts: 1234,
        };
        let lines = [line("a", Some(48), Names { en: "Letters", nl: "Brieven" }), line("long-name", None, names)];
        let wanted = "dienst  VIPP 5    rol      suite      FHIR  scripts  toetsen  over\n\
                      \u{20}   48  5.1, 5.3  serving  a          3.0         7     1234  Brieven\n\
                      \u{20}       5.1, 5.3  serving  long-name  3.0         7     1234  Basis\n";
        assert_eq!(table(&lines, Language::Nl), wanted);
    }
}
