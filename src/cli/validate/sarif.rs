//! As SARIF: every finding at its line.

use crate::diagnostic::{SarifPlace, SarifResult, sarif};

use super::super::console::Console;
use super::{Finding, Judged, Report};

/// One run with all files.
pub fn write(report: &Report, console: &Console) -> String {
    let results = report.files.iter().flat_map(|file| file.findings.iter().map(move |f| result(file, f)));
    sarif(&results.collect::<Vec<_>>(), &console.registry, console.language)
}

fn result(file: &Judged, finding: &Finding) -> SarifResult {
    SarifResult {
        code: finding.code,
        severity: Some(finding.severity),
        message: finding.message.clone(),
        place: Some(SarifPlace {
            path: file.path.clone(),
            line: finding.position.line,
            column: finding.position.column,
            element: finding.path.clone(),
        }),
        related: vec![],
        fingerprint: None,
        accepted: None,
    }
}
