//! FHIRPath expressions of a run: compiled once, whatever number of asserts use them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Zoned;

use crate::definitions::Typed;
use crate::fhirpath::{Collection, Context, ErrorKind, EvaluationError, Expression, SyntaxError};

use super::code;
use super::finding::Absence;

/// An expression or why it is none.
type Compiled = Arc<Result<Expression, SyntaxError>>;

/// Expressions by their text, placeholders filled in.
#[derive(Default)]
pub struct Expressions {
    compiled: Mutex<HashMap<Box<str>, Compiled>>,
}

impl Expressions {
    /// The expression with this text; compiled at the first call.
    pub fn compiled(&self, text: &str) -> Compiled {
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(expression) = compiled.get(text) {
            return expression.clone();
        }
        let expression: Compiled = Arc::new(Expression::parse(text));
        compiled.insert(text.into(), expression.clone());
        expression
    }

    /// Compiles an expression while planning: its syntax error, told only the first time it is met.
    pub fn faulty(&self, text: &str) -> Option<SyntaxError> {
        if self.compiled.lock().unwrap_or_else(PoisonError::into_inner).contains_key(text) {
            return None;
        }
        self.compiled(text).as_ref().as_ref().err().cloned()
    }

    /// Evaluates an expression on a resource and hands the result to `take`.
    pub fn evaluate<T>(
        &self,
        text: &str,
        content: &Typed,
        now: &Zoned,
        take: impl FnOnce(&Collection<'_>) -> T,
    ) -> Result<T, Absence> {
        let compiled = self.compiled(text);
        let expression = compiled.as_ref().as_ref().map_err(|e| syntax(text, e))?;
        let result = expression.evaluate(&Context::new(content).with_now(now.clone())).map_err(|e| broken(text, &e))?;
        Ok(take(&result))
    }

    /// What an assertion makes of an expression; cheaper than building the result.
    pub fn test(&self, text: &str, content: &Typed, now: &Zoned) -> Result<bool, Absence> {
        let compiled = self.compiled(text);
        let expression = compiled.as_ref().as_ref().map_err(|e| syntax(text, e))?;
        expression.test(&Context::new(content).with_now(now.clone())).map_err(|e| broken(text, &e))
    }

    /// The string form of the first item, if there is one.
    pub fn first_text(&self, text: &str, content: &Typed, now: &Zoned) -> Result<Option<String>, Absence> {
        self.evaluate(text, content, now, |items| items.first().and_then(|item| Some(item.text()?.into_owned())))
    }
}

/// A text that is no expression: the script's fault, so nothing is judged by it.
fn syntax(text: &str, error: &SyntaxError) -> Absence {
    let part = text.get(error.span.range()).filter(|p| !p.trim().is_empty());
    let at = part.map_or(String::new(), |p| format!(" at `{}`", shortened(p)));
    Absence::not_evaluated(code::SYNTAX, format!("the expression is not FHIRPath: {error}{at}"))
}

/// An evaluation that stopped.
fn broken(text: &str, error: &EvaluationError) -> Absence {
    let part = text.get(error.span().range()).map_or(String::new(), |p| format!(" (`{}`)", shortened(p)));
    let message = format!("the expression cannot be evaluated: {}{part}", error.message());
    match error.kind() {
        ErrorKind::NotEvaluated => Absence::not_evaluated(code::UNANSWERABLE, message),
        _ => Absence::error(code::EVALUATION, message),
    }
}

/// Longest piece of an expression or value in a message, in characters.
const LONGEST: usize = 160;

/// A text on one line, not longer than a message bears.
pub fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

/// What a result is, in a few words: `false`, `nothing`, `3 items: …`.
pub fn described(items: &Collection<'_>) -> String {
    let one = |item: &crate::fhirpath::Item<'_>| match item.text() {
        Some(text) => format!("`{}`", shortened(&text)),
        None => format!("a {}", if item.type_name().is_empty() { "value" } else { item.type_name() }),
    };
    match items.items() {
        [] => "nothing".to_owned(),
        [item] => one(item),
        items => {
            let more = if items.len() > 5 { ", …" } else { "" };
            let first: Vec<String> = items.iter().take(5).map(one).collect();
            format!("{} items: {}{more}", items.len(), first.join(", "))
        }
    }
}
