//! Judges of MM-TLS.

use rustls::pki_types::CertificateDer;
use rustls::{ProtocolVersion, version};

use crate::check::catalogue::Level;
use crate::check::code;
use crate::check::medmij::asking::{Authorization, TokenRequest};
use crate::check::outcome::{Finding, Judged, Outcome};
use crate::check::session::{Peer, Place, Seen, Session, request};

use super::certificate::{Certificate, ORGANISATION_VALIDATED};
use super::hello::{CBC, OLD, Offer, Reply, WEAK, WEAK_GROUPS, ask};
use super::{Channel, Endpoint, chains_to, endpoints, modern, shake_hands};

fn wrong(level: Level, endpoint: &Endpoint, message: impl std::fmt::Display) -> Finding {
    Finding::new(level, code::TLS, format!("{}: {message}", endpoint.what)).found(format!(
        "{}:{}",
        endpoint.host(),
        endpoint.port()
    ))
}

/// Plain HTTP at an endpoint: what must not be answered.
pub async fn plainly(session: &Session<'_>, endpoint: &Endpoint) -> Option<Finding> {
    let mut urls = vec![];
    // At the front a whole request: an empty one is refused for being empty.
    let front = endpoint.channel == Channel::Front && session.setup.has(crate::check::Need::Client);
    let whole = if front { url::Url::parse(&Authorization::valid(session).url(session)).ok() } else { None };
    let mut plain = whole.unwrap_or_else(|| endpoint.url.clone());
    // The port is set first: `https` without one would become port 80.
    if plain.set_port(Some(endpoint.port())).is_ok() && plain.set_scheme("http").is_ok() {
        urls.push(plain.clone());
        if endpoint.port() == 443 && plain.set_port(None).is_ok() {
            urls.push(plain);
        }
    }
    for url in urls {
        let seen = session.send(Peer::Nobody, Place::Other, request("GET", url.as_str(), &[], "")).await;
        let to_https = seen.header("Location").is_some_and(|to| to.starts_with("https:"));
        // Servers that hear plain text on a TLS port may say so; anything else was an answer to the request.
        let redirected = (300..400).contains(&seen.status());
        let json = seen.header("Content-Type").is_some_and(|kind| kind.contains("json"));
        let answered = !redirected && seen.status() != 0 && (json || !matches!(seen.status(), 400 | 403 | 426));
        if answered || (redirected && !to_https) || (redirected && endpoint.channel == Channel::Back) {
            let message = format!("{}: plain http is answered", endpoint.what);
            return Some(seen.finding(Level::Hard, code::TLS, message).expected("refused, or sent on to https"));
        }
    }
    None
}

pub async fn no_plain_http(session: &Session<'_>) -> Judged {
    let mut outcome = Outcome::holds();
    for endpoint in endpoints(session.setup) {
        outcome.findings.extend(plainly(session, &endpoint).await);
    }
    Ok(outcome)
}

async fn offered(
    session: &Session<'_>,
    only: &'static rustls::SupportedProtocolVersion,
    level: Level,
    name: &str,
) -> Judged {
    let mut outcome = Outcome::holds();
    for endpoint in endpoints(session.setup) {
        let agreed = shake_hands(&session.dialer, &endpoint, &[only], session.setup.client.as_ref(), None).await;
        if let Err(error) = agreed {
            outcome.push(
                wrong(level, &endpoint, format!("{name} is not taken: {}", error.detail))
                    .expected(format!("a handshake with {name}")),
            );
        }
    }
    Ok(outcome)
}

pub async fn tls12(session: &Session<'_>) -> Judged {
    offered(session, &version::TLS12, Level::Hard, "TLS 1.2").await
}

pub async fn tls13(session: &Session<'_>) -> Judged {
    offered(session, &version::TLS13, Level::Warn, "TLS 1.3").await
}

pub async fn old_versions(session: &Session<'_>) -> Judged {
    let mut outcome = Outcome::holds();
    for endpoint in endpoints(session.setup) {
        for (name, number) in OLD {
            let reply = ask(&session.dialer, &endpoint, &Offer::old(number)).await;
            if matches!(reply, Reply::Hello { version, .. } if version == number) {
                outcome.push(
                    wrong(Level::Hard, &endpoint, format!("{name} is on")).expected("an alert, or a closed connection"),
                );
            }
        }
    }
    Ok(outcome)
}

pub async fn highest_version(session: &Session<'_>) -> Judged {
    let mut outcome = Outcome::holds();
    for endpoint in endpoints(session.setup) {
        let identity = session.setup.client.as_ref();
        let only = shake_hands(&session.dialer, &endpoint, &[&version::TLS13], identity, None).await;
        let both = shake_hands(&session.dialer, &endpoint, &modern(), identity, None).await;
        match (only, both) {
            (Ok(_), Ok(agreed)) if agreed.version != Some(ProtocolVersion::TLSv1_3) => {
                outcome
                    .push(wrong(Level::Hard, &endpoint, "of TLS 1.2 and 1.3 the lower is chosen").expected("TLS 1.3"));
            }
            (_, Err(error)) => outcome.push(wrong(Level::Hard, &endpoint, format!("no handshake: {}", error.detail))),
            _ => {}
        }
    }
    Ok(outcome)
}

/// Suites that are taken and should not be.
pub async fn weak_suites(session: &Session<'_>, endpoint: &Endpoint, hard: Level) -> Vec<Finding> {
    let mut findings = vec![];
    let classes = WEAK.iter().map(|(what, suites)| (*what, *suites, hard));
    for (what, suites, level) in classes.chain([("CBC", &CBC[..], Level::Warn)]) {
        let offer = Offer { suites: suites.to_vec(), ..Offer::today() };
        if let Reply::Hello { suite, .. } = ask(&session.dialer, endpoint, &offer).await {
            let message = format!("a suite with {what} is taken (0x{suite:04x})");
            findings.push(wrong(level, endpoint, message).expected("ECDHE with AES-GCM or ChaCha20 only"));
        }
    }
    findings
}

pub async fn suites(session: &Session<'_>) -> Judged {
    let mut outcome = Outcome::holds();
    for endpoint in endpoints(session.setup) {
        outcome.findings.extend(weak_suites(session, &endpoint, Level::Hard).await);
    }
    Ok(outcome)
}

pub async fn groups(session: &Session<'_>) -> Judged {
    let mut outcome = Outcome::holds();
    for endpoint in endpoints(session.setup) {
        let offer = Offer { groups: WEAK_GROUPS.to_vec(), ..Offer::today() };
        if matches!(ask(&session.dialer, &endpoint, &offer).await, Reply::Hello { .. }) {
            outcome.push(wrong(Level::Warn, &endpoint, "a group of less than 256 bits is taken").expected("an alert"));
        }
    }
    Ok(outcome)
}

pub async fn extras(session: &Session<'_>) -> Judged {
    const HEARTBEAT: u16 = 15;
    const RENEGOTIATION: u16 = 0xff01;
    let mut outcome = Outcome::holds();
    for endpoint in endpoints(session.setup) {
        let offer = Offer { compression: true, heartbeat: true, ..Offer::today() };
        let Reply::Hello { compression, extensions, version, .. } = ask(&session.dialer, &endpoint, &offer).await
        else {
            continue;
        };
        if compression != 0 {
            outcome.push(wrong(Level::Warn, &endpoint, "compression is taken").expected("no compression"));
        } else if version == 0x0303 && !extensions.contains(&RENEGOTIATION) {
            outcome.push(
                wrong(Level::Warn, &endpoint, "renegotiation is not secured")
                    .expected("the renegotiation_info extension"),
            );
        }
        if extensions.contains(&HEARTBEAT) {
            outcome.push(wrong(Level::Warn, &endpoint, "heartbeat is on").expected("no heartbeat"));
        }
    }
    Ok(outcome)
}

/// Requests to the backchannel as somebody: with a token, so that only the certificate can be refused.
async fn backchannel(session: &Session<'_>, peer: Peer) -> Vec<(&'static str, Seen)> {
    let mut all = vec![];
    let token = if session.setup.has(crate::check::Need::Token) { session.token().await.ok() } else { None };
    session.dialer.forget();
    if session.setup.token_endpoint.as_deref().is_some_and(|url| url.starts_with("https:")) {
        // A code that is good: a made-up one is refused whoever asks.
        let login = session.setup.has(crate::check::Need::Login);
        let coded = if login { session.fresh_code().await.ok() } else { None };
        let code = coded.as_ref().map_or("made-up", |coded| &coded.code);
        let seen =
            TokenRequest::code(session, code, coded.as_ref().map(|coded| &coded.asked)).peer(peer).send(session).await;
        all.push(("token endpoint", seen));
    }
    if session.setup.fhir_base.as_deref().is_some_and(|url| url.starts_with("https:")) {
        all.push(("resource endpoint", session.ask(peer, token.as_deref(), "Patient", &[]).await));
    }
    all
}

async fn refused(session: &Session<'_>, peer: Peer, what: &str) -> Judged {
    let mut outcome = Outcome::holds();
    for (endpoint, seen) in backchannel(session, peer).await {
        outcome.exchange.get_or_insert(seen.number);
        // 400 at the token endpoint is an answer to the request, so the peer was let in.
        let kept_out = matches!(seen.status(), 0 | 401 | 403)
            || (endpoint == "token endpoint" && seen.status() == 495)
            || seen.status() == 496;
        if !kept_out {
            let finding = seen.finding(Level::Hard, code::ACCEPTED, format!("{endpoint}: {what} is let in"));
            outcome.push(finding.expected("no handshake, or status 401 or 403"));
        }
    }
    Ok(outcome)
}

pub async fn demands_certificate(session: &Session<'_>) -> Judged {
    refused(session, Peer::Nobody, "a client without a certificate").await
}

pub async fn unknown_authority(session: &Session<'_>) -> Judged {
    refused(session, Peer::Unknown, "a certificate of an unknown authority").await
}

pub async fn expired_certificate(session: &Session<'_>) -> Judged {
    refused(session, Peer::Expired, "an expired certificate").await
}

pub async fn not_whitelisted(session: &Session<'_>) -> Judged {
    refused(session, Peer::Unlisted, "a host that is not on the whitelist").await
}

/// The certificates of an endpoint.
async fn chain(session: &Session<'_>, endpoint: &Endpoint) -> Result<Vec<CertificateDer<'static>>, Finding> {
    let agreed = shake_hands(&session.dialer, endpoint, &modern(), session.setup.client.as_ref(), None).await;
    agreed
        .map(|agreed| agreed.chain)
        .map_err(|error| wrong(Level::Hard, endpoint, format!("no handshake: {}", error.detail)))
}

fn certificate(level: Level, endpoint: &Endpoint, message: impl std::fmt::Display) -> Finding {
    Finding { code: code::CERTIFICATE, ..wrong(level, endpoint, message) }
}

pub async fn back_chain(session: &Session<'_>) -> Judged {
    if session.setup.roots.is_empty() {
        return Err(Outcome::open(code::INPUT, "missing: the authority of the backchannel (`--ca`)"));
    }
    let mut outcome = Outcome::holds();
    for endpoint in endpoints(session.setup).into_iter().filter(|endpoint| endpoint.channel == Channel::Back) {
        match chain(session, &endpoint).await {
            Err(finding) => outcome.push(finding),
            Ok(sent) => {
                if let Err(why) = chains_to(&session.setup.roots, &sent, endpoint.host()) {
                    outcome.push(
                        certificate(Level::Hard, &endpoint, why)
                            .expected("a chain to the agreed authority, for this host"),
                    );
                }
            }
        }
    }
    Ok(outcome)
}

pub async fn front_certificate(session: &Session<'_>) -> Judged {
    let mut outcome = Outcome::holds();
    for endpoint in endpoints(session.setup).into_iter().filter(|endpoint| endpoint.channel == Channel::Front) {
        let sent = match chain(session, &endpoint).await {
            Ok(sent) => sent,
            Err(finding) => {
                outcome.push(finding);
                continue;
            }
        };
        let Some(leaf) = sent.first().and_then(Certificate::read) else {
            outcome.push(certificate(Level::Hard, &endpoint, "the certificate cannot be read"));
            continue;
        };
        if let Some(wildcard) = leaf.names.iter().find(|name| name.starts_with("*.")) {
            outcome.push(
                certificate(Level::Hard, &endpoint, format!("the certificate is for `{wildcard}`"))
                    .expected("no wildcard"),
            );
        }
        let validated =
            leaf.organisation.is_some() && leaf.policies.iter().any(|policy| policy == ORGANISATION_VALIDATED);
        if !validated {
            let message =
                format!("the certificate of `{}` does not show that the organisation was validated", leaf.subject);
            outcome.push(
                certificate(Level::Warn, &endpoint, message)
                    .expected(format!("an organisation and policy {ORGANISATION_VALIDATED}")),
            );
        }
    }
    Ok(outcome)
}

/// What is weak about the certificates of an endpoint.
pub async fn weak_certificates(session: &Session<'_>, endpoint: &Endpoint) -> Vec<Finding> {
    let sent = match chain(session, endpoint).await {
        Ok(sent) => sent,
        Err(finding) => return vec![finding],
    };
    let mut findings = vec![];
    for read in sent.iter().filter_map(Certificate::read) {
        if let Some(weak) = read.weak_key() {
            let message = format!("`{}` has {weak}", read.subject);
            findings.push(certificate(Level::Hard, endpoint, message).expected("RSA of 2048 bits, P-256 or better"));
        }
        // The signature of a root says nothing: it is trusted for itself.
        if read.weak_signature && !read.own_authority {
            findings.push(
                certificate(Level::Hard, endpoint, format!("`{}` is signed with SHA-1", read.subject))
                    .expected("SHA-256 or better"),
            );
        }
    }
    findings
}

pub async fn key_strength(session: &Session<'_>) -> Judged {
    let mut outcome = Outcome::holds();
    for endpoint in endpoints(session.setup) {
        outcome.findings.extend(weak_certificates(session, &endpoint).await);
    }
    Ok(outcome)
}

pub async fn validity(session: &Session<'_>) -> Judged {
    const DAY: i64 = 86_400;
    let now = jiff::Timestamp::now().as_second();
    let mut outcome = Outcome::holds();
    for endpoint in endpoints(session.setup) {
        let sent = match chain(session, &endpoint).await {
            Ok(sent) => sent,
            Err(finding) => {
                outcome.push(finding);
                continue;
            }
        };
        for (at, read) in sent.iter().filter_map(Certificate::read).enumerate() {
            let days = (read.until - now).div_euclid(DAY);
            if now < read.from || now > read.until {
                outcome.push(certificate(Level::Hard, &endpoint, format!("`{}` is not valid today", read.subject)));
            } else if days < 30 && at == 0 {
                let message = format!("`{}` is valid for {days} more days", read.subject);
                outcome.push(certificate(Level::Warn, &endpoint, message).expected("30 days or more"));
            }
        }
    }
    Ok(outcome)
}

pub async fn revocation(session: &Session<'_>) -> Judged {
    let mut outcome = Outcome::holds();
    let mut asked: Vec<String> = vec![];
    for endpoint in endpoints(session.setup) {
        let Ok(sent) = chain(session, &endpoint).await else { continue };
        let places = sent.first().and_then(Certificate::read).map(|leaf| leaf.revocation).unwrap_or_default();
        if places.is_empty() {
            outcome.push(certificate(
                Level::Warn,
                &endpoint,
                "the certificate does not say where revocations are published",
            ));
        }
        for place in places.into_iter().filter(|place| place.starts_with("http")) {
            if asked.contains(&place) {
                continue;
            }
            let seen = session.get(Peer::Nobody, Place::Other, &place, &[]).await;
            // An OCSP responder says 400 to a bare GET: it is there.
            if seen.status() == 0 || seen.status() == 404 || seen.status() >= 500 {
                let message = format!("{}: revocations cannot be looked up at `{place}`", endpoint.what);
                outcome.push(seen.finding(Level::Warn, code::CERTIFICATE, message));
            }
            asked.push(place);
        }
    }
    Ok(outcome)
}

pub async fn other_name(session: &Session<'_>) -> Judged {
    let mut outcome = Outcome::holds();
    for endpoint in endpoints(session.setup) {
        let agreed =
            shake_hands(&session.dialer, &endpoint, &modern(), session.setup.client.as_ref(), Some("ander.example"))
                .await;
        let said = match agreed {
            Err(_) => "no handshake".to_owned(),
            Ok(agreed) => agreed
                .chain
                .first()
                .and_then(Certificate::read)
                .map_or("a handshake".to_owned(), |leaf| format!("the certificate of `{}`", leaf.subject)),
        };
        outcome.push(Finding::new(
            Level::Note,
            code::NOTE,
            format!("{} with server name `ander.example`: {said}", endpoint.what),
        ));
    }
    Ok(outcome)
}

pub async fn hsts(session: &Session<'_>) -> Judged {
    let url = session.setup.authorization_endpoint.clone().unwrap_or_default();
    let seen = match session.setup.has(crate::check::Need::Client) {
        true => session.accepted().await.clone(),
        false => session.get(Peer::Nobody, Place::Front, &url, &[]).await,
    };
    match seen.header("Strict-Transport-Security") {
        Some(_) => Ok(seen.shows()),
        None if seen.status() == 0 => Err(Outcome::blocked("the authorization endpoint does not answer")),
        None => Ok(seen
            .finding(Level::Warn, code::HEADER, "the front channel has no HSTS")
            .expected("`Strict-Transport-Security`")
            .into()),
    }
}
