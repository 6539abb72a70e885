//! Logging in: the authorization-code flow as MedMij has it (core.authint, core.tknint), release by
//! release, and its relatives without a person (client credentials, JWT bearer).
//!
//! The happy path goes by the `oauth2` crate. What is ours: request ids as parameters at the authorization
//! endpoint and as header fields elsewhere, the exact redirect URI, the client known by its certificate.
//!
//! Whoever only wants the requests as they should be, to do something wrong with them on purpose, takes
//! [`LoginSettings::begin`], [`LoginSettings::code_request`] and [`LoginSettings::refresh_request`] and
//! sends them himself.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use oauth2::basic::{BasicClient, BasicErrorResponse};
use oauth2::{
    AuthUrl, AuthorizationCode, ClientId, ClientSecret, CodeTokenRequest, CsrfToken, EmptyExtraTokenFields,
    EndpointNotSet, EndpointSet, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RefreshToken, RefreshTokenRequest,
    Scope, StandardTokenResponse, TokenResponse, TokenUrl,
};
use url::Url;

use super::assertion::{self, SigningKey};
use super::token_endpoint::{Change, Endpoint, JWT_BEARER, LoginError, Unsent, explained};
use crate::exchange::{AccessToken, Client, Request};

/// Ways to get a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Flow {
    /// Authorization code as MedMij has it.
    #[default]
    MedMij,
    /// Authorization code as OAuth 2 has it.
    AuthorizationCode,
    /// Client credentials: no person.
    ClientCredentials,
    /// JWT bearer (RFC 7523): no person.
    JwtBearer,
}

impl Flow {
    /// Every flow with its name.
    pub const ALL: [(&'static str, Flow); 4] = [
        ("medmij", Flow::MedMij),
        ("authorization-code", Flow::AuthorizationCode),
        ("client-credentials", Flow::ClientCredentials),
        ("jwt-bearer", Flow::JwtBearer),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        Flow::ALL.iter().find(|(_, flow)| *flow == self).map_or("", |(name, _)| name)
    }

    /// A person logs in.
    pub fn has_person(self) -> bool {
        matches!(self, Flow::MedMij | Flow::AuthorizationCode)
    }
}

/// Everything about a client and its authorization server.
#[derive(Debug, Default)]
pub struct LoginSettings {
    /// The way.
    pub flow: Flow,
    /// Where people are sent.
    pub authorization_endpoint: String,
    /// Where codes become tokens.
    pub token_endpoint: String,
    /// The client; in MedMij the host name on the OAuth client list.
    pub client_id: String,
    /// Secret of the client, for those that have one.
    pub client_secret: Option<AccessToken>,
    /// Where people come back, to the letter.
    pub redirect_uri: String,
    /// What is asked for; parts separated by spaces.
    pub scope: String,
    /// Proof key (RFC 7636).
    pub pkce: bool,
    /// Parameters of a token request in the query, as the framework's example has them.
    pub in_query: bool,
    /// Signs assertions, for clients that prove themselves so and for JWT bearer.
    pub signing_key: Option<SigningKey>,
    /// Whom assertions are for, where that is not the token endpoint.
    pub audience: Option<String>,
}

/// Tokens and what belongs to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenSet {
    /// For requests.
    pub access: AccessToken,
    /// For a new one, where there is one.
    pub refresh: Option<AccessToken>,
    /// When the access token runs out, in seconds since 1970; None where the server does not say.
    pub until: Option<i64>,
    /// What it is for, as far as the server says.
    pub scope: String,
    /// The X-Correlation-ID of the login.
    pub correlation: String,
}

impl TokenSet {
    /// True when the access token will not last another while.
    pub fn runs_out_within(&self, seconds: i64) -> bool {
        self.until.is_some_and(|until| jiff::Timestamp::now().as_second() + seconds >= until)
    }
}

/// A login under way. Does not print its secrets.
#[derive(Clone)]
pub struct Started {
    /// Where the person goes.
    pub url: String,
    state: CsrfToken,
    verifier: Option<AccessToken>,
    /// The X-Correlation-ID.
    correlation: String,
}

/// True when a URL is the redirect URI with or without parameters: the same origin, the same path.
pub fn leads_back(url: &Url, redirect_uri: &Url) -> bool {
    (url.origin(), url.path()) == (redirect_uri.origin(), redirect_uri.path())
}

/// A client that can ask the token endpoint.
type TokenClient = BasicClient<EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

fn new_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

impl LoginSettings {
    fn client_id(&self) -> ClientId {
        ClientId::new(self.client_id.clone())
    }

    fn url_error(url: &str, error: impl std::fmt::Display) -> LoginError {
        LoginError::Url { url: url.to_owned(), reason: error.to_string() }
    }

    /// Begins a login: where the person must go.
    pub fn begin(&self) -> Result<Started, LoginError> {
        let endpoint = &self.authorization_endpoint;
        let auth_url = AuthUrl::new(endpoint.clone()).map_err(|e| LoginSettings::url_error(endpoint, e))?;
        let redirect =
            RedirectUrl::new(self.redirect_uri.clone()).map_err(|e| LoginSettings::url_error(&self.redirect_uri, e))?;
        let client = BasicClient::new(self.client_id()).set_auth_uri(auth_url).set_redirect_uri(redirect);
        let scopes = self.scope.split_whitespace().map(|scope| Scope::new(scope.to_owned()));
        let correlation = new_id();
        let mut request = client.authorize_url(|| CsrfToken::new_random_len(32)).add_scopes(scopes);
        if self.flow == Flow::MedMij {
            request = request
                .add_extra_param("MedMij-Request-ID", new_id())
                .add_extra_param("X-Correlation-ID", correlation.clone());
        }
        let mut verifier = None;
        if self.pkce {
            let (challenge, secret) = PkceCodeChallenge::new_random_sha256();
            request = request.set_pkce_challenge(challenge);
            verifier = Some(AccessToken::new(secret.secret()));
        }
        let (url, state) = request.url();
        Ok(Started { url: url.into(), state, verifier, correlation })
    }

    /// Takes the URL that the person came back with for a code, and the code for tokens.
    pub async fn finish(
        &self,
        started: Started,
        came_back: &str,
        client: &Arc<Client>,
    ) -> Result<TokenSet, LoginError> {
        let code = self.code(&started, came_back)?;
        let oauth = self.token_client()?;
        let request = self.exchange(&oauth, &started, code)?;
        let http = self.endpoint(client, &started.correlation);
        let answer = request.request_async(&http).await.map_err(|error| explained(&self.token_endpoint, error))?;
        Ok(token_set(&answer, None, &started.correlation))
    }

    /// The request that takes a code for tokens, for somebody else to send.
    ///
    /// # Errors
    /// The token endpoint is not a URL, or the client cannot sign who it is.
    pub fn code_request(&self, started: &Started, code: &str) -> Result<Request, LoginError> {
        let oauth = self.token_client()?;
        let unsent = Unsent::new(self.change(&started.correlation));
        // Nothing answers: what the crate says of that is no news.
        let _ = self.exchange(&oauth, started, code.to_owned())?.request(&unsent);
        unsent.taken(&self.token_endpoint)
    }

    /// The request that takes a refresh token for new ones, for somebody else to send.
    ///
    /// # Errors
    /// The token endpoint is not a URL, or the client cannot sign who it is.
    pub fn refresh_request(&self, refresh: &str) -> Result<Request, LoginError> {
        let oauth = self.token_client()?;
        let unsent = Unsent::new(self.change(&new_id()));
        let _ = self.renewal(&oauth, &RefreshToken::new(refresh.to_owned()))?.request(&unsent);
        unsent.taken(&self.token_endpoint)
    }

    fn token_client(&self) -> Result<TokenClient, LoginError> {
        let oauth = BasicClient::new(self.client_id()).set_token_uri(self.token_url()?);
        Ok(match &self.client_secret {
            Some(secret) => oauth.set_client_secret(ClientSecret::new(secret.expose().to_owned())),
            None => oauth,
        })
    }

    fn exchange<'c>(
        &self,
        oauth: &'c TokenClient,
        started: &Started,
        code: String,
    ) -> Result<CodeTokenRequest<'c, BasicErrorResponse, Answer>, LoginError> {
        let redirect =
            RedirectUrl::new(self.redirect_uri.clone()).map_err(|e| LoginSettings::url_error(&self.redirect_uri, e))?;
        let mut request = oauth.exchange_code(AuthorizationCode::new(code)).set_redirect_uri(Cow::Owned(redirect));
        if let Some(verifier) = &started.verifier {
            request = request.set_pkce_verifier(PkceCodeVerifier::new(verifier.expose().to_owned()));
        }
        for (name, value) in self.client_assertion()? {
            request = request.add_extra_param(name, value);
        }
        Ok(request)
    }

    fn renewal<'c>(
        &self,
        oauth: &'c TokenClient,
        refresh: &'c RefreshToken,
    ) -> Result<RefreshTokenRequest<'c, BasicErrorResponse, Answer>, LoginError> {
        let mut request = oauth.exchange_refresh_token(refresh);
        for (name, value) in self.client_assertion()? {
            request = request.add_extra_param(name, value);
        }
        Ok(request)
    }

    /// The code in the URL a person came back with, after everything about it has been checked.
    fn code(&self, started: &Started, came_back: &str) -> Result<String, LoginError> {
        let wrong = |reason: String| LoginError::Redirect { reason };
        let url = Url::parse(came_back.trim()).map_err(|error| wrong(format!("it is not a URL: {error}")))?;
        let expected = Url::parse(&self.redirect_uri).map_err(|e| LoginSettings::url_error(&self.redirect_uri, e))?;
        if !leads_back(&url, &expected) {
            return Err(wrong(format!("it leads to `{}{}`", url.origin().ascii_serialization(), url.path())));
        }
        let parameters: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
        let state = parameters.get("state").map(String::as_str);
        if state != Some(started.state.secret().as_str()) {
            return Err(wrong("its `state` is not the one that was sent".to_owned()));
        }
        if let Some(error) = parameters.get("error") {
            let description = parameters.get("error_description").map(|d| format!(": {d}")).unwrap_or_default();
            return Err(LoginError::Denied { error: format!("{error}{description}") });
        }
        parameters.get("code").cloned().ok_or_else(|| wrong("it has no `code`".to_owned()))
    }

    /// Takes a refresh token for new tokens.
    pub async fn refresh(&self, tokens: &TokenSet, client: &Arc<Client>) -> Result<TokenSet, LoginError> {
        let refused =
            |reason: &str| LoginError::Refused { url: self.token_endpoint.clone(), reason: reason.to_owned() };
        let refresh = tokens.refresh.as_ref().ok_or_else(|| refused("there is no refresh token"))?;
        let oauth = self.token_client()?;
        let old = RefreshToken::new(refresh.expose().to_owned());
        let request = self.renewal(&oauth, &old)?;
        // From here on the data are asked for under a new correlation id (core.tknint.208).
        let correlation = new_id();
        let http = self.endpoint(client, &correlation);
        let answer = request.request_async(&http).await.map_err(|error| explained(&self.token_endpoint, error))?;
        Ok(token_set(&answer, Some(refresh), &correlation))
    }

    /// A token without a person.
    pub async fn without_person(&self, client: &Arc<Client>) -> Result<TokenSet, LoginError> {
        let correlation = new_id();
        let oauth = self.token_client()?;
        let http = self.endpoint(client, &correlation);
        let scopes = self.scope.split_whitespace().map(|scope| Scope::new(scope.to_owned()));
        let mut request = oauth.exchange_client_credentials().add_scopes(scopes);
        if self.flow == Flow::JwtBearer {
            // The crate knows no such grant; the form is put right on its way out.
            request = request.add_extra_param(JWT_BEARER, self.assertion()?);
        }
        for (name, value) in self.client_assertion()? {
            request = request.add_extra_param(name, value);
        }
        let answer = request.request_async(&http).await.map_err(|error| explained(&self.token_endpoint, error))?;
        Ok(token_set(&answer, None, &correlation))
    }

    fn token_url(&self) -> Result<TokenUrl, LoginError> {
        TokenUrl::new(self.token_endpoint.clone()).map_err(|e| LoginSettings::url_error(&self.token_endpoint, e))
    }

    fn assertion(&self) -> Result<String, LoginError> {
        let refused = |reason: String| LoginError::Refused { url: self.token_endpoint.clone(), reason };
        let key =
            self.signing_key.as_ref().ok_or_else(|| refused("there is no `signing-key` for assertions".into()))?;
        let audience = self.audience.as_deref().unwrap_or(&self.token_endpoint);
        key.sign(&assertion::claims(&self.client_id, audience, 120)).map_err(|error| refused(error.to_string()))
    }

    /// Proof of who the client is, where it signs (RFC 7523 section 2.2).
    fn client_assertion(&self) -> Result<Vec<(&'static str, String)>, LoginError> {
        if self.signing_key.is_none() || self.flow == Flow::JwtBearer {
            return Ok(vec![]);
        }
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer".to_owned();
        Ok(vec![("client_assertion_type", kind), ("client_assertion", self.assertion()?)])
    }

    /// What MedMij wants beside a request.
    fn change(&self, correlation: &str) -> Change {
        let correlation = (self.flow == Flow::MedMij).then(|| correlation.to_owned());
        Change { jwt_bearer: self.flow == Flow::JwtBearer, in_query: self.in_query, correlation }
    }

    fn endpoint(&self, client: &Arc<Client>, correlation: &str) -> Endpoint {
        Endpoint { client: client.clone(), change: self.change(correlation) }
    }
}

type Answer = StandardTokenResponse<EmptyExtraTokenFields, oauth2::basic::BasicTokenType>;

fn token_set(answer: &Answer, before: Option<&AccessToken>, correlation: &str) -> TokenSet {
    let now = jiff::Timestamp::now().as_second();
    let scopes = answer.scopes().map(|scopes| scopes.iter().map(|s| s.as_str()).collect::<Vec<_>>().join(" "));
    TokenSet {
        access: AccessToken::new(answer.access_token().secret()),
        // A server that gives no new refresh token lets the old one stand (RFC 6749 section 6).
        refresh: answer.refresh_token().map(|token| AccessToken::new(token.secret())).or(before.cloned()),
        until: answer.expires_in().map(|life| now + i64::try_from(life.as_secs()).unwrap_or(i64::MAX / 2)),
        scope: scopes.unwrap_or_default(),
        correlation: correlation.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> LoginSettings {
        LoginSettings {
            authorization_endpoint: "https://dva.example/authorize".into(),
            token_endpoint: "https://dva.example/token".into(),
            client_id: "pgo.example".into(),
            redirect_uri: "https://pgo.example/cb".into(),
            scope: "keurziekenhuis".into(),
            ..LoginSettings::default()
        }
    }

    fn parameters(url: &str) -> BTreeMap<String, String> {
        Url::parse(url).unwrap().query_pairs().into_owned().collect()
    }

    #[test]
    fn a_login_begins_as_the_framework_has_it() {
        let started = settings().begin().unwrap();
        let sent = parameters(&started.url);
        for (name, value) in
            [("response_type", "code"), ("client_id", "pgo.example"), ("redirect_uri", "https://pgo.example/cb")]
        {
            assert_eq!(sent[name], value);
        }
        assert_eq!(sent["scope"], "keurziekenhuis");
        assert!(sent["state"].len() >= 32 && sent["MedMij-Request-ID"] != sent["X-Correlation-ID"]);
        assert!(!sent.contains_key("code_challenge"));
        assert!(started.url.contains("redirect_uri=https%3A%2F%2Fpgo.example%2Fcb"), "encoded: {}", started.url);

        let plain = LoginSettings { flow: Flow::AuthorizationCode, pkce: true, ..settings() }.begin().unwrap();
        let sent = parameters(&plain.url);
        assert_eq!(sent["code_challenge_method"], "S256");
        assert!(!sent.contains_key("MedMij-Request-ID"));
    }

    #[test]
    fn only_the_redirect_that_was_asked_for_is_taken() {
        let settings = settings();
        let started = settings.begin().unwrap();
        let state = started.state.secret().clone();
        let code = |url: &str| settings.code(&started, url);
        assert_eq!(code(&format!("https://pgo.example/cb?code=c&state={state}")).unwrap(), "c");
        for (url, says) in [
            (format!("https://pgo.example/cb?error=access_denied&state={state}"), "access_denied"),
            ("https://pgo.example/cb?code=c&state=other".to_owned(), "`state`"),
            (format!("https://pgo.example/other?code=c&state={state}"), "leads to"),
            (format!("https://evil.example/cb?code=c&state={state}"), "leads to"),
            (format!("https://pgo.example/cb?state={state}"), "no `code`"),
            ("nonsense".to_owned(), "not a URL"),
        ] {
            let said = code(&url).unwrap_err().to_string();
            assert!(said.contains(says) && !said.contains(&state), "{url}: {said}");
        }
    }

    #[test]
    fn requests_can_be_had_without_sending_them() {
        let settings = LoginSettings { pkce: true, ..settings() };
        let started = settings.begin().unwrap();
        let request = settings.code_request(&started, "c0de").unwrap();
        let form: BTreeMap<String, String> = url::form_urlencoded::parse(&request.body).into_owned().collect();
        assert_eq!((form["code"].as_str(), form["grant_type"].as_str()), ("c0de", "authorization_code"));
        assert_eq!(
            (form["client_id"].as_str(), form["redirect_uri"].as_str()),
            ("pgo.example", "https://pgo.example/cb")
        );
        assert!(form["code_verifier"].len() >= 43);
        assert_eq!(request.headers.get("X-Correlation-ID"), Some(started.correlation.as_str()));
        let refresh = settings.refresh_request("r").unwrap();
        assert!(String::from_utf8_lossy(&refresh.body).contains("refresh_token=r"));
        assert_ne!(refresh.headers.get("X-Correlation-ID"), Some(started.correlation.as_str()));
    }
}
