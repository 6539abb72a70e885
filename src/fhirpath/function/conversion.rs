//! `iif`, `toInteger` and their like (<http://hl7.org/fhirpath/N1/#conversion>).

use rust_decimal::Decimal;

use super::Invocation;
use crate::fhirpath::error::ErrorKind;
use crate::fhirpath::evaluator::{Fallible, Flow, Scope, Sink, attempt};
use crate::fhirpath::item::Item;
use crate::fhirpath::value::{Quantity, Temporal, TemporalKind, Unit, Value, parse_decimal};

/// The branch that is not taken is not evaluated.
pub(super) fn iif<'a>(call: &Invocation<'_, 'a>, sink: Sink<'_, 'a>) -> Flow {
    let input = match &call.call.receiver {
        Some(_) => attempt(call.single())?,
        None => call.scope.this.cloned(),
    };
    let scope = Scope { this: input.as_ref(), ..call.scope };
    let Some(criterion) = call.lambda(0) else { return Flow::Continue(()) };
    let branch = match attempt(call.evaluator.truth(criterion, scope))? {
        Some(true) => call.lambda(1),
        _ => call.lambda(2),
    };
    match branch {
        Some(branch) => call.evaluator.each(branch, scope, sink),
        None => Flow::Continue(()),
    }
}

type Convert = for<'a> fn(&Item<'a>) -> Option<Value<'a>>;

fn convert<'a>(call: &Invocation<'_, 'a>, to: Convert) -> Fallible<Option<Item<'a>>> {
    Ok(call.single()?.and_then(|item| to(&item)).map(Item::Value))
}

fn converts(call: &Invocation<'_, '_>, to: Convert) -> Fallible<Option<bool>> {
    Ok(call.single()?.map(|item| to(&item).is_some()))
}

pub(super) fn to_boolean<'a>(call: &Invocation<'_, 'a>) -> Fallible<Option<Item<'a>>> {
    convert(call, boolean)
}

pub(super) fn converts_to_boolean(call: &Invocation<'_, '_>) -> Fallible<Option<bool>> {
    converts(call, boolean)
}

const TRUE: [&str; 6] = ["true", "t", "yes", "y", "1", "1.0"];
const FALSE: [&str; 6] = ["false", "f", "no", "n", "0", "0.0"];

fn boolean<'a>(item: &Item<'a>) -> Option<Value<'a>> {
    let value = item.value()?;
    let truth = match &value {
        Value::Boolean(truth) => *truth,
        Value::Integer(_) | Value::Decimal(_) => match value.as_decimal()? {
            one if one == Decimal::ONE => true,
            zero if zero.is_zero() => false,
            _ => return None,
        },
        Value::String(text) => {
            let is = |words: [&str; 6]| words.iter().any(|w| w.eq_ignore_ascii_case(text));
            is(TRUE) || if is(FALSE) { false } else { return None }
        }
        _ => return None,
    };
    Some(Value::Boolean(truth))
}

pub(super) fn to_integer<'a>(call: &Invocation<'_, 'a>) -> Fallible<Option<Item<'a>>> {
    convert(call, integer)
}

pub(super) fn converts_to_integer(call: &Invocation<'_, '_>) -> Fallible<Option<bool>> {
    converts(call, integer)
}

fn integer<'a>(item: &Item<'a>) -> Option<Value<'a>> {
    match item.value()? {
        Value::Integer(i) => Some(i),
        Value::Boolean(b) => Some(i64::from(b)),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
    .map(Value::Integer)
}

pub(super) fn to_decimal<'a>(call: &Invocation<'_, 'a>) -> Fallible<Option<Item<'a>>> {
    convert(call, decimal)
}

pub(super) fn converts_to_decimal(call: &Invocation<'_, '_>) -> Fallible<Option<bool>> {
    converts(call, decimal)
}

fn decimal<'a>(item: &Item<'a>) -> Option<Value<'a>> {
    match item.value()? {
        Value::Boolean(b) => Some(Decimal::from(u8::from(b))),
        Value::String(text) => parse_decimal(&text),
        number => number.as_decimal(),
    }
    .map(Value::Decimal)
}

pub(super) fn to_date<'a>(call: &Invocation<'_, 'a>) -> Fallible<Option<Item<'a>>> {
    convert(call, |item| temporal(item, TemporalKind::Date))
}

pub(super) fn converts_to_date(call: &Invocation<'_, '_>) -> Fallible<Option<bool>> {
    converts(call, |item| temporal(item, TemporalKind::Date))
}

pub(super) fn to_date_time<'a>(call: &Invocation<'_, 'a>) -> Fallible<Option<Item<'a>>> {
    convert(call, |item| temporal(item, TemporalKind::DateTime))
}

pub(super) fn converts_to_date_time(call: &Invocation<'_, '_>) -> Fallible<Option<bool>> {
    converts(call, |item| temporal(item, TemporalKind::DateTime))
}

pub(super) fn to_time<'a>(call: &Invocation<'_, 'a>) -> Fallible<Option<Item<'a>>> {
    convert(call, |item| temporal(item, TemporalKind::Time))
}

pub(super) fn converts_to_time(call: &Invocation<'_, '_>) -> Fallible<Option<bool>> {
    converts(call, |item| temporal(item, TemporalKind::Time))
}

fn temporal<'a>(item: &Item<'a>, kind: TemporalKind) -> Option<Value<'a>> {
    match item.value()? {
        Value::Temporal(temporal) => temporal.to_kind(kind),
        Value::String(text) if kind == TemporalKind::Date => {
            let moment = Temporal::parse(kind, &text).or_else(|| Temporal::parse(TemporalKind::DateTime, &text));
            moment?.to_kind(kind)
        }
        Value::String(text) => Temporal::parse(kind, &text),
        _ => None,
    }
    .map(Value::Temporal)
}

pub(super) fn to_quantity<'a>(call: &Invocation<'_, 'a>) -> Fallible<Option<Item<'a>>> {
    let Some(quantity) = call.single()?.as_ref().and_then(quantity) else { return Ok(None) };
    let Some(unit) = call.text_argument(0)? else { return Ok(Some(quantity_item(quantity))) };
    let Some(wanted) = Quantity::parse(&format!("1 '{unit}'")) else {
        return Err(call.error(ErrorKind::Value, "takes a unit here"));
    };
    let value = quantity.in_unit_of(&wanted);
    Ok(value.map(|value| quantity_item(Quantity { value, unit: Unit::Code(unit.into()) })))
}

pub(super) fn converts_to_quantity(call: &Invocation<'_, '_>) -> Fallible<Option<bool>> {
    if !call.has_argument(0) {
        return Ok(call.single()?.map(|item| quantity(&item).is_some()));
    }
    let empty = call.single()?.is_none();
    Ok(to_quantity(call)?.map(|_| true).or(if empty { None } else { Some(false) }))
}

fn quantity_item<'a>(quantity: Quantity) -> Item<'a> {
    Item::Value(Value::Quantity(Box::new(quantity)))
}

fn quantity(item: &Item<'_>) -> Option<Quantity> {
    item.quantity(true).or_else(|| match item.value()? {
        Value::Boolean(b) => Some(Quantity::of_number(u8::from(b).into())),
        Value::String(text) => Quantity::parse(&text),
        _ => None,
    })
}

pub(super) fn to_string<'a>(call: &Invocation<'_, 'a>) -> Fallible<Option<Item<'a>>> {
    convert(call, string)
}

pub(super) fn converts_to_string(call: &Invocation<'_, '_>) -> Fallible<Option<bool>> {
    converts(call, string)
}

fn string<'a>(item: &Item<'a>) -> Option<Value<'a>> {
    match item {
        Item::Element(element) => match element.node().value() {
            Some(text) => Some(Value::text(text)),
            None => element.quantity().map(|q| Value::text(q.to_string())),
        },
        Item::Value(Value::Type(_)) => None,
        Item::Value(value) => Some(Value::String(value.clone().into_text())),
    }
}
