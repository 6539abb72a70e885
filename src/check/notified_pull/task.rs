//! The notification Task: what it must have, and one of our own.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::exchange::Bsn;

/// Codes of the notification and its parameters; sources disagree on the systems, the first is advised.
pub const CODE_SYSTEMS: [&str; 3] = [
    "http://fhir.nl/fhir/NamingSystem/TaskCode",
    "http://fhir.nl/fhir/NamingSystem/TaskCodes",
    "https://www.twiin.nl/tanp/CodeSystem/tanp-codes",
];
/// The code.
pub const CODE: &str = "pull-notification";

/// What a Task must have: where, and what people call it.
const MANDATORY: [(&str, &str); 8] = [
    ("/identifier/0/value", "identifier"),
    ("/groupIdentifier/value", "groupIdentifier"),
    ("/status", "status"),
    ("/intent", "intent"),
    ("/code/coding/0/code", "code"),
    ("/requester/agent", "requester.agent"),
    ("/owner", "owner"),
    ("/input/0", "input"),
];

/// What is missing in a notification.
pub fn missing(task: &Value, nuts: bool) -> Vec<&'static str> {
    let mut missing: Vec<&str> =
        MANDATORY.iter().filter(|(at, _)| task.pointer(at).is_none()).map(|(_, name)| *name).collect();
    if base(task).is_none() {
        missing.push("input with code authorization-base");
    }
    if nuts && task.pointer("/basedOn/0").is_none() {
        missing.push("basedOn");
    }
    if !nuts && task.pointer("/for/identifier").is_none() {
        missing.push("for.identifier");
    }
    missing
}

/// The first identifier.
pub fn identifier(task: &Value) -> Option<&str> {
    task.pointer("/identifier/0/value")?.as_str()
}

/// The group.
pub fn group(task: &Value) -> Option<&str> {
    task.pointer("/groupIdentifier/value")?.as_str()
}

fn inputs(task: &Value) -> impl Iterator<Item = (Vec<&str>, &str)> {
    let all = task.get("input").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    all.iter().filter_map(|input| {
        let codings = input.pointer("/type/coding").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let codes = codings.iter().filter_map(|coding| coding.get("code")?.as_str()).collect();
        let value = input.get("valueString").and_then(Value::as_str);
        Some((codes, value.or_else(|| input.pointer("/valueReference/reference")?.as_str())?))
    })
}

/// The authorization base.
pub fn base(task: &Value) -> Option<&str> {
    inputs(task).find(|(codes, _)| codes.contains(&"authorization-base")).map(|(_, value)| value)
}

/// Queries and references.
pub fn queries(task: &Value) -> Vec<&str> {
    inputs(task).filter(|(codes, _)| !codes.contains(&"authorization-base")).map(|(_, value)| value).collect()
}

/// A notification of ours.
pub fn notification(sender: &str, receiver: &str, bsn: &str, base: &str, queries: &[String]) -> Value {
    let last = |id: &str| id.rsplit('.').next().unwrap_or(id).to_owned();
    let party = |id: &str| json!({"identifier": {"system": "http://fhir.nl/fhir/NamingSystem/ura", "value": last(id)}});
    let parameter = |code: &str, value: &str| json!({"type": {"coding": [{"system": "http://fhir.nl/fhir/NamingSystem/TaskParameter", "code": code}]}, "valueString": value});
    let mut input = vec![parameter("authorization-base", base)];
    // 11450-4 is the problem list, the content that most queries of the standard have.
    let content = |query: &String| json!({"type": {"coding": [{"system": "http://loinc.org", "code": "11450-4"}]}, "valueString": query});
    input.extend(queries.iter().map(content));
    let now = jiff::Timestamp::now();
    let end = now + jiff::SignedDuration::from_hours(24);
    let urn = || format!("urn:uuid:{}", Uuid::new_v4());
    json!({
        "resourceType": "Task",
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": urn()}],
        "groupIdentifier": {"system": "urn:ietf:rfc:3986", "value": urn()},
        "status": "requested",
        "intent": "proposal",
        "code": {"coding": [{"system": CODE_SYSTEMS[0], "code": CODE}]},
        "for": {"identifier": {"system": Bsn::SYSTEM, "value": bsn}},
        "authoredOn": now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "requester": {"agent": party(sender), "onBehalfOf": party(sender)},
        "owner": party(receiver),
        "restriction": {"period": {"end": end.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()}},
        "input": input,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_notification_lacks_nothing() {
        let task = notification("a.1", "b.2", "999911120", "base", &["Patient?x=y".to_owned()]);
        assert_eq!(missing(&task, false), Vec::<&str>::new());
        assert_eq!(missing(&task, true), ["basedOn"]);
        assert_eq!((base(&task), queries(&task)), (Some("base"), vec!["Patient?x=y"]));
        assert_eq!(missing(&json!({}), false).len(), MANDATORY.len() + 2);
    }
}
