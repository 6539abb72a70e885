//! The proxy: stands between two parties and changes nothing.
//!
//! Bytes go on as they come, in both directions, and no faster than they are taken: a slow reader slows the
//! sender down, not this process's memory up. Bodies are not unpacked, header fields keep their order and
//! case; only those of the connection itself (RFC 9110 section 7.6.1) and `Host` are the proxy's own. Of
//! every body a copy is kept up to a limit, for the record and the scripts.

mod connect;
mod tee;

pub use connect::{Tls, TlsError, Upstream};

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Incoming};
use hyper::header::{HOST, HeaderMap, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{StatusCode, Uri};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::exchange::{AccessToken, Exchange, Headers, Request, Response, TransportError, TransportErrorKind};
use tee::{Kept, Tee};

type Body = UnsyncBoxBody<Bytes, hyper::Error>;

/// Fields of the connection, not of the message (RFC 9110 section 7.6.1); `Connection` names more.
const HOP_BY_HOP: [&str; 8] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
/// How many connections there may be at once.
const CONNECTIONS: usize = 1024;
/// How long the head of a request may take, or a connection be unused.
const HEAD: std::time::Duration = std::time::Duration::from_secs(60);

/// A party behind the proxy: known by its token, or by the first parts of the path.
#[derive(Clone)]
pub struct Route {
    /// Its name.
    pub name: String,
    /// The token it uses; without one the path says who asks.
    pub token: Option<AccessToken>,
    /// The server it asks, where that is not the one of all.
    pub upstream: Option<Arc<Upstream>>,
}

/// An exchange that passed.
pub struct Passed {
    /// Number of the party; None where nobody has the token or path.
    pub party: Option<usize>,
    /// Path and query below the base of the server.
    pub below: String,
    /// The exchange, bodies as they passed up to the limit.
    pub exchange: Exchange,
    /// Both bodies are whole.
    pub whole: bool,
}

/// Is told of every exchange once it is over.
pub type Witness = dyn Fn(Passed) + Send + Sync;

/// How a proxy is set up.
pub struct Settings {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where requests go; without it those of nobody go nowhere.
    pub upstream: Option<Arc<Upstream>>,
    /// TLS towards those who ask.
    pub tls: Option<Tls>,
    /// The parties; without any everything is of nobody.
    pub routes: Vec<Route>,
    /// How much of a body is kept, in bytes.
    pub limit: usize,
    /// Is told.
    pub witness: Arc<Witness>,
}

struct Shared {
    upstream: Option<Arc<Upstream>>,
    routes: Vec<Route>,
    limit: usize,
    witness: Arc<Witness>,
}

/// A proxy that works until it is dropped.
pub struct Proxy {
    /// Where.
    pub address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Proxy {
    /// Begins to pass requests on. Needs a Tokio runtime.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub async fn start(settings: Settings) -> std::io::Result<Proxy> {
        let listener = TcpListener::bind(settings.listen).await?;
        let address = listener.local_addr()?;
        let Settings { upstream, tls, routes, limit, witness, .. } = settings;
        let shared = Arc::new(Shared { upstream, routes, limit, witness });
        let task = tokio::spawn(async move {
            let places = Arc::new(Semaphore::new(CONNECTIONS));
            loop {
                let place = places.clone().acquire_owned().await;
                let Ok((stream, _)) = listener.accept().await else { continue };
                let _ = stream.set_nodelay(true);
                let (shared, tls) = (shared.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, shared).await,
                        Some(tls) => {
                            // Who cannot agree on TLS is told so by TLS.
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, shared).await;
                            }
                        }
                    }
                    drop(place);
                });
            }
        });
        Ok(Proxy { address, task })
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, shared: Arc<Shared>) {
    let service = service_fn(|request| pass(request, shared.clone()));
    let mut builder = http1::Builder::new();
    builder.preserve_header_case(true).timer(TokioTimer::new()).header_read_timeout(HEAD);
    // Errors are broken connections: the client knows.
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}

/// Which party asks, and what for.
fn routed<'u>(routes: &[Route], uri: &'u Uri, headers: &HeaderMap) -> (Option<usize>, &'u str) {
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    let authorization = headers.get("authorization").and_then(|value| value.to_str().ok());
    let token = authorization.map(AccessToken::new);
    if let Some(party) = routes.iter().position(|route| route.token.is_some() && route.token == token) {
        return (Some(party), target);
    }
    let below = |route: &Route| {
        let rest = target.strip_prefix('/')?.strip_prefix(route.name.as_str())?;
        (route.token.is_none() && (rest.is_empty() || rest.starts_with(['/', '?']))).then_some(rest)
    };
    let all = routes.iter().enumerate().filter_map(|(party, route)| Some((party, below(route)?)));
    match all.min_by_key(|(_, rest)| rest.len()) {
        Some((party, "")) => (Some(party), "/"),
        Some((party, rest)) => (Some(party), rest),
        None => (None, target),
    }
}

/// Without the fields of the connection.
fn end_to_end(headers: &HeaderMap) -> HeaderMap {
    let named: Vec<String> = headers
        .get_all("connection")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(',').map(|name| name.trim().to_ascii_lowercase()))
        .collect();
    let keeps =
        |name: &HeaderName| !HOP_BY_HOP.contains(&name.as_str()) && !named.iter().any(|other| other == name.as_str());
    headers.iter().filter(|(name, _)| keeps(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn recorded(headers: &HeaderMap) -> Headers {
    headers.iter().map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes()))).collect()
}

/// An exchange while it passes: the copies come in when its bodies are through.
struct Passing {
    shared: Arc<Shared>,
    party: Option<usize>,
    below: String,
    request: Request,
    started: jiff::Timestamp,
    clock: Instant,
    asked: Arc<Kept>,
}

impl Passing {
    fn over(self, result: Result<Response, TransportError>, whole: bool) {
        let Passing { shared, party, below, request, started, clock, asked } = self;
        let (body, all) = asked.taken();
        let exchange =
            Exchange { request: Request { body, ..request }, result, started, elapsed: clock.elapsed(), refused: None };
        (shared.witness)(Passed { party, below, exchange, whole: whole && all });
    }
}

async fn pass(request: hyper::Request<Incoming>, shared: Arc<Shared>) -> Result<hyper::Response<Body>, Infallible> {
    let (started, clock) = (jiff::Timestamp::now(), Instant::now());
    let (mut head, body) = request.into_parts();
    let (party, below) = routed(&shared.routes, &head.uri, &head.headers);
    let below = below.to_owned();
    let asked = Kept::new(shared.limit);
    head.headers = end_to_end(&head.headers);
    let own = party.and_then(|party| shared.routes.get(party)?.upstream.clone());
    let Some(upstream) = own.or_else(|| shared.upstream.clone()) else {
        return Ok(said(StatusCode::NOT_FOUND, "keur proxy: nobody is known by this address"));
    };
    let Some((uri, host, url)) = upstream.address(&below) else {
        return Ok(said(StatusCode::BAD_REQUEST, "keur proxy: the address cannot be passed on"));
    };
    head.uri = uri;
    if let Ok(host) = HeaderValue::from_str(&host) {
        head.headers.insert(HOST, host);
    }
    let passing = Passing {
        party,
        below,
        request: Request {
            method: head.method.as_str().to_owned(),
            url,
            headers: recorded(&head.headers),
            body: Bytes::new(),
        },
        started,
        clock,
        asked: asked.clone(),
        shared: shared.clone(),
    };
    let has_body = !body.is_end_stream();
    let body: Body = match has_body {
        true => Tee::new(body, asked, |_| ()).boxed_unsync(),
        false => Full::new(Bytes::new()).map_err(|never| match never {}).boxed_unsync(),
    };
    if !has_body {
        passing.asked.complete();
    }
    match upstream.send(hyper::Request::from_parts(head, body)).await {
        Ok(response) => {
            let (mut head, body) = response.into_parts();
            head.headers = end_to_end(&head.headers);
            let answer =
                Response { status: head.status.as_u16(), headers: recorded(&head.headers), body: Bytes::new() };
            let kept = Kept::new(shared.limit);
            let over = move |kept: &Kept| {
                let (body, whole) = kept.taken();
                passing.over(Ok(Response { body, ..answer }), whole);
            };
            Ok(hyper::Response::from_parts(head, Tee::new(body, kept, over).boxed_unsync()))
        }
        Err((kind, detail)) => {
            let status =
                if kind == TransportErrorKind::Timeout { StatusCode::GATEWAY_TIMEOUT } else { StatusCode::BAD_GATEWAY };
            let answer = said(status, &format!("keur proxy: the server behind it gave no answer: {detail}"));
            passing.over(Err(TransportError { kind, detail }), false);
            Ok(answer)
        }
    }
}

fn said(status: StatusCode, text: &str) -> hyper::Response<Body> {
    let body = Full::new(Bytes::from(format!("{text}\n"))).map_err(|never| match never {}).boxed_unsync();
    let mut response = hyper::Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert("content-type", HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_party_is_known_by_its_token_or_its_path() {
        let route = |name: &str, token: Option<&str>| Route {
            name: name.into(),
            token: token.map(AccessToken::new),
            upstream: None,
        };
        let routes = [route("a", Some("secret")), route("b", None), route("b/c", None)];
        let of = |uri: &str, token: Option<&str>| {
            let uri: Uri = uri.parse().unwrap();
            let headers = token.map(|token| ("authorization".parse().unwrap(), token.parse().unwrap()));
            let (party, below) = routed(&routes, &uri, &headers.into_iter().collect());
            (party, below.to_owned())
        };
        assert_eq!(of("/Patient?x=1", Some("Bearer secret")), (Some(0), "/Patient?x=1".into()));
        assert_eq!(of("/b/Patient?x=1", None), (Some(1), "/Patient?x=1".into()));
        assert_eq!(of("/b?x=1", None), (Some(1), "?x=1".into()));
        assert_eq!(of("/b", None), (Some(1), "/".into()));
        assert_eq!(of("/b/c/Patient", None), (Some(2), "/Patient".into()));
        assert_eq!(of("/b/cc", None), (Some(1), "/cc".into()));
        // The name of a party with a token is no way in.
        assert_eq!(of("/a/Patient", None), (None, "/a/Patient".into()));
        assert_eq!(of("/bb/Patient", Some("Bearer other")), (None, "/bb/Patient".into()));
    }

    #[test]
    fn only_fields_of_the_connection_go() {
        let fields =
            [("connection", "x-own, keep-alive"), ("x-own", "1"), ("te", "trailers"), ("accept-encoding", "gzip")];
        let headers = fields.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        let kept = end_to_end(&headers.into_iter().collect());
        assert_eq!(kept.keys().map(HeaderName::as_str).collect::<Vec<_>>(), ["accept-encoding"]);
    }
}
