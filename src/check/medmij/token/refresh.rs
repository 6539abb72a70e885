//! Refresh tokens: given for consent that lasts, used once, by one client.

use crate::authorization::Decision;
use crate::check::catalogue::Level;
use crate::check::code;
use crate::check::login::withdraw;
use crate::check::outcome::{Judged, Outcome};
use crate::check::session::{Peer, Session};

use crate::check::medmij::asking::{Authorization, TokenRequest, token_of};
use crate::check::medmij::secrets::no_token;

pub async fn refresh(session: &Session<'_>) -> Judged {
    let granted = session.lasting().await?;
    let Some(old) = &granted.token.refresh else {
        let finding = granted.seen.finding(Level::Hard, code::CONTENT, "consent that lasts gave no refresh token");
        return Ok(finding.expected("`refresh_token`").into());
    };
    let seen = TokenRequest::refresh(session, old).send(session).await;
    let Some(new) = token_of(&seen) else {
        let finding = seen.broken(Level::Hard);
        let refused = || seen.finding(Level::Hard, code::REFUSED, "a refresh token was refused").expected("status 200");
        return Ok(finding.unwrap_or_else(refused).into());
    };
    let mut outcome = seen.shows();
    if new.access == granted.token.access {
        outcome.push(seen.finding(Level::Hard, code::CONTENT, "the access token is the old one"));
    }
    match &new.refresh {
        None => outcome.push(seen.finding(Level::Hard, code::CONTENT, "there is no new refresh token")),
        Some(new) if new == old => {
            outcome.push(seen.finding(Level::Hard, code::CONTENT, "the refresh token is the old one"))
        }
        Some(_) => {}
    }
    Ok(outcome)
}

/// A refresh token that nobody used yet.
async fn fresh_refresh(session: &Session<'_>) -> Result<String, Outcome> {
    let person = session.first_person()?;
    let granted =
        session.granted(person, Decision::Lasting, Authorization::valid(session)).await.map_err(Outcome::blocked)?;
    granted.token.refresh.ok_or_else(|| Outcome::blocked("consent that lasts gave no refresh token"))
}

pub async fn withdrawn(session: &Session<'_>) -> Judged {
    // Somebody else than whose refresh token the other checks have, where there is somebody.
    let person = session.setup.second_person().map_or_else(|| session.first_person(), Ok)?;
    let asked = Authorization::valid(session);
    let granted = session.granted(person, Decision::Lasting, asked).await.map_err(Outcome::blocked)?;
    let Some(refresh) = granted.token.refresh else {
        return Err(Outcome::blocked("consent that lasts gave no refresh token"));
    };
    let page = session.setup.withdrawal_page.as_deref().unwrap_or_default();
    let withdrawn = withdraw(session, page, person).await;
    withdrawn.map_err(|why| Outcome::blocked(format!("consent could not be withdrawn: {why}")))?;
    let seen = TokenRequest::refresh(session, &refresh).send(session).await;
    let reaction = if token_of(&seen).is_some() { "still gives a token" } else { "is refused" };
    let message = format!("after consent is withdrawn, its refresh token {reaction}");
    Ok(seen.finding(Level::Note, code::NOTE, message).into())
}

pub async fn refresh_twice(session: &Session<'_>) -> Judged {
    let old = fresh_refresh(session).await?;
    let first = TokenRequest::refresh(session, &old).send(session).await;
    if token_of(&first).is_none() {
        return Err(Outcome::blocked("the first refresh gave no token"));
    }
    let second = TokenRequest::refresh(session, &old).send(session).await;
    Ok(no_token(&second, &[], "a used refresh token", code::ACCEPTED))
}

pub async fn refresh_other_client(session: &Session<'_>) -> Judged {
    let refresh = fresh_refresh(session).await?;
    let other = session.setup.second_client.as_ref().map(|party| party.name.clone()).unwrap_or_default();
    let peer = if session.setup.second.is_some() { Peer::Second } else { Peer::Client };
    let seen = TokenRequest::refresh(session, &refresh).with("client_id", &other).peer(peer).send(session).await;
    Ok(no_token(&seen, &[], "a refresh token of another client", code::ACCEPTED))
}
