//! Before a test day: what stands in the way, line by line, and what to do about it.

use std::time::Duration;

use crate::diagnostic::Words;

use super::list::Kind;
use super::medmij::bundle;
use super::outcome::Outcome;
use super::session::{Peer, Place, Seen, Session};
use super::setup::Setup;
use super::tls::certificate::Certificate;
use super::tls::{Channel, chains_to, endpoints, modern, shake_hands};
use crate::diagnostic::Language;
use crate::record::MemoryRecord;

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

#[rustfmt::skip]
mod say {
    use super::Words;

    pub const NAME: Words = Words::new("name", "naam");
    pub const NAME_FIX: Words = Words::new("ask for the right host name, put it in DNS, or give `--resolve HOST=ADDRESS`", "vraag de juiste hostnaam, zet die in DNS, of geef `--resolve HOST=ADRES`");
    pub const TLS: Words = Words::new("TLS", "TLS");
    pub const TLS_FIX: Words = Words::new("let the server speak TLS 1.2 or 1.3 here, and give our certificate with `--client-certificate`", "laat de server hier TLS 1.2 of 1.3 spreken, en geef ons certificaat met `--client-certificate`");
    pub const CHAIN: Words = Words::new("certificate", "certificaat");
    pub const CHAIN_FIX: Words = Words::new("give the authority with `--ca`, or have the server send its whole chain for this host name", "geef de uitgever met `--ca`, of laat de server de hele keten voor deze hostnaam sturen");
    pub const DAYS_FIX: Words = Words::new("have the certificate renewed before the test day", "laat het certificaat voor de testdag vernieuwen");
    pub const LIST: Words = Words::new("list", "lijst");
    pub const LIST_FIX: Words = Words::new("check the address of the list, and whether our certificate is let in there", "controleer het adres van de lijst, en of ons certificaat daar wordt toegelaten");
    pub const LISTED: Words = Words::new("whitelist", "whitelist");
    pub const LISTED_FIX: Words = Words::new("have the host put on the whitelist of the test network", "laat de host op de whitelist van het testnetwerk zetten");
    pub const CLIENT: Words = Words::new("our client", "eigen client");
    pub const CLIENT_FIX: Words = Words::new("have our client put on the OCL, or correct `--client-id`", "laat de client op de OCL zetten, of verbeter `--client-id`");
    pub const METADATA: Words = Words::new("CapabilityStatement", "CapabilityStatement");
    pub const METADATA_FIX: Words = Words::new("check the base URL; types that are missing there are refused in the run", "controleer de basis-URL; typen die daar ontbreken worden in de run geweigerd");
    pub const CLOCK: Words = Words::new("clock", "klok");
    pub const CLOCK_FIX: Words = Words::new("set both clocks by NTP: tokens and assertions stand on them", "zet beide klokken gelijk met NTP: tokens en assertions hangen ervan af");
    pub const LOGIN: Words = Words::new("authorization endpoint", "authorization-endpoint");
    pub const LOGIN_FIX: Words = Words::new("check client id, redirect URI and scope with the party; look at the page in a browser", "controleer client-id, redirect-URI en scope met de partij; bekijk de pagina in een browser");
    pub const TOKEN: Words = Words::new("token", "token");
    pub const TOKEN_FIX: Words = Words::new("renew the token, or check user and password of the test person", "vernieuw het token, of controleer gebruiker en wachtwoord van de testpersoon");
    pub const DATA: Words = Words::new("data", "gegevens");
    pub const DATA_FIX: Words = Words::new("check that the token is for this service and that the test person has data", "controleer of het token voor deze dienst is en of de testpersoon gegevens heeft");
    pub const ENDPOINTS: Words = Words::new("endpoints", "endpoints");
    pub const ENDPOINTS_FIX: Words = Words::new("give `--target`, or `--zal` with `--provider` and `--service`", "geef `--target`, of `--zal` met `--provider` en `--service`");
}

struct Page(Vec<Line>);

impl Page {
    fn add(&mut self, health: Health, subject: Words, seen: impl Into<String>, remedy: Words) {
        let remedy = (health != Health::Good).then_some(remedy);
        self.0.push(Line { health, subject, seen: seen.into(), remedy });
    }
}

/// Looks at everything that was supplied.
pub async fn examine(setup: &Setup, language: Language) -> Vec<Line> {
    let sink = MemoryRecord::new();
    let session = Session::new(setup, &sink, language);
    let mut page = Page(vec![]);
    connections(&session, &mut page).await;
    lists(&session, &mut page).await;
    server(&session, &mut page).await;
    tokens(&session, &mut page).await;
    page.0
}

async fn connections(session: &Session<'_>, page: &mut Page) {
    let setup = session.setup;
    let all = [
        ("authorization endpoint", &setup.authorization_endpoint),
        ("token endpoint", &setup.token_endpoint),
        ("resource endpoint", &setup.fhir_base),
    ];
    if all.iter().all(|(_, url)| url.is_none()) {
        page.add(Health::Bad, say::ENDPOINTS, "none was supplied", say::ENDPOINTS_FIX);
    }
    for (what, url) in all {
        let Some(url) = url.as_deref().and_then(|url| url::Url::parse(url).ok()) else { continue };
        let (host, port) = (url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(443));
        match session.dialer.tcp(host, port).await {
            Ok(_) => page.add(Health::Good, say::NAME, format!("{what}: {host}:{port} answers"), say::NAME_FIX),
            Err(error) => page.add(Health::Bad, say::NAME, format!("{what}: {}", error.detail), say::NAME_FIX),
        }
    }
    for endpoint in endpoints(setup) {
        let (what, host) = (endpoint.what, endpoint.host());
        let agreed = match shake_hands(&session.dialer, &endpoint, &modern(), setup.client.as_ref(), None).await {
            Ok(agreed) => agreed,
            Err(error) => {
                page.add(Health::Bad, say::TLS, format!("{what}: {}", error.detail), say::TLS_FIX);
                continue;
            }
        };
        let version = match agreed.version {
            Some(rustls::ProtocolVersion::TLSv1_3) => "TLS 1.3",
            _ => "TLS 1.2",
        };
        page.add(Health::Good, say::TLS, format!("{what}: {version}"), say::TLS_FIX);
        let judged = !setup.roots.is_empty() && endpoint.channel == Channel::Back;
        if let (true, Err(why)) = (judged, chains_to(&setup.roots, &agreed.chain, host)) {
            page.add(Health::Bad, say::CHAIN, format!("{what}: {why}"), say::CHAIN_FIX);
            continue;
        }
        let Some(leaf) = agreed.chain.first().and_then(Certificate::read) else { continue };
        let days = (leaf.until - jiff::Timestamp::now().as_second()).div_euclid(86_400);
        let health = match days {
            ..0 => Health::Bad,
            0..30 => Health::Doubt,
            _ => Health::Good,
        };
        page.add(health, say::CHAIN, format!("{what}: `{}`, {days} days left", leaf.subject), say::DAYS_FIX);
    }
}

async fn lists(session: &Session<'_>, page: &mut Page) {
    for (kind, place, list) in session.every_list().await {
        match list {
            Ok(list) if list.root.name == kind.root().0 => {
                let number = list.root.value("Volgnummer");
                page.add(Health::Good, say::LIST, format!("{}: number {number}", kind.name()), say::LIST_FIX);
            }
            Ok(list) => page.add(
                Health::Bad,
                say::LIST,
                format!("{}: `{place}` is a `{}`", kind.name(), list.root.name),
                say::LIST_FIX,
            ),
            Err(why) => page.add(Health::Bad, say::LIST, format!("{}: {why}", kind.name()), say::LIST_FIX),
        }
    }
    if let (Ok(zal), Ok(whl)) = (session.list(Kind::Zal).await, session.list(Kind::Whl).await) {
        let provider = session.setup.provider.clone().unwrap_or_default();
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
            true => page.add(
                Health::Good,
                say::LISTED,
                format!("{} hosts of `{provider}` are on it", hosts.len()),
                say::LISTED_FIX,
            ),
            false => page.add(Health::Bad, say::LISTED, format!("not on it: {}", missing.join(", ")), say::LISTED_FIX),
        }
    }
    if let (Ok(ocl), Some(client)) = (session.list(Kind::Ocl).await, &session.setup.client_id) {
        let listed = ocl.hosts().any(|host| host == client);
        let (health, is) = if listed { (Health::Good, "is") } else { (Health::Bad, "is not") };
        page.add(health, say::CLIENT, format!("`{client}` {is} on the OCL"), say::CLIENT_FIX);
    }
}

/// The difference between the clock of a server and ours, in seconds.
fn skew(seen: &Seen) -> Option<i64> {
    let date = seen.header("Date")?;
    let theirs = jiff::fmt::rfc2822::parse(date).ok()?.timestamp();
    Some(theirs.as_second() - seen.exchange.started.as_second())
}

async fn server(session: &Session<'_>, page: &mut Page) {
    if session.setup.fhir_base.is_none() {
        return;
    }
    let seen = session.ask(Peer::Client, None, "metadata", &[]).await;
    let value = seen.json().filter(|value| bundle::text(value, "resourceType") == Some("CapabilityStatement"));
    match value {
        None => page.add(Health::Doubt, say::METADATA, format!("`/metadata`: {}", seen.in_words()), say::METADATA_FIX),
        Some(value) => {
            let version = bundle::text(&value, "fhirVersion").unwrap_or("?").to_owned();
            let declared = value.to_string();
            let mut wanted: Vec<&str> =
                session.setup.queries.iter().map(|query| query.split(['?', '/']).next().unwrap_or_default()).collect();
            wanted.sort_unstable();
            wanted.dedup();
            let missing: Vec<&str> =
                wanted.iter().copied().filter(|kind| !declared.contains(&format!("\"type\":\"{kind}\""))).collect();
            let other = !version.starts_with(session.setup.fhir_version.trim_end_matches(".0"));
            let (health, seen) = match (other, missing.is_empty()) {
                (true, _) => (Health::Bad, format!("FHIR {version}, {} is expected", session.setup.fhir_version)),
                (_, true) => (Health::Good, format!("FHIR {version}, all {} types of the data service", wanted.len())),
                _ => (Health::Doubt, format!("FHIR {version}, without {}", missing.join(", "))),
            };
            page.add(health, say::METADATA, seen, say::METADATA_FIX);
        }
    }
    match skew(&seen) {
        Some(seconds) if seconds.abs() > SKEW => {
            page.add(Health::Doubt, say::CLOCK, format!("{seconds} seconds apart"), say::CLOCK_FIX)
        }
        Some(seconds) => page.add(Health::Good, say::CLOCK, format!("{seconds} seconds apart"), say::CLOCK_FIX),
        None => page.add(Health::Unknown, say::CLOCK, "the server does not say what time it is", say::CLOCK_FIX),
    }
}

async fn tokens(session: &Session<'_>, page: &mut Page) {
    let told = |outcome: Outcome| outcome.findings.first().map_or(String::new(), |finding| finding.message.clone());
    let setup = session.setup;
    if setup.authorization_endpoint.is_some() && setup.client_id.is_some() {
        let seen = session.accepted().await;
        let health = if (200..400).contains(&seen.status()) { Health::Good } else { Health::Bad };
        page.add(health, say::LOGIN, seen.in_words(), say::LOGIN_FIX);
    }
    if setup.fhir_base.is_none() {
        return;
    }
    if !setup.has(super::catalogue::Need::Token) {
        page.add(Health::Unknown, say::TOKEN, "none was supplied", say::TOKEN_FIX);
        return;
    }
    match session.token().await {
        Err(outcome) => page.add(Health::Bad, say::TOKEN, told(outcome), say::TOKEN_FIX),
        Ok(token) => {
            page.add(Health::Good, say::TOKEN, "there is one", say::TOKEN_FIX);
            let seen = session.ask(Peer::Client, Some(&token), "Patient", &[]).await;
            let found = seen.json().map_or(0, |value| bundle::matches(&value));
            match (seen.status(), found) {
                (200, 1..) => page.add(Health::Good, say::DATA, "the token gives a Patient", say::DATA_FIX),
                (200, _) => page.add(Health::Doubt, say::DATA, "the token gives no Patient", say::DATA_FIX),
                _ => page.add(Health::Bad, say::DATA, format!("`Patient`: {}", seen.in_words()), say::DATA_FIX),
            }
        }
    }
    let slow = session.seen(Place::Resource).iter().map(|seen| seen.exchange.elapsed).max().unwrap_or_default();
    if slow > Duration::from_secs(10) {
        page.add(Health::Doubt, say::DATA, format!("an answer took {:.0} seconds", slow.as_secs_f64()), say::DATA_FIX);
    }
}
