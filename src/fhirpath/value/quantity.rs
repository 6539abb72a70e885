//! Quantities (<http://hl7.org/fhirpath/N1/#quantity>): a number and a UCUM unit or calendar duration.

use std::cmp::Ordering;
use std::fmt;

use rust_decimal::Decimal;

use super::calendar::CalendarUnit;
use super::unit::Measure;

/// A number with a unit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Quantity {
    /// How many.
    pub value: Decimal,
    /// Of what.
    pub unit: Unit,
}

/// The unit of a quantity.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unit {
    /// A UCUM code, `1` where there is none; other systems' units are kept as they are written.
    Code(Box<str>),
    /// A word for a calendar duration, as it was written: `days`.
    Calendar(CalendarUnit, Box<str>),
}

impl Quantity {
    /// A quantity without unit.
    pub fn of_number(value: Decimal) -> Quantity {
        Quantity { value, unit: Unit::Code("1".into()) }
    }

    /// Reads `4.5 'mg'`, `4 days` or a bare number.
    pub fn parse(text: &str) -> Option<Quantity> {
        let text = text.trim();
        let end = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '+' | '-'))).unwrap_or(text.len());
        let value = super::parse_decimal(&text[..end])?;
        let rest = text[end..].trim_start();
        if rest.is_empty() {
            return Some(Quantity::of_number(value));
        }
        if let Some(code) = rest.strip_prefix('\'').and_then(|r| r.strip_suffix('\'')) {
            return (!code.is_empty()).then(|| Quantity { value, unit: Unit::Code(code.into()) });
        }
        let unit = CalendarUnit::named(rest)?;
        Some(Quantity { value, unit: Unit::Calendar(unit, rest.into()) })
    }

    /// The unit as calendars count: its own word, or a UCUM unit that always lasts as long. Words in
    /// quotes (`1 'month'`) are taken for what they say.
    pub fn calendar_unit(&self) -> Option<CalendarUnit> {
        match &self.unit {
            Unit::Calendar(unit, _) => Some(*unit),
            Unit::Code(code) => CalendarUnit::from_ucum(code).or_else(|| CalendarUnit::named(code)),
        }
    }

    /// One of its unit, in base units; None for units we do not know.
    fn unit_measure(&self) -> Option<Measure> {
        match &self.unit {
            Unit::Code(code) => Measure::of_unit(code),
            Unit::Calendar(unit, _) => Measure::of_unit(unit.ucum()?),
        }
    }

    /// Value and dimensions in base units; None for units we do not know.
    pub fn measure(&self) -> Option<Measure> {
        self.unit_measure()?.times(self.value)
    }

    /// How many units of `other` it is; None where the units do not measure the same.
    pub fn in_unit_of(&self, other: &Quantity) -> Option<Decimal> {
        if self.same_unit(other) {
            return Some(self.value);
        }
        let (mine, theirs) = (self.measure()?, other.unit_measure()?);
        mine.value().checked_div(theirs.value()).filter(|_| mine.is_comparable(&theirs))
    }

    fn same_unit(&self, other: &Quantity) -> bool {
        match (&self.unit, &other.unit) {
            (Unit::Code(a), Unit::Code(b)) => a == b,
            (Unit::Calendar(a, _), Unit::Calendar(b, _)) => a == b,
            _ => false,
        }
    }

    /// The order of two; None where the units cannot be compared or one is not known.
    pub fn compare(&self, other: &Quantity) -> Option<Ordering> {
        if self.same_unit(other) {
            return Some(self.value.cmp(&other.value));
        }
        let (a, b) = (self.measure()?, other.measure()?);
        a.is_comparable(&b).then(|| a.value().cmp(&b.value()))
    }

    /// Equality: None where it cannot be told because a unit is not known or two units of the same
    /// name differ in length (`1 year` and `1 'a'`).
    pub fn equals(&self, other: &Quantity) -> Option<bool> {
        if self.same_unit(other) {
            return Some(self.value == other.value);
        }
        match (self.measure(), other.measure()) {
            (Some(a), Some(b)) => Some(a.is_comparable(&b) && a.value() == b.value()),
            _ => None,
        }
    }

    /// Equivalence: compared in the coarser of the two units, to the precision stated in it.
    pub fn is_equivalent(&self, other: &Quantity) -> bool {
        if self.same_unit(other) {
            return super::decimals_equivalent(self.value, other.value);
        }
        let (Some(a), Some(b)) = (self.unit_measure(), other.unit_measure()) else { return false };
        if !a.is_comparable(&b) {
            return false;
        }
        let (coarser, digits) = if a.value() >= b.value() { (a, self.value.scale()) } else { (b, other.value.scale()) };
        let scaled = |unit: &Measure, q: &Quantity| unit.times(q.value)?.value().checked_div(coarser.value());
        match (scaled(&a, self), scaled(&b, other)) {
            (Some(x), Some(y)) => x.round_dp(digits) == y.round_dp(digits),
            _ => false,
        }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.unit {
            Unit::Code(code) => write!(f, "{} '{code}'", self.value),
            Unit::Calendar(_, word) => write!(f, "{} {word}", self.value),
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unit::Code(text) | Unit::Calendar(_, text) => f.write_str(text),
        }
    }
}
