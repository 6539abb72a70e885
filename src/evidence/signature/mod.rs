//! Signatures over a manifest, in forms that other programs check too.
//!
//! A key of `keur evidence keygen` signs as OpenSSH does (`ssh-keygen -Y verify`); a key with an X.509
//! certificate signs as detached CMS (RFC 5652) that carries its chain (`openssl cms -verify`).

mod cms;
mod sshsig;
mod timestamp;

pub use cms::{CertificateKey, VerifiedBy, verify as verify_cms};
pub use sshsig::{NAMESPACE, PublicKey, SigningKey, verify as verify_sshsig};
pub use timestamp::{Stamp, verify as verify_timestamp};

/// Why a key or a signature is of no use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The key cannot be used.
    #[error("{0}")]
    Key(String),
    /// The signature is not in the form that it should have.
    #[error("the signature cannot be read: {0}")]
    Form(&'static str),
    /// It is not over these bytes, or not by this key.
    #[error("the signature does not belong to the manifest")]
    Wrong,
    /// The certificate is not trusted.
    #[error("the certificate of the signature is not trusted: {0}")]
    Untrusted(String),
}
