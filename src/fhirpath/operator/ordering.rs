//! `<`, `<=`, `>`, `>=` (<http://hl7.org/fhirpath/N1/#comparison>).

use std::cmp::Ordering;

use crate::fhir::Span;
use crate::fhirpath::error::{ErrorKind, EvaluationError};
use crate::fhirpath::evaluator::Fallible;
use crate::fhirpath::item::Item;
use crate::fhirpath::value::{TemporalKind, Value};

/// The order of two items; None where it is not known. Only numbers, texts, dates, times and
/// quantities have an order, each among themselves.
pub(in crate::fhirpath) fn compare(
    a: &Item<'_>,
    b: &Item<'_>,
    operator: &str,
    span: Span,
) -> Fallible<Option<Ordering>> {
    let mismatch = || {
        let message = format!("`{operator}` cannot compare {} with {}", describe(a), describe(b));
        Err(EvaluationError::new(ErrorKind::Type, message, span))
    };
    match (a.value(), b.value()) {
        (Some(Value::String(x)), Some(Value::String(y))) => Ok(Some(x.cmp(&y))),
        (Some(Value::Temporal(x)), Some(Value::Temporal(y))) => {
            let same = (x.kind() == TemporalKind::Time) == (y.kind() == TemporalKind::Time);
            if same { Ok(x.compare(&y)) } else { mismatch() }
        }
        (x, y) => {
            let numbers = x.and_then(|x| x.as_decimal()).zip(y.and_then(|y| y.as_decimal()));
            if let Some((x, y)) = numbers {
                return Ok(Some(x.cmp(&y)));
            }
            match (a.quantity(true), b.quantity(true)) {
                (Some(x), Some(y)) => Ok(x.compare(&y)),
                _ => mismatch(),
            }
        }
    }
}

/// What an item is, for messages.
pub(super) fn describe(item: &Item<'_>) -> String {
    match item.type_name() {
        "" => "an element of unknown type".into(),
        name => format!("`{name}`"),
    }
}
