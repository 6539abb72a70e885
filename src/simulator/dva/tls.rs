//! TLS of the DVA: which versions, which certificates, whom it lets in.

use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, RootCertStore, ServerConfig, SignatureScheme,
    SupportedProtocolVersion,
};

use super::config::KeyPair;

/// A certificate nobody needs, of 1024 bits and signed with SHA-1: sent along, it does no harm to
/// clients and is there to be found.
pub(super) const SHORT_KEY: &str = include_str!("short-key.pem");

/// What can be wrong with TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Faults {
    /// Plain HTTP is answered too.
    pub plain_http: bool,
    /// TLS 1.2 is off.
    pub no_1_2: bool,
    /// TLS 1.3 is off.
    pub no_1_3: bool,
    /// TLS 1.0 and 1.1 are on.
    pub old_versions: bool,
    /// Of two common versions the lower is taken.
    pub lower_version: bool,
    /// Weak cipher suites are taken.
    pub weak_suites: bool,
    /// Weak curves are taken.
    pub weak_groups: bool,
    /// Compression is taken.
    pub compression: bool,
    /// No client certificate is asked for.
    pub no_client_certificate: bool,
    /// A client certificate may be given out by anybody.
    pub any_authority: bool,
    /// A client certificate may have run out.
    pub expired_clients: bool,
    /// Backchannel servers have a certificate of another authority.
    pub other_authority: bool,
    /// The frontchannel has a certificate for all names of a domain.
    pub wildcard: bool,
    /// A certificate with a short key is in the chain.
    pub short_key: bool,
    /// Certificates run out within days.
    pub nearly_expired: bool,
    /// The list of revocations is not there.
    pub no_revocations: bool,
}

/// How a listener treats clients without a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clients {
    /// It asks for none.
    NotAsked,
    /// It asks for one, and says no over HTTP to those without.
    Asked,
    /// No connection without one.
    Demanded,
}

/// TLS that cannot be set up.
#[derive(Debug, thiserror::Error)]
#[error("TLS cannot be set up: {0}")]
pub struct TlsError(String);

fn failed(error: impl std::fmt::Display) -> TlsError {
    TlsError(error.to_string())
}

/// The configuration of a listener.
pub(super) fn server(
    certificate: &KeyPair,
    authority: &str,
    clients: Clients,
    versions: &[&'static SupportedProtocolVersion],
    faults: &Faults,
) -> Result<Arc<ServerConfig>, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(certificate.cert_pem.as_bytes()).collect::<Result<_, _>>().map_err(failed)?;
    let key = PrivateKeyDer::from_pem_slice(certificate.key_pem.as_bytes()).map_err(failed)?;
    let builder =
        ServerConfig::builder_with_provider(provider.clone()).with_protocol_versions(versions).map_err(failed)?;
    let builder = match clients {
        Clients::NotAsked => builder.with_no_client_auth(),
        asked => {
            let mut roots = RootCertStore::empty();
            for root in CertificateDer::pem_slice_iter(authority.as_bytes()) {
                roots.add(root.map_err(failed)?).map_err(failed)?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            let lenient = asked == Clients::Asked || faults.no_client_certificate;
            let verifier = if lenient { verifier.allow_unauthenticated() } else { verifier };
            let verifier = verifier.build().map_err(failed)?;
            builder.with_client_cert_verifier(Arc::new(Doorman { verifier, faults: *faults }))
        }
    };
    let mut config = builder.with_single_cert(chain, key).map_err(failed)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// The versions that are on.
pub(super) fn versions(faults: &Faults) -> Vec<&'static SupportedProtocolVersion> {
    let all = [(&rustls::version::TLS13, faults.no_1_3), (&rustls::version::TLS12, faults.no_1_2)];
    all.into_iter().filter(|(_, off)| !off).map(|(version, _)| version).collect()
}

/// Lets in whom the rules let in, and, with a fault, some others.
#[derive(Debug)]
struct Doorman {
    verifier: Arc<dyn ClientCertVerifier>,
    faults: Faults,
}

impl ClientCertVerifier for Doorman {
    fn offer_client_auth(&self) -> bool {
        self.verifier.offer_client_auth()
    }

    fn client_auth_mandatory(&self) -> bool {
        self.verifier.client_auth_mandatory()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        // A client with a certificate of another authority shall still show it.
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        use CertificateError::{Expired, ExpiredContext, UnknownIssuer};
        match self.verifier.verify_client_cert(end_entity, intermediates, now) {
            Err(rustls::Error::InvalidCertificate(UnknownIssuer)) if self.faults.any_authority => {
                Ok(ClientCertVerified::assertion())
            }
            Err(rustls::Error::InvalidCertificate(Expired | ExpiredContext { .. })) if self.faults.expired_clients => {
                Ok(ClientCertVerified::assertion())
            }
            result => result,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}
