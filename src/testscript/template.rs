//! Text with `${…}` in it, parsed once.
//!
//! The vocabulary is Touchstone's and ConformanceLab's: declared variables, `CURRENTDATE`, `DATE`,
//! `DATETIME`, `UUID`, `UUID-ST`, `C<n>`, `D<n>`, `CD<n>`, `RANDOM-<n>`. Parsing never fails: what is none
//! of these is a variable of that name, and a name nobody declared is a problem of the script.

use std::borrow::Cow;

use crate::diagnostic::Span;

use super::scope::{Missing, Scope, Unresolved, fill};

/// A text that may hold placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// The text as written.
    pub text: String,
    /// Its parts, in order, covering the whole text.
    pub parts: Vec<Part>,
}

/// A stretch of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// As is.
    Literal(Span),
    /// `${…}`: what is to be put here, and the bytes of the text it stands at.
    Placeholder(Placeholder, Span),
}

/// What a `${…}` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placeholder {
    /// A declared variable (or one the user set).
    Variable(String),
    /// Today (or now), with offsets.
    Current {
        /// Date and time rather than a date.
        time: bool,
        /// Unit and offset, applied in order.
        offsets: Vec<(TimeUnit, i64)>,
    },
    /// The date (time) of a variable, with an offset.
    Relative {
        /// Date and time rather than a date.
        time: bool,
        /// The variable that holds the date.
        variable: String,
        /// Unit and offset, applied in order.
        offsets: Vec<(TimeUnit, i64)>,
    },
    /// A new UUID.
    Uuid {
        /// The `-ST` variant: with the prefix `urn:uuid:`.
        st: bool,
        /// Without dashes.
        dashes: bool,
    },
    /// A random text of this many characters.
    Random {
        /// How many characters.
        length: usize,
        /// Letters are allowed.
        letters: bool,
        /// Digits are allowed.
        digits: bool,
        /// The same all through the run (`CD6`) rather than new each time (`RANDOM-10`).
        per_run: bool,
    },
}

/// What an offset counts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeUnit {
    /// Years.
    Year,
    /// Months.
    Month,
    /// Days.
    Day,
    /// Hours.
    Hour,
    /// Minutes.
    Minute,
    /// Seconds.
    Second,
}

/// Letters of offsets. Days and years are seen in both cases, months and minutes differ by it.
const UNITS: [(char, TimeUnit); 10] = [
    ('y', TimeUnit::Year),
    ('Y', TimeUnit::Year),
    ('M', TimeUnit::Month),
    ('d', TimeUnit::Day),
    ('D', TimeUnit::Day),
    ('h', TimeUnit::Hour),
    ('H', TimeUnit::Hour),
    ('m', TimeUnit::Minute),
    ('s', TimeUnit::Second),
    ('S', TimeUnit::Second),
];

/// Names of the UUID forms: with the prefix, without dashes.
const UUIDS: [(&str, bool, bool); 4] =
    [("UUID", false, false), ("UUID-ST", true, false), ("UUID-NODASH", false, true), ("UUID-ST-NODASH", true, true)];

/// Prefixes of random texts: letters, digits, per run, greatest length. Longest prefix first.
const RANDOMS: [(&str, bool, bool, bool, usize); 4] = [
    ("RANDOM-", true, true, false, 1000),
    ("CD", true, true, true, 20),
    ("C", true, false, true, 20),
    ("D", false, true, true, 20),
];

impl Template {
    /// Finds the placeholders of a text.
    pub fn parse(text: &str) -> Template {
        let mut parts = vec![];
        let mut at = 0;
        while let Some((open, close)) = next_placeholder(text, at) {
            if open > at {
                parts.push(Part::Literal(Span::new(at, open)));
            }
            parts.push(Part::Placeholder(Placeholder::parse(&text[open + 2..close]), Span::new(open, close + 1)));
            at = close + 1;
        }
        if at < text.len() {
            parts.push(Part::Literal(Span::new(at, text.len())));
        }
        Template { text: text.to_owned(), parts }
    }

    /// The text with every placeholder filled in; borrowed where there is none. When something has no
    /// value the error names all that have none.
    pub fn resolve(&self, scope: &dyn Scope) -> Result<Cow<'_, str>, Unresolved> {
        self.resolve_with(scope, |value| Cow::Borrowed(value))
    }

    /// Like [`Template::resolve`], each value written as `escape` makes it.
    pub(super) fn resolve_with(
        &self,
        scope: &dyn Scope,
        escape: impl Fn(&str) -> Cow<'_, str>,
    ) -> Result<Cow<'_, str>, Unresolved> {
        if self.is_literal() {
            return Ok(Cow::Borrowed(&self.text));
        }
        let mut filled = String::with_capacity(self.text.len() + 32);
        let mut missing = vec![];
        for part in &self.parts {
            match part {
                Part::Literal(span) => filled.push_str(self.text.get(span.range()).unwrap_or_default()),
                Part::Placeholder(placeholder, span) => match fill(placeholder, scope) {
                    Ok(value) => filled.push_str(&escape(&value)),
                    Err((name, why)) => missing.push(Missing { name, why, span: *span }),
                },
            }
        }
        if missing.is_empty() { Ok(Cow::Owned(filled)) } else { Err(Unresolved { missing }) }
    }

    /// True when nothing is to be filled in.
    pub fn is_literal(&self) -> bool {
        !self.parts.iter().any(|p| matches!(p, Part::Placeholder(..)))
    }

    /// The variables it needs, each time it needs them, with their place in the text.
    pub fn variables(&self) -> impl Iterator<Item = (&str, Span)> {
        self.parts.iter().filter_map(|part| match part {
            Part::Placeholder(Placeholder::Variable(name), span) => Some((name.as_str(), *span)),
            Part::Placeholder(Placeholder::Relative { variable, .. }, span) => Some((variable.as_str(), *span)),
            _ => None,
        })
    }
}

impl From<&str> for Template {
    fn from(text: &str) -> Self {
        Template::parse(text)
    }
}

/// Start of the next `${` and of its `}` from a byte on; an empty `${}` is no placeholder.
fn next_placeholder(text: &str, from: usize) -> Option<(usize, usize)> {
    let mut at = from;
    loop {
        let open = at + text.get(at..)?.find("${")?;
        let close = open + text.get(open..)?.find('}')?;
        if close > open + 2 {
            return Some((open, close));
        }
        at = close;
    }
}

impl Placeholder {
    /// Reads what stands between the braces.
    fn parse(inner: &str) -> Placeholder {
        let inner = inner.trim();
        let mut words = inner.split(',').map(str::trim);
        let name = words.next().unwrap_or_default();
        let words: Vec<&str> = words.collect();
        Placeholder::date(name, &words)
            .or_else(|| if words.is_empty() { Placeholder::generated(name) } else { None })
            .unwrap_or_else(|| Placeholder::Variable(inner.to_owned()))
    }

    fn date(name: &str, words: &[&str]) -> Option<Placeholder> {
        match name {
            "CURRENTDATE" | "CURRENTDATETIME" => {
                Some(Placeholder::Current { time: name.ends_with("TIME"), offsets: offsets(words)? })
            }
            "DATE" | "DATETIME" => {
                let (variable, rest) = words.split_first().filter(|(v, _)| !v.is_empty())?;
                Some(Placeholder::Relative {
                    time: name.ends_with("TIME"),
                    variable: (*variable).to_owned(),
                    offsets: offsets(rest)?,
                })
            }
            _ => None,
        }
    }

    fn generated(name: &str) -> Option<Placeholder> {
        if let Some((_, st, nodash)) = UUIDS.iter().find(|(n, ..)| *n == name) {
            return Some(Placeholder::Uuid { st: *st, dashes: !nodash });
        }
        RANDOMS.iter().find_map(|(prefix, letters, digits, per_run, most)| {
            let number = name.strip_prefix(prefix)?;
            let length = number.bytes().all(|b| b.is_ascii_digit()).then(|| number.parse().ok())??;
            (1..=*most).contains(&length).then_some(Placeholder::Random {
                length,
                letters: *letters,
                digits: *digits,
                per_run: *per_run,
            })
        })
    }
}

/// Pairs of unit and signed number; None when they are not that.
fn offsets(words: &[&str]) -> Option<Vec<(TimeUnit, i64)>> {
    if !words.len().is_multiple_of(2) {
        return None;
    }
    words.chunks_exact(2).map(|pair| Some((unit(pair[0])?, offset(pair[1])?))).collect()
}

/// One letter, or the same letter repeated as in a date pattern (`yy`).
fn unit(word: &str) -> Option<TimeUnit> {
    let first = word.chars().next()?;
    let same = word.chars().all(|c| c == first);
    UNITS.iter().find(|(letter, _)| same && *letter == first).map(|(_, unit)| *unit)
}

/// `-4`, `+4`, `4`, also with a space after the sign.
fn offset(word: &str) -> Option<i64> {
    let (negative, digits) = match word.as_bytes().first()? {
        b'-' => (true, &word[1..]),
        b'+' => (false, &word[1..]),
        _ => (false, word),
    };
    let digits = digits.trim_start();
    let number: i64 = digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())??;
    Some(if negative { -number } else { number })
}

#[cfg(test)]
mod tests;
