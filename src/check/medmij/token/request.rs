//! Token requests that are wrong: no token comes of them.

use uuid::Uuid;

use crate::check::catalogue::Level;
use crate::check::code;
use crate::check::outcome::{Judged, Outcome};
use crate::check::session::{Peer, Session};

use super::made_up;
use crate::check::medmij::asking::{TokenRequest, token_of};
use crate::check::medmij::secrets::no_token;

pub async fn code_twice(session: &Session<'_>) -> Judged {
    let coded = session.fresh_code().await?;
    let request = TokenRequest::code(session, &coded.code, Some(&coded.asked));
    let first = request.send(session).await;
    let Some(token) = token_of(&first) else { return Err(Outcome::blocked("the first use of the code gave no token")) };
    let second = request.send(session).await;
    let mut outcome = no_token(&second, &["invalid_grant"], "a code used twice", code::ACCEPTED);
    if let Some(base) = &session.setup.fhir_base
        && token_of(&second).is_none()
    {
        let seen = session.fhir(Peer::Client, Some(&token.access), &format!("{base}/Patient"), &[]).await;
        let still = if seen.is_success() { "still works" } else { "is revoked" };
        outcome.push(seen.finding(Level::Note, code::NOTE, format!("after that the first access token {still}")));
    }
    Ok(outcome)
}

pub async fn failed_offer(session: &Session<'_>) -> Judged {
    let coded = session.fresh_code().await?;
    let request = TokenRequest::code(session, &coded.code, Some(&coded.asked));
    let wrong = request.clone().with("redirect_uri", &other_redirect(session)).send(session).await;
    if token_of(&wrong).is_some() {
        return Err(Outcome::blocked("the wrong offer gave a token (MM-TOK-10)"));
    }
    let right = request.send(session).await;
    let mut outcome = no_token(&right, &[], "a code that was offered before with a wrong redirect_uri", code::ACCEPTED);
    outcome.findings.iter_mut().for_each(|finding| finding.verdict = Level::Warn.verdict());
    Ok(outcome)
}

fn other_redirect(session: &Session<'_>) -> String {
    format!("{}/anders", session.setup.redirect_uri.clone().unwrap_or_default().trim_end_matches('/'))
}

/// A fresh code with a changed request must give no token.
async fn changed(
    session: &Session<'_>,
    errors: &[&str],
    what: &str,
    change: impl FnOnce(TokenRequest) -> TokenRequest,
) -> Judged {
    let coded = session.fresh_code().await?;
    let seen = change(TokenRequest::code(session, &coded.code, Some(&coded.asked))).send(session).await;
    Ok(no_token(&seen, errors, what, code::ACCEPTED))
}

pub async fn no_redirect_uri(session: &Session<'_>) -> Judged {
    let errors = ["invalid_grant", "invalid_request"];
    changed(session, &errors, "a request without `redirect_uri`", |r| r.without("redirect_uri")).await
}

pub async fn other_redirect_uri(session: &Session<'_>) -> Judged {
    let other = other_redirect(session);
    changed(session, &[], "another `redirect_uri`", |r| r.with("redirect_uri", &other)).await
}

pub async fn no_client_id(session: &Session<'_>) -> Judged {
    changed(session, &[], "a request without `client_id`", |r| r.without("client_id")).await
}

pub async fn other_client_id(session: &Session<'_>) -> Judged {
    let other = session.setup.second_client.as_ref().map(|party| party.name.clone()).unwrap_or_default();
    // With the other client's own certificate where it is there: then only the code tells the two apart.
    let peer = if session.setup.second.is_some() { Peer::Second } else { Peer::Client };
    changed(session, &[], "a code of another client", |r| r.with("client_id", &other).peer(peer)).await
}

pub async fn other_certificate(session: &Session<'_>) -> Judged {
    let peer = if session.setup.second.is_some() { Peer::Second } else { Peer::Unlisted };
    changed(session, &[], "the certificate of another host", |r| r.peer(peer)).await
}

pub async fn made_up_code(session: &Session<'_>) -> Judged {
    let seen = TokenRequest::code(session, &made_up(), None).send(session).await;
    Ok(no_token(&seen, &["invalid_grant"], "a made-up code", code::ACCEPTED))
}

pub async fn grant_types(session: &Session<'_>) -> Judged {
    let mut outcome = Outcome::holds();
    let valid = || TokenRequest::code(session, &made_up(), None);
    for grant in ["password", "client_credentials", "implicit"] {
        let request = valid().with("grant_type", grant).with("username", "u").with("password", "p");
        let what = format!("`grant_type={grant}`");
        outcome.add(no_token(&request.send(session).await, &["unsupported_grant_type"], &what, code::ACCEPTED));
    }
    let seen = valid().without("grant_type").send(session).await;
    let errors = ["invalid_request", "unsupported_grant_type"];
    outcome.add(no_token(&seen, &errors, "a request without `grant_type`", code::ACCEPTED));
    Ok(outcome)
}

pub async fn expired_code(session: &Session<'_>) -> Judged {
    let coded = session.fresh_code().await?;
    // Codes last as long as tokens where nothing else is known; a little grace for clocks.
    let lasts = session.first().await?.token.expires_in.unwrap_or(900.0).max(0.0);
    session.outlast(lasts).await?;
    let seen = TokenRequest::code(session, &coded.code, Some(&coded.asked)).send(session).await;
    let mut outcome = no_token(&seen, &["invalid_grant"], "an expired code", code::ACCEPTED);
    outcome.findings.iter_mut().for_each(|finding| finding.verdict = Level::Warn.verdict());
    Ok(outcome)
}

pub async fn get(session: &Session<'_>) -> Judged {
    // A real code shows it best; without a login a made-up one has to do.
    let real = if session.setup.has(crate::check::Need::Login) { session.fresh_code().await.ok() } else { None };
    let request = match &real {
        Some(coded) => TokenRequest::code(session, &coded.code, Some(&coded.asked)),
        None => TokenRequest::code(session, &made_up(), None),
    };
    let seen = request.send_as(session, "GET", true).await;
    Ok(no_token(&seen, &[], "GET", code::ACCEPTED))
}

async fn noted(session: &Session<'_>, what: &str, change: impl FnOnce(TokenRequest) -> TokenRequest) -> Judged {
    let coded = session.fresh_code().await?;
    let seen = change(TokenRequest::code(session, &coded.code, Some(&coded.asked))).send(session).await;
    let reaction = if token_of(&seen).is_some() { "a token was given".to_owned() } else { seen.in_words() };
    let finding = seen.broken(Level::Note);
    Ok(finding.unwrap_or_else(|| seen.finding(Level::Note, code::NOTE, format!("{what}: {reaction}"))).into())
}

pub async fn no_request_id(session: &Session<'_>) -> Judged {
    noted(session, "without `MedMij-Request-ID`", |mut request| {
        request.request_id = None;
        request
    })
    .await
}

pub async fn other_correlation_id(session: &Session<'_>) -> Judged {
    noted(session, "with another `X-Correlation-ID`", |mut request| {
        request.correlation_id = Some(Uuid::new_v4().to_string());
        request
    })
    .await
}

pub async fn unknown_parameter(session: &Session<'_>) -> Judged {
    let coded = session.fresh_code().await?;
    let request = TokenRequest::code(session, &coded.code, Some(&coded.asked)).with("foo", "bar");
    let seen = request.send(session).await;
    if token_of(&seen).is_some() {
        return Ok(seen.shows());
    }
    let finding = seen.broken(Level::Hard);
    let refused = || seen.finding(Level::Hard, code::REFUSED, "a request with an unknown parameter was refused");
    Ok(finding.unwrap_or_else(refused).into())
}
