//! Calendar durations (<http://hl7.org/fhirpath/N1/#time-valued-quantities>).

use rust_decimal::Decimal;

/// The units of calendar durations.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CalendarUnit {
    /// `year`, `years`.
    Year,
    /// `month`, `months`.
    Month,
    /// `week`, `weeks`.
    Week,
    /// `day`, `days`.
    Day,
    /// `hour`, `hours`.
    Hour,
    /// `minute`, `minutes`.
    Minute,
    /// `second`, `seconds`.
    Second,
    /// `millisecond`, `milliseconds`.
    Millisecond,
}

impl CalendarUnit {
    /// Names in the singular (the plural adds an `s`), and the UCUM unit of the same definite length.
    const NAMES: [(CalendarUnit, &'static str, Option<&'static str>); 8] = [
        (CalendarUnit::Year, "year", None),
        (CalendarUnit::Month, "month", None),
        (CalendarUnit::Week, "week", Some("wk")),
        (CalendarUnit::Day, "day", Some("d")),
        (CalendarUnit::Hour, "hour", Some("h")),
        (CalendarUnit::Minute, "minute", Some("min")),
        (CalendarUnit::Second, "second", Some("s")),
        (CalendarUnit::Millisecond, "millisecond", Some("ms")),
    ];

    /// The unit with this English name.
    pub fn named(name: &str) -> Option<CalendarUnit> {
        let singular = name.strip_suffix('s').unwrap_or(name);
        CalendarUnit::NAMES.into_iter().find(|(_, n, _)| *n == singular).map(|(u, _, _)| u)
    }

    /// The unit that a UCUM code stands for, if both always last as long.
    pub fn from_ucum(code: &str) -> Option<CalendarUnit> {
        CalendarUnit::NAMES.into_iter().find(|(_, _, c)| *c == Some(code)).map(|(u, _, _)| u)
    }

    /// The UCUM code that always lasts as long.
    pub fn ucum(self) -> Option<&'static str> {
        CalendarUnit::NAMES[self as usize].2
    }

    /// Nanoseconds, for the units whose fractions count.
    pub(super) fn nanos(self) -> Option<Decimal> {
        match self {
            CalendarUnit::Second => Some(Decimal::from(1_000_000_000)),
            CalendarUnit::Millisecond => Some(Decimal::from(1_000_000)),
            _ => None,
        }
    }
}
