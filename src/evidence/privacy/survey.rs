//! What there is to mask in a run.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};

use crate::exchange::redaction;
use crate::record::{Event, ReadRecordError, Record, RunInputs};

use super::number::{Standing, numbers};
use super::pseudonym::unescaped;
use super::walk::{Kind, may_hold, walk};

/// The names, numbers and secrets of a run.
#[derive(Clone, Default, Debug)]
pub struct Survey {
    /// Words of names that are masked wherever they stand, as they were written and unescaped.
    pub(super) names: BTreeSet<String>,
    /// Tokens and codes.
    pub(super) secrets: BTreeSet<String>,
    /// Numbers that are BSNs for certain.
    pub(super) bsns: BTreeSet<String>,
    /// Numbers that are used as codes: what looks like a BSN and is one of these stays.
    pub(super) codes: BTreeSet<String>,
}

/// The shortest word of a name that is masked outside of names.
const SHORTEST_NAME: usize = 3;
/// The shortest secret.
const SHORTEST_SECRET: usize = 6;

/// Parts of names that say nothing about who it is, and words that names in tests share with the texts
/// around them. They are masked in names, not elsewhere.
const COMMON: [&str; 40] = [
    "aan",
    "and",
    "arts",
    "bij",
    "bundle",
    "code",
    "condition",
    "dhr",
    "den",
    "der",
    "des",
    "device",
    "dr.",
    "drs",
    "het",
    "heer",
    "http",
    "https",
    "huisarts",
    "ing",
    "mevr",
    "mevrouw",
    "mrs",
    "observation",
    "organization",
    "patient",
    "person",
    "practitioner",
    "prof",
    "system",
    "ten",
    "ter",
    "test",
    "tot",
    "uit",
    "url",
    "van",
    "von",
    "voor",
    "zur",
];

/// Search parameters that hold a name.
const NAME_PARAMETERS: [&str; 4] = ["family", "given", "name", "phonetic"];

/// What a secret stands behind, in any text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Marker {
    /// An authentication scheme.
    Scheme,
    /// A parameter of a query or form.
    Parameter,
    /// `code=`, which is a search parameter as well.
    Code,
    /// The token itself: its header begins with `{"`.
    Token,
}

const MARKERS: [(&str, Marker); 10] = [
    ("Bearer ", Marker::Scheme),
    ("bearer ", Marker::Scheme),
    ("token=", Marker::Parameter),
    ("secret=", Marker::Parameter),
    ("verifier=", Marker::Parameter),
    ("assertion=", Marker::Parameter),
    ("password=", Marker::Parameter),
    ("api_key=", Marker::Parameter),
    ("code=", Marker::Code),
    ("eyJ", Marker::Token),
];

static MARKERS_FOUND: OnceLock<Option<AhoCorasick>> = OnceLock::new();

/// True when a variable is called as what holds a name: `family`, `patient-name`, `achternaam`.
fn names_person(variable: &str) -> bool {
    const NAMES: [&str; 5] = ["family", "given", "surname", "voornaam", "achternaam"];
    let variable = variable.to_ascii_lowercase();
    let last = variable.rsplit(['-', '_', '.']).next().unwrap_or_default();
    NAME_PARAMETERS.contains(&last) || NAMES.iter().any(|name| variable.contains(name))
}

impl Survey {
    /// Everything in a record and in what the run was given.
    pub fn of(record: &Record) -> Result<Survey, ReadRecordError> {
        let mut survey = Survey::default();
        if let Some(inputs) = record.inputs()? {
            survey.inputs(&inputs);
        }
        // Persons of the fixtures come back in refusals and messages that name them and nothing else.
        record.each_file(|_, text| {
            if matches!(text.trim_start().as_bytes().first(), Some(b'{' | b'<')) && may_hold(text.as_bytes()) {
                survey.persons(text.as_bytes());
            }
        })?;
        let mut hashes = BTreeSet::new();
        for event in record.events() {
            let Event::Exchanged(exchange) = event else { continue };
            survey.url(&exchange.url);
            for message in [Some(&exchange.request), exchange.response.as_ref()].into_iter().flatten() {
                message.headers.iter().for_each(|(_, value)| survey.url(value));
                hashes.extend(message.body.as_deref());
            }
            if let Some((_, detail)) = &exchange.error {
                survey.text(detail);
            }
        }
        survey.bodies(record, &hashes.into_iter().collect::<Vec<_>>())?;
        Ok(survey)
    }

    /// Looks at bodies with all cores.
    fn bodies(&mut self, record: &Record, hashes: &[&str]) -> Result<(), ReadRecordError> {
        let look = |hashes: &[&str]| -> Result<Survey, ReadRecordError> {
            let mut survey = Survey::default();
            for hash in hashes {
                survey.body(&record.glance(hash)?.unwrap_or_default());
            }
            Ok(survey)
        };
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        // A thread is not worth starting for a few.
        let share = hashes.len().div_ceil(cores).max(64);
        let parts = std::thread::scope(|scope| {
            let mut shares = hashes.chunks(share);
            let first = shares.next();
            let others: Vec<_> = shares.map(|share| scope.spawn(move || look(share))).collect();
            let mut parts = vec![first.map_or_else(|| Ok(Survey::default()), look)];
            let joined = |worker: std::thread::ScopedJoinHandle<'_, _>| {
                worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            parts.extend(others.into_iter().map(joined));
            parts
        });
        for part in parts {
            let Survey { names, secrets, bsns, codes } = part?;
            self.names.extend(names);
            self.secrets.extend(secrets);
            self.bsns.extend(bsns);
            self.codes.extend(codes);
        }
        Ok(())
    }

    fn inputs(&mut self, inputs: &RunInputs) {
        for (name, value) in &inputs.variables {
            self.url(value);
            if names_person(name) {
                self.name(value);
            }
        }
    }

    /// A body of whatever format.
    pub fn body(&mut self, body: &[u8]) {
        self.loose(body);
        if may_hold(body) {
            self.persons(body);
        }
    }

    /// What stands in its place in a body.
    fn persons(&mut self, body: &[u8]) {
        walk(body, &mut |kind, range| {
            let Some(text) = body.get(range).and_then(|bytes| std::str::from_utf8(bytes).ok()) else { return };
            match kind {
                Kind::Name => self.name(text),
                Kind::Secret => self.secret(text),
                Kind::Bsn => drop(self.bsns.insert(text.to_owned())),
                // Masked where it stands: it is seldom only a name.
                Kind::Display => {}
            }
        });
    }

    /// Any text.
    pub fn text(&mut self, text: &str) {
        self.loose(text.as_bytes());
    }

    /// A URL, or a header that may hold one.
    pub fn url(&mut self, url: &str) {
        self.loose(url.as_bytes());
        // A header may go on behind a URL.
        let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '`');
        let query = url.split_once('?').and_then(|(_, query)| query.split(ends).next()).unwrap_or_default();
        for (name, value) in query.split(['&', ';']).filter_map(|pair| pair.split_once('=')) {
            // `patient.family:exact`; of a path of references the last counts.
            let parts = name.split([':', '.']);
            if parts.into_iter().any(|part| NAME_PARAMETERS.contains(&part)) {
                let decoded = percent_encoding::percent_decode_str(value).decode_utf8_lossy();
                self.name(&decoded);
                self.name(value);
            }
        }
    }

    fn loose(&mut self, text: &[u8]) {
        for number in numbers(text) {
            let Some(digits) = text.get(number.at).and_then(|digits| std::str::from_utf8(digits).ok()) else {
                continue;
            };
            match number.standing {
                Standing::Certain => drop(self.bsns.insert(digits.to_owned())),
                Standing::Other => drop(self.codes.insert(digits.to_owned())),
                Standing::Loose => {}
            }
        }
        let markers = MARKERS_FOUND.get_or_init(|| {
            let words = MARKERS.iter().map(|(word, _)| *word);
            // This kind of match has a vectorised search.
            AhoCorasickBuilder::new().match_kind(MatchKind::LeftmostFirst).build(words).ok()
        });
        for found in markers.iter().flat_map(|markers| markers.find_iter(text)) {
            let Some((_, marker)) = MARKERS.get(found.pattern().as_usize()) else { continue };
            let start = if *marker == Marker::Token { found.start() } else { found.end() };
            let token = text.get(start..).unwrap_or_default();
            let is_token = |b: &u8| b.is_ascii_alphanumeric() || b"-._~+/=%".contains(b);
            let length = token.iter().take_while(|b| is_token(b)).count();
            let Some(Ok(token)) = token.get(..length).map(std::str::from_utf8) else { continue };
            let secret = match marker {
                // A word that follows in a sentence is none.
                Marker::Scheme => token.bytes().any(|b| b.is_ascii_digit()),
                Marker::Parameter => true,
                Marker::Code => {
                    let around = text.get(start.saturating_sub(300)..(start + 300).min(text.len())).unwrap_or_default();
                    [&b"state="[..], b"redirect_uri="].iter().any(|with| memchr::memmem::find(around, with).is_some())
                }
                // A JSON Web Token has three parts.
                Marker::Token => token.matches('.').count() >= 2,
            };
            if secret {
                self.secret(token);
            }
        }
    }

    fn name(&mut self, name: &str) {
        for text in [name, &unescaped(name)] {
            // A word ends where letters do; an escape belongs to its word.
            let separator =
                |c: char| c.is_whitespace() || matches!(c, ',' | '.' | '-' | '_' | '(' | ')' | '+' | '/' | '|');
            for word in text.split(separator) {
                let letters = word.chars().filter(|c| c.is_alphabetic()).count();
                let common = COMMON.iter().any(|common| common.eq_ignore_ascii_case(word));
                if word.chars().count() >= SHORTEST_NAME && letters >= 2 && !common {
                    self.names.insert(word.to_owned());
                    // The search knows upper and lower case of ASCII only.
                    if !word.is_ascii() {
                        self.names.extend([word.to_uppercase(), word.to_lowercase()]);
                    }
                }
            }
        }
    }

    fn secret(&mut self, secret: &str) {
        if secret.len() >= SHORTEST_SECRET && !secret.starts_with(redaction::MASK) {
            self.secrets.insert(secret.to_owned());
        }
    }
}
