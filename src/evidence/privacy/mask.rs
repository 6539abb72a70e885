//! Replacing what a survey found.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};
use bytes::Bytes;

use crate::evidence::discretion::rewrite;
use crate::exchange::redaction::MASK;
use crate::record::{ActionFinished, Event, Exchanged, RecordedMessage, RunInputs};

use super::number::{Standing, numbers};
use super::pseudonym::MaskKey;
use super::survey::Survey;
use super::walk::{Kind, walk};

/// Replaces persons and secrets by their pseudonyms. What comes out is as long as what went in.
pub struct Mask {
    key: MaskKey,
    survey: Survey,
    /// Names, then secrets.
    words: Option<AhoCorasick>,
    names: usize,
    /// The pseudonyms of BSNs: no two persons of a run become one.
    numbers: BTreeMap<String, String>,
    secrets: Vec<String>,
}

/// What stands in a record for a secret, without the hash.
const RECORDED: &str = "…sha256:";
/// The same after masking: as long.
const KEYED: &str = "…masked:";

impl Mask {
    /// A mask for what a survey found.
    pub fn new(key: MaskKey, survey: Survey) -> Mask {
        let secrets: Vec<String> = survey.secrets.iter().cloned().collect();
        let patterns: Vec<&str> =
            survey.names.iter().map(String::as_str).chain(secrets.iter().map(String::as_str)).collect();
        let builder =
            AhoCorasickBuilder::new().ascii_case_insensitive(true).match_kind(MatchKind::LeftmostLongest).clone();
        // Too many names for one automaton is more than a test has persons; then none is built and all bodies
        // are refused by `is_complete`.
        let words = if patterns.is_empty() { None } else { builder.build(&patterns).ok() };
        let mut taken = BTreeSet::new();
        let mut numbers = BTreeMap::new();
        for bsn in &survey.bsns {
            let mut pseudonym = key.bsn(bsn);
            // Among few thousand test numbers two can meet.
            for step in 0..u8::MAX {
                if !taken.contains(&pseudonym) {
                    break;
                }
                pseudonym = key.bsn(&format!(
                    "{}{}",
                    &bsn.get(..bsn.len().saturating_sub(3)).unwrap_or_default(),
                    100 + u32::from(step)
                ));
            }
            taken.insert(pseudonym.clone());
            numbers.insert(bsn.clone(), pseudonym);
        }
        let names = survey.names.len();
        Mask { key, survey, words, names, numbers, secrets }
    }

    /// The key, for keyed hashes.
    pub fn key(&self) -> &MaskKey {
        &self.key
    }

    /// A body with persons and secrets replaced; the same one where there are none.
    pub fn body(&self, body: &Bytes) -> Bytes {
        let mut edits: Vec<(Range<usize>, String)> = vec![];
        walk(body, &mut |kind, range| {
            let Some(text) = body.get(range.clone()).and_then(|bytes| std::str::from_utf8(bytes).ok()) else { return };
            edits.push((range, self.stretch(kind, text)));
        });
        self.loose(body, &mut edits);
        match edits.is_empty() {
            true => body.clone(),
            false => Bytes::from(edited(body, edits)),
        }
    }

    /// A text with persons and secrets replaced.
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut edits = vec![];
        self.loose(text.as_bytes(), &mut edits);
        if edits.is_empty() {
            return Cow::Borrowed(text);
        }
        // Edits are whole characters of the same length, so it stays UTF-8.
        String::from_utf8(edited(text.as_bytes(), edits)).map_or_else(|_| MASK.into(), Cow::Owned)
    }

    /// A value found in its place.
    fn stretch(&self, kind: Kind, text: &str) -> String {
        match kind {
            Kind::Bsn => self.number(text),
            Kind::Secret => self.secret(text),
            // Word by word, so that a whole name and its parts have the same pseudonyms.
            Kind::Name | Kind::Display => {
                let mut out = String::with_capacity(text.len());
                for word in text.split_inclusive(|c: char| {
                    c.is_whitespace() || matches!(c, ',' | '.' | '-' | '_' | '(' | ')' | '+' | '/' | '|')
                }) {
                    let bare = word.trim_end_matches(|c: char| {
                        c.is_whitespace() || matches!(c, ',' | '.' | '-' | '_' | '(' | ')' | '+' | '/' | '|')
                    });
                    out.push_str(&self.key.name(bare));
                    out.push_str(word.get(bare.len()..).unwrap_or_default());
                }
                out
            }
        }
    }

    fn number(&self, digits: &str) -> String {
        self.numbers.get(digits).cloned().unwrap_or_else(|| self.key.bsn(digits))
    }

    /// A secret of the same length.
    fn secret(&self, secret: &str) -> String {
        let stream = self.key.hash(secret.as_bytes());
        let mut stream = stream.chars().cycle();
        let shown = |c: char| if c.is_ascii_alphanumeric() { stream.next().unwrap_or('0') } else { c };
        secret.chars().map(shown).collect()
    }

    /// What is found anywhere.
    fn loose(&self, text: &[u8], edits: &mut Vec<(Range<usize>, String)>) {
        for number in numbers(text) {
            let Some(digits) = text.get(number.at.clone()).and_then(|d| std::str::from_utf8(d).ok()) else { continue };
            let known = self.survey.bsns.contains(digits);
            let masked = match number.standing {
                Standing::Certain => true,
                Standing::Loose => known || !self.survey.codes.contains(digits),
                Standing::Other => known && !self.survey.codes.contains(digits),
            };
            if masked {
                edits.push((number.at, self.number(digits)));
            }
        }
        for found in self.words.iter().flat_map(|words| words.find_iter(text)) {
            let Some(word) = text.get(found.range()).and_then(|word| std::str::from_utf8(word).ok()) else { continue };
            if found.pattern().as_usize() >= self.names {
                let own = self.secrets.get(found.pattern().as_usize() - self.names).map_or(word, String::as_str);
                if own == word {
                    edits.push((found.range(), self.secret(word)));
                }
            } else if is_word(text, &found.range()) {
                edits.push((found.range(), self.key.name(word)));
            }
        }
        for at in memchr::memmem::find_iter(text, RECORDED.as_bytes()) {
            let hash = at + RECORDED.len()..at + RECORDED.len() + 8;
            if let Some(Ok(digits)) = text.get(hash.clone()).map(std::str::from_utf8) {
                edits.push((at..hash.end, format!("{KEYED}{}", self.key.secret(digits))));
            }
        }
    }

    /// An event as it may leave the run folder: URLs, headers, errors and texts of findings. `bodies` gives the
    /// hash of a body after masking.
    pub fn event(&self, event: &Event, bodies: &HashMap<String, String>) -> Event {
        match event {
            Event::Exchanged(exchange) => Event::from(self.exchange(exchange, bodies)),
            Event::ActionFinished(action) => Event::from(self.action(action)),
            other => other.clone(),
        }
    }

    fn action(&self, action: &ActionFinished) -> ActionFinished {
        let mut action = action.clone();
        // What a script calls itself comes from no answer.
        rewrite(&mut action, &|text| self.text(text));
        action
    }

    fn exchange(&self, exchange: &Exchanged, bodies: &HashMap<String, String>) -> Exchanged {
        let message = |message: &RecordedMessage| RecordedMessage {
            headers: message.headers.iter().map(|(n, v)| (n.clone(), self.text(v).into_owned())).collect(),
            body: message.body.as_ref().map(|hash| bodies.get(hash).unwrap_or(hash).clone()),
            size: message.size,
        };
        let error = |(kind, detail): &(String, String)| (kind.clone(), self.text(detail).into_owned());
        Exchanged {
            request: message(&exchange.request),
            response: exchange.response.as_ref().map(message),
            url: self.text(&exchange.url).into_owned(),
            error: exchange.error.as_ref().map(error),
            ..exchange.clone()
        }
    }

    /// What a run was given, as it may leave the run folder.
    pub fn inputs(&self, inputs: &RunInputs) -> RunInputs {
        let masked = |text: &String| self.text(text).into_owned();
        RunInputs {
            target: masked(&inputs.target),
            variables: inputs.variables.iter().map(|(name, value)| (name.clone(), masked(value))).collect(),
            tokens: inputs.tokens.iter().map(|(name, value)| (name.clone(), masked(value))).collect(),
            settings: inputs.settings.iter().map(masked).collect(),
            ..inputs.clone()
        }
    }
}

/// True when a match is a whole word: letters of either side would make it another.
fn is_word(text: &[u8], at: &Range<usize>) -> bool {
    let letter = |byte: &u8| byte.is_ascii_alphanumeric() || *byte >= 0x80;
    let before = |back: usize| at.start.checked_sub(back).and_then(|at| text.get(at));
    // `\nJansen`, `%20Jansen`: the letter before it is of an escape.
    let escape = before(2) == Some(&b'\\') || before(3) == Some(&b'%');
    let starts = !before(1).is_some_and(letter) || escape;
    // A member or element called as somebody is called is no person.
    let colon = text.get(at.end) == Some(&b'"') && text.get(at.end + 1) == Some(&b':') && before(1) == Some(&b'"');
    let tag = matches!(before(1), Some(b'<')) || (before(1) == Some(&b'/') && before(2) == Some(&b'<'));
    starts && !text.get(at.end).is_some_and(letter) && !colon && !tag
}

/// The bytes with edits in their places; of two in one place the first stays.
fn edited(bytes: &[u8], mut edits: Vec<(Range<usize>, String)>) -> Vec<u8> {
    let mut out = bytes.to_vec();
    edits.sort_by_key(|(at, _)| (at.start, std::cmp::Reverse(at.end)));
    let mut done = 0;
    for (at, text) in edits {
        if at.start < done || text.len() != at.len() {
            continue;
        }
        if let Some(place) = out.get_mut(at.clone()) {
            place.copy_from_slice(text.as_bytes());
            done = at.end;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENT: &str = r#"{"resourceType":"Patient","id":"p","text":{"div":"<div>Jan KEURMEESTER, 123456782<br/>123456782</div>"},"identifier":[{"system":"http://fhir.nl/fhir/NamingSystem/bsn","value":"123456782"}],"name":[{"family":"Keurmeester","given":["Jan"]}],"code":{"coding":[{"system":"http://snomed.info/sct","code":"111222333"}]}}"#;

    fn mask(key: &str) -> Mask {
        let mut survey = Survey::default();
        survey.body(PATIENT.as_bytes());
        survey.body(br#"{"access_token":"tok-123456","error":"Bearer abc.def1"}"#);
        Mask::new(MaskKey::new(key.as_bytes()), survey)
    }

    #[test]
    fn a_person_is_masked_wherever_named_and_everything_else_stays() {
        let body = Bytes::from_static(PATIENT.as_bytes());
        let masked = mask("k").body(&body);
        let text = std::str::from_utf8(&masked).unwrap();
        assert_eq!(text.len(), PATIENT.len());
        for gone in ["Keurmeester", "KEURMEESTER", "Jan", "123456782"] {
            assert!(!text.contains(gone), "{gone}: {text}");
        }
        for stays in ["resourceType\":\"Patient", "111222333", "\"family\"", "<br/>"] {
            assert!(text.contains(stays), "{stays}: {text}");
        }
        assert_eq!(mask("k").body(&body), masked);
        assert_ne!(mask("l").body(&body), masked);
        assert!(matches!(mask("k").text("Observation 3"), Cow::Borrowed(_)));
    }

    #[test]
    fn texts_urls_and_secrets_are_masked_alike() {
        let mask = mask("k");
        let text = mask.text("Patient?family=Keurmeester&identifier=http://fhir.nl/fhir/NamingSystem/bsn%7C123456782");
        assert!(!text.contains("Keurmeester") && !text.contains("123456782"), "{text}");
        assert!(text.starts_with("Patient?family="), "{text}");
        for secret in ["tok-123456", "abc.def1"] {
            let text = format!("a {secret} b");
            assert!(!mask.text(&text).contains(secret));
            assert_eq!(mask.text(&text).len(), text.len());
        }
        let recorded = mask.text("Bearer …sha256:0123abcd");
        assert!(recorded.starts_with("Bearer …masked:") && !recorded.contains("0123abcd"), "{recorded}");
        assert_eq!(mask.text("January 2020 / Janssen"), "January 2020 / Janssen");
    }

    #[test]
    fn names_with_accents_are_found_in_every_spelling_and_stay_what_can_be_read() {
        let mut survey = Survey::default();
        survey.body(r#"{"name":[{"family":"Müller-Lübeck"},{"family":"Bj\u00f6rk"}]}"#.as_bytes());
        survey.url("http://h/Patient?family=J%C3%A9r%C3%B4me");
        let mask = Mask::new(MaskKey::new(b"k"), survey);
        for name in ["Müller", "MÜLLER", "Lübeck", "Bj\\u00f6rk", "Björk", "Jérôme", "J%C3%A9r%C3%B4me"] {
            let text = format!("a {name}, b");
            let masked = mask.text(&text);
            assert!(!masked.contains(name), "{masked}");
            assert_eq!(masked.len(), text.len());
        }
        assert_eq!(mask.text("x J%C3%A9r%C3%B4me").matches('%').count(), 4);
    }

    #[test]
    fn two_hundred_persons_stay_two_hundred() {
        let valid = |n: &u32| crate::exchange::Bsn::parse(&format!("{n:09}")).is_ok();
        let mut survey = Survey::default();
        for bsn in (100_000_000..).filter(valid).step_by(97).take(200) {
            survey.url(&format!("x=http://fhir.nl/fhir/NamingSystem/bsn|{bsn}"));
        }
        let mask = Mask::new(MaskKey::new(b"k"), survey);
        let different: BTreeSet<&String> = mask.numbers.values().collect();
        assert_eq!(different.len(), 200);
        assert!(different.iter().all(|bsn| bsn.starts_with("999") && crate::exchange::Bsn::parse(bsn).is_ok()));
    }
}
