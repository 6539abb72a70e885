//! What failed, at its line of the script, for the services that show it beside the code: workflow
//! commands of GitHub Actions and the code-quality report of GitLab.

use std::fmt::Write as _;

use serde::Serialize;

use crate::record::Verdict;

use super::super::cause::Cause;
use super::super::diagnosis::{heading, one_line};
use super::super::model::*;
use super::super::verdict::verdict_code;
use super::sarif::fingerprint;

/// One finding: a cause, at the place where it first struck.
struct Finding<'r> {
    cause: &'r Cause,
    path: &'r str,
    line: u32,
    column: u32,
    text: String,
    fingerprint: String,
}

/// A cause a finding, so that one expired token does not fill the page; passes and accepted failures none.
fn findings(report: &RunReport) -> impl Iterator<Item = Finding<'_>> {
    report.causes.iter().filter_map(|cause| {
        let (script, test, action) = report.action(*cause.actions.first()?)?;
        let more = match cause.actions.len() {
            1 => String::new(),
            count => format!(" (and {} more)", count - 1),
        };
        let path = action.source.path.as_deref().unwrap_or(&script.path);
        let place = match action.exchange {
            Some(exchange) if action.target.line > 0 => {
                let target = &action.target;
                format!("; #{exchange} line {}:{} {}", target.line, target.column, target.path)
            }
            Some(exchange) => format!("; #{exchange}"),
            None => String::new(),
        };
        Some(Finding {
            cause,
            path,
            line: action.source.line.max(1),
            column: action.source.column.max(1),
            text: format!("{}: {}{more}{place}", heading(script, test), one_line(&cause.message)),
            fingerprint: fingerprint(&[path, &script.path, &test.id, &action.title, &cause.code]),
        })
    })
}

/// Workflow commands
/// (<https://docs.github.com/actions/reference/workflow-commands-for-github-actions>): write them to
/// standard output of a step.
pub fn github(report: &RunReport) -> String {
    let mut out = String::new();
    for finding in findings(report) {
        let command = match finding.cause.verdict {
            Verdict::Fail | Verdict::Error if finding.cause.fails() => "error",
            Verdict::Warning | Verdict::NotEvaluated => "warning",
            _ => "notice",
        };
        let title = format!("{} {}", finding.cause.code, verdict_code(finding.cause.verdict));
        let _ = writeln!(
            out,
            "::{command} file={},line={},col={},title={}::{}",
            escaped(finding.path, true),
            finding.line,
            finding.column,
            escaped(&title, true),
            escaped(&finding.text, false),
        );
    }
    out
}

fn escaped(text: &str, property: bool) -> String {
    let text = text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    if property { text.replace(':', "%3A").replace(',', "%2C") } else { text }
}

#[derive(Serialize)]
struct Quality<'f> {
    description: &'f str,
    check_name: &'f str,
    fingerprint: &'f str,
    severity: &'static str,
    location: Location<'f>,
}

#[derive(Serialize)]
struct Location<'f> {
    path: &'f str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
}

/// A code-quality report (<https://docs.gitlab.com/ci/testing/code_quality/>).
///
/// # Errors
/// What `serde_json` says; a finding holds nothing that JSON cannot.
pub fn gitlab(report: &RunReport) -> Result<Vec<u8>, serde_json::Error> {
    let findings: Vec<Finding<'_>> = findings(report).collect();
    let list: Vec<Quality<'_>> = findings.iter().map(Finding::quality).collect();
    let mut bytes = serde_json::to_vec_pretty(&list)?;
    bytes.push(b'\n');
    Ok(bytes)
}

impl Finding<'_> {
    fn quality(&self) -> Quality<'_> {
        let severity = match self.cause.verdict {
            Verdict::Fail | Verdict::Error if self.cause.fails() => "major",
            Verdict::Warning | Verdict::NotEvaluated => "minor",
            _ => "info",
        };
        Quality {
            description: &self.text,
            check_name: &self.cause.code,
            fingerprint: &self.fingerprint,
            severity,
            location: Location { path: self.path, lines: Lines { begin: self.line } },
        }
    }
}
