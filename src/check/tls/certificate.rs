//! What a certificate says: whose it is, how strong, how long.

use rustls::pki_types::CertificateDer;
use x509_parser::prelude::{FromDer, GeneralName, ParsedExtension, X509Certificate};
use x509_parser::public_key::PublicKey;

/// A certificate, as far as it is judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Subject, in one line.
    pub subject: String,
    /// Organisation of the subject.
    pub organisation: Option<String>,
    /// DNS names it is for.
    pub names: Vec<String>,
    /// Kind of key.
    pub key: Key,
    /// True when its signature rests on SHA-1 or MD5.
    pub weak_signature: bool,
    /// True when it is signed with its own key.
    pub own_authority: bool,
    /// Valid from, in seconds since 1970.
    pub from: i64,
    /// Valid until.
    pub until: i64,
    /// Policies.
    pub policies: Vec<String>,
    /// Where revocations are published (CRL) or asked (OCSP).
    pub revocation: Vec<String>,
}

/// A public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// RSA, bits.
    Rsa(usize),
    /// Elliptic curve, bits.
    Curve(usize),
    /// Something else.
    Other,
}

/// The policy `organization validated` of the CA/Browser Forum.
pub const ORGANISATION_VALIDATED: &str = "2.23.140.1.2.2";

impl Certificate {
    /// Reads it.
    pub fn read(der: &CertificateDer<'_>) -> Option<Certificate> {
        let (_, x509) = X509Certificate::from_der(der).ok()?;
        let key = match x509.public_key().parsed() {
            Ok(PublicKey::RSA(rsa)) => Key::Rsa(rsa.key_size()),
            Ok(PublicKey::EC(point)) => Key::Curve(point.key_size()),
            _ => Key::Other,
        };
        let mut certificate = Certificate {
            subject: x509.subject().to_string(),
            organisation: x509.subject().iter_organization().next().and_then(|o| o.as_str().ok()).map(str::to_owned),
            names: vec![],
            key,
            weak_signature: WEAK_SIGNATURES.contains(&&*x509.signature_algorithm.algorithm.to_id_string()),
            own_authority: x509.subject() == x509.issuer(),
            from: x509.validity().not_before.timestamp(),
            until: x509.validity().not_after.timestamp(),
            policies: vec![],
            revocation: vec![],
        };
        for extension in x509.extensions() {
            match extension.parsed_extension() {
                ParsedExtension::SubjectAlternativeName(names) => {
                    certificate.names.extend(names.general_names.iter().filter_map(|name| match name {
                        GeneralName::DNSName(name) => Some((*name).to_owned()),
                        _ => None,
                    }));
                }
                ParsedExtension::CertificatePolicies(policies) => {
                    certificate.policies.extend(policies.iter().map(|policy| policy.policy_id.to_id_string()));
                }
                ParsedExtension::CRLDistributionPoints(points) => {
                    for point in points.iter() {
                        certificate.revocation.extend(point.distribution_point.iter().flat_map(urls));
                    }
                }
                ParsedExtension::AuthorityInfoAccess(access) => {
                    for description in access.accessdescs.iter().filter(|d| d.access_method.to_id_string() == OCSP) {
                        if let GeneralName::URI(url) = &description.access_location {
                            certificate.revocation.push((*url).to_owned());
                        }
                    }
                }
                _ => {}
            }
        }
        Some(certificate)
    }

    /// Why the key is too weak, if it is.
    pub fn weak_key(&self) -> Option<String> {
        match self.key {
            Key::Rsa(bits) if bits < 2048 => Some(format!("an RSA key of {bits} bits")),
            Key::Curve(bits) if bits < 256 => Some(format!("a curve of {bits} bits")),
            _ => None,
        }
    }
}

/// MD5 and SHA-1 with RSA, SHA-1 with DSA and ECDSA.
const WEAK_SIGNATURES: [&str; 5] =
    ["1.2.840.113549.1.1.4", "1.2.840.113549.1.1.5", "1.2.840.10040.4.3", "1.2.840.10045.4.1", "1.3.14.3.2.29"];
const OCSP: &str = "1.3.6.1.5.5.7.48.1";

fn urls(point: &x509_parser::extensions::DistributionPointName<'_>) -> Vec<String> {
    let x509_parser::extensions::DistributionPointName::FullName(names) = point else { return vec![] };
    let url = |name: &GeneralName<'_>| match name {
        GeneralName::URI(url) => Some((*url).to_owned()),
        _ => None,
    };
    names.iter().filter_map(url).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_read() {
        let mut params = rcgen::CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
        params.distinguished_name.push(rcgen::DnType::OrganizationName, "Keur");
        let key = rcgen::KeyPair::generate().unwrap();
        let der = params.self_signed(&key).unwrap().der().clone();
        let read = Certificate::read(&der).unwrap();
        assert_eq!(
            (read.names.as_slice(), read.organisation.as_deref()),
            (&["a.example".to_owned()][..], Some("Keur"))
        );
        assert_eq!((read.key, read.weak_signature, read.weak_key()), (Key::Curve(256), false, None));
        assert!(read.until > read.from && read.own_authority);
        assert_eq!(Certificate::read(&CertificateDer::from(vec![1, 2, 3])), None);
    }
}
