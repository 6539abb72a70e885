//! `and`, `or`, `xor`, `implies` in three values (<http://hl7.org/fhirpath/N1/#boolean-logic>).

use crate::fhirpath::evaluator::{Evaluator, Fallible, Scope};
use crate::fhirpath::tree::{BinaryOperator, Node};

/// The right side is not looked at where the left side decides.
pub(in crate::fhirpath) fn logic<'a>(
    evaluator: &Evaluator<'_, 'a>,
    operator: BinaryOperator,
    [left, right]: &'a [Node; 2],
    scope: Scope<'_, 'a>,
) -> Fallible<Option<bool>> {
    let left = evaluator.truth(left, scope)?;
    match (operator, left) {
        (BinaryOperator::And, Some(false)) => return Ok(Some(false)),
        (BinaryOperator::Or, Some(true)) | (BinaryOperator::Implies, Some(false)) => return Ok(Some(true)),
        (BinaryOperator::Xor, None) => return Ok(None),
        _ => {}
    }
    let right = evaluator.truth(right, scope)?;
    Ok(match operator {
        BinaryOperator::And if right == Some(false) => Some(false),
        BinaryOperator::Or | BinaryOperator::Implies if right == Some(true) => Some(true),
        BinaryOperator::And | BinaryOperator::Or => left.and(right),
        BinaryOperator::Xor => left.zip(right).map(|(l, r)| l != r),
        // The left side is true or not known here.
        _ => left.and(right),
    })
}
