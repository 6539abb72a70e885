//! Diagnostics for code-scanning tools, as SARIF 2.1.0
//! (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>).

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::super::{Code, Diagnostic, Language, LineIndex, Registry, Severity};

/// One result.
#[derive(Clone, Debug)]
pub struct SarifResult {
    /// The rule.
    pub code: Code,
    /// How bad; none for what could not be decided.
    pub severity: Option<Severity>,
    /// One line.
    pub message: String,
    /// Where it is.
    pub place: Option<SarifPlace>,
    /// Other places that it is about, with what to say of each.
    pub related: Vec<(SarifPlace, String)>,
    /// What stays the same when lines move, for telling new results from old ones.
    pub fingerprint: Option<String>,
    /// Why it is accepted, where it is.
    pub accepted: Option<String>,
}

/// A place in a file, or in something else that has lines.
#[derive(Clone, Debug, Default)]
pub struct SarifPlace {
    /// Path of the file; empty for what is in none.
    pub path: String,
    /// Line, from 1; 0 for the whole.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Path of the element within it.
    pub element: String,
}

impl SarifResult {
    /// A diagnostic with its labels: the first is the place, the others are related.
    pub fn of(diagnostic: &Diagnostic) -> SarifResult {
        let mut places = diagnostic.labels.iter().map(|label| {
            let position = LineIndex::default().position(&label.source.text, label.span.start());
            let path = label.source.name.to_string();
            let place = SarifPlace { path, line: position.line, column: position.column, element: String::new() };
            (place, label.text.clone())
        });
        SarifResult {
            code: diagnostic.code,
            severity: Some(diagnostic.severity),
            message: diagnostic.message.clone(),
            place: places.next().map(|(place, _)| place),
            related: places.collect(),
            fingerprint: None,
            accepted: None,
        }
    }
}

/// A run with these results, on one line.
pub fn sarif(results: &[SarifResult], registry: &Registry, language: Language) -> String {
    let codes: BTreeSet<Code> = results.iter().map(|result| result.code).collect();
    let rule = |code: &Code| match registry.rule(*code) {
        Some(rule) => json!({
            "id": code.to_string(),
            "shortDescription": {"text": rule.title.get(language)},
            "fullDescription": {"text": rule.explanation.get(language)},
            "help": {"text": rule.remedy.get(language)},
        }),
        None => json!({"id": code.to_string()}),
    };
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
            "results": results.iter().map(written).collect::<Vec<_>>(),
        }],
    });
    format!("{document}\n")
}

fn written(result: &SarifResult) -> Value {
    let level = match result.severity {
        Some(Severity::Fatal | Severity::Error) => "error",
        Some(Severity::Warning) => "warning",
        Some(Severity::Information) => "note",
        None => "none",
    };
    let mut value = json!({
        "ruleId": result.code.to_string(),
        "level": level,
        "message": {"text": result.message},
    });
    // Section 3.27.9: evaluated, but without enough to decide.
    if result.severity.is_none() {
        value["kind"] = "open".into();
    }
    if let Some(place) = &result.place {
        value["locations"] = json!([location(place)]);
    }
    if !result.related.is_empty() {
        let related = result.related.iter().enumerate().map(|(id, (place, text))| {
            let mut location = location(place);
            location["id"] = id.into();
            location["message"] = json!({"text": text});
            location
        });
        value["relatedLocations"] = related.collect();
    }
    if let Some(fingerprint) = &result.fingerprint {
        value["partialFingerprints"] = json!({"keur/v1": fingerprint});
    }
    if let Some(reason) = &result.accepted {
        value["suppressions"] = json!([{"kind": "external", "justification": reason}]);
    }
    value
}

fn location(place: &SarifPlace) -> Value {
    let mut location = json!({});
    if !place.path.is_empty() {
        let mut physical = json!({"artifactLocation": {"uri": uri(&place.path)}});
        if place.line > 0 {
            physical["region"] = json!({"startLine": place.line, "startColumn": place.column.max(1)});
        }
        location["physicalLocation"] = physical;
    }
    if !place.element.is_empty() {
        location["logicalLocations"] = json!([{"fullyQualifiedName": place.element}]);
    }
    location
}

/// A path as a relative reference (RFC 3986, section 4.2).
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.replace('\\', "/").bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' | b'@' | b'+' | b'=' => {
                uri.push(char::from(byte));
            }
            _ => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_references() {
        for (path, expected) in [("a/b c.xml", "a/b%20c.xml"), ("é#1.json", "%C3%A9%231.json"), ("a\\b", "a/b")] {
            assert_eq!(uri(path), expected);
        }
    }
}
