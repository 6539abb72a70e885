//! Where a browser comes back to: one request on an address of this machine, over HTTP or TLS.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A listener for one redirect.
pub struct Listener {
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    redirect_uri: url::Url,
}

/// How long a person may take.
const PATIENCE: Duration = Duration::from_secs(600);

/// Largest head of a request.
const LARGEST: usize = 64 * 1024;

impl Listener {
    /// Listens where a redirect URI leads, or at `address`, which then is what it leads to by other means.
    pub async fn open(
        redirect_uri: &str,
        address: Option<SocketAddr>,
        certificate: Option<&(PathBuf, PathBuf)>,
    ) -> Result<Listener, String> {
        let url = url::Url::parse(redirect_uri).map_err(|error| format!("`{redirect_uri}` is not a URL: {error}"))?;
        let address = match address {
            Some(address) => address,
            None => own_address(&url).ok_or_else(|| {
                format!("`{redirect_uri}` does not lead to this machine; give `--listen` or `--paste-redirect`")
            })?,
        };
        let tls = match (url.scheme(), certificate) {
            ("https", Some(files)) => Some(acceptor(files)?),
            ("https", None) => {
                return Err("for a redirect URI with `https` give `--tls-certificate` and `--tls-key`".into());
            }
            _ => None,
        };
        let listener =
            TcpListener::bind(address).await.map_err(|error| format!("cannot listen on {address}: {error}"))?;
        Ok(Listener { listener, tls, redirect_uri: url })
    }

    /// Waits for the browser; the URL it came with.
    pub async fn redirect(&self) -> Result<String, String> {
        let waiting = async {
            loop {
                let Ok((stream, _)) = self.listener.accept().await else { continue };
                // Whoever else comes by is told so, and waited on no longer than this.
                let one = async {
                    match &self.tls {
                        Some(acceptor) => self.one(acceptor.accept(stream).await.ok()?).await,
                        None => self.one(stream).await,
                    }
                };
                if let Ok(Some(url)) = tokio::time::timeout(Duration::from_secs(10), one).await {
                    return url;
                }
            }
        };
        let late = || format!("nobody came back within {PATIENCE:?}");
        tokio::time::timeout(PATIENCE, waiting).await.map_err(|_| late())
    }

    /// One request: the URL, if it is the redirect.
    async fn one<S: AsyncRead + AsyncWrite + Unpin>(&self, mut stream: S) -> Option<String> {
        let mut seen = vec![];
        while !seen.windows(4).any(|w| w == b"\r\n\r\n") && seen.len() < LARGEST {
            let mut buffer = [0; 4096];
            let count = stream.read(&mut buffer).await.ok()?;
            if count == 0 {
                return None;
            }
            seen.extend_from_slice(buffer.get(..count)?);
        }
        let head = String::from_utf8_lossy(&seen).into_owned();
        let target = head.strip_prefix("GET ")?.split(' ').next()?;
        let path = target.split('?').next().unwrap_or_default();
        let ours = path == self.redirect_uri.path();
        let (status, text) = match ours {
            true => {
                ("200 OK", "U bent ingelogd; dit venster kan dicht. / You are logged in; you can close this window.")
            }
            false => ("404 Not Found", "Niets. / Nothing."),
        };
        let answer = format!(
            "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\nCache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n\r\n{text}",
            text.len()
        );
        let _ = stream.write_all(answer.as_bytes()).await;
        let _ = stream.shutdown().await;
        if !ours {
            return None;
        }
        let query = target.split_once('?').map(|(_, query)| query);
        let mut url = self.redirect_uri.clone();
        url.set_query(query);
        Some(url.into())
    }
}

/// The address of this machine in a URL.
fn own_address(url: &url::Url) -> Option<SocketAddr> {
    let port = url.port_or_known_default()?;
    match url.host()? {
        url::Host::Ipv4(ip) if ip.is_loopback() => Some((ip, port).into()),
        url::Host::Ipv6(ip) if ip.is_loopback() => Some((ip, port).into()),
        // https://www.rfc-editor.org/rfc/rfc6761#section-6.3
        url::Host::Domain(name) if name == "localhost" || name.ends_with(".localhost") => {
            Some(([127, 0, 0, 1], port).into())
        }
        _ => None,
    }
}

fn acceptor((certificate, key): &(PathBuf, PathBuf)) -> Result<TlsAcceptor, String> {
    let failed = |path: &PathBuf, error: String| format!("`{}` cannot be used: {error}", path.display());
    let chain: Result<Vec<CertificateDer<'static>>, _> =
        CertificateDer::pem_file_iter(certificate).and_then(|certificates| certificates.collect());
    let chain = chain.map_err(|error| failed(certificate, error.to_string()))?;
    let key_der = PrivateKeyDer::from_pem_file(key).map_err(|error| failed(key, error.to_string()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_no_client_auth()
        .with_single_cert(chain, key_der)
        .map_err(|error| failed(certificate, error.to_string()))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
