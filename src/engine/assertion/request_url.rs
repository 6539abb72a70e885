//! `requestURL`: the URL of the request, as sent and decoded.

use super::{Case, Outcome};
use crate::engine::{address, code, compare, finding::Finding};
use crate::exchange::redaction;
use crate::testscript::{Operator, Template};

use super::unknown;

pub(super) fn judge(case: &Case<'_>, text: &Template) -> Outcome {
    let wanted = case.state.text(text)?;
    let subject = case.subject()?;
    let url = &subject.exchange()?.exchange.request.url;
    let decoded = address::decode(url);
    let operator = case.operator();
    let of = |url: &str| compare::holds(operator, &[url.to_owned()], &wanted);
    let (Some(sent), Some(read)) = (of(url), of(&decoded)) else { return unknown::not_comparing(operator) };
    // What shall not be there shall be there in neither form.
    let negative = matches!(operator, Operator::NotContains | Operator::NotEquals | Operator::NotIn);
    if if negative { sent && read } else { sent || read } {
        return Ok(Finding::pass());
    }
    let expected = compare::expectation(operator, &wanted);
    let found = redaction::shown_url(&decoded).into_owned();
    let message = match operator {
        Operator::NotContains => format!("the request URL holds `{wanted}`"),
        Operator::Contains => format!("the request URL does not hold `{wanted}`"),
        _ => format!("the request URL is `{found}`, expected {expected}"),
    };
    Ok(Finding::fail(code::REQUEST_URL, message).expected(expected).found(found))
}
