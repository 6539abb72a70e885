//! The authorization code flow as we go through it, and what of it many checks look at.

use std::cell::RefCell;

use serde_json::Value;
use tokio::sync::OnceCell;
use url::Url;
use uuid::Uuid;

use crate::check::catalogue::Level;
use crate::check::code;
use crate::check::login::{Decision, Landing, log_in};
use crate::check::outcome::{Finding, Outcome};
use crate::check::session::{Peer, Place, Seen, Session, request};
use crate::check::setup::{Person, Release, Role};
use crate::diagnostic::Code;

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

/// An authorization request in the making.
#[derive(Clone, Debug)]
pub struct Authorization {
    parameters: Vec<(String, String)>,
}

impl Authorization {
    /// A valid one.
    pub fn valid(session: &Session<'_>) -> Authorization {
        let setup = session.setup;
        let provider = setup.provider.clone().unwrap_or_default();
        let scope = match setup.services.first() {
            Some(service) if setup.release < Release::R2_2 => format!("{provider}~{service}"),
            _ => provider,
        };
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let parameters = [
            ("response_type", "code".to_owned()),
            ("client_id", text(&setup.client_id)),
            ("redirect_uri", text(&setup.redirect_uri)),
            ("scope", scope),
            ("state", state(43)),
            ("MedMij-Request-ID", Uuid::new_v4().to_string()),
            ("X-Correlation-ID", Uuid::new_v4().to_string()),
        ];
        Authorization { parameters: parameters.map(|(name, value)| (name.to_owned(), value)).to_vec() }
    }

    /// Without a parameter.
    #[must_use]
    pub fn without(mut self, name: &str) -> Authorization {
        self.parameters.retain(|(n, _)| n != name);
        self
    }

    /// With another value.
    #[must_use]
    pub fn with(self, name: &str, value: &str) -> Authorization {
        self.without(name).also(name, value)
    }

    /// With one more.
    #[must_use]
    pub fn also(mut self, name: &str, value: &str) -> Authorization {
        self.parameters.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A value.
    pub fn get(&self, name: &str) -> &str {
        self.parameters.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value)
    }

    /// The parameters as a form.
    pub fn form(&self) -> String {
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.parameters).finish()
    }

    /// The URL that the browser is sent to.
    pub fn url(&self, session: &Session<'_>) -> String {
        let endpoint = session.setup.authorization_endpoint.as_deref().unwrap_or_default();
        format!("{endpoint}{}{}", if endpoint.contains('?') { '&' } else { '?' }, self.form())
    }

    /// Sends it as a browser without a person.
    pub async fn send(&self, session: &Session<'_>) -> Seen {
        session.get(Peer::Nobody, Place::Front, &self.url(session), &[("Accept", "text/html")]).await
    }
}

/// Unreserved characters (RFC 3986 section 2.3), all of them from 66 on, different each time.
pub fn state(length: usize) -> String {
    const UNRESERVED: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    let random = Uuid::new_v4().simple().to_string();
    random.chars().take(length.min(16)).chain(UNRESERVED.chars().cycle()).take(length).collect()
}

/// A code, and what belongs to it.
#[derive(Clone, Debug)]
pub struct Coded {
    /// The code.
    pub code: String,
    /// The request it came of.
    pub asked: Authorization,
    /// Where the login ended.
    pub landing: Landing,
}

/// A token answer that gives one.
#[derive(Clone, Debug)]
pub struct Token {
    /// The access token.
    pub access: String,
    /// The refresh token.
    pub refresh: Option<String>,
    /// Seconds.
    pub expires_in: Option<f64>,
    /// The scope it says.
    pub scope: Option<String>,
    /// `Bearer`.
    pub kind: String,
}

/// A login that led to a token.
#[derive(Clone, Debug)]
pub struct Granted {
    /// The code.
    pub coded: Coded,
    /// The answer of the token endpoint.
    pub seen: Seen,
    /// What it gave.
    pub token: Token,
}

/// The token in an answer; an error with one in it gives one too.
pub fn token_of(seen: &Seen) -> Option<Token> {
    let value = seen.json()?;
    let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let access = text("access_token").filter(|token| !token.is_empty())?;
    Some(Token {
        access,
        refresh: text("refresh_token"),
        expires_in: value.get("expires_in").and_then(Value::as_f64),
        scope: text("scope"),
        kind: text("token_type").unwrap_or_default(),
    })
}

/// A token request in the making.
#[derive(Clone, Debug)]
pub struct TokenRequest {
    /// Form parameters.
    pub parameters: Vec<(String, String)>,
    /// `MedMij-Request-ID`.
    pub request_id: Option<String>,
    /// `X-Correlation-ID`.
    pub correlation_id: Option<String>,
    /// As whom.
    pub peer: Peer,
}

impl TokenRequest {
    /// A valid exchange of a code.
    pub fn code(session: &Session<'_>, code: &str, asked: Option<&Authorization>) -> TokenRequest {
        let setup = session.setup;
        let or = |name: &str, given: &Option<String>| {
            let asked = asked.map(|asked| asked.get(name).to_owned()).filter(|value| !value.is_empty());
            asked.or_else(|| given.clone()).unwrap_or_default()
        };
        let client = or("client_id", &setup.client_id);
        let redirect = or("redirect_uri", &setup.redirect_uri);
        let correlation = asked.map(|asked| asked.get("X-Correlation-ID").to_owned());
        TokenRequest::new(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("client_id", &client),
            ("redirect_uri", &redirect),
        ])
        .correlated(correlation)
    }

    /// A valid refresh.
    pub fn refresh(session: &Session<'_>, token: &str) -> TokenRequest {
        let client = session.setup.client_id.clone().unwrap_or_default();
        TokenRequest::new(&[("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", &client)])
    }

    fn new(parameters: &[(&str, &str)]) -> TokenRequest {
        TokenRequest {
            parameters: parameters.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
            request_id: Some(Uuid::new_v4().to_string()),
            correlation_id: Some(Uuid::new_v4().to_string()),
            peer: Peer::Client,
        }
    }

    fn correlated(mut self, id: Option<String>) -> TokenRequest {
        self.correlation_id = id.filter(|id| !id.is_empty()).or(self.correlation_id);
        self
    }

    /// Without a parameter.
    #[must_use]
    pub fn without(mut self, name: &str) -> TokenRequest {
        self.parameters.retain(|(n, _)| n != name);
        self
    }

    /// With another value, or one more.
    #[must_use]
    pub fn with(self, name: &str, value: &str) -> TokenRequest {
        let mut request = self.without(name);
        request.parameters.push((name.to_owned(), value.to_owned()));
        request
    }

    /// As somebody else.
    #[must_use]
    pub fn peer(mut self, peer: Peer) -> TokenRequest {
        self.peer = peer;
        self
    }

    fn form(&self) -> String {
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.parameters).finish()
    }

    /// Sends it.
    pub async fn send(&self, session: &Session<'_>) -> Seen {
        self.send_as(session, "POST", false).await
    }

    /// Sends it with another method, or with the parameters in the query.
    pub async fn send_as(&self, session: &Session<'_>, method: &str, in_query: bool) -> Seen {
        let endpoint = session.setup.token_endpoint.as_deref().unwrap_or_default();
        let mut headers = vec![("Accept", "application/json")];
        headers.extend(self.request_id.as_deref().map(|id| ("MedMij-Request-ID", id)));
        headers.extend(self.correlation_id.as_deref().map(|id| ("X-Correlation-ID", id)));
        self.parameters
            .iter()
            .filter(|(n, _)| matches!(&**n, "code" | "refresh_token"))
            .for_each(|(_, v)| session.keep_secret(v));
        let request = match in_query {
            true => request(method, &format!("{endpoint}?{}", self.form()), &headers, ""),
            false => {
                headers.push(("Content-Type", "application/x-www-form-urlencoded"));
                request(method, endpoint, &headers, self.form())
            }
        };
        let seen = session.send(self.peer, Place::Token, request).await;
        if let Some(token) = token_of(&seen) {
            session.medmij.tokens.borrow_mut().push(token.access);
        }
        seen
    }
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

/// Findings about secrets: the same one twice, and too little to guess.
pub fn unguessable(secrets: &[String], what: &str) -> Outcome {
    let mut outcome = Outcome::holds();
    let mut sorted: Vec<&String> = secrets.iter().collect();
    sorted.sort_unstable();
    if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
        let message = format!("a {what} was given out twice among {}", secrets.len());
        outcome.push(Finding::new(Level::Hard, code::GUESSABLE, message).expected("no two are the same"));
    }
    let bits = secrets.iter().map(|secret| entropy(secret)).fold(f64::INFINITY, f64::min);
    if bits < 128.0 {
        let message = format!("a {what} can hold at most {bits:.0} bits by its length and alphabet");
        outcome.push(Finding::new(Level::Warn, code::GUESSABLE, message).expected("128 bits or more"));
    }
    outcome
}

/// The most a text can hold: its length times the bits of the alphabet it draws from.
fn entropy(text: &str) -> f64 {
    let any = |is: fn(&char) -> bool| text.chars().any(|c| is(&c));
    let hexadecimal = text.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    let alphabet = if text.chars().all(|c| c.is_ascii_digit()) {
        10.0
    } else if hexadecimal {
        16.0
    } else {
        let lower = if any(char::is_ascii_lowercase) { 26.0 } else { 0.0 };
        let upper = if any(char::is_ascii_uppercase) { 26.0 } else { 0.0 };
        let digits = if any(char::is_ascii_digit) { 10.0 } else { 0.0 };
        lower + upper + digits + 2.0
    };
    let length = text.chars().filter(|c| !hexadecimal || *c != '-').count();
    length as f64 * f64::log2(alphabet)
}

/// The error of a token answer.
pub fn error_of(seen: &Seen) -> Option<String> {
    seen.json()?.get("error")?.as_str().map(str::to_owned)
}

/// Nothing was given, and the error says why in one of these ways.
pub fn no_token(seen: &Seen, errors: &[&str], what: &str, kind: Code) -> Outcome {
    let mut outcome = seen.shows();
    if token_of(seen).is_some() {
        outcome.push(seen.finding(Level::Hard, kind, format!("{what} gave a token")).expected("no token"));
        return outcome;
    }
    let refused_by_tls = seen.status() == 0;
    if seen.status() >= 500 {
        outcome.findings.extend(seen.broken(Level::Warn));
    } else if !errors.is_empty() && !refused_by_tls {
        let error = error_of(seen);
        if !error.as_deref().is_some_and(|error| errors.contains(&error)) {
            let said = error.map_or("no `error`".to_owned(), |error| format!("`{error}`"));
            let message = format!("{what} was refused with {said}");
            let finding = seen.finding(Level::Warn, code::ERROR_FORM, message);
            outcome.push(finding.expected(format!("`{}`", errors.join("` or `"))));
        }
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_has_its_length_and_every_unreserved_character() {
        for length in [22, 128, 511] {
            assert_eq!(state(length).len(), length);
        }
        assert!(['-', '.', '_', '~'].iter().all(|c| state(128).contains(*c)));
        assert_ne!(state(43), state(43));
    }

    #[test]
    fn entropy_is_length_times_alphabet() {
        for (text, enough) in [
            ("123456", false),
            ("5f3c1d2e-1111-4222-8333-444455556666", true),
            ("5f3c1d2e11114222", false),
            ("dGhpcyBpcyBhIHRlc3QgdG9rZW4", true),
        ] {
            assert_eq!(entropy(text) >= 128.0, enough, "{text}: {}", entropy(text));
        }
        let twice = ["a".repeat(40), "a".repeat(40)];
        assert_eq!(unguessable(&twice, "code").verdict(), crate::record::Verdict::Fail);
    }
}
