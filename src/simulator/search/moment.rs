//! Dates as intervals, and what the prefixes of a date parameter compare
//! (<http://hl7.org/fhir/STU3/search.html#date>, <http://hl7.org/fhir/STU3/search.html#prefix>).
//!
//! A date without a time zone is taken as what the clock on the wall said. Where both sides have an
//! offset they are compared as instants, else as wall clocks: a resource written `2024-03-01T00:30+01:00`
//! is found by `date=2024-03-01` wherever the server runs.

use std::cmp::Ordering;

/// One end of an interval, in microseconds since 1970 on the wall and, where the offset is known, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    wall: i64,
    utc: Option<i64>,
}

impl Bound {
    fn compare(self, other: Bound) -> Ordering {
        match (self.utc, other.utc) {
            (Some(mine), Some(theirs)) => mine.cmp(&theirs),
            _ => self.wall.cmp(&other.wall),
        }
    }

    /// A number that sorts as time does.
    pub fn sort_key(self) -> i64 {
        self.utc.unwrap_or(self.wall)
    }
}

/// A stretch of time, its end excluded. None is open: a Period without start or end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// First moment.
    pub low: Option<Bound>,
    /// First moment after it.
    pub high: Option<Bound>,
}

const SECOND: i64 = 1_000_000;

impl Interval {
    /// Reads a date, dateTime or instant of any precision. None when it is not one.
    pub fn parse(text: &str) -> Option<Interval> {
        let (date, time) = match text.split_once('T') {
            Some((date, time)) => (date, Some(time)),
            None => (text, None),
        };
        let mut parts = date.split('-');
        let year = digits(parts.next()?, 4)?;
        let month = parts.next().map(|m| digits(m, 2)).map_or(Some(None), |m| m.map(Some))?;
        let day = parts.next().map(|d| digits(d, 2)).map_or(Some(None), |d| d.map(Some))?;
        if parts.next().is_some() {
            return None;
        }
        let first = micros(year, month.unwrap_or(1), day.unwrap_or(1))?;
        let Some(time) = time else {
            let after = match (month, day) {
                (_, Some(_)) => first + 86_400 * SECOND,
                (Some(12), None) | (None, None) => micros(year + 1, 1, 1)?,
                (Some(month), None) => micros(year, month + 1, 1)?,
            };
            return Some(Interval::between(first, after, None));
        };
        day?;
        let (clock, offset) = split_offset(time)?;
        let (hours, rest) = clock.split_once(':')?;
        let (minutes, seconds) = rest.split_once(':').map_or((rest, None), |(m, s)| (m, Some(s)));
        let (hours, minutes) = (digits(hours, 2)?, digits(minutes, 2)?);
        let (seconds, precision) = seconds.map_or(Some((0, 60 * SECOND)), fraction)?;
        if hours > 24 || minutes > 59 {
            return None;
        }
        let low = first + (i64::from(hours) * 60 + i64::from(minutes)) * 60 * SECOND + seconds;
        Some(Interval::between(low, low + precision, offset))
    }

    fn between(low: i64, high: i64, offset: Option<i64>) -> Interval {
        let bound = |wall: i64| Bound { wall, utc: offset.map(|o| wall - o * 60 * SECOND) };
        Interval { low: Some(bound(low)), high: Some(bound(high)) }
    }

    /// The interval from the start of one to the end of the other; a missing one leaves that side open.
    pub fn period(start: Option<Interval>, end: Option<Interval>) -> Interval {
        Interval { low: start.and_then(|s| s.low), high: end.and_then(|e| e.high) }
    }

    /// From the same start, so many seconds on: what an end written there would be.
    pub fn lasting(self, seconds: i64) -> Option<Interval> {
        let low = self.low?;
        let micros = seconds.checked_mul(SECOND)?;
        let later = |at: i64| at.checked_add(micros);
        let end = Bound { wall: later(low.wall)?, utc: low.utc.map(later).unwrap_or_default() };
        Some(Interval { low: Some(low), high: Some(end) })
    }

    /// The smallest interval around both.
    pub fn join(self, other: Interval) -> Interval {
        let low = match (self.low, other.low) {
            (Some(a), Some(b)) => Some(if a.compare(b).is_le() { a } else { b }),
            _ => None,
        };
        let high = match (self.high, other.high) {
            (Some(a), Some(b)) => Some(if a.compare(b).is_ge() { a } else { b }),
            _ => None,
        };
        Interval { low, high }
    }

    /// True when the value searched for (`self`) is met by what a resource has.
    pub fn meets(self, prefix: Prefix, found: Interval) -> bool {
        match prefix {
            Prefix::Eq => self.contains(found),
            Prefix::Ne => !self.contains(found),
            Prefix::Gt => reaches_past(self.high, found.high),
            Prefix::Lt => reaches_past(found.low, self.low),
            Prefix::Ge => reaches_past(self.low, found.high),
            Prefix::Le => reaches_past(found.low, self.high),
            Prefix::Sa => ordered(self.high, found.low),
            Prefix::Eb => ordered(found.high, self.low),
        }
    }

    fn contains(self, found: Interval) -> bool {
        let low = match (self.low, found.low) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(mine), Some(theirs)) => mine.compare(theirs).is_le(),
        };
        let high = match (self.high, found.high) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(mine), Some(theirs)) => mine.compare(theirs).is_ge(),
        };
        low && high
    }
}

/// True when `end` (open where there is none) lies past `start`. "Or equal" is meant as people mean it: a
/// Period that ends on a day is `ge` that day.
fn reaches_past(start: Option<Bound>, end: Option<Bound>) -> bool {
    match (start, end) {
        (Some(start), Some(end)) => end.compare(start).is_gt(),
        _ => true,
    }
}

/// `end` is a real end and nothing of what starts at `start` lies before it.
fn ordered(end: Option<Bound>, start: Option<Bound>) -> bool {
    matches!((end, start), (Some(end), Some(start)) if end.compare(start).is_le())
}

/// How a value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefix {
    /// Within.
    Eq,
    /// Not within.
    Ne,
    /// Reaches past it.
    Gt,
    /// Begins before it.
    Lt,
    /// Within or past.
    Ge,
    /// Within or before.
    Le,
    /// Starts after.
    Sa,
    /// Ends before.
    Eb,
}

/// `ap` is missing: what is "approximately" would be the server's guess.
const PREFIXES: [(&str, Prefix); 8] = [
    ("eq", Prefix::Eq),
    ("ne", Prefix::Ne),
    ("gt", Prefix::Gt),
    ("lt", Prefix::Lt),
    ("ge", Prefix::Ge),
    ("le", Prefix::Le),
    ("sa", Prefix::Sa),
    ("eb", Prefix::Eb),
];

impl Prefix {
    /// Takes a prefix off a value. None when there are letters that are no supported prefix.
    pub fn split(value: &str) -> Option<(Prefix, &str)> {
        if !value.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return Some((Prefix::Eq, value));
        }
        PREFIXES.iter().find_map(|(text, prefix)| value.strip_prefix(text).map(|rest| (*prefix, rest)))
    }
}

fn digits(text: &str, length: usize) -> Option<i32> {
    (text.len() == length && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

/// Seconds with a fraction, as microseconds, and how precise they are.
fn fraction(text: &str) -> Option<(i64, i64)> {
    let (whole, fraction) = text.split_once('.').map_or((text, ""), |(w, f)| (w, f));
    let whole = i64::from(digits(whole, 2)?);
    if whole > 60 || !fraction.bytes().all(|b| b.is_ascii_digit()) || (text.contains('.') && fraction.is_empty()) {
        return None;
    }
    let kept = &fraction[..fraction.len().min(6)];
    let unit = 10_i64.pow(6 - kept.len() as u32);
    let micros = if kept.is_empty() { 0 } else { kept.parse::<i64>().ok()? * unit };
    Some((whole * SECOND + micros, if kept.is_empty() { SECOND } else { unit }))
}

/// The clock part and the offset in minutes, if one is written.
fn split_offset(time: &str) -> Option<(&str, Option<i64>)> {
    if let Some(clock) = time.strip_suffix('Z') {
        return Some((clock, Some(0)));
    }
    // A `+` in a query that was not percent-encoded arrives as a space.
    let Some(at) = time.find(['+', '-', ' ']) else { return Some((time, None)) };
    let (clock, offset) = time.split_at(at);
    let (hours, minutes) = offset[1..].split_once(':')?;
    let (hours, minutes) = (digits(hours, 2)?, digits(minutes, 2)?);
    if hours > 14 || minutes > 59 {
        return None;
    }
    let minutes = i64::from(hours) * 60 + i64::from(minutes);
    Some((clock, Some(if offset.starts_with('-') { -minutes } else { minutes })))
}

fn micros(year: i32, month: i32, day: i32) -> Option<i64> {
    let date = jiff::civil::Date::new(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?).ok()?;
    let epoch = jiff::civil::date(1970, 1, 1);
    let days = epoch.until((jiff::Unit::Day, date)).ok()?.get_days();
    Some(i64::from(days) * 86_400 * SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meets(value: &str, found: &str) -> bool {
        let (prefix, value) = Prefix::split(value).unwrap();
        let found = match found.split_once("..") {
            Some((start, end)) => Interval::period(Interval::parse(start), Interval::parse(end)),
            None => Interval::parse(found).unwrap(),
        };
        Interval::parse(value).unwrap().meets(prefix, found)
    }

    #[test]
    fn prefixes_compare_intervals() {
        let table = [
            ("2024-03-01", "2024-03-01", true),
            ("2024-03-01", "2024-03-01T23:59:59+01:00", true),
            ("2024-03-01", "2024-03-01T00:30:00+01:00", true),
            ("2024-03-01", "2024-03", false),
            ("2024-03", "2024-03-31", true),
            ("2024", "2024-12-31T23:59:59.999Z", true),
            ("2024", "2025", false),
            ("ne2024", "2025", true),
            ("ge2024-03-01", "2024-03-01", true),
            ("ge2024-03-01", "2024-02-29", false),
            ("ge2024-03-01", "2024", true),
            ("gt2024-03-01", "2024-03-01", false),
            ("gt2024-03-01", "2024-03-02", true),
            ("le2024-03-01", "2024-03-01T12:00:00Z", true),
            ("le2024-03-01", "2024-03-02", false),
            ("lt2024-03-01", "2024-03-01", false),
            ("lt2024-03-01", "2024", true),
            ("sa2024-03-01", "2024-03-01..2024-03-05", false),
            ("sa2024-03-01", "2024-03-02..", true),
            ("eb2024-03-10", "2024-03-01..2024-03-09", true),
            ("eb2024-03-10", "2024-03-01..", false),
            ("ge2024-03-01", "2020-01-01..", true),
            ("le2024-03-01", "2020-01-01..", true),
            ("le2019", "2020-01-01..", false),
            ("ge2024-01-05", "2024-01-01..2024-01-05", true),
            ("gt2024-01-05", "2024-01-01..2024-01-05", false),
            ("ge2024-01-06", "2024-01-01..2024-01-05", false),
            ("le2024-01-05", "2024-01-05..2024-01-10", true),
            ("lt2024-01-05", "2024-01-05..2024-01-10", false),
            ("2024-03-01", "..", false),
            ("ge2024-03-01", "..2024-02-01", false),
            ("2024-03-01T10:00:00Z", "2024-03-01T11:00:00+01:00", true),
            ("2024-03-01T10:00", "2024-03-01T10:00:30+01:00", true),
            ("ge2024-03-01T10:00:00+01:00", "2024-03-01T09:30:00Z", true),
            ("ge2024-03-01T10:00:00 01:00", "2024-03-01T08:30:00Z", false),
        ];
        for (value, found, expected) in table {
            assert_eq!(meets(value, found), expected, "{value} on {found}");
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "24",
            "2024-3",
            "2024-13",
            "2024-02-30",
            "2024-01-01T",
            "2024-01-01T10",
            "2024-01T10:00",
            "xx",
            "2024-01-01T10:00:00+1",
            "2024-01-01T99:00",
            "2024-01-01T10:00:0é",
            "99999",
            "-2024",
            "2024-01-01-01",
        ] {
            assert_eq!(Interval::parse(text), None, "{text}");
        }
        assert_eq!(Prefix::split("ap2024"), None);
        assert_eq!(Prefix::split("xx"), None);
    }
}
