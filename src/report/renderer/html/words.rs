//! Text on the page: escaped, and in both languages at once where they differ. The page shows the one
//! that is chosen.

use std::fmt::Write as _;

use crate::diagnostic::{Language, Words};

/// A text as HTML, good in an attribute too.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    push_escaped(&mut out, text);
    out
}

/// The same, behind what is there.
pub(super) fn push_escaped(out: &mut String, text: &str) {
    let mut copied = 0;
    for (at, byte) in text.bytes().enumerate() {
        let with = match byte {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            b'\'' => "&#39;",
            // Not allowed in HTML, and nothing to see.
            0..=8 | 11 | 12 | 14..=31 | 127 => "\u{fffd}",
            _ => continue,
        };
        out.push_str(&text[copied..at]);
        out.push_str(with);
        copied = at + 1;
    }
    out.push_str(&text[copied..]);
}

/// HTML in both languages, made by `write`; once where it is the same.
pub(super) fn both(write: impl Fn(Language) -> String) -> String {
    let (en, nl) = (write(Language::En), write(Language::Nl));
    if en == nl {
        return en;
    }
    let mut out = String::with_capacity(en.len() + nl.len() + 50);
    let _ = write!(out, "<span lang=en>{en}</span><span lang=nl>{nl}</span>");
    out
}

/// Words in both languages.
pub(super) fn say(words: Words) -> String {
    both(|language| escaped(words.get(language)))
}

/// A text with code in backticks, as HTML.
pub(super) fn prose(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 32);
    for (at, part) in text.split('`').enumerate() {
        // The last backtick may have no other.
        match at % 2 == 1 && text.matches('`').count() > at {
            true => {
                out.push_str("<code>");
                push_escaped(&mut out, part);
                out.push_str("</code>");
            }
            false => {
                if at % 2 == 1 {
                    out.push('`');
                }
                push_escaped(&mut out, part);
            }
        }
    }
    out
}

/// Attributes with a text in both languages, for the script and the style sheet: `data-en`, `data-nl`.
pub(super) fn attributes(words: Words) -> String {
    format!("data-en=\"{}\" data-nl=\"{}\"", escaped(words.en), escaped(words.nl))
}

/// Bytes as people read them.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} kB", (bytes + 500) / 1_000),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10),
    }
}

/// Base64 (RFC 4648, section 4).
pub(super) fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for at in 0..4 {
            let digit = DIGITS[(word >> (18 - 6 * at) & 63) as usize];
            out.push(if at <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_its_text() {
        assert_eq!(escaped("<script>\"'&\0é"), "&lt;script&gt;&quot;&#39;&amp;\u{fffd}é");
        assert_eq!(prose("a `b<c` d `e"), "a <code>b&lt;c</code> d `e");
    }

    #[test]
    fn base64_as_the_rfc_has_it() {
        for (text, expected) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(text.as_bytes()), expected);
        }
    }

    #[test]
    fn what_is_the_same_is_there_once() {
        assert_eq!(both(|_| "x".into()), "x");
        assert_eq!(say(Words::new("a", "b")), "<span lang=en>a</span><span lang=nl>b</span>");
    }
}
