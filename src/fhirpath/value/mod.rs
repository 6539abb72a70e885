//! The System types of FHIRPath (<http://hl7.org/fhirpath/N1/#literals>): what expressions compute with.

mod calendar;
mod quantity;
mod temporal;
mod unit;

use std::borrow::Cow;

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;

pub use calendar::CalendarUnit;
pub use quantity::{Quantity, Unit};
pub use temporal::{Precision, Temporal, TemporalKind};

/// A value that is not an element: computed, or what a primitive element holds.
#[derive(Clone, PartialEq, Debug)]
pub enum Value<'a> {
    /// `true`, `false`.
    Boolean(bool),
    /// A whole number; FHIRPath promises 32 bits, we keep 64.
    Integer(i64),
    /// A decimal, with the digits it was written with.
    Decimal(Decimal),
    /// Text.
    String(Cow<'a, str>),
    /// A date, dateTime or time.
    Temporal(Temporal),
    /// A number with a unit.
    Quantity(Box<Quantity>),
    /// The answer of `type()`.
    Type(TypeName<'a>),
}

/// A type as `type()` gives it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TypeName<'a> {
    /// `FHIR` or `System`.
    pub namespace: &'static str,
    /// `Patient`, `Integer`.
    pub name: &'a str,
}

/// The System types: FHIRPath's name, and the FHIR type their values would have in an element.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SystemType {
    /// `System.Boolean`.
    Boolean,
    /// `System.Integer`.
    Integer,
    /// `System.Decimal`.
    Decimal,
    /// `System.String`.
    String,
    /// `System.Date`.
    Date,
    /// `System.DateTime`.
    DateTime,
    /// `System.Time`.
    Time,
    /// `System.Quantity`.
    Quantity,
    /// What `type()` gives; it cannot be asked for.
    TypeInfo,
}

impl SystemType {
    const NAMES: [(SystemType, &'static str, &'static str); 9] = [
        (SystemType::Boolean, "Boolean", "boolean"),
        (SystemType::Integer, "Integer", "integer"),
        (SystemType::Decimal, "Decimal", "decimal"),
        (SystemType::String, "String", "string"),
        (SystemType::Date, "Date", "date"),
        (SystemType::DateTime, "DateTime", "dateTime"),
        (SystemType::Time, "Time", "time"),
        (SystemType::Quantity, "Quantity", "Quantity"),
        (SystemType::TypeInfo, "ClassInfo", "ClassInfo"),
    ];

    /// The type with this name, case as in the specification.
    pub fn named(name: &str) -> Option<SystemType> {
        SystemType::NAMES.into_iter().find(|(_, n, _)| *n == name).map(|(t, ..)| t)
    }

    /// Its name in the `System` namespace.
    pub fn name(self) -> &'static str {
        SystemType::NAMES[self as usize].1
    }

    /// The FHIR type of the same values.
    pub fn fhir_name(self) -> &'static str {
        SystemType::NAMES[self as usize].2
    }
}

impl<'a> Value<'a> {
    /// Its type.
    pub fn system_type(&self) -> SystemType {
        match self {
            Value::Boolean(_) => SystemType::Boolean,
            Value::Integer(_) => SystemType::Integer,
            Value::Decimal(_) => SystemType::Decimal,
            Value::String(_) => SystemType::String,
            Value::Temporal(t) => match t.kind() {
                TemporalKind::Date => SystemType::Date,
                TemporalKind::DateTime => SystemType::DateTime,
                TemporalKind::Time => SystemType::Time,
            },
            Value::Quantity(_) => SystemType::Quantity,
            Value::Type(_) => SystemType::TypeInfo,
        }
    }

    /// The same value, borrowing what it can.
    pub(super) fn borrowed(&'a self) -> Value<'a> {
        match self {
            Value::String(text) => Value::String(Cow::Borrowed(text)),
            other => other.clone(),
        }
    }

    /// The value of a number.
    pub fn as_decimal(&self) -> Option<Decimal> {
        match self {
            Value::Integer(i) => Some(Decimal::from(*i)),
            Value::Decimal(d) => Some(*d),
            _ => None,
        }
    }

    /// The string form: as `toString()` gives it.
    pub fn to_text(&self) -> Cow<'_, str> {
        match self {
            Value::Boolean(true) => "true".into(),
            Value::Boolean(false) => "false".into(),
            Value::Integer(i) => i.to_string().into(),
            Value::Decimal(d) => d.to_string().into(),
            Value::String(s) => Cow::Borrowed(s),
            Value::Temporal(t) => t.to_string().into(),
            Value::Quantity(q) => q.to_string().into(),
            Value::Type(t) => format!("{}.{}", t.namespace, t.name).into(),
        }
    }

    /// The string form, keeping a borrow where there is one.
    pub(super) fn into_text(self) -> Cow<'a, str> {
        match self {
            Value::String(s) => s,
            Value::Boolean(true) => "true".into(),
            Value::Boolean(false) => "false".into(),
            other => other.to_text().into_owned().into(),
        }
    }

    /// A text value.
    pub(super) fn text(text: impl Into<Cow<'a, str>>) -> Value<'a> {
        Value::String(text.into())
    }

    /// A result of floating-point arithmetic; None where it is no number.
    pub(super) fn from_f64(number: f64) -> Option<Value<'a>> {
        Decimal::from_f64(number).map(|d| Value::Decimal(d.normalize()))
    }
}

/// Reads a decimal as FHIR and FHIRPath write it. None when it is not one, or has more digits than
/// the 28 we calculate with.
pub fn parse_decimal(text: &str) -> Option<Decimal> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !digits.starts_with(|c: char| c.is_ascii_digit()) || digits.contains('_') {
        return None;
    }
    match digits.find(['e', 'E']) {
        Some(_) => Decimal::from_scientific(text).ok(),
        None => Decimal::from_str_exact(text).ok(),
    }
}

/// Equivalence of decimals: equal once rounded to the precision of the less precise one; trailing
/// zeros do not count as precision (N1, equivalent).
pub(super) fn decimals_equivalent(a: Decimal, b: Decimal) -> bool {
    let (a, b) = (a.normalize(), b.normalize());
    let digits = a.scale().min(b.scale());
    a.round_dp(digits) == b.round_dp(digits)
}
