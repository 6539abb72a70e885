//! The token endpoint on the wire, and what can go wrong there.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::exchange::{Client, Request};

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// The URL of the token endpoint is not one.
    #[error("`{url}` is not the URL of a token endpoint: {reason}")]
    Url {
        /// As given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The token endpoint did not answer.
    #[error("no answer from the token endpoint `{url}`: {reason}")]
    NoAnswer {
        /// The endpoint.
        url: String,
        /// Why.
        reason: String,
    },
    /// A person did not come back as they should.
    #[error("the redirect at the end of the login cannot be used: {reason}")]
    Redirect {
        /// What is wrong with it; its secrets are left out.
        reason: String,
    },
    /// The login ended without a code.
    #[error("the login was ended by the authorization server: {error}")]
    Denied {
        /// The OAuth error.
        error: String,
    },
    /// There is nobody to log in.
    #[error("nobody logs in: {reason}")]
    Nobody {
        /// Why.
        reason: String,
    },
    /// It answered, but not with a token.
    #[error("the token endpoint `{url}` gave no token: {reason}")]
    Refused {
        /// The endpoint.
        url: String,
        /// What it said.
        reason: String,
    },
}

/// The token endpoint as the `oauth2` crate asks it: each request through `change`.
pub(super) struct Endpoint {
    /// Sends.
    pub client: Arc<Client>,
    /// The last change of a request.
    pub change: Change,
}

impl<'c> oauth2::AsyncHttpClient<'c> for Endpoint {
    type Error = NoAnswer;
    type Future = Pin<Box<dyn Future<Output = Result<oauth2::HttpResponse, NoAnswer>> + Send + 'c>>;

    fn call(&'c self, request: oauth2::HttpRequest) -> Self::Future {
        Box::pin(async move {
            let mut request = as_sent(request);
            self.change.apply(&mut request);
            match self.client.send(request).await.result {
                Ok(answer) => as_answered(&answer),
                Err(error) => Err(NoAnswer(error.detail)),
            }
        })
    }
}

/// Takes a request as the `oauth2` crate makes it, and does not send it.
pub(super) struct Unsent {
    change: Change,
    request: RefCell<Option<Request>>,
}

impl Unsent {
    pub(super) fn new(change: Change) -> Unsent {
        Unsent { change, request: RefCell::default() }
    }

    /// The request; `url` is where it was to go.
    pub(super) fn taken(self, url: &str) -> Result<Request, LoginError> {
        let none = || LoginError::Url { url: url.to_owned(), reason: "no request can be made for it".to_owned() };
        self.request.into_inner().ok_or_else(none)
    }
}

impl oauth2::SyncHttpClient for Unsent {
    type Error = NoAnswer;

    fn call(&self, request: oauth2::HttpRequest) -> Result<oauth2::HttpResponse, NoAnswer> {
        let mut request = as_sent(request);
        self.change.apply(&mut request);
        self.request.replace(Some(request));
        Err(NoAnswer("it was not sent".to_owned()))
    }
}

/// The grant of RFC 7523 section 2.1.
pub(super) const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// What a request has that the crate does not know of.
pub(super) struct Change {
    /// The form is that of a JWT bearer grant.
    pub jwt_bearer: bool,
    /// Parameters go in the query.
    pub in_query: bool,
    /// X-Correlation-ID, in MedMij.
    pub correlation: Option<String>,
}

impl Change {
    fn apply(&self, request: &mut Request) {
        if self.jwt_bearer {
            let form: Vec<(String, String)> = url::form_urlencoded::parse(&request.body).into_owned().collect();
            let mut out = url::form_urlencoded::Serializer::new(String::new());
            for (name, value) in &form {
                match name.as_str() {
                    "grant_type" => out.append_pair("grant_type", JWT_BEARER),
                    // The assertion came under the name of the grant.
                    JWT_BEARER => out.append_pair("assertion", value),
                    name => out.append_pair(name, value),
                };
            }
            request.body = out.finish().into();
        }
        if let Some(correlation) = &self.correlation {
            request.headers.push("MedMij-Request-ID", uuid::Uuid::new_v4().to_string());
            request.headers.push("X-Correlation-ID", correlation.as_str());
        }
        if self.in_query {
            let form = String::from_utf8_lossy(&request.body).into_owned();
            let separator = if request.url.contains('?') { '&' } else { '?' };
            request.url = format!("{}{separator}{form}", request.url);
            request.body = Default::default();
        }
    }
}

/// There is no answer, and why.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct NoAnswer(pub String);

pub(super) fn as_sent(request: oauth2::HttpRequest) -> Request {
    let (head, body) = request.into_parts();
    let text = |v: &oauth2::http::HeaderValue| String::from_utf8_lossy(v.as_bytes()).into_owned();
    Request {
        method: head.method.as_str().to_owned(),
        url: head.uri.to_string(),
        headers: head.headers.iter().map(|(name, value)| (name.as_str(), text(value))).collect(),
        body: body.into(),
    }
}

pub(super) fn as_answered(answer: &crate::exchange::Response) -> Result<oauth2::HttpResponse, NoAnswer> {
    let mut response = oauth2::http::Response::builder().status(answer.status);
    for (name, value) in answer.headers.iter() {
        response = response.header(name, value);
    }
    response.body(answer.body.to_vec()).map_err(|e| NoAnswer(e.to_string()))
}

type Failure = oauth2::basic::BasicRequestTokenError<NoAnswer>;

pub(super) fn explained(url: &str, error: Failure) -> LoginError {
    let url = url.to_owned();
    match error {
        Failure::Request(error) => LoginError::NoAnswer { url, reason: error.to_string() },
        Failure::ServerResponse(said) => LoginError::Refused { url, reason: said.to_string() },
        // What it said may hold a token; only where it went wrong is told.
        Failure::Parse(error, _) => {
            LoginError::Refused { url, reason: format!("its answer is not a token response ({error})") }
        }
        Failure::Other(reason) => LoginError::Refused { url, reason },
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::authorization::{Flow, LoginSettings};
    use crate::exchange::AccessToken;

    /// Answers one request on loopback and hands back what was asked.
    async fn endpoint(status: &'static str, body: &'static str) -> (String, tokio::task::JoinHandle<String>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/token", listener.local_addr().unwrap());
        let asked = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut seen = String::new();
            while !seen.contains("grant_type=") {
                let mut buffer = [0; 4096];
                let n = stream.read(&mut buffer).await.unwrap();
                seen.push_str(&String::from_utf8_lossy(&buffer[..n]));
            }
            let answer = format!(
                "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
            seen
        });
        (url, asked)
    }

    fn settings(token_endpoint: String) -> LoginSettings {
        LoginSettings {
            flow: Flow::ClientCredentials,
            token_endpoint,
            client_id: "keur".into(),
            client_secret: Some(AccessToken::new("s3cret")),
            scope: "patient/*.read".into(),
            ..LoginSettings::default()
        }
    }

    #[tokio::test]
    async fn a_token_is_obtained() {
        let answer = r#"{"access_token": "abc", "token_type": "bearer", "expires_in": 60}"#;
        let (url, asked) = endpoint("200 OK", answer).await;
        let tokens = settings(url).without_person(&Client::new(Default::default()).into()).await.unwrap();
        assert_eq!(tokens.access.expose(), "abc");
        assert!(tokens.runs_out_within(61) && !tokens.runs_out_within(30));
        let asked = asked.await.unwrap();
        assert!(asked.contains("grant_type=client_credentials") && asked.contains("scope=patient"), "{asked}");
    }

    #[tokio::test]
    async fn a_jwt_bearer_grant_carries_its_assertion() {
        let (url, asked) = endpoint("200 OK", r#"{"access_token": "abc", "token_type": "bearer"}"#).await;
        let pem = rcgen::KeyPair::generate().unwrap().serialize_pem();
        let key = crate::authorization::assertion::SigningKey::from_pem(&pem, "k", None).unwrap();
        let settings =
            LoginSettings { flow: Flow::JwtBearer, signing_key: Some(key), client_secret: None, ..settings(url) };
        settings.without_person(&Client::new(Default::default()).into()).await.unwrap();
        let asked = asked.await.unwrap();
        let form = asked.rsplit("\r\n\r\n").next().unwrap_or_default();
        let form: Vec<(String, String)> = url::form_urlencoded::parse(form.as_bytes()).into_owned().collect();
        let value = |name: &str| form.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
        assert_eq!(value("grant_type"), Some("urn:ietf:params:oauth:grant-type:jwt-bearer"));
        assert_eq!(value("assertion").map(|a| a.split('.').count()), Some(3), "{form:?}");
    }

    #[tokio::test]
    async fn a_refusal_says_why() {
        let (url, _) = endpoint("401 Unauthorized", r#"{"error": "invalid_client"}"#).await;
        let client = Arc::new(Client::new(Default::default()));
        let said = settings(url).without_person(&client).await.unwrap_err().to_string();
        assert!(said.contains("gave no token") && said.contains("invalid_client"), "{said}");
        let nobody = settings("http://127.0.0.1:1/token".into());
        assert!(matches!(nobody.without_person(&client).await, Err(LoginError::NoAnswer { .. })));
    }
}
