//! A query parameter of the request (Interoplab extension): one of its values has to compare.

use super::{Case, Outcome, unknown};
use crate::engine::finding::Finding;
use crate::engine::{address, code, compare};
use crate::testscript::Operator;

pub(super) fn judge(case: &Case<'_>, name: &str) -> Outcome {
    let wanted = case.value()?;
    let subject = case.subject()?;
    let parameters = address::query(&subject.exchange()?.exchange.request.url);
    let values: Vec<String> = parameters.into_iter().filter(|(n, _)| n == name).map(|(_, v)| v).collect();
    let operator = case.operator();
    // A parameter that is repeated (a period's begin and end) has several values: any may be the one
    // that is asked for, none may be one that is forbidden.
    let each = |value: &String| compare::holds(operator, std::slice::from_ref(value), &wanted);
    let Some(of_nothing) = compare::holds(operator, &[], &wanted) else { return unknown::not_comparing(operator) };
    let forbids = matches!(operator, Operator::NotEquals | Operator::NotIn | Operator::NotContains | Operator::Empty);
    let holds = match values.as_slice() {
        [] => of_nothing,
        values if forbids => values.iter().all(|v| each(v) == Some(true)),
        values => values.iter().any(|v| each(v) == Some(true)),
    };
    if holds {
        return Ok(Finding::pass());
    }
    let expected = compare::expectation(operator, &wanted);
    let found = if values.is_empty() { "nothing".to_owned() } else { values.join(" and ") };
    let message = match values.as_slice() {
        [] => format!("the request has no parameter `{name}`, expected {expected}"),
        _ => format!("parameter `{name}` is `{found}`, expected {expected}"),
    };
    Ok(Finding::fail(code::QUERY_PARAMETER, message).expected(expected).found(found))
}
