//! Timestamp tokens (RFC 3161): an authority says that these bytes were there at a moment.
//!
//! A token is taken as the authority gave it, alone or in its response. It is over the bytes when its imprint
//! is their hash, and it holds when the certificate in it signed it. Whether that certificate is one to
//! believe is asked of authorities that somebody gives.

use cms::content_info::ContentInfo;
use cms::signed_data::{SignedData, SignerIdentifier, SignerInfo};
use der::asn1::{ObjectIdentifier, OctetString};
use der::{Any, Decode, Encode, Sequence, Tag, Tagged};
use ring::digest::{self, SHA256, SHA384, SHA512};
use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use x509_cert::Certificate;
use x509_cert::spki::AlgorithmIdentifierOwned;

use super::SignatureError;
use super::cms::{CONTENT_TYPE, Chain, MESSAGE_DIGEST, SHA_256, SHA_384, SHA_512, certificates};

const TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// Digests by their names.
static DIGESTS: [(ObjectIdentifier, &digest::Algorithm); 3] =
    [(SHA_256, &SHA256), (SHA_384, &SHA384), (SHA_512, &SHA512)];

/// Ways to sign: name of the signature, name of the digest, how ring checks it, on which curve.
static CHECKS: [(ObjectIdentifier, ObjectIdentifier, Option<ObjectIdentifier>, &dyn VerificationAlgorithm); 11] = [
    (RSA, SHA_256, None, &signature::RSA_PKCS1_2048_8192_SHA256),
    (RSA, SHA_384, None, &signature::RSA_PKCS1_2048_8192_SHA384),
    (RSA, SHA_512, None, &signature::RSA_PKCS1_2048_8192_SHA512),
    (oid("1.2.840.113549.1.1.11"), SHA_256, None, &signature::RSA_PKCS1_2048_8192_SHA256),
    (oid("1.2.840.113549.1.1.12"), SHA_384, None, &signature::RSA_PKCS1_2048_8192_SHA384),
    (oid("1.2.840.113549.1.1.13"), SHA_512, None, &signature::RSA_PKCS1_2048_8192_SHA512),
    (oid("1.2.840.10045.4.3.2"), SHA_256, Some(P256), &signature::ECDSA_P256_SHA256_ASN1),
    (oid("1.2.840.10045.4.3.2"), SHA_256, Some(P384), &signature::ECDSA_P384_SHA256_ASN1),
    (oid("1.2.840.10045.4.3.3"), SHA_384, Some(P256), &signature::ECDSA_P256_SHA384_ASN1),
    (oid("1.2.840.10045.4.3.3"), SHA_384, Some(P384), &signature::ECDSA_P384_SHA384_ASN1),
    (oid("1.3.101.112"), SHA_512, None, &signature::ED25519),
];

const P256: ObjectIdentifier = oid("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = oid("1.3.132.0.34");

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

/// What an authority said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The moment, RFC 3339.
    pub at: String,
    /// Whose certificate signed (RFC 4514).
    pub authority: String,
    /// True when its chain ends in a certificate that is trusted.
    pub trusted: bool,
}

/// MessageImprint (RFC 3161 section 2.4.1).
#[derive(Sequence)]
struct Imprint {
    algorithm: AlgorithmIdentifierOwned,
    hash: OctetString,
}

fn form(what: &'static str) -> SignatureError {
    SignatureError::Form(what)
}

fn unreadable(_: der::Error) -> SignatureError {
    form("it is no timestamp token")
}

/// Checks a token over these bytes, and against trusted authorities (PEM) when those are given.
pub fn verify(message: &[u8], token: &[u8], trust: Option<&[u8]>) -> Result<Stamp, SignatureError> {
    let data = signed_data(token)?;
    if data.encap_content_info.econtent_type != TST_INFO {
        return Err(form("it is no timestamp token"));
    }
    let content = data.encap_content_info.econtent.as_ref().ok_or(form("it says nothing"))?;
    let content: OctetString = content.decode_as().map_err(unreadable)?;
    let (imprint, at) = said(content.as_bytes())?;
    let hash = DIGESTS.iter().find(|(name, _)| *name == imprint.algorithm.oid);
    let (_, hash) = hash.ok_or(form("the hash of its imprint is unknown"))?;
    if digest::digest(hash, message).as_ref() != imprint.hash.as_bytes() {
        return Err(SignatureError::Wrong);
    }
    let info = data.signer_infos.0.iter().next().ok_or(form("nobody signed"))?;
    let mut all = certificates(&data)?;
    let signer = all.iter().position(|certificate| is_of(certificate, &info.sid));
    let signer = signer.ok_or(form("the certificate of its authority is not in it"))?;
    let first = all.remove(signer);
    check(info, content.as_bytes(), &first)?;
    let authority = first.tbs_certificate.subject.to_string();
    let chain = Chain(std::iter::once(first).chain(all).collect());
    let moment: jiff::Timestamp = at.parse().map_err(|_| form("its moment cannot be read"))?;
    let seconds = moment.as_second().unsigned_abs();
    let trusted = trust.map(|authorities| chain.leads_to(authorities, seconds)).transpose()?.is_some();
    Ok(Stamp { at, authority, trusted })
}

/// The token: alone, or behind the status of a response.
fn signed_data(token: &[u8]) -> Result<SignedData, SignatureError> {
    let alone = ContentInfo::from_der(token);
    let document = alone.or_else(|_| {
        let response = Vec::<Any>::from_der(token)?;
        let token = response.get(1).ok_or_else(|| der::Error::from(der::ErrorKind::Failed))?;
        token.decode_as::<ContentInfo>()
    });
    document.and_then(|document| document.content.decode_as()).map_err(unreadable)
}

/// The imprint and the moment of a TSTInfo (RFC 3161 section 2.4.2).
fn said(info: &[u8]) -> Result<(Imprint, String), SignatureError> {
    let members = Vec::<Any>::from_der(info).map_err(unreadable)?;
    let imprint = members.get(2).ok_or(form("it has no imprint"))?.decode_as().map_err(unreadable)?;
    let moment = members.get(4).filter(|member| member.tag() == Tag::GeneralizedTime);
    let moment = moment.and_then(|moment| std::str::from_utf8(moment.value()).ok());
    let moment = moment.and_then(written).ok_or(form("its moment cannot be read"))?;
    Ok((imprint, moment))
}

/// `20261122082130.5Z` as `2026-11-22T08:21:30.5Z`.
fn written(moment: &str) -> Option<String> {
    let part = |range| moment.get(range);
    let rest = part(14..moment.len())?;
    let (year, month, day) = (part(0..4)?, part(4..6)?, part(6..8)?);
    let (hour, minute, second) = (part(8..10)?, part(10..12)?, part(12..14)?);
    Some(format!("{year}-{month}-{day}T{hour}:{minute}:{second}{rest}"))
}

fn is_of(certificate: &Certificate, id: &SignerIdentifier) -> bool {
    let certificate = &certificate.tbs_certificate;
    match id {
        SignerIdentifier::IssuerAndSerialNumber(id) => {
            certificate.issuer == id.issuer && certificate.serial_number == id.serial_number
        }
        // Authorities name themselves by issuer and number (RFC 3161 section 2.4.2).
        SignerIdentifier::SubjectKeyIdentifier(_) => false,
    }
}

/// The signature over the signed attributes, and theirs over the content (RFC 5652 section 5.4).
fn check(info: &SignerInfo, content: &[u8], signer: &Certificate) -> Result<(), SignatureError> {
    let hash = DIGESTS.iter().find(|(name, _)| *name == info.digest_alg.oid);
    let (_, hash) = hash.ok_or(form("its digest is unknown"))?;
    let attributes = info.signed_attrs.as_ref().ok_or(form("it has no signed attributes"))?;
    let value = |name| {
        let mut found = attributes.iter().filter(|attribute| attribute.oid == name);
        found.next().and_then(|attribute| attribute.values.iter().next())
    };
    let kind = value(CONTENT_TYPE).and_then(|value| value.decode_as::<ObjectIdentifier>().ok());
    let digest = value(MESSAGE_DIGEST).and_then(|value| value.decode_as::<OctetString>().ok());
    let whole = digest.is_some_and(|digest| digest.as_bytes() == digest::digest(hash, content).as_ref());
    if kind != Some(TST_INFO) || !whole {
        return Err(SignatureError::Wrong);
    }
    let key = &signer.tbs_certificate.subject_public_key_info;
    let curve = key.algorithm.parameters.as_ref().and_then(|curve| curve.decode_as::<ObjectIdentifier>().ok());
    let known = CHECKS.iter().find(|(name, digest, on, _)| {
        (name, digest) == (&info.signature_algorithm.oid, &info.digest_alg.oid) && (on.is_none() || *on == curve)
    });
    let (.., check) = known.ok_or(form("its algorithm is unknown"))?;
    let input = attributes.to_der().map_err(unreadable)?;
    let verified = UnparsedPublicKey::new(*check, key.subject_public_key.raw_bytes());
    verified.verify(&input, info.signature.as_bytes()).map_err(|_| SignatureError::Wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with `openssl ts` by a fictitious authority, over the bytes `manifest`.
    const TOKEN: &str = include_str!("timestamp.b64");
    const AUTHORITY: &[u8] = include_bytes!("timestamp.pem");

    fn token() -> Vec<u8> {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.decode(TOKEN.split_whitespace().collect::<String>()).unwrap()
    }

    #[test]
    fn a_token_is_over_its_bytes_and_its_authority_is_asked_for() {
        let stamp = verify(b"manifest", &token(), Some(AUTHORITY)).unwrap();
        assert!(stamp.trusted && stamp.authority.contains("Fictitious time"), "{stamp:?}");
        assert!(stamp.at.starts_with("20") && stamp.at.ends_with('Z'), "{stamp:?}");
        assert_eq!(verify(b"manifest", &token(), None).map(|stamp| stamp.trusted), Ok(false));
        assert_eq!(verify(b"manifesto", &token(), None), Err(SignatureError::Wrong));
        assert!(verify(b"manifest", b"token", None).is_err());
    }

    #[test]
    fn what_an_authority_signed_cannot_be_another() {
        let good = token();
        // Its status and what it carries beside are not signed; its imprint, its moment and all between are.
        let imprint = <sha2::Sha256 as sha2::Digest>::digest(b"manifest");
        let from = memchr::memmem::find(&good, &imprint).unwrap();
        let to = from + memchr::memchr(b'Z', &good[from..]).unwrap();
        let right = verify(b"manifest", &good, Some(AUTHORITY)).ok();
        for at in from..to {
            let mut bad = good.clone();
            bad[at] ^= 1;
            assert_ne!(verify(b"manifest", &bad, Some(AUTHORITY)).ok(), right, "byte {at}");
        }
    }
}
