//! Regular expressions of `matches`, `matchesFull` and `replaceMatches`.
//!
//! `.` matches line breaks too (N1, matches: single-line mode). Look-around and back-references are not
//! supported; nothing in FHIR needs them.

use regex::{Regex, RegexBuilder};

/// A compiled regular expression.
#[derive(Debug)]
pub(super) struct Pattern {
    regex: Regex,
    is_empty: bool,
}

impl Pattern {
    /// Compiles; `whole` asks for matches of the whole text only. The error says what is wrong.
    pub(super) fn new(text: &str, whole: bool) -> Result<Pattern, String> {
        let wrapped = if whole { format!("^(?:{text})$") } else { String::new() };
        let mut builder = RegexBuilder::new(if whole { &wrapped } else { text });
        builder.dot_matches_new_line(true);
        // ASCII classes compile several times faster, and `\d` means ASCII digits to those who write FHIR;
        // only patterns that must step over other characters (`.`, `[^…]`) need Unicode.
        let compiled = builder.unicode(false).build().or_else(|_| builder.unicode(true).build());
        match compiled {
            Ok(regex) => Ok(Pattern { regex, is_empty: text.is_empty() }),
            Err(regex::Error::CompiledTooBig(_)) => Err("the regular expression is too large".into()),
            Err(error) => {
                // The crate draws a picture over several lines; its last line says what is wrong.
                let text = error.to_string();
                let reason = text.lines().last().unwrap_or("").trim().trim_start_matches("error: ").to_owned();
                Err(format!("not a regular expression: {reason}"))
            }
        }
    }

    /// True when it matches (somewhere, unless made for the whole).
    pub(super) fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// All matches replaced; `$1` and `${name}` stand for groups. An empty pattern replaces nothing. None
    /// when the result would be longer than `most` bytes.
    pub(super) fn replace_all(&self, text: &str, substitution: &str, most: usize) -> Option<String> {
        if self.is_empty {
            return Some(text.to_owned());
        }
        let substitution = braced(substitution);
        let (mut result, mut end) = (String::new(), 0);
        for captures in self.regex.captures_iter(text) {
            let whole = captures.get_match();
            result.push_str(&text[end..whole.start()]);
            captures.expand(&substitution, &mut result);
            end = whole.end();
            if result.len() > most {
                return None;
            }
        }
        result.push_str(&text[end..]);
        Some(result)
    }
}

/// Puts the digits of `$1` in braces: the crate would read `$1a` as a group called `1a`.
fn braced(substitution: &str) -> String {
    let mut result = String::with_capacity(substitution.len() + 2);
    let mut rest = substitution;
    while let Some(at) = rest.find('$') {
        let (before, after) = (&rest[..at], &rest[at + 1..]);
        result.push_str(before);
        let digits = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if digits > 0 {
            result.push_str(&format!("${{{}}}", &after[..digits]));
        } else {
            result.push('$');
        }
        rest = &after[digits..];
    }
    result.push_str(rest);
    result
}
