//! `encode`, `decode`, `escape`, `unescape`, from the draft of the next release.

use super::Invocation;
use super::string::input_text;
use crate::fhirpath::error::ErrorKind;
use crate::fhirpath::evaluator::Fallible;
use crate::fhirpath::item::Item;
use crate::fhirpath::value::Value;

/// A way to write text: name, there, and back (None where the text is not so written).
type Coding = (&'static str, fn(&str) -> String, fn(&str) -> Option<String>);

const ENCODINGS: [Coding; 3] = [
    ("base64", |text| to_base64(text.as_bytes(), STANDARD), |text| utf8(from_base64(text, STANDARD)?)),
    ("urlbase64", |text| to_base64(text.as_bytes(), URL_SAFE), |text| utf8(from_base64(text, URL_SAFE)?)),
    ("hex", to_hex, |text| utf8(from_hex(text)?)),
];

const ESCAPES: [Coding; 2] = [
    ("html", |text| replaced(text, &HTML, false), |text| Some(replaced(text, &HTML, true))),
    ("json", |text| replaced(text, &JSON, false), |text| Some(replaced(text, &JSON, true))),
];

/// A character (as text) and how it is written; the one the others are written with comes first.
const HTML: [(&str, &str); 5] = [("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\"", "&quot;"), ("'", "&#39;")];
const JSON: [(&str, &str); 5] = [("\\", "\\\\"), ("\"", "\\\""), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")];

fn recoded<'a>(call: &Invocation<'_, 'a>, codings: &[Coding], back: bool) -> Fallible<Option<Item<'a>>> {
    let (Some(text), Some(name)) = (input_text(call)?, call.text_argument(0)?) else { return Ok(None) };
    let Some((_, there, again)) = codings.iter().find(|(n, ..)| *n == name) else {
        let known: Vec<&str> = codings.iter().map(|(n, ..)| *n).collect();
        return Err(call.error(ErrorKind::Value, &format!("knows {}, not `{name}`", known.join(", "))));
    };
    let result = if back { again(&text) } else { Some(there(&text)) };
    Ok(result.map(|text| Item::Value(Value::text(text))))
}

pub(super) fn encode<'a>(call: &Invocation<'_, 'a>) -> Fallible<Option<Item<'a>>> {
    recoded(call, &ENCODINGS, false)
}

pub(super) fn decode<'a>(call: &Invocation<'_, 'a>) -> Fallible<Option<Item<'a>>> {
    recoded(call, &ENCODINGS, true)
}

pub(super) fn escape<'a>(call: &Invocation<'_, 'a>) -> Fallible<Option<Item<'a>>> {
    recoded(call, &ESCAPES, false)
}

pub(super) fn unescape<'a>(call: &Invocation<'_, 'a>) -> Fallible<Option<Item<'a>>> {
    recoded(call, &ESCAPES, true)
}

/// Replaces from left to right, so that nothing is replaced twice.
fn replaced(text: &str, table: &[(&'static str, &'static str)], back: bool) -> String {
    let pair =
        |(plain, written): &(&'static str, &'static str)| if back { (*written, *plain) } else { (*plain, *written) };
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let hit = table.iter().map(pair).find(|(from, _)| rest.starts_with(from));
        let length = match hit {
            Some((from, to)) => {
                result.push_str(to);
                from.len()
            }
            None => {
                result.push(first);
                first.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    result
}

fn utf8(bytes: Vec<u8>) -> Option<String> {
    String::from_utf8(bytes).ok()
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn to_base64(bytes: &[u8], alphabet: &[u8; 64]) -> String {
    let mut result = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().chain([0, 0].iter()).take(3).fold(0_u32, |g, b| g << 8 | u32::from(*b));
        for place in 0..4 {
            let sextet = (group >> (18 - 6 * place)) & 63;
            result.push(if place <= chunk.len() { char::from(alphabet[sextet as usize]) } else { '=' });
        }
    }
    result
}

fn from_base64(text: &str, alphabet: &[u8; 64]) -> Option<Vec<u8>> {
    let (mut group, mut bits, mut bytes) = (0_u32, 0, vec![]);
    for byte in text.trim_end_matches('=').bytes() {
        let sextet = alphabet.iter().position(|a| *a == byte)?;
        group = (group << 6 | sextet as u32) & 0xff_ffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((group >> bits) as u8);
        }
    }
    Some(bytes)
}

fn to_hex(text: &str) -> String {
    text.bytes().map(|b| format!("{b:02x}")).collect()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text.chars().map(|c| c.to_digit(16).map(|d| d as u8)).collect();
    let digits = digits.filter(|d| d.len() % 2 == 0)?;
    Some(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}
