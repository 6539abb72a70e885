//! Who answered: the certificate that a server showed.

use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};
use x509_parser::prelude::{FromDer, X509Certificate};

/// The certificate of a server on a TLS connection that answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peer {
    /// Scheme, host and port.
    pub origin: String,
    /// SHA-256 of the certificate, lower-case hexadecimal.
    pub sha256: String,
    /// Whose it is.
    pub subject: String,
    /// Who vouches for it.
    pub issuer: String,
    /// Its last moment, RFC 3339.
    pub not_after: String,
}

impl Peer {
    /// Of a certificate (DER); of one that cannot be read the hash is all there is.
    fn of(origin: &str, der: &[u8]) -> Peer {
        let sha256 = Sha256::digest(der).iter().map(|byte| format!("{byte:02x}")).collect();
        let peer = Peer { origin: origin.to_owned(), sha256, ..Peer::default() };
        let Ok((_, certificate)) = X509Certificate::from_der(der) else { return peer };
        let last = jiff::Timestamp::from_second(certificate.validity().not_after.timestamp());
        Peer {
            subject: certificate.subject().to_string(),
            issuer: certificate.issuer().to_string(),
            not_after: last.map(|last| last.to_string()).unwrap_or_default(),
            ..peer
        }
    }
}

/// The certificates a client has seen, each once.
#[derive(Default)]
pub(super) struct Peers(Mutex<Vec<(String, Vec<u8>)>>);

impl Peers {
    /// This certificate was shown by this server.
    pub(super) fn saw(&self, origin: Option<String>, der: &[u8]) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let origin = origin.unwrap_or_default();
        if !known.iter().any(|(whose, which)| *whose == origin && which == der) {
            known.push((origin, der.to_owned()));
        }
    }

    /// All of them, in the order of their first answer.
    pub(super) fn all(&self) -> Vec<Peer> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().map(|(origin, der)| Peer::of(origin, der)).collect()
    }
}
