//! Authorization requests that are wrong, or odd: who is sent where, and with what.

use url::Url;

use crate::check::catalogue::Level;
use crate::check::code;
use crate::check::outcome::{Judged, Outcome};
use crate::check::session::{Peer, Place, Session, request};

use super::{carries_on, goes_back, not_accepted, stays};
use crate::check::medmij::asking::{Authorization, state};
use crate::check::medmij::flow::{parameter, to_client};

pub async fn unknown_client(session: &Session<'_>) -> Judged {
    let ours = Authorization::valid(session).with("client_id", "niet-bestaand.example");
    let mut outcome = stays(session, &ours, Level::Hard, "an unknown `client_id`").await?;
    // With a redirect_uri that goes with it: then only the list tells that it is unknown.
    let own = ours.with("redirect_uri", "https://niet-bestaand.example/cb");
    outcome.add(stays(session, &own, Level::Hard, "an unknown `client_id` with a redirect_uri of its own").await?);
    Ok(outcome)
}

pub async fn no_client(session: &Session<'_>) -> Judged {
    stays(session, &Authorization::valid(session).without("client_id"), Level::Hard, "a request without `client_id`")
        .await
}

pub async fn foreign_redirect(session: &Session<'_>) -> Judged {
    let asked = Authorization::valid(session).with("redirect_uri", "https://evil.example/cb");
    stays(session, &asked, Level::Hard, "a `redirect_uri` of another host").await
}

pub async fn no_redirect(session: &Session<'_>) -> Judged {
    let asked = Authorization::valid(session).without("redirect_uri");
    stays(session, &asked, Level::Hard, "a request without `redirect_uri`").await
}

pub async fn redirect_tricks(session: &Session<'_>) -> Judged {
    let redirect = session.setup.redirect_uri.clone().unwrap_or_default();
    let url = Url::parse(&redirect).map_err(|_| Outcome::blocked("the redirect URI is not a URL"))?;
    let host = url.host_str().unwrap_or_default();
    let path = url.path();
    let tricks = [
        (format!("https://{host}.evil.example{path}"), Level::Hard),
        (format!("https://{host}@evil.example{path}"), Level::Hard),
        (format!("https://evil.example/{host}{path}"), Level::Hard),
        (redirect.replacen("https:", "http:", 1), Level::Warn),
        (format!("{redirect}#x"), Level::Warn),
        (format!("{}/../x", redirect.trim_end_matches('/')), Level::Warn),
    ];
    let mut outcome = Outcome::holds();
    for (trick, level) in tricks.into_iter().filter(|(trick, _)| *trick != redirect) {
        let asked = Authorization::valid(session).with("redirect_uri", &trick);
        outcome.add(stays(session, &asked, level, &format!("`redirect_uri={trick}`")).await?);
    }
    Ok(outcome)
}

pub async fn response_type(session: &Session<'_>) -> Judged {
    let levels = (Level::Hard, Level::Warn);
    let other = Authorization::valid(session).with("response_type", "token");
    let mut outcome =
        goes_back(session, &other, &["unsupported_response_type"], levels, "`response_type=token`").await?;
    let none = Authorization::valid(session).without("response_type");
    let errors = ["unsupported_response_type", "invalid_request"];
    outcome.add(goes_back(session, &none, &errors, levels, "a request without `response_type`").await?);
    Ok(outcome)
}

const SCOPE_ERRORS: [&str; 2] = ["invalid_scope", "invalid_request"];

pub async fn no_scope(session: &Session<'_>) -> Judged {
    let asked = Authorization::valid(session).without("scope");
    goes_back(session, &asked, &SCOPE_ERRORS, (Level::Hard, Level::Warn), "a request without `scope`").await
}

pub async fn unknown_provider(session: &Session<'_>) -> Judged {
    let valid = Authorization::valid(session);
    let scope = match valid.get("scope").split_once('~') {
        Some((_, service)) => format!("bestaatniet~{service}"),
        None => "bestaatniet".to_owned(),
    };
    let asked = valid.with("scope", &scope);
    goes_back(session, &asked, &["invalid_scope"], (Level::Hard, Level::Warn), "a scope for an unknown provider").await
}

pub async fn scope_syntax(session: &Session<'_>) -> Judged {
    let provider = session.setup.provider.clone().unwrap_or_default();
    let scopes =
        [format!("{provider}@medmij"), provider.to_uppercase(), format!("{provider}~"), format!("{provider}~x")];
    let mut outcome = Outcome::holds();
    for scope in scopes {
        let asked = Authorization::valid(session).with("scope", &scope);
        let levels = (Level::Warn, Level::Warn);
        outcome.add(goes_back(session, &asked, &["invalid_scope"], levels, &format!("`scope={scope}`")).await?);
    }
    Ok(outcome)
}

pub async fn mixed_providers(session: &Session<'_>) -> Judged {
    let valid = Authorization::valid(session);
    let other = session.setup.other_provider.as_ref().map_or("anderziekenhuis", |party| &party.name);
    let service = session.setup.services.first().map_or("48", String::as_str);
    let scope = format!("{} {other}~{service}", valid.get("scope"));
    let asked = valid.with("scope", &scope);
    goes_back(session, &asked, &["invalid_scope"], (Level::Warn, Level::Warn), "a scope with two providers").await
}

pub async fn several_services(session: &Session<'_>) -> Judged {
    let valid = Authorization::valid(session);
    let provider = session.setup.provider.clone().unwrap_or_default();
    let other = session.setup.second_service().map_or("51", |(id, _)| id);
    let scope = format!("{} {provider}~{other}", valid.get("scope"));
    let seen = valid.with("scope", &scope).send(session).await;
    Ok(not_accepted(session, &seen, Level::Hard, "a scope with two services"))
}

pub async fn provider_scope(session: &Session<'_>) -> Judged {
    let seen = session.accepted().await;
    Ok(not_accepted(session, seen, Level::Hard, "a scope of the provider's name alone"))
}

pub async fn state_unchanged(session: &Session<'_>) -> Judged {
    let mut outcome = Outcome::holds();
    let mut observed = false;
    for (length, level) in [(22, Level::Warn), (128, Level::Hard), (511, Level::Warn)] {
        let sent = state(length);
        let wrong = [("response_type", "token"), ("scope", "bestaatniet")];
        for (name, value) in wrong {
            let seen = Authorization::valid(session).with(name, value).with("state", &sent).send(session).await;
            let Some(to) = to_client(session, &seen) else { continue };
            observed = true;
            outcome.exchange = Some(seen.number);
            let back = parameter(&to, "state");
            if back.as_deref() != Some(&sent) {
                let message = format!("a state of {length} characters did not come back unchanged");
                let back = back.unwrap_or_else(|| "no state".to_owned());
                outcome.push(seen.finding(level, code::CONTENT, message).expected(sent.as_str()).found(back));
            }
            break;
        }
    }
    match observed {
        true => Ok(outcome),
        false => Err(Outcome::blocked("no error was redirected to the client, so no state came back")),
    }
}

pub async fn no_state(session: &Session<'_>) -> Judged {
    let valid = session.accepted().await.clone();
    let seen = Authorization::valid(session).without("state").send(session).await;
    let mut outcome = seen.shows();
    outcome.findings.extend(seen.broken(Level::Warn));
    let code = to_client(session, &seen).is_some_and(|to| parameter(&to, "code").is_some());
    if code || carries_on(&seen, &valid) {
        let finding = seen.finding(Level::Warn, code::ACCEPTED, "a request without `state` was accepted");
        outcome.push(finding.expected("`error=invalid_request`, or an error page"));
    }
    Ok(outcome)
}

/// What happens is written down; only a server that breaks is more than a note.
async fn noted(session: &Session<'_>, asked: &Authorization, what: &str, broken: Level) -> Judged {
    let valid = session.accepted().await.clone();
    let seen = asked.send(session).await;
    if let Some(finding) = seen.broken(broken) {
        return Ok(finding.into());
    }
    let reaction = match to_client(session, &seen) {
        Some(to) => format!("redirected with `error={}`", parameter(&to, "error").unwrap_or_default()),
        None if carries_on(&seen, &valid) => "accepted".to_owned(),
        None => seen.in_words(),
    };
    Ok(seen.finding(Level::Note, code::NOTE, format!("{what}: {reaction}")).into())
}

pub async fn long_state(session: &Session<'_>) -> Judged {
    let asked = Authorization::valid(session).with("state", &state(5000));
    noted(session, &asked, "a state of 5000 characters", Level::Note).await
}

pub async fn no_request_id(session: &Session<'_>) -> Judged {
    let asked = Authorization::valid(session).without("MedMij-Request-ID");
    noted(session, &asked, "without `MedMij-Request-ID`", Level::Warn).await
}

pub async fn no_correlation_id(session: &Session<'_>) -> Judged {
    let without = Authorization::valid(session).without("X-Correlation-ID");
    let mut outcome = noted(session, &without, "without `X-Correlation-ID`", Level::Warn).await?;
    let invalid = Authorization::valid(session).with("X-Correlation-ID", "abc");
    outcome.add(noted(session, &invalid, "with `X-Correlation-ID=abc`", Level::Warn).await?);
    Ok(outcome)
}

pub async fn unknown_parameter(session: &Session<'_>) -> Judged {
    let seen = Authorization::valid(session).also("foo", "bar").send(session).await;
    Ok(not_accepted(session, &seen, Level::Hard, "a request with an unknown parameter"))
}

pub async fn parameter_twice(session: &Session<'_>) -> Judged {
    let valid = session.accepted().await.clone();
    let asked = Authorization::valid(session);
    let scope = asked.get("scope").to_owned();
    let seen = asked.also("scope", &scope).send(session).await;
    let mut outcome = seen.shows();
    outcome.findings.extend(seen.broken(Level::Warn));
    if carries_on(&seen, &valid) {
        let finding = seen.finding(Level::Warn, code::ACCEPTED, "a request with two `scope` parameters was accepted");
        outcome.push(finding.expected("`error=invalid_request`"));
    }
    Ok(outcome)
}

pub async fn post(session: &Session<'_>) -> Judged {
    let endpoint = session.setup.authorization_endpoint.clone().unwrap_or_default();
    let headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "text/html")];
    let form = Authorization::valid(session).form();
    let seen = session.send(Peer::Nobody, Place::Front, request("POST", &endpoint, &headers, form)).await;
    let finding = seen.broken(Level::Note);
    Ok(finding.unwrap_or_else(|| seen.finding(Level::Note, code::NOTE, format!("POST: {}", seen.in_words()))).into())
}
