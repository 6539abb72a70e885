//! What can be wrong with an expression: before it is evaluated, and while it is.
//!
//! Both kinds point into the expression, so that a diagnostic can underline the part that is meant.

use crate::fhir::Span;

/// Why a text is not an expression.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub struct SyntaxError {
    /// What is wrong, without a full stop.
    pub message: String,
    /// Which part of the expression.
    pub span: Span,
    /// What to do about it, where that can be said.
    pub remedy: Option<String>,
}

impl SyntaxError {
    pub(super) fn new(message: impl Into<String>, span: Span) -> Self {
        SyntaxError { message: message.into(), span, remedy: None }
    }

    #[must_use]
    pub(super) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}

/// What went wrong, for callers that treat the kinds differently.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ErrorKind {
    /// An operand or argument has a type the operation does not take.
    Type,
    /// More items than the operation takes.
    Cardinality,
    /// A value the operation does not take: an unknown unit, a broken regular expression, a date out of range.
    Value,
    /// The expression asks for something that nobody here can answer (`memberOf` without terminology):
    /// the outcome is not known, which is neither true nor false.
    NotEvaluated,
}

/// Why an expression has no result.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EvaluationError(Box<Fault>);

#[derive(Clone, PartialEq, Eq, Debug)]
struct Fault {
    kind: ErrorKind,
    message: String,
    span: Span,
}

impl EvaluationError {
    pub(super) fn new(kind: ErrorKind, message: impl Into<String>, span: Span) -> Self {
        EvaluationError(Box::new(Fault { kind, message: message.into(), span }))
    }

    /// What sort of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What went wrong, without a full stop.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Which part of the expression.
    pub fn span(&self) -> Span {
        self.0.span
    }
}

impl std::fmt::Display for EvaluationError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for EvaluationError {}
