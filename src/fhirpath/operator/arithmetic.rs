//! `+`, `-`, `*`, `/`, `div`, `mod`, `&` and signs (<http://hl7.org/fhirpath/N1/#math>).
//!
//! An empty operand makes an empty result, and so do overflow and division by zero.

use rust_decimal::Decimal;

use super::ordering::describe;
use crate::fhir::Span;
use crate::fhirpath::error::{ErrorKind, EvaluationError};
use crate::fhirpath::evaluator::{Evaluator, Fallible, Scope, admit_text};
use crate::fhirpath::item::Item;
use crate::fhirpath::tree::{BinaryOperator, Node};
use crate::fhirpath::value::{Quantity, Temporal, Unit, Value};

/// The result of an arithmetic operator.
pub(in crate::fhirpath) fn arithmetic<'a>(
    evaluator: &Evaluator<'_, 'a>,
    operator: BinaryOperator,
    [left, right]: &'a [Node; 2],
    span: Span,
    scope: Scope<'_, 'a>,
) -> Fallible<Option<Item<'a>>> {
    let what = format!("`{}`", operator.symbol());
    let (left, right) = (evaluator.single(left, scope, &what)?, evaluator.single(right, scope, &what)?);
    if operator == BinaryOperator::Concatenate {
        return concatenate(left.as_ref(), right.as_ref(), span).map(Some);
    }
    let (Some(left), Some(right)) = (left, right) else { return Ok(None) };
    let mismatch = || {
        let message = format!("`{}` does not take {} and {}", operator.symbol(), describe(&left), describe(&right));
        EvaluationError::new(ErrorKind::Type, message, span)
    };
    let result = match (left.value(), right.value()) {
        (Some(Value::Integer(a)), Some(Value::Integer(b))) => integers(operator, a, b),
        (Some(Value::String(a)), Some(Value::String(b))) if operator == BinaryOperator::Add => {
            admit_text(a.len() + b.len(), span)?;
            Some(Value::text(format!("{a}{b}")))
        }
        (Some(Value::Temporal(a)), _) => return moved(operator, a, &right, span, mismatch),
        (a, b) => match a.and_then(|a| a.as_decimal()).zip(b.and_then(|b| b.as_decimal())) {
            Some((a, b)) => decimals(operator, a, b),
            None => match (left.quantity(true), right.quantity(true)) {
                (Some(a), Some(b)) => quantities(operator, &a, &b).ok_or_else(mismatch)?,
                _ => return Err(mismatch()),
            },
        },
    };
    Ok(result.map(Item::Value))
}

fn concatenate<'a>(left: Option<&Item<'a>>, right: Option<&Item<'a>>, span: Span) -> Fallible<Item<'a>> {
    let mut text = String::new();
    for item in [left, right].into_iter().flatten() {
        match item.text() {
            Some(part) => text.push_str(&part),
            None => {
                let message = format!("`&` does not take {}", describe(item));
                return Err(EvaluationError::new(ErrorKind::Type, message, span));
            }
        }
    }
    admit_text(text.len(), span)?;
    Ok(Item::Value(Value::text(text)))
}

fn integers<'a>(operator: BinaryOperator, a: i64, b: i64) -> Option<Value<'a>> {
    match operator {
        BinaryOperator::Add => a.checked_add(b),
        BinaryOperator::Subtract => a.checked_sub(b),
        BinaryOperator::Multiply => a.checked_mul(b),
        BinaryOperator::Div => a.checked_div(b),
        BinaryOperator::Mod => a.checked_rem(b),
        _ => return decimals(operator, a.into(), b.into()),
    }
    .map(Value::Integer)
}

fn decimals<'a>(operator: BinaryOperator, a: Decimal, b: Decimal) -> Option<Value<'a>> {
    let result = match operator {
        BinaryOperator::Add => a.checked_add(b),
        BinaryOperator::Subtract => a.checked_sub(b),
        BinaryOperator::Multiply => a.checked_mul(b),
        BinaryOperator::Divide => a.checked_div(b),
        BinaryOperator::Mod => a.checked_rem(b),
        // `div` gives a whole number of the same value as an integer would.
        _ => return a.checked_div(b)?.trunc().to_string().parse().ok().map(Value::Integer),
    };
    result.map(Value::Decimal)
}

fn moved<'a>(
    operator: BinaryOperator,
    from: Temporal,
    by: &Item<'a>,
    span: Span,
    mismatch: impl Fn() -> EvaluationError,
) -> Fallible<Option<Item<'a>>> {
    let sign = match operator {
        BinaryOperator::Add => 1,
        BinaryOperator::Subtract => -1,
        _ => return Err(mismatch()),
    };
    let Some(quantity) = by.quantity(false) else { return Err(mismatch()) };
    match from.add(&quantity, sign) {
        Some(moved) => Ok(Some(Item::Value(Value::Temporal(moved)))),
        None if quantity.calendar_unit().is_some() => Ok(None),
        None => {
            let message = format!("`{quantity}` is not a duration of the calendar");
            Err(EvaluationError::new(ErrorKind::Value, message, span))
        }
    }
}

/// The outer None says that the units do not go together.
fn quantities<'a>(operator: BinaryOperator, a: &Quantity, b: &Quantity) -> Option<Option<Value<'a>>> {
    let (Unit::Code(unit_a), Unit::Code(unit_b)) = (&a.unit, &b.unit) else {
        let sum = (a.unit == b.unit).then(|| decimals(operator, a.value, b.value))?;
        let additive = matches!(operator, BinaryOperator::Add | BinaryOperator::Subtract);
        let of_unit = |value| Value::Quantity(Box::new(Quantity { value, unit: a.unit.clone() }));
        return additive.then(|| sum.and_then(|s| s.as_decimal()).map(of_unit));
    };
    let is_simple = |unit: &str| !unit.contains(['.', '/']);
    let (value, unit) = match operator {
        BinaryOperator::Add | BinaryOperator::Subtract => {
            let b = b.in_unit_of(a)?;
            (decimals(operator, a.value, b), unit_a.to_string())
        }
        BinaryOperator::Multiply => (decimals(operator, a.value, b.value), joined(unit_a, '.', unit_b)),
        BinaryOperator::Divide if is_simple(unit_b) => {
            (decimals(operator, a.value, b.value), joined(unit_a, '/', unit_b))
        }
        _ => return None,
    };
    let of_unit = |value| Value::Quantity(Box::new(Quantity { value, unit: Unit::Code(unit.into()) }));
    Some(value.and_then(|v| v.as_decimal()).map(of_unit))
}

/// A product or quotient of units; `1` is left out where it says nothing.
fn joined(a: &str, operator: char, b: &str) -> String {
    match (a, b) {
        (a, "1") => a.to_owned(),
        ("1", b) if operator == '.' => b.to_owned(),
        _ => format!("{a}{operator}{b}"),
    }
}

/// A signed number or quantity.
pub(in crate::fhirpath) fn signed(item: Option<Item<'_>>, negative: bool, span: Span) -> Fallible<Option<Item<'_>>> {
    let Some(item) = item else { return Ok(None) };
    let value = match item.value() {
        Some(Value::Integer(i)) => i.checked_mul(if negative { -1 } else { 1 }).map(Value::Integer),
        Some(Value::Decimal(d)) => Some(Value::Decimal(if negative { -d } else { d })),
        _ => match item.quantity(false) {
            Some(q) => {
                let value = if negative { -q.value } else { q.value };
                Some(Value::Quantity(Box::new(Quantity { value, unit: q.unit })))
            }
            None => {
                let message = format!("a sign does not go with {}", describe(&item));
                return Err(EvaluationError::new(ErrorKind::Type, message, span));
            }
        },
    };
    Ok(value.map(Item::Value))
}
