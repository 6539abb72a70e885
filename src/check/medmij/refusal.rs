//! How a FHIR server says no: an OperationOutcome, and nothing about its inside.

use serde_json::Value;

use crate::check::catalogue::Level;
use crate::check::code;
use crate::check::outcome::Finding;
use crate::check::session::Seen;

use super::bundle::text;

/// FHIR's issue types, STU3 and R4 together.
const ISSUE_TYPES: [&str; 33] = [
    "invalid",
    "structure",
    "required",
    "value",
    "invariant",
    "security",
    "login",
    "unknown",
    "expired",
    "forbidden",
    "suppressed",
    "processing",
    "not-supported",
    "duplicate",
    "multiple-matches",
    "not-found",
    "deleted",
    "too-long",
    "code-invalid",
    "extension",
    "too-costly",
    "business-rule",
    "conflict",
    "incomplete",
    "transient",
    "lock-error",
    "no-store",
    "exception",
    "timeout",
    "throttled",
    "informational",
    "incompatible",
    "success",
];
const SEVERITIES: [&str; 4] = ["fatal", "error", "warning", "information"];

/// What shows the inside of a server.
const INTERNALS: [&str; 26] = [
    "stack trace",
    "stacktrace",
    "java.lang.",
    "at org.",
    "at com.",
    "at java.",
    "at sun.",
    "nullpointerexception",
    "org.hibernate",
    "org.springframework",
    "traceback (most recent call last)",
    "system.nullreference",
    "   at system.",
    "sqlstate",
    "sqlexception",
    "ora-0",
    "select * from",
    "syntax error at or near",
    "psql",
    "/usr/lib/",
    "/var/www/",
    "/home/",
    "c:\\",
    "node_modules",
    "panicked at",
    "goroutine ",
];

/// The outcome in an answer, JSON or XML.
fn outcome_in_json(value: &Value) -> Result<(), String> {
    if text(value, "resourceType") != Some("OperationOutcome") {
        return Err("it is no OperationOutcome".to_owned());
    }
    let issues = value.get("issue").and_then(Value::as_array).filter(|issues| !issues.is_empty());
    let Some(issues) = issues else { return Err("the OperationOutcome has no issue".to_owned()) };
    for issue in issues {
        let severity = text(issue, "severity").unwrap_or_default();
        if !SEVERITIES.contains(&severity) {
            return Err(format!("the severity of an issue is `{severity}`"));
        }
        let kind = text(issue, "code").unwrap_or_default();
        if !ISSUE_TYPES.contains(&kind) {
            return Err(format!("the code of an issue is `{kind}`"));
        }
    }
    Ok(())
}

/// Whether the refusal is an OperationOutcome with issues.
pub fn outcome(seen: &Seen) -> Result<(), String> {
    match seen.json() {
        Some(value) => outcome_in_json(&value),
        None if seen.text().contains("<OperationOutcome") => Ok(()),
        None => Err("it is no OperationOutcome".to_owned()),
    }
}

/// A warning where a refusal is no OperationOutcome.
pub fn not_an_outcome(seen: &Seen) -> Option<Finding> {
    let why = outcome(seen).err()?;
    let finding = seen.finding(Level::Warn, code::ERROR_FORM, format!("an error is not said as FHIR does: {why}"));
    Some(finding.expected("an OperationOutcome with an issue, its severity and code"))
}

/// What of the inside shows in an answer.
pub fn internals(seen: &Seen) -> Option<&'static str> {
    let text = seen.text().to_lowercase();
    INTERNALS.into_iter().find(|shown| text.contains(shown))
}

/// Bytes of base64url, with padding or without; None for anything else.
pub fn base64url(text: &str) -> Option<Vec<u8>> {
    let mut bits = 0u32;
    let mut held = 0u32;
    let mut bytes = vec![];
    for character in text.trim_end_matches('=').bytes() {
        let value = match character {
            b'A'..=b'Z' => character - b'A',
            b'a'..=b'z' => character - b'a' + 26,
            b'0'..=b'9' => character - b'0' + 52,
            b'-' | b'+' => 62,
            b'_' | b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    Some(bytes)
}

/// Text in base64url without padding.
pub fn to_base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let mut word = 0u32;
        for at in 0..3 {
            word = (word << 8) | u32::from(chunk.get(at).copied().unwrap_or_default());
        }
        for at in 0..=chunk.len() {
            let index = (word >> (18 - 6 * at)) & 63;
            out.push(char::from(ALPHABET[index as usize]));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn base64url_there_and_back(bytes: Vec<u8>) {
            proptest::prop_assert_eq!(base64url(&to_base64url(&bytes)), Some(bytes));
        }
    }

    #[test]
    fn outcomes_are_told_from_others() {
        let good = serde_json::json!({"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "not-found"}]});
        assert_eq!(outcome_in_json(&good), Ok(()));
        for bad in [
            serde_json::json!({"error": "x"}),
            serde_json::json!({"resourceType": "OperationOutcome", "issue": []}),
            serde_json::json!({"resourceType": "OperationOutcome", "issue": [{"severity": "bad", "code": "invalid"}]}),
            serde_json::json!({"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "oops"}]}),
        ] {
            assert!(outcome_in_json(&bad).is_err(), "{bad}");
        }
    }
}
