//! TLS as a server speaks it: versions, suites, certificates, and whom it lets in. What no TLS library
//! offers any more is asked with a ClientHello of our own ([`hello`]).

pub mod certificate;
pub mod hello;
pub mod judge;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject};
use rustls::{DigitallySignedStruct, SignatureScheme, SupportedProtocolVersion};
use tokio_rustls::TlsConnector;
use url::Url;

use crate::exchange::{AccessToken, TransportError, TransportErrorKind};

use super::http::{Dialer, server_name, with_identity};
use super::setup::{Identity, Setup};

/// Which side of the DVA an endpoint is on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Channel {
    /// People come here.
    Front,
    /// Only nodes come here.
    Back,
}

/// A host and port that speak TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// What people call it.
    pub what: &'static str,
    /// Front or back.
    pub channel: Channel,
    /// Where it is.
    pub url: Url,
}

impl Endpoint {
    /// Its host.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or(443)
    }
}

/// The endpoints with TLS, each host and port once.
pub fn endpoints(setup: &Setup) -> Vec<Endpoint> {
    let mut all: Vec<Endpoint> = vec![];
    for (what, channel, url) in [
        ("authorization endpoint", Channel::Front, &setup.authorization_endpoint),
        ("token endpoint", Channel::Back, &setup.token_endpoint),
        ("resource endpoint", Channel::Back, &setup.fhir_base),
    ] {
        let Some(url) = url.as_deref().and_then(|url| Url::parse(url).ok()).filter(|url| url.scheme() == "https")
        else {
            continue;
        };
        let endpoint = Endpoint { what, channel, url };
        if !all.iter().any(|known| known.host() == endpoint.host() && known.port() == endpoint.port()) {
            all.push(endpoint);
        }
    }
    all
}

/// What a handshake agreed on.
#[derive(Clone, Debug)]
pub struct Agreed {
    /// `TLSv1_3`.
    pub version: Option<rustls::ProtocolVersion>,
    /// The certificates the server sent, its own first.
    pub chain: Vec<CertificateDer<'static>>,
}

/// Believes every certificate: for looking at them.
#[derive(Debug)]
struct Believer(Arc<rustls::crypto::CryptoProvider>);

impl ServerCertVerifier for Believer {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// Shakes hands with these versions, whoever the server says it is.
///
/// # Errors
/// There was no agreement; the message says why.
pub async fn shake_hands(
    dialer: &Dialer,
    endpoint: &Endpoint,
    versions: &[&'static SupportedProtocolVersion],
    identity: Option<&Identity>,
    name: Option<&str>,
) -> Result<Agreed, TransportError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let wrong = |e: String| TransportError { kind: TransportErrorKind::Tls, detail: e };
    let builder = rustls::ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(versions)
        .map_err(|e| wrong(e.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Believer(provider)));
    let config = with_identity(builder, identity)?;
    let stream = dialer.tcp(endpoint.host(), endpoint.port()).await?;
    let name = server_name(name.unwrap_or(endpoint.host()))?;
    let connecting = TlsConnector::from(Arc::new(config)).connect(name, stream);
    let stream = tokio::time::timeout(Duration::from_secs(10), connecting)
        .await
        .map_err(|_| wrong("no handshake within 10 s".to_owned()))?
        .map_err(|e| wrong(e.to_string()))?;
    let (_, connection) = stream.get_ref();
    let chain = connection.peer_certificates().unwrap_or_default().iter().map(|c| c.clone().into_owned()).collect();
    Ok(Agreed { version: connection.protocol_version(), chain })
}

/// Every version that is spoken nowadays.
pub fn modern() -> [&'static SupportedProtocolVersion; 2] {
    [&rustls::version::TLS13, &rustls::version::TLS12]
}

/// Whether a chain leads to one of these authorities and the certificate is for this host.
///
/// # Errors
/// It does not; the message says why.
pub fn chains_to(roots: &[String], chain: &[CertificateDer<'static>], host: &str) -> Result<(), String> {
    let mut store = rustls::RootCertStore::empty();
    for pem in roots {
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            let certificate = certificate.map_err(|e| format!("an authority cannot be read: {e}"))?;
            store.add(certificate).map_err(|e| format!("an authority cannot be used: {e}"))?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = rustls::client::WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider)
        .build()
        .map_err(|e| e.to_string())?;
    let (leaf, between) = chain.split_first().ok_or("the server sent no certificate")?;
    let name = server_name(host).map_err(|e| e.detail)?;
    verifier.verify_server_cert(leaf, between, &name, &[], UnixTime::now()).map(drop).map_err(|e| e.to_string())
}

/// A client certificate that nobody gave out: signed by itself, made once.
pub fn stranger() -> Option<&'static Identity> {
    static STRANGER: OnceLock<Option<Identity>> = OnceLock::new();
    let make = || {
        let made = rcgen::generate_simple_self_signed(vec!["stranger.keur.localhost".to_owned()]).ok()?;
        Some(Identity { certificate: made.cert.pem(), key: AccessToken::new(made.signing_key.serialize_pem()) })
    };
    STRANGER.get_or_init(make).as_ref()
}
