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

/// On Nuts: the queries are in the workflow Task.
const WORKFLOW: &str = "get-workflow-task";
const PARAMETER: &str = "http://fhir.nl/fhir/NamingSystem/TaskParameter";

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
    if nuts && based_on(task).is_none() {
        missing.push("basedOn");
    }
    let asks = |input: &Value| {
        let codings = input.pointer("/type/coding").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        codings.iter().any(|coding| coding.get("code").is_some_and(|code| code == WORKFLOW))
            && input.get("valueBoolean") == Some(&Value::Bool(true))
    };
    let inputs = task.get("input").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if nuts && !inputs.iter().any(asks) {
        missing.push("input with code get-workflow-task and value true");
    }
    if !nuts && task.pointer("/for/identifier").is_none() {
        missing.push("for.identifier");
    }
    missing
}

/// The workflow Task that a notification is based on: `Task/…`.
pub fn based_on(task: &Value) -> Option<&str> {
    task.pointer("/basedOn/0/reference")?.as_str()
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

/// What a notification of ours is about.
pub struct Notice<'n> {
    /// Who we are: a URA in an OID, or a DID.
    pub sender: &'n str,
    /// Who it is for.
    pub receiver: &'n str,
    /// The patient; on Nuts not in the notification.
    pub bsn: &'n str,
    /// The authorization base.
    pub base: &'n str,
    /// What can be fetched.
    pub queries: &'n [String],
    /// On Nuts: id of the workflow Task.
    pub workflow: Option<&'n str>,
}

fn party(id: &str) -> Value {
    match id.starts_with("did:") {
        true => json!({"identifier": {"system": "https://www.w3.org/ns/did/v1", "value": id}}),
        false => {
            let last = id.rsplit('.').next().unwrap_or(id);
            json!({"identifier": {"system": "http://fhir.nl/fhir/NamingSystem/ura", "value": last}})
        }
    }
}

/// Queries as inputs: 11450-4 is the problem list, the content that most queries of the standard have.
fn offers(queries: &[String]) -> impl Iterator<Item = Value> {
    let content = |query: &String| json!({"type": {"coding": [{"system": "http://loinc.org", "code": "11450-4"}]}, "valueString": query});
    queries.iter().map(content)
}

/// A workflow Task of ours (SNOMED CT 3457005, patient referral), as far as it was moved on.
pub fn workflow(notice: &Notice<'_>, status: &str) -> Value {
    json!({
        "resourceType": "Task",
        "id": notice.workflow,
        "status": status,
        "intent": "order",
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "3457005"}]},
        "requester": {"agent": party(notice.sender), "onBehalfOf": party(notice.sender)},
        "owner": party(notice.receiver),
        "input": offers(notice.queries).collect::<Vec<_>>(),
    })
}

/// A notification of ours.
pub fn notification(notice: &Notice<'_>) -> Value {
    let kind = |code: &str| json!({"coding": [{"system": PARAMETER, "code": code}]});
    let mut input = vec![json!({"type": kind("authorization-base"), "valueString": notice.base})];
    match notice.workflow {
        Some(_) => input.push(json!({"type": kind(WORKFLOW), "valueBoolean": true})),
        None => input.extend(offers(notice.queries)),
    }
    let now = jiff::Timestamp::now();
    let end = now + jiff::SignedDuration::from_hours(24);
    let urn = || format!("urn:uuid:{}", Uuid::new_v4());
    let mut task = json!({
        "resourceType": "Task",
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": urn()}],
        "groupIdentifier": {"system": "urn:ietf:rfc:3986", "value": urn()},
        "status": "requested",
        "intent": "proposal",
        "code": {"coding": [{"system": CODE_SYSTEMS[0], "code": CODE}]},
        "authoredOn": now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "requester": {"agent": party(notice.sender), "onBehalfOf": party(notice.sender)},
        "owner": party(notice.receiver),
        "restriction": {"period": {"end": end.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()}},
        "input": input,
    });
    match notice.workflow {
        Some(id) => task["basedOn"] = json!([{"reference": format!("Task/{id}")}]),
        None => task["for"] = json!({"identifier": {"system": Bsn::SYSTEM, "value": notice.bsn}}),
    }
    task
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queries_of(task: &Value) -> Vec<&str> {
        queries(task)
    }

    #[test]
    fn our_own_notification_lacks_nothing() {
        let queries = ["Patient?x=y".to_owned()];
        let twiin = Notice {
            sender: "a.1",
            receiver: "b.2",
            bsn: "999911120",
            base: "base",
            queries: &queries,
            workflow: None,
        };
        let task = notification(&twiin);
        assert_eq!(missing(&task, false), Vec::<&str>::new());
        assert_eq!(missing(&task, true), ["basedOn", "input with code get-workflow-task and value true"]);
        let nuts = Notice { sender: "did:a", receiver: "did:b", workflow: Some("w"), ..twiin };
        let referral = notification(&nuts);
        assert_eq!((missing(&referral, true), based_on(&referral)), (vec![], Some("Task/w")));
        assert!(!referral.to_string().contains("999911120") && queries_of(&referral).is_empty());
        assert_eq!(queries_of(&workflow(&nuts, "requested")), ["Patient?x=y"]);
        assert_eq!((base(&task), queries_of(&task)), (Some("base"), vec!["Patient?x=y"]));
        assert_eq!(missing(&json!({}), false).len(), MANDATORY.len() + 2);
    }
}
