//! Detached CMS signatures with an X.509 certificate (RFC 5652), as `openssl cms -verify` checks them.
//!
//! Signed are the type of the content, its digest and the hashes of the whole chain (signing-certificate-v2,
//! RFC 5035), as CAdES asks (ETSI EN 319 122-1). A signature has one form: what a reader takes apart is put
//! together again and has to be the same bytes.

use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{
    CertificateSet, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos,
};
use der::asn1::{ObjectIdentifier, OctetString, SetOfVec};
use der::{Any, Decode, Encode, Sequence};
use ring::digest::{self, SHA256, SHA384, SHA512};
use ring::rand::SystemRandom;
use ring::signature::{self, EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair, UnparsedPublicKey, VerificationAlgorithm};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeIdIter};
use x509_cert::Certificate;
use x509_cert::attr::Attribute;
use x509_cert::spki::AlgorithmIdentifierOwned;

use super::SignatureError;
use crate::evidence::bundle::hex;

const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
pub(super) const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
pub(super) const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SIGNING_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");

/// A way to sign: its names in CMS, and how ring checks it.
struct Algorithm {
    signature: ObjectIdentifier,
    /// The identifier comes with a NULL.
    null: bool,
    digest: ObjectIdentifier,
    hash: &'static digest::Algorithm,
    check: &'static dyn VerificationAlgorithm,
}

pub(super) const SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
pub(super) const SHA_384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
pub(super) const SHA_512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");

static RSA: Algorithm = Algorithm {
    signature: ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11"),
    null: true,
    digest: SHA_256,
    hash: &SHA256,
    check: &signature::RSA_PKCS1_2048_8192_SHA256,
};
static P256: Algorithm = Algorithm {
    signature: ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2"),
    null: false,
    digest: SHA_256,
    hash: &SHA256,
    check: &signature::ECDSA_P256_SHA256_ASN1,
};
static P384: Algorithm = Algorithm {
    signature: ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3"),
    null: false,
    digest: SHA_384,
    hash: &SHA384,
    check: &signature::ECDSA_P384_SHA384_ASN1,
};
/// With the digest that RFC 8419 section 3 demands.
static ED25519: Algorithm = Algorithm {
    signature: ObjectIdentifier::new_unwrap("1.3.101.112"),
    null: false,
    digest: SHA_512,
    hash: &SHA512,
    check: &signature::ED25519,
};
static ALGORITHMS: [&Algorithm; 4] = [&RSA, &P256, &P384, &ED25519];

enum Pair {
    Rsa(Box<RsaKeyPair>),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// A private key and the chain of its certificate.
pub struct CertificateKey {
    algorithm: &'static Algorithm,
    pair: Pair,
    chain: Chain,
}

/// Certificates, the signer's first.
pub(super) struct Chain(pub(super) Vec<Certificate>);

/// SigningCertificateV2 (RFC 5035 section 3), with SHA-256 and without issuers.
#[derive(Sequence)]
struct SigningCertificate {
    certificates: Vec<CertificateId>,
}

#[derive(Sequence)]
struct CertificateId {
    hash: OctetString,
}

fn wrong(what: impl Into<String>) -> SignatureError {
    SignatureError::Key(what.into())
}

fn unreadable(_: der::Error) -> SignatureError {
    SignatureError::Form("it is no detached CMS signature")
}

impl CertificateKey {
    /// From PEM: a private key (PKCS#8) and the certificates, the signer's first.
    pub fn parse(key: &[u8], certificates: &[u8]) -> Result<CertificateKey, SignatureError> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(key).map_err(|_| {
            wrong("there is no private key in the form of PKCS#8 (`-----BEGIN PRIVATE KEY-----`) in it")
        })?;
        let unread = |error: &dyn std::fmt::Display| wrong(format!("the certificates cannot be read: {error}"));
        let mut chain = vec![];
        for der in CertificateDer::pem_slice_iter(certificates) {
            let der = der.map_err(|error| unread(&error))?;
            let certificate = Certificate::from_der(&der).map_err(|error| unread(&error))?;
            if certificate.to_der().ok().as_deref() != Some(&*der) {
                return Err(unread(&"they are not in DER (X.690)"));
            }
            chain.push(certificate);
        }
        let random = SystemRandom::new();
        let der = der.secret_pkcs8_der();
        let ecdsa = |algorithm| EcdsaKeyPair::from_pkcs8(algorithm, der, &random).ok().map(Pair::Ecdsa);
        let found = ecdsa(&signature::ECDSA_P256_SHA256_ASN1_SIGNING)
            .map(|pair| (&P256, pair))
            .or_else(|| ecdsa(&signature::ECDSA_P384_SHA384_ASN1_SIGNING).map(|pair| (&P384, pair)))
            .or_else(|| RsaKeyPair::from_pkcs8(der).ok().map(|pair| (&RSA, Pair::Rsa(Box::new(pair)))))
            .or_else(|| {
                let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).ok();
                pair.map(|pair| (&ED25519, Pair::Ed25519(pair)))
            });
        let (algorithm, pair) =
            found.ok_or_else(|| wrong("the key is not RSA (2048 bits and up), P-256, P-384 or Ed25519"))?;
        let key = CertificateKey { algorithm, pair, chain: Chain(chain) };
        let probe = key.sign(b"probe")?;
        verify(b"probe", &probe, None).map_err(|error| match error {
            SignatureError::Wrong => wrong("the certificate is not that of the key"),
            other => other,
        })?;
        Ok(key)
    }

    /// SHA-256 of the signer's certificate.
    pub fn fingerprint(&self) -> String {
        self.chain.fingerprint()
    }

    /// A detached signature over these bytes, DER.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignatureError> {
        let failed = |_| wrong("the key does not sign");
        let broken = |error: der::Error| wrong(format!("the certificates cannot be written down: {error}"));
        let attributes = self.chain.attributes(self.algorithm, message).map_err(broken)?;
        let input = attributes.to_der().map_err(broken)?;
        let random = SystemRandom::new();
        let signature = match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&signature::RSA_PKCS1_SHA256, &random, &input, &mut signature).map_err(failed)?;
                signature
            }
            Pair::Ecdsa(pair) => pair.sign(&random, &input).map_err(failed)?.as_ref().to_vec(),
            Pair::Ed25519(pair) => pair.sign(&input).as_ref().to_vec(),
        };
        self.chain.document(self.algorithm, attributes, &signature).map_err(broken)
    }
}

impl Chain {
    fn signer(&self) -> der::Result<&Certificate> {
        self.0.first().ok_or_else(|| der::ErrorKind::Failed.into())
    }

    fn fingerprint(&self) -> String {
        self.0.first().and_then(|first| first.to_der().ok()).map(|der| hex(&hash(&der))).unwrap_or_default()
    }

    /// What is signed (RFC 5652 section 5.3).
    fn attributes(&self, algorithm: &Algorithm, message: &[u8]) -> der::Result<SetOfVec<Attribute>> {
        let id = |certificate: &Certificate| -> der::Result<CertificateId> {
            Ok(CertificateId { hash: OctetString::new(hash(&certificate.to_der()?))? })
        };
        let certificates = self.0.iter().map(id).collect::<der::Result<_>>()?;
        let digest = OctetString::new(digest::digest(algorithm.hash, message).as_ref())?;
        SetOfVec::try_from(vec![
            attribute(CONTENT_TYPE, Any::encode_from(&DATA)?)?,
            attribute(MESSAGE_DIGEST, Any::encode_from(&digest)?)?,
            attribute(SIGNING_CERTIFICATE, Any::encode_from(&SigningCertificate { certificates })?)?,
        ])
    }

    /// The whole, DER.
    fn document(
        &self,
        algorithm: &Algorithm,
        attributes: SetOfVec<Attribute>,
        signature: &[u8],
    ) -> der::Result<Vec<u8>> {
        let signer = &self.signer()?.tbs_certificate;
        let digest = AlgorithmIdentifierOwned { oid: algorithm.digest, parameters: None };
        let parameters = algorithm.null.then(Any::null);
        let info = SignerInfo {
            version: CmsVersion::V1,
            sid: SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
                issuer: signer.issuer.clone(),
                serial_number: signer.serial_number.clone(),
            }),
            digest_alg: digest.clone(),
            signed_attrs: Some(attributes),
            signature_algorithm: AlgorithmIdentifierOwned { oid: algorithm.signature, parameters },
            signature: OctetString::new(signature)?,
            unsigned_attrs: None,
        };
        let certificates: Vec<_> = self.0.iter().cloned().map(CertificateChoices::Certificate).collect();
        let data = SignedData {
            version: CmsVersion::V1,
            digest_algorithms: SetOfVec::try_from(vec![digest])?,
            encap_content_info: EncapsulatedContentInfo { econtent_type: DATA, econtent: None },
            certificates: Some(CertificateSet(SetOfVec::try_from(certificates)?)),
            crls: None,
            signer_infos: SignerInfos(SetOfVec::try_from(vec![info])?),
        };
        ContentInfo { content_type: SIGNED_DATA, content: Any::encode_from(&data)? }.to_der()
    }
}

fn attribute(oid: ObjectIdentifier, value: Any) -> der::Result<Attribute> {
    Ok(Attribute { oid, values: SetOfVec::try_from(vec![value])? })
}

fn hash(bytes: &[u8]) -> Vec<u8> {
    digest::digest(&SHA256, bytes).as_ref().to_vec()
}

/// The certificate that signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedBy {
    /// SHA-256 of it.
    pub fingerprint: String,
    /// Whose it is (RFC 4514).
    pub subject: String,
    /// True when its chain ends in a certificate that is trusted.
    pub trusted: bool,
}

/// Checks a signature, and against trusted authorities (PEM) with the moment it was made at, in seconds, when
/// those are given.
pub fn verify(message: &[u8], bytes: &[u8], trust: Option<(&[u8], u64)>) -> Result<VerifiedBy, SignatureError> {
    let form = SignatureError::Form;
    let document = ContentInfo::from_der(bytes).map_err(unreadable)?;
    let data: SignedData = document.content.decode_as().map_err(unreadable)?;
    let info = data.signer_infos.0.iter().next().ok_or(form("nobody signed"))?;
    let algorithm = ALGORITHMS.iter().find(|known| known.signature == info.signature_algorithm.oid);
    let algorithm = algorithm.ok_or(form("its algorithm is unknown"))?;
    let chain = chained(&data, info)?;
    let attributes = chain.attributes(algorithm, message).map_err(unreadable)?;
    if info.signed_attrs.as_ref() != Some(&attributes) {
        return Err(SignatureError::Wrong);
    }
    let input = attributes.to_der().map_err(unreadable)?;
    let signature = info.signature.as_bytes();
    let signer = chain.signer().map_err(unreadable)?;
    let key = signer.tbs_certificate.subject_public_key_info.subject_public_key.raw_bytes();
    let verified = UnparsedPublicKey::new(algorithm.check, key).verify(&input, signature);
    verified.map_err(|_| SignatureError::Wrong)?;
    if chain.document(algorithm, attributes, signature).ok().as_deref() != Some(bytes) {
        return Err(form("it is not in the form it was written in"));
    }
    let trusted = trust.map(|(authorities, at)| chain.leads_to(authorities, at)).transpose()?.is_some();
    let subject = signer.tbs_certificate.subject.to_string();
    Ok(VerifiedBy { fingerprint: chain.fingerprint(), subject, trusted })
}

/// The certificates that a document carries.
pub(super) fn certificates(data: &SignedData) -> Result<Vec<Certificate>, SignatureError> {
    let one = |choice: &CertificateChoices| match choice {
        CertificateChoices::Certificate(certificate) => Ok(certificate.clone()),
        CertificateChoices::Other(_) => Err(SignatureError::Form("it has a certificate of an unknown kind")),
    };
    data.certificates.iter().flat_map(|set| set.0.iter()).map(one).collect()
}

/// The certificates in the order that was signed.
fn chained(data: &SignedData, info: &SignerInfo) -> Result<Chain, SignatureError> {
    let mut known = vec![];
    for certificate in certificates(data)? {
        known.push((hash(&certificate.to_der().map_err(unreadable)?), certificate));
    }
    let mut attributes = info.signed_attrs.iter().flat_map(|set| set.iter());
    let named = attributes.find(|attribute| attribute.oid == SIGNING_CERTIFICATE);
    let named = named.and_then(|attribute| attribute.values.iter().next());
    let named = named.ok_or(SignatureError::Form("it does not name its certificates"))?;
    let named: SigningCertificate = named.decode_as().map_err(unreadable)?;
    let one = |id: &CertificateId| {
        let found = known.iter().find(|(hash, _)| hash == id.hash.as_bytes());
        found.map(|(_, certificate)| certificate.clone()).ok_or(SignatureError::Wrong)
    };
    named.certificates.iter().map(one).collect::<Result<_, _>>().map(Chain)
}

impl Chain {
    /// Holds when the chain leads to one of these authorities (PEM).
    pub(super) fn leads_to(&self, authorities: &[u8], at: u64) -> Result<(), SignatureError> {
        let der = |certificate: &Certificate| certificate.to_der().map(CertificateDer::from).map_err(unreadable);
        let chain: Vec<CertificateDer<'_>> = self.0.iter().map(der).collect::<Result<_, _>>()?;
        let (first, intermediates) = chain.split_first().ok_or(SignatureError::Form("it has no certificate"))?;
        let roots: Vec<CertificateDer<'_>> = CertificateDer::pem_slice_iter(authorities)
            .collect::<Result<_, _>>()
            .map_err(|error| wrong(format!("the trusted certificates cannot be read: {error}")))?;
        let anchors: Vec<TrustAnchor<'_>> =
            roots.iter().filter_map(|root| webpki::anchor_from_trusted_cert(root).ok()).collect();
        let time = UnixTime::since_unix_epoch(std::time::Duration::from_secs(at));
        let untrusted = |error: webpki::Error| SignatureError::Untrusted(error.to_string());
        let entity = EndEntityCert::try_from(first).map_err(untrusted)?;
        entity
            .verify_for_usage(webpki::ALL_VERIFICATION_ALGS, &anchors, intermediates, time, AnyUsage, None, None)
            .map(drop)
            .map_err(untrusted)
    }
}

/// Certificates for signing documents come with many usages; which one is the auditor's to judge.
struct AnyUsage;

impl ExtendedKeyUsageValidator for AnyUsage {
    fn validate(&self, _: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

    /// An authority, and a signer below it: key and chain in PEM.
    struct Made {
        authority: String,
        key: String,
        chain: String,
    }

    fn made(algorithm: &'static rcgen::SignatureAlgorithm) -> Made {
        let named = |name: &str| {
            let mut parameters = CertificateParams::new([]).unwrap();
            parameters.distinguished_name.push(rcgen::DnType::CommonName, name);
            parameters
        };
        let authority = |name: &str| {
            let mut parameters = named(name);
            parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            parameters
        };
        let (root_key, between_key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let root = authority("Fictitious authority");
        let root_certificate = root.self_signed(&root_key).unwrap();
        let root = Issuer::new(root, root_key);
        let between = authority("Fictitious intermediate");
        let between_certificate = between.signed_by(&between_key, &root).unwrap();
        let between = Issuer::new(between, between_key);
        let key = KeyPair::generate_for(algorithm).unwrap();
        let certificate = named("Fictitious signer").signed_by(&key, &between).unwrap();
        let chain = format!("{}{}", certificate.pem(), between_certificate.pem());
        Made { authority: root_certificate.pem(), key: key.serialize_pem(), chain }
    }

    #[test]
    fn a_certificate_signs_and_only_its_authority_vouches_for_it() {
        let other = made(&rcgen::PKCS_ECDSA_P256_SHA256);
        for algorithm in [&rcgen::PKCS_ECDSA_P256_SHA256, &rcgen::PKCS_ECDSA_P384_SHA384, &rcgen::PKCS_ED25519] {
            let Made { authority, key, chain } = made(algorithm);
            let signer = CertificateKey::parse(key.as_bytes(), chain.as_bytes()).unwrap_or_else(|e| panic!("{e}"));
            let signature = signer.sign(b"manifest").unwrap();
            let by = verify(b"manifest", &signature, None).unwrap();
            assert_eq!((by.fingerprint, by.trusted), (signer.fingerprint(), false));
            assert!(by.subject.contains("Fictitious signer"), "{}", by.subject);
            assert_eq!(verify(b"manifesto", &signature, None), Err(SignatureError::Wrong));
            let later = 2_000_000_000;
            let trusted = |authority: &str, at| verify(b"manifest", &signature, Some((authority.as_bytes(), at)));
            assert_eq!(trusted(&authority, later).map(|by| by.trusted), Ok(true));
            assert!(matches!(trusted(&other.authority, later), Err(SignatureError::Untrusted(_))));
            assert!(matches!(trusted(&authority, 0), Err(SignatureError::Untrusted(_))));
            assert!(CertificateKey::parse(key.as_bytes(), other.chain.as_bytes()).is_err(), "another's certificate");
            assert!(CertificateKey::parse(key.as_bytes(), b"").is_err(), "no certificate");
            assert!(CertificateKey::parse(chain.as_bytes(), chain.as_bytes()).is_err(), "no key");
        }
    }

    #[test]
    fn no_byte_of_a_signature_can_be_another() {
        let Made { key, chain, .. } = made(&rcgen::PKCS_ED25519);
        let key = CertificateKey::parse(key.as_bytes(), chain.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        let good = key.sign(b"manifest").unwrap();
        assert_eq!(key.sign(b"manifest").unwrap(), good, "the same every time");
        for at in 0..good.len() {
            for bit in [1, 0x20, 0x80] {
                let mut bad = good.clone();
                bad[at] ^= bit;
                assert!(verify(b"manifest", &bad, None).is_err(), "byte {at}");
            }
        }
        assert!(verify(b"manifest", &[&good[..], &[0]].concat(), None).is_err());
        assert!(verify(b"manifest", &good[..good.len() - 1], None).is_err());
    }
}
