//! Citizen service numbers in any text: nine digits that pass the eleven-test, and what they stand beside.

use std::ops::Range;

use crate::exchange::Bsn;

/// How sure it is that a number is a BSN.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// The system of BSNs stands beside it.
    Certain,
    /// It could be one, and nothing says that it is something else.
    Loose,
    /// It is a code, or a number of another system.
    Other,
}

/// A number of nine digits that passes the eleven-test.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Number {
    /// Where its digits are.
    pub at: Range<usize>,
    /// What it seems to be.
    pub standing: Standing,
}

/// Ways to write the system before a `|`.
const SYSTEMS: [&[u8]; 4] = [b"NamingSystem/bsn", b"NamingSystem%2Fbsn", b"NamingSystem%2fbsn", b"113883.2.4.6.3"];

/// The numbers in a text, in order.
pub fn numbers(text: &[u8]) -> impl Iterator<Item = Number> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            // The ninth digit of a number that begins here decides whether to look closer.
            let ninth = text.get(at + 8)?;
            if !ninth.is_ascii_digit() {
                at += 9;
                continue;
            }
            let back = (0..=8).take_while(|back| text.get(at + 8 - back).is_some_and(u8::is_ascii_digit)).count();
            let mut start = at + 9 - back;
            // Digits before this place belong to it too, when an earlier step landed in a number.
            while start.checked_sub(1).and_then(|before| text.get(before)).is_some_and(u8::is_ascii_digit) {
                start -= 1;
            }
            // `%7C999911120`: the digit of an escape is no part of the number behind it.
            let rest = text.get(start..).unwrap_or_default();
            let length = rest.iter().take_while(|b| b.is_ascii_digit()).count();
            at = start + length;
            let escaped = start.checked_sub(1).and_then(|before| text.get(before)) == Some(&b'%');
            let (start, length) = if escaped && length > 9 { (start + 2, length - 2) } else { (start, length) };
            let digits = start..start + length;
            if length == 9 && bounded(text, &digits) && is_bsn(text.get(digits.clone()).unwrap_or_default()) {
                let standing = standing(text, &digits);
                return Some(Number { at: digits, standing });
            }
        }
    })
}

fn is_bsn(digits: &[u8]) -> bool {
    std::str::from_utf8(digits).is_ok_and(|digits| Bsn::parse(digits).is_ok())
}

/// No letter, and no dot or comma with digits, goes on where the number ends.
fn bounded(text: &[u8], digits: &Range<usize>) -> bool {
    let before = |back: usize| digits.start.checked_sub(back).and_then(|at| text.get(at)).copied();
    let after = |ahead: usize| text.get(digits.end + ahead).copied();
    let letter = |byte: Option<u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric());
    // `%7C` and `\n` end in a letter that is none.
    let escaped = before(3) == Some(b'%') || before(2) == Some(b'\\');
    let dotted =
        |mark: Option<u8>, beyond: Option<u8>| matches!(mark, Some(b'.')) && beyond.is_some_and(|b| b.is_ascii_digit());
    (!letter(before(1)) || escaped) && !letter(after(0)) && !dotted(before(1), before(2)) && !dotted(after(0), after(1))
}

/// What stands before the number says what it is.
fn standing(text: &[u8], digits: &Range<usize>) -> Standing {
    let before = text.get(digits.start.saturating_sub(160)..digits.start).unwrap_or_default();
    let ends = |marks: &[&[u8]]| marks.iter().any(|mark| before.ends_with(mark));
    // `system|number`, as in a search.
    if ends(&[b"|", b"%7C", b"%7c"]) {
        let from = before.iter().rposition(|b| matches!(b, b'=' | b'&' | b',' | b'?' | b'"' | b' ')).unwrap_or(0);
        let system = before.get(from..).unwrap_or_default();
        let bsn = SYSTEMS.iter().any(|name| memchr::memmem::find(system, name).is_some());
        // `=|number` says that there is no system.
        let none = system.iter().filter(|b| b.is_ascii_alphanumeric()).count() <= 2;
        return if bsn {
            Standing::Certain
        } else if none {
            Standing::Loose
        } else {
            Standing::Other
        };
    }
    if ends(&[b"NamingSystem/bsn/", b"6.3.", b"6.3:"]) {
        return Standing::Certain;
    }
    if ends(&[b"snomed.info/sct/", b"snomed.info/id/", b"code=", b"_id=", b"Length: "]) && !ends(&[b"patient_id="]) {
        return Standing::Other;
    }
    // The name of the member or element whose whole value it is.
    let quoted = before.last().is_some_and(|b| matches!(b, b'"' | b'\''));
    let head = if quoted { before.get(..before.len() - 1).unwrap_or_default() } else { before };
    let head = head.trim_ascii_end();
    let name = match head.last() {
        Some(b':') => head.get(..head.len() - 1).unwrap_or_default().trim_ascii_end(),
        Some(b'=') => {
            // `<code value="…"`: the element, not the attribute.
            let tag = head.iter().rposition(|b| *b == b'<').map_or(0, |at| at + 1);
            let element = head.get(tag..).unwrap_or_default();
            element.split(|b| b.is_ascii_whitespace()).next().unwrap_or_default()
        }
        _ => return Standing::Loose,
    };
    let name = name.strip_suffix(b"\"").unwrap_or(name);
    let word = name.rsplit(|b| !b.is_ascii_alphanumeric() && *b != b'_').next().unwrap_or_default();
    let coded = word == b"code" || word.ends_with(b"Code") || word == b"version" || word == b"versionId";
    // Without quotes it is a quantity, a counter, a position.
    let number = !quoted && matches!(head.last(), Some(b':')) && head.len() >= 2 && name.len() + 1 < head.len();
    let other_system = word == b"value" && another_system(text, digits);
    if coded || number || other_system { Standing::Other } else { Standing::Loose }
}

/// The value of an Identifier or quantity that says another system, before or after it.
fn another_system(text: &[u8], digits: &Range<usize>) -> bool {
    let before = text.get(digits.start.saturating_sub(240)..digits.start).unwrap_or_default();
    let after = text.get(digits.end..(digits.end + 240).min(text.len())).unwrap_or_default();
    let opened = before.iter().rposition(|b| *b == b'{').map_or(0, |at| at);
    let closed = after.iter().position(|b| *b == b'}').unwrap_or(after.len());
    let near = [before.get(opened..).unwrap_or_default(), after.get(..closed).unwrap_or_default()];
    near.iter().any(|part| memchr::memmem::find(part, b"system").is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_what_it_stands_beside() {
        use Standing::*;
        for (text, expected) in [
            ("http://fhir.nl/fhir/NamingSystem/bsn|999911120", Some(Certain)),
            ("?identifier=http%3A%2F%2Ffhir.nl%2Ffhir%2FNamingSystem%2Fbsn%7C999911120&x", Some(Certain)),
            ("urn:oid:2.16.840.1.113883.2.4.6.3|999911120", Some(Certain)),
            ("?code=http://snomed.info/sct|999911120", Some(Other)),
            ("?code=999911120", Some(Other)),
            ("patient 999911120 is unknown", Some(Loose)),
            ("999911120", Some(Loose)),
            ("?identifier=999911120", Some(Loose)),
            ("/Patient/999911120/_history", Some(Loose)),
            (r#"{"code": "999911120"}"#, Some(Other)),
            (r#"{"valueString":"999911120"}"#, Some(Loose)),
            (r#"{"valueString":"bsn 999911120"}"#, Some(Loose)),
            (r#"{"system":"http://agb","value":"999911120"}"#, Some(Other)),
            (r#"{"value":"999911120"}"#, Some(Loose)),
            (r#"{"value": 999911120}"#, Some(Other)),
            (r#"{"div":"<p>\n999911120</p>"}"#, Some(Loose)),
            (r#"<code value="999911120"/>"#, Some(Other)),
            (r#"<valueString value='999911120'/>"#, Some(Loose)),
            ("1.2.999911120", None),
            ("9999111200", None),
            ("a999911120", None),
            ("999911121", None),
            ("999911120.5", None),
        ] {
            let all: Vec<Number> = numbers(text.as_bytes()).collect();
            assert_eq!(all.first().map(|n| n.standing), expected, "{text}");
            assert!(all.iter().all(|n| &text[n.at.clone()] == "999911120"), "{text}");
        }
    }

    #[test]
    fn every_number_is_found_wherever_it_begins() {
        for padding in 0..30 {
            let text = format!("{}999911120 {}999911120", " ".repeat(padding), "1 ".repeat(padding));
            assert_eq!(numbers(text.as_bytes()).count(), 2, "{text}");
        }
    }
}
