//! Judges of NP-S: the party notifies and serves, we are told and pull.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::{Value, json};

use crate::authorization::assertion::Unverified;
use crate::check::catalogue::Level;
use crate::check::code;
use crate::check::medmij::bundle;
use crate::check::outcome::{Finding, Judged, Outcome};
use crate::check::session::{Peer, Place, Seen, Session, request};
use crate::exchange::{Bsn, Request};
use crate::fhir::Format;

use super::assertion;
use super::host::Manner;
use super::task;

/// A notification as it came in.
pub struct Notified {
    /// What the party says it did.
    pub said: Value,
    /// Everything that came in meanwhile.
    pub arrived: Vec<Seen>,
    /// The Task, if it can be read.
    pub task: Option<Value>,
    /// The request with it.
    pub notification: Option<Seen>,
}

fn path(request: &Request) -> &str {
    let after = request.url.split_once("://").map_or("", |(_, rest)| rest);
    after.find('/').map_or("/", |at| &after[at..]).split('?').next().unwrap_or_default()
}

fn is_notification(seen: &Seen) -> bool {
    let request = &seen.exchange.request;
    request.method == "POST" && path(request).starts_with("/Task")
}

fn is_token(seen: &Seen) -> bool {
    path(&seen.exchange.request) == "/token"
}

fn task_in(seen: &Seen) -> Option<Value> {
    serde_json::from_slice(&seen.exchange.request.body).ok()
}

/// A parameter of a form.
fn field(request: &Request, name: &str) -> Option<String> {
    let pairs = url::form_urlencoded::parse(&request.body);
    pairs.into_iter().find(|(n, _)| n == name).map(|(_, value)| value.into_owned())
}

async fn steered(session: &Session<'_>, what: Value) -> Result<Notified, Outcome> {
    let host = session.introduce(None).await?;
    session.arrivals(host);
    let said = session.steer(what).await?;
    let arrived = session.arrivals(host);
    let notification = arrived.iter().find(|seen| is_notification(seen)).cloned();
    let task = notification.as_ref().and_then(task_in);
    if let Some(base) = task.as_ref().and_then(task::base) {
        session.keep_secret(base);
    }
    Ok(Notified { said, arrived, task, notification })
}

/// The first notification, in order.
async fn notified<'s>(session: &'s Session<'_>) -> Result<&'s Notified, Outcome> {
    let make = || steered(session, json!({"do": "notify"}));
    session.pull.notified.get_or_init(make).await.as_ref().map_err(Clone::clone)
}

fn said<'v>(notified: &'v Notified, name: &str) -> &'v str {
    notified.said.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The Task, or that it did not come.
fn task_of(notified: &Notified) -> Result<(&Value, &Seen), Outcome> {
    match (&notified.task, &notified.notification) {
        (Some(task), Some(seen)) => Ok((task, seen)),
        (None, Some(_)) => Err(Outcome::blocked("the notification cannot be read as JSON")),
        _ => Err(Outcome::blocked("no notification came in")),
    }
}

fn wrong(seen: &Seen, level: Level, message: impl Into<String>) -> Finding {
    Finding::new(level, code::REQUEST, message).at(seen.number)
}

pub async fn token_first(session: &Session<'_>) -> Judged {
    session.with_tokens()?;
    let notified = notified(session).await?;
    let Some(seen) = &notified.notification else {
        return Ok(Finding::new(Level::Hard, code::REQUEST, "no notification came in").into());
    };
    let before = notified.arrived.iter().take_while(|other| other.number < seen.number).any(is_token);
    let bearer = seen.exchange.request.headers.get("Authorization").and_then(|header| header.strip_prefix("Bearer "));
    let ours = bearer.is_some_and(|bearer| session.host_tokens().contains(&bearer.to_owned()));
    let mut outcome = seen.shows();
    if !before {
        outcome.push(wrong(seen, Level::Hard, "the notification came before a token was asked"));
    } else if !ours {
        outcome.push(wrong(seen, Level::Hard, "the notification does not have the token that was given"));
    }
    Ok(outcome)
}

impl Session<'_> {
    fn host_tokens(&self) -> Vec<String> {
        self.pull.host.get().and_then(|host| host.as_ref().ok()).map(|host| host.tokens()).unwrap_or_default()
    }

    /// Public keys of the party.
    async fn keys(&self) -> Vec<Value> {
        let Ok(pull) = self.party() else { return vec![] };
        let text = match pull.jwks.starts_with("http") {
            true => self.get(Peer::Client, Place::Other, &pull.jwks, &[]).await.text(),
            false => pull.jwks.clone(),
        };
        let set: Value = serde_json::from_str(&text).unwrap_or_default();
        set.get("keys").and_then(Value::as_array).cloned().unwrap_or_default()
    }
}

/// The client assertions that came in.
async fn assertions(session: &Session<'_>) -> Result<Vec<(Seen, String)>, Outcome> {
    session.with_tokens()?;
    let notified = notified(session).await?;
    let asked = notified.arrived.iter().filter(|seen| is_token(seen));
    let all: Vec<(Seen, String)> =
        asked.filter_map(|seen| Some((seen.clone(), field(&seen.exchange.request, "client_assertion")?))).collect();
    if all.is_empty() { Err(Outcome::blocked("no client assertion came in (NP-S-01)")) } else { Ok(all) }
}

pub async fn assertion_claims(session: &Session<'_>) -> Judged {
    let endpoint = session.host().await?.token_endpoint();
    let keys = session.keys().await;
    let mut outcome = Outcome::holds();
    let mut ids: Vec<String> = vec![];
    for (seen, token) in assertions(session).await? {
        outcome.exchange.get_or_insert(seen.number);
        let Some(parsed) = Unverified::parse(&token) else {
            outcome.push(wrong(&seen, Level::Hard, "the client assertion is not a JWT"));
            continue;
        };
        let unsigned = parsed.header.get("alg").and_then(Value::as_str) == Some("none");
        let missing: Vec<&str> = ["iss", "sub", "aud", "exp", "iat", "jti"]
            .into_iter()
            .filter(|claim| !parsed.claims.contains_key(*claim))
            .collect();
        if !missing.is_empty() {
            outcome.push(wrong(&seen, Level::Hard, format!("the client assertion has no {}", missing.join(", "))));
        }
        if parsed.claims.contains_key("aud") && !parsed.is_for(&endpoint) {
            outcome.push(
                wrong(&seen, Level::Hard, "the client assertion is for another audience").expected(endpoint.as_str()),
            );
        }
        let (issued, expires) = (parsed.second("iat").unwrap_or_default(), parsed.second("exp").unwrap_or_default());
        if expires <= jiff::Timestamp::now().as_second() - 300 {
            outcome.push(wrong(&seen, Level::Hard, "the client assertion has expired"));
        } else if expires - issued > 300 {
            outcome.push(
                wrong(&seen, Level::Warn, format!("the client assertion is good for {} seconds", expires - issued))
                    .expected("at most 300"),
            );
        }
        // An unsigned assertion is NP-S-03; an algorithm that is not verified here stays undecided.
        let es256 = parsed.header.get("alg").and_then(Value::as_str) == Some("ES256");
        if !unsigned && es256 && !keys.is_empty() && !keys.iter().any(|key| parsed.is_signed_by(key)) {
            outcome.push(wrong(&seen, Level::Hard, "the signature is of none of the published keys"));
        }
        if let Some(id) = parsed.text("jti") {
            if ids.iter().any(|known| known == id) {
                outcome.push(wrong(&seen, Level::Hard, "two client assertions have the same `jti`"));
            }
            ids.push(id.to_owned());
        }
    }
    Ok(outcome)
}

pub async fn assertion_algorithm(session: &Session<'_>) -> Judged {
    let mut outcome = Outcome::holds();
    for (seen, token) in assertions(session).await? {
        outcome.exchange.get_or_insert(seen.number);
        let algorithm = Unverified::parse(&token)
            .and_then(|parsed| parsed.header.get("alg")?.as_str().map(str::to_owned))
            .unwrap_or_default();
        if algorithm.is_empty() || algorithm == "none" || algorithm.starts_with("HS") {
            outcome.push(
                wrong(&seen, Level::Hard, format!("the client assertion has `alg` `{algorithm}`"))
                    .expected("an asymmetric algorithm"),
            );
        }
    }
    Ok(outcome)
}

pub async fn one_task(session: &Session<'_>) -> Judged {
    let notified = notified(session).await?;
    let Some(seen) = &notified.notification else { return Err(Outcome::blocked("no notification came in")) };
    let mut outcome = seen.shows();
    let stated = seen.exchange.request.headers.get("Content-Type").unwrap_or_default().to_owned();
    if Format::from_media_type(&stated).is_none() || !stated.contains("fhir") {
        outcome.push(
            wrong(seen, Level::Hard, format!("the Content-Type of the notification is `{stated}`"))
                .expected("`application/fhir+json` or `application/fhir+xml`"),
        );
    }
    let text = String::from_utf8_lossy(&seen.exchange.request.body);
    let is_task = notified
        .task
        .as_ref()
        .map_or(text.contains("<Task"), |task| bundle::text(task, "resourceType") == Some("Task"));
    if !is_task {
        outcome.push(wrong(seen, Level::Hard, "the notification is no Task"));
    }
    Ok(outcome)
}

pub async fn task_elements(session: &Session<'_>) -> Judged {
    let nuts = session.party()?.profile == "np-nuts";
    let (task, seen) = task_of(notified(session).await?)?;
    let mut outcome = seen.shows();
    let missing = task::missing(task, nuts);
    if !missing.is_empty() {
        outcome.push(wrong(seen, Level::Hard, format!("the Task has no {}", missing.join(", "))));
    }
    for (name, expected) in [("status", "requested"), ("intent", "proposal")] {
        let given = bundle::text(task, name).unwrap_or_default();
        if !given.is_empty() && given != expected {
            outcome.push(wrong(seen, Level::Hard, format!("the {name} of the Task is `{given}`")).expected(expected));
        }
    }
    Ok(outcome)
}

pub async fn task_code(session: &Session<'_>) -> Judged {
    let (task, seen) = task_of(notified(session).await?)?;
    let codings = task.pointer("/code/coding").and_then(Value::as_array).cloned().unwrap_or_default();
    let coding = codings.iter().find(|coding| bundle::text(coding, "code") == Some(task::CODE));
    let mut outcome = seen.shows();
    match coding.and_then(|coding| bundle::text(coding, "system")) {
        _ if coding.is_none() => {
            outcome.push(wrong(seen, Level::Hard, "the code of the Task is another").expected(task::CODE))
        }
        Some(system) if system == task::CODE_SYSTEMS[0] => {}
        Some(system) if task::CODE_SYSTEMS.contains(&system) => {
            outcome.push(
                wrong(seen, Level::Warn, format!("the system of the code is `{system}`"))
                    .expected(task::CODE_SYSTEMS[0]),
            );
        }
        system => {
            let message = format!("the system of the code is `{}`", system.unwrap_or("not there"));
            outcome.push(wrong(seen, Level::Warn, message).expected(task::CODE_SYSTEMS[0]));
        }
    }
    Ok(outcome)
}

pub async fn inputs(session: &Session<'_>) -> Judged {
    let (task, seen) = task_of(notified(session).await?)?;
    let mut outcome = seen.shows();
    for query in task::queries(task) {
        let kind = query.split(['?', '/']).next().unwrap_or_default();
        let decodes = percent_encoding::percent_decode_str(query).decode_utf8().is_ok();
        // `//host` would be another host too.
        let relative = !query.split('?').next().unwrap_or_default().contains("://") && !query.starts_with('/');
        if !relative || !decodes {
            outcome.push(
                wrong(seen, Level::Hard, format!("an input is not a relative query: `{query}`"))
                    .expected("`Type?…` or `Type/id`"),
            );
        } else if !super::super::fhir_types::is_resource(kind) {
            outcome.push(wrong(seen, Level::Hard, format!("an input asks for `{kind}`, which is no resource type")));
        }
    }
    Ok(outcome)
}

pub async fn no_bsn(session: &Session<'_>) -> Judged {
    session.only("np-nuts")?;
    let (task, seen) = task_of(notified(session).await?)?;
    let text = task.to_string();
    let found = text.contains(Bsn::SYSTEM)
        || crate::check::medmij::token::numbers(&text).any(|number| Bsn::parse(number).is_ok());
    match found {
        true => Ok(wrong(seen, Level::Hard, "the notification holds a citizen service number").into()),
        false => Ok(seen.shows()),
    }
}

/// Notifies while our endpoint misbehaves; the notifications that came in.
async fn misbehaving(session: &Session<'_>, manner: Manner) -> Result<(Vec<Seen>, Vec<Seen>), Outcome> {
    session.introduce(None).await?.behave(manner);
    let result = steered(session, json!({"do": "notify"})).await;
    session.host().await?.behave(Manner::default());
    let arrived = result?.arrived;
    let notifications = arrived.iter().filter(|seen| is_notification(seen)).cloned().collect();
    Ok((notifications, arrived))
}

pub async fn retry(session: &Session<'_>) -> Judged {
    let (notifications, _) =
        misbehaving(session, Manner { notifications: VecDeque::from([500]), ..Manner::default() }).await?;
    let Some(first) = notifications.first() else { return Err(Outcome::blocked("no notification came in")) };
    let mut outcome = first.shows();
    let ids: Vec<Option<String>> =
        notifications.iter().map(|seen| task_in(seen).as_ref().and_then(task::identifier).map(str::to_owned)).collect();
    if notifications.len() < 2 {
        outcome.push(first.finding(Level::Note, code::NOTE, "a failed notification is not tried again by itself"));
    } else if ids.iter().any(|id| *id != ids[0]) {
        outcome.push(
            wrong(first, Level::Warn, "a repeated notification has another identifier").expected("the same identifier"),
        );
    }
    Ok(outcome)
}

pub async fn retry_token(session: &Session<'_>) -> Judged {
    session.with_tokens()?;
    let (notifications, arrived) =
        misbehaving(session, Manner { every_notification: Some(401), ..Manner::default() }).await?;
    let Some(first) = notifications.first() else { return Err(Outcome::blocked("no notification came in")) };
    let mut outcome = first.shows();
    if notifications.len() > 3 {
        let message = format!("a refused notification was sent {} times", notifications.len());
        outcome.push(wrong(first, Level::Warn, message).expected("at most 3"));
    } else if notifications.len() > 1 && arrived.iter().filter(|seen| is_token(seen)).count() < 2 {
        outcome.push(wrong(first, Level::Warn, "a refused token is used again").expected("a new token"));
    }
    Ok(outcome)
}

pub async fn update(session: &Session<'_>) -> Judged {
    let notified = notified(session).await?;
    let (task, _) = task_of(notified)?;
    let updated = steered(session, json!({"do": "update", "identifier": said(notified, "identifier")})).await?;
    let (newer, seen) = task_of(&updated)?;
    let mut outcome = seen.shows();
    if task::group(task) != task::group(newer) {
        outcome.push(wrong(seen, Level::Hard, "an update is of another group").expected("the same groupIdentifier"));
    }
    if task::identifier(task) == task::identifier(newer) {
        outcome.push(
            wrong(seen, Level::Hard, "an update has the identifier of the notification before it")
                .expected("an identifier of its own"),
        );
    }
    Ok(outcome)
}

/// A notification of its own, for what cannot be undone.
async fn another(session: &Session<'_>) -> Result<Notified, Outcome> {
    steered(session, json!({"do": "notify"})).await
}

pub async fn cancel(session: &Session<'_>) -> Judged {
    let notified = another(session).await?;
    let (task, _) = task_of(&notified)?;
    let cancelled = steered(session, json!({"do": "cancel", "identifier": said(&notified, "identifier")})).await?;
    let sent = cancelled.arrived.iter().find(|seen| path(&seen.exchange.request).starts_with("/Task"));
    let Some(seen) = sent else {
        return Ok(Finding::new(Level::Hard, code::REQUEST, "no cancellation came in").into());
    };
    let mut outcome = seen.shows();
    let url = &seen.exchange.request.url;
    let id = task::identifier(task).unwrap_or_default();
    let asked = url.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let named =
        url::form_urlencoded::parse(asked.as_bytes()).any(|(name, value)| name == "identifier" && value.ends_with(id));
    if seen.exchange.request.method != "PUT" || !named {
        outcome.push(
            wrong(seen, Level::Hard, "a cancellation is no conditional update").expected("`PUT Task?identifier=…`"),
        );
    }
    let body = task_in(seen).unwrap_or_default();
    if bundle::text(&body, "status") != Some("cancelled") {
        outcome.push(
            wrong(seen, Level::Hard, "the Task of a cancellation is not cancelled").expected("`status` cancelled"),
        );
    }
    if task::identifier(&body) != Some(id) {
        outcome.push(wrong(seen, Level::Hard, "the Task of a cancellation has another identifier"));
    }
    Ok(outcome)
}

/// A token for the pull of the first notification.
async fn token(session: &Session<'_>) -> Result<String, Outcome> {
    if session.party()?.profile == "np-open" {
        let token = session.setup.token.as_ref();
        return token
            .map(|token| token.expose().to_owned())
            .ok_or_else(|| Outcome::open(code::INPUT, "missing: a token (`--token`)"));
    }
    let make = || async {
        let (task, _) = task_of(notified(session).await?)?;
        let seen = assertion::ask(session, task::base(task), Peer::Client).await?;
        assertion::token(&seen)
            .ok_or_else(|| Outcome::blocked(format!("no token was given for the pull: {}", seen.in_words())))
    };
    session.pull.pull_token.get_or_init(make).await.clone()
}

/// Pulls a query.
async fn pull(session: &Session<'_>, token: &str, query: &str) -> Result<Seen, Outcome> {
    let base = session.party()?.fhir_base.trim_end_matches('/').to_owned();
    Ok(session.fhir(Peer::Client, Some(token), &format!("{base}/{query}"), &[]).await)
}

/// True when an answer gives something of somebody.
fn gives(seen: &Seen) -> bool {
    let value = seen.json().filter(|_| seen.is_success());
    value.is_some_and(|value| {
        bundle::text(&value, "resourceType") != Some("Bundle") || bundle::resources(&value).next().is_some()
    })
}

fn queries(notified: &Notified) -> Result<Vec<String>, Outcome> {
    let (task, _) = task_of(notified)?;
    Ok(task::queries(task)
        .into_iter()
        .filter(|query| !query.split('?').next().unwrap_or_default().contains("://"))
        .map(str::to_owned)
        .collect())
}

pub async fn pull_token(session: &Session<'_>) -> Judged {
    session.with_tokens()?;
    let (task, _) = task_of(notified(session).await?)?;
    let seen = assertion::ask(session, task::base(task), Peer::Client).await?;
    let mut outcome = seen.shows();
    let value = seen.json().unwrap_or_default();
    if assertion::token(&seen).is_none() {
        outcome.push(
            seen.finding(Level::Hard, code::REFUSED, "no token was given for the pull")
                .expected("status 200 with a token"),
        );
        return Ok(outcome);
    }
    if !bundle::text(&value, "token_type").unwrap_or_default().eq_ignore_ascii_case("bearer") {
        outcome.push(
            seen.finding(Level::Hard, code::CONTENT, "the token is not said to be a Bearer token")
                .expected("`token_type` Bearer"),
        );
    }
    let lasts = value.get("expires_in").and_then(Value::as_u64);
    if session.party()?.profile == "np-nuts" && lasts.is_none_or(|seconds| seconds > 300) {
        outcome.push(seen.finding(Level::Hard, code::TIME, "the token lasts longer than 300 seconds"));
    }
    Ok(outcome)
}

pub async fn wrong_base(session: &Session<'_>) -> Judged {
    session.with_tokens()?;
    // One that is in force: a party that guesses would take the latest.
    let queries = queries(&another(session).await?)?;
    let mut outcome = Outcome::holds();
    let made_up = uuid::Uuid::new_v4().to_string();
    for (base, what) in [(None, "no authorization base"), (Some(made_up.as_str()), "a made-up authorization base")] {
        let seen = assertion::ask(session, base, Peer::Client).await?;
        outcome.exchange.get_or_insert(seen.number);
        let Some(token) = assertion::token(&seen) else { continue };
        for query in queries.iter().take(2) {
            let seen = pull(session, &token, query).await?;
            if gives(&seen) {
                outcome.push(
                    seen.finding(Level::Hard, code::LEAK, format!("{what} gives data"))
                        .expected("no token, or no data"),
                );
                break;
            }
        }
    }
    Ok(outcome)
}

pub async fn broken_assertions(session: &Session<'_>) -> Judged {
    session.with_tokens()?;
    let (task, _) = task_of(notified(session).await?)?;
    assertion::mutations(session, task::base(task)).await
}

pub async fn queries_answer(session: &Session<'_>) -> Judged {
    let token = token(session).await?;
    let mut outcome = Outcome::holds();
    for query in queries(notified(session).await?)? {
        let seen = pull(session, &token, &query).await?;
        outcome.exchange.get_or_insert(seen.number);
        if seen.status() != 200 || !seen.json().is_some_and(|value| bundle::is_searchset(&value)) {
            let shown = query.split('?').next().unwrap_or_default();
            outcome.push(
                seen.finding(Level::Hard, code::REFUSED, format!("the query on {shown} is not answered"))
                    .expected("status 200 and a searchset"),
            );
        }
    }
    Ok(outcome)
}

pub async fn unlisted_query(session: &Session<'_>) -> Judged {
    let token = token(session).await?;
    let notified = notified(session).await?;
    let listed = queries(notified)?;
    let bsn = said(notified, "bsn").to_owned();
    let mut outcome = Outcome::holds();
    let kinds = ["Observation", "Procedure", "MedicationRequest", "Encounter"];
    let others = kinds.iter().filter(|kind| !listed.iter().any(|query| query.split('?').next() == Some(**kind)));
    let mut asked: Vec<String> =
        others.map(|kind| format!("{kind}?patient.identifier={}%7C{bsn}", Bsn::SYSTEM)).collect();
    asked.push("Observation".to_owned());
    for query in asked {
        let seen = pull(session, &token, &query).await?;
        outcome.exchange.get_or_insert(seen.number);
        if gives(&seen) {
            let shown = query.split('?').next().unwrap_or_default();
            let finding =
                seen.finding(Level::Hard, code::LEAK, format!("a query on {shown} that was not notified gives data"));
            outcome.push(finding.expected("status 403 or 404, or nothing"));
        }
    }
    Ok(outcome)
}

pub async fn other_patient(session: &Session<'_>) -> Judged {
    let token = token(session).await?;
    let notified = notified(session).await?;
    let bsn = said(notified, "bsn").to_owned();
    let (task, _) = task_of(notified)?;
    let own = task.pointer("/for/identifier/value").and_then(Value::as_str).unwrap_or(&bsn).to_owned();
    let others = session.setup.persons.iter().filter_map(|person| person.bsn.clone()).filter(|other| *other != own);
    let mut outcome = Outcome::holds();
    let others: Vec<String> = others.chain(["999911120".to_owned()]).take(2).collect();
    for query in queries(notified)?.iter().filter(|query| query.contains(&own)) {
        for other in &others {
            let seen = pull(session, &token, &query.replace(&own, other)).await?;
            outcome.exchange.get_or_insert(seen.number);
            if gives(&seen) {
                let finding =
                    seen.finding(Level::Hard, code::LEAK, "a query with another citizen service number gives data");
                outcome.push(finding.expected("status 403 or 404, or nothing"));
                return Ok(outcome);
            }
        }
    }
    if outcome.exchange.is_none() {
        Err(Outcome::open(code::UNSEEN, "no query of the notification names the patient"))
    } else {
        Ok(outcome)
    }
}

pub async fn without_user(session: &Session<'_>) -> Judged {
    session.only("np-nuts")?;
    let token = token(session).await?;
    let seen = pull(session, &token, "Patient").await?;
    match gives(&seen) {
        true => Ok(seen.finding(Level::Hard, code::LEAK, "a token without a user gives data").into()),
        false => Ok(seen.shows()),
    }
}

pub async fn after_cancel(session: &Session<'_>) -> Judged {
    let notified = another(session).await?;
    let (task, _) = task_of(&notified)?;
    let seen = assertion::ask(session, task::base(task), Peer::Client).await?;
    let token = assertion::token(&seen).ok_or_else(|| Outcome::blocked("no token was given for the pull"))?;
    steered(session, json!({"do": "cancel", "identifier": said(&notified, "identifier")})).await?;
    let mut outcome = Outcome::holds();
    for query in queries(&notified)?.iter().take(2) {
        let seen = pull(session, &token, query).await?;
        outcome.exchange.get_or_insert(seen.number);
        if gives(&seen) {
            outcome.push(
                seen.finding(Level::Hard, code::LEAK, "data is given after cancellation").expected("status 401 or 403"),
            );
            break;
        }
    }
    Ok(outcome)
}

pub async fn expired_token(session: &Session<'_>) -> Judged {
    let notified = notified(session).await?;
    let (task, _) = task_of(notified)?;
    let seen = assertion::ask(session, task::base(task), Peer::Client).await?;
    let token = assertion::token(&seen).ok_or_else(|| Outcome::blocked("no token was given for the pull"))?;
    let lasts = seen.json().and_then(|value| value.get("expires_in").and_then(Value::as_u64)).unwrap_or(300);
    tokio::time::sleep(Duration::from_secs(lasts + lasts.min(30))).await;
    let query = queries(notified)?.into_iter().next().unwrap_or_default();
    let seen = pull(session, &token, &query).await?;
    match seen.is_success() {
        true => {
            Ok(seen.finding(Level::Hard, code::ACCEPTED, "an expired token is taken").expected("status 401").into())
        }
        false => Ok(seen.shows()),
    }
}

pub async fn provenance(session: &Session<'_>) -> Judged {
    let token = token(session).await?;
    let asked: Vec<String> = queries(notified(session).await?)?
        .into_iter()
        .filter(|query| query.contains("_revinclude=Provenance"))
        .collect();
    let mut shown = Outcome::holds();
    for query in &asked {
        let seen = pull(session, &token, query).await?;
        let Some(value) = seen.json().filter(|_| seen.is_success()) else { continue };
        if bundle::matches(&value) == 0 {
            continue;
        }
        shown.exchange.get_or_insert(seen.number);
        if !bundle::keys(&value).iter().any(|key| key.starts_with("Provenance/")) {
            return Ok(seen
                .finding(Level::Warn, code::CONTENT, "Provenance does not come along")
                .expected("a Provenance with search mode include")
                .into());
        }
    }
    match (asked.is_empty(), shown.exchange) {
        (true, _) => Err(Outcome::open(code::UNSEEN, "no query of the notification asks for Provenance")),
        (_, None) => Err(Outcome::open(code::UNSEEN, "no query that asks for Provenance found anything")),
        _ => Ok(shown),
    }
}

pub async fn workflow_task(session: &Session<'_>) -> Judged {
    session.only("np-nuts")?;
    let token = token(session).await?;
    let (task, _) = task_of(notified(session).await?)?;
    let based = task.pointer("/basedOn/0/reference").and_then(Value::as_str).unwrap_or_default();
    let seen = pull(session, &token, based).await?;
    if seen.status() != 200 {
        return Ok(seen
            .finding(Level::Hard, code::REFUSED, "the workflow Task cannot be read")
            .expected("status 200")
            .into());
    }
    Ok(seen.shows())
}

pub async fn mutual_tls(session: &Session<'_>) -> Judged {
    let (task, _) = task_of(notified(session).await?)?;
    let good = token(session).await.ok();
    let base = session.party()?.fhir_base.clone();
    let query = queries(notified(session).await?)?.into_iter().next().unwrap_or_default();
    let mut outcome = Outcome::holds();
    session.dialer.forget();
    for (peer, what) in
        [(Peer::Nobody, "no client certificate"), (Peer::Unknown, "a client certificate of an unknown authority")]
    {
        let seen = assertion::ask(session, task::base(task), peer).await?;
        outcome.exchange.get_or_insert(seen.number);
        // An answer about the assertion is an answer: the peer was let in.
        if !matches!(seen.status(), 0 | 401 | 403) {
            outcome.push(seen.finding(
                Level::Hard,
                code::ACCEPTED,
                format!("the token endpoint takes a request with {what}"),
            ));
        }
        let seen = session.fhir(peer, good.as_deref(), &format!("{}/{query}", base.trim_end_matches('/')), &[]).await;
        if seen.is_success() {
            outcome.push(seen.finding(Level::Hard, code::ACCEPTED, format!("data is given with {what}")));
        }
    }
    Ok(outcome)
}

pub async fn writes(session: &Session<'_>) -> Judged {
    let token = token(session).await?;
    let base = session.party()?.fhir_base.trim_end_matches('/').to_owned();
    let mut outcome = Outcome::holds();
    let body = r#"{"resourceType": "Condition", "code": {"text": "keur"}}"#;
    for (method, path) in [("POST", "Condition".to_owned()), ("DELETE", format!("Condition/{}", uuid::Uuid::new_v4()))]
    {
        let mut asked = session.fhir_request(
            method,
            Some(&token),
            &format!("{base}/{path}"),
            &[("Content-Type", "application/fhir+json")],
        );
        if method == "POST" {
            asked.body = body.into();
        }
        let seen = session.send(Peer::Client, Place::Other, asked).await;
        outcome.exchange.get_or_insert(seen.number);
        if seen.is_success() {
            outcome.push(
                seen.finding(Level::Hard, code::ACCEPTED, format!("{method} is accepted"))
                    .expected("status 403 or 405"),
            );
        }
    }
    Ok(outcome)
}

/// A request to the party that is no notification, for the other room.
pub(super) fn tidy_request(method: &str, url: &str, token: Option<&str>, body: &str) -> Request {
    let bearer = token.map(|token| format!("Bearer {token}"));
    let mut headers = vec![("Content-Type", "application/fhir+json"), ("Accept", "application/fhir+json")];
    headers.extend(bearer.as_deref().map(|bearer| ("Authorization", bearer)));
    request(method, url, &headers, body.to_owned())
}
