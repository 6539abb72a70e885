//! Judges of MM-AUTH.

mod consent;
mod page;
mod request;

pub use consent::*;
pub use page::*;
pub use request::*;

use url::Url;

use crate::check::catalogue::Level;
use crate::check::code;
use crate::check::login::Page;
use crate::check::outcome::{Judged, Outcome};
use crate::check::session::{Peer, Place, Seen, Session};

use super::asking::Authorization;
use super::flow::{location, parameter, to_client};

/// The same reaction as to a valid request: the request was taken.
fn carries_on(seen: &Seen, valid: &Seen) -> bool {
    match (location(seen), location(valid)) {
        (Some(here), Some(there)) => here.path() == there.path() && here.host() == there.host(),
        (None, None) if seen.is_success() && valid.is_success() => {
            let (page, other) = (Page::read(&seen.text()), Page::read(&valid.text()));
            let asks = |page: &Page| page.form().is_some_and(|form| form.asks_password());
            page.title() == other.title() && page.form().is_some() && asks(&page) == asks(&other)
        }
        _ => false,
    }
}

/// What keeps a reaction from being an acceptance.
fn not_accepted(session: &Session<'_>, seen: &Seen, level: Level, what: &str) -> Outcome {
    let mut outcome = seen.shows();
    if let Some(broken) = seen.broken(level) {
        outcome.push(broken);
    } else if let Some(to) = to_client(session, seen) {
        let error = parameter(&to, "error").unwrap_or_else(|| "no error".to_owned());
        let finding = seen.finding(level, code::REFUSED, format!("{what} was refused: `{error}`"));
        outcome.push(finding.expected("a page, or a redirect to where people log in"));
    } else if seen.status() >= 400 {
        outcome.push(
            seen.finding(level, code::REFUSED, format!("{what} was refused")).expected("status 200, or a redirect"),
        );
    }
    outcome
}

/// Refused, on a page of the DVA itself (exception 1a).
async fn stays(session: &Session<'_>, asked: &Authorization, level: Level, what: &str) -> Judged {
    let valid = session.accepted().await.clone();
    let seen = asked.send(session).await;
    let mut outcome = seen.shows();
    if let Some(broken) = seen.broken(level) {
        outcome.push(broken);
    } else if carries_on(&seen, &valid) {
        let finding = seen.finding(level, code::ACCEPTED, format!("{what} was accepted"));
        outcome.push(finding.expected("an error page"));
    } else if let Some(to) = location(&seen) {
        let home = Url::parse(&seen.exchange.request.url).ok();
        if home.as_ref().and_then(Url::host_str) != to.host_str() || to_client(session, &seen).is_some() {
            let to = &to[..url::Position::AfterPath];
            let finding = seen.finding(level, code::ACCEPTED, format!("{what} was answered with a redirect to `{to}`"));
            outcome.push(finding.expected("an error page, no redirect"));
        }
    }
    Ok(outcome)
}

/// Refused, with an error for the client (exception 1b).
async fn goes_back(
    session: &Session<'_>,
    asked: &Authorization,
    errors: &[&str],
    levels: (Level, Level),
    what: &str,
) -> Judged {
    let valid = session.accepted().await.clone();
    let seen = asked.send(session).await;
    let (level, code_level) = levels;
    let mut outcome = seen.shows();
    let Some(to) = to_client(session, &seen) else {
        let finding = match seen.broken(level) {
            Some(broken) => broken,
            None if carries_on(&seen, &valid) => seen.finding(level, code::ACCEPTED, format!("{what} was accepted")),
            None => {
                seen.finding(level, code::ERROR_FORM, format!("{what} was not answered with a redirect to the client"))
            }
        };
        outcome.push(finding.expected(format!("a redirect to the client with `error={}`", errors.join("` or `"))));
        return Ok(outcome);
    };
    match parameter(&to, "error") {
        None => {
            let finding = seen.finding(level, code::ACCEPTED, format!("{what} was redirected without an error"));
            outcome.push(finding.expected(format!("`error={}`", errors.join("` or `"))));
        }
        Some(error) if !errors.contains(&error.as_str()) => {
            let finding = seen.finding(code_level, code::ERROR_FORM, format!("{what} was refused with `{error}`"));
            outcome.push(finding.expected(format!("`{}`", errors.join("` or `"))));
        }
        Some(_) => {}
    }
    Ok(outcome)
}

pub async fn accepted(session: &Session<'_>) -> Judged {
    let seen = session.accepted().await.clone();
    let mut outcome = not_accepted(session, &seen, Level::Hard, "a valid request");
    let mut at = seen;
    // A redirect to a login page of the same party is followed; elsewhere somebody has to log in.
    for _ in 0..4 {
        let here = Url::parse(&at.exchange.request.url).ok();
        let Some(to) = location(&at).filter(|to| here.as_ref().and_then(Url::host_str) == to.host_str()) else { break };
        if !outcome.findings.is_empty() || to_client(session, &at).is_some() {
            break;
        }
        at = session.get(Peer::Nobody, Place::Front, to.as_str(), &[("Accept", "text/html")]).await;
        outcome.add(not_accepted(session, &at, Level::Hard, "a valid request, followed to its login page,"));
    }
    Ok(outcome)
}

pub async fn on_behalf_of(_: &Session<'_>) -> Judged {
    Err(Outcome::open(code::INPUT, "missing: a login on behalf of somebody else"))
}

pub async fn pkce(session: &Session<'_>) -> Judged {
    let asked = Authorization::valid(session)
        .also("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
        .also("code_challenge_method", "S256");
    let without = not_accepted(session, session.accepted().await, Level::Note, "a request without PKCE");
    let with = not_accepted(session, &asked.send(session).await, Level::Note, "a request with PKCE");
    let said = |outcome: &Outcome| if outcome.findings.is_empty() { "accepted" } else { "refused" };
    Ok(Outcome::note(format!("without PKCE: {}, with PKCE: {}", said(&without), said(&with))))
}
