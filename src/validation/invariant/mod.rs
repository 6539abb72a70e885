//! Invariants: what must hold of an element, as FHIRPath.
//!
//! A package brings the expressions; where [`table`] has a row for a key, that is what counts.

mod table;

use std::sync::Arc;

use super::code;
use super::walk::{Origin, Walk};
use crate::definitions::profile::{Constraint, ConstraintSeverity};
use crate::diagnostic::Severity;
use crate::fhir::{FhirVersion, NodeRef};
use crate::fhirpath::{Context, Expression};

/// An invariant ready to be judged.
#[derive(Clone)]
pub(super) enum Ready {
    /// FHIRPath.
    Expression(Arc<Expression>),
    /// A question about the tree.
    Direct(fn(NodeRef<'_>) -> bool),
    /// The definition has no expression: XPath only, which nobody evaluates.
    Nothing,
    /// Its expression is not FHIRPath: why.
    Unreadable(Arc<str>),
}

impl Ready {
    /// Our own words where there are any, else those of the definition.
    pub fn new(constraint: &Constraint, release: FhirVersion) -> Ready {
        let own = table::row(&constraint.key, release).map(|row| row.test);
        let text = match own {
            Some(table::Test::Direct(test)) => return Ready::Direct(test),
            Some(table::Test::Expression(text)) => text,
            None => match &constraint.expression {
                Some(text) => text,
                None => return Ready::Nothing,
            },
        };
        match Expression::parse(text) {
            Ok(parsed) => Ready::Expression(Arc::new(parsed)),
            Err(error) => Ready::Unreadable(error.message.into()),
        }
    }
}

impl<'d> Walk<'_, 'd> {
    /// Judges an element by an invariant. One that cannot be evaluated is noted as such, never passed.
    pub fn invariant(&mut self, node: NodeRef<'d>, constraint: &Arc<Constraint>, origin: Origin<'_>) {
        let holds = match self.validator.invariant(constraint) {
            Ready::Nothing => return,
            Ready::Direct(test) => Ok(test(node)),
            Ready::Unreadable(why) => Err(why),
            Ready::Expression(expression) => {
                let context = Context::new(self.document).at(node.id()).with_written_names();
                expression.test(&context).map_err(|e| e.message().into())
            }
        };
        match holds {
            Ok(true) => {}
            Ok(false) => {
                let severity = match constraint.severity {
                    ConstraintSeverity::Error => Severity::Error,
                    ConstraintSeverity::Warning => Severity::Warning,
                };
                let message = format!("breaks {}: {}", constraint.key, constraint.human);
                self.report(node, severity, code::INVARIANT, message, origin);
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
