//! Where persons and secrets stand in a body: a walk over JSON or XML that knows a few names of elements.
//!
//! It is no parser: what is not well-formed is walked as far as it makes sense, so that a broken answer is
//! masked as well as a good one. Nothing is allocated for what is not found.

use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};

/// What a stretch of a body is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A name of a person: family, given, text of a HumanName.
    Name,
    /// What a reference to a person shows.
    Display,
    /// The value of an Identifier with the system of BSNs.
    Bsn,
    /// A token, a code or a key.
    Secret,
}

/// Takes what is found.
pub type Found<'f> = &'f mut dyn FnMut(Kind, Range<usize>);

/// Names of members whose value gives access.
const SECRETS: [&[u8]; 10] = [
    b"access_token",
    b"refresh_token",
    b"id_token",
    b"client_secret",
    b"client_assertion",
    b"code_verifier",
    b"assertion",
    b"password",
    b"accessToken",
    b"refreshToken",
];

/// Members that refer to a person, whatever the reference looks like.
const PERSONS: [&[u8]; 4] = [b"subject", b"patient", b"beneficiary", b"individual"];

/// Resource types of persons.
const PERSON_TYPES: [&[u8]; 4] = [b"Patient/", b"Practitioner/", b"RelatedPerson/", b"Person/"];

/// Deeper than this nothing of FHIR is; it is walked, but not looked at.
const DEEPEST: usize = 256;

fn contains(text: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(text, part).is_some()
}

fn is_bsn_system(system: &[u8]) -> bool {
    contains(system, b"NamingSystem/bsn") || contains(system, crate::exchange::Bsn::OID.as_bytes())
}

fn is_person(reference: &[u8]) -> bool {
    PERSON_TYPES.iter().any(|kind| contains(reference, kind))
}

/// A place in a body, in four bytes each: a body is never as large as that counts.
#[derive(Clone, Copy, Default)]
struct Place {
    start: u32,
    end: u32,
}

impl Place {
    fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

impl From<Range<usize>> for Place {
    fn from(range: Range<usize>) -> Self {
        Place { start: range.start as u32, end: range.end as u32 }
    }
}

/// An object of JSON or an element of XML that is open.
#[derive(Clone, Copy, Default)]
struct Open {
    /// Its name: of the member it is the value of, or of the element.
    name: Place,
    /// Below a HumanName, and below its family.
    human: bool,
    family: bool,
    /// JSON: an array rather than an object.
    array: bool,
    bsn_system: bool,
    person: Option<bool>,
    value: Option<Place>,
    display: Option<Place>,
}

impl Open {
    fn inside(name: Place, text: &[u8], above: Option<&Open>) -> Open {
        let word = text.get(name.range()).unwrap_or_default();
        let (human, family) = above.map_or((false, false), |above| (above.human, above.family));
        let human_here = matches!(word, b"name" | b"valueHumanName") || human;
        let family_here = matches!(word, b"_family" | b"family" | b"_given" | b"given") || family;
        Open { name, human: human_here, family: family_here, ..Open::default() }
    }

    /// A member or child with a plain value.
    fn leaf(&mut self, name: &[u8], value: Range<usize>, text: &[u8], found: Found<'_>) {
        let word = |range: &Range<usize>| text.get(range.clone()).unwrap_or_default();
        match name {
            b"system" => self.bsn_system |= is_bsn_system(word(&value)),
            b"value" => self.value = Some(value.into()),
            b"display" => self.display = Some(value.into()),
            b"reference" => self.person = Some(is_person(word(&value))),
            b"family" | b"given" => found(Kind::Name, value),
            b"text" if self.human => found(Kind::Name, value),
            b"valueString" if self.family => found(Kind::Name, value),
            _ if name.len() >= 8 && SECRETS.contains(&name) => found(Kind::Secret, value),
            _ => {}
        }
    }

    /// All its members are known.
    fn close(self, text: &[u8], found: Found<'_>) {
        let named = || PERSONS.contains(&text.get(self.name.range()).unwrap_or_default());
        if let Some(value) = self.value.filter(|_| self.bsn_system) {
            found(Kind::Bsn, value.range());
        }
        // A coding has a display as well: without a reference it has to be a member that refers to a person.
        if let Some(display) = self.display.filter(|_| self.person.unwrap_or_else(named)) {
            found(Kind::Display, display.range());
        }
    }
}

/// True when a body may hold a name, a BSN or a secret; what references show is not counted. Much faster than
/// the walk, which most bodies then need not take.
pub fn may_hold(body: &[u8]) -> bool {
    static PARTS: OnceLock<Option<AhoCorasick>> = OnceLock::new();
    let parts = PARTS.get_or_init(|| {
        let words = [
            "family",
            "given",
            "\"name\"",
            "<name",
            ":name",
            "HumanName",
            "NamingSystem/bsn",
            crate::exchange::Bsn::OID,
        ];
        let secrets = SECRETS.iter().filter_map(|name| std::str::from_utf8(name).ok());
        let all: Vec<&str> = words.into_iter().chain(secrets).collect();
        AhoCorasickBuilder::new().match_kind(MatchKind::LeftmostFirst).build(all).ok()
    });
    parts.as_ref().is_none_or(|parts| parts.is_match(body))
}

/// Walks a body of either format; anything else has no places.
pub fn walk(body: &[u8], found: Found<'_>) {
    match body.iter().find(|b| !b.is_ascii_whitespace() && !matches!(**b, 0xef | 0xbb | 0xbf)) {
        Some(b'{' | b'[') => json(body, found),
        Some(b'<') => xml(body, found),
        _ => {}
    }
}

fn json(text: &[u8], found: Found<'_>) {
    let mut open: Vec<Open> = vec![];
    let mut too_deep = 0usize;
    // The name of the member whose value comes next.
    let mut name = Place::default();
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => {
                let end = string_end(text, at + 1);
                let inside = at + 1..end;
                at = end + 1;
                while text.get(at).is_some_and(u8::is_ascii_whitespace) {
                    at += 1;
                }
                match open.last_mut() {
                    _ if text.get(at) == Some(&b':') => {
                        name = inside.into();
                        at += 1;
                    }
                    Some(last) if too_deep == 0 => {
                        // What stands in an array is called as the array is.
                        let called = if last.array { last.name } else { name };
                        last.leaf(text.get(called.range()).unwrap_or_default(), inside, text, found);
                    }
                    _ => {}
                }
                continue;
            }
            b'{' | b'[' if open.len() >= DEEPEST => too_deep += 1,
            b'{' | b'[' => {
                let above = open.last();
                let called = above.filter(|above| above.array).map_or(name, |above| above.name);
                let mut next = Open::inside(called, text, above);
                next.array = *byte == b'[';
                open.push(next);
            }
            b'}' | b']' if too_deep > 0 => too_deep -= 1,
            b'}' | b']' => {
                if let Some(closed) = open.pop() {
                    closed.close(text, found);
                }
            }
            _ => {}
        }
        at += 1;
    }
    // What broke off is masked too.
    open.into_iter().for_each(|open| open.close(text, found));
}

/// The quote that ends a string, or the end of the text.
fn string_end(text: &[u8], from: usize) -> usize {
    let mut at = from;
    // Most strings are short; a long one is worth a search.
    for _ in 0..24 {
        match text.get(at) {
            Some(b'"') => return at,
            Some(b'\\') | None => break,
            Some(_) => at += 1,
        }
    }
    while let Some(next) = text.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += next;
        if text.get(at) == Some(&b'"') {
            return at;
        }
        at += 2;
    }
    text.len()
}

fn xml(text: &[u8], found: Found<'_>) {
    let mut open: Vec<Open> = vec![];
    let mut too_deep = 0usize;
    let mut at = 0;
    while let Some(next) = text.get(at..).and_then(|rest| memchr::memchr(b'<', rest)) {
        let tag = at + next + 1;
        if text.get(tag..).is_some_and(|rest| rest.starts_with(b"!--")) {
            let Some(close) = text.get(tag..).and_then(|rest| memchr::memmem::find(rest, b"-->")) else { break };
            at = tag + close + 3;
            continue;
        }
        let Some(end) = tag_end(text, tag) else { break };
        at = end + 1;
        match text.get(tag) {
            Some(b'!' | b'?') => continue,
            Some(b'/') if too_deep > 0 => too_deep -= 1,
            Some(b'/') => {
                if let Some(closed) = open.pop() {
                    closed.close(text, found);
                }
            }
            _ => {
                let inside = text.get(tag..end).unwrap_or_default();
                let length = inside.iter().position(|b| b.is_ascii_whitespace() || *b == b'/').unwrap_or(inside.len());
                let colon = inside.iter().take(length).position(|b| *b == b':').map_or(0, |colon| colon + 1);
                let name = tag + colon..tag + length;
                if let (Some(value), Some(above)) = (attribute(text, tag + length, end), open.last_mut()) {
                    above.leaf(inside.get(colon..length).unwrap_or_default(), value, text, found);
                }
                if inside.last() == Some(&b'/') {
                    continue;
                }
                if open.len() >= DEEPEST {
                    too_deep += 1;
                } else {
                    let next = Open::inside(name.into(), text, open.last());
                    open.push(next);
                }
            }
        }
    }
    open.into_iter().for_each(|open| open.close(text, found));
}

/// The `>` of a tag that begins here; one in a quoted value is none.
fn tag_end(text: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        let next = memchr::memchr3(b'>', b'"', b'\'', text.get(at..)?)?;
        at += next;
        let quote = *text.get(at)?;
        if quote == b'>' {
            return Some(at);
        }
        at += 2 + memchr::memchr(quote, text.get(at + 1..)?)?;
    }
}

/// The attribute `value` between two places of a tag.
fn attribute(text: &[u8], from: usize, to: usize) -> Option<Range<usize>> {
    let inside = text.get(from..to)?;
    let name = memchr::memmem::find_iter(inside, b"value").find(|at| {
        let before = at.checked_sub(1).and_then(|before| inside.get(before));
        before.is_some_and(u8::is_ascii_whitespace)
    })?;
    let after = inside.get(name + 5..)?;
    let quote = after.iter().position(|b| !b.is_ascii_whitespace() && *b != b'=')?;
    let delimiter = *after.get(quote).filter(|b| matches!(b, b'"' | b'\''))?;
    let start = from + name + 5 + quote + 1;
    let length = memchr::memchr(delimiter, text.get(start..to)?)?;
    Some(start..start + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(body: &str) -> Vec<(Kind, &str)> {
        let mut all = vec![];
        walk(body.as_bytes(), &mut |kind, range| all.push((kind, body.get(range).unwrap())));
        all
    }

    #[test]
    fn persons_are_found_in_both_formats() {
        use Kind::*;
        let json = r#"{"resourceType":"Patient","text":{"div":"<p>x</p>"},
            "identifier":[{"value":"123","system":"http://other"},{"value":"999911120","system":"http://fhir.nl/fhir/NamingSystem/bsn"}],
            "name":[{"text":"A \"B\" C","family":"Bee","_family":{"extension":[{"url":"own","valueString":"Own"}]},"given":["Dee","E"]}],
            "generalPractitioner":[{"reference":"Practitioner/1","display":"Dr. F"}],"managingOrganization":{"reference":"Organization/1","display":"Org"},
            "maritalStatus":{"coding":[{"display":"no"}]},"access_token":"tok"}"#;
        assert_eq!(
            found(json),
            [
                (Bsn, "999911120"),
                (Name, "A \\\"B\\\" C"),
                (Name, "Bee"),
                (Name, "Own"),
                (Name, "Dee"),
                (Name, "E"),
                (Display, "Dr. F"),
                (Secret, "tok"),
            ]
        );
        let xml = r#"<?xml version="1.0"?><f:Patient xmlns:f='x'><!-- <family value="no"/> --><identifier><system value="urn:oid:2.16.840.1.113883.2.4.6.3"/><value value='999911120'/></identifier>
            <name><text value="A > C"/><family id="a" value="Bee"><extension url="own"><valueString value="Own"/></extension></family><given value="Dee"/></name>
            <subject><display value="Shown"/></subject><code><coding><display value="no"/></coding></code></f:Patient>"#;
        assert_eq!(
            found(xml),
            [(Bsn, "999911120"), (Name, "A > C"), (Name, "Bee"), (Name, "Own"), (Name, "Dee"), (Display, "Shown")]
        );
    }

    #[test]
    fn what_broke_off_is_looked_at_as_far_as_it_goes() {
        assert_eq!(found(r#"{"name":[{"family":"Bee"#), [(Kind::Name, "Bee")]);
        assert_eq!(found("<name><family value='Bee'/><given value='D"), [(Kind::Name, "Bee")]);
        assert_eq!(found("plain"), []);
        found(&"[".repeat(100_000));
        found(&"<a>".repeat(100_000));
    }

    proptest::proptest! {
        #[test]
        fn no_body_makes_it_panic(body in "[{\\[<]?[\\PC{}\\[\\]\"\\\\:,<>/=' ]{0,60}") {
            found(&body);
        }
    }
}
