//! The authorization code flow as we go through it, and what of it many checks look at.

use std::cell::RefCell;

use tokio::sync::OnceCell;
use url::Url;

use crate::authorization::Decision;
use crate::check::code;
use crate::check::login::{Landing, log_in};
use crate::check::outcome::Outcome;
use crate::check::session::{Seen, Session};
use crate::check::setup::{Person, Role};

use super::asking::{Authorization, Token, TokenRequest, token_of};
use super::resource::Search;

/// What is seen once and judged often.
#[derive(Default)]
pub struct Observations {
    /// A valid authorization request.
    pub accepted: OnceCell<Seen>,
    /// A login with consent for once, and the token.
    pub first: OnceCell<Result<Granted, String>>,
    /// A login with consent that lasts.
    pub lasting: OnceCell<Result<Granted, String>>,
    /// A login of the second person.
    pub second: OnceCell<Result<Granted, String>>,
    /// More logins, to see whether secrets repeat.
    pub many: OnceCell<Result<(), String>>,
    /// Every code that was received.
    pub codes: RefCell<Vec<String>>,
    /// Every access token that was received.
    pub tokens: RefCell<Vec<String>>,
    /// The requests of the data service.
    pub searches: OnceCell<Vec<Search>>,
    /// Those of the second person.
    pub other_searches: OnceCell<Vec<Search>>,
}

/// A code, and what belongs to it.
#[derive(Clone)]
pub struct Coded {
    /// The code.
    pub code: String,
    /// The request it came of.
    pub asked: Authorization,
    /// Where the login ended.
    pub landing: Landing,
}

/// A login that led to a token.
#[derive(Clone)]
pub struct Granted {
    /// The code.
    pub coded: Coded,
    /// The answer of the token endpoint.
    pub seen: Seen,
    /// What it gave.
    pub token: Token,
}

/// The redirect of an answer, if there is one.
pub fn location(seen: &Seen) -> Option<Url> {
    if !(300..400).contains(&seen.status()) {
        return None;
    }
    let here = Url::parse(&seen.exchange.request.url).ok()?;
    here.join(seen.header("Location")?).ok()
}

/// The redirect, if it goes back to the client.
pub fn to_client(session: &Session<'_>, seen: &Seen) -> Option<Url> {
    let to = location(seen)?;
    let redirect = session.setup.redirect_uri.as_deref().unwrap_or_default();
    to.as_str().starts_with(redirect).then_some(to)
}

/// A parameter of a URL.
pub fn parameter(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(n, _)| n == name).map(|(_, value)| value.into_owned())
}

impl Session<'_> {
    /// What a valid authorization request leads to.
    pub async fn accepted(&self) -> &Seen {
        self.medmij.accepted.get_or_init(|| async { Authorization::valid(self).send(self).await }).await
    }

    /// The person that logs in.
    pub fn first_person(&self) -> Result<&Person, Outcome> {
        let person = self.setup.person(Role::Data);
        person.ok_or_else(|| Outcome::open(code::INPUT, "missing: a test person with data"))
    }

    /// Logs in and comes back with a code.
    pub async fn code_for(&self, person: &Person, decision: Decision, asked: Authorization) -> Result<Coded, Outcome> {
        let redirect = asked.get("redirect_uri").to_owned();
        let landing = log_in(self, &asked.url(self), &redirect, person, decision).await;
        let landing = landing.map_err(|why| Outcome::blocked(format!("the login did not succeed: {why}")))?;
        let Some(received) = landing.parameter("code") else {
            let why =
                landing.parameter("error").unwrap_or_else(|| "the browser was not sent back with a code".to_owned());
            return Err(Outcome::blocked(format!("the login gave no code: {why}")));
        };
        self.medmij.codes.borrow_mut().push(received.clone());
        Ok(Coded { code: received, asked, landing })
    }

    /// A code that nobody used yet.
    pub async fn fresh_code(&self) -> Result<Coded, Outcome> {
        let person = self.first_person()?;
        self.code_for(person, Decision::Consent, Authorization::valid(self)).await
    }

    /// Logs in and gets a token.
    pub async fn granted(&self, person: &Person, decision: Decision, asked: Authorization) -> Result<Granted, String> {
        let said = |outcome: Outcome| outcome.findings.first().map_or(String::new(), |finding| finding.message.clone());
        let coded = self.code_for(person, decision, asked).await.map_err(said)?;
        let seen = TokenRequest::code(self, &coded.code, Some(&coded.asked)).send(self).await;
        match token_of(&seen).filter(|_| seen.is_success()) {
            Some(token) => Ok(Granted { coded, seen, token }),
            None => Err(format!("the token endpoint gave no token: {}", seen.in_words())),
        }
    }

    /// The token of the first person, consent for once.
    pub async fn first(&self) -> Result<&Granted, Outcome> {
        let person = self.first_person()?;
        let make = || self.granted(person, Decision::Consent, Authorization::valid(self));
        self.medmij.first.get_or_init(make).await.as_ref().map_err(Outcome::blocked)
    }

    /// The token of the first person, consent that lasts.
    pub async fn lasting(&self) -> Result<&Granted, Outcome> {
        let person = self.first_person()?;
        let make = || self.granted(person, Decision::Lasting, Authorization::valid(self));
        self.medmij.lasting.get_or_init(make).await.as_ref().map_err(Outcome::blocked)
    }

    /// An access token for the resource server.
    pub async fn token(&self) -> Result<String, Outcome> {
        match &self.setup.token {
            Some(token) => Ok(token.expose().to_owned()),
            None => Ok(self.first().await?.token.access.clone()),
        }
    }

    /// An access token of the second person.
    pub async fn second_token(&self) -> Result<String, Outcome> {
        if let Some(token) = &self.setup.second_token {
            return Ok(token.expose().to_owned());
        }
        let missing = || Outcome::open(code::INPUT, "missing: a second test person with data");
        let person = self.setup.second_person().ok_or_else(missing)?;
        let make = || self.granted(person, Decision::Consent, Authorization::valid(self));
        let granted = self.medmij.second.get_or_init(make).await.as_ref().map_err(Outcome::blocked)?;
        Ok(granted.token.access.clone())
    }

    /// Logs in until there are enough codes and tokens to compare.
    pub async fn many(&self) -> Result<(), Outcome> {
        let person = self.first_person()?;
        let make = || async {
            let enough = |session: &Session<'_>| session.medmij.tokens.borrow().len() >= session.setup.repeats;
            while !enough(self) {
                self.granted(person, Decision::Consent, Authorization::valid(self)).await?;
            }
            Ok(())
        };
        self.medmij.many.get_or_init(make).await.clone().map_err(Outcome::blocked)
    }
}
