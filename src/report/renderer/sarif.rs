//! What failed, as SARIF: each result at its line of the script, with the element of the answer beside it.

use sha2::{Digest, Sha256};

use crate::diagnostic::{self, Code, Language, Registry, SarifPlace, SarifResult, Severity};
use crate::record::Verdict;

use super::super::baseline::KnownReport;
use super::super::diagnosis::{heading, one_line};
use super::super::model::*;

/// By the name of a severity in the record.
const SEVERITIES: [(&str, Severity); 4] = [
    ("fatal", Severity::Fatal),
    ("error", Severity::Error),
    ("warning", Severity::Warning),
    ("information", Severity::Information),
];

/// The report as SARIF 2.1.0: failures, warnings, what was not evaluated (as open), and every issue of a
/// validation by itself.
pub fn sarif(report: &RunReport, registry: &Registry, language: Language) -> String {
    let mut results = vec![];
    for (place, action) in report.actions() {
        let Some((script, test, _)) = report.action(place) else { continue };
        let severity = match action.verdict {
            Verdict::Fail | Verdict::Error => Some(Severity::Error),
            Verdict::Warning => Some(Severity::Warning),
            Verdict::NotEvaluated => None,
            Verdict::Pass | Verdict::Skip => continue,
        };
        let known = action.known.and_then(|entry| report.known.get(entry as usize));
        let accepted =
            known.map(|KnownReport { entry, .. }| format!("{} ({}, {})", entry.reason, entry.reference, entry.expires));
        let place = SarifPlace {
            path: action.source.path.clone().unwrap_or_else(|| script.path.clone()),
            line: action.source.line,
            column: action.source.column,
            element: String::new(),
        };
        let result = |code: &str, severity, message: &str, target: &TargetReport| SarifResult {
            code: code.parse().unwrap_or(Code(0)),
            severity,
            message: format!("{}: {}", heading(script, test), one_line(message)),
            place: Some(place.clone()),
            related: related(action, target),
            fingerprint: Some(fingerprint(&[&script.path, &test.id, &action.title, code, &target.path])),
            accepted: accepted.clone(),
        };
        results.push(result(&action.code, severity, &action.message, &action.target));
        for issue in &action.issues {
            let known = SEVERITIES.iter().find(|(name, _)| *name == issue.severity).map(|(_, severity)| *severity);
            results.push(result(&issue.code, known, &issue.message, &issue.target));
        }
    }
    diagnostic::sarif(&results, registry, language)
}

/// The element, in words: an answer is in no file.
fn related(action: &ActionReport, target: &TargetReport) -> Vec<(SarifPlace, String)> {
    let Some(exchange) = action.exchange.filter(|_| target.line > 0) else { return vec![] };
    let what = if target.request { "request" } else { "answer" };
    let text = format!("{what} #{exchange}, line {}, column {}", target.line, target.column);
    vec![(SarifPlace { element: target.path.clone(), ..SarifPlace::default() }, text)]
}

/// The same for the same finding in another run.
pub(super) fn fingerprint(parts: &[&str]) -> String {
    let digest = Sha256::digest(parts.join("\u{1f}"));
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
