//! As SARIF 2.1.0 (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::diagnostic::{Code, Severity};

use super::super::console::Console;
use super::{Finding, Judged, Report};

/// One run with all files.
pub fn write(report: &Report, console: &Console) -> String {
    let codes: BTreeSet<Code> = report.files.iter().flat_map(|f| &f.findings).map(|f| f.code).collect();
    let rule = |code: &Code| {
        let title = console.registry.rule(*code).map(|rule| rule.title.get(console.language));
        match title {
            Some(title) => json!({"id": code.to_string(), "shortDescription": {"text": title}}),
            None => json!({"id": code.to_string()}),
        }
    };
    let results = report.files.iter().flat_map(|file| file.findings.iter().map(move |f| result(file, f)));
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "keur",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": codes.iter().map(rule).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results.collect::<Vec<_>>(),
        }],
    });
    format!("{document}\n")
}

fn result(file: &Judged, finding: &Finding) -> Value {
    let level = match finding.severity {
        Severity::Fatal | Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Information => "note",
    };
    json!({
        "ruleId": finding.code.to_string(),
        "level": level,
        "message": {"text": finding.message},
        "locations": [{
            "physicalLocation": {
                "artifactLocation": {"uri": file.path.replace('\\', "/")},
                "region": {"startLine": finding.position.line, "startColumn": finding.position.column},
            },
            "logicalLocations": [{"fullyQualifiedName": finding.path}],
        }],
    })
}
