//! `requestMethod`: the HTTP method of the request.

use super::{Case, Outcome};
use crate::engine::code;

pub(super) fn judge(case: &Case<'_>, method: &str) -> Outcome {
    let subject = case.subject()?;
    let found = subject.exchange()?.exchange.request.method.to_ascii_lowercase();
    case.compared(code::REQUEST_METHOD, "the method", &[found], &method.to_ascii_lowercase())
}
