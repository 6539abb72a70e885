//! Methods mean what they say, and the server remembers nothing.

use serde_json::Value;

use crate::check::catalogue::Level;
use crate::check::code;
use crate::check::medmij::bundle;
use crate::check::outcome::{Judged, Outcome};
use crate::check::session::{Peer, Place, Seen, Session};

pub async fn made_up_method(session: &Session<'_>) -> Judged {
    let token = session.api_token().await;
    let base = session.setup.fhir_base.as_deref().unwrap_or_default();
    let request = session.fhir_request("FOO", token.as_deref(), &format!("{base}/metadata"), &[]);
    let seen = session.send(Peer::Client, Place::Resource, request).await;
    let mut outcome = seen.shows();
    if seen.is_success() {
        outcome.push(
            seen.finding(Level::Warn, code::ACCEPTED, "the method FOO is accepted").expected("status 405 or 501"),
        );
    } else if !matches!(seen.status(), 400 | 403 | 404 | 405 | 501) {
        let message = format!("the method FOO is answered with {}", seen.in_words());
        outcome.push(seen.finding(Level::Warn, code::ERROR_FORM, message).expected("status 405 or 501"));
    } else if seen.status() == 405 && seen.header("Allow").is_none() {
        outcome.push(seen.finding(Level::Note, code::NOTE, "405 comes without `Allow`"));
    }
    Ok(outcome)
}

/// What must stay the same when something is read again.
fn identity(seen: &Seen) -> (u16, Option<String>, Option<Value>) {
    let mut value = seen.json();
    let version = value.as_ref().and_then(|value| Some(value.get("meta")?.get("versionId")?.as_str()?.to_owned()));
    // A searchset is made anew each time; its entries are what is compared.
    if let Some(Value::Object(members)) = &mut value
        && members.get("resourceType").and_then(Value::as_str) == Some("Bundle")
    {
        for name in ["id", "meta", "timestamp", "link"] {
            members.remove(name);
        }
    }
    (seen.status(), version, value)
}

pub async fn get_is_safe(session: &Session<'_>) -> Judged {
    let path = session.readable().await?;
    let (search, _) = session.largest().await?;
    let mut outcome = Outcome::holds();
    for path in [path, search] {
        let first = session.api(&path, &[]).await;
        outcome.exchange.get_or_insert(first.number);
        for _ in 0..2 {
            let again = session.api(&path, &[]).await;
            if identity(&again) == identity(&first) {
                continue;
            }
            // Somebody else may have written meanwhile: once more, close together.
            let (third, fourth) = (session.api(&path, &[]).await, session.api(&path, &[]).await);
            if identity(&third) != identity(&fourth) {
                outcome.push(
                    fourth
                        .finding(Level::Hard, code::CONTENT, format!("`{path}` changes by being read"))
                        .expected("the same version and content"),
                );
            }
            break;
        }
    }
    Ok(outcome)
}

pub async fn head_is_safe(session: &Session<'_>) -> Judged {
    let path = session.readable().await?;
    let token = session.api_token().await;
    let base = session.setup.fhir_base.as_deref().unwrap_or_default().to_owned();
    let mut outcome = Outcome::holds();
    for method in ["HEAD", "OPTIONS"] {
        let before = session.api(&path, &[]).await;
        let settled = session.api(&path, &[]).await;
        let request = session.fhir_request(method, token.as_deref(), &format!("{base}/{path}"), &[]);
        let seen = session.send(Peer::Client, Place::Resource, request).await;
        let after = session.api(&path, &[]).await;
        outcome.exchange.get_or_insert(seen.number);
        // What changes by GET alone is API-13.
        if identity(&before) == identity(&settled) && identity(&settled) != identity(&after) {
            outcome.push(seen.finding(Level::Hard, code::CONTENT, format!("`{path}` changes by {method}")));
        }
        if matches!(seen.status(), 405 | 501) {
            outcome.push(seen.finding(Level::Note, code::NOTE, format!("{method} is not supported")));
        }
    }
    Ok(outcome)
}

pub async fn stateless(session: &Session<'_>) -> Judged {
    let (path, _) = session.largest().await?;
    let first = session.api(&path, &[]).await;
    session.dialer.forget();
    let again = session.api(&path, &[]).await;
    let mut outcome = again.shows();
    if identity(&first) != identity(&again) {
        outcome.push(again.finding(Level::Hard, code::CONTENT, format!("`{path}` differs on a new connection")));
    }
    let separator = if path.contains('?') { '&' } else { '?' };
    let page = session.api(&format!("{path}{separator}_count=1"), &[]).await;
    let next = page.json().and_then(|value| bundle::link(&value, "next").map(str::to_owned));
    if let Some(next) = next {
        session.dialer.forget();
        let token = session.api_token().await;
        let seen = session.fhir(Peer::Client, token.as_deref(), &next, &[]).await;
        if !seen.is_success() {
            outcome.push(seen.finding(Level::Hard, code::REFUSED, "a next link does not work on a new connection"));
        }
    }
    if let Some(seen) = session.api_seen().iter().find(|seen| seen.header("Set-Cookie").is_some()) {
        outcome.push(seen.finding(Level::Warn, code::HEADER, "the server sets a cookie").expected("no session"));
    }
    Ok(outcome)
}
