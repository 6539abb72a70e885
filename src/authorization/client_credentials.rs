//! The client-credentials grant (RFC 6749 section 4.4): one token for the system, no person involved.

use oauth2::basic::BasicClient;
use oauth2::{ClientId, ClientSecret, Scope, TokenResponse, TokenUrl};

use crate::exchange::{AccessToken, Client, Exchange, Request};

/// What the token endpoint wants to know.
#[derive(Clone)]
pub struct ClientCredentials {
    /// Token endpoint.
    pub token_url: String,
    /// Client id.
    pub client_id: String,
    /// Client secret; None for clients known by their certificate.
    pub client_secret: Option<AccessToken>,
    /// Scopes to ask for.
    pub scopes: Vec<String>,
}

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
    /// It answered, but not with a token.
    #[error("the token endpoint `{url}` gave no token: {reason}")]
    Refused {
        /// The endpoint.
        url: String,
        /// What it said.
        reason: String,
    },
}

/// Asks for a token. The exchange is given back with it (the last one made, if any): it is evidence too.
pub async fn obtain(
    credentials: &ClientCredentials,
    client: &Client,
) -> (Result<AccessToken, LoginError>, Option<Exchange>) {
    let url = &credentials.token_url;
    let token_url = match TokenUrl::new(url.clone()) {
        Ok(token_url) => token_url,
        Err(error) => return (Err(LoginError::Url { url: url.clone(), reason: error.to_string() }), None),
    };
    let mut oauth = BasicClient::new(ClientId::new(credentials.client_id.clone())).set_token_uri(token_url);
    if let Some(secret) = &credentials.client_secret {
        oauth = oauth.set_client_secret(ClientSecret::new(secret.expose().to_owned()));
    }
    let exchanged = std::sync::Mutex::new(None);
    let http = |request: oauth2::HttpRequest| async {
        let exchange = client.send(as_sent(request)).await;
        let answer = match &exchange.result {
            Ok(answer) => as_answered(answer),
            Err(error) => Err(NoAnswer(error.detail.clone())),
        };
        if let Ok(mut slot) = exchanged.lock() {
            *slot = Some(exchange);
        }
        answer
    };
    let scopes = credentials.scopes.iter().cloned().map(Scope::new);
    let answer = oauth.exchange_client_credentials().add_scopes(scopes).request_async(&http).await;
    let result = answer.map(|token| AccessToken::new(token.access_token().secret())).map_err(|e| explained(url, e));
    (result, exchanged.into_inner().ok().flatten())
}

/// There is no answer, and why.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct NoAnswer(String);

fn as_sent(request: oauth2::HttpRequest) -> Request {
    let (head, body) = request.into_parts();
    let text = |v: &oauth2::http::HeaderValue| String::from_utf8_lossy(v.as_bytes()).into_owned();
    Request {
        method: head.method.as_str().to_owned(),
        url: head.uri.to_string(),
        headers: head.headers.iter().map(|(name, value)| (name.as_str(), text(value))).collect(),
        body: body.into(),
    }
}

fn as_answered(answer: &crate::exchange::Response) -> Result<oauth2::HttpResponse, NoAnswer> {
    let mut response = oauth2::http::Response::builder().status(answer.status);
    for (name, value) in answer.headers.iter() {
        response = response.header(name, value);
    }
    response.body(answer.body.to_vec()).map_err(|e| NoAnswer(e.to_string()))
}

type Failure = oauth2::basic::BasicRequestTokenError<NoAnswer>;

fn explained(url: &str, error: Failure) -> LoginError {
    let url = url.to_owned();
    match error {
        Failure::Request(error) => LoginError::NoAnswer { url, reason: error.to_string() },
        Failure::ServerResponse(said) => LoginError::Refused { url, reason: said.to_string() },
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

    fn credentials(token_url: String) -> ClientCredentials {
        let client_secret = Some(AccessToken::new("s3cret"));
        ClientCredentials { token_url, client_id: "keur".into(), client_secret, scopes: vec!["patient/*.read".into()] }
    }

    #[tokio::test]
    async fn a_token_is_obtained() {
        let (url, asked) = endpoint("200 OK", r#"{"access_token": "abc", "token_type": "bearer"}"#).await;
        let (token, exchange) = obtain(&credentials(url), &Client::new(Default::default())).await;
        assert_eq!(token.unwrap().expose(), "abc");
        assert!(exchange.is_some_and(|e| e.result.is_ok_and(|r| r.status == 200)));
        let asked = asked.await.unwrap();
        assert!(asked.contains("grant_type=client_credentials") && asked.contains("scope=patient"), "{asked}");
    }

    #[tokio::test]
    async fn a_refusal_says_why() {
        let (url, _) = endpoint("401 Unauthorized", r#"{"error": "invalid_client"}"#).await;
        let (token, _) = obtain(&credentials(url), &Client::new(Default::default())).await;
        let said = token.unwrap_err().to_string();
        assert!(said.contains("gave no token") && said.contains("invalid_client"), "{said}");
        let nobody = credentials("http://127.0.0.1:1/token".into());
        let (token, _) = obtain(&nobody, &Client::new(Default::default())).await;
        assert!(matches!(token, Err(LoginError::NoAnswer { .. })));
    }
}
