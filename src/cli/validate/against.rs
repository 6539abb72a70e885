//! `--against`: where keur and another validator differ on one file.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostic, Severity, Words};
use crate::fhir::{self, Format};

use super::super::console::Console;
use super::super::problem;
use super::{Report, text};

const BOTH: Words = Words::new("both find an error here", "beide vinden hier een fout");
const OURS: Words = Words::new("only keur finds an error here", "alleen keur vindt hier een fout");
const THEIRS: Words = Words::new("only the other finds an error here", "alleen de ander vindt hier een fout");
const NONE: Words = Words::new("neither finds an error", "geen van beide vindt een fout");

/// The errors that another validator found.
pub struct Other(Vec<(String, String)>);

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
    if root.resource_type() != Some("OperationOutcome") {
        return Err(wrong(format!("`{shown}` is not an OperationOutcome")));
    }
    let errors = root.children_named("issue").filter(|i| matches!(i.child_value("severity"), Some("fatal" | "error")));
    let read = errors.map(|issue| {
        let place = issue.child_value("expression").or(issue.child_value("location")).unwrap_or_default();
        let said = issue.child_value("diagnostics").or(issue.child("details").and_then(|d| d.child_value("text")));
        (element(place), said.unwrap_or_default().to_owned())
    });
    Ok(Other(read.collect()))
}

/// A path without the first resource's index and without types, for the ways in which validators write it.
fn element(path: &str) -> String {
    let plain = path.split('/').next().unwrap_or(path).trim();
    plain.replace("[0]", "")
}

/// The elements with an error, by who found one, and the receipt.
pub fn write(report: &Report, other: &Other, console: &Console) -> String {
    let mut out = String::new();
    let findings = report.files.iter().flat_map(|f| &f.findings).filter(|f| f.severity <= Severity::Error);
    let ours: Vec<(String, String)> =
        findings.map(|f| (element(&f.path), format!("{} {}", f.code, f.message))).collect();
    let places: BTreeSet<&String> = ours.iter().chain(&other.0).map(|(place, _)| place).collect();
    if places.is_empty() {
        let _ = writeln!(out, "{}", NONE.get(console.language));
    }
    for place in places {
        let at = |all: &[(String, String)]| -> Vec<String> {
            all.iter().filter(|(p, _)| p == place).map(|(_, said)| said.clone()).collect()
        };
        let (a, b) = (at(&ours), at(&other.0));
        let words = match (a.is_empty(), b.is_empty()) {
            (false, false) => BOTH,
            (false, true) => OURS,
            _ => THEIRS,
        };
        let _ = writeln!(out, "{}: {}", if place.is_empty() { "(root)" } else { place }, words.get(console.language));
        for (who, said) in a.iter().map(|s| ("keur", s)).chain(b.iter().map(|s| ("other", s))) {
            let _ = writeln!(out, "  {who}: {said}");
        }
    }
    text::receipt(&mut out, report, console);
    out
}
