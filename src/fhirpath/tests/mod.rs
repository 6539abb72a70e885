//! Tests of the language on a small release of our own, so that they need no official material.

mod analysis;
mod constancy;
mod functions;
mod quirks;
mod robustness;
mod sample;
mod syntax;

use super::{Context, Expression};
use sample::sample;

/// What an expression gives on the sample Bundle: texts of values, paths of complex elements, or the error.
fn evaluate(expression: &str) -> String {
    let expression = match Expression::parse(expression) {
        Ok(expression) => expression,
        Err(error) => return format!("syntax: {error}"),
    };
    let sample = sample();
    let context = Context::new(&sample);
    match expression.evaluate(&context) {
        Ok(items) => {
            assert_eq!(expression.test(&context), Ok(items.to_boolean()), "{expression}");
            let shown = items.iter().map(|i| match (i.text(), i.path()) {
                (Some(text), _) => text.into_owned(),
                (None, path) => path.unwrap_or_default(),
            });
            format!("[{}]", shown.collect::<Vec<_>>().join(" "))
        }
        Err(error) => format!("{:?}: {error}", error.kind()),
    }
}

/// Checks a table of expressions and what they give.
fn check(table: &[(&str, &str)]) {
    let wrong: Vec<String> = table
        .iter()
        .filter(|(expression, expected)| evaluate(expression) != *expected)
        .map(|(expression, expected)| {
            format!("{expression}\n  expected {expected}\n  found    {}", evaluate(expression))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
