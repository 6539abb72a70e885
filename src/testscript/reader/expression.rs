//! FHIRPath in scripts, parsed before anything is run.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::diagnostic::Span;
use crate::fhirpath::Expression;
use crate::testscript::template::{Part, Template};

/// What is wrong with an expression, and where in its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) message: String,
    pub(super) span: Span,
    pub(super) remedy: Option<String>,
}

/// Verdicts on expressions: the same few are in thousands of scripts.
#[derive(Default)]
pub(super) struct Expressions {
    known: Mutex<HashMap<Box<str>, Option<Arc<Fault>>>>,
}

impl Expressions {
    /// What is wrong with an expression, if anything is.
    pub(super) fn fault(&self, template: &Template) -> Option<Arc<Fault>> {
        let known = |map: &HashMap<Box<str>, Option<Arc<Fault>>>| map.get(template.text.as_str()).cloned();
        if let Some(fault) = known(&self.known.lock().unwrap_or_else(PoisonError::into_inner)) {
            return fault;
        }
        let fault = parse(&with_values(template)).map(Arc::new);
        let mut map = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        map.insert(template.text.as_str().into(), fault.clone());
        fault
    }
}

/// Parses an expression without placeholders.
fn parse(text: &str) -> Option<Fault> {
    let error = Expression::parse(text).err()?;
    Some(Fault { message: error.message, span: error.span, remedy: error.remedy })
}

/// What the characters at some place of an expression belong to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Code,
    /// A string or delimited identifier, and the character that ends it.
    Quoted(char),
    LineComment,
    BlockComment,
}

/// The expression with something of the same length in place of every placeholder, so that places stay
/// what they are: letters in a string, a name after a dot, a date after `@`, else a number.
pub(in crate::testscript) fn with_values(template: &Template) -> String {
    let mut text = String::with_capacity(template.text.len());
    let mut inside = Inside::Code;
    for part in &template.parts {
        match part {
            Part::Literal(span) => {
                let literal = template.text.get(span.range()).unwrap_or_default();
                inside = after(literal, inside);
                text.push_str(literal);
            }
            Part::Placeholder(_, span) => {
                let stand_in = match (inside, text.trim_end().chars().next_back()) {
                    (Inside::Code, Some('.')) => "x",
                    (Inside::Code, Some('@')) if span.len() >= 10 => "2000-01-01",
                    (Inside::Code, Some('@')) => "2000",
                    (Inside::Code, _) => "1",
                    _ => "",
                };
                let fill = if inside == Inside::Code { " " } else { "x" };
                text.push_str(stand_in);
                text.push_str(&fill.repeat(span.len().saturating_sub(stand_in.len())));
            }
        }
    }
    text
}

/// Where a text leaves off that begins inside something.
fn after(text: &str, mut inside: Inside) -> Inside {
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let next = chars.peek().copied();
        inside = match (inside, c) {
            (Inside::Code, '\'' | '"' | '`') => Inside::Quoted(c),
            (Inside::Code, '/') if next == Some('/') => Inside::LineComment,
            (Inside::Code, '/') if next == Some('*') => Inside::BlockComment,
            (Inside::Quoted(_), '\\') => {
                chars.next();
                inside
            }
            (Inside::Quoted(end), c) if c == end => Inside::Code,
            (Inside::LineComment, '\n') => Inside::Code,
            (Inside::BlockComment, '*') if next == Some('/') => Inside::Code,
            _ => inside,
        };
    }
    inside
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_become_what_can_stand_there_and_nothing_moves() {
        for (text, wanted) in [
            ("where(id = '${a-b}')", "where(id = 'xxxxxx')"),
            ("'it\\'s ${a}' = ${b}", "'it\\'s xxxx' = 1   "),
            ("count() = ${n}", "count() = 1   "),
            ("Patient.${element}.exists()", "Patient.x         .exists()"),
            ("birthDate < @${T}", "birthDate < @2000"),
            ("birthDate < @${DATE, T, D, 1}", "birthDate < @2000-01-01      "),
            ("a // it's\n = ${n}", "a // it's\n = 1   "),
            ("a /* ' */ = ${n}", "a /* ' */ = 1   "),
            ("url = 'http://x/${n}'", "url = 'http://x/xxxx'"),
        ] {
            assert_eq!(with_values(&Template::parse(text)), wanted);
        }
    }
}
