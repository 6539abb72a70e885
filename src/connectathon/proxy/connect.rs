//! Connections of the proxy: TLS on either side, and those to the server kept for the next request.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, Response, Uri, body::Incoming};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls_platform_verifier::ConfigVerifierExt as _;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};
use url::Url;

use super::Body;
use crate::exchange::TransportErrorKind;

/// TLS that cannot be set up.
#[derive(Debug, thiserror::Error)]
#[error("TLS cannot be set up: {0}")]
pub struct TlsError(String);

fn failed(error: impl std::fmt::Display) -> TlsError {
    TlsError(error.to_string())
}

fn provider() {
    // Whoever installed a provider before us has one that works.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// TLS towards those who ask.
#[derive(Clone)]
pub struct Tls(TlsAcceptor);

impl Tls {
    /// With a certificate chain and its key, in PEM.
    ///
    /// # Errors
    /// When they cannot be used.
    pub fn new(certificate: &[u8], key: &[u8]) -> Result<Tls, TlsError> {
        provider();
        let chain = CertificateDer::pem_slice_iter(certificate).collect::<Result<Vec<_>, _>>().map_err(failed)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(failed)?;
        let config = rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key);
        let mut config = config.map_err(failed)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Tls(TlsAcceptor::from(Arc::new(config))))
    }

    pub(super) async fn accept(
        &self,
        stream: TcpStream,
    ) -> std::io::Result<impl AsyncRead + AsyncWrite + Unpin + Send + use<>> {
        self.0.accept(stream).await
    }
}

/// How many unused connections are kept.
const KEPT: usize = 32;
/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(10);

/// The server behind the proxy.
pub struct Upstream {
    base: Url,
    host: String,
    port: u16,
    authority: String,
    tls: Option<TlsConnector>,
    idle: Mutex<Vec<SendRequest<Body>>>,
}

impl Upstream {
    /// At a base URL; `roots` are certificate authorities (PEM) to trust instead of the machine's.
    ///
    /// # Errors
    /// When the URL is none of a server, or TLS cannot be set up.
    pub fn new(base: &str, roots: Option<&[u8]>) -> Result<Upstream, TlsError> {
        let wrong = || TlsError(format!("`{base}` is not the URL of a server"));
        let url = Url::parse(base).map_err(|_| wrong())?;
        let host = url.host_str().ok_or_else(wrong)?.to_owned();
        let port = url.port_or_known_default().ok_or_else(wrong)?;
        let tls = match url.scheme() {
            "http" => None,
            "https" => Some(connector(roots)?),
            _ => return Err(wrong()),
        };
        let authority = url.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
        Ok(Upstream { base: url, host, port, authority, tls, idle: Mutex::default() })
    }

    /// Where a path below the base is: as it is asked for, the Host, and as a whole.
    pub(super) fn address(&self, below: &str) -> Option<(Uri, String, String)> {
        let path = self.base.path().trim_end_matches('/');
        let joined = if below == "/" && !path.is_empty() { path.to_owned() } else { format!("{path}{below}") };
        let joined = if joined.starts_with('/') { joined } else { format!("/{joined}") };
        let url = format!("{}://{}{joined}", self.base.scheme(), self.authority);
        Some((joined.parse().ok()?, self.authority.clone(), url))
    }

    /// Sends a request; one that finds an old connection closed goes again on a new one.
    pub(super) async fn send(
        self: &Upstream,
        mut request: Request<Body>,
    ) -> Result<Response<Incoming>, (TransportErrorKind, String)> {
        loop {
            let (mut sender, fresh) = match self.kept() {
                Some(sender) => (sender, false),
                None => (self.connect().await?, true),
            };
            match sender.try_send_request(request).await {
                Ok(response) => {
                    self.keep(sender);
                    return Ok(response);
                }
                Err(mut error) => match error.take_message() {
                    // Nothing of it was sent.
                    Some(again) if !fresh => request = again,
                    _ => return Err((TransportErrorKind::Broken, error.into_error().to_string())),
                },
            }
        }
    }

    fn kept(&self) -> Option<SendRequest<Body>> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|sender| !sender.is_closed());
        let at = idle.iter().rposition(SendRequest::is_ready)?;
        Some(idle.swap_remove(at))
    }

    /// It is ready again when the answer is through.
    fn keep(&self, sender: SendRequest<Body>) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < KEPT {
            idle.push(sender);
        }
    }

    async fn connect(&self) -> Result<SendRequest<Body>, (TransportErrorKind, String)> {
        let refused = |error: std::io::Error| (TransportErrorKind::Connect, error.to_string());
        let host = self.host.trim_matches(['[', ']']);
        let dialled = tokio::time::timeout(CONNECT, TcpStream::connect((host, self.port))).await;
        let stream = match dialled {
            Ok(stream) => stream.map_err(refused)?,
            Err(_) => return Err((TransportErrorKind::Timeout, format!("no connection within {CONNECT:?}"))),
        };
        let _ = stream.set_nodelay(true);
        match &self.tls {
            None => handshake(stream).await,
            Some(tls) => {
                let wrong = |error: String| (TransportErrorKind::Tls, error);
                let name = ServerName::try_from(host.to_owned()).map_err(|error| wrong(error.to_string()))?;
                handshake(tls.connect(name, stream).await.map_err(|error| wrong(error.to_string()))?).await
            }
        }
    }
}

fn connector(roots: Option<&[u8]>) -> Result<TlsConnector, TlsError> {
    provider();
    let mut config = match roots {
        None => rustls::ClientConfig::with_platform_verifier().map_err(failed)?,
        Some(pem) => {
            let mut store = rustls::RootCertStore::empty();
            for root in CertificateDer::pem_slice_iter(pem) {
                store.add(root.map_err(failed)?).map_err(failed)?;
            }
            rustls::ClientConfig::builder().with_root_certificates(store).with_no_client_auth()
        }
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

async fn handshake(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> Result<SendRequest<Body>, (TransportErrorKind, String)> {
    let builder = http1::Builder::new().preserve_header_case(true).handshake(TokioIo::new(stream)).await;
    let (sender, connection) = builder.map_err(|error| (TransportErrorKind::Broken, error.to_string()))?;
    tokio::spawn(async move {
        // A connection that breaks is told to who uses it.
        let _ = connection.await;
    });
    Ok(sender)
}
