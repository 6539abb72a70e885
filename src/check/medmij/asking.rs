//! Requests of the authorization code flow as they should be, to change at will before they are sent.
//!
//! [`crate::authorization`] makes them (URL, `state`, ids, form) as it does for a run. Sending and reading
//! is ours: a check sends a request as somebody else or by another method, wants the answer as it came, and
//! takes a token out of whatever has one, also out of an error.

use serde_json::Value;
use url::Url;
use uuid::Uuid;

use crate::authorization::Started;
use crate::check::session::{Peer, Place, Seen, Session, request};
use crate::exchange::Request;

/// An authorization request in the making.
#[derive(Clone)]
pub struct Authorization {
    started: Option<Started>,
    parameters: Vec<(String, String)>,
}

impl Authorization {
    /// A valid one.
    pub fn valid(session: &Session<'_>) -> Authorization {
        // What is no URL begins nothing, and is told when it is dialled.
        let started = session.setup.login_settings().begin().ok();
        let url = started.as_ref().and_then(|started| Url::parse(&started.url).ok());
        let parameters = url.map(|url| url.query_pairs().into_owned().collect()).unwrap_or_default();
        Authorization { started, parameters }
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
        // Of a request with another client or redirect URI, its token request has the same.
        let mut settings = session.setup.login_settings();
        let asked_for = |name: &str| asked.map(|asked| asked.get(name).to_owned()).filter(|value| !value.is_empty());
        settings.client_id = asked_for("client_id").unwrap_or(settings.client_id);
        settings.redirect_uri = asked_for("redirect_uri").unwrap_or(settings.redirect_uri);
        let started = asked.and_then(|asked| asked.started.clone()).or_else(|| settings.begin().ok());
        let made = started.and_then(|started| settings.code_request(&started, code).ok());
        let mut request = TokenRequest::of(made);
        request.correlation_id = asked_for("X-Correlation-ID").or(request.correlation_id);
        request
    }

    /// A valid refresh.
    pub fn refresh(session: &Session<'_>, token: &str) -> TokenRequest {
        TokenRequest::of(session.setup.login_settings().refresh_request(token).ok())
    }

    /// Takes a request apart; one that could not be made is empty, and told when it is dialled.
    fn of(made: Option<Request>) -> TokenRequest {
        let header = |name: &str| made.as_ref()?.headers.get(name).map(str::to_owned);
        let form = made.as_ref().map(|request| url::form_urlencoded::parse(&request.body).into_owned().collect());
        TokenRequest {
            parameters: form.unwrap_or_default(),
            request_id: header("MedMij-Request-ID"),
            correlation_id: header("X-Correlation-ID"),
            peer: Peer::Client,
        }
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

/// The error of a token answer.
pub fn error_of(seen: &Seen) -> Option<String> {
    seen.json()?.get("error")?.as_str().map(str::to_owned)
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
}
