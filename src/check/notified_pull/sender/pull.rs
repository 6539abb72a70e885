//! What the party serves to whom it notified: that, to them, and nothing else.

use serde_json::{Value, json};

use crate::check::catalogue::Level;
use crate::check::code;
use crate::check::medmij::bundle;
use crate::check::outcome::{Judged, Outcome};
use crate::check::session::{Peer, Place, Seen, Session};
use crate::exchange::Bsn;

use super::{Notified, another, notified, offer, said, steered, task_of};
use crate::check::notified_pull::assertion::{self, Wish};
use crate::check::notified_pull::task;

/// A token for the pull of the first notification.
pub(super) async fn token(session: &Session<'_>) -> Result<String, Outcome> {
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
pub(super) async fn pull(session: &Session<'_>, token: &str, query: &str) -> Result<Seen, Outcome> {
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

async fn queries(session: &Session<'_>, notified: &Notified) -> Result<Vec<String>, Outcome> {
    let (task, _) = offer(session, notified).await?;
    Ok(task::queries(&task)
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
    let queries = queries(session, &another(session).await?).await?;
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
    if session.steerable().is_err() {
        // Nobody notifies us, but who asks is looked at all the same.
        return assertion::mutations(session, None).await;
    }
    let (task, _) = task_of(notified(session).await?)?;
    assertion::mutations(session, task::base(task)).await
}

pub async fn queries_answer(session: &Session<'_>) -> Judged {
    let token = token(session).await?;
    let mut outcome = Outcome::holds();
    for query in queries(session, notified(session).await?).await? {
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
    let listed = queries(session, notified).await?;
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
    let named = task.pointer("/for/identifier/value").and_then(Value::as_str).filter(|_| !session.nuts());
    let own = named.unwrap_or(&bsn).to_owned();
    let mut asked = queries(session, notified).await?;
    if session.nuts() {
        // The patient is in the credential; a query may name one all the same.
        asked.retain(|query| query.starts_with("Condition") || query.starts_with("AllergyIntolerance"));
        for query in &mut asked {
            let separator = if query.contains('?') { '&' } else { '?' };
            query.push_str(&format!("{separator}patient.identifier={}%7C{own}", Bsn::SYSTEM));
        }
    }
    let others = session.setup.persons.iter().filter_map(|person| person.bsn.clone()).filter(|other| *other != own);
    let mut outcome = Outcome::holds();
    let others: Vec<String> = others.chain(["999911120".to_owned()]).take(2).collect();
    for query in asked.iter().filter(|query| query.contains(&own)) {
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
    let notified = notified(session).await?;
    let (task, _) = task_of(notified)?;
    let asked = assertion::ask_for(session, Wish { base: task::base(task), user: false }, Peer::Client).await?;
    let mut outcome = asked.shows();
    let Some(token) = assertion::token(&asked) else { return Ok(outcome) };
    for query in queries(session, notified).await?.iter().take(2) {
        let seen = pull(session, &token, query).await?;
        if gives(&seen) {
            let finding = seen.finding(Level::Hard, code::LEAK, "a token without a user gives data");
            outcome.push(finding.expected("status 401 or 403"));
            break;
        }
    }
    Ok(outcome)
}

pub async fn after_cancel(session: &Session<'_>) -> Judged {
    let notified = another(session).await?;
    let (task, _) = task_of(&notified)?;
    let seen = assertion::ask(session, task::base(task), Peer::Client).await?;
    let token = assertion::token(&seen).ok_or_else(|| Outcome::blocked("no token was given for the pull"))?;
    let queries = queries(session, &notified).await?;
    steered(session, json!({"do": "cancel", "identifier": said(&notified, "identifier")})).await?;
    let mut outcome = Outcome::holds();
    for query in queries.iter().take(2) {
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
    let lasts = seen.json().and_then(|value| value.get("expires_in").and_then(Value::as_f64)).unwrap_or(300.0);
    session.outlast(lasts).await?;
    let query = queries(session, notified).await?.into_iter().next().unwrap_or_default();
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
    let asked: Vec<String> = queries(session, notified(session).await?)
        .await?
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
    // Of its own: a Task that is completed gives nothing any more.
    let notified = another(session).await?;
    let (notification, _) = task_of(&notified)?;
    let Some(based) = task::based_on(notification) else {
        return Err(Outcome::blocked("the notification is based on no workflow Task (NP-S-05)"));
    };
    let asked = assertion::ask_for(session, Wish { base: task::base(notification), user: false }, Peer::Client).await?;
    let token = assertion::token(&asked).ok_or_else(|| Outcome::blocked("no token was given for the workflow Task"))?;
    let seen = pull(session, &token, based).await?;
    let Some(task) = seen.json().filter(|_| seen.status() == 200) else {
        let finding = seen.finding(Level::Hard, code::REFUSED, "the workflow Task cannot be read");
        return Ok(finding.expected("status 200").into());
    };
    let mut outcome = seen.shows();
    for status in ["received", "accepted"] {
        let seen = moved_on(session, &token, based, &task, status, None).await?;
        if !seen.is_success() {
            let message = format!("the workflow Task cannot become `{status}`");
            outcome.push(seen.finding(Level::Hard, code::REFUSED, message).expected("status 200"));
            return Ok(outcome);
        }
    }
    let odd = [("requested", None, "a step back"), ("accepted", Some("draft"), "a change of more than the status")];
    for (status, intent, what) in odd {
        let seen = moved_on(session, &token, based, &task, status, intent).await?;
        if seen.is_success() {
            let message = format!("{what} of the workflow Task is accepted");
            outcome.push(seen.finding(Level::Warn, code::ACCEPTED, message).expected("status 409 or 422"));
        }
    }
    Ok(outcome)
}

/// Updates the workflow Task.
async fn moved_on(
    session: &Session<'_>,
    token: &str,
    based: &str,
    task: &Value,
    status: &str,
    intent: Option<&str>,
) -> Result<Seen, Outcome> {
    let mut task = task.clone();
    if let Some(members) = task.as_object_mut() {
        members.insert("status".to_owned(), status.into());
        intent.map(|intent| members.insert("intent".to_owned(), intent.into()));
    }
    let url = format!("{}/{based}", session.party()?.fhir_base.trim_end_matches('/'));
    let request = super::tidy_request("PUT", &url, Some(token), &task.to_string());
    Ok(session.send(Peer::Client, Place::Other, request).await)
}

pub async fn mutual_tls(session: &Session<'_>) -> Judged {
    // Without a notification there is no base and no query; who is let in shows all the same.
    let notified = if session.steerable().is_ok() { Some(notified(session).await?) } else { None };
    let authorization_base = match notified {
        Some(notified) => task::base(task_of(notified)?.0),
        None => None,
    };
    let good = if notified.is_some() { token(session).await.ok() } else { None };
    let base = session.party()?.fhir_base.clone();
    let query = match notified {
        Some(notified) => queries(session, notified).await?.into_iter().next().unwrap_or_default(),
        None => "Patient".to_owned(),
    };
    let mut outcome = Outcome::holds();
    session.dialer.forget();
    for (peer, what) in
        [(Peer::Nobody, "no client certificate"), (Peer::Unknown, "a client certificate of an unknown authority")]
    {
        let seen = assertion::ask(session, authorization_base, peer).await?;
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
