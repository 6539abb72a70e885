//! `response`: the HTTP status by name.

use crate::testscript::status_named;

use super::{Case, Outcome, response_code, unknown};

pub(super) fn judge(case: &Case<'_>, name: &str) -> Outcome {
    match status_named(name) {
        Some(status) => response_code::judge_status(case, status),
        None => unknown::judge(&format!("response `{name}`")),
    }
}
