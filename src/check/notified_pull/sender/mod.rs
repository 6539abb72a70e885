//! Judges of NP-S: the party notifies and serves, we are told and pull.

mod follow_up;
mod notification;
mod pull;

pub use follow_up::*;
pub use notification::*;
pub use pull::*;

use serde_json::{Value, json};

use crate::check::catalogue::Level;
use crate::check::code;
use crate::check::outcome::{Finding, Outcome};
use crate::check::session::{Peer, Place, Seen, Session, request};
use crate::exchange::Request;

use super::assertion::{self, Wish};
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

/// The Task with the queries, and where it was seen: the notification, or on Nuts the workflow Task.
async fn offer(session: &Session<'_>, notified: &Notified) -> Result<(Value, Seen), Outcome> {
    let (task, seen) = task_of(notified)?;
    if !session.nuts() {
        return Ok((task.clone(), seen.clone()));
    }
    let based =
        task::based_on(task).ok_or_else(|| Outcome::blocked("the notification is based on no workflow Task"))?;
    let token = assertion::ask_for(session, Wish { base: task::base(task), user: false }, Peer::Client).await?;
    let token = assertion::token(&token)
        .ok_or_else(|| Outcome::blocked(format!("no token was given for the workflow Task: {}", token.in_words())))?;
    let seen = pull::pull(session, &token, based).await?;
    match seen.json().filter(|_| seen.is_success()) {
        Some(task) => Ok((task, seen)),
        None => Err(Outcome::blocked(format!("the workflow Task cannot be read: {}", seen.in_words()))),
    }
}

fn wrong(seen: &Seen, level: Level, message: impl Into<String>) -> Finding {
    Finding::new(level, code::REQUEST, message).at(seen.number)
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

/// A notification of its own, for what cannot be undone.
async fn another(session: &Session<'_>) -> Result<Notified, Outcome> {
    steered(session, json!({"do": "notify"})).await
}

/// A request to the party that is no notification, for the other room.
pub(super) fn tidy_request(method: &str, url: &str, token: Option<&str>, body: &str) -> Request {
    let bearer = token.map(|token| format!("Bearer {token}"));
    let mut headers = vec![("Content-Type", "application/fhir+json"), ("Accept", "application/fhir+json")];
    headers.extend(bearer.as_deref().map(|bearer| ("Authorization", bearer)));
    request(method, url, &headers, body.to_owned())
}
