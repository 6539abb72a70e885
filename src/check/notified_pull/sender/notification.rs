//! How the party notifies: tokens, assertions, the Task and what follows it.

use serde_json::Value;

use crate::authorization::assertion::Unverified;
use crate::check::catalogue::Level;
use crate::check::code;
use crate::check::medmij::bundle;
use crate::check::outcome::{Finding, Judged, Outcome};
use crate::check::session::{Seen, Session};
use crate::exchange::Bsn;
use crate::fhir::Format;

use super::{field, is_token, notified, offer, task_of, wrong};
use crate::check::notified_pull::task;

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

/// The client assertions that came in.
async fn assertions(session: &Session<'_>) -> Result<Vec<(Seen, String)>, Outcome> {
    session.with_tokens()?;
    let notified = notified(session).await?;
    let proof = if session.nuts() { "assertion" } else { "client_assertion" };
    let asked = notified.arrived.iter().filter(|seen| is_token(seen));
    let all: Vec<(Seen, String)> =
        asked.filter_map(|seen| Some((seen.clone(), field(&seen.exchange.request, proof)?))).collect();
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
    let (task, seen) = &offer(session, notified(session).await?).await?;
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
        } else if !crate::check::fhir_types::is_resource(kind) {
            outcome.push(wrong(seen, Level::Hard, format!("an input asks for `{kind}`, which is no resource type")));
        }
    }
    Ok(outcome)
}

pub async fn no_bsn(session: &Session<'_>) -> Judged {
    session.only("np-nuts")?;
    let notified = notified(session).await?;
    let (task, seen) = task_of(notified)?;
    let mut outcome = seen.shows();
    let (workflow, read) = &offer(session, notified).await?;
    for (task, seen, what) in [(task, seen, "notification"), (workflow, read, "workflow Task")] {
        let text = task.to_string();
        let found = text.contains(Bsn::SYSTEM)
            || crate::check::medmij::token::numbers(&text).any(|number| Bsn::parse(number).is_ok());
        if found {
            outcome.push(wrong(seen, Level::Hard, format!("the {what} holds a citizen service number")));
        }
    }
    Ok(outcome)
}
