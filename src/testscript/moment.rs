//! Dates and times as placeholders count with them.

use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::temporal::Pieces;
use jiff::tz::Offset;
use jiff::{Span, Zoned};

use super::template::TimeUnit;

/// A date, or a date and time with its offset from UTC. Counting leaves the offset as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    at: DateTime,
    offset: Option<Offset>,
}

impl Moment {
    /// Reads `2026-01-31`, `2026-01-31T10:00:00+01:00`; None for a partial date or anything else.
    pub(super) fn parse(text: &str) -> Option<Moment> {
        let text = text.trim();
        if text.as_bytes().get(4) != Some(&b'-') || text.as_bytes().get(7) != Some(&b'-') {
            return None;
        }
        let pieces = Pieces::parse(text).ok()?;
        let date: Date = pieces.date();
        let time = pieces.time().unwrap_or(Time::midnight());
        Some(Moment { at: date.to_datetime(time), offset: pieces.to_numeric_offset() })
    }

    /// The clock's moment, to the second.
    pub(super) fn now(clock: &Zoned) -> Moment {
        Moment { at: clock.datetime(), offset: Some(clock.offset()) }
    }

    /// Adds the offsets one after the other. A month or year later than the 31st is the last day there
    /// is. None when the result is no date of the calendar.
    pub(super) fn shift(self, offsets: &[(TimeUnit, i64)]) -> Option<Moment> {
        let mut at = self.at;
        for (unit, count) in offsets {
            at = at.checked_add(length(*unit, *count)?).ok()?;
        }
        Some(Moment { at, ..self })
    }

    /// `2026-01-31`.
    pub(super) fn date(self) -> String {
        self.at.date().to_string()
    }

    /// `2026-01-31T10:00:00+01:00`; a moment without offset gets the one given.
    pub(super) fn date_time(self, otherwise: Offset) -> String {
        let offset = self.offset.unwrap_or(otherwise);
        let minutes = offset.seconds() / 60;
        let sign = if minutes < 0 { '-' } else { '+' };
        let at = self.at;
        format!(
            "{}T{:02}:{:02}:{:02}{sign}{:02}:{:02}",
            at.date(),
            at.hour(),
            at.minute(),
            at.second(),
            minutes.abs() / 60,
            minutes.abs() % 60
        )
    }
}

fn length(unit: TimeUnit, count: i64) -> Option<Span> {
    let span = Span::new();
    match unit {
        TimeUnit::Year => span.try_years(count),
        TimeUnit::Month => span.try_months(count),
        TimeUnit::Day => span.try_days(count),
        TimeUnit::Hour => span.try_hours(count),
        TimeUnit::Minute => span.try_minutes(count),
        TimeUnit::Second => span.try_seconds(count),
    }
    .ok()
}
