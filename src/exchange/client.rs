//! The HTTP client: one request in, one [`Exchange`] out, whatever happens.

use std::error::Error as StdError;
use std::sync::OnceLock;
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use reqwest::header::{HeaderName, HeaderValue};
use url::Url;

use super::message::{Exchange, Headers, Request, Response, TransportError, TransportErrorKind};
use super::peer::{Peer, Peers};
use super::settings::{self, ClientSettings, Reach};
use super::token_source;

/// Sends requests. Redirects are answers like any other, nothing is retried, decompressed or cached.
///
/// Certificates are checked against the platform's certificate authorities (on Linux `SSL_CERT_FILE`,
/// `SSL_CERT_DIR` or the distribution's bundle) and [`ClientSettings::extra_roots`]. A machine without
/// any can still talk to `http:` targets: the roots are loaded at the first `https:` request.
pub struct Client {
    settings: ClientSettings,
    /// By route: through the system's proxy or not, with TLS or not.
    clients: [OnceLock<Result<reqwest::Client, String>>; 4],
    peers: Peers,
}

impl Client {
    /// A client; nothing is opened or loaded yet.
    pub fn new(settings: ClientSettings) -> Client {
        // Whoever installed a provider before us has one that works.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Client { settings, clients: Default::default(), peers: Peers::default() }
    }

    /// What it was made with.
    pub fn settings(&self) -> &ClientSettings {
        &self.settings
    }

    /// The certificates of the servers that answered so far.
    pub fn peers(&self) -> Vec<Peer> {
        self.peers.all()
    }

    /// Sends a request and waits for the whole answer. A mark in it becomes the token it stands for; when
    /// the server refuses that token the request goes out once more with a new one, if there is one.
    pub async fn send(&self, request: Request) -> Exchange {
        let mut request = self.completed(request);
        if !self.may_have_secrets(&request.url) {
            request.headers = token_source::without_secrets(&request.headers);
        }
        let source = self.settings.tokens.as_ref();
        let (Some(source), Some(name)) = (source, token_source::marked(&request)) else {
            return self.sent(request).await;
        };
        for (field, value) in source.fields(&name) {
            if request.headers.get(field).is_none() {
                request.headers.push(field, value);
            }
        }
        let token = match source.token(&name, None).await {
            Ok(token) => token,
            Err(detail) => {
                let error = TransportError { kind: TransportErrorKind::Refused, detail };
                let started = jiff::Timestamp::now();
                return Exchange { request, result: Err(error), started, elapsed: Default::default(), refused: None };
            }
        };
        let exchange = self.sent(token_source::filled(&request, &name, &token)).await;
        if !exchange.result.as_ref().is_ok_and(|response| response.status == 401) {
            return exchange;
        }
        match source.token(&name, Some(&token)).await {
            Ok(new) if new != token => {
                let again = self.sent(token_source::filled(&request, &name, &new)).await;
                Exchange { refused: Some(Box::new(exchange)), ..again }
            }
            _ => exchange,
        }
    }

    /// Sends a request as it is.
    async fn sent(&self, mut request: Request) -> Exchange {
        let started = jiff::Timestamp::now();
        let clock = Instant::now();
        let result = self.try_send(&mut request).await;
        Exchange { request, result, started, elapsed: clock.elapsed(), refused: None }
    }

    /// Tokens go nowhere but to the hosts that they are for: not along with a redirect, a next link or
    /// a URL that an answer or a script has.
    fn may_have_secrets(&self, url: &str) -> bool {
        let Some(trusted) = &self.settings.trusted else { return true };
        settings::origin(url).is_some_and(|origin| trusted.contains(&origin))
    }

    /// The headers that would be added on the way are added here, so that they are recorded.
    fn completed(&self, mut request: Request) -> Request {
        for (name, value) in [("Accept", "*/*"), ("User-Agent", &*self.settings.user_agent)] {
            if request.headers.get(name).is_none() {
                request.headers.push(name, value);
            }
        }
        request
    }

    async fn try_send(&self, request: &mut Request) -> Result<Response, TransportError> {
        let url = self.admitted(&request.url)?;
        // As on the wire from here on.
        request.url = url.as_str().to_owned();
        let method = reqwest::Method::from_bytes(request.method.as_bytes())
            .map_err(|_| unsendable(format!("`{}` is not an HTTP method", request.method)))?;
        let client = self.route(&url)?;
        let mut builder = client.request(method, url).body(request.body.clone());
        for (name, value) in request.headers.iter() {
            let header = HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| unsendable(format!("`{name}` is not a header name")))?;
            let value = HeaderValue::from_str(value)
                .map_err(|_| unsendable(format!("header `{name}` holds characters that HTTP does not allow")))?;
            builder = builder.header(header, value);
        }
        let response = builder.send().await.map_err(|e| self.explained(e, None))?;
        let tls = response.extensions().get::<reqwest::tls::TlsInfo>();
        if let Some(certificate) = tls.and_then(reqwest::tls::TlsInfo::peer_certificate) {
            self.peers.saw(settings::origin(&request.url), certificate);
        }
        let status = response.status().as_u16();
        let text = |v: &HeaderValue| v.as_bytes().iter().map(|b| char::from(*b)).collect::<String>();
        let utf8 = |v: &HeaderValue| std::str::from_utf8(v.as_bytes()).map_or_else(|_| text(v), str::to_owned);
        let headers: Headers = response.headers().iter().map(|(n, v)| (n.as_str().to_owned(), utf8(v))).collect();
        let body = self.body(response).await?;
        Ok(Response { status, headers, body })
    }

    /// The URL, if it is one that may be asked.
    fn admitted(&self, url: &str) -> Result<Url, TransportError> {
        let url = Url::parse(url).map_err(|e| unsendable(format!("`{url}` is not an absolute URL: {e}")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(unsendable(format!(
                "`{}:` is not a scheme that can be asked, `http:` and `https:` are",
                url.scheme()
            )));
        }
        let host = url.host_str().unwrap_or_default();
        if !self.settings.reach.allows(host) {
            let detail = format!("`{host}` is not a host of the target, and `--offline` allows no other");
            return Err(TransportError { kind: TransportErrorKind::Refused, detail });
        }
        Ok(url)
    }

    fn route(&self, url: &Url) -> Result<&reqwest::Client, TransportError> {
        let loopback = match url.host() {
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            Some(url::Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
            None => false,
        };
        let direct = loopback || self.settings.reach != Reach::Anywhere;
        let tls = url.scheme() == "https";
        let client = self.clients[usize::from(direct) * 2 + usize::from(tls)].get_or_init(|| self.build(direct, tls));
        client.as_ref().map_err(|detail| TransportError { kind: TransportErrorKind::Tls, detail: detail.clone() })
    }

    fn build(&self, direct: bool, tls: bool) -> Result<reqwest::Client, String> {
        let settings = &self.settings;
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(settings.connect_timeout)
            .timeout(settings.timeout)
            .pool_max_idle_per_host(settings.connections)
            .tcp_nodelay(true)
            .tls_info(tls);
        if direct {
            builder = builder.no_proxy();
        }
        if let Some(identity) = settings.identity.as_ref().filter(|_| tls) {
            let identity = reqwest::Identity::from_pem(identity.pem());
            builder = builder
                .identity(identity.map_err(|e| format!("the client certificate cannot be used: {}", chain(&e)))?);
        }
        for (host, address) in &settings.resolve {
            builder = builder.resolve(host, *address);
        }
        if settings.trust_anyone {
            builder = builder.tls_danger_accept_invalid_certs(true);
        }
        let mut roots = vec![];
        for pem in &settings.extra_roots {
            roots.extend(reqwest::Certificate::from_pem_bundle(pem).map_err(|e| chain(&e))?);
        }
        builder = if tls { builder.tls_certs_merge(roots) } else { builder.tls_certs_only([]) };
        builder.build().map_err(|e| {
            format!("the certificate authorities of this machine cannot be loaded: {} (set `SSL_CERT_FILE`)", chain(&e))
        })
    }

    /// The whole body, or why there is not one.
    async fn body(&self, mut response: reqwest::Response) -> Result<Bytes, TransportError> {
        let limit = self.settings.max_body;
        let announced = response.content_length().unwrap_or(0);
        let too_large = || {
            let detail = format!("the answer is larger than the limit of {limit} bytes");
            TransportError { kind: TransportErrorKind::Broken, detail }
        };
        if announced > limit as u64 {
            return Err(too_large());
        }
        let mut body = BytesMut::new();
        loop {
            match response.chunk().await {
                Ok(None) => return Ok(body.freeze()),
                Ok(Some(chunk)) if body.len() + chunk.len() > limit => return Err(too_large()),
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Err(error) => return Err(self.explained(error, Some(body.len()))),
            }
        }
    }

    /// `received`: bytes of the body that came before it went wrong; None when not even the head did.
    fn explained(&self, error: reqwest::Error, received: Option<usize>) -> TransportError {
        if error.is_timeout() {
            let detail = match received {
                _ if error.is_connect() => format!("no connection within {:?}", self.settings.connect_timeout),
                None => format!("no answer within {:?}", self.settings.timeout),
                Some(bytes) => {
                    format!("the answer was not complete within {:?}: {bytes} bytes came", self.settings.timeout)
                }
            };
            return TransportError { kind: TransportErrorKind::Timeout, detail };
        }
        let error = error.without_url();
        if let Some(tls) = tls_error(&error) {
            return TransportError { kind: TransportErrorKind::Tls, detail: tls };
        }
        if error.is_connect() {
            return TransportError { kind: TransportErrorKind::Connect, detail: chain(&error) };
        }
        let detail = match received {
            Some(bytes) => format!("the answer broke off after {bytes} bytes of its body: {}", chain(&error)),
            None => chain(&error),
        };
        TransportError { kind: TransportErrorKind::Broken, detail }
    }
}

fn unsendable(detail: String) -> TransportError {
    TransportError { kind: TransportErrorKind::Url, detail }
}

/// The error and what caused it, outermost first.
fn causes<'e>(error: &'e (dyn StdError + 'static)) -> impl Iterator<Item = &'e (dyn StdError + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let error = next?;
        next = error.source();
        Some(error)
    })
}

/// What TLS says went wrong, if it was TLS: rustls hides inside an `io::Error`.
fn tls_error(error: &(dyn StdError + 'static)) -> Option<String> {
    causes(error).find_map(|e| {
        let inside = e.downcast_ref::<std::io::Error>().and_then(|io| io.get_ref()?.downcast_ref::<rustls::Error>());
        let eof = || Some(e.to_string()).filter(|said| said.starts_with("tls handshake"));
        e.downcast_ref::<rustls::Error>().or(inside).map(ToString::to_string).or_else(eof)
    })
}

/// The causes in one line, the outermost (`error sending request`) left out when there are others.
fn chain(error: &(dyn StdError + 'static)) -> String {
    let all: Vec<String> = causes(error).map(ToString::to_string).collect();
    // `error sending request` and `client error (Connect)` say only that something went wrong.
    let causes = if all.len() > 1 { &all[1..] } else { &all[..] };
    let told = causes.iter().filter(|c| !c.starts_with("client error (")).count() > 0;
    let mut said: Vec<&str> = vec![];
    for cause in causes.iter().filter(|c| !told || !c.starts_with("client error (")) {
        if !said.iter().any(|s| s.contains(&**cause)) {
            said.push(cause);
        }
    }
    said.join(": ").replace(['\n', '\r'], " ")
}
