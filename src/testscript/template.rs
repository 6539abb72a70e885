//! Text with `${…}` in it, parsed once.
//!
//! The vocabulary is Touchstone's and ConformanceLab's: declared variables, `CURRENTDATE`, `DATE`,
//! `DATETIME`, `UUID`, `UUID-ST`, `C<n>`, `D<n>`, `CD<n>`, `RANDOM-<n>`.

use crate::diagnostic::Span;

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
        /// Portion and offset, applied in order.
        offsets: Vec<(Portion, i64)>,
    },
    /// The date (time) of a variable, with an offset.
    Relative {
        /// Date and time rather than a date.
        time: bool,
        /// The variable that holds the date.
        variable: String,
        /// Portion and offset, applied in order.
        offsets: Vec<(Portion, i64)>,
    },
    /// A new UUID.
    Uuid {
        /// The `-ST` variant.
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

/// A part of a date that an offset counts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Portion {
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
