//! What follows a notification: tries, updates and cancellation.

use std::collections::VecDeque;

use serde_json::json;

use crate::check::catalogue::Level;
use crate::check::code;
use crate::check::medmij::bundle;
use crate::check::outcome::{Finding, Judged, Outcome};
use crate::check::session::{Seen, Session};

use super::{another, is_notification, is_token, notified, path, said, steered, task_in, task_of, wrong};
use crate::check::notified_pull::host::Manner;
use crate::check::notified_pull::task;

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
