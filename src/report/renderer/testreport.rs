//! The report as FHIR TestReports, one a script, in a collection Bundle
//! (<http://hl7.org/fhir/R4/testreport.html>, <http://hl7.org/fhir/R5/testreport.html>).
//!
//! FHIR has no word for what was not evaluated: such an action is `skip`, and says why; its script is
//! `pending`, never `pass`.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::record::{ActionKind, Verdict};

use super::super::diagnosis::{one_line, place};
use super::super::model::*;
use super::super::verdict::{Conclusion, verdict_code};

/// Release of the resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestReportRelease {
    /// FHIR 4.0.1.
    R4,
    /// FHIR 5.0.0, in which the script is a canonical.
    R5,
}

/// A collection Bundle, a newline at the end.
///
/// # Errors
/// What `serde_json` says; a report holds nothing that JSON cannot.
pub fn testreport(report: &RunReport, release: TestReportRelease) -> Result<Vec<u8>, serde_json::Error> {
    let entries = report.scripts.iter().map(|script| {
        json!({"fullUrl": uuid(&[&report.started, &script.path]), "resource": resource(report, script, release)})
    });
    let entries: Vec<Value> = entries.collect();
    let mut bundle = json!({"resourceType": "Bundle", "type": "collection"});
    // Elements are never empty (ele-1): what is not there is left out.
    if !entries.is_empty() {
        bundle["entry"] = entries.into();
    }
    if let Some(moment) = moment(report) {
        bundle["timestamp"] = moment.into();
    }
    let mut bytes = serde_json::to_vec_pretty(&bundle)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn resource(report: &RunReport, script: &ScriptReport, release: TestReportRelease) -> Value {
    let mut resource = Map::new();
    let result = match script.verdict {
        Conclusion::Passed => "pass",
        Conclusion::Failed => "fail",
        Conclusion::Incomplete => "pending",
    };
    let name = if script.title.is_empty() { &script.path } else { &script.title };
    let mut set = |field: &str, value: Value| drop(resource.insert(field.to_owned(), value));
    set("resourceType", "TestReport".into());
    set("text", json!({"status": "generated", "div": narrative(script, name, result)}));
    set("identifier", json!({"system": "urn:ietf:rfc:3986", "value": uuid(&[&report.started, &script.path])}));
    if let Some(name) = text(name) {
        set("name", name);
    }
    set("status", if report.interrupted { "stopped" } else { "completed" }.into());
    let sha256 = format!("urn:keur:script:sha256:{}", script.sha256);
    match release {
        TestReportRelease::R4 => {
            let identifier = json!({"system": "urn:ietf:rfc:3986", "value": sha256});
            set("testScript", json!({"type": "TestScript", "identifier": identifier, "display": script.path}));
        }
        TestReportRelease::R5 => set("testScript", sha256.into()),
    }
    set("result", result.into());
    if let Some(score) = score(script) {
        set("score", score);
    }
    set("tester", format!("keur {}", report.keur).trim().into());
    if let Some(moment) = moment(report) {
        set("issued", moment.into());
    }
    let engine = json!({"type": "test-engine", "uri": "urn:keur", "display": format!("keur {}", report.keur).trim()});
    let mut participants = vec![engine];
    if let Some(target) = text(&report.target) {
        participants.push(json!({"type": "server", "uri": target}));
    }
    set("participant", participants.into());
    let mut tests = vec![];
    for test in script.tests.iter().filter(|test| !test.actions.is_empty()) {
        match test.id.as_str() {
            "setup" => set("setup", json!({"action": actions(script, test)})),
            "teardown" => {
                // Only operations have a place there.
                let operations = test.actions.iter().filter(|action| action.kind == ActionKind::Operation);
                let written: Vec<Value> = operations.map(|action| written(script, action)).collect();
                if !written.is_empty() {
                    set("teardown", json!({"action": written}));
                }
            }
            _ => {
                let mut value = json!({"action": actions(script, test)});
                let title = if test.title.is_empty() { &test.id } else { &test.title };
                if let Some(name) = text(&test.id) {
                    value["name"] = name;
                }
                if let Some(description) = text(title) {
                    value["description"] = description;
                }
                tests.push(value);
            }
        }
    }
    if !tests.is_empty() {
        set("test", tests.into());
    }
    Value::Object(resource)
}

fn actions(script: &ScriptReport, test: &TestReport) -> Value {
    test.actions.iter().map(|action| written(script, action)).collect()
}

fn written(script: &ScriptReport, action: &ActionReport) -> Value {
    let result = match action.verdict {
        Verdict::Pass => "pass",
        Verdict::Fail => "fail",
        Verdict::Warning => "warning",
        Verdict::Error => "error",
        Verdict::Skip | Verdict::NotEvaluated => "skip",
    };
    let mut value = json!({"result": result});
    let said = [
        (action.verdict == Verdict::NotEvaluated).then(|| verdict_code(action.verdict).to_owned()),
        action.known.map(|_| "known".to_owned()),
        Some(action.code.clone()),
        Some(if action.message.is_empty() { one_line(&action.title) } else { one_line(&action.message) }),
    ];
    let said: Vec<String> = said.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    if let Some(message) = text(&said.join(" ")) {
        value["message"] = message;
    }
    match action.kind {
        // A URI there, a text here.
        ActionKind::Operation => json!({"operation": value}),
        ActionKind::Assert => {
            value["detail"] = detail(script, action).into();
            json!({"assert": value})
        }
    }
}

/// Both ends: line of the script, element of the answer.
fn detail(script: &ScriptReport, action: &ActionReport) -> String {
    let mut detail = place(script, action);
    if let Some(exchange) = action.exchange {
        detail.push_str(&format!(", exchange #{exchange}"));
        if action.target.line > 0 {
            let target = &action.target;
            detail.push_str(&format!(" line {}:{} {}", target.line, target.column, target.path));
        }
    }
    detail.trim().to_owned()
}

/// Of the tests, how many per cent passed.
fn score(script: &ScriptReport) -> Option<Value> {
    let passed = script.tests.iter().filter(|test| test.verdict == Conclusion::Passed).count() as u64;
    let all = script.tests.len() as u64;
    // In hundredths, by whole numbers: the same digits everywhere.
    let hundredths = (passed * 10_000 + all / 2).checked_div(all)?;
    let text = format!("{}.{:02}", hundredths / 100, hundredths % 100);
    text.parse::<f64>().ok().map(Value::from)
}

fn moment(report: &RunReport) -> Option<&str> {
    [&report.finished, &report.started].into_iter().map(String::as_str).find(|moment| !moment.is_empty())
}

fn narrative(script: &ScriptReport, name: &str, result: &str) -> String {
    let mut counts = Counts::default();
    script.tests.iter().flat_map(|test| &test.actions).for_each(|action| counts.add_action(action));
    let name = name.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let text = format!(
        "{name}: {result}; {} of {} actions hold, {} fail",
        counts.pass,
        counts.total,
        counts.fail + counts.error
    );
    format!("<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>{}</p></div>", legible(&text))
}

/// A text as FHIR takes it: not empty, no control characters.
fn text(text: &str) -> Option<Value> {
    let text = legible(text);
    let text = text.trim();
    (!text.is_empty()).then(|| text.into())
}

fn legible(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A UUID (RFC 9562, version 8) that is the same for the same run and script.
fn uuid(parts: &[&str]) -> String {
    let digest = Sha256::digest(parts.join("\u{1f}"));
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(digest).for_each(|(byte, from)| *byte = from);
    format!("urn:uuid:{}", uuid::Builder::from_custom_bytes(bytes).into_uuid())
}
