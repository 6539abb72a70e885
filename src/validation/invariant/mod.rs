//! Invariants: what must hold of an element, as FHIRPath.
//!
//! A definition from a package brings its expressions; the embedded ones only name keys. Where the tables
//! here have a row for a key at an element, that is what counts: our own words for what the key means.
//! `tests/invariants.rs` compares them with the official expressions wherever both can be evaluated.

mod base;
mod conformance;
pub mod context;
mod r4;
mod row;
mod shortcut;
mod stu3;
mod zib;
mod zib2020;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, OnceLock};

pub use row::{Row, Shortcut, rows};

use super::code;
use super::issue::{Broken, Detail};
use super::walk::{Origin, Walk};
use crate::definitions::Typed;
use crate::definitions::profile::{Constraint, ConstraintSeverity};
use crate::diagnostic::{Severity, Words};
use crate::fhir::{FhirVersion, NodeRef};
use crate::fhirpath::{Context, Expression};

/// A row and its expression, parsed when it is first needed.
struct Compiled {
    release: Option<FhirVersion>,
    row: &'static Row,
    ready: OnceLock<Ready>,
}

/// Every row by key.
static COMPILED: LazyLock<HashMap<&'static str, Vec<Compiled>>> = LazyLock::new(|| {
    let mut by_key: HashMap<&'static str, Vec<Compiled>> = HashMap::new();
    for (release, rows) in &row::TABLES {
        for row in *rows {
            let compiled = Compiled { release: *release, row, ready: OnceLock::new() };
            by_key.entry(row.key).or_default().push(compiled);
        }
    }
    by_key
});

/// An invariant ready to be judged.
#[derive(Clone)]
pub(super) enum Ready {
    /// FHIRPath, and perhaps a shorter way and our own words.
    Expression(Arc<Expression>, Option<Shortcut>, Option<Words>),
    /// No expression and no row: nobody knows what is meant.
    Nothing,
    /// Its expression is not FHIRPath: why.
    Unreadable(Arc<str>),
}

impl Ready {
    /// Our own words where there are any for this element, else those of the definition.
    pub fn new(constraint: &Constraint, document: &Typed, node: NodeRef<'_>) -> Ready {
        let release = document.table().version();
        let is_meant = |c: &&Compiled| c.release.is_none_or(|of| of == release) && c.row.applies(document, node);
        match COMPILED.get(&*constraint.key).and_then(|rows| rows.iter().find(is_meant)) {
            Some(own) => {
                own.ready.get_or_init(|| Ready::parse(own.row.expression, own.row.shortcut, own.row.says)).clone()
            }
            None => constraint.expression.as_ref().map_or(Ready::Nothing, |text| Ready::parse(text, None, None)),
        }
    }

    fn parse(text: &str, shortcut: Option<Shortcut>, says: Option<Words>) -> Ready {
        match Expression::parse(text) {
            Ok(parsed) => Ready::Expression(Arc::new(parsed), shortcut, says),
            Err(error) => Ready::Unreadable(error.message.into()),
        }
    }

    /// Whether it holds, or why that cannot be said.
    fn holds(&self, document: &Typed, node: NodeRef<'_>) -> Result<bool, Arc<str>> {
        match self {
            Ready::Nothing => Err("its definition has no FHIRPath for it".into()),
            Ready::Unreadable(why) => Err(why.clone()),
            Ready::Expression(expression, shortcut, _) => {
                if let Some(answer) = shortcut.and_then(|ask| ask(document, node)) {
                    return Ok(answer);
                }
                let context = Context::new(document).at(node.id()).with_written_names();
                expression.test(&context).map_err(|e| e.message().into())
            }
        }
    }
}

impl<'d> Walk<'_, 'd> {
    /// Judges an element by an invariant. One that cannot be evaluated is noted as such, never passed.
    pub fn invariant(&mut self, node: NodeRef<'d>, constraint: &Arc<Constraint>, origin: Origin<'_>) {
        let ready = self.validator.invariant(constraint, self.document, node);
        match ready.holds(self.document, node) {
            Ok(true) => {}
            Ok(false) => {
                let severity = match constraint.severity {
                    ConstraintSeverity::Error => Severity::Error,
                    ConstraintSeverity::Warning => Severity::Warning,
                };
                let (message, detail) = broken(constraint, &ready);
                self.report_with(node, severity, code::INVARIANT, message, detail, origin);
            }
            Err(why) => {
                let message = format!("invariant {} was not checked: {why}", constraint.key);
                if constraint.severity == ConstraintSeverity::Error {
                    self.not_checked(origin, node, message.clone());
                }
                self.report(node, Severity::Warning, code::INVARIANT_ERROR, message, origin);
            }
        }
    }
}

/// What is said of an invariant that does not hold: in our own words, else in those of its definition, else
/// by its expression, which goes along as detail.
fn broken(constraint: &Constraint, ready: &Ready) -> (String, Detail) {
    let key = &constraint.key;
    let Ready::Expression(expression, _, says) = ready else {
        return (format!("breaks {key}: {}", constraint.human), Detail::default());
    };
    let text: Arc<str> = expression.text().split_whitespace().collect::<Vec<_>>().join(" ").into();
    let (message, dutch) = match (says, &*constraint.human) {
        (Some(words), _) => (format!("breaks {key}: {}", words.en), Some(format!("tegen {key}: {}", words.nl))),
        (None, "") => (format!("breaks {key}: `{text}`"), Some(format!("tegen {key}: `{text}`"))),
        (None, human) => (format!("breaks {key}: {human}"), Some(format!("tegen {key}: {human}"))),
    };
    (message, Detail { dutch, invariant: Some(Broken { key: key.clone(), expression: text }), ..Detail::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_says_what_it_asks_for_in_both_languages() {
        let rows = row::TABLES.iter().flat_map(|(_, rows)| *rows).map(|row| (row.key, row.says));
        let contexts = context::ROWS.iter().map(|row| (row.extension, Some(row.says)));
        for (key, says) in rows.chain(contexts) {
            let says = says.unwrap_or_else(|| panic!("{key} has no words"));
            assert!(says.en != says.nl, "{key}: {}", says.en);
            for words in [says.en, says.nl] {
                assert!(words.len() > 10 && !words.ends_with('.') && !words.contains(['\n', '"']), "{key}: {words}");
            }
        }
    }
}
