//! Invariants: FHIRPath that must hold.

use super::code;
use super::walk::{Origin, Walk};
use crate::definitions::profile::{Constraint, ConstraintSeverity};
use crate::diagnostic::Severity;
use crate::fhir::NodeRef;
use crate::fhirpath::Context;

impl<'d> Walk<'_, 'd> {
    /// Judges an element by an invariant. One that cannot be evaluated is noted as such, never passed.
    pub fn invariant(&mut self, node: NodeRef<'d>, constraint: &Constraint, origin: Origin<'_>) {
        let Some(text) = &constraint.expression else { return };
        let severity = match constraint.severity {
            ConstraintSeverity::Error => Severity::Error,
            ConstraintSeverity::Warning => Severity::Warning,
        };
        let Some(expression) = self.validator.expression(text) else {
            let message = format!("invariant {} cannot be read, it was not checked", constraint.key);
            return self.report(node, Severity::Warning, code::INVARIANT_ERROR, message, origin);
        };
        let context = Context::new(self.document).at(node.id());
        match expression.test(&context) {
            Ok(true) => {}
            Ok(false) => {
                let message = format!("breaks {}: {}", constraint.key, constraint.human);
                self.report(node, severity, code::INVARIANT, message, origin);
            }
            Err(error) => {
                let message = format!("invariant {} was not checked: {}", constraint.key, error.message());
                self.report(node, Severity::Warning, code::INVARIANT_ERROR, message, origin);
            }
        }
    }
}
