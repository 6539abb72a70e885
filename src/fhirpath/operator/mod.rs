//! Operators, one file a family.

mod arithmetic;
mod equality;
mod logic;
mod ordering;

use super::evaluator::{Evaluator, Fallible, Scope};
use super::item::Collection;
use super::tree::{BinaryOperator, Node};
use super::value::Value;
use crate::fhir::Span;

pub(super) use arithmetic::{arithmetic, signed};
pub(super) use equality::{Seen, is_member};
pub(super) use logic::logic;
pub(super) use ordering::compare;

/// What an operator gives.
pub(super) enum Family {
    /// True, false or nothing.
    Truth,
    /// A value or nothing.
    Arithmetic,
    /// A collection.
    Union,
}

/// The family of an operator.
pub(super) fn family(operator: BinaryOperator) -> Family {
    match operator {
        BinaryOperator::Union => Family::Union,
        BinaryOperator::Add
        | BinaryOperator::Subtract
        | BinaryOperator::Concatenate
        | BinaryOperator::Multiply
        | BinaryOperator::Divide
        | BinaryOperator::Div
        | BinaryOperator::Mod => Family::Arithmetic,
        _ => Family::Truth,
    }
}

/// Equality, equivalence, order and membership.
pub(super) fn comparison<'a>(
    evaluator: &Evaluator<'_, 'a>,
    operator: BinaryOperator,
    [left, right]: &'a [Node; 2],
    span: Span,
    scope: Scope<'_, 'a>,
) -> Fallible<Option<bool>> {
    use BinaryOperator as Op;
    let sides = || Ok((evaluator.collect(left, scope)?, evaluator.collect(right, scope)?));
    let not = |truth: Option<bool>| truth.map(|t| !t);
    Ok(match operator {
        Op::Equal | Op::NotEqual => {
            let (left, right) = sides()?;
            let truth = if left.is_empty() || right.is_empty() { None } else { equality::collections(&left, &right) };
            if operator == Op::Equal { truth } else { not(truth) }
        }
        Op::Equivalent | Op::NotEquivalent => {
            let (left, right) = sides()?;
            Some(equality::equivalent_collections(&left, &right) == (operator == Op::Equivalent))
        }
        Op::In => {
            let (left, right) = sides()?;
            equality::all_in(&left, &right)
        }
        Op::Contains => {
            let (left, right) = sides()?;
            equality::all_in(&right, &left)
        }
        _ => {
            let what = || format!("`{}`", operator.symbol());
            let (left, right) = (evaluator.single(left, scope, &what())?, evaluator.single(right, scope, &what())?);
            let (Some(left), Some(right)) = (left, right) else { return Ok(None) };
            compare(&left, &right, operator.symbol(), span)?.map(|order| match operator {
                Op::Less => order.is_lt(),
                Op::LessOrEqual => order.is_le(),
                Op::Greater => order.is_gt(),
                _ => order.is_ge(),
            })
        }
    })
}

/// `|`: both sides without duplicates.
pub(super) fn union<'a>(
    evaluator: &Evaluator<'_, 'a>,
    [left, right]: &'a [Node; 2],
    scope: Scope<'_, 'a>,
) -> Fallible<Collection<'a>> {
    let mut seen = Seen::default();
    let sides = [evaluator.collect(left, scope)?, evaluator.collect(right, scope)?];
    Ok(sides.into_iter().flatten().filter(|item| seen.insert(item)).collect())
}

/// The parts of a value that has any.
pub(super) fn member<'a>(value: &Value<'a>, name: &str) -> Option<Value<'a>> {
    match (value, name) {
        (Value::Type(t), "namespace") => Some(Value::text(t.namespace)),
        (Value::Type(t), "name") => Some(Value::text(t.name)),
        (Value::Quantity(q), "value") => Some(Value::Decimal(q.value)),
        (Value::Quantity(q), "unit" | "code") => Some(Value::text(q.unit.to_string())),
        _ => None,
    }
}
