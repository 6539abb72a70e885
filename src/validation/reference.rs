//! References: form, target type, target profile.

use super::code;
use super::walk::{Origin, Walk};
use crate::definitions::profile::TypeRule;
use crate::diagnostic::Severity;
use crate::fhir::NodeRef;
use crate::fhir::reference::Reference;

impl<'d> Walk<'_, 'd> {
    /// Judges a Reference by what its element allows it to refer to.
    pub fn reference(&mut self, node: NodeRef<'d>, rule: &TypeRule, origin: Origin<'_>) {
        let Some(text) = node.child_value("reference") else { return };
        let target = self.references.resolve(text, node);
        let parsed = Reference::parse(text);
        if let (Reference::Contained(id), None) = (parsed, target) {
            let message = format!("there is no contained resource `{id}`");
            return self.report(node, Severity::Error, code::REFERENCE_UNRESOLVED, message, origin);
        }
        let named = target.and_then(NodeRef::resource_type).or(parsed.resource_type());
        let Some(named) = named.filter(|_| !rule.targets.is_empty()) else { return };
        let allowed: Vec<String> = rule.targets.iter().filter_map(|t| self.target_type(t)).collect();
        if allowed.len() == rule.targets.len() && !allowed.iter().any(|t| self.is_type(named, t)) {
            let message = format!("may refer to {}, refers to a {named}", allowed.join(" or "));
            self.report(node, Severity::Error, code::REFERENCE_TARGET, message, origin);
        }
    }

    /// The resource type of a target profile; None when the profile is not there.
    fn target_type(&self, canonical: &str) -> Option<String> {
        self.validator.profiles.definition(canonical).ok().map(|d| d.type_name.to_string())
    }
}
