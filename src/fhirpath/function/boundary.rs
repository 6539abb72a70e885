//! `lowBoundary`, `highBoundary`, `precision`, `comparable`, from the draft of the next release.

use rust_decimal::{Decimal, RoundingStrategy};

use super::Invocation;
use crate::fhirpath::evaluator::Fallible;
use crate::fhirpath::item::Item;
use crate::fhirpath::value::{Quantity, TemporalKind, Value};

pub(super) fn low_boundary<'a>(call: &Invocation<'_, 'a>) -> Fallible<Option<Item<'a>>> {
    boundary(call, false)
}

pub(super) fn high_boundary<'a>(call: &Invocation<'_, 'a>) -> Fallible<Option<Item<'a>>> {
    boundary(call, true)
}

/// Decimals keep eight digits unless another number is asked for.
const DEFAULT_DIGITS: u32 = 8;

fn boundary<'a>(call: &Invocation<'_, 'a>, last: bool) -> Fallible<Option<Item<'a>>> {
    let digits = match call.integer_argument(0)?.map(u32::try_from) {
        Some(Err(_)) => return Ok(None),
        Some(Ok(digits)) => Some(digits),
        None => None,
    };
    let Some(item) = call.single()? else { return Ok(None) };
    let decimal = |d: Decimal| decimal_boundary(d, digits.unwrap_or(DEFAULT_DIGITS), last);
    let value = match item.value() {
        Some(Value::Integer(i)) => decimal(i.into()).map(Value::Decimal),
        Some(Value::Decimal(d)) => decimal(d).map(Value::Decimal),
        Some(Value::Temporal(t)) => {
            let most = match t.kind() {
                TemporalKind::Date => 8,
                TemporalKind::DateTime => 17,
                TemporalKind::Time => 9,
            };
            t.boundary(digits.unwrap_or(most), last).map(Value::Temporal)
        }
        _ => match item.quantity(false) {
            Some(q) => decimal(q.value).map(|value| Value::Quantity(Box::new(Quantity { value, unit: q.unit }))),
            None => return Err(call.wrong_type(&item, "a number, quantity, date or time")),
        },
    };
    Ok(value.map(Item::Value))
}

/// A decimal stands for all that would be rounded to it.
fn decimal_boundary(value: Decimal, digits: u32, last: bool) -> Option<Decimal> {
    if digits >= Decimal::MAX_SCALE || value.scale() >= Decimal::MAX_SCALE {
        return None;
    }
    let half = Decimal::new(5, value.scale() + 1);
    let (edge, strategy) = match last {
        false => (value.checked_sub(half)?, RoundingStrategy::ToNegativeInfinity),
        true => (value.checked_add(half)?, RoundingStrategy::ToPositiveInfinity),
    };
    let mut rounded = edge.round_dp_with_strategy(digits, strategy);
    rounded.rescale(digits);
    Some(rounded)
}

/// Digits after the point of a number, digits stated of a date or time.
pub(super) fn precision<'a>(call: &Invocation<'_, 'a>) -> Fallible<Option<Item<'a>>> {
    let Some(item) = call.single()? else { return Ok(None) };
    let digits = match item.value() {
        Some(Value::Integer(_)) => 0,
        Some(Value::Decimal(d)) => d.scale(),
        Some(Value::Temporal(t)) => t.digits(),
        _ => return Err(call.wrong_type(&item, "a number, date or time")),
    };
    Ok(Some(Item::Value(Value::Integer(digits.into()))))
}

/// Whether two quantities measure the same; false where a unit is not known.
pub(super) fn comparable(call: &Invocation<'_, '_>) -> Fallible<Option<bool>> {
    let argument = call.argument(0)?;
    let (Some(item), Some(other)) = (call.single()?, argument.first()) else { return Ok(None) };
    let (Some(a), Some(b)) = (item.quantity(true), other.quantity(true)) else {
        return Err(call.wrong_type(&item, "two quantities"));
    };
    Ok(Some(a.in_unit_of(&b).is_some()))
}
