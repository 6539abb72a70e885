//! Judges of MM-TOK.

mod refresh;
mod request;

pub use refresh::*;
pub use request::*;

use std::time::Duration;

use uuid::Uuid;

use crate::authorization::Decision;
use crate::check::catalogue::Level;
use crate::check::code;
use crate::check::outcome::{Judged, Outcome};
use crate::check::session::{Peer, Place, Seen, Session};
use crate::check::setup::{Release, Role};
use crate::exchange::Bsn;

use super::asking::{Authorization, TokenRequest, error_of, token_of};
use super::authorization::sharing;
use super::flow::Granted;
use super::secrets::unguessable;

/// A code that nobody has.
fn made_up() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

/// The answers that gave a token.
fn given(session: &Session<'_>) -> Vec<Seen> {
    session.seen(Place::Token).into_iter().filter(|seen| seen.is_success() && token_of(seen).is_some()).collect()
}

pub async fn exchange(session: &Session<'_>) -> Judged {
    let coded = match session.first().await {
        Ok(granted) => return Ok(shape(granted)),
        Err(_) => session.fresh_code().await?,
    };
    let seen = TokenRequest::code(session, &coded.code, Some(&coded.asked)).send(session).await;
    let finding = seen.broken(Level::Hard).unwrap_or_else(|| {
        let error = error_of(&seen).map_or(String::new(), |error| format!(" with `{error}`"));
        seen.finding(Level::Hard, code::REFUSED, format!("a valid code was refused{error}"))
    });
    Ok(finding.expected("status 200 with an access token").into())
}

fn shape(granted: &Granted) -> Outcome {
    let Granted { seen, token, .. } = granted;
    let mut outcome = seen.shows();
    let mut wrong = |message: String, expected: &str| {
        outcome.push(seen.finding(Level::Hard, code::CONTENT, message).expected(expected));
    };
    if seen.status() != 200 {
        wrong(format!("a token came with status {}", seen.status()), "status 200");
    }
    if !token.kind.eq_ignore_ascii_case("bearer") {
        wrong(format!("`token_type` is `{}`", token.kind), "`Bearer`");
    }
    if token.expires_in.is_none_or(|seconds| seconds <= 0.0) {
        wrong("`expires_in` is not a number of seconds".to_owned(), "a positive number");
    }
    outcome
}

pub async fn parameter_place(session: &Session<'_>) -> Judged {
    let body = session.first().await.is_ok();
    let coded = session.fresh_code().await?;
    let seen = TokenRequest::code(session, &coded.code, Some(&coded.asked)).send_as(session, "POST", true).await;
    let query = token_of(&seen).is_some();
    let said = |works: bool| if works { "taken" } else { "not taken" };
    let message = format!("parameters in the body are {}, in the query {}", said(body), said(query));
    Ok(seen.finding(Level::Note, code::NOTE, message).into())
}

pub async fn no_store(session: &Session<'_>) -> Judged {
    session.first().await?;
    let mut outcome = Outcome::holds();
    for seen in given(session) {
        outcome.exchange.get_or_insert(seen.number);
        let says = |name: &str, value: &str| seen.header(name).is_some_and(|h| h.to_ascii_lowercase().contains(value));
        if !says("Cache-Control", "no-store") {
            outcome.push(
                seen.finding(Level::Hard, code::HEADER, "a token answer may be stored")
                    .expected("`Cache-Control: no-store`"),
            );
        } else if !says("Pragma", "no-cache") {
            outcome.push(
                seen.finding(Level::Warn, code::HEADER, "a token answer has no `Pragma`")
                    .expected("`Pragma: no-cache`"),
            );
        }
        if !outcome.findings.is_empty() {
            break;
        }
    }
    Ok(outcome)
}

pub async fn json(session: &Session<'_>) -> Judged {
    let granted = session.first().await?;
    let stated = granted.seen.header("Content-Type").unwrap_or("none").to_owned();
    let media = stated.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if media == "application/json" {
        return Ok(granted.seen.shows());
    }
    let finding =
        granted.seen.finding(Level::Hard, code::HEADER, format!("the Content-Type of a token answer is `{stated}`"));
    Ok(finding.expected("`application/json`").into())
}

pub async fn lifetime(session: &Session<'_>) -> Judged {
    let granted = session.first().await?;
    match granted.token.expires_in {
        Some(seconds) if seconds > 900.0 => {
            let message = format!("an access token lasts {seconds} seconds");
            Ok(granted.seen.finding(Level::Warn, code::TIME, message).expected("at most 900").into())
        }
        Some(_) => Ok(granted.seen.shows()),
        None => Err(Outcome::blocked("the answer does not say how long the token lasts")),
    }
}

pub async fn in_time(session: &Session<'_>) -> Judged {
    let most = session.setup.token_limit;
    let first = session.first().await?;
    let late = |seen: &Seen| seen.exchange.elapsed > most;
    if late(&first.seen) {
        let coded = session.fresh_code().await?;
        let again = TokenRequest::code(session, &coded.code, Some(&coded.asked)).send(session).await;
        if late(&again) {
            let took = again.exchange.elapsed.as_secs_f64();
            let finding = again.finding(
                Level::Hard,
                code::TIME,
                format!("a token took {took:.1} s, and so it did the time before"),
            );
            return Ok(finding.expected(format!("at most {} s", most.as_secs())).into());
        }
    }
    let all: Vec<Duration> = session.seen(Place::Token).iter().map(|seen| seen.exchange.elapsed).collect();
    let longest = all.iter().max().copied().unwrap_or_default();
    let message = format!("{} token requests, the longest took {:.2} s", all.len(), longest.as_secs_f64());
    Ok(Outcome::note(message))
}

pub async fn scope(session: &Session<'_>) -> Judged {
    let granted = session.first().await?;
    let setup = session.setup;
    let Some(scope) = &granted.token.scope else {
        return Ok(granted.seen.finding(Level::Note, code::NOTE, "the answer says no scope").into());
    };
    let provider = setup.provider.as_deref().unwrap_or_default();
    let asked = granted.coded.asked.get("scope");
    let foreign = scope.split_whitespace().find(|part| {
        let (name, service) =
            part.split_once('~').unwrap_or((if setup.release < Release::R2_2 { part } else { provider }, part));
        let known =
            setup.services.iter().any(|known| known == service) || service == provider || setup.services.is_empty();
        let asked_for = setup.release >= Release::R2_2 || asked.split(' ').any(|one| one == *part);
        name != provider || !known || !asked_for
    });
    match foreign {
        Some(part) => {
            let message = format!("the scope of the token has `{part}`, which was not asked");
            let finding = granted.seen.finding(Level::Warn, code::CONTENT, message);
            Ok(finding.expected(format!("part of `{asked}` or its services")).found(scope.as_str()).into())
        }
        None => {
            Ok(granted.seen.finding(Level::Note, code::NOTE, format!("the scope of the token is `{scope}`")).into())
        }
    }
}

pub async fn unlisted_service(session: &Session<'_>) -> Judged {
    let setup = session.setup;
    let (Some(second), Some((service, endpoint))) = (&setup.second_client, setup.unlisted_service()) else {
        return Err(Outcome::open(code::INPUT, "missing: a service that the OCL does not grant"));
    };
    let person = session.first_person()?;
    let asked = Authorization::valid(session).with("client_id", &second.name).with("redirect_uri", &second.url);
    let coded = session.code_for(person, Decision::Consent, asked).await?;
    let seen = TokenRequest::code(session, &coded.code, Some(&coded.asked)).peer(Peer::Second).send(session).await;
    let Some(token) = token_of(&seen) else {
        return Err(Outcome::blocked(format!("the second client got no token: {}", seen.in_words())));
    };
    let mut outcome = seen.shows();
    let scope = token.scope.clone().unwrap_or_default();
    if scope.split_whitespace().any(|part| part.rsplit('~').next() == Some(service)) {
        let message = format!("the token covers service {service}, which the OCL does not grant");
        outcome.push(seen.finding(Level::Hard, code::ACCEPTED, message).found(scope));
    }
    let data = session.fhir(Peer::Second, Some(&token.access), &format!("{endpoint}/Patient"), &[]).await;
    if data.is_success() {
        let message = format!("the endpoint of service {service} takes the token of a client that may not have it");
        outcome.push(data.finding(Level::Hard, code::LEAK, message).expected("status 401 or 403"));
    }
    Ok(outcome)
}

pub async fn short_consent(session: &Session<'_>) -> Judged {
    let granted = session.first().await?;
    if granted.coded.landing.consent.is_none() {
        return Err(Outcome::open(
            code::UNSEEN,
            "the consent page was not seen, so it is not known what was agreed to",
        ));
    }
    match &granted.token.refresh {
        Some(_) => {
            let message = "consent for once gave a refresh token";
            Ok(granted.seen.finding(Level::Warn, code::CONTENT, message).expected("no `refresh_token`").into())
        }
        None => Ok(granted.seen.shows()),
    }
}

pub async fn tokens_unguessable(session: &Session<'_>) -> Judged {
    session.many().await?;
    let tokens = session.medmij.tokens.borrow();
    Ok(unguessable(&tokens, "token"))
}

pub async fn no_bsn(session: &Session<'_>) -> Judged {
    let granted = session.first().await?;
    let access = &granted.token.access;
    let own = session.setup.person(Role::Data).and_then(|person| person.bsn.clone());
    let mut texts = vec![access.clone()];
    texts.extend(
        access
            .split('.')
            .filter_map(super::refusal::base64url)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
    );
    let found = texts
        .iter()
        .any(|text| numbers(text).any(|number| Bsn::parse(number).is_ok() || own.as_deref() == Some(number)));
    if found {
        return Ok(granted
            .seen
            .finding(Level::Hard, code::BSN, "the access token holds a readable citizen service number")
            .into());
    }
    Ok(granted.seen.shows())
}

/// Runs of nine digits.
pub fn numbers(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_digit()).filter(|run| run.len() == 9)
}

pub async fn error_form(session: &Session<'_>) -> Judged {
    const ERRORS: [&str; 6] = [
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
    ];
    let errors = |session: &Session<'_>| -> Vec<Seen> {
        // Who is kept out by the certificate hears that from the gateway, in its own words.
        let posted = |seen: &Seen| {
            seen.peer == Peer::Client && seen.exchange.request.method == "POST" && (400..500).contains(&seen.status())
        };
        session.seen(Place::Token).into_iter().filter(posted).collect()
    };
    let mut all = errors(session);
    if all.is_empty() {
        TokenRequest::code(session, &made_up(), None).send(session).await;
        all = errors(session);
    }
    let Some(first) = all.first() else { return Err(Outcome::open(code::UNSEEN, "no error was seen")) };
    let mut outcome = first.shows();
    for seen in &all {
        let error = error_of(seen);
        let message = match error.as_deref() {
            None => Some("an error is not JSON with `error`".to_owned()),
            Some(error) if !ERRORS.contains(&error) => {
                Some(format!("`{error}` is not an error of RFC 6749 section 5.2"))
            }
            Some("invalid_client") if matches!(seen.status(), 400 | 401) => None,
            Some(_) if seen.status() != 400 => Some(format!("an error came with status {}", seen.status())),
            Some(_) => None,
        };
        if let Some(message) = message {
            outcome
                .push(seen.finding(Level::Warn, code::ERROR_FORM, message).expected("status 400 and `{\"error\": …}`"));
            break;
        }
    }
    Ok(outcome)
}

/// A token for the service to share with, and for nothing else.
pub async fn sharing_token(session: &Session<'_>) -> Result<String, Outcome> {
    let person = session.first_person()?;
    let granted = session.granted(person, Decision::Consent, sharing(session)).await.map_err(Outcome::blocked)?;
    Ok(granted.token.access)
}
