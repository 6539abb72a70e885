//! Judges of NP-R: we notify and serve, the party is told and pulls.

mod notification;
mod pull;

pub use notification::*;
pub use pull::*;

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::authorization::assertion::Unverified;
use crate::check::catalogue::Level;
use crate::check::code;
use crate::check::outcome::{Finding, Judged, Outcome};
use crate::check::session::{Peer, Place, Seen, Session};
use crate::exchange::Bsn;

use super::host::{Host, Manner};
use super::sender::tidy_request;
use super::{assertion, task};

/// The patient of our notifications: fictitious, of the test range.
const PATIENT: &str = "999911120";

/// A notification of ours, and what the party did with it.
pub struct Pulled {
    task: Value,
    /// What it announced.
    queries: Vec<String>,
    seen: Seen,
    arrived: Vec<Seen>,
}

/// What we notify about.
fn queries() -> Vec<String> {
    let patient = format!("{}%7C{PATIENT}", Bsn::SYSTEM);
    vec![
        format!("Patient?identifier={patient}&_include=Patient:general-practitioner"),
        format!("Condition?patient.identifier={patient}"),
        format!("AllergyIntolerance?patient.identifier={patient}"),
    ]
}

/// What we serve: the conditions come in three pages, with an absolute reference in the first.
fn served(host: &Host) -> Vec<(String, Value)> {
    let base = host.fhir_base();
    let condition = |number: u32, next: Option<&str>| {
        let id = format!("keur-{number}");
        let mut links = vec![json!({"relation": "self", "url": format!("{base}/Condition")})];
        links.extend(next.map(|next| json!({"relation": "next", "url": format!("{base}/Condition?page={next}")})));
        let resource = json!({
            "resourceType": "Condition", "id": id, "clinicalStatus": "active", "code": {"text": "keur"},
            "subject": {"reference": format!("{base}/Patient/keur-patient")},
        });
        let entry =
            json!({"fullUrl": format!("{base}/Condition/{id}"), "resource": resource, "search": {"mode": "match"}});
        json!({"resourceType": "Bundle", "type": "searchset", "total": 3, "link": links, "entry": [entry]})
    };
    let patient = json!({"resourceType": "Patient", "id": "keur-patient", "name": [{"family": "Keur"}]});
    let found = json!({
        "resourceType": "Bundle", "type": "searchset", "total": 1, "link": [{"relation": "self", "url": format!("{base}/Patient")}],
        "entry": [{"fullUrl": format!("{base}/Patient/keur-patient"), "resource": patient.clone(), "search": {"mode": "match"}}],
    });
    vec![
        ("Condition?page=2".to_owned(), condition(2, Some("3"))),
        ("Condition?page=3".to_owned(), condition(3, None)),
        ("Condition".to_owned(), condition(1, Some("2"))),
        ("Patient/".to_owned(), patient),
        ("Patient".to_owned(), found),
    ]
}

/// A notification of ours, and on Nuts the workflow Task that goes with it.
fn own(session: &Session<'_>, queries: &[String]) -> Result<(Value, Option<(String, Value)>), Outcome> {
    let pull = session.party()?;
    let base = Uuid::new_v4().to_string();
    session.keep_secret(&base);
    let id = session.nuts().then(|| Uuid::new_v4().to_string());
    let notice = task::Notice {
        sender: &pull.partner_id,
        receiver: &pull.own_id,
        bsn: PATIENT,
        base: &base,
        queries,
        workflow: id.as_deref(),
    };
    let workflow = id.as_ref().map(|id| (format!("Task/{id}"), task::workflow(&notice, "requested")));
    Ok((task::notification(&notice), workflow))
}

/// A token for notifying.
async fn granted(session: &Session<'_>) -> Result<String, Outcome> {
    if session.party()?.profile == "np-open" {
        let token = session.setup.token.as_ref();
        return token
            .map(|token| token.expose().to_owned())
            .ok_or_else(|| Outcome::open(code::INPUT, "missing: a token (`--token`)"));
    }
    let seen = assertion::ask(session, None, Peer::Client).await?;
    assertion::token(&seen).ok_or_else(|| {
        Outcome::blocked(format!("no token was given for the notification (NP-R-01): {}", seen.in_words()))
    })
}

async fn post(session: &Session<'_>, token: Option<&str>, body: &str) -> Result<Seen, Outcome> {
    let url = session.party()?.notification_endpoint.clone();
    Ok(session.send(Peer::Client, Place::Other, tidy_request("POST", &url, token, body)).await)
}

/// Waits until the party is done with a notification.
async fn settled(session: &Session<'_>, host: &Host, task: &Value) {
    let id = task::identifier(task).unwrap_or_default().to_owned();
    for _ in 0..200 {
        let Ok(state) = session.steer(json!({"do": "state", "identifier": id})).await else { break };
        if state.get("done").and_then(Value::as_bool) == Some(true) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    session.quiet(host, Duration::from_millis(500), Duration::from_secs(15)).await;
}

/// Notifies while our endpoints behave like this, and waits for the pull.
async fn pulled_with(
    session: &Session<'_>,
    manner: impl FnOnce(&Host) -> Manner,
    queries: &[String],
    authority: Option<&str>,
) -> Result<Pulled, Outcome> {
    // A party that cannot be told where we are is notified all the same; it will not come to us.
    let host = match session.steerable() {
        Ok(()) => session.introduce(authority).await?,
        Err(_) => session.host().await?,
    };
    let (task, workflow) = own(session, queries)?;
    let mut manner = manner(host);
    manner.served.splice(..0, workflow);
    host.behave(manner);
    session.arrivals(host);
    let token = granted(session).await?;
    let seen = post(session, Some(&token), &task.to_string()).await?;
    if seen.is_success() && session.steerable().is_ok() {
        settled(session, host, &task).await;
    }
    let arrived = session.arrivals(host);
    host.behave(Manner::default());
    Ok(Pulled { task, queries: queries.to_vec(), seen, arrived })
}

/// A notification and its pull, all in order.
async fn pulled<'s>(session: &'s Session<'_>) -> Result<&'s Pulled, Outcome> {
    let make = || async {
        let queries = queries();
        pulled_with(session, |host| Manner { served: served(host), ..Manner::default() }, &queries, None).await
    };
    let pulled = session.pull.pulled.get_or_init(make).await.as_ref().map_err(Clone::clone)?;
    accepted(pulled)?;
    // What it does with a notification is only seen when it knows where we are.
    session.steerable().map(|()| pulled)
}

/// That the notification was taken; without that nothing is to be seen.
fn accepted(pulled: &Pulled) -> Result<(), Outcome> {
    match pulled.seen.is_success() {
        true => Ok(()),
        false => Err(Outcome::blocked(format!("the notification was refused (NP-R-03): {}", pulled.seen.in_words()))),
    }
}

fn path(seen: &Seen) -> &str {
    let url = &seen.exchange.request.url;
    let after = url.split_once("://").map_or("", |(_, rest)| rest);
    after.find('/').map_or("/", |at| &after[at..])
}

/// What was asked of our FHIR server, `Type?…`.
fn reads(arrived: &[Seen]) -> Vec<(&Seen, &str)> {
    arrived.iter().filter_map(|seen| Some((seen, path(seen).strip_prefix("/fhir/")?))).collect()
}

fn wrong(seen: &Seen, level: Level, message: impl Into<String>) -> Finding {
    Finding::new(level, code::REQUEST, message).at(seen.number)
}

/// The pull, or that it never came.
fn came(pulled: &Pulled) -> Result<Vec<(&Seen, &str)>, Outcome> {
    let reads = reads(&pulled.arrived);
    if reads.is_empty() { Err(Outcome::open(code::UNSEEN, "nothing was pulled while we waited")) } else { Ok(reads) }
}

pub async fn base(session: &Session<'_>) -> Judged {
    session.with_tokens()?;
    let pulled = pulled(session).await?;
    came(pulled)?;
    let mut asked = pulled.arrived.iter().filter(|seen| path(seen) == "/token");
    let Some(seen) = asked.next() else {
        return Ok(Finding::new(Level::Hard, code::REQUEST, "no token was asked for the pull").into());
    };
    let field = |wanted: &str| {
        let mut form = url::form_urlencoded::parse(&seen.exchange.request.body);
        form.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
    };
    let given = match session.nuts() {
        // On Nuts it is the credential in the assertion.
        true => field("assertion").and_then(|assertion| {
            Unverified::parse(&assertion)?.claims.get("vcs")?.get(0)?.as_str().map(str::to_owned)
        }),
        false => field("authorization_base"),
    };
    if given.as_deref() == task::base(&pulled.task) {
        return Ok(seen.shows());
    }
    let what = if given.is_some() {
        "another authorization base is handed over"
    } else {
        "no authorization base is handed over"
    };
    Ok(wrong(seen, Level::Hard, what).expected("the one of the notification").into())
}

/// A query without what goes with pages and formats, decoded.
fn compared(query: &str) -> (String, BTreeSet<(String, String)>) {
    let (kind, parameters) = query.split_once('?').unwrap_or((query, ""));
    let pairs = url::form_urlencoded::parse(parameters.as_bytes()).into_owned();
    (kind.to_owned(), pairs.filter(|(name, _)| !matches!(name.as_str(), "_format" | "_count" | "_pretty")).collect())
}

pub async fn minimal(session: &Session<'_>) -> Judged {
    let pulled = pulled(session).await?;
    let listed: Vec<_> = pulled.queries.iter().map(|query| compared(query)).collect();
    let workflow = task::based_on(&pulled.task);
    let mut outcome = Outcome::holds();
    for (seen, asked) in came(pulled)? {
        outcome.exchange.get_or_insert(seen.number);
        let (kind, pairs) = compared(asked);
        let page = pairs.iter().any(|(name, _)| name == "page");
        // Something unneeded in the query is NP-R-11; here it is about what is asked for.
        let notified = listed.iter().any(|(own, parameters)| *own == kind && parameters.is_subset(&pairs));
        let referred = kind == "Patient/keur-patient"
            || kind.starts_with("Condition/keur-")
            || kind == "metadata"
            || Some(kind.as_str()) == workflow;
        if !notified && !page && !referred {
            outcome.push(wrong(seen, Level::Hard, format!("`{kind}` is pulled and was not notified")));
            break;
        }
    }
    Ok(outcome)
}
