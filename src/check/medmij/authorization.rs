//! Judges of MM-AUTH.

use url::Url;

use crate::check::catalogue::Level;
use crate::check::code;
use crate::check::login::{Decision, Landing, Page, log_in};
use crate::check::outcome::{Finding, Judged, Outcome};
use crate::check::session::{Peer, Place, Seen, Session, request};
use crate::check::setup::Role;
use crate::diagnostic::Words;

use super::flow::{Authorization, location, parameter, state, to_client, unguessable};

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

/// A redirect with code and state and nothing that gives more away.
fn came_back(landing: &Landing, asked: &Authorization, redirect_uri: &str) -> Outcome {
    let number = landing.last.as_ref().map(|seen| seen.number);
    let mut outcome = Outcome { findings: vec![], exchange: number };
    let Some(to) = &landing.redirect else {
        outcome.push(Finding::new(Level::Hard, code::REFUSED, "consent did not lead back to the client"));
        return outcome;
    };
    let bare = &to[..url::Position::AfterPath];
    if bare != redirect_uri.split('?').next().unwrap_or_default() {
        let message = format!("the browser was sent to `{bare}`");
        outcome.push(Finding::new(Level::Hard, code::CONTENT, message).expected(redirect_uri));
    }
    if let Some(error) = parameter(to, "error") {
        outcome.push(Finding::new(Level::Hard, code::REFUSED, format!("consent led to `error={error}`")));
    } else if parameter(to, "code").is_none_or(|code| code.is_empty()) {
        outcome.push(Finding::new(Level::Hard, code::REFUSED, "consent gave no code"));
    }
    if parameter(to, "state").as_deref() != Some(asked.get("state")) {
        let found = parameter(to, "state").unwrap_or_else(|| "no state".to_owned());
        let finding = Finding::new(Level::Hard, code::CONTENT, "the state did not come back with the code");
        outcome.push(finding.expected(asked.get("state")).found(found));
    }
    let given = |name: &str| matches!(name, "access_token" | "refresh_token" | "id_token");
    let fragment = to.fragment().unwrap_or_default();
    if to.query_pairs().any(|(name, _)| given(&name)) || fragment.contains("access_token=") {
        outcome.push(Finding::new(Level::Hard, code::LEAK, "there is a token in the redirect"));
    }
    for (name, _) in to.query_pairs() {
        let known = matches!(&*name, "code" | "state" | "iss" | "error" | "error_description") || given(&name);
        let wanted = redirect_uri.contains(&format!("{name}="));
        if !known && !wanted {
            outcome.push(Finding::new(
                Level::Warn,
                code::CONTENT,
                format!("the redirect has a parameter `{name}` that is not asked"),
            ));
        }
    }
    outcome
}

pub async fn consent_given(session: &Session<'_>) -> Judged {
    let person = session.first_person()?;
    let asked = Authorization::valid(session);
    let redirect = asked.get("redirect_uri").to_owned();
    let landing = log_in(session, &asked.url(session), &redirect, person, Decision::Consent).await;
    let landing = landing.map_err(|why| {
        Outcome::from(Finding::new(Level::Hard, code::REFUSED, format!("the login did not succeed: {why}")))
    })?;
    session.medmij.codes.borrow_mut().extend(landing.parameter("code"));
    Ok(came_back(&landing, &asked, &redirect))
}

/// A login that must not end with a code.
async fn without_code(session: &Session<'_>, role: Role, decision: Decision) -> Result<(Landing, Outcome), Outcome> {
    let missing = || Outcome::open(code::INPUT, "missing: a test person for this");
    let person = session.setup.person(role).ok_or_else(missing)?;
    let asked = Authorization::valid(session);
    let redirect = asked.get("redirect_uri").to_owned();
    let landing = log_in(session, &asked.url(session), &redirect, person, decision).await;
    let landing = match landing {
        Ok(landing) => landing,
        // Not let in at all: no code either.
        Err(_) if role != Role::Data => Landing { redirect: None, last: None, consent: None },
        Err(why) => return Err(Outcome::blocked(format!("the login did not succeed: {why}"))),
    };
    let mut outcome = Outcome { findings: vec![], exchange: landing.last.as_ref().map(|seen| seen.number) };
    if landing.parameter("code").is_some() {
        outcome.push(Finding::new(Level::Hard, code::ACCEPTED, "the flow went on and gave a code").expected("no code"));
    }
    Ok((landing, outcome))
}

/// The error of a redirect, as a warning when it is another.
fn denied(landing: &Landing, outcome: &mut Outcome, level: Level) {
    match (&landing.redirect, landing.parameter("error")) {
        (None, _) => {
            let finding = Finding::new(level, code::ERROR_FORM, "the browser was not sent back to the client");
            outcome.push(finding.expected("a redirect with `error=access_denied`"));
        }
        (Some(_), Some(error)) if error == "access_denied" => {}
        (Some(_), error) => {
            let said = error.map_or("no error".to_owned(), |error| format!("`{error}`"));
            let finding = Finding::new(Level::Warn, code::ERROR_FORM, format!("the client was told {said}"));
            outcome.push(finding.expected("`access_denied`"));
        }
    }
}

pub async fn consent_refused(session: &Session<'_>) -> Judged {
    let (landing, mut outcome) = without_code(session, Role::Data, Decision::Refuse).await?;
    if outcome.findings.is_empty() {
        denied(&landing, &mut outcome, Level::Hard);
    }
    Ok(outcome)
}

pub async fn without_data(session: &Session<'_>) -> Judged {
    let (landing, mut outcome) = without_code(session, Role::NoData, Decision::Consent).await?;
    let said = landing.parameter("error_description").or(landing.parameter("error"));
    if let (true, Some(said)) = (outcome.findings.is_empty(), said) {
        outcome.push(Finding::new(Level::Note, code::NOTE, format!("the client was told: {said}")));
    }
    Ok(outcome)
}

pub async fn under_16(session: &Session<'_>) -> Judged {
    Ok(without_code(session, Role::TooYoung, Decision::Consent).await?.1)
}

pub async fn login_aborted(session: &Session<'_>) -> Judged {
    let (landing, mut outcome) = without_code(session, Role::Data, Decision::Abort).await?;
    outcome.findings.iter_mut().for_each(|finding| finding.verdict = Level::Warn.verdict());
    if outcome.findings.is_empty() && landing.parameter("error").is_none() {
        let finding = Finding::new(Level::Warn, code::ERROR_FORM, "an aborted login was not told to the client");
        outcome.push(finding.expected("a redirect with an `error`"));
    }
    Ok(outcome)
}

pub async fn long_term_not_selected(session: &Session<'_>) -> Judged {
    let granted = session.first().await?;
    let Some(page) = &granted.coded.landing.consent else {
        return Err(Outcome::open(
            code::MANUAL,
            "the consent page was not seen: look whether long-term consent is ticked",
        ));
    };
    let text = page.text();
    let page_read = Page::read(&text);
    let ticked = page_read.ticked();
    if ticked.is_empty() {
        return Ok(page.shows());
    }
    let message = format!("boxes are ticked beforehand: {}", ticked.join(", "));
    Ok(page.finding(Level::Manual, code::CONTENT, message).into())
}

/// Pages that refused an invalid client, with what was asked.
async fn error_pages(session: &Session<'_>) -> Vec<(Seen, Authorization)> {
    let mut pages = vec![];
    for asked in [
        Authorization::valid(session).with("client_id", "niet-bestaand.example"),
        Authorization::valid(session).with("redirect_uri", "https://evil.example/cb"),
    ] {
        let seen = asked.send(session).await;
        if location(&seen).is_none() && seen.status() != 0 {
            pages.push((seen, asked));
        }
    }
    pages
}

pub async fn error_page_ids(session: &Session<'_>) -> Judged {
    let pages = error_pages(session).await;
    let Some((first, _)) = pages.first() else { return Err(Outcome::open(code::UNSEEN, "no error page was seen")) };
    let mut outcome = first.shows();
    for (seen, asked) in &pages {
        let text = seen.text();
        let missing: Vec<&str> = [("MedMij-Request-ID", "Trace ID"), ("X-Correlation-ID", "Session ID")]
            .into_iter()
            .filter(|(name, _)| !text.contains(asked.get(name)))
            .map(|(_, shown)| shown)
            .collect();
        if !missing.is_empty() {
            // The rule is about outages; a page for an invalid request is only noted.
            let level = if seen.status() >= 500 { Level::Warn } else { Level::Note };
            outcome.push(seen.finding(
                level,
                code::CONTENT,
                format!("the error page does not show {}", missing.join(" and ")),
            ));
        }
    }
    Ok(outcome)
}

pub async fn error_page_link(session: &Session<'_>) -> Judged {
    let client = Url::parse(session.setup.redirect_uri.as_deref().unwrap_or_default()).ok();
    let client = client.as_ref().and_then(Url::host_str).unwrap_or_default().to_owned();
    let pages = error_pages(session).await;
    let Some((first, _)) = pages.first() else { return Err(Outcome::open(code::UNSEEN, "no error page was seen")) };
    let mut outcome = first.shows();
    for (seen, _) in &pages {
        let text = seen.text();
        let page = Page::read(&text);
        let leads = |link: &str| link.contains(&client) || link.contains("evil.example");
        if let Some(link) = page.links().find(|link| leads(link)) {
            let finding = seen.finding(Level::Warn, code::CONTENT, format!("the error page leads to `{link}`"));
            outcome.push(finding.expected("no way back to a client that is not known well enough"));
        }
    }
    Ok(outcome)
}

pub async fn codes_unguessable(session: &Session<'_>) -> Judged {
    session.many().await?;
    let codes = session.medmij.codes.borrow();
    Ok(unguessable(&codes, "code"))
}

/// The landing page, and the page that asks for consent where it was seen.
async fn pages(session: &Session<'_>) -> Result<Vec<Seen>, Outcome> {
    let mut at = session.accepted().await.clone();
    for _ in 0..4 {
        let here = Url::parse(&at.exchange.request.url).ok();
        let Some(to) = location(&at).filter(|to| here.as_ref().and_then(Url::host_str) == to.host_str()) else { break };
        if to_client(session, &at).is_some() {
            break;
        }
        at = session.get(Peer::Nobody, Place::Front, to.as_str(), &[("Accept", "text/html")]).await;
    }
    let mut pages = vec![];
    if at.is_success() {
        pages.push(at);
    }
    if session.setup.has(crate::check::Need::Login)
        && let Ok(granted) = session.first().await
    {
        pages.extend(granted.coded.landing.consent.clone());
    }
    if pages.is_empty() { Err(Outcome::blocked("no page was seen")) } else { Ok(pages) }
}

/// What a header must say, and in which words that is found lacking.
type HeaderRule = (fn(&Seen) -> bool, Words);

fn header_rules(pages: &[Seen], rules: &[HeaderRule], session: &Session<'_>) -> Outcome {
    let mut outcome = pages.first().map(Seen::shows).unwrap_or_default();
    for (holds, words) in rules {
        if let Some(page) = pages.iter().find(|page| !holds(page)) {
            outcome.push(page.finding(Level::Warn, code::HEADER, words.get(session.language)));
        }
    }
    outcome
}

fn has(seen: &Seen, name: &str, value: &str) -> bool {
    seen.header(name).is_some_and(|header| header.to_ascii_lowercase().contains(value))
}

pub async fn page_headers(session: &Session<'_>) -> Judged {
    // HSTS is MM-TLS-20.
    let rules: [HeaderRule; 3] = [
        (
            |page| page.header("X-Frame-Options").is_some() || has(page, "Content-Security-Policy", "frame-ancestors"),
            Words::new(
                "a page can be framed: no `X-Frame-Options` and no `frame-ancestors`",
                "een pagina is te framen: geen `X-Frame-Options` en geen `frame-ancestors`",
            ),
        ),
        (
            |page| has(page, "Cache-Control", "no-store"),
            Words::new(
                "a page may be cached: no `Cache-Control: no-store`",
                "een pagina mag gecachet worden: geen `Cache-Control: no-store`",
            ),
        ),
        (
            |page| has(page, "X-Content-Type-Options", "nosniff"),
            Words::new(
                "a page may be sniffed: no `X-Content-Type-Options: nosniff`",
                "een pagina mag gesnift worden: geen `X-Content-Type-Options: nosniff`",
            ),
        ),
    ];
    Ok(header_rules(&pages(session).await?, &rules, session))
}

pub async fn referrer(session: &Session<'_>) -> Judged {
    let rules: [HeaderRule; 1] = [(
        |page| has(page, "Referrer-Policy", "no-referrer") || has(page, "Referrer-Policy", "same-origin"),
        Words::new(
            "a page leaks its URL: no `Referrer-Policy: no-referrer` or `same-origin`",
            "een pagina lekt haar URL: geen `Referrer-Policy: no-referrer` of `same-origin`",
        ),
    )];
    Ok(header_rules(&pages(session).await?, &rules, session))
}

/// An authorization for the service to share with.
pub fn sharing(session: &Session<'_>) -> Authorization {
    let setup = session.setup;
    let service = setup.share_service.clone().unwrap_or_default();
    let scope = format!("{}~{service}", setup.provider.clone().unwrap_or_default());
    Authorization::valid(session).with("scope", &scope)
}

pub async fn share(session: &Session<'_>) -> Judged {
    let person = session.first_person()?;
    let asked = sharing(session);
    let redirect = asked.get("redirect_uri").to_owned();
    let landing = log_in(session, &asked.url(session), &redirect, person, Decision::Consent).await;
    let landing = landing.map_err(|why| {
        Outcome::from(Finding::new(Level::Hard, code::REFUSED, format!("the login did not succeed: {why}")))
    })?;
    session.medmij.codes.borrow_mut().extend(landing.parameter("code"));
    Ok(came_back(&landing, &asked, &redirect))
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
