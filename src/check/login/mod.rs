//! How a person logs in when nobody sits at the screen: a form that is filled in, or the login hook of
//! [`crate::authorization`].
//!
//! Filling in forms is here and not in `authorization`: a run never sees a login page, it has a hook for
//! that. Checks look at every page on the way, and have persons that refuse, walk away or may not log in.

mod form;

pub use form::Page;

use url::Url;

use crate::authorization::{self, Decision, leads_back, run_hook};
use crate::exchange::AccessToken;

use super::session::{Peer, Place, Seen, Session, request};
use super::setup::Person;

/// How a login is done.
#[derive(Clone, Debug, Default)]
pub enum LoginMethod {
    /// It is not.
    #[default]
    None,
    /// The forms of the DVA are filled in with the user and password of a person.
    Form,
    /// A command does it: [`run_hook`].
    Hook(String),
}

/// Where a login ended.
#[derive(Clone, Debug)]
pub struct Landing {
    /// Where the browser was sent back to; None when it stayed at the DVA.
    pub redirect: Option<Url>,
    /// The last exchange.
    pub last: Option<Seen>,
    /// The page that asked for consent.
    pub consent: Option<Seen>,
}

impl Landing {
    /// A parameter of the redirect.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let redirect = self.redirect.as_ref()?;
        redirect.query_pairs().find(|(n, _)| n == name).map(|(_, value)| value.into_owned())
    }
}

/// Pages that are gone through at most.
const STEPS: usize = 12;

/// Goes to a URL as a person and does what is to be done until the browser is sent back.
///
/// # Errors
/// Why the login did not come to an end.
pub async fn log_in(
    session: &Session<'_>,
    url: &str,
    redirect_uri: &str,
    person: &Person,
    decision: Decision,
) -> Result<Landing, String> {
    match &session.setup.login {
        LoginMethod::None => Err("there is no way to log in".to_owned()),
        LoginMethod::Form => fill_in(session, url, redirect_uri, person, decision).await,
        LoginMethod::Hook(command) => hook(session, command, url, redirect_uri, person, decision).await,
    }
}

/// Has a person take back their consent.
///
/// # Errors
/// Why that did not come to an end.
pub async fn withdraw(session: &Session<'_>, page: &str, person: &Person) -> Result<(), String> {
    match &session.setup.login {
        LoginMethod::None => Err("there is no way to log in".to_owned()),
        LoginMethod::Hook(command) => hook(session, command, page, "", person, Decision::Withdraw).await.map(drop),
        LoginMethod::Form => {
            let seen = session.get(Peer::Nobody, Place::Front, page, &[("Accept", "text/html")]).await;
            let read = Page::read(&seen.text());
            let filled = read.form().and_then(|form| form.login(&person.user, person.password.expose(), false));
            let Some((_, action, body)) = filled else { return Err(format!("there is no form: {}", seen.in_words())) };
            let here = Url::parse(&seen.exchange.request.url).map_err(|error| error.to_string())?;
            let action = here.join(&action).map_err(|error| error.to_string())?;
            let form = [("Accept", "text/html"), ("Content-Type", "application/x-www-form-urlencoded")];
            let done = session.send(Peer::Nobody, Place::Front, request("POST", action.as_str(), &form, body)).await;
            if done.is_success() { Ok(()) } else { Err(done.in_words()) }
        }
    }
}

fn comes_back(url: &Url, redirect_uri: &str) -> bool {
    Url::parse(redirect_uri).is_ok_and(|wanted| leads_back(url, &wanted))
}

async fn fill_in(
    session: &Session<'_>,
    url: &str,
    redirect_uri: &str,
    person: &Person,
    decision: Decision,
) -> Result<Landing, String> {
    let mut cookies: Vec<(String, String)> = vec![];
    let mut consent = None;
    let mut asked = false;
    let mut next = request("GET", url, &[("Accept", "text/html")], "");
    for _ in 0..STEPS {
        if !cookies.is_empty() {
            let value: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            next.headers.push("Cookie", value.join("; "));
        }
        let seen = session.send(Peer::Nobody, Place::Front, next).await;
        let Some(answer) = seen.answer() else { return Err(seen.in_words()) };
        for (_, cookie) in answer.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie")) {
            if let Some((name, value)) = cookie.split(';').next().and_then(|c| c.split_once('=')) {
                cookies.retain(|(known, _)| known != name);
                cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        let here = Url::parse(&seen.exchange.request.url).map_err(|e| e.to_string())?;
        if (300..400).contains(&seen.status()) {
            let to = seen.header("Location").ok_or("a redirect without Location")?;
            let to = here.join(to).map_err(|e| format!("a redirect to `{to}`: {e}"))?;
            if comes_back(&to, redirect_uri) {
                return Ok(Landing { redirect: Some(to), last: Some(seen), consent });
            }
            next = request("GET", to.as_str(), &[("Accept", "text/html")], "");
            continue;
        }
        let page = Page::read(&seen.text());
        let stayed = Landing { redirect: None, last: Some(seen.clone()), consent: consent.clone() };
        if seen.status() >= 400 {
            return Ok(stayed);
        }
        let filled = match page.form() {
            Some(form) if form.asks_password() && !asked => {
                asked = true;
                form.login(person.user.as_str(), person.password.expose(), decision == Decision::Abort)
            }
            // Asked twice: this person is not let in.
            Some(form) if form.asks_password() => {
                return Err(format!("`{}` is not let in: {}", person.user, page.title()));
            }
            Some(form) => {
                consent = Some(seen.clone());
                form.decide(decision)
            }
            None => return Ok(stayed),
        };
        let Some((method, action, body)) = filled else { return Ok(stayed) };
        let action = here.join(&action).map_err(|e| format!("the form goes to `{action}`: {e}"))?;
        next = match method {
            "GET" => request("GET", &format!("{action}?{body}"), &[("Accept", "text/html")], ""),
            _ => {
                let form = [("Accept", "text/html"), ("Content-Type", "application/x-www-form-urlencoded")];
                request("POST", action.as_str(), &form, body)
            }
        };
    }
    Err(format!("the login went through {STEPS} pages without coming back"))
}

async fn hook(
    session: &Session<'_>,
    command: &str,
    url: &str,
    redirect_uri: &str,
    person: &Person,
    decision: Decision,
) -> Result<Landing, String> {
    let password = Some(person.password.clone()).filter(|password| !password.expose().is_empty());
    let person = authorization::Person { name: person.user.clone(), user: person.user.clone(), password };
    let came_back = run_hook(command, url, &person, decision).await.map_err(|error| error.to_string())?;
    let Some(line) = came_back else {
        return match decision {
            Decision::Consent | Decision::Lasting => Err("the login hook wrote no URL".to_owned()),
            Decision::Refuse | Decision::Abort | Decision::Withdraw => {
                Ok(Landing { redirect: None, last: None, consent: None })
            }
        };
    };
    if decision == Decision::Withdraw {
        return Ok(Landing { redirect: None, last: None, consent: None });
    }
    let redirect = Url::parse(&line).map_err(|_| "the login hook did not print a URL".to_owned())?;
    if let Some((_, code)) = redirect.query_pairs().find(|(name, _)| name == "code") {
        session.keep_secret(AccessToken::new(code).expose());
    }
    Ok(Landing { redirect: comes_back(&redirect, redirect_uri).then_some(redirect), last: None, consent: None })
}
