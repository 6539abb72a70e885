//! A query string, taken apart.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use crate::simulator::refusal::{Reason, Refusal};

/// One `name=value`, decoded and as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    pub name: String,
    pub value: String,
    /// For links: the same pair as it came, safe in a URL.
    pub raw: String,
}

/// What must not stand as is in a query of a link we write.
const UNSAFE: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'#').add(b'`');

/// Takes a query string or a form body apart.
pub(crate) fn pairs(query: &str) -> Result<Vec<Pair>, Refusal> {
    let parts = query.split('&').filter(|p| !p.is_empty());
    parts
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let raw = utf8_percent_encode(part, UNSAFE).to_string();
            Ok(Pair { name: decode(name)?, value: decode(value)?, raw })
        })
        .collect()
}

fn decode(text: &str) -> Result<String, Refusal> {
    let spaced: Cow<'_, str> = if text.contains('+') { text.replace('+', " ").into() } else { text.into() };
    let decoded = percent_decode_str(&spaced).decode_utf8();
    match decoded {
        Ok(decoded) => Ok(decoded.into_owned()),
        Err(_) => Err(Refusal::new(Reason::Invalid, "the query is not UTF-8 once its percent-encoding is undone")),
    }
}

/// Splits at a character that has no backslash before it, and takes the backslashes away
/// (<http://hl7.org/fhir/STU3/search.html#escaping>).
pub(crate) fn split_escaped(value: &str, at: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                // Escapes of other separators stay for the next split.
                let next = chars.next();
                if let (Some(last), Some(next)) = (parts.last_mut(), next) {
                    if next != at {
                        last.push('\\');
                    }
                    last.push(next);
                }
            }
            c if c == at => parts.push(String::new()),
            c => {
                if let Some(last) = parts.last_mut() {
                    last.push(c);
                }
            }
        }
    }
    parts
}

/// Takes the remaining backslashes away.
pub(crate) fn unescape(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.extend(chars.next()),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_decoded_and_kept_as_written() {
        let read = pairs("code=http://loinc.org%7C8302-2,a&x=&&y=a+b").unwrap();
        let seen: Vec<_> = read.iter().map(|p| (p.name.as_str(), p.value.as_str(), p.raw.as_str())).collect();
        assert_eq!(
            seen,
            [
                ("code", "http://loinc.org|8302-2,a", "code=http://loinc.org%7C8302-2,a"),
                ("x", "", "x="),
                ("y", "a b", "y=a+b")
            ]
        );
        assert_eq!(pairs("a=%ff").map_err(|r| r.status), Err(400));
    }

    #[test]
    fn escaped_separators_do_not_split() {
        assert_eq!(split_escaped("a,b\\,c", ','), ["a", "b,c"]);
        assert_eq!(split_escaped("a\\|b|c", ','), ["a\\|b|c"]);
        assert_eq!(split_escaped("a\\|b|c", '|'), ["a|b", "c"]);
        assert_eq!(unescape("a\\\\b\\"), "a\\b");
    }
}
