//! Judges of NP-R: we notify and serve, the party is told and pulls.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::check::catalogue::Level;
use crate::check::code;
use crate::check::outcome::{Finding, Judged, Outcome};
use crate::check::session::{Peer, Place, Seen, Session};
use crate::exchange::Bsn;
use crate::fhir::Format;

use super::assertion;
use super::host::{Host, Manner};
use super::sender::tidy_request;
use super::task;

/// The patient of our notifications: fictitious, of the test range.
const PATIENT: &str = "999911120";
/// Most tries of one request that are no loop.
const TRIES: usize = 10;

/// A notification of ours, and what the party did with it.
pub struct Pulled {
    task: Value,
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

fn own(session: &Session<'_>, base: &str, queries: &[String]) -> Result<Value, Outcome> {
    let pull = session.party()?;
    session.keep_secret(base);
    Ok(task::notification(&pull.partner_id, &pull.own_id, PATIENT, base, queries))
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
    let host = session.introduce(authority).await?;
    host.behave(manner(host));
    session.arrivals(host);
    let token = granted(session).await?;
    let task = own(session, &Uuid::new_v4().to_string(), queries)?;
    let seen = post(session, Some(&token), &task.to_string()).await?;
    if seen.is_success() {
        settled(session, host, &task).await;
    }
    let arrived = session.arrivals(host);
    host.behave(Manner::default());
    Ok(Pulled { task, seen, arrived })
}

/// A notification and its pull, all in order.
async fn pulled<'s>(session: &'s Session<'_>) -> Result<&'s Pulled, Outcome> {
    let make = || async {
        let queries = queries();
        pulled_with(session, |host| Manner { served: served(host), ..Manner::default() }, &queries, None).await
    };
    let pulled = session.pull.pulled.get_or_init(make).await.as_ref().map_err(Clone::clone)?;
    accepted(pulled).map(|()| pulled)
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

pub async fn token(session: &Session<'_>) -> Judged {
    session.with_tokens()?;
    let seen = assertion::ask(session, None, Peer::Client).await?;
    let bearer =
        seen.json().and_then(|value| value.get("token_type")?.as_str().map(|kind| kind.eq_ignore_ascii_case("bearer")));
    if seen.status() == 200 && assertion::token(&seen).is_some() && bearer == Some(true) {
        return Ok(seen.shows());
    }
    Ok(seen
        .finding(Level::Hard, code::REFUSED, "no Bearer token was given for the notification")
        .expected("status 200 with a Bearer token")
        .into())
}

pub async fn broken_assertions(session: &Session<'_>) -> Judged {
    session.with_tokens()?;
    assertion::mutations(session, None).await
}

pub async fn notification(session: &Session<'_>) -> Judged {
    let make = || async {
        let queries = queries();
        pulled_with(session, |host| Manner { served: served(host), ..Manner::default() }, &queries, None).await
    };
    let pulled = session.pull.pulled.get_or_init(make).await.as_ref().map_err(Clone::clone)?;
    let seen = &pulled.seen;
    if !matches!(seen.status(), 200..=202) {
        return Ok(seen
            .finding(Level::Hard, code::REFUSED, "a notification is refused")
            .expected("status 200, 201 or 202")
            .into());
    }
    Ok(seen.finding(Level::Note, code::NOTE, format!("a notification is answered with {}", seen.status())).into())
}

pub async fn without_token(session: &Session<'_>) -> Judged {
    let mut outcome = Outcome::holds();
    let made_up = Uuid::new_v4().to_string();
    for (token, what) in [(None, "no token"), (Some(made_up.as_str()), "a made-up token")] {
        let task = own(session, &Uuid::new_v4().to_string(), &queries())?;
        let seen = post(session, token, &task.to_string()).await?;
        outcome.exchange.get_or_insert(seen.number);
        if seen.is_success() {
            outcome.push(
                seen.finding(Level::Hard, code::ACCEPTED, format!("a notification with {what} is accepted"))
                    .expected("status 401"),
            );
        } else if seen.status() != 401 {
            outcome.push(
                seen.finding(Level::Warn, code::ERROR_FORM, format!("{what} is answered with {}", seen.in_words()))
                    .expected("status 401"),
            );
        }
    }
    Ok(outcome)
}

pub async fn invalid_task(session: &Session<'_>) -> Judged {
    let token = granted(session).await?;
    let good = || own(session, &Uuid::new_v4().to_string(), &queries());
    let without = |name: &str| {
        let mut task = good()?;
        task.as_object_mut().map(|members| members.remove(name));
        Ok::<String, Outcome>(task.to_string())
    };
    let mut stranger = good()?;
    if let Some(owner) = stranger.pointer_mut("/owner/identifier/value") {
        *owner = json!("99999999");
    }
    let cases = [
        ("a Task without identifier", without("identifier")?, Level::Warn),
        ("a Task without owner", without("owner")?, Level::Warn),
        ("a Task without code", without("code")?, Level::Warn),
        ("a Task for somebody else", stranger.to_string(), Level::Warn),
        (
            "a resource that is no Task",
            json!({"resourceType": "Basic", "code": {"text": "keur"}}).to_string(),
            Level::Hard,
        ),
        ("broken JSON", r#"{"resourceType": "Task", "#.to_owned(), Level::Hard),
    ];
    let mut outcome = Outcome::holds();
    for (what, body, level) in cases {
        let seen = post(session, Some(&token), &body).await?;
        outcome.exchange.get_or_insert(seen.number);
        if seen.is_success() {
            outcome.push(
                seen.finding(level, code::ACCEPTED, format!("{what} is accepted"))
                    .expected("status 400 or 422 and an OperationOutcome"),
            );
        } else if !matches!(seen.status(), 400 | 403 | 404 | 422) {
            outcome.push(
                seen.finding(Level::Warn, code::ERROR_FORM, format!("{what} is answered with {}", seen.in_words()))
                    .expected("status 400 or 422"),
            );
        }
    }
    Ok(outcome)
}

pub async fn twice(session: &Session<'_>) -> Judged {
    let pulled = pulled(session).await?;
    let host = session.introduce(None).await?;
    host.behave(Manner { served: served(host), ..Manner::default() });
    session.arrivals(host);
    let token = granted(session).await?;
    let seen = post(session, Some(&token), &pulled.task.to_string()).await?;
    session.quiet(host, Duration::from_millis(300), Duration::from_secs(10)).await;
    let arrived = session.arrivals(host);
    host.behave(Manner::default());
    let mut outcome = seen.shows();
    if !matches!(seen.status(), 200 | 201 | 202 | 409) {
        outcome.push(
            seen.finding(
                Level::Warn,
                code::ERROR_FORM,
                format!("the same notification again is answered with {}", seen.in_words()),
            )
            .expected("status 200, 201 or 409"),
        );
    }
    let again = reads(&arrived);
    if let (Some((first, _)), false) = (again.first(), reads(&pulled.arrived).is_empty()) {
        outcome
            .push(wrong(first, Level::Warn, "the same notification again is pulled again").expected("no double work"));
    }
    Ok(outcome)
}

pub async fn only_post(session: &Session<'_>) -> Judged {
    let token = granted(session).await?;
    let url = session.party()?.notification_endpoint.clone();
    let mut outcome = Outcome::holds();
    for method in ["GET", "DELETE"] {
        let seen = session.send(Peer::Client, Place::Other, tidy_request(method, &url, Some(&token), "")).await;
        outcome.exchange.get_or_insert(seen.number);
        if seen.is_success() {
            outcome.push(
                seen.finding(Level::Hard, code::ACCEPTED, format!("{method} on the notification endpoint is answered"))
                    .expected("status 403, 404 or 405"),
            );
        }
    }
    Ok(outcome)
}

pub async fn base(session: &Session<'_>) -> Judged {
    session.with_tokens()?;
    let pulled = pulled(session).await?;
    came(pulled)?;
    let mut asked = pulled.arrived.iter().filter(|seen| path(seen) == "/token");
    let Some(seen) = asked.next() else {
        return Ok(Finding::new(Level::Hard, code::REQUEST, "no token was asked for the pull").into());
    };
    let given = url::form_urlencoded::parse(&seen.exchange.request.body)
        .find(|(name, _)| name == "authorization_base")
        .map(|(_, value)| value.into_owned());
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
    let listed: Vec<_> = task::queries(&pulled.task).into_iter().map(compared).collect();
    let mut outcome = Outcome::holds();
    for (seen, asked) in came(pulled)? {
        outcome.exchange.get_or_insert(seen.number);
        let (kind, pairs) = compared(asked);
        let page = pairs.iter().any(|(name, _)| name == "page");
        // Something unneeded in the query is NP-R-11; here it is about what is asked for.
        let notified = listed.iter().any(|(own, parameters)| *own == kind && parameters.is_subset(&pairs));
        let referred = kind == "Patient/keur-patient" || kind.starts_with("Condition/keur-") || kind == "metadata";
        if !notified && !page && !referred {
            outcome.push(wrong(seen, Level::Hard, format!("`{kind}` is pulled and was not notified")));
            break;
        }
    }
    Ok(outcome)
}

pub async fn tidy(session: &Session<'_>) -> Judged {
    let pulled = pulled(session).await?;
    let listed: Vec<_> = task::queries(&pulled.task).into_iter().map(compared).collect();
    let mut outcome = Outcome::holds();
    for (seen, asked) in came(pulled)? {
        outcome.exchange.get_or_insert(seen.number);
        let accept = seen.exchange.request.headers.get("Accept").unwrap_or_default();
        if Format::from_media_type(accept.split(',').next().unwrap_or_default()).is_none() {
            outcome.push(
                wrong(seen, Level::Warn, "a request does not say which FHIR format it wants")
                    .expected("`Accept: application/fhir+json` or `+xml`"),
            );
            break;
        }
        let (kind, pairs) = compared(asked);
        let own = listed.iter().find(|(own, _)| *own == kind);
        if let Some((name, _)) =
            own.and_then(|(_, parameters)| pairs.iter().find(|pair| !parameters.contains(pair) && pair.0 != "page"))
        {
            outcome.push(wrong(
                seen,
                Level::Warn,
                format!("a request has a parameter that was not notified: `{name}`"),
            ));
            break;
        }
    }
    Ok(outcome)
}

pub async fn paging(session: &Session<'_>) -> Judged {
    let pulled = pulled(session).await?;
    let reads = came(pulled)?;
    let mut outcome = Outcome::shown_by(reads[0].0.number);
    let asked = |start: &str| reads.iter().any(|(_, asked)| asked.starts_with(start));
    for page in ["2", "3"] {
        if !asked(&format!("Condition?page={page}")) {
            outcome.push(
                wrong(reads[0].0, Level::Warn, format!("page {page} of the conditions is not fetched"))
                    .expected("every page"),
            );
            break;
        }
    }
    Ok(outcome)
}

pub async fn faults(session: &Session<'_>) -> Judged {
    let mut outcome = Outcome::holds();
    for status in [500, 429, 404] {
        let queries = queries();
        let pulled =
            pulled_with(session, |_| Manner { every_read: Some(status), ..Manner::default() }, &queries[..1], None)
                .await?;
        accepted(&pulled)?;
        let reads = reads(&pulled.arrived);
        let Some((first, _)) = reads.first() else { continue };
        outcome.exchange.get_or_insert(first.number);
        if reads.len() > TRIES {
            let message = format!("status {status} is answered with {} tries", reads.len());
            outcome.push(
                wrong(first, Level::Warn, message).expected(format!("at most {TRIES}, and a message to the user")),
            );
            break;
        }
    }
    if outcome.exchange.is_none() {
        Err(Outcome::open(code::UNSEEN, "nothing was pulled while we waited"))
    } else {
        Ok(outcome)
    }
}

pub async fn expired(session: &Session<'_>) -> Judged {
    session.with_tokens()?;
    let queries = queries();
    let slow = |host: &Host| Manner {
        served: served(host),
        lifetime: Some(1),
        pause: Some(Duration::from_millis(1200)),
        ..Manner::default()
    };
    let pulled = pulled_with(session, slow, &queries, None).await?;
    accepted(&pulled)?;
    let reads = came(&pulled)?;
    let asked = pulled.arrived.iter().filter(|seen| path(seen) == "/token").count();
    let mut outcome = Outcome::shown_by(reads[0].0.number);
    if asked < 2 {
        outcome.push(
            wrong(reads[0].0, Level::Warn, "a token that has run out is not renewed").expected("a new token request"),
        );
    }
    Ok(outcome)
}

pub async fn server_certificate(session: &Session<'_>) -> Judged {
    let pulled_well = pulled(session).await?;
    came(pulled_well)?;
    // Told to trust somebody else, the party must not believe our certificate.
    let other = Host::start(true).await.map_err(Outcome::blocked)?;
    let queries = queries();
    let result = pulled_with(
        session,
        |host| Manner { served: served(host), ..Manner::default() },
        &queries[..1],
        Some(other.authority()),
    )
    .await;
    session.introduce(None).await?;
    let pulled = result?;
    accepted(&pulled)?;
    if let Some(first) = pulled.arrived.first() {
        let finding = wrong(first, Level::Hard, "the party talks to a server whose certificate it cannot trust");
        return Ok(finding.expected("no request").into());
    }
    Ok(pulled.seen.shows())
}

pub async fn cancel(session: &Session<'_>) -> Judged {
    let pulled = pulled(session).await?;
    let host = session.introduce(None).await?;
    host.behave(Manner { served: served(host), ..Manner::default() });
    session.arrivals(host);
    let token = granted(session).await?;
    let mut task = pulled.task.clone();
    task["status"] = json!("cancelled");
    let id = task::identifier(&task).unwrap_or_default();
    let value: String = url::form_urlencoded::byte_serialize(format!("urn:ietf:rfc:3986|{id}").as_bytes()).collect();
    let url = format!("{}?identifier={value}", session.party()?.notification_endpoint);
    let seen =
        session.send(Peer::Client, Place::Other, tidy_request("PUT", &url, Some(&token), &task.to_string())).await;
    session.quiet(host, Duration::from_millis(300), Duration::from_secs(10)).await;
    let arrived = session.arrivals(host);
    host.behave(Manner::default());
    let mut outcome = seen.shows();
    if !seen.is_success() {
        outcome.push(seen.finding(Level::Hard, code::REFUSED, "a cancellation is refused").expected("status 200"));
    }
    if let Some((first, _)) = reads(&arrived).first() {
        outcome.push(wrong(first, Level::Hard, "a cancelled notification is pulled").expected("no further pull"));
    }
    Ok(outcome)
}

pub async fn workflow(session: &Session<'_>) -> Judged {
    session.only("np-nuts")?;
    let pulled = pulled(session).await?;
    let reads = came(pulled)?;
    let read =
        reads.iter().position(|(seen, asked)| seen.exchange.request.method == "GET" && asked.starts_with("Task/"));
    let written =
        reads.iter().position(|(seen, asked)| seen.exchange.request.method == "PUT" && asked.starts_with("Task/"));
    match (read, written) {
        (Some(read), Some(written)) if read < written => Ok(Outcome::shown_by(reads[read].0.number)),
        _ => Ok(wrong(reads[0].0, Level::Hard, "the workflow Task is not read and then updated")
            .expected("GET, then PUT")
            .into()),
    }
}

pub async fn other_host(session: &Session<'_>) -> Judged {
    let trap = Host::start(false).await.map_err(Outcome::blocked)?;
    let mut asked = queries();
    asked.truncate(1);
    asked.push(format!("{}/Patient", trap.fhir_base()));
    let pulled =
        pulled_with(session, |host| Manner { served: served(host), ..Manner::default() }, &asked, None).await?;
    accepted(&pulled)?;
    let mut outcome = pulled.seen.shows();
    for exchange in trap.take() {
        let seen = session.received(exchange);
        outcome
            .push(wrong(&seen, Level::Hard, "an input that leads to another host is fetched").expected("no request"));
    }
    Ok(outcome)
}
