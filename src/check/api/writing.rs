//! Create, update, patch and delete, on a sandbox and only with leave.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::check::catalogue::Level;
use crate::check::code;
use crate::check::medmij::bundle;
use crate::check::outcome::{Judged, Outcome};
use crate::check::session::{Peer, Place, Seen, Session};

/// A base that takes writes.
fn base(session: &Session<'_>) -> String {
    session.setup.sandbox.clone().or(session.setup.fhir_base.clone()).unwrap_or_default()
}

async fn write(session: &Session<'_>, method: &str, path: &str, body: Option<&Value>) -> Seen {
    let token = session.api_token().await;
    let headers = [("Content-Type", "application/fhir+json")];
    let headers = if body.is_some() { &headers[..] } else { &[] };
    let mut request = session.fhir_request(method, token.as_deref(), &format!("{}/{path}", base(session)), headers);
    if let Some(body) = body {
        request.body = body.to_string().into();
    }
    session.send(Peer::Client, Place::Resource, request).await
}

/// Something that does no harm.
fn basic(text: &str) -> Value {
    json!({"resourceType": "Basic", "code": {"text": text}})
}

/// Creates one; its id.
async fn created(session: &Session<'_>, outcome: &mut Outcome) -> Result<String, Outcome> {
    let seen = write(session, "POST", "Basic", Some(&basic("keur"))).await;
    outcome.exchange.get_or_insert(seen.number);
    let location = seen.header("Location").and_then(bundle::referred);
    if seen.status() != 201 {
        outcome.push(
            seen.finding(Level::Hard, code::CONTENT, format!("create is answered with {}", seen.in_words()))
                .expected("status 201"),
        );
    }
    let key = location.clone().or_else(|| seen.json().as_ref().and_then(bundle::key));
    if location.is_none() {
        outcome.push(
            seen.finding(Level::Hard, code::HEADER, "create is answered without a Location")
                .expected("`Location` with the id that the server gave"),
        );
    }
    key.and_then(|key| key.split('/').nth(1).map(str::to_owned)).ok_or_else(|| outcome.clone())
}

fn text_of(seen: &Seen) -> Option<String> {
    Some(seen.json()?.get("code")?.get("text")?.as_str()?.to_owned())
}

pub async fn writing(session: &Session<'_>) -> Judged {
    let mut outcome = Outcome::holds();
    let id = created(session, &mut outcome).await?;
    let path = format!("Basic/{id}");
    let mut wrong = |seen: &Seen, message: &str, expected: &str| {
        outcome.push(seen.finding(Level::Hard, code::CONTENT, message).expected(expected));
    };
    let read = write(session, "GET", &path, None).await;
    if text_of(&read).as_deref() != Some("keur") {
        wrong(&read, "what was created cannot be read", "the resource that was sent");
    }
    let mut changed = basic("keur 2");
    changed["id"] = Value::from(id.as_str());
    let put = write(session, "PUT", &path, Some(&changed)).await;
    let read = write(session, "GET", &path, None).await;
    if !matches!(put.status(), 200 | 201) || text_of(&read).as_deref() != Some("keur 2") {
        wrong(&put, "update does not replace the resource", "status 200, and the new content");
    }
    let delete = write(session, "DELETE", &path, None).await;
    let read = write(session, "GET", &path, None).await;
    if !matches!(delete.status(), 200 | 202 | 204) {
        wrong(&delete, "delete is refused", "status 200, 202 or 204");
    } else if !matches!(read.status(), 404 | 410) {
        wrong(&read, "what was deleted can be read", "status 404 or 410");
    }
    Ok(outcome)
}

pub async fn idempotent(session: &Session<'_>) -> Judged {
    let mut outcome = Outcome::holds();
    let id = Uuid::new_v4().to_string();
    let path = format!("Basic/{id}");
    let mut resource = basic("keur");
    resource["id"] = Value::from(id.as_str());
    let first = write(session, "PUT", &path, Some(&resource)).await;
    outcome.exchange.get_or_insert(first.number);
    let second = write(session, "PUT", &path, Some(&resource)).await;
    if !first.is_success() {
        return Err(Outcome::open(code::UNSEEN, format!("update as create is not taken: {}", first.in_words())));
    }
    let read = write(session, "GET", &path, None).await;
    if !second.is_success() || text_of(&read).as_deref() != Some("keur") {
        outcome.push(second.finding(Level::Hard, code::CONTENT, "the same update twice is not the same as once"));
    }
    write(session, "DELETE", &path, None).await;
    let again = write(session, "DELETE", &path, None).await;
    if !matches!(again.status(), 200 | 202 | 204 | 404 | 410) {
        let message = format!("a second delete is answered with {}", again.in_words());
        outcome.push(again.finding(Level::Hard, code::CONTENT, message).expected("status 200, 204, 404 or 410"));
    }
    Ok(outcome)
}
