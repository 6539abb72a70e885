//! `expression`: FHIRPath that has to be true, or whose value is compared.

use crate::testscript::{Operator, Template};

use super::{Case, Outcome, unknown};
use crate::engine::expression::{described, shortened};
use crate::engine::finding::{Finding, place_of};
use crate::engine::{code, compare, explain};

pub(super) fn judge(case: &Case<'_>, template: &Template) -> Outcome {
    let expression = case.state.text(template)?;
    let by_itself = match case.assert.operator {
        None => case.assert.value.is_none(),
        Some(operator) => operator == Operator::Eval,
    };
    if by_itself { is_true(case, &expression) } else { value(case, &expression) }
}

/// Without operator and value the result is a truth value; a collection is true when there is anything
/// in it that is not `false`.
fn is_true(case: &Case<'_>, expression: &str) -> Outcome {
    let subject = case.subject()?;
    let content = subject.content()?;
    if case.state.expressions.test(expression, &content, case.state.clock())? {
        return Ok(Finding::pass());
    }
    let found = case.state.expressions.evaluate(expression, &content, case.state.clock(), described)?;
    let reason = explain::why_not(expression, &content, case.state, subject.is_request());
    let (expected, found) = reason.sides.unwrap_or((format!("`true` for {}", shortened(expression)), found));
    Ok(Finding::fail(code::EXPRESSION, reason.message)
        .expected(expected)
        .found(found)
        .at(reason.place)
        .missing(reason.miss))
}

fn value(case: &Case<'_>, expression: &str) -> Outcome {
    let operator = case.operator();
    let wanted = case.value()?;
    let subject = case.subject()?;
    let content = subject.content()?;
    let judged = case.state.expressions.evaluate(expression, &content, case.state.clock(), |items| {
        // Elements without a value of their own count as something that is there.
        let texts: Vec<String> =
            items.iter().map(|i| i.text().map_or_else(|| "[…]".into(), |t| t.into_owned())).collect();
        let holds = compare::holds(operator, &texts, &wanted)?;
        let place = items.first().and_then(|item| {
            let node = item.node()?;
            place_of(node, item.path().unwrap_or_default(), subject.is_request())
        });
        let kind = items.first().map_or("", |i| i.type_name());
        Some((holds, described(items), if kind.is_empty() { String::new() } else { format!(" ({kind})") }, place))
    })?;
    let Some((holds, found, kind, place)) = judged else { return unknown::not_comparing(operator) };
    if holds {
        return Ok(Finding::pass());
    }
    let expected = compare::expectation(operator, &wanted);
    let message = format!("`{}` is {found}, expected {expected}", shortened(expression));
    let finding = Finding::fail(code::EXPRESSION_VALUE, message).expected(expected).found(format!("{found}{kind}"));
    let named = matches!(operator, Operator::Equals | Operator::In);
    Ok(finding.at(place).missing(named.then(|| explain::differing(expression))))
}
