//! No input makes the engine panic.

use proptest::prelude::*;

use super::sample::sample;
use crate::fhirpath::value::{Temporal, TemporalKind};
use crate::fhirpath::{Context, Expression};

/// Pieces that random expressions are made of.
const PIECES: [&str; 72] = [
    "Bundle",
    "entry",
    "resource",
    "id",
    "value",
    "$this",
    "$index",
    "$total",
    ".",
    ".",
    ".",
    "(",
    ")",
    "[",
    "]",
    "0",
    "-1",
    "1.50",
    "9223372036854775807",
    "'a'",
    "''",
    "{}",
    "true",
    "@2020",
    "@2020-05-01T10:00:00+14:00",
    "@T23:59",
    "5 'mg'",
    "3 years",
    "+",
    "-",
    "*",
    "/",
    "div",
    "mod",
    "&",
    "|",
    "=",
    "~",
    "<",
    "in",
    "contains",
    "and",
    "implies",
    "is Patient",
    "as Quantity",
    "where(",
    "select(",
    "all(",
    "exists()",
    "descendants()",
    "children()",
    "resolve()",
    "first()",
    "tail()",
    "take(2)",
    "substring(1,9)",
    "indexOf('')",
    "matches('.')",
    "split('a')",
    "toQuantity()",
    "power(99)",
    "round(9)",
    "ln()",
    "lowBoundary()",
    "highBoundary(3)",
    "repeat(",
    "aggregate($total + $this, 1)",
    "sort(-",
    "type()",
    "encode('base64')",
    "escape('json')",
    ",",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_text_parses_or_is_refused_within_itself(text in ".{0,60}") {
        if let Err(error) = Expression::parse(&text) {
            prop_assert!(text.get(error.span.range()).is_some(), "{:?} is not within {text:?}", error.span);
        }
    }

    #[test]
    fn any_expression_evaluates_or_says_why_not(pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 1..14)) {
        let text = pieces.join(" ");
        if let Ok(expression) = Expression::parse(&text) {
            let sample = sample();
            let context = Context::new(&sample);
            let result = expression.evaluate(&context);
            if let Ok(items) = &result {
                prop_assert_eq!(expression.test(&context), Ok(items.to_boolean()), "{}", text);
            }
            let _ = expression.check(sample.table(), None);
        }
    }

    #[test]
    fn any_date_is_written_as_it_was_read(
        year in 1..10_000, month in 1..13, day in 1..29, hour in 0..24, minute in 0..60, second in 0..60, fraction in "(\\.[0-9]{1,9})?",
        zone in prop::sample::select(vec!["", "Z", "+02:00", "-11:30", "+14:00"]),
    ) {
        let date = format!("{year:04}-{month:02}-{day:02}");
        let clock = format!("{hour:02}:{minute:02}:{second:02}{fraction}");
        let full = format!("{date}T{clock}{zone}");
        for (kind, text) in [
            (TemporalKind::Date, &date[..4]), (TemporalKind::Date, &date[..7]), (TemporalKind::Date, &date),
            (TemporalKind::DateTime, &full), (TemporalKind::Time, &clock),
        ] {
            prop_assert_eq!(Temporal::parse(kind, text).map(|t| t.to_string()), Some(text.to_owned()));
        }
    }

    #[test]
    fn the_order_of_dates_turns_around(a in moments(), b in moments()) {
        let (ab, ba) = (a.compare(&b), b.compare(&a));
        prop_assert_eq!(ab, ba.map(std::cmp::Ordering::reverse), "{} {}", a, b);
        prop_assert_eq!(a.compare(&a), Some(std::cmp::Ordering::Equal));
    }
}

fn moments() -> impl Strategy<Value = Temporal> {
    let text =
        (2019..2021, 1..3, 1..4, 0..24, 0..2_usize, 0..6_usize).prop_map(|(year, month, day, hour, zone, length)| {
            let full = format!("{year}-{month:02}-{day:02}T{hour:02}:00:00{}", ["", "+02:00"][zone]);
            match [4, 7, 10, 13, 16][..].get(length) {
                Some(length) => full[..*length].to_owned(),
                None => full,
            }
        });
    text.prop_filter_map("a dateTime", |text| Temporal::parse(TemporalKind::DateTime, &text))
}
