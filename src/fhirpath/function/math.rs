//! Mathematical functions (<http://hl7.org/fhirpath/N1/#math>).
//!
//! Roots, powers and logarithms go through floating point; what has no real result is empty.

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};

use super::Invocation;
use crate::fhirpath::error::ErrorKind;
use crate::fhirpath::evaluator::Fallible;
use crate::fhirpath::item::Item;
use crate::fhirpath::value::{Quantity, Value};

/// The number of the input, and whether it was an integer.
fn number(call: &Invocation<'_, '_>) -> Fallible<Option<Value<'static>>> {
    let Some(item) = call.single()? else { return Ok(None) };
    match item.value() {
        None if !matches!(&item, Item::Element(e) if !e.is_primitive()) => Ok(None),
        Some(Value::Integer(i)) => Ok(Some(Value::Integer(i))),
        Some(Value::Decimal(d)) => Ok(Some(Value::Decimal(d))),
        _ => Err(call.wrong_type(&item, "a number")),
    }
}

fn whole<'a>(call: &Invocation<'_, '_>, round: fn(&Decimal) -> Decimal) -> Fallible<Option<Item<'a>>> {
    let number = number(call)?.and_then(|n| n.as_decimal());
    Ok(number.and_then(|n| round(&n).to_i64()).map(|i| Item::Value(Value::Integer(i))))
}

fn real<'a>(call: &Invocation<'_, '_>, compute: impl FnOnce(f64) -> f64) -> Fallible<Option<Item<'a>>> {
    let number = number(call)?.and_then(|n| n.as_decimal()?.to_f64());
    Ok(number.and_then(|n| Value::from_f64(compute(n))).map(Item::Value))
}

pub(super) fn abs<'a>(call: &Invocation<'_, 'a>) -> Fallible<Option<Item<'a>>> {
    if let Some(quantity) = call.single()?.and_then(|item| item.quantity(false)) {
        let quantity = Quantity { value: quantity.value.abs(), unit: quantity.unit };
        return Ok(Some(Item::Value(Value::Quantity(Box::new(quantity)))));
    }
    Ok(match number(call)? {
        Some(Value::Integer(i)) => i.checked_abs().map(Value::Integer),
        number => number.and_then(|n| n.as_decimal()).map(|d| Value::Decimal(d.abs())),
    }
    .map(Item::Value))
}

pub(super) fn ceiling<'a>(call: &Invocation<'_, 'a>) -> Fallible<Option<Item<'a>>> {
    whole(call, Decimal::ceil)
}

pub(super) fn floor<'a>(call: &Invocation<'_, 'a>) -> Fallible<Option<Item<'a>>> {
    whole(call, Decimal::floor)
}

pub(super) fn truncate<'a>(call: &Invocation<'_, 'a>) -> Fallible<Option<Item<'a>>> {
    whole(call, Decimal::trunc)
}

pub(super) fn exp<'a>(call: &Invocation<'_, 'a>) -> Fallible<Option<Item<'a>>> {
    real(call, f64::exp)
}

pub(super) fn ln<'a>(call: &Invocation<'_, 'a>) -> Fallible<Option<Item<'a>>> {
    real(call, f64::ln)
}

pub(super) fn sqrt<'a>(call: &Invocation<'_, 'a>) -> Fallible<Option<Item<'a>>> {
    real(call, f64::sqrt)
}

fn number_argument(call: &Invocation<'_, '_>) -> Fallible<Option<Decimal>> {
    match call.value_argument(0)? {
        None => Ok(None),
        Some(value) => match value.as_decimal() {
            Some(number) => Ok(Some(number)),
            None => Err(call.error(ErrorKind::Type, "takes a number here")),
        },
    }
}

pub(super) fn log<'a>(call: &Invocation<'_, 'a>) -> Fallible<Option<Item<'a>>> {
    match number_argument(call)?.and_then(|b| b.to_f64()) {
        // Quotients of logarithms, unlike `f64::log`, are exact for exact powers of 2 and 10 alike.
        Some(10.0) => real(call, f64::log10),
        Some(2.0) => real(call, f64::log2),
        Some(base) => real(call, |n| n.log(base)),
        None => Ok(None),
    }
}

pub(super) fn power<'a>(call: &Invocation<'_, 'a>) -> Fallible<Option<Item<'a>>> {
    let Some(exponent) = number_argument(call)? else { return Ok(None) };
    if let (Some(Value::Integer(base)), Some(exponent)) = (number(call)?, whole_exponent(exponent)) {
        return Ok(base.checked_pow(exponent).map(|i| Item::Value(Value::Integer(i))));
    }
    match exponent.to_f64() {
        Some(exponent) => real(call, |n| n.powf(exponent)),
        None => Ok(None),
    }
}

fn whole_exponent(exponent: Decimal) -> Option<u32> {
    if exponent.fract().is_zero() { exponent.to_u32() } else { None }
}

/// Half is rounded away from zero.
pub(super) fn round<'a>(call: &Invocation<'_, 'a>) -> Fallible<Option<Item<'a>>> {
    let digits = match call.integer_argument(0)? {
        None => 0,
        Some(digits) => match u32::try_from(digits) {
            Ok(digits) => digits,
            Err(_) => return Err(call.error(ErrorKind::Value, "takes a number of digits that is not negative")),
        },
    };
    let number = number(call)?.and_then(|n| n.as_decimal());
    let rounded = number.map(|n| n.round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero));
    Ok(rounded.map(|d| Item::Value(Value::Decimal(d))))
}
