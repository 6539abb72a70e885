//! Before a test day: what stands in the way, line by line, and what to do about it.

mod say;

use std::time::Duration;

use crate::diagnostic::Words;

use super::list::Kind;
use super::medmij::bundle;
use super::outcome::Outcome;
use super::session::{Peer, Place, Seen, Session};
use super::setup::Setup;
use super::tls::certificate::Certificate;
use super::tls::{Channel, Endpoint, chains_to, endpoints, modern, shake_hands};
use crate::diagnostic::Language;
use crate::record::MemoryRecord;
use say::filled;

/// How a line came out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Health {
    /// Fine.
    Good,
    /// It was not supplied, so it was not looked at.
    Unknown,
    /// It works, and somebody should know.
    Doubt,
    /// It does not work.
    Bad,
}

/// A line of the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// How it came out.
    pub health: Health,
    /// What was looked at, in English and Dutch.
    pub subject: Words,
    /// What was seen.
    pub seen: String,
    /// What to do; None where nothing has to be done.
    pub remedy: Option<Words>,
}

/// Clocks may differ by this much before tokens suffer.
const SKEW: i64 = 30;

/// What was looked at so far.
struct Page {
    lines: Vec<Line>,
    language: Language,
}

impl Page {
    fn add(&mut self, health: Health, subject: Words, seen: Words, with: &[&str], remedy: Option<Words>) {
        let seen = filled(seen.get(self.language), with);
        self.lines.push(Line { health, subject, seen, remedy });
    }

    fn good(&mut self, subject: Words, seen: Words, with: &[&str]) {
        self.add(Health::Good, subject, seen, with, None);
    }

    fn bad(&mut self, subject: Words, seen: Words, with: &[&str], remedy: Words) {
        self.add(Health::Bad, subject, seen, with, Some(remedy));
    }

    fn doubt(&mut self, subject: Words, seen: Words, with: &[&str], remedy: Words) {
        self.add(Health::Doubt, subject, seen, with, Some(remedy));
    }

    fn unknown(&mut self, subject: Words, seen: Words, with: &[&str], remedy: Words) {
        self.add(Health::Unknown, subject, seen, with, Some(remedy));
    }
}

/// Looks at everything that was supplied.
pub async fn examine(setup: &Setup, language: Language) -> Vec<Line> {
    let sink = MemoryRecord::new();
    let session = Session::new(setup, &sink, language);
    let mut page = Page { lines: vec![], language };
    let reached = connections(&session, &mut page).await;
    lists(&session, &mut page).await;
    // Who does not answer at all is not asked for more.
    if reached.contains(&setup.fhir_base) {
        server(&session, &mut page).await;
    }
    tokens(&session, &mut page, &reached).await;
    page.lines
}

/// The endpoints, one after another; those that answer.
async fn connections(session: &Session<'_>, page: &mut Page) -> Vec<Option<String>> {
    let setup = session.setup;
    let all = [&setup.authorization_endpoint, &setup.token_endpoint, &setup.fhir_base];
    if all.iter().all(|url| url.is_none()) {
        page.bad(say::ENDPOINTS, say::NO_ENDPOINTS, &[], say::NO_ENDPOINTS_FIX);
    }
    let endpoints = endpoints(setup);
    let mut reached = vec![];
    for (what, given) in say::PLACES.into_iter().zip(all) {
        let Some(url) = given.as_deref().and_then(|url| url::Url::parse(url).ok()) else { continue };
        let what = what.get(page.language);
        let (host, port) = (url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(443));
        match session.dialer.tcp(host, port).await {
            Ok(_) => page.good(say::CONNECTION, say::ANSWERS, &[what, &format!("{host}:{port}")]),
            Err(_) if !session.dialer.resolves(host, port).await => {
                page.bad(say::CONNECTION, say::NO_NAME, &[what, host], say::NO_NAME_FIX);
                continue;
            }
            Err(error) => {
                page.bad(say::CONNECTION, say::NO_ANSWER, &[what, &error.detail], say::NO_ANSWER_FIX);
                continue;
            }
        }
        match endpoints.iter().find(|endpoint| endpoint.url == url) {
            Some(endpoint) => secured(session, page, endpoint, what).await,
            None => page.doubt(say::TLS, say::PLAIN, &[what], say::PLAIN_FIX),
        }
        reached.push(given.clone());
    }
    reached
}

/// TLS and the certificate of an endpoint.
async fn secured(session: &Session<'_>, page: &mut Page, endpoint: &Endpoint, what: &str) {
    let setup = session.setup;
    let agreed = match shake_hands(&session.dialer, endpoint, &modern(), setup.client.as_ref(), None).await {
        Ok(agreed) => agreed,
        Err(error) => return page.bad(say::TLS, say::NO_ANSWER, &[what, &error.detail], say::TLS_FIX),
    };
    let version = match agreed.version {
        Some(rustls::ProtocolVersion::TLSv1_3) => "TLS 1.3",
        _ => "TLS 1.2",
    };
    page.good(say::TLS, say::AGREED, &[what, version]);
    let judged = !setup.roots.is_empty() && endpoint.channel == Channel::Back;
    if let (true, Err(why)) = (judged, chains_to(&setup.roots, &agreed.chain, endpoint.host())) {
        return page.bad(say::CERTIFICATE, say::NO_ANSWER, &[what, &why], say::CHAIN_FIX);
    }
    let Some(leaf) = agreed.chain.first().and_then(Certificate::read) else { return };
    let days = (leaf.until - jiff::Timestamp::now().as_second()).div_euclid(86_400);
    let (health, remedy) = match days {
        ..0 => (Health::Bad, Some(say::DAYS_FIX)),
        0..30 => (Health::Doubt, Some(say::DAYS_FIX)),
        _ => (Health::Good, None),
    };
    page.add(health, say::CERTIFICATE, say::DAYS, &[what, &leaf.subject, &days.to_string()], remedy);
}

async fn lists(session: &Session<'_>, page: &mut Page) {
    let setup = session.setup;
    if setup.lists.iter().all(Option::is_none) && setup.authorization_endpoint.is_some() {
        page.unknown(say::LIST, say::NO_LISTS, &[], say::NO_LISTS_FIX);
    }
    for (kind, place, list) in session.every_list().await {
        match list {
            Ok(list) if list.root.name == kind.root().0 => {
                page.good(say::LIST, say::NUMBER, &[kind.name(), list.root.value("Volgnummer")]);
            }
            Ok(list) => {
                let with = [kind.name(), place.as_str(), list.root.name.as_str()];
                page.bad(say::LIST, say::OTHER_LIST, &with, say::OTHER_LIST_FIX);
            }
            Err(why) => page.bad(say::LIST, say::NO_LIST, &[kind.name(), &why], say::NO_LIST_FIX),
        }
    }
    if let (Ok(zal), Ok(whl)) = (session.list(Kind::Zal).await, session.list(Kind::Whl).await) {
        let provider = setup.provider.clone().unwrap_or_default();
        let own = zal.providers().into_iter().filter(|p| p.name.trim_end_matches("@medmij") == provider);
        let urls =
            own.flat_map(|p| p.services).flat_map(|s| s.resources.into_iter().map(|(_, url)| url).chain([s.token]));
        let mut hosts: Vec<String> =
            urls.filter_map(|url| Some(url::Url::parse(&url).ok()?.host_str()?.to_owned())).collect();
        hosts.sort_unstable();
        hosts.dedup();
        let missing: Vec<String> =
            hosts.iter().filter(|host| !whl.hosts().any(|listed| listed == **host)).cloned().collect();
        match missing.is_empty() {
            true => page.good(say::WHITELIST, say::LISTED, &[&hosts.len().to_string(), &provider]),
            false => page.bad(say::WHITELIST, say::UNLISTED, &[&missing.join(", ")], say::UNLISTED_FIX),
        }
    }
    if let (Ok(ocl), Some(client)) = (session.list(Kind::Ocl).await, &setup.client_id) {
        match ocl.hosts().any(|host| host == client) {
            true => page.good(say::CLIENT, say::ON_OCL, &[client]),
            false => page.bad(say::CLIENT, say::OFF_OCL, &[client], say::OFF_OCL_FIX),
        }
    }
}

/// The difference between the clock of a server and ours, in seconds.
fn skew(seen: &Seen) -> Option<i64> {
    let date = seen.header("Date")?;
    let theirs = jiff::fmt::rfc2822::parse(date).ok()?.timestamp();
    Some(theirs.as_second() - seen.exchange.started.as_second())
}

async fn server(session: &Session<'_>, page: &mut Page) {
    let seen = session.ask(Peer::Client, None, "metadata", &[]).await;
    let value = seen.json().filter(|value| bundle::text(value, "resourceType") == Some("CapabilityStatement"));
    match value {
        None => page.doubt(say::METADATA, say::NO_METADATA, &[&seen.in_words()], say::NO_METADATA_FIX),
        Some(value) => {
            let version = bundle::text(&value, "fhirVersion").unwrap_or("?");
            let expected = &session.setup.fhir_version;
            let declared = value.to_string();
            let mut wanted: Vec<&str> =
                session.setup.queries.iter().map(|query| query.split(['?', '/']).next().unwrap_or_default()).collect();
            wanted.sort_unstable();
            wanted.dedup();
            let missing: Vec<&str> =
                wanted.iter().copied().filter(|kind| !declared.contains(&format!("\"type\":\"{kind}\""))).collect();
            let other = !version.starts_with(expected.trim_end_matches(".0"));
            match (other, missing.is_empty()) {
                (true, _) => page.bad(say::METADATA, say::OTHER_VERSION, &[version, expected], say::OTHER_VERSION_FIX),
                (_, true) => page.good(say::METADATA, say::ALL_TYPES, &[version, &wanted.len().to_string()]),
                _ => page.doubt(say::METADATA, say::SOME_TYPES, &[version, &missing.join(", ")], say::SOME_TYPES_FIX),
            }
        }
    }
    match skew(&seen) {
        Some(apart) if apart.abs() > SKEW => page.doubt(say::CLOCK, say::SKEW, &[&apart.to_string()], say::SKEW_FIX),
        Some(apart) => page.good(say::CLOCK, say::SKEW, &[&apart.to_string()]),
        None => page.unknown(say::CLOCK, say::NO_CLOCK, &[], say::NO_CLOCK_FIX),
    }
}

async fn tokens(session: &Session<'_>, page: &mut Page, reached: &[Option<String>]) {
    let told = |outcome: Outcome| outcome.findings.first().map_or(String::new(), |finding| finding.message.clone());
    let setup = session.setup;
    if reached.contains(&setup.authorization_endpoint) && setup.client_id.is_some() {
        let seen = session.accepted().await;
        match seen.status() {
            200..400 => page.good(say::LOGIN, say::LOGIN_PAGE, &[&seen.in_words()]),
            _ => page.bad(say::LOGIN, say::NO_LOGIN, &[&seen.in_words()], say::NO_LOGIN_FIX),
        }
    }
    if setup.fhir_base.is_none() {
        return;
    }
    if !setup.has(super::catalogue::Need::Token) {
        return page.unknown(say::TOKEN, say::UNKNOWN_TOKEN, &[], say::UNKNOWN_TOKEN_FIX);
    }
    let token = match session.token().await {
        Ok(token) => token,
        Err(outcome) => return page.bad(say::TOKEN, say::NO_TOKEN, &[&told(outcome)], say::NO_TOKEN_FIX),
    };
    page.good(say::TOKEN, say::HAS_TOKEN, &[]);
    if !reached.contains(&setup.fhir_base) {
        return;
    }
    let seen = session.ask(Peer::Client, Some(&token), "Patient", &[]).await;
    let found = seen.json().map_or(0, |value| bundle::matches(&value));
    match (seen.status(), found) {
        (200, 1..) => page.good(say::DATA, say::HAS_DATA, &[]),
        (200, _) => page.doubt(say::DATA, say::NO_DATA, &[], say::NO_DATA_FIX),
        _ => page.bad(say::DATA, say::REFUSED_DATA, &[&seen.in_words()], say::REFUSED_DATA_FIX),
    }
    let slow = session.seen(Place::Resource).iter().map(|seen| seen.exchange.elapsed).max().unwrap_or_default();
    if slow > Duration::from_secs(10) {
        page.doubt(say::DATA, say::SLOW, &[&format!("{:.0}", slow.as_secs_f64())], say::SLOW_FIX);
    }
}
