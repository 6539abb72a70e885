//! What the party makes of notifications, good and bad ones.

use std::time::Duration;

use serde_json::json;
use uuid::Uuid;

use crate::check::catalogue::Level;
use crate::check::code;
use crate::check::outcome::{Judged, Outcome};
use crate::check::session::{Peer, Place, Session};

use super::{granted, own, post, pulled, pulled_with, queries, reads, served, wrong};
use crate::check::notified_pull::host::Manner;
use crate::check::notified_pull::sender::tidy_request;
use crate::check::notified_pull::{assertion, task};

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
        let (task, _) = own(session, &queries())?;
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
    let good = || own(session, &queries()).map(|(task, _)| task);
    let without = |name: &str| {
        let mut task = good()?;
        task.as_object_mut().map(|members| members.remove(name));
        Ok::<String, Outcome>(task.to_string())
    };
    let mut stranger = good()?;
    if let Some(owner) = stranger.pointer_mut("/owner/identifier/value") {
        *owner = json!(if session.nuts() { "did:nuts:niemand" } else { "99999999" });
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
