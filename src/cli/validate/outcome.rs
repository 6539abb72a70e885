//! As OperationOutcomes (<http://hl7.org/fhir/STU3/operationoutcome.html>).

use serde_json::{Value, json};

use super::{Finding, Judged, Report, severity};

/// Issue types (<http://hl7.org/fhir/ValueSet/issue-type>) by the first code they stand for.
const TYPES: [(u16, &str); 8] = [
    (4000, "structure"),
    (4013, "value"),
    (4020, "structure"),
    (4030, "code-invalid"),
    (4040, "structure"),
    (4050, "extension"),
    (4060, "invariant"),
    (4070, "not-found"),
];

/// One OperationOutcome, or a collection of them with the path of each as its full URL's end.
pub fn write(report: &Report) -> String {
    let document = match &*report.files {
        [one] => outcome(one),
        files => {
            let entry = |f: &Judged| json!({"fullUrl": format!("urn:keur:file:{}", f.path), "resource": outcome(f)});
            json!({"resourceType": "Bundle", "type": "collection", "entry": files.iter().map(entry).collect::<Vec<_>>()})
        }
    };
    format!("{document}\n")
}

fn outcome(file: &Judged) -> Value {
    let mut issues: Vec<Value> = file.findings.iter().map(issue).collect();
    if issues.is_empty() {
        issues.push(json!({"severity": "information", "code": "informational", "diagnostics": file.verdict.code()}));
    }
    json!({"resourceType": "OperationOutcome", "issue": issues})
}

fn issue(finding: &Finding) -> Value {
    let at = TYPES.partition_point(|(from, _)| *from <= finding.code.0);
    let kind = at.checked_sub(1).and_then(|at| TYPES.get(at)).map_or("processing", |(_, kind)| *kind);
    let line = |name: &str, value: u32| json!({"url": format!("http://hl7.org/fhir/StructureDefinition/operationoutcome-issue-{name}"), "valueInteger": value});
    let mut issue = json!({
        "extension": [line("line", finding.position.line), line("col", finding.position.column)],
        "severity": severity(finding.severity),
        "code": kind,
        "details": {"coding": [{"system": "urn:keur:rule", "code": finding.code.to_string()}]},
        "diagnostics": finding.message,
    });
    if !finding.path.is_empty() {
        issue["expression"] = json!([finding.path]);
    }
    issue
}
