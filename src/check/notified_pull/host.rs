//! Our own endpoints as the other party: token endpoint, notification endpoint and FHIR server. They do
//! as they are told and remember everything that came in; who asks is judged later.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, SanType};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use url::Url;

use crate::exchange::{Exchange, Headers, Request, Response};

/// Largest request that is taken.
const LIMIT: usize = 4 * 1024 * 1024;

/// How the endpoints behave next.
#[derive(Default)]
pub struct Manner {
    /// Statuses for the next notifications; 201 after them.
    pub notifications: VecDeque<u16>,
    /// The status of every notification, whatever the queue says.
    pub every_notification: Option<u16>,
    /// Statuses for the next reads; 200 after them.
    pub reads: VecDeque<u16>,
    /// The status of every read.
    pub every_read: Option<u16>,
    /// Seconds that tokens are valid; 300 without.
    pub lifetime: Option<u64>,
    /// A pause before the first read is answered.
    pub pause: Option<Duration>,
    /// Answers of the FHIR server, by what the path and query begin with.
    pub served: Vec<(String, Value)>,
}

#[derive(Default)]
struct State {
    manner: Manner,
    seen: Vec<Exchange>,
    count: usize,
    tokens: Vec<(String, Instant)>,
}

/// Endpoints at work; they stop when this is dropped.
pub struct Host {
    base: String,
    authority: String,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl Drop for Host {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An authority of our own and a certificate for loopback.
fn certificates() -> Result<(String, Arc<rustls::ServerConfig>), rcgen::Error> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "keur");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&key)?.pem();
    let issuer = Issuer::new(params, key);
    let own = KeyPair::generate()?;
    let mut params = CertificateParams::new(vec!["localhost".to_owned()])?;
    params.subject_alt_names.push(SanType::IpAddress(std::net::IpAddr::from([127, 0, 0, 1])));
    let certificate = params.signed_by(&own, &issuer)?;
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(own.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], private))
        .map_err(|_| rcgen::Error::RemoteKeyError)?;
    Ok((authority, Arc::new(config)))
}

impl Host {
    /// Listens on a free port of loopback.
    pub async fn start(secure: bool) -> Result<Host, String> {
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|error| error.to_string())?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        let (authority, tls) = certificates().map_err(|error| error.to_string())?;
        let scheme = if secure { "https" } else { "http" };
        let base = format!("{scheme}://{address}");
        let state: Arc<Mutex<State>> = Arc::default();
        let acceptor = secure.then(|| TlsAcceptor::from(tls));
        let task = tokio::spawn(serve(listener, acceptor, base.clone(), state.clone()));
        Ok(Host { base, authority, state, task })
    }

    /// Where tokens are asked.
    pub fn token_endpoint(&self) -> String {
        format!("{}/token", self.base)
    }

    /// Where Tasks are posted.
    pub fn notification_endpoint(&self) -> String {
        format!("{}/Task", self.base)
    }

    /// Where is pulled from.
    pub fn fhir_base(&self) -> String {
        format!("{}/fhir", self.base)
    }

    /// Who gave out our certificate, PEM.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Changes how the endpoints behave from here on.
    pub fn behave(&self, manner: Manner) {
        locked(&self.state).manner = manner;
    }

    /// How many requests came in.
    pub fn count(&self) -> usize {
        locked(&self.state).count
    }

    /// What came in since the last time.
    pub fn take(&self) -> Vec<Exchange> {
        std::mem::take(&mut locked(&self.state).seen)
    }

    /// Tokens that were given out.
    pub fn tokens(&self) -> Vec<String> {
        locked(&self.state).tokens.iter().map(|(token, _)| token.clone()).collect()
    }
}

async fn serve(listener: TcpListener, acceptor: Option<TlsAcceptor>, base: String, state: Arc<Mutex<State>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (acceptor, base, state) = (acceptor.clone(), base.clone(), state.clone());
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(request, base.clone(), state.clone()));
            let builder = http1::Builder::new();
            match acceptor {
                None => drop(builder.serve_connection(TokioIo::new(stream), service).await),
                Some(acceptor) => {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        drop(builder.serve_connection(TokioIo::new(stream), service).await);
                    }
                }
            }
        });
    }
}

async fn answer(
    incoming: hyper::Request<Incoming>,
    base: String,
    state: Arc<Mutex<State>>,
) -> Result<hyper::Response<Full<Bytes>>, Infallible> {
    let started = jiff::Timestamp::now();
    let clock = Instant::now();
    let (head, body) = incoming.into_parts();
    let body = Limited::new(body, LIMIT).collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let headers: Headers =
        head.headers.iter().map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes()))).collect();
    let request = Request { method: head.method.as_str().to_owned(), url: format!("{base}{target}"), headers, body };
    let pause = locked(&state).manner.pause.take_if(|_| target.starts_with("/fhir"));
    if let Some(pause) = pause {
        tokio::time::sleep(pause).await;
    }
    let response = decide(&request, &base, &state);
    let mut outgoing = hyper::Response::new(Full::new(response.body.clone()));
    *outgoing.status_mut() = hyper::StatusCode::from_u16(response.status).unwrap_or_default();
    for (name, value) in response.headers.iter() {
        let name = hyper::header::HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, hyper::header::HeaderValue::from_str(value)) {
            outgoing.headers_mut().append(name, value);
        }
    }
    let mut state = locked(&state);
    state.count += 1;
    state.seen.push(Exchange { request, result: Ok(response), started, elapsed: clock.elapsed(), refused: None });
    Ok(outgoing)
}

fn document(status: u16, media_type: &str, value: &Value) -> Response {
    let headers = [("Content-Type", media_type), ("Cache-Control", "no-store")].into_iter().collect();
    Response { status, headers, body: value.to_string().into() }
}

fn outcome(status: u16) -> Response {
    let value = json!({"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "processing"}]});
    document(status, "application/fhir+json; charset=utf-8", &value)
}

fn decide(request: &Request, base: &str, state: &Mutex<State>) -> Response {
    let url = Url::parse(&request.url).ok();
    let path = url.as_ref().map_or("", |url| url.path()).to_owned();
    let mut state = locked(state);
    let bearer = request
        .headers
        .get("Authorization")
        .and_then(|header| header.split_once(' '))
        .map(|(_, token)| token.trim().to_owned());
    let valid = bearer
        .is_some_and(|token| state.tokens.iter().any(|(known, until)| *known == token && Instant::now() < *until));
    if path == "/token" {
        let lifetime = state.manner.lifetime.unwrap_or(300);
        let token = uuid::Uuid::new_v4().to_string();
        state.tokens.push((token.clone(), Instant::now() + Duration::from_secs(lifetime)));
        let value = json!({"access_token": token, "token_type": "Bearer", "expires_in": lifetime});
        return document(200, "application/json", &value);
    }
    if path.starts_with("/Task") {
        let next = state.manner.notifications.pop_front().or(state.manner.every_notification);
        return match next {
            Some(status) => outcome(status),
            None if !valid => outcome(401),
            None => {
                let task: Value = serde_json::from_slice(&request.body).unwrap_or_else(|_| json!({}));
                document(if request.method == "PUT" { 200 } else { 201 }, "application/fhir+json; charset=utf-8", &task)
            }
        };
    }
    if let Some(below) = path.strip_prefix("/fhir/") {
        if let Some(status) = state.manner.reads.pop_front().or(state.manner.every_read) {
            return outcome(status);
        }
        if !valid {
            return outcome(401);
        }
        if request.method == "PUT" {
            // The workflow Task of Nuts, moved on.
            let task: Value = serde_json::from_slice(&request.body).unwrap_or_else(|_| json!({}));
            return document(200, "application/fhir+json; charset=utf-8", &task);
        }
        let query = url.as_ref().and_then(Url::query).map_or(String::new(), |query| format!("?{query}"));
        let asked = format!("{below}{query}");
        let served = state.manner.served.iter().find(|(start, _)| asked.starts_with(start));
        let empty = json!({"resourceType": "Bundle", "type": "searchset", "total": 0, "link": [{"relation": "self", "url": format!("{base}/fhir/{asked}")}]});
        return document(200, "application/fhir+json; charset=utf-8", served.map_or(&empty, |(_, value)| value));
    }
    outcome(404)
}
