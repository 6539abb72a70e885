//! Detached JSON Web Signatures with a certificate (RFC 7515 appendix F, RFC 7518, `x5c`).

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{self, EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair, UnparsedPublicKey, VerificationAlgorithm};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, TrustAnchor, UnixTime};
use serde::{Deserialize, Serialize};
use webpki::{EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeIdIter};

use super::SignatureError;
use crate::evidence::bundle::hex;

#[derive(Serialize, Deserialize)]
struct Header {
    alg: String,
    x5c: Vec<String>,
}

enum Pair {
    Rsa(Box<RsaKeyPair>),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// A private key and the chain of its certificate.
pub struct CertificateKey {
    algorithm: &'static str,
    pair: Pair,
    chain: Vec<CertificateDer<'static>>,
}

/// Algorithms of JWS, and how ring checks them.
const ALGORITHMS: [(&str, &dyn VerificationAlgorithm); 4] = [
    ("RS256", &signature::RSA_PKCS1_2048_8192_SHA256),
    ("ES256", &signature::ECDSA_P256_SHA256_FIXED),
    ("ES384", &signature::ECDSA_P384_SHA384_FIXED),
    ("EdDSA", &signature::ED25519),
];

fn wrong(what: impl Into<String>) -> SignatureError {
    SignatureError::Key(what.into())
}

impl CertificateKey {
    /// From PEM: a private key (PKCS#8) and the certificates, the signer's first.
    pub fn parse(key: &[u8], certificates: &[u8]) -> Result<CertificateKey, SignatureError> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(key).map_err(|_| {
            wrong("there is no private key in the form of PKCS#8 (`-----BEGIN PRIVATE KEY-----`) in it")
        })?;
        let chain: Vec<_> = CertificateDer::pem_slice_iter(certificates)
            .collect::<Result<_, _>>()
            .map_err(|error| wrong(format!("the certificates cannot be read: {error}")))?;
        let random = SystemRandom::new();
        let der = der.secret_pkcs8_der();
        let ecdsa = |algorithm| EcdsaKeyPair::from_pkcs8(algorithm, der, &random).ok().map(Pair::Ecdsa);
        let rsa = || RsaKeyPair::from_pkcs8(der).ok().map(|pair| ("RS256", Pair::Rsa(Box::new(pair))));
        let found = ecdsa(&signature::ECDSA_P256_SHA256_FIXED_SIGNING)
            .map(|pair| ("ES256", pair))
            .or_else(|| ecdsa(&signature::ECDSA_P384_SHA384_FIXED_SIGNING).map(|pair| ("ES384", pair)))
            .or_else(rsa)
            .or_else(|| {
                Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).ok().map(|pair| ("EdDSA", Pair::Ed25519(pair)))
            });
        let (algorithm, pair) =
            found.ok_or_else(|| wrong("the key is not RSA (2048 bits and up), P-256, P-384 or Ed25519"))?;
        let key = CertificateKey { algorithm, pair, chain };
        let probe = key.sign(b"probe")?;
        verify(b"probe", &probe, None).map_err(|error| match error {
            SignatureError::Wrong => wrong("the certificate is not that of the key"),
            other => other,
        })?;
        Ok(key)
    }

    /// SHA-256 of the signer's certificate.
    pub fn fingerprint(&self) -> String {
        self.chain.first().map(|certificate| fingerprint(certificate)).unwrap_or_default()
    }

    /// A detached signature over these bytes.
    pub fn sign(&self, message: &[u8]) -> Result<String, SignatureError> {
        let x5c = self.chain.iter().map(|certificate| STANDARD.encode(certificate)).collect();
        let header = Header { alg: self.algorithm.to_owned(), x5c };
        let header = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&header).map_err(|e| wrong(e.to_string()))?);
        let input = signing_input(&header, message);
        let random = SystemRandom::new();
        let failed = |_| wrong("the key does not sign");
        let signature = match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&signature::RSA_PKCS1_SHA256, &random, &input, &mut signature).map_err(failed)?;
                signature
            }
            Pair::Ecdsa(pair) => pair.sign(&random, &input).map_err(failed)?.as_ref().to_vec(),
            Pair::Ed25519(pair) => pair.sign(&input).as_ref().to_vec(),
        };
        Ok(format!("{header}..{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

fn fingerprint(certificate: &[u8]) -> String {
    hex(digest(&SHA256, certificate).as_ref())
}

fn signing_input(header: &str, message: &[u8]) -> Vec<u8> {
    format!("{header}.{}", URL_SAFE_NO_PAD.encode(message)).into_bytes()
}

/// The certificate that signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedBy {
    /// SHA-256 of it.
    pub fingerprint: String,
    /// True when its chain ends in a certificate that is trusted.
    pub trusted: bool,
}

/// Checks a signature, and against trusted authorities (PEM) with the moment it was made at, in seconds, when
/// those are given.
pub fn verify(message: &[u8], jws: &str, trust: Option<(&[u8], u64)>) -> Result<VerifiedBy, SignatureError> {
    let form = SignatureError::Form;
    let (header_text, signature) = jws.split_once("..").ok_or(form("it is no detached JWS"))?;
    let decoded = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| form("it is not base64url"));
    let header: Header = serde_json::from_slice(&decoded(header_text)?).map_err(|_| form("its header is unknown"))?;
    let certificate = |text: &String| STANDARD.decode(text).map(CertificateDer::from).map_err(|_| form("`x5c`"));
    let chain: Vec<CertificateDer<'_>> = header.x5c.iter().map(certificate).collect::<Result<_, _>>()?;
    let first = chain.first().ok_or(form("it has no certificate"))?;
    let algorithm = ALGORITHMS.iter().find(|(name, _)| *name == header.alg);
    let (_, algorithm) = algorithm.ok_or(form("its algorithm is unknown"))?;
    let entity =
        EndEntityCert::try_from(first).map_err(|error| wrong(format!("the certificate is broken: {error}")))?;
    let info = entity.subject_public_key_info();
    let key = key_bits(&info).ok_or(form("the key of its certificate cannot be read"))?;
    let verified =
        UnparsedPublicKey::new(*algorithm, key).verify(&signing_input(header_text, message), &decoded(signature)?);
    verified.map_err(|_| SignatureError::Wrong)?;
    let fingerprint = fingerprint(first);
    let Some((authorities, at)) = trust else { return Ok(VerifiedBy { fingerprint, trusted: false }) };
    let roots: Vec<CertificateDer<'_>> = CertificateDer::pem_slice_iter(authorities)
        .collect::<Result<_, _>>()
        .map_err(|error| wrong(format!("the trusted certificates cannot be read: {error}")))?;
    let anchors: Vec<TrustAnchor<'_>> =
        roots.iter().filter_map(|root| webpki::anchor_from_trusted_cert(root).ok()).collect();
    let time = UnixTime::since_unix_epoch(std::time::Duration::from_secs(at));
    let intermediates = chain.get(1..).unwrap_or_default();
    entity
        .verify_for_usage(webpki::ALL_VERIFICATION_ALGS, &anchors, intermediates, time, AnyUsage, None, None)
        .map_err(|error| SignatureError::Untrusted(error.to_string()))?;
    Ok(VerifiedBy { fingerprint, trusted: true })
}

/// Certificates for signing documents come with many usages; which one is the auditor's to judge.
struct AnyUsage;

impl ExtendedKeyUsageValidator for AnyUsage {
    fn validate(&self, _: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        Ok(())
    }
}

/// The bits of the key in a SubjectPublicKeyInfo (RFC 5280 section 4.1): a sequence of the algorithm and a bit
/// string.
fn key_bits(info: &[u8]) -> Option<&[u8]> {
    let (0x30, inside, _) = element(info)? else { return None };
    let (0x30, _, after) = element(inside)? else { return None };
    let (0x03, bits, _) = element(after)? else { return None };
    bits.strip_prefix(&[0])
}

/// The first element of DER: its tag, its content and what follows.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81..=0x83 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first - 0x80))?;
            (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, after) = rest.split_at_checked(length)?;
    Some((*tag, content, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made for this test; valid for a century.
    const KEY: &[u8] = b"-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgxx4piK/ZQ6M//FG2\nXq1XJMTU/pvTPNiDSYDUaGDmU5ahRANCAAR+szhHni3QyVUqz2xrBKLDCgh6Px7C\nKayy62WrXu6xNMWFTgLAxlIHtwq5VHRYtEWuZB9WQCvzg/JLOjQCFHUt\n-----END PRIVATE KEY-----\n";
    const CERTIFICATE: &[u8] = b"-----BEGIN CERTIFICATE-----\nMIIBzzCCAXSgAwIBAgIUG5XFDe87HBwGbm5rEjW4wVbfZ3UwCgYIKoZIzj0EAwIw\nHzEdMBsGA1UEAwwURmljdGl0aW91cyBhdXRob3JpdHkwIBcNMjYxMTIyMDUzNDA2\nWhgPMjEyNjEwMjkwNTM0MDZaMBwxGjAYBgNVBAMMEUZpY3RpdGlvdXMgc2lnbmVy\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEfrM4R54t0MlVKs9sawSiwwoIej8e\nwimssutlq17usTTFhU4CwMZSB7cKuVR0WLRFrmQfVkAr84PySzo0AhR1LaOBjjCB\nizAJBgNVHRMEAjAAMAsGA1UdDwQEAwIGwDATBgNVHSUEDDAKBggrBgEFBQcDBDAc\nBgNVHREEFTATgRFzaWduZXJAZXhhbXBsZS5ubDAdBgNVHQ4EFgQUJWDyc0mowQoQ\nIgKWxIHMQeSG+tMwHwYDVR0jBBgwFoAUQsc4g7Lu61wIKM/laJ/nziSFTWswCgYI\nKoZIzj0EAwIDSQAwRgIhAOmDvtb+3wV53G7exnS9+g2YriBPb2u4T2zXl6GMGBcf\nAiEA/xIqpLG5QM2Z4OZlkYlcNeV9i4/pPH/G32Zf3M3UuCw=\n-----END CERTIFICATE-----\n";
    const AUTHORITY: &[u8] = b"-----BEGIN CERTIFICATE-----\nMIIBlTCCATugAwIBAgIULLYDRz5/2vkwIEtdJunvpN/V1CkwCgYIKoZIzj0EAwIw\nHzEdMBsGA1UEAwwURmljdGl0aW91cyBhdXRob3JpdHkwIBcNMjYxMTIyMDUzNDA2\nWhgPMjEyNjEwMjkwNTM0MDZaMB8xHTAbBgNVBAMMFEZpY3RpdGlvdXMgYXV0aG9y\naXR5MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEOSsCjwghkoBWtevnhBD8UZJq\nQ0I25E5A3wEQd3Or5KmUihU0jIiw8qtLcnXH2avsEWlJGf9ju3WMoWyzUU1InKNT\nMFEwHQYDVR0OBBYEFELHOIOy7utcCCjP5Wif584khU1rMB8GA1UdIwQYMBaAFELH\nOIOy7utcCCjP5Wif584khU1rMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwID\nSAAwRQIga5JrkiMJ9W7fiUxbriQsLphsquAoJUOh0yZciYkhOEgCIQCNuMBCbwRq\nPo8y0U8tUDnXinEl7z30CbakJ+suMq5I6w==\n-----END CERTIFICATE-----\n";
    const ANOTHER: &[u8] = b"-----BEGIN CERTIFICATE-----\nMIIBfDCCASGgAwIBAgIUBKhr9W1280f1aH6HMpks6VUxpOgwCgYIKoZIzj0EAwIw\nEjEQMA4GA1UEAwwHQW5vdGhlcjAgFw0yNjExMjIwNTMyNDdaGA8yMTI2MTAyOTA1\nMzI0N1owEjEQMA4GA1UEAwwHQW5vdGhlcjBZMBMGByqGSM49AgEGCCqGSM49AwEH\nA0IABGXtjF6vSq41OaJA6L922YjYhENDOIAVdqUf7ceZ3b38owUm8tU2fJUlQ4h9\n83EyolLHj15wjZsaalGI0E51OcKjUzBRMB0GA1UdDgQWBBT4M/5XTq+42n4kp2TT\nAIuX60xIpjAfBgNVHSMEGDAWgBT4M/5XTq+42n4kp2TTAIuX60xIpjAPBgNVHRMB\nAf8EBTADAQH/MAoGCCqGSM49BAMCA0kAMEYCIQD9DUoiVDOWj1DuP5eKcBXViJtK\ncf+lTamnxLMTQsQXZAIhAPbacqVlJ0aUlWA+dUGUlpj/eOldMMtvB4MJF4iJtAmL\n-----END CERTIFICATE-----\n";

    #[test]
    fn a_certificate_signs_and_only_its_authority_vouches_for_it() {
        let key = CertificateKey::parse(KEY, CERTIFICATE).unwrap_or_else(|error| panic!("{error}"));
        let jws = key.sign(b"manifest").unwrap();
        let by = verify(b"manifest", &jws, None).unwrap();
        assert_eq!((by.fingerprint, by.trusted), (key.fingerprint(), false));
        assert_eq!(verify(b"manifesto", &jws, None), Err(SignatureError::Wrong));
        let later = 2_000_000_000;
        assert_eq!(verify(b"manifest", &jws, Some((AUTHORITY, later))).map(|by| by.trusted), Ok(true));
        assert!(matches!(verify(b"manifest", &jws, Some((ANOTHER, later))), Err(SignatureError::Untrusted(_))));
        assert!(matches!(verify(b"manifest", &jws, Some((AUTHORITY, 0))), Err(SignatureError::Untrusted(_))));
        assert!(CertificateKey::parse(KEY, ANOTHER).is_err(), "the certificate of somebody else");
        assert!(CertificateKey::parse(CERTIFICATE, CERTIFICATE).is_err());
    }

    #[test]
    fn no_byte_of_a_signature_can_be_another() {
        let key = CertificateKey::parse(KEY, CERTIFICATE).unwrap_or_else(|error| panic!("{error}"));
        let good = key.sign(b"manifest").unwrap();
        for at in 0..good.len() {
            for other in [b'A', b'z', b'.'] {
                let mut bad = good.clone().into_bytes();
                if bad[at] == other {
                    continue;
                }
                bad[at] = other;
                let bad = String::from_utf8(bad).unwrap();
                assert!(verify(b"manifest", &bad, None).is_err(), "byte {at}");
            }
        }
    }
}
