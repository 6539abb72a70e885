//! Requests with any client certificate, or none, to hosts wherever they are.
//!
//! [`crate::exchange::Client`] is for a run: one identity, the platform's idea of where a host is. Checks
//! come with other certificates, and test networks have host names that no name server knows. HTTP/1.1,
//! connections are kept; nothing is followed, decompressed or tried again.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Url;

use crate::exchange::{Exchange, Headers, Reach, Request, Response, TransportError, TransportErrorKind};

use super::setup::Identity;

/// Connections that are kept, by where they lead and as whom.
type Pool = HashMap<(String, Option<String>), Vec<SendRequest<Full<Bytes>>>>;

/// Where hosts are, whom to trust, and how long to wait.
pub struct Dialer {
    /// Host names that are somewhere else: name, or name and port, to address.
    pub resolve: BTreeMap<String, String>,
    /// Hosts that may be dialled.
    pub reach: Reach,
    /// Longest wait for an answer.
    pub timeout: Duration,
    /// Authorities trusted beside the platform's, PEM.
    pub roots: Vec<String>,
    pool: RefCell<Pool>,
    configs: RefCell<HashMap<Option<String>, Arc<rustls::ClientConfig>>>,
}

/// Largest answer that is read.
const LIMIT: usize = 64 * 1024 * 1024;

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

fn fault(kind: TransportErrorKind, detail: impl Into<String>) -> TransportError {
    TransportError { kind, detail: detail.into() }
}

impl Dialer {
    /// Nothing is opened yet.
    pub fn new(resolve: BTreeMap<String, String>, reach: Reach, timeout: Duration, roots: Vec<String>) -> Dialer {
        Dialer { resolve, reach, timeout, roots, pool: RefCell::default(), configs: RefCell::default() }
    }

    /// Sends a request, with a client certificate or without one.
    pub async fn send(&self, identity: Option<&Identity>, mut request: Request) -> Exchange {
        for (name, value) in [("Accept", "*/*"), ("User-Agent", concat!("keur/", env!("CARGO_PKG_VERSION")))] {
            if request.headers.get(name).is_none() {
                request.headers.push(name, value);
            }
        }
        let started = jiff::Timestamp::now();
        let clock = Instant::now();
        let answer = tokio::time::timeout(self.timeout, self.answer(identity, &mut request)).await;
        let result = answer.unwrap_or_else(|_| {
            Err(fault(TransportErrorKind::Timeout, format!("no answer within {:?}", self.timeout)))
        });
        Exchange { request, result, started, elapsed: clock.elapsed(), refused: None }
    }

    async fn answer(&self, identity: Option<&Identity>, request: &mut Request) -> Result<Response, TransportError> {
        let url = Url::parse(&request.url)
            .map_err(|e| fault(TransportErrorKind::Url, format!("`{}` is not an absolute URL: {e}", request.url)))?;
        let tls = match url.scheme() {
            "https" => true,
            "http" => false,
            other => return Err(fault(TransportErrorKind::Url, format!("`{other}:` cannot be asked"))),
        };
        request.url = url.as_str().to_owned();
        let host = url.host_str().unwrap_or_default().to_owned();
        let port = url.port_or_known_default().unwrap_or(443);
        let key = (format!("{}://{host}:{port}", url.scheme()), identity.map(|i| i.certificate.clone()));
        let kept = self.pool.borrow_mut().get_mut(&key).and_then(Vec::pop).filter(|kept| !kept.is_closed());
        if let Some(mut kept) = kept {
            // A connection that the server had closed meanwhile says nothing about the request.
            if kept.ready().await.is_ok()
                && let Ok(answer) = self.ask(&mut kept, &url, request).await
            {
                self.keep(key, kept);
                return Ok(answer);
            }
        }
        let mut fresh = self.connect(&host, port, tls.then_some(identity)).await?;
        let answer = self.ask(&mut fresh, &url, request).await?;
        self.keep(key, fresh);
        Ok(answer)
    }

    fn keep(&self, key: (String, Option<String>), connection: SendRequest<Full<Bytes>>) {
        if !connection.is_closed() {
            self.pool.borrow_mut().entry(key).or_default().push(connection);
        }
    }

    /// Forgets every connection: the next request comes on a new one.
    pub fn forget(&self) {
        self.pool.borrow_mut().clear();
    }

    async fn ask(
        &self,
        connection: &mut SendRequest<Full<Bytes>>,
        url: &Url,
        request: &Request,
    ) -> Result<Response, TransportError> {
        let target = url.as_str().split('#').next().unwrap_or_default();
        let target = &target[url[..url::Position::BeforePath].len()..];
        let mut builder = hyper::Request::builder().method(request.method.as_str()).uri(target);
        let authority = &url[url::Position::BeforeHost..url::Position::AfterPort];
        if request.headers.get("Host").is_none() {
            builder = builder.header("Host", authority);
        }
        for (name, value) in request.headers.iter() {
            builder = builder.header(name, value);
        }
        let outgoing = builder
            .body(Full::new(request.body.clone()))
            .map_err(|e| fault(TransportErrorKind::Url, format!("the request cannot be sent: {e}")))?;
        let response = connection.send_request(outgoing).await.map_err(|e| broken(&e))?;
        let status = response.status().as_u16();
        let headers: Headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let mut incoming = response.into_body();
        let mut body = BytesMut::new();
        while let Some(frame) = incoming.frame().await {
            let frame = frame.map_err(|e| broken(&e))?;
            if let Some(data) = frame.data_ref() {
                if body.len() + data.len() > LIMIT {
                    return Err(fault(TransportErrorKind::Broken, "the answer is too large"));
                }
                body.extend_from_slice(data);
            }
        }
        Ok(Response { status, headers, body: body.freeze() })
    }

    /// A connection over TCP to where the host is.
    pub async fn tcp(&self, host: &str, port: u16) -> Result<TcpStream, TransportError> {
        let name = host.trim_start_matches('[').trim_end_matches(']');
        if !self.reach.allows(host) && !self.reach.allows(name) {
            let detail = format!("`{host}` is not a host of the target, and `--offline` allows no other");
            return Err(fault(TransportErrorKind::Refused, detail));
        }
        let address = self.address(name, port);
        let connecting = tokio::time::timeout(self.timeout.min(Duration::from_secs(10)), TcpStream::connect(&address));
        let stream = connecting
            .await
            .map_err(|_| fault(TransportErrorKind::Timeout, format!("no connection to {address}")))?
            .map_err(|e| fault(TransportErrorKind::Connect, format!("{address}: {e}")))?;
        let _ = stream.set_nodelay(true);
        Ok(stream)
    }

    /// True when somebody knows where a host is.
    pub async fn resolves(&self, host: &str, port: u16) -> bool {
        let name = host.trim_start_matches('[').trim_end_matches(']');
        tokio::net::lookup_host(self.address(name, port)).await.is_ok_and(|mut found| found.next().is_some())
    }

    /// Where a host is: as the user says, on loopback for `*.localhost` (RFC 6761 section 6.3), else itself.
    fn address(&self, host: &str, port: u16) -> String {
        let given = self.resolve.get(&format!("{host}:{port}")).or_else(|| self.resolve.get(host));
        match given {
            Some(given) if given.rsplit_once(':').is_some_and(|(_, p)| p.parse::<u16>().is_ok()) => {
                // The port in a URL goes before the one that goes with the name.
                let named = self.resolve.contains_key(&format!("{host}:{port}")) || port == 443 || port == 80;
                match given.rsplit_once(':') {
                    Some((address, _)) if !named => format!("{address}:{port}"),
                    _ => given.clone(),
                }
            }
            Some(given) => format!("{given}:{port}"),
            None if host.ends_with(".localhost") => format!("127.0.0.1:{port}"),
            None if host.contains(':') => format!("[{host}]:{port}"),
            None => format!("{host}:{port}"),
        }
    }

    async fn connect(
        &self,
        host: &str,
        port: u16,
        tls: Option<Option<&Identity>>,
    ) -> Result<SendRequest<Full<Bytes>>, TransportError> {
        let stream = self.tcp(host, port).await?;
        let stream: Box<dyn Stream> = match tls {
            None => Box::new(stream),
            Some(identity) => {
                let config = self.config(identity)?;
                let name = server_name(host)?;
                let connecting = TlsConnector::from(config).connect(name, stream);
                Box::new(connecting.await.map_err(|e| fault(TransportErrorKind::Tls, e.to_string()))?)
            }
        };
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|e| broken(&e))?;
        tokio::spawn(connection);
        Ok(sender)
    }

    /// TLS as the platform trusts, with a certificate or without one.
    pub fn config(&self, identity: Option<&Identity>) -> Result<Arc<rustls::ClientConfig>, TransportError> {
        let key = identity.map(|identity| identity.certificate.clone());
        if let Some(config) = self.configs.borrow().get(&key) {
            return Ok(config.clone());
        }
        let wrong = |e: String| fault(TransportErrorKind::Tls, e);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut extra = vec![];
        for pem in &self.roots {
            for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                extra.push(certificate.map_err(|e| wrong(format!("an authority cannot be read: {e}")))?);
            }
        }
        let verifier = rustls_platform_verifier::Verifier::new_with_extra_roots(extra, provider.clone())
            .map_err(|e| wrong(format!("the certificate authorities of this machine cannot be loaded: {e}")))?;
        let builder = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| wrong(e.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let config = Arc::new(with_identity(builder, identity)?);
        self.configs.borrow_mut().insert(key, config.clone());
        Ok(config)
    }
}

type WantsIdentity = rustls::ConfigBuilder<rustls::ClientConfig, rustls::client::WantsClientCert>;

/// Puts the certificate into a configuration.
pub fn with_identity(
    builder: WantsIdentity,
    identity: Option<&Identity>,
) -> Result<rustls::ClientConfig, TransportError> {
    let wrong = |e: String| fault(TransportErrorKind::Tls, format!("the client certificate cannot be used: {e}"));
    let Some(identity) = identity else { return Ok(builder.with_no_client_auth()) };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(identity.certificate.as_bytes()).collect();
    let chain = chain.map_err(|e| wrong(e.to_string()))?;
    let key = PrivateKeyDer::from_pem_slice(identity.key.expose().as_bytes()).map_err(|e| wrong(e.to_string()))?;
    builder.with_client_auth_cert(chain, key).map_err(|e| wrong(e.to_string()))
}

/// The name for SNI.
pub fn server_name(host: &str) -> Result<ServerName<'static>, TransportError> {
    let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    ServerName::try_from(bare).map_err(|e| fault(TransportErrorKind::Url, format!("`{host}` is not a host: {e}")))
}

/// What hyper says, with what lies behind it: a refused client certificate shows only here under TLS 1.3.
fn broken(error: &hyper::Error) -> TransportError {
    let mut detail = error.to_string();
    let mut cause = std::error::Error::source(error);
    let mut tls = false;
    while let Some(inner) = cause {
        let inside = inner.downcast_ref::<std::io::Error>().and_then(|io| io.get_ref());
        tls = tls || inside.is_some_and(|e| e.is::<rustls::Error>());
        detail = inner.to_string();
        cause = inner.source();
    }
    fault(if tls { TransportErrorKind::Tls } else { TransportErrorKind::Broken }, detail)
}
