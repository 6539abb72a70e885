//! Faults of TLS and certificates.

use super::edit::without;
use super::{Fault, row};
use crate::simulator::dva::policy::{Place, Rule};

#[rustfmt::skip]
pub(super) static FAULTS: &[Fault] = &[
    row("MM-TLS-01", "plain HTTP is answered too", |p| p.tls.plain_http = true),
    row("MM-TLS-02", "TLS 1.2 is off", |p| p.tls.no_1_2 = true),
    row("MM-TLS-03", "TLS 1.3 is off", |p| p.tls.no_1_3 = true),
    row("MM-TLS-04", "TLS 1.0 and 1.1 are on", |p| p.tls.old_versions = true),
    row("MM-TLS-05", "of two versions the lower is chosen", |p| p.tls.lower_version = true),
    row("MM-TLS-06", "weak cipher suites are taken", |p| p.tls.weak_suites = true),
    row("MM-TLS-07", "weak curves are taken", |p| p.tls.weak_groups = true),
    row("MM-TLS-08", "compression is taken", |p| p.tls.compression = true),
    row("MM-TLS-09", "no client certificate is needed", |p| { p.tls.no_client_certificate = true; p.skip(Rule::CertificateGiven) }),
    row("MM-TLS-10", "a client certificate may be of any authority", |p| p.tls.any_authority = true),
    row("MM-TLS-11", "a client certificate may have expired", |p| p.tls.expired_clients = true),
    row("MM-TLS-12", "a client whose host is not on the whitelist is let in", |p| p.skip(Rule::OnWhitelist)),
    row("MM-TLS-13", "the backchannel's certificates are of another authority", |p| p.tls.other_authority = true),
    row("MM-TLS-14", "the frontchannel's certificate is for a whole domain", |p| p.tls.wildcard = true),
    row("MM-TLS-15", "the chain of the frontchannel has a key of 1024 bits, signed with SHA-1", |p| p.tls.short_key = true),
    row("MM-TLS-16", "certificates run out within ten days", |p| p.tls.nearly_expired = true),
    row("MM-TLS-17", "the list of revocations is not there", |p| p.tls.no_revocations = true),
    row("MM-TLS-20", "the frontchannel does not insist on TLS", |p| {
        p.answer(Place::Authorization, |_, a| without(a, "Strict-Transport-Security"));
        p.answer(Place::Page, |_, a| without(a, "Strict-Transport-Security"));
    }),
];
