//! What the checks of a run share: the setup, the connections, what was asked and answered, and the
//! observations several of them judge. Every request of a check goes through here: it is slowed down to
//! the rate that was asked, numbered, and recorded without its secrets.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::diagnostic::Language;
use crate::exchange::{AccessToken, Exchange, Headers, Request, Response, redaction};
use crate::record::{BodyHash, Event, EventSink, Exchanged, RecordError, RecordedMessage};

use super::api::Observations as ApiObservations;
use super::catalogue::Level;
use super::code;
use super::http::Dialer;
use super::list::Lists;
use super::medmij::Observations;
use super::notified_pull::Observations as PullObservations;
use super::outcome::{Finding, Outcome};
use super::setup::{Identity, Setup};

/// As whom a request comes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Peer {
    /// A browser, or a client without a certificate.
    Nobody,
    /// Our client.
    Client,
    /// The second client.
    Second,
    /// One that is not on the whitelist.
    Unlisted,
    /// One with a certificate of an authority nobody knows.
    Unknown,
    /// One whose certificate has run out.
    Expired,
}

/// At what a request was aimed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// The authorization endpoint and its pages.
    Front,
    /// A token endpoint.
    Token,
    /// A FHIR server.
    Resource,
    /// Something else.
    Other,
}

/// An exchange with its number.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Its number in the run.
    pub number: u32,
    /// As whom it was sent.
    pub peer: Peer,
    /// At what it was aimed.
    pub place: Place,
    /// What was asked and answered.
    pub exchange: Rc<Exchange>,
}

impl Seen {
    /// The answer, if there is one.
    pub fn answer(&self) -> Option<&Response> {
        self.exchange.result.as_ref().ok()
    }

    /// Its status; 0 for no answer.
    pub fn status(&self) -> u16 {
        self.answer().map_or(0, |answer| answer.status)
    }

    /// A header of the answer.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.answer()?.headers.get(name)
    }

    /// The body without its coding: a server that compresses unasked is judged for that once, not everywhere.
    fn plain(&self) -> Cow<'_, [u8]> {
        let Some(answer) = self.answer() else { return Cow::Borrowed(&[]) };
        let unpacked = match self.header("Content-Encoding").map(str::trim) {
            Some("gzip") => unpacked(flate2::read::GzDecoder::new(&answer.body[..])),
            Some("deflate") => unpacked(flate2::read::ZlibDecoder::new(&answer.body[..])),
            _ => None,
        };
        unpacked.map_or(Cow::Borrowed(&answer.body[..]), Cow::Owned)
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.plain()).into_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.plain()).ok()
    }

    /// True for 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status())
    }

    /// Status or error in a few words.
    pub fn in_words(&self) -> String {
        match &self.exchange.result {
            Ok(answer) => format!("status {}", answer.status),
            Err(error) => format!("no answer ({})", error.detail),
        }
    }

    /// A finding about this exchange.
    pub fn finding(&self, level: Level, kind: crate::diagnostic::Code, message: impl Into<String>) -> Finding {
        Finding::new(level, kind, message).found(self.in_words()).at(self.number)
    }

    /// That there is no answer, or one of a server that broke; None when it answered in some way.
    pub fn broken(&self, level: Level) -> Option<Finding> {
        match self.status() {
            0 => Some(self.finding(level, code::BROKEN, "there was no answer")),
            500.. => Some(self.finding(level, code::BROKEN, format!("the server broke with status {}", self.status()))),
            _ => None,
        }
    }

    /// A plain pass that this exchange shows.
    pub fn shows(&self) -> Outcome {
        Outcome::shown_by(self.number)
    }
}

/// Most bytes that are unpacked: a small answer may hold a large one.
const UNPACKED: u64 = 256 * 1024 * 1024;

/// What a stream holds, up to a bound.
pub fn unpacked(reader: impl std::io::Read) -> Option<Vec<u8>> {
    let mut bytes = vec![];
    std::io::Read::read_to_end(&mut std::io::Read::take(reader, UNPACKED), &mut bytes).ok().map(|_| bytes)
}

/// What the checks of a run share.
pub struct Session<'s> {
    /// What was supplied.
    pub setup: &'s Setup,
    /// The connections.
    pub dialer: Dialer,
    /// Lists, once read.
    pub lists: Lists,
    /// What MedMij checks look at together.
    pub medmij: Observations,
    /// What API checks look at together.
    pub api: ApiObservations,
    /// What notified-pull checks look at together.
    pub pull: PullObservations,
    /// Language of titles.
    pub language: Language,
    log: RefCell<Vec<Seen>>,
    secrets: RefCell<Vec<String>>,
    sink: &'s dyn EventSink,
    broken_sink: RefCell<Option<RecordError>>,
    numbers: Cell<u32>,
    at: Cell<(u32, u32)>,
    last: Cell<Option<Instant>>,
}

/// What a request to the record looks like beside a secret.
const SECRET_FIELDS: [&str; 4] = ["access_token", "refresh_token", "client_assertion", "assertion"];

impl<'s> Session<'s> {
    /// Nothing is asked yet.
    pub fn new(setup: &'s Setup, sink: &'s dyn EventSink, language: Language) -> Session<'s> {
        let dialer = Dialer::new(setup.resolve.clone(), setup.reach.clone(), setup.timeout, setup.roots.clone());
        let session = Session {
            setup,
            dialer,
            lists: Lists::default(),
            medmij: Observations::default(),
            api: ApiObservations::default(),
            pull: PullObservations::default(),
            language,
            log: RefCell::default(),
            secrets: RefCell::default(),
            sink,
            broken_sink: RefCell::default(),
            numbers: Cell::new(0),
            at: Cell::new((0, 0)),
            last: Cell::new(None),
        };
        setup.persons.iter().for_each(|person| session.keep_secret(person.password.expose()));
        setup.token.iter().chain(&setup.second_token).for_each(|token| session.keep_secret(token.expose()));
        session
    }

    /// From here on this text is written down as a hash.
    pub fn keep_secret(&self, secret: &str) {
        let mut secrets = self.secrets.borrow_mut();
        if secret.len() >= 6 && !secrets.iter().any(|known| known == secret) {
            secrets.push(secret.to_owned());
            // Longer ones first: one may be part of another.
            secrets.sort_by_key(|known| std::cmp::Reverse(known.len()));
        }
    }

    /// A text without the secrets that are known.
    pub fn masked(&self, text: &str) -> String {
        let mut out = text.to_owned();
        for secret in self.secrets.borrow().iter() {
            if out.contains(secret.as_str()) {
                let hash = &BodyHash::of(secret.as_bytes()).to_string()[..8];
                out = out.replace(secret.as_str(), &format!("{}sha256:{hash}", redaction::MASK));
            }
        }
        out
    }

    fn identity(&self, peer: Peer) -> Option<&Identity> {
        match peer {
            Peer::Nobody => None,
            Peer::Client => self.setup.client.as_ref(),
            Peer::Second => self.setup.second.as_ref(),
            Peer::Unlisted => self.setup.unlisted.as_ref(),
            Peer::Unknown => self.setup.unknown.as_ref().or_else(|| super::tls::stranger()),
            Peer::Expired => self.setup.expired.as_ref(),
        }
    }

    /// Sends a request, as whom and at what, and keeps what came of it.
    pub async fn send(&self, peer: Peer, place: Place, request: Request) -> Seen {
        self.slow_down().await;
        let exchange = self.dialer.send(self.identity(peer), request).await;
        self.learn(&exchange);
        let number = self.numbers.get() + 1;
        self.numbers.set(number);
        let seen = Seen { number, peer, place, exchange: Rc::new(exchange) };
        self.write_down(&seen);
        self.log.borrow_mut().push(seen.clone());
        seen
    }

    /// GET with these headers.
    pub async fn get(&self, peer: Peer, place: Place, url: &str, headers: &[(&str, &str)]) -> Seen {
        self.send(peer, place, request("GET", url, headers, "")).await
    }

    /// An exchange in which we were the server.
    pub fn received(&self, exchange: Exchange) -> Seen {
        self.learn(&exchange);
        let number = self.numbers.get() + 1;
        self.numbers.set(number);
        let seen = Seen { number, peer: Peer::Nobody, place: Place::Other, exchange: Rc::new(exchange) };
        self.write_down(&seen);
        self.log.borrow_mut().push(seen.clone());
        seen
    }

    async fn slow_down(&self) {
        if let Some(rate) = self.setup.rate.filter(|rate| *rate > 0.0) {
            let pause = Duration::from_secs_f64(1.0 / rate);
            if let Some(wait) = self.last.get().and_then(|last| pause.checked_sub(last.elapsed())) {
                tokio::time::sleep(wait).await;
            }
            self.last.set(Some(Instant::now()));
        }
    }

    /// Waits until something that lasts this many seconds is over, with a little grace for clocks.
    ///
    /// # Errors
    /// It lasts longer than may be waited.
    pub async fn outlast(&self, seconds: f64) -> Result<(), Outcome> {
        let seconds = if seconds.is_finite() { seconds.max(0.0) } else { f64::MAX };
        let longest = self.setup.wait_expiry.unwrap_or_default();
        if seconds > longest.as_secs_f64() {
            let message = format!("it lasts {seconds} seconds, longer than the {longest:?} of `--wait-expiry`");
            return Err(Outcome::open(code::GUARDED, message));
        }
        tokio::time::sleep(Duration::from_secs_f64(seconds + seconds.min(30.0))).await;
        Ok(())
    }

    /// Everything asked so far at a place.
    pub fn seen(&self, place: Place) -> Vec<Seen> {
        self.log.borrow().iter().filter(|seen| seen.place == place).cloned().collect()
    }

    /// Secrets in forms, redirects and token answers, before anything is written down.
    fn learn(&self, exchange: &Exchange) {
        let form = |text: &str| {
            for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
                if SECRET_FIELDS.contains(&&*name) || matches!(&*name, "code" | "password" | "code_verifier") {
                    self.keep_secret(&value);
                }
            }
        };
        let request = &exchange.request;
        if request.headers.get("Content-Type").is_some_and(|t| t.starts_with("application/x-www-form-urlencoded")) {
            form(&String::from_utf8_lossy(&request.body));
        }
        if let Some(token) = request.headers.get("Authorization") {
            self.keep_secret(AccessToken::new(token).expose());
        }
        let Ok(answer) = &exchange.result else { return };
        if let Some((_, query)) = answer.headers.get("Location").and_then(|l| l.split_once('?')) {
            form(query.split('#').next().unwrap_or_default());
        }
        if answer.body.first() == Some(&b'{')
            && let Ok(value) = serde_json::from_slice::<serde_json::Value>(&answer.body)
        {
            for field in SECRET_FIELDS {
                if let Some(secret) = value.get(field).and_then(|v| v.as_str()) {
                    self.keep_secret(secret);
                }
            }
        }
    }

    /// Which check is being judged.
    pub(super) fn enter(&self, script: u32, test: u32) {
        self.at.set((script, test));
    }

    /// Passes an event on; the first that cannot be written is remembered.
    pub(super) fn tell(&self, event: &Event) {
        if let Err(error) = self.sink.event(event) {
            self.broken_sink.borrow_mut().get_or_insert(error);
        }
    }

    /// Why the record is not complete, if it is not.
    pub(super) fn sink_error(&self) -> Option<RecordError> {
        self.broken_sink.borrow_mut().take()
    }

    fn write_down(&self, seen: &Seen) {
        let Exchange { request, result, started, elapsed, .. } = &*seen.exchange;
        let (script, test) = self.at.get();
        let recorded_request = self.message(&request.headers, &request.body);
        let (response, status, error) = match result {
            Ok(answer) => (Some(self.message(&answer.headers, &answer.body)), Some(answer.status), None),
            Err(error) => (None, None, Some((error.kind.code().to_owned(), error.detail.clone()))),
        };
        self.tell(&Event::from(Exchanged {
            exchange: seen.number,
            script,
            test,
            request: recorded_request,
            method: request.method.clone(),
            url: self.masked(&redaction::recorded_url(&request.url)),
            response,
            status,
            error,
            at: started.to_string(),
            micros: elapsed.as_micros().try_into().unwrap_or(u64::MAX),
            renews: None,
        }));
    }

    fn message(&self, headers: &Headers, body: &[u8]) -> RecordedMessage {
        let field = |(name, value): (&str, &str)| {
            let value = redaction::recorded_header(name, value);
            let value = if name.eq_ignore_ascii_case("location") {
                redaction::recorded_url(&value).into_owned()
            } else {
                value.into_owned()
            };
            (name.to_owned(), self.masked(&value))
        };
        let headers = headers.iter().map(field).collect();
        if body.is_empty() {
            return RecordedMessage { headers, body: None, size: 0 };
        }
        let masked = std::str::from_utf8(body).ok().map(|text| self.masked(text));
        let body = masked.as_ref().map_or(body, |text| text.as_bytes());
        let hash = BodyHash::of(body);
        if let Err(error) = self.sink.body(&hash, body) {
            self.broken_sink.borrow_mut().get_or_insert(error);
        }
        RecordedMessage { headers, body: Some(hash.to_string()), size: body.len() as u64 }
    }
}

/// A request from its parts.
pub fn request(method: &str, url: &str, headers: &[(&str, &str)], body: impl Into<bytes::Bytes>) -> Request {
    Request {
        method: method.to_owned(),
        url: url.to_owned(),
        headers: headers.iter().copied().collect(),
        body: body.into(),
    }
}
