//! PKCS#12 archives (RFC 7292): a client certificate as authorities hand it out, turned into the PEM that
//! the rest of the house speaks.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use p12_keystore::KeyStore;
use p12_keystore::error::Error;

use super::AccessToken;

/// A certificate with what is between it and its authority, and its private key (PKCS#8); both PEM.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyPair {
    /// The certificate and its chain, the certificate first.
    pub certificate: String,
    /// The private key: a secret like a token.
    pub key: AccessToken,
}

/// Why an archive gives nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// The password is another, or the archive was changed.
    #[error("its password is another")]
    Password,
    /// A cipher or kind of content that is not read here.
    #[error("it is made with a cipher that is not read here (AES-256, 3DES and RC2 are)")]
    Unsupported,
    /// It is no archive.
    #[error("it is not a PKCS#12 archive")]
    Form,
    /// There is no key with a certificate in it.
    #[error("there is no private key with its certificate in it")]
    Empty,
}

/// True for bytes that may be an archive: DER begins with a SEQUENCE, PEM is text.
pub fn is_archive(bytes: &[u8]) -> bool {
    bytes.first() == Some(&0x30)
}

/// Takes the private key and its certificates out of an archive.
///
/// # Errors
/// Why it gives none.
pub fn read(bytes: &[u8], password: &str) -> Result<KeyPair, ArchiveError> {
    let store = KeyStore::from_pkcs12(bytes, password).map_err(|error| match error {
        // Without a MAC a wrong password shows in what is decrypted: padding, or what it should hold.
        Error::MacError(_) | Error::UnpadError | Error::Pkcs5Error(_) => ArchiveError::Password,
        Error::UnsupportedEncryptionScheme | Error::UnsupportedMacAlgorithm | Error::UnsupportedCertificateType => {
            ArchiveError::Unsupported
        }
        _ => ArchiveError::Form,
    })?;
    let (_, pair) = store.private_key_chain().ok_or(ArchiveError::Empty)?;
    let certificate = pair.chain().iter().map(|certificate| pem("CERTIFICATE", certificate.as_der())).collect();
    Ok(KeyPair { certificate, key: AccessToken::new(pem("PRIVATE KEY", pair.key())) })
}

/// The textual encoding of RFC 7468: lines of 64 characters.
fn pem(label: &str, der: &[u8]) -> String {
    let mut out = format!("-----BEGIN {label}-----\n");
    let mut rest = STANDARD.encode(der);
    while !rest.is_empty() {
        let after = rest.split_off(rest.len().min(64));
        out.push_str(&rest);
        out.push('\n');
        rest = after;
    }
    out.push_str(&format!("-----END {label}-----\n"));
    out
}

#[cfg(test)]
mod tests {
    use p12_keystore::{Certificate, EncryptionAlgorithm, KeyStoreEntry, MacAlgorithm, PrivateKeyChain};
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};

    use super::*;

    fn archive(algorithm: EncryptionAlgorithm, mac: MacAlgorithm) -> (Vec<u8>, Vec<u8>, Vec<u8>) {
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = rcgen::CertificateParams::new(vec!["pgo.example".into()]).unwrap().self_signed(&key).unwrap();
        let der = certificate.der().to_vec();
        let chain = PrivateKeyChain::new(key.serialize_der(), [1], [Certificate::from_der(&der).unwrap()]);
        let mut store = KeyStore::new();
        store.add_entry("pgo", KeyStoreEntry::PrivateKeyChain(chain));
        let writer = store.writer("geheim").encryption_algorithm(algorithm).mac_algorithm(mac);
        let bytes = writer.encryption_iterations(10).mac_iterations(10).write().unwrap();
        (bytes, der, key.serialize_der())
    }

    #[test]
    fn old_and_new_archives_give_their_key_and_certificate() {
        for (algorithm, mac) in [
            (EncryptionAlgorithm::PbeWithHmacSha256AndAes256, MacAlgorithm::HmacSha256),
            (EncryptionAlgorithm::PbeWithShaAnd3KeyTripleDesCbc, MacAlgorithm::HmacSha1),
        ] {
            let (bytes, certificate, key) = archive(algorithm, mac);
            assert!(is_archive(&bytes));
            let pair = read(&bytes, "geheim").unwrap();
            let read_back = CertificateDer::from_pem_slice(pair.certificate.as_bytes()).unwrap();
            assert_eq!(read_back.as_ref(), certificate);
            let read_back = PrivateKeyDer::from_pem_slice(pair.key.expose().as_bytes()).unwrap();
            assert_eq!(read_back.secret_der(), key);
            assert!(!format!("{pair:?}").contains("PRIVATE"), "a key does not print");
            assert_eq!(read(&bytes, "anders"), Err(ArchiveError::Password));
        }
    }

    #[test]
    fn what_is_no_archive_is_said() {
        assert!(!is_archive(b"-----BEGIN CERTIFICATE-----"));
        let (bytes, ..) = archive(EncryptionAlgorithm::PbeWithHmacSha256AndAes256, MacAlgorithm::HmacSha256);
        for broken in [&b"0"[..], b"", &bytes[..bytes.len() / 2]] {
            assert_eq!(read(broken, "geheim"), Err(ArchiveError::Form));
        }
        let empty = KeyStore::new().writer("geheim").write().unwrap();
        assert_eq!(read(&empty, "geheim"), Err(ArchiveError::Empty));
    }
}
