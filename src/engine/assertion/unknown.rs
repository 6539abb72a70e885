//! What keur does not check: never a pass.

use super::Outcome;
use crate::engine::code;
use crate::engine::finding::{Absence, Finding};
use crate::testscript::Operator;

/// An assert of an unknown kind.
pub(super) fn judge(what: &str) -> Outcome {
    Ok(Finding::not_evaluated(code::UNKNOWN_ASSERT, format!("keur does not check {what}")))
}

/// `manualEval`.
pub(super) fn manual() -> Outcome {
    Ok(Finding::not_evaluated(code::MANUAL, "the script leaves this to a person"))
}

/// An operator that does not compare, where something is to be compared.
pub(super) fn not_comparing(operator: Operator) -> Outcome {
    let message = format!("the operator `{}` does not go with this kind of assert", operator.code());
    Ok(Finding::not_evaluated(code::UNKNOWN_ASSERT, message))
}

/// A comparison without a value to compare with.
pub(super) fn no_value<T>(operator: Operator) -> Result<T, Absence> {
    let message = format!("the assert gives no `value` for the operator `{}`", operator.code());
    Err(Absence::not_evaluated(code::UNKNOWN_ASSERT, message))
}
