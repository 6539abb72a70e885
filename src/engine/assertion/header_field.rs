//! `headerField`: a header of the request or the answer.

use super::{Case, Outcome};
use crate::engine::{code, compare};
use crate::exchange::redaction;
use crate::testscript::Operator;

pub(super) fn judge(case: &Case<'_>, name: &str) -> Outcome {
    let wanted = case.value()?;
    let subject = case.subject()?;
    let headers = subject.headers()?;
    // A field that is repeated is a list (RFC 9110 section 5.3).
    let values: Vec<&str> = headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v).collect();
    let mut found: Vec<String> = if values.is_empty() { vec![] } else { vec![values.join(", ")] };
    // Parameters such as `charset` count only when they are asked for.
    let compares_whole =
        matches!(case.operator(), Operator::Equals | Operator::NotEquals | Operator::In | Operator::NotIn);
    if name.eq_ignore_ascii_case("Content-Type") && compares_whole && !wanted.contains(';') {
        found.iter_mut().for_each(|f| *f = f.split(';').next().unwrap_or_default().trim().to_owned());
    }
    if !redaction::is_secret_header(name) {
        return case.compared(code::HEADER_FIELD, &format!("header `{name}`"), &found, &wanted);
    }
    // A record holds the hash of a secret: what is expected is compared in the same form.
    let is_recorded = |value: &String| redaction::recorded_header(name, value) == value.as_str();
    let recorded = found.first().is_some_and(is_recorded).then(|| redaction::recorded_header(name, &wanted));
    let expected = recorded.as_deref().unwrap_or(&wanted);
    let mut finding = case.compared(code::HEADER_FIELD, &format!("header `{name}`"), &found, expected)?;
    if finding.code.is_some() {
        // The same comparison, without the secrets.
        let masked = |value: &str| redaction::recorded_header(name, value).into_owned();
        let there = found.first().map_or("nothing".to_owned(), |f| masked(f));
        let expected = compare::expectation(case.operator(), &masked(&wanted));
        finding.message = format!("header `{name}` is `{there}`, expected {expected}");
        finding.expected = Some(expected);
        finding.found = Some(there);
    }
    Ok(finding)
}
