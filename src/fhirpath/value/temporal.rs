//! Dates, dateTimes and times that may be partial (<http://hl7.org/fhirpath/N1/#datetime>).
//!
//! A partial date is a stretch of time: `2015-02` runs from the first to the last instant of February.
//! Two of them compare when the stretches do not overlap, or when they are the same; otherwise the
//! answer is not known. A dateTime without zone, compared with one that has a zone, may be anywhere on
//! earth, so its stretch is widened by the zones there are.

use std::cmp::Ordering;
use std::fmt;

use jiff::civil;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::calendar::CalendarUnit;
use super::quantity::Quantity;

/// Which of the three types of FHIRPath.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TemporalKind {
    /// `@2015-02-04`.
    Date,
    /// `@2015-02-04T14:34:28+01:00`.
    DateTime,
    /// `@T14:34:28`.
    Time,
}

/// The smallest unit that is stated. Seconds and their fraction are one (N1, comparison).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Precision {
    /// Year only.
    Year,
    /// Year and month.
    Month,
    /// A whole date.
    Day,
    /// Hours.
    Hour,
    /// Hours and minutes.
    Minute,
    /// Seconds, with or without fraction.
    Second,
}

/// A date, dateTime or time as precise as it was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Temporal {
    kind: TemporalKind,
    precision: Precision,
    fraction_digits: u8,
    date: civil::Date,
    time: civil::Time,
    /// Minutes east of UTC.
    offset: Option<i16>,
}

const NANOS_A_SECOND: i128 = 1_000_000_000;
const NANOS_A_MINUTE: i128 = 60 * NANOS_A_SECOND;
const NANOS_A_DAY: i128 = 24 * 60 * NANOS_A_MINUTE;
/// Zones lie between 12 hours west and 14 hours east of UTC, in minutes.
const ZONES: (i16, i16) = (-12 * 60, 14 * 60);

impl Temporal {
    /// Reads a FHIR or FHIRPath date, dateTime or time, without `@`; a time without its `T`.
    pub fn parse(kind: TemporalKind, text: &str) -> Option<Temporal> {
        let mut at = Cursor { text: text.as_bytes(), at: 0 };
        let mut result = Temporal {
            kind,
            precision: Precision::Year,
            fraction_digits: 0,
            date: civil::Date::constant(1, 1, 1),
            time: civil::Time::midnight(),
            offset: None,
        };
        if kind == TemporalKind::Time {
            result.clock(&mut at)?;
            return (at.is_done() && result.offset.is_none()).then_some(result);
        }
        let (year, mut month, mut day) = (at.digits(4)?, 1, 1);
        if at.eat(b'-') {
            month = at.digits(2)?;
            result.precision = Precision::Month;
            if at.eat(b'-') {
                day = at.digits(2)?;
                result.precision = Precision::Day;
            }
        }
        result.date = civil::Date::new(year as i16, month as i8, day as i8).ok()?;
        if kind == TemporalKind::DateTime && at.eat(b'T') && !at.is_done() {
            if result.precision != Precision::Day {
                return None;
            }
            result.clock(&mut at)?;
            result.zone(&mut at)?;
        }
        at.is_done().then_some(result)
    }

    fn clock(&mut self, at: &mut Cursor<'_>) -> Option<()> {
        let (hour, mut minute, mut second, mut nanos) = (at.digits(2)?, 0, 0, 0);
        self.precision = Precision::Hour;
        if at.eat(b':') {
            minute = at.digits(2)?;
            self.precision = Precision::Minute;
            if at.eat(b':') {
                // A leap second is the last second of its minute for our purposes.
                second = at.digits(2).map(|s| if s == 60 { 59 } else { s })?;
                self.precision = Precision::Second;
                if at.eat(b'.') {
                    (nanos, self.fraction_digits) = at.fraction()?;
                }
            }
        }
        self.time = civil::Time::new(hour as i8, minute as i8, second as i8, nanos as i32).ok()?;
        Some(())
    }

    fn zone(&mut self, at: &mut Cursor<'_>) -> Option<()> {
        if at.eat(b'Z') {
            self.offset = Some(0);
        } else if let Some(sign) = [(b'+', 1), (b'-', -1)].into_iter().find_map(|(c, s)| at.eat(c).then_some(s)) {
            let hours = at.digits(2)?;
            let minutes = if at.eat(b':') { at.digits(2)? } else { return None };
            self.offset = (hours <= 14 && minutes < 60).then_some(sign * (hours * 60 + minutes) as i16);
            self.offset?;
        }
        Some(())
    }

    /// The instant of an evaluation as a dateTime, to the millisecond.
    pub fn now(now: &jiff::Zoned) -> Temporal {
        let nanos = now.subsec_nanosecond() / 1_000_000 * 1_000_000;
        Temporal {
            kind: TemporalKind::DateTime,
            precision: Precision::Second,
            fraction_digits: 3,
            date: now.date(),
            time: now.time().with().subsec_nanosecond(nanos).build().unwrap_or(now.time()),
            offset: Some((now.offset().seconds() / 60) as i16),
        }
    }

    /// The time of a dateTime on its own clock.
    pub fn time_of_day(self) -> Temporal {
        Temporal { kind: TemporalKind::Time, offset: None, ..self }
    }

    /// Which type it is.
    pub fn kind(&self) -> TemporalKind {
        self.kind
    }

    /// The smallest unit that is stated.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// Number of digits stated, as `precision()` counts them.
    pub fn digits(&self) -> u32 {
        let time = if self.kind == TemporalKind::Time { 8 } else { 0 };
        let base = match self.precision {
            Precision::Year => 4,
            Precision::Month => 6,
            Precision::Day => 8,
            Precision::Hour => 10,
            Precision::Minute => 12,
            Precision::Second if self.fraction_digits > 0 => 17,
            Precision::Second => 14,
        };
        base - time
    }

    /// The same moment as the other type: a dateTime without its time is a date, a date is a dateTime.
    pub fn to_kind(self, kind: TemporalKind) -> Option<Temporal> {
        match (self.kind, kind) {
            (a, b) if a == b => Some(self),
            (TemporalKind::Date, TemporalKind::DateTime) => Some(Temporal { kind, ..self }),
            (TemporalKind::DateTime, TemporalKind::Date) => {
                Some(Temporal { kind, ..self.at_precision(self.precision.min(Precision::Day)) })
            }
            _ => None,
        }
    }

    /// The same, less precise; what falls away becomes the first of its unit.
    pub fn at_precision(self, precision: Precision) -> Temporal {
        let mut cut = Temporal { precision, ..self };
        let (date, time) = (self.date, self.time);
        let (month, day) = (
            if precision >= Precision::Month { date.month() } else { 1 },
            if precision >= Precision::Day { date.day() } else { 1 },
        );
        cut.date = civil::Date::new(date.year(), month, day).unwrap_or(date);
        if precision < Precision::Second {
            cut.fraction_digits = 0;
            let hour = if precision >= Precision::Hour { time.hour() } else { 0 };
            let minute = if precision >= Precision::Minute { time.minute() } else { 0 };
            cut.time = civil::Time::new(hour, minute, 0, 0).unwrap_or(time);
        }
        if precision < Precision::Hour {
            cut.offset = None;
        }
        cut
    }

    /// Nanoseconds of the first instant and of the first instant after it, on a clock of its own zone.
    fn stretch(&self) -> (i128, i128) {
        let days = |date: civil::Date| {
            let since = date.since((jiff::Unit::Day, civil::Date::constant(1970, 1, 1)));
            i128::from(since.map_or(0, |s| s.get_days()))
        };
        let time = i128::from(self.time.duration_since(civil::Time::midnight()).as_nanos() as i64);
        let start = if self.kind == TemporalKind::Time { time } else { days(self.date) * NANOS_A_DAY + time };
        let length = match self.precision {
            Precision::Year => i128::from(self.date.days_in_year()) * NANOS_A_DAY,
            Precision::Month => i128::from(self.date.days_in_month()) * NANOS_A_DAY,
            Precision::Day => NANOS_A_DAY,
            Precision::Hour => 60 * NANOS_A_MINUTE,
            Precision::Minute => NANOS_A_MINUTE,
            Precision::Second => 1,
        };
        (start, start + length)
    }

    /// The order of two, None when it is not known (or when one is a time and the other is not).
    pub fn compare(&self, other: &Temporal) -> Option<Ordering> {
        if (self.kind == TemporalKind::Time) != (other.kind == TemporalKind::Time) {
            return None;
        }
        let zoned = self.offset.is_some() || other.offset.is_some();
        let utc = |t: &Temporal| {
            let (start, end) = t.stretch();
            let (east, west) = match t.offset {
                Some(offset) => (offset, offset),
                None if zoned => (ZONES.1, ZONES.0),
                None => (0, 0),
            };
            (start - i128::from(east) * NANOS_A_MINUTE, end - i128::from(west) * NANOS_A_MINUTE)
        };
        let ((a_start, a_end), (b_start, b_end)) = (utc(self), utc(other));
        if a_end <= b_start {
            Some(Ordering::Less)
        } else if b_end <= a_start {
            Some(Ordering::Greater)
        } else if (a_start, a_end) == (b_start, b_end) && self.offset.is_some() == other.offset.is_some() {
            Some(Ordering::Equal)
        } else {
            None
        }
    }

    /// Adds a time-valued quantity, `sign` times. None for units that are no calendar units, among them
    /// the UCUM year and month, whose length is not the calendar's; and beyond the years 1 to 9999.
    pub fn add(&self, quantity: &Quantity, sign: i64) -> Option<Temporal> {
        let unit = quantity.calendar_unit()?;
        // "For precisions above seconds, the decimal portion of the time-valued quantity is ignored."
        let whole = quantity.value.trunc().to_i64()?.checked_mul(sign)?;
        let nanos = || (quantity.value * Decimal::from(sign) * unit.nanos()?).trunc().to_i64();
        let span = match unit {
            CalendarUnit::Year => jiff::Span::new().try_years(whole),
            CalendarUnit::Month => jiff::Span::new().try_months(whole),
            CalendarUnit::Week => jiff::Span::new().try_weeks(whole),
            CalendarUnit::Day => jiff::Span::new().try_days(whole),
            CalendarUnit::Hour => jiff::Span::new().try_hours(whole),
            CalendarUnit::Minute => jiff::Span::new().try_minutes(whole),
            CalendarUnit::Second | CalendarUnit::Millisecond => jiff::Span::new().try_nanoseconds(nanos()?),
        }
        .ok()?;
        if self.kind == TemporalKind::Time {
            // Times go round the clock (N1, addition).
            let time = self.time.wrapping_add(span);
            return Some(Temporal { time, ..*self }.at_precision(self.precision));
        }
        let sum = self.date.to_datetime(self.time).checked_add(span).ok()?;
        if !(1..=9999).contains(&sum.year()) {
            return None;
        }
        let offset = self.offset;
        let moved = Temporal { date: sum.date(), time: sum.time(), ..*self }.at_precision(self.precision);
        Some(Temporal { offset, ..moved })
    }

    /// The first or last moment it can mean, to a number of digits as `digits` counts them.
    pub fn boundary(&self, digits: u32, last: bool) -> Option<Temporal> {
        let levels: &[(u32, Precision)] = match self.kind {
            TemporalKind::Time => &[(2, Precision::Hour), (4, Precision::Minute), (6, Precision::Second)],
            _ => &[
                (4, Precision::Year),
                (6, Precision::Month),
                (8, Precision::Day),
                (10, Precision::Hour),
                (12, Precision::Minute),
                (14, Precision::Second),
            ],
        };
        let milliseconds = if self.kind == TemporalKind::Time { 9 } else { 17 };
        let precision = match levels.iter().find(|(d, _)| *d == digits) {
            Some((_, precision)) => *precision,
            None if digits == milliseconds => Precision::Second,
            None => return None,
        };
        let mut moment = *self;
        if last {
            let date = self.date;
            let month = if self.precision >= Precision::Month { date.month() } else { 12 };
            let start = civil::Date::new(date.year(), month, 1).ok()?;
            let day = if self.precision >= Precision::Day { date.day() } else { start.days_in_month() };
            moment.date = civil::Date::new(date.year(), month, day).ok()?;
            let hour = if self.precision >= Precision::Hour { self.time.hour() } else { 23 };
            let minute = if self.precision >= Precision::Minute { self.time.minute() } else { 59 };
            let (second, nanos) = match self.precision {
                Precision::Second if self.fraction_digits > 0 => (self.time.second(), self.time.subsec_nanosecond()),
                Precision::Second => (self.time.second(), 999_000_000),
                _ => (59, 999_000_000),
            };
            moment.time = civil::Time::new(hour, minute, second, nanos).ok()?;
        }
        if self.kind == TemporalKind::DateTime && precision >= Precision::Hour && moment.offset.is_none() {
            // The first moment of a day without zone is had farthest east.
            moment.offset = Some(if last { ZONES.0 } else { ZONES.1 });
        }
        moment = moment.at_precision(precision);
        moment.fraction_digits = if digits == milliseconds { 3 } else { 0 };
        Some(moment)
    }
}

impl fmt::Display for Temporal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind != TemporalKind::Time {
            write!(f, "{:04}", self.date.year())?;
            if self.precision >= Precision::Month {
                write!(f, "-{:02}", self.date.month())?;
            }
            if self.precision >= Precision::Day {
                write!(f, "-{:02}", self.date.day())?;
            }
        }
        if self.precision >= Precision::Hour {
            let separator = if self.kind == TemporalKind::Time { "" } else { "T" };
            write!(f, "{separator}{:02}", self.time.hour())?;
            if self.precision >= Precision::Minute {
                write!(f, ":{:02}", self.time.minute())?;
            }
            if self.precision >= Precision::Second {
                write!(f, ":{:02}", self.time.second())?;
                if self.fraction_digits > 0 {
                    let nanos = format!("{:09}", self.time.subsec_nanosecond());
                    write!(f, ".{}", nanos.get(..usize::from(self.fraction_digits)).unwrap_or(&nanos))?;
                }
            }
            match self.offset {
                Some(0) => write!(f, "Z")?,
                Some(offset) => {
                    let sign = if offset < 0 { '-' } else { '+' };
                    write!(f, "{sign}{:02}:{:02}", offset.abs() / 60, offset.abs() % 60)?;
                }
                None => {}
            }
        }
        Ok(())
    }
}

struct Cursor<'t> {
    text: &'t [u8],
    at: usize,
}

impl Cursor<'_> {
    fn is_done(&self) -> bool {
        self.at == self.text.len()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.text.get(self.at) == Some(&byte);
        self.at += usize::from(found);
        found
    }

    /// Exactly so many digits.
    fn digits(&mut self, count: usize) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + count)?;
        self.at += count;
        digits.iter().try_fold(0, |n, d| d.is_ascii_digit().then(|| n * 10 + u32::from(d - b'0')))
    }

    /// Digits after the point: nanoseconds and how many digits were stated (at most nine are kept).
    fn fraction(&mut self) -> Option<(u32, u8)> {
        let (mut nanos, mut count) = (0, 0_u8);
        while let Some(digit) = self.text.get(self.at).filter(|d| d.is_ascii_digit()) {
            self.at += 1;
            if count < 9 {
                nanos = nanos * 10 + u32::from(digit - b'0');
                count += 1;
            }
        }
        (count > 0).then(|| (nanos * 10_u32.pow(9 - u32::from(count)), count))
    }
}
