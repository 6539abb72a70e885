//! Asserts: one file a kind. Each looks at a subject and says what it found; what `warningOnly` and
//! `stopTestOnFail` make of that is the run's business.

mod content_type;
mod expression;
mod header_field;
mod minimum_id;
mod navigation_links;
mod query_parameter;
mod request_method;
mod request_url;
mod resource;
mod response;
mod response_code;
mod rule;
mod unknown;
mod validate_profile;

use crate::diagnostic::Code;
use crate::testscript::{Assert, Check, Operator};

use super::compare;
use super::content::Document;
use super::finding::{Absence, Finding};
use super::state::{ScriptState, Subject};

pub use validate_profile::{ProfileOutcome, ProfileQuery, ProfileValidator};

/// What an assert came to.
pub struct Judgement {
    /// The finding, before `warningOnly`.
    pub finding: Finding,
    /// The exchange it looked at.
    pub exchange: Option<u32>,
    /// A document it made, under its name.
    pub output: Option<(String, Document)>,
}

/// An assert and everything it may look at.
pub(super) struct Case<'c> {
    pub assert: &'c Assert,
    pub state: &'c ScriptState<'c>,
    pub validator: Option<&'c dyn ProfileValidator>,
}

/// The outcome of a kind of assert: a finding, or why it could not look.
type Outcome = Result<Finding, Absence>;

/// Judges one assert.
pub fn judge(assert: &Assert, state: &mut ScriptState<'_>, validator: Option<&dyn ProfileValidator>) -> Judgement {
    if let Check::MinimumId(id) = &assert.check {
        state.prepare_fixture(id);
    }
    if let Some(id) = &assert.source_id {
        state.prepare_fixture(id);
    }
    let case = Case { assert, state, validator };
    let exchange = case.subject().ok().and_then(|s| s.kept().map(|k| k.number));
    let mut output = None;
    let outcome = match &assert.check {
        _ if assert.operator == Some(Operator::ManualEval) => unknown::manual(),
        Check::ResponseCode(codes) => response_code::judge(&case, codes),
        Check::Response(name) => response::judge(&case, name),
        Check::Resource(resource) => resource::judge(&case, resource),
        Check::Expression(expression) => expression::judge(&case, expression),
        Check::HeaderField(name) => header_field::judge(&case, name),
        Check::ContentType(content_type) => content_type::judge(&case, content_type),
        Check::RequestUrl(text) => request_url::judge(&case, text),
        Check::RequestMethod(method) => request_method::judge(&case, method),
        Check::QueryParameter(name) => query_parameter::judge(&case, name),
        Check::ValidateProfile(id) => validate_profile::judge(&case, id),
        Check::Rule(call) => rule::judge(&case, call).map(|(finding, document)| {
            output = document;
            finding
        }),
        Check::MinimumId(id) => minimum_id::judge(&case, id),
        Check::NavigationLinks(wanted) => navigation_links::judge(&case, *wanted),
        Check::Unknown(what) => unknown::judge(what),
    };
    let finding = outcome.unwrap_or_else(Finding::from);
    Judgement { finding, exchange, output }
}

impl<'c> Case<'c> {
    /// What the assert looks at.
    fn subject(&self) -> Result<Subject<'c>, Absence> {
        self.state.subject(self.assert)
    }

    /// The operator, or the one that goes without saying.
    fn operator(&self) -> Operator {
        self.assert.operator.unwrap_or(Operator::Equals)
    }

    /// The value to compare with.
    fn value(&self) -> Result<String, Absence> {
        match &self.assert.value {
            Some(value) => Ok(self.state.text(value)?.into_owned()),
            None if compare::takes_value(self.operator()) => unknown::no_value(self.operator()),
            None => Ok(String::new()),
        }
    }

    /// Compares what was found with what is wanted; `what` names it in the message.
    fn compared(&self, code: Code, what: &str, found: &[String], wanted: &str) -> Outcome {
        let operator = self.operator();
        let Some(holds) = compare::holds(operator, found, wanted) else {
            return unknown::not_comparing(operator);
        };
        if holds {
            return Ok(Finding::pass());
        }
        let there = match found {
            [] => "nothing".to_owned(),
            [one] => super::expression::shortened(one),
            more => format!("{} values: {}", more.len(), super::expression::shortened(&more.join(", "))),
        };
        let expected = compare::expectation(operator, wanted);
        let message = match found {
            [] => format!("there is no {what}, expected {expected}"),
            _ => format!("{what} is `{there}`, expected {expected}"),
        };
        Ok(Finding::fail(code, message).expected(expected).found(there))
    }
}
