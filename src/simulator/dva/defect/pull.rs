//! Faults of Notified Pull, as sender (NP-S) and as receiver (NP-R).

use serde_json::{Value, json};

use super::edit::segments;
use super::{Fault, row};
use crate::simulator::dva::answer::token_error;
use crate::simulator::dva::policy::{Place, Policy, PullProfile, Rule};

#[rustfmt::skip]
pub(super) static FAULTS: &[Fault] = &[
    row("NP-S-01", "notifications go out without a token", |p| p.habits.token_first = false),
    row("NP-S-02", "assertions have no id", |p| p.habits.jti = false),
    row("NP-S-03", "assertions are not signed", |p| p.habits.signed = false),
    row("NP-S-04", "a notification is not sent as FHIR", |p| p.habits.content_type = "text/plain"),
    row("NP-S-05", "the Task has no groupIdentifier", |p| p.habits.task = |t| remove(t, "groupIdentifier")),
    row("NP-S-06", "the Task has another code", |p| p.habits.task = |t| set(t, "/code/coding/0/code", "iets-anders")),
    row("NP-S-07", "a query of the Task is absolute", |p| p.habits.task = |t| set(t, "/input/1/valueString", "https://elders.example/fhir/Patient")),
    row("NP-S-08", "the notification names the patient (np-nuts)", |p| { nuts(p); p.habits.task = names_patient }),
    row("NP-S-09", "a notification that failed is repeated under another identifier", |p| p.habits.same_identifier = false),
    row("NP-S-10", "a refused notification is repeated ten times", |p| p.habits.tries = 10),
    row("NP-S-11", "an update is of another group", |p| p.habits.same_group = false),
    row("NP-S-12", "a cancellation is a new Task", |p| p.habits.conditional = false),
    row("NP-S-13", "tokens for a pull do not say that they are Bearer tokens", |p| p.answer(Place::PullToken, |_, a| super::edit::json(a, |m| drop(m.remove("token_type"))))),
    row("NP-S-14", "any authorization base is good, and none", |p| p.skip(Rule::BaseGiven)),
    row("NP-S-15", "assertions are believed", believes),
    row("NP-S-16", "a query of the notification is too much for the server", |p| p.answer(Place::Pull, |r, a| if segments(r).contains(&"Flag") { a.status = 500 })),
    row("NP-S-17", "what was not announced is given too", |p| p.skip(Rule::PullListed)),
    row("NP-S-18", "data of another person are given too", |p| p.skip(Rule::PullPerson)),
    row("NP-S-19", "data are given without a user (np-nuts)", |p| { nuts(p); p.skip(Rule::PullUser) }),
    row("NP-S-20", "data are given after cancellation", |p| p.skip(Rule::NotCancelled)),
    row("NP-S-21", "a token does not expire", |p| p.skip(Rule::PullTokenFresh)),
    row("NP-S-22", "Provenance does not come along", |p| p.answer(Place::Pull, |_, a| super::edit::json(a, without_provenance))),
    row("NP-S-23", "the workflow Task cannot be moved on (np-nuts)", |p| { nuts(p); p.answer(Place::Pull, |r, a| if r.method == "PUT" { a.status = 405 }) }),
    row("NP-S-24", "no client certificate is needed", |p| { p.tls.no_client_certificate = true; p.skip(Rule::CertificateGiven) }),
    row("NP-S-25", "what is served can be changed", |p| p.skip(Rule::PullReads)),
    row("NP-R-01", "a good assertion gives no token", |p| p.answer(Place::PullToken, |_, a| if a.status == 200 { *a = token_error("invalid_client", "no") })),
    row("NP-R-02", "assertions are believed", believes),
    row("NP-R-03", "a good notification is refused", |p| p.answer(Place::Notification, |_, a| if a.status == 201 { a.status = 422 })),
    row("NP-R-04", "a notification needs no token", |p| p.skip(Rule::NotificationToken)),
    row("NP-R-05", "anything is a notification", |p| p.skip(Rule::TaskWhole)),
    row("NP-R-06", "the same notification is done again", |p| p.skip(Rule::NotifiedOnce)),
    row("NP-R-07", "notifications can be looked at and taken away", |p| p.skip(Rule::OnlyNotified)),
    row("NP-R-08", "another authorization base is handed over", |p| p.habits.own_base = false),
    row("NP-R-09", "more is fetched than was announced", |p| p.habits.more = Some("Observation")),
    row("NP-R-11", "requests do not say which format they want, and ask for more than is needed", |p| p.habits.tidy = false),
    row("NP-R-12", "only the first page is fetched", |p| p.habits.pages = false),
    row("NP-R-13", "a failed request is repeated forty times", |p| p.habits.tries = 40),
    row("NP-R-14", "a token that has run out is not renewed", |p| p.habits.renews = false),
    row("NP-R-15", "any certificate of a server is good", |p| p.habits.checks_servers = false),
    row("NP-R-16", "a cancelled notification is fetched", |p| p.habits.heeds_cancel = false),
    row("NP-R-17", "the workflow Task is not moved on (np-nuts)", |p| { nuts(p); p.habits.moves_on = false }),
    row("NP-R-20", "queries that lead to another host are fetched", |p| p.habits.stays_home = false),
    row("API-26", "assertions that are not signed are believed", |p| p.skip(Rule::AssertionSigned)),
    row("API-27", "an assertion can be used again", |p| p.skip(Rule::AssertionOnce)),
];

/// What only shows on Nuts is played there.
fn nuts(policy: &mut Policy) {
    policy.pull = PullProfile::Nuts;
}

fn names_patient(task: &mut Value) {
    task["for"] = json!({ "identifier": { "system": crate::exchange::Bsn::SYSTEM, "value": "999911120" } });
}

/// What an assertion is judged by.
const ASSERTION: [Rule; 7] = [
    Rule::AssertionSigned,
    Rule::AssertionKey,
    Rule::AssertionIssuer,
    Rule::AssertionAudience,
    Rule::AssertionFresh,
    Rule::AssertionPast,
    Rule::AssertionOnce,
];

fn believes(policy: &mut Policy) {
    ASSERTION.into_iter().for_each(|rule| policy.skip(rule));
}

fn without_provenance(bundle: &mut serde_json::Map<String, Value>) {
    let provenance = |entry: &Value| entry.pointer("/resource/resourceType").is_some_and(|kind| kind == "Provenance");
    if let Some(Value::Array(entries)) = bundle.get_mut("entry") {
        entries.retain(|entry| !provenance(entry));
    }
}

fn remove(task: &mut Value, name: &str) {
    if let Some(members) = task.as_object_mut() {
        members.remove(name);
    }
}

fn set(task: &mut Value, pointer: &str, text: &str) {
    if let Some(value) = task.pointer_mut(pointer) {
        *value = json!(text);
    }
}
