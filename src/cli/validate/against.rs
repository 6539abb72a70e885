//! `--against`: where keur and another validator differ on one file.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostic, Language, Severity, Words};
use crate::fhir::{self, Format, NodeRef};

use super::super::console::Console;
use super::super::problem;
use super::place::Place;
use super::{Report, text};

/// The errors that another validator found: where, and what it said.
pub struct Other(Vec<(Place, String)>);

/// Who found an error at an element.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum By {
    /// Both.
    Both,
    /// keur, while the other found one in the element or around it.
    Near,
    /// keur alone.
    Keur,
    /// The other alone.
    Other,
}

/// Who found an error: its code, what is said of an element, and of how many of them.
struct Finder {
    by: By,
    code: &'static str,
    here: Words,
    counted: Words,
}

const FINDERS: [Finder; 4] = [
    Finder {
        by: By::Both,
        code: "both",
        here: Words::new("both find an error here", "beide vinden hier een fout"),
        counted: Words::new("by both", "van beide"),
    },
    Finder {
        by: By::Near,
        code: "near",
        here: Words::new(
            "both find an error, the other one level up or down",
            "beide vinden een fout, de ander een niveau hoger of lager",
        ),
        counted: Words::new("by both, one level apart", "van beide, een niveau uiteen"),
    },
    Finder {
        by: By::Keur,
        code: "keur",
        here: Words::new("only keur finds an error here", "alleen keur vindt hier een fout"),
        counted: Words::new("by keur alone", "van keur alleen"),
    },
    Finder {
        by: By::Other,
        code: "other",
        here: Words::new("only the other finds an error here", "alleen de ander vindt hier een fout"),
        counted: Words::new("by the other alone", "van de ander alleen"),
    },
];

const NONE: Words = Words::new("neither finds an error", "geen van beide vindt een fout");
const THE_OTHER: Words = Words::new("other", "ander");
const PLACES: Words = Words::new("elements with an error", "elementen met een fout");

impl By {
    /// Its code.
    pub fn code(self) -> &'static str {
        FINDERS[self as usize].code
    }

    fn words(self) -> Words {
        FINDERS[self as usize].here
    }
}

/// An element with an error, and what is said of it.
#[derive(Debug)]
pub struct Row {
    /// The element as keur writes it, or as the other does where keur says nothing.
    pub path: String,
    /// Who found one.
    pub by: By,
    /// What keur says.
    pub keur: Vec<String>,
    /// What the other says.
    pub other: Vec<String>,
}

/// Reads an OperationOutcome; it is about one file.
pub fn read(path: &Path, files: &[PathBuf]) -> Result<Other, Box<Diagnostic>> {
    let wrong = |message: String| Box::new(problem::error(problem::PATH, message));
    if files.len() != 1 {
        return Err(wrong(format!("`--against` compares one file, not {}", files.len())));
    }
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| wrong(format!("`{shown}` cannot be read: {error}")))?;
    let format = Format::from_path(path).or_else(|| fhir::sniff(&text)).unwrap_or(Format::Json);
    let document = fhir::read(text, format)
        .map_err(|e| wrong(format!("`{shown}` line {}:{}: {}", e.position.line, e.position.column, e.message)))?;
    let root = document.root();
    // Some tools write their issues in the same form under another name.
    let has_issues = root.children_named("issue").any(|issue| issue.child("severity").is_some());
    if root.resource_type() != Some("OperationOutcome") && !has_issues {
        return Err(wrong(format!("`{shown}` is not an OperationOutcome")));
    }
    let errors = root.children_named("issue").filter(|i| matches!(i.child_value("severity"), Some("fatal" | "error")));
    let read = errors.map(|issue| {
        let place = issue.child_value("expression").or(issue.child_value("location")).unwrap_or_default();
        (Place::parse(place), said(issue))
    });
    Ok(Other(read.collect()))
}

/// What an issue says, on one line.
fn said(issue: NodeRef<'_>) -> String {
    let details = issue.child("details").and_then(|d| d.child_value("text"));
    let said = issue.child_value("diagnostics").or(details).or(issue.child_value("message"));
    said.or(issue.child_value("code")).unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Every element with an error: keur's in the order of the file, then those that only the other has.
pub fn compare(report: &Report, other: &Other, language: Language) -> Vec<Row> {
    let findings = report.files.iter().flat_map(|f| &f.findings).filter(|f| f.severity <= Severity::Error);
    let mut rows: Vec<(Place, Row)> = vec![];
    let mut known: BTreeMap<Place, usize> = BTreeMap::new();
    for finding in findings {
        let place = Place::parse(&finding.path);
        let at = *known.entry(place.clone()).or_insert_with(|| {
            rows.push((place, Row { path: finding.path.clone(), by: By::Keur, keur: vec![], other: vec![] }));
            rows.len() - 1
        });
        rows[at].1.keur.push(format!("{} {}", finding.code, finding.said(language)));
    }
    let ours = rows.len();
    let mut open: Vec<&(Place, String)> = vec![];
    for found in &other.0 {
        match rows.iter_mut().find(|(place, _)| *place == found.0) {
            Some((_, row)) => {
                row.by = By::Both;
                row.other.push(found.1.clone());
            }
            None => open.push(found),
        }
    }
    for (place, said) in open {
        let near = |(p, row): &&mut (Place, Row)| row.by != By::Both && p.is_beside(place);
        if let Some((_, row)) = rows[..ours].iter_mut().find(near) {
            row.by = By::Near;
            row.other.push(format!("`{place}`: {said}"));
        } else if let Some((_, row)) = rows[ours..].iter_mut().find(|(p, _)| p == place) {
            row.other.push(said.clone());
        } else {
            let row = Row { path: place.to_string(), by: By::Other, keur: vec![], other: vec![said.clone()] };
            rows.push((place.clone(), row));
        }
    }
    rows.into_iter().map(|(_, row)| row).collect()
}

/// The elements with an error, by who found one, and the receipt.
pub fn write(report: &Report, rows: &[Row], console: &Console) -> String {
    let mut out = String::new();
    let language = console.language;
    if rows.is_empty() {
        let _ = writeln!(out, "{}", NONE.get(language));
    }
    for row in rows {
        let path = if row.path.is_empty() { "(root)" } else { &row.path };
        let _ = writeln!(out, "{path}: {}", row.by.words().get(language));
        let said = row.keur.iter().map(|s| ("keur", s)).chain(row.other.iter().map(|s| (THE_OTHER.get(language), s)));
        for (who, said) in said {
            let _ = writeln!(out, "  {who}: {said}");
        }
    }
    if !rows.is_empty() {
        let count = |by: By| rows.iter().filter(|row| row.by == by).count();
        let counts = FINDERS.iter().map(|finder| (count(finder.by), finder.counted.get(language)));
        let counts: Vec<String> = counts.map(|(count, words)| format!("{count} {words}")).collect();
        let _ = writeln!(out, "{} {}: {}", rows.len(), PLACES.get(language), counts.join(", "));
    }
    text::receipt(&mut out, report, console);
    out
}
