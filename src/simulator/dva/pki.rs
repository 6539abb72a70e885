//! The test authority: made anew at every start, gone with the process.

use std::net::IpAddr;

use rcgen::{
    BasicConstraints, CertificateParams, CrlDistributionPoint, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair as Key, KeyUsagePurpose, SanType, SerialNumber, date_time_ymd,
};

use super::config::KeyPair;

/// An authority that gives out certificates.
pub(super) struct Authority {
    issuer: Issuer<'static, Key>,
    /// Its own certificate, PEM.
    pub pem: String,
    crl_url: Option<String>,
}

/// What a certificate is to say.
#[derive(Clone)]
pub(super) struct Subject<'s> {
    /// Names it is for; the first is its common name.
    pub names: &'s [&'s str],
    /// Addresses it is for.
    pub addresses: &'s [IpAddr],
    /// For servers rather than clients.
    pub server: bool,
    /// Days it is valid yet; negative when it has run out.
    pub days: i64,
    /// True for the policy `organization validated` (CA/Browser Forum 2.23.140.1.2.2).
    pub organisation: bool,
}

/// Something went wrong while certificates were made.
pub type PkiError = rcgen::Error;

impl Authority {
    /// Makes one. `crl_url` is where its certificates say that revocations are published.
    pub fn new(name: &str, crl_url: Option<String>) -> Result<Authority, PkiError> {
        let key = Key::generate()?;
        let mut params = CertificateParams::default();
        params.distinguished_name = named(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        lasting(&mut params, 365);
        let pem = params.self_signed(&key)?.pem();
        Ok(Authority { issuer: Issuer::new(params, key), pem, crl_url })
    }

    /// Gives out a certificate. The chain in it ends below the authority.
    pub fn certificate(&self, subject: &Subject<'_>) -> Result<KeyPair, PkiError> {
        let key = Key::generate()?;
        let names: Vec<String> = subject.names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names)?;
        params.subject_alt_names.extend(subject.addresses.iter().map(|address| SanType::IpAddress(*address)));
        params.distinguished_name = named(subject.names.first().copied().unwrap_or("keur"));
        if subject.organisation {
            params.distinguished_name.push(DnType::OrganizationName, "Keur Testziekenhuis");
            params.distinguished_name.push(DnType::CountryName, "NL");
            params.custom_extensions.push(policies());
        }
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = match subject.server {
            // Backchannel hosts of the framework are servers and clients with one certificate.
            true => vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth],
            false => vec![ExtendedKeyUsagePurpose::ClientAuth],
        };
        params.crl_distribution_points =
            self.crl_url.iter().map(|url| CrlDistributionPoint { uris: vec![url.clone()] }).collect();
        lasting(&mut params, subject.days);
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(KeyPair { cert_pem: certificate.pem(), key_pem: key.serialize_pem() })
    }

    /// A list of revocations with nothing in it, DER.
    pub fn revocations(&self) -> Result<Vec<u8>, PkiError> {
        let (from, until) = (day(-1), day(7));
        let params = rcgen::CertificateRevocationListParams {
            this_update: date_time_ymd(from.0, from.1, from.2),
            next_update: date_time_ymd(until.0, until.1, until.2),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: vec![],
            key_identifier_method: rcgen::KeyIdMethod::Sha256,
        };
        Ok(params.signed_by(&self.issuer)?.der().to_vec())
    }
}

fn named(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

/// The civil date that many days from now: dates are fine enough for certificates.
fn day(days: i64) -> (i32, u8, u8) {
    let second = jiff::Timestamp::now().as_second() + days * 24 * 3600;
    let date = jiff::Timestamp::from_second(second).unwrap_or_default().to_zoned(jiff::tz::TimeZone::UTC).date();
    (i32::from(date.year()), date.month().unsigned_abs(), date.day().unsigned_abs())
}

fn lasting(params: &mut CertificateParams, days: i64) {
    let (from, until) = (day(days.min(0) - 2), day(days));
    params.not_before = date_time_ymd(from.0, from.1, from.2);
    params.not_after = date_time_ymd(until.0, until.1, until.2);
}

/// certificatePolicies with `organization-validated`: SEQUENCE { SEQUENCE { OID 2.23.140.1.2.2 } }.
fn policies() -> CustomExtension {
    const CERTIFICATE_POLICIES: [u64; 4] = [2, 5, 29, 32];
    const CONTENT: [u8; 12] = [0x30, 0x0a, 0x30, 0x08, 0x06, 0x06, 0x67, 0x81, 0x0c, 0x01, 0x02, 0x02];
    CustomExtension::from_oid_content(&CERTIFICATE_POLICIES, CONTENT.to_vec())
}
