//! The notification: a Task that says what can be fetched, where, and until when.

use serde_json::{Value, json};

use super::{OWN_ID, PARTNER_ID, Sent};
use crate::exchange::Bsn;

/// Identifiers of Tasks.
pub(super) const URN: &str = "urn:ietf:rfc:3986";
/// Codes of Tasks and their parameters.
const TASK_CODE: &str = "http://fhir.nl/fhir/NamingSystem/TaskCode";
const TASK_PARAMETER: &str = "http://fhir.nl/fhir/NamingSystem/TaskParameter";
/// The code of a notification.
pub(super) const NOTIFICATION: &str = "pull-notification";
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

/// A query for one person: by their number, and with where things come from.
pub(super) fn query(offered: &str, bsn: &str) -> String {
    let kind = offered.split('?').next().unwrap_or_default();
    let parameter = if kind == "Patient" { "identifier" } else { "patient.identifier" };
    let separator = if offered.contains('?') { '&' } else { '?' };
    format!("{offered}{separator}{parameter}={}%7C{bsn}&_revinclude=Provenance:target", Bsn::SYSTEM)
}

fn ura(id: &str) -> Value {
    json!({ "identifier": { "system": URA, "value": id.rsplit('.').next().unwrap_or_default() } })
}

/// The Task of a notification.
pub(super) fn task(sent: &Sent, status: &str) -> Value {
    let parameter = |system: &str, code: &str, value: &str| json!({ "type": { "coding": [{ "system": system, "code": code }] }, "valueString": value });
    let mut input = vec![parameter(TASK_PARAMETER, "authorization-base", &sent.base)];
    let codes = OFFERED.iter().zip(&sent.queries);
    input.extend(codes.map(|((system, code, _), query)| parameter(system, code, query)));
    let now = jiff::Timestamp::now();
    let end = now + jiff::SignedDuration::from_hours(14 * 24);
    json!({
        "resourceType": "Task",
        "identifier": [{ "system": URN, "value": sent.identifier }],
        "groupIdentifier": { "system": URN, "value": sent.group },
        "status": status,
        "intent": "proposal",
        "code": { "coding": [{ "system": TASK_CODE, "code": NOTIFICATION }] },
        "for": { "identifier": { "system": Bsn::SYSTEM, "value": sent.bsn } },
        "authoredOn": second(now),
        "requester": { "agent": ura(OWN_ID), "onBehalfOf": ura(OWN_ID) },
        "owner": ura(PARTNER_ID),
        "restriction": { "period": { "end": second(end) } },
        "input": input,
    })
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

/// Why a Task is not a notification for this party, if it is not.
pub(super) fn fault(task: &Value) -> Option<&'static str> {
    let at = |pointer: &str| task.pointer(pointer);
    let codes = at("/code/coding").and_then(Value::as_array);
    let notification =
        codes.is_some_and(|codes| codes.iter().any(|c| c.get("code").is_some_and(|c| c == NOTIFICATION)));
    let owner = at("/owner/identifier/value").and_then(Value::as_str);
    let own = OWN_ID.rsplit('.').next();
    [
        (identifier(task).is_none(), "it has no identifier"),
        (at("/groupIdentifier/value").is_none(), "it has no groupIdentifier"),
        (at("/status").is_none_or(|status| status != "requested"), "its status is not `requested`"),
        (!notification, "its code is not `pull-notification`"),
        (at("/requester").is_none(), "it has no requester"),
        (owner.is_none(), "it has no owner"),
        (owner.is_some() && owner != own && owner != Some(OWN_ID), "its owner is not here"),
        (content(task).base.is_none(), "it has no authorization base"),
    ]
    .into_iter()
    .find_map(|(broken, why)| broken.then_some(why))
}
