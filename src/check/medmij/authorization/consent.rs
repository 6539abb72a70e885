//! What people decide, and what the browser comes back with.

use crate::authorization::Decision;
use crate::check::catalogue::Level;
use crate::check::code;
use crate::check::login::{Landing, Page, log_in};
use crate::check::outcome::{Finding, Judged, Outcome};
use crate::check::session::Session;
use crate::check::setup::Role;

use crate::check::medmij::asking::Authorization;
use crate::check::medmij::flow::parameter;
use crate::check::medmij::secrets::unguessable;

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
    given(session, &Authorization::valid(session)).await
}

/// The first person logs in and consents.
async fn given(session: &Session<'_>, asked: &Authorization) -> Judged {
    let person = session.first_person()?;
    let redirect = asked.get("redirect_uri").to_owned();
    let landing = log_in(session, &asked.url(session), &redirect, person, Decision::Consent).await;
    let landing = landing.map_err(|why| {
        Outcome::from(Finding::new(Level::Hard, code::REFUSED, format!("the login did not succeed: {why}")))
    })?;
    session.medmij.codes.borrow_mut().extend(landing.parameter("code"));
    Ok(came_back(&landing, asked, &redirect))
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

pub async fn codes_unguessable(session: &Session<'_>) -> Judged {
    session.many().await?;
    let codes = session.medmij.codes.borrow();
    Ok(unguessable(&codes, "code"))
}

/// An authorization for the service to share with.
pub fn sharing(session: &Session<'_>) -> Authorization {
    let setup = session.setup;
    let service = setup.share_service.clone().unwrap_or_default();
    let scope = format!("{}~{service}", setup.provider.clone().unwrap_or_default());
    Authorization::valid(session).with("scope", &scope)
}

pub async fn share(session: &Session<'_>) -> Judged {
    given(session, &sharing(session)).await
}
