//! What fills placeholders in: values of variables, and the clock and chance of one run.
//!
//! Clock and chance are given from outside, so that a run can be repeated with the same dates and
//! UUIDs.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use jiff::Zoned;

use crate::diagnostic::Span;

use super::model::TestScript;
use super::moment::Moment;
use super::template::{Placeholder, Template};

/// Where a template gets what it does not hold itself.
pub trait Scope {
    /// The value of a variable; None when it has none (yet).
    fn variable(&self, name: &str) -> Option<Cow<'_, str>>;
    /// Clock and chance.
    fn circumstances(&self) -> &Circumstances;
}

/// The clock and the chance of one run. The clock stands still: a run that passes midnight keeps its
/// date, as its fixtures do.
pub struct Circumstances {
    now: Zoned,
    seed: u64,
    chance: Mutex<Chance>,
}

/// SplitMix64 (Steele, Lea, Flood 2014): enough for ids that must differ, and repeatable.
struct Chance {
    state: u64,
    /// `${CD6}` and the like: length, letters, digits; one value all through the run.
    kept: BTreeMap<(usize, bool, bool), String>,
}

impl Circumstances {
    /// This machine's clock, and chance that no other run has.
    pub fn live() -> Self {
        let (high, low) = uuid::Uuid::new_v4().as_u64_pair();
        Circumstances::fixed(Zoned::now(), high ^ low.rotate_left(32))
    }

    /// A given moment and seed: the same ones give the same values in the same order.
    pub fn fixed(now: Zoned, seed: u64) -> Self {
        Circumstances { now, seed, chance: Mutex::new(Chance { state: seed, kept: BTreeMap::new() }) }
    }

    /// The same moment and chance, from the beginning.
    pub fn again(&self) -> Self {
        Circumstances::fixed(self.now.clone(), self.seed)
    }

    /// When the run takes place.
    pub fn now(&self) -> &Zoned {
        &self.now
    }

    /// What chance began with, for [`Circumstances::fixed`].
    pub fn seed(&self) -> u64 {
        self.seed
    }

    fn with_chance<T>(&self, ask: impl FnOnce(&mut Chance) -> T) -> T {
        // A panic elsewhere leaves nothing half done here.
        ask(&mut self.chance.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A new random (version 4) UUID.
    pub fn uuid(&self) -> uuid::Uuid {
        let bytes = self.with_chance(|c| (u128::from(c.next()) << 64) | u128::from(c.next()));
        uuid::Builder::from_random_bytes(bytes.to_be_bytes()).into_uuid()
    }
}

impl fmt::Debug for Circumstances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Circumstances({})", self.now)
    }
}

impl Chance {
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn text(&mut self, length: usize, letters: bool, digits: bool) -> String {
        const ALL: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        let from = match (letters, digits) {
            (true, true) => ALL,
            (true, false) => &ALL[10..],
            _ => &ALL[..10],
        };
        (0..length).map(|_| char::from(from[(self.next() % from.len() as u64) as usize])).collect()
    }

    fn kept_text(&mut self, length: usize, letters: bool, digits: bool) -> String {
        if let Some(text) = self.kept.get(&(length, letters, digits)) {
            return text.clone();
        }
        let text = self.text(length, letters, digits);
        self.kept.insert((length, letters, digits), text.clone());
        text
    }
}

/// Why a placeholder cannot be filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The variable has no value.
    NoValue,
    /// The variable's value, given here, is not a date to count from.
    NotADate(String),
    /// Counting leads out of the calendar.
    OutOfRange,
}

/// A placeholder that cannot be filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The variable, or the placeholder where no variable is at fault.
    pub name: String,
    /// What is the matter.
    pub why: Why,
    /// Where the placeholder stands in the template's text.
    pub span: Span,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.why {
            Why::NoValue => write!(f, "variable `{}` has no value", self.name),
            Why::NotADate(value) => write!(f, "variable `{}` holds `{value}`, which is not a date", self.name),
            Why::OutOfRange => write!(f, "the date of `{}` is outside the calendar", self.name),
        }
    }
}

/// Everything in a template that cannot be filled in, in the order of the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", missing.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct Unresolved {
    /// Never empty.
    pub missing: Vec<Missing>,
}

/// The value of one placeholder, or the name at fault and why.
pub(super) fn fill<'s>(placeholder: &Placeholder, scope: &'s dyn Scope) -> Result<Cow<'s, str>, (String, Why)> {
    let circumstances = scope.circumstances();
    let value = match placeholder {
        Placeholder::Variable(name) => return scope.variable(name).ok_or_else(|| (name.clone(), Why::NoValue)),
        Placeholder::Current { time, offsets } => {
            let moment = Moment::now(circumstances.now()).shift(offsets);
            let moment = moment.ok_or_else(|| ("CURRENTDATE".to_owned(), Why::OutOfRange))?;
            if *time { moment.date_time(circumstances.now().offset()) } else { moment.date() }
        }
        Placeholder::Relative { time, variable, offsets } => {
            let value = scope.variable(variable).ok_or_else(|| (variable.clone(), Why::NoValue))?;
            if offsets.is_empty() {
                return Ok(value);
            }
            let from = Moment::parse(&value).ok_or_else(|| (variable.clone(), Why::NotADate(value.into_owned())))?;
            let moment = from.shift(offsets).ok_or_else(|| (variable.clone(), Why::OutOfRange))?;
            if *time { moment.date_time(circumstances.now().offset()) } else { moment.date() }
        }
        Placeholder::Uuid { st, dashes } => {
            let uuid = circumstances.uuid();
            let digits = if *dashes { uuid.hyphenated().to_string() } else { uuid.simple().to_string() };
            if *st { format!("urn:uuid:{digits}") } else { digits }
        }
        Placeholder::Random { length, letters, digits, per_run } => circumstances.with_chance(|chance| {
            if *per_run {
                chance.kept_text(*length, *letters, *digits)
            } else {
                chance.text(*length, *letters, *digits)
            }
        }),
    };
    Ok(Cow::Owned(value))
}

/// The variables of one script in one run.
#[derive(Debug)]
pub struct Variables<'c> {
    values: BTreeMap<String, String>,
    circumstances: &'c Circumstances,
}

impl<'c> Variables<'c> {
    /// No variables at all.
    pub fn new(circumstances: &'c Circumstances) -> Self {
        Variables { values: BTreeMap::new(), circumstances }
    }

    /// The given values, then the defaults of the script for those not given. A default is evaluated
    /// here, once: a `${UUID}` in it is the same all through the script. Defaults may name other
    /// variables in any order; those that wait for a response stay without value.
    pub fn of_script<'v>(
        script: &TestScript,
        given: impl IntoIterator<Item = (&'v str, &'v str)>,
        circumstances: &'c Circumstances,
    ) -> Self {
        let mut variables = Variables::new(circumstances);
        for (name, value) in given {
            variables.set(name, value);
        }
        let mut open: Vec<(&str, &Template)> =
            script.variables.iter().filter_map(|v| Some((v.name.as_str(), v.default.as_ref()?))).collect();
        open.retain(|(name, _)| !variables.values.contains_key(*name));
        loop {
            let before = open.len();
            open.retain(|(name, default)| match default.resolve(&variables) {
                Ok(value) => {
                    let value = value.into_owned();
                    variables.set(name, value);
                    false
                }
                Err(_) => true,
            });
            if open.len() == before {
                return variables;
            }
        }
    }

    /// Gives a variable its value, whatever it had.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.values.insert(name.to_owned(), value.into());
    }

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// Every variable that has a value, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl Scope for Variables<'_> {
    fn variable(&self, name: &str) -> Option<Cow<'_, str>> {
        self.get(name).map(Cow::Borrowed)
    }

    fn circumstances(&self) -> &Circumstances {
        self.circumstances
    }
}
