//! The notification: a Task that says what can be fetched, where, and until when.

use serde_json::{Value, json};

use super::Sent;
use crate::exchange::Bsn;
use crate::simulator::dva::server::Dva;

/// Identifiers of Tasks.
pub(super) const URN: &str = "urn:ietf:rfc:3986";
/// Codes of Tasks and their parameters.
const TASK_CODE: &str = "http://fhir.nl/fhir/NamingSystem/TaskCode";
const TASK_PARAMETER: &str = "http://fhir.nl/fhir/NamingSystem/TaskParameter";
/// The code of a notification.
pub(super) const NOTIFICATION: &str = "pull-notification";
/// Has the workflow Task read first.
const WORKFLOW: &str = "get-workflow-task";
const DID: &str = "https://www.w3.org/ns/did/v1";
const URA: &str = "http://fhir.nl/fhir/NamingSystem/ura";
const SNOMED: &str = "http://snomed.info/sct";
const LOINC: &str = "http://loinc.org";

/// What is offered: the code of the content, and the query without the person.
pub(super) const OFFERED: [(&str, &str, &str); 5] = [
    (LOINC, "79191-3", "Patient?_include=Patient:general-practitioner"),
    (LOINC, "11450-4", "Condition"),
    (LOINC, "75310-3", "Flag"),
    (LOINC, "48765-2", "AllergyIntolerance"),
    (SNOMED, "11291000146105", "Consent?category=http://snomed.info/sct%7C11291000146105"),
];

/// A query for one person: by their number where it is named, and with where things come from.
pub(super) fn query(offered: &str, bsn: Option<&str>) -> String {
    let kind = offered.split('?').next().unwrap_or_default();
    let parameter = if kind == "Patient" { "identifier" } else { "patient.identifier" };
    let separator = if offered.contains('?') { '&' } else { '?' };
    let person = bsn.map(|bsn| format!("{parameter}={}%7C{bsn}&", Bsn::SYSTEM)).unwrap_or_default();
    format!("{offered}{separator}{person}_revinclude=Provenance:target")
}

fn party(id: &str) -> Value {
    match id.starts_with("did:") {
        true => json!({ "identifier": { "system": DID, "value": id } }),
        false => json!({ "identifier": { "system": URA, "value": id.rsplit('.').next().unwrap_or_default() } }),
    }
}

fn parameter(system: &str, code: &str, value: &str) -> Value {
    json!({ "type": { "coding": [{ "system": system, "code": code }] }, "valueString": value })
}

/// The queries, as inputs.
fn offers(sent: &Sent) -> impl Iterator<Item = Value> {
    OFFERED.iter().zip(&sent.queries).map(|((system, code, _), query)| parameter(system, code, query))
}

/// The workflow Task of a referral on Nuts (SNOMED CT 3457005): what is offered, and how far it is.
pub(super) fn workflow(dva: &Dva, sent: &Sent) -> Value {
    let (own, partner) = dva.pull.parties;
    let (id, status) = &sent.workflow;
    json!({
        "resourceType": "Task",
        "id": id,
        "status": status,
        "intent": "order",
        "code": { "coding": [{ "system": SNOMED, "code": "3457005" }] },
        "requester": { "agent": party(own), "onBehalfOf": party(own) },
        "owner": party(partner),
        "input": offers(sent).collect::<Vec<_>>(),
    })
}

/// The Task of a notification.
pub(super) fn task(dva: &Dva, sent: &Sent, status: &str) -> Value {
    let (own, partner) = dva.pull.parties;
    let mut input = vec![parameter(TASK_PARAMETER, "authorization-base", &sent.base)];
    match dva.policy.nuts() {
        true => input.push(json!({
            "type": { "coding": [{ "system": TASK_PARAMETER, "code": WORKFLOW }] }, "valueBoolean": true,
        })),
        false => input.extend(offers(sent)),
    }
    let now = jiff::Timestamp::now();
    let end = now + jiff::SignedDuration::from_hours(14 * 24);
    let mut task = json!({
        "resourceType": "Task",
        "identifier": [{ "system": URN, "value": sent.identifier }],
        "groupIdentifier": { "system": URN, "value": sent.group },
        "status": status,
        "intent": "proposal",
        "code": { "coding": [{ "system": TASK_CODE, "code": NOTIFICATION }] },
        "authoredOn": second(now),
        "requester": { "agent": party(own), "onBehalfOf": party(own) },
        "owner": party(partner),
        "restriction": { "period": { "end": second(end) } },
        "input": input,
    });
    match dva.policy.nuts() {
        true => task["basedOn"] = json!([{ "reference": format!("Task/{}", sent.workflow.0) }]),
        false => task["for"] = json!({ "identifier": { "system": Bsn::SYSTEM, "value": sent.bsn } }),
    }
    task
}

fn second(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The value of the first identifier.
pub(super) fn identifier(task: &Value) -> Option<String> {
    let first = task.get("identifier")?.get(0)?.get("value")?.as_str()?;
    Some(first.to_owned()).filter(|value| !value.is_empty())
}

/// Whether a code is among an input's.
fn has_code(input: &Value, code: &str) -> bool {
    let codings = input.pointer("/type/coding").and_then(Value::as_array);
    codings.is_some_and(|codings| codings.iter().any(|c| c.get("code").is_some_and(|c| c == code)))
}

/// What a notification that came in hands over.
pub(super) struct Content {
    pub base: Option<String>,
    /// Queries and references, as they came.
    pub inputs: Vec<String>,
}

/// Reads the inputs.
pub(super) fn content(task: &Value) -> Content {
    let inputs = task.get("input").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let text = |input: &Value| input.get("valueString").and_then(Value::as_str).map(str::to_owned);
    let reference =
        |input: &Value| input.pointer("/valueReference/reference").and_then(Value::as_str).map(str::to_owned);
    let is_base = |input: &&Value| has_code(input, "authorization-base");
    let base = inputs.iter().find(is_base).and_then(text);
    let rest =
        inputs.iter().filter(|input| !is_base(input)).filter_map(|input| text(input).or_else(|| reference(input)));
    Content { base, inputs: rest.collect() }
}

/// The workflow Task that a notification is based on: `Task/…`.
pub(super) fn based_on(task: &Value) -> Option<&str> {
    task.pointer("/basedOn/0/reference")?.as_str()
}

/// Why a Task is not a notification for this party, if it is not.
pub(super) fn fault(dva: &Dva, task: &Value) -> Option<&'static str> {
    let at = |pointer: &str| task.pointer(pointer);
    let codes = at("/code/coding").and_then(Value::as_array);
    let notification =
        codes.is_some_and(|codes| codes.iter().any(|c| c.get("code").is_some_and(|c| c == NOTIFICATION)));
    let owner = at("/owner/identifier/value").and_then(Value::as_str);
    let whole = Some(dva.pull.parties.0);
    let own = whole.and_then(|id| id.rsplit('.').next());
    let nuts = dva.policy.nuts();
    [
        (identifier(task).is_none(), "it has no identifier"),
        (at("/groupIdentifier/value").is_none(), "it has no groupIdentifier"),
        (at("/status").is_none_or(|status| status != "requested"), "its status is not `requested`"),
        (!notification, "its code is not `pull-notification`"),
        (at("/requester").is_none(), "it has no requester"),
        (owner.is_none(), "it has no owner"),
        (owner.is_some() && owner != own && owner != whole, "its owner is not here"),
        (content(task).base.is_none(), "it has no authorization base"),
        (nuts && based_on(task).is_none(), "it is not based on a workflow Task"),
    ]
    .into_iter()
    .find_map(|(broken, why)| broken.then_some(why))
}
