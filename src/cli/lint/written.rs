//! Findings for programs: JSON (`schema/lint-1.json`), SARIF 2.1.0
//! (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>) and annotations of GitHub workflows
//! (<https://docs.github.com/actions/reference/workflow-commands-for-github-actions>).

use std::fmt::Write as _;

use serde_json::json;

use crate::diagnostic::{self, Diagnostic, LineIndex, NoteKind, Position, SarifResult, Severity};
use crate::testscript::lint::Findings;

use super::super::console::Console;

/// A severity in JSON and as an annotation.
const SEVERITIES: [(Severity, &str, &str); 4] = [
    (Severity::Fatal, "fatal", "error"),
    (Severity::Error, "error", "error"),
    (Severity::Warning, "warning", "warning"),
    (Severity::Information, "information", "notice"),
];

/// The file and the place of a problem; empty for what stands nowhere.
fn place(problem: &Diagnostic) -> (&str, Position) {
    let Some(label) = problem.labels.first() else { return ("", Position::default()) };
    (&label.source.name, LineIndex::default().position(&label.source.text, label.span.start()))
}

fn remedy(problem: &Diagnostic) -> Option<&str> {
    problem.notes.iter().find(|(kind, _)| *kind == NoteKind::Remedy).map(|(_, text)| text.as_str())
}

pub(super) fn json(findings: &Findings) -> String {
    let problem = |problem: &Diagnostic| {
        let (path, position) = place(problem);
        json!({
            "severity": SEVERITIES[problem.severity as usize].1,
            "code": problem.code.to_string(),
            "message": problem.message,
            "path": path,
            "line": position.line,
            "column": position.column,
            "remedy": remedy(problem),
        })
    };
    let count = |of: &[Severity]| findings.problems.iter().filter(|p| of.contains(&p.severity)).count();
    let document = json!({
        "schema": "urn:keur:lint:1",
        "scripts": findings.scripts,
        "errors": count(&[Severity::Fatal, Severity::Error]),
        "warnings": count(&[Severity::Warning]),
        "information": count(&[Severity::Information]),
        "problems": findings.problems.iter().map(problem).collect::<Vec<_>>(),
    });
    // Texts and numbers: nothing in it that JSON cannot say.
    format!("{}\n", serde_json::to_string_pretty(&document).unwrap_or_default())
}

pub(super) fn sarif(findings: &Findings, console: &Console) -> String {
    let results: Vec<SarifResult> = findings.problems.iter().map(SarifResult::of).collect();
    diagnostic::sarif(&results, &console.registry, console.language)
}

pub(super) fn github(findings: &Findings) -> String {
    let mut text = String::new();
    for problem in &findings.problems {
        let (path, position) = place(problem);
        let level = SEVERITIES[problem.severity as usize].2;
        let at = match path {
            "" => String::new(),
            path => format!("file={},line={},col={},", property(path), position.line, position.column),
        };
        let remedy = remedy(problem).map(|remedy| format!("\n{remedy}")).unwrap_or_default();
        let message = data(&format!("{}{remedy}", problem.message));
        let _ = writeln!(text, "::{level} {at}title={}::{message}", problem.code);
    }
    text
}

/// A message as a workflow command takes it.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property as a workflow command takes it.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Code, Source, Span};

    #[test]
    fn an_annotation_keeps_what_would_end_it() {
        let source = Source { name: "a,b:c.xml".into(), text: "x\nyz".into() };
        let problem = Diagnostic::new(Severity::Warning, Code(1101), "100%\nsure").label(&source, Span::new(3, 4), "");
        let findings = Findings { scripts: 1, problems: vec![problem] };
        assert_eq!(github(&findings), "::warning file=a%2Cb%3Ac.xml,line=2,col=2,title=KEUR1101::100%25%0Asure\n");
    }

    #[test]
    fn the_table_is_in_the_order_of_the_severities() {
        assert!(SEVERITIES.iter().enumerate().all(|(at, (severity, ..))| *severity as usize == at));
    }
}
