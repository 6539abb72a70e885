//! References: form, target type, target profile.

use super::code;
use super::walk::{Origin, Walk};
use crate::definitions::profile::{Aggregation, CORE, TypeRule};
use crate::diagnostic::Severity;
use crate::fhir::NodeRef;
use crate::fhir::reference::Reference;

impl<'d> Walk<'_, 'd> {
    /// Judges a Reference by what its element allows it to refer to.
    pub fn reference(&mut self, node: NodeRef<'d>, rule: &TypeRule, origin: Origin<'_>) {
        let Some(text) = node.child_value("reference") else { return };
        let parsed = Reference::parse(text);
        if let Reference::Malformed(text) = parsed {
            // A URL holds no white space; the rest may be a path on some server.
            let spaced = text.contains(char::is_whitespace);
            let severity = if spaced { Severity::Error } else { Severity::Warning };
            let message = format!("`{text}` is not a reference: `Type/id`, `#id` or an absolute URL is expected");
            return self.report(node, severity, code::REFERENCE_FORM, message, origin);
        }
        let target = self.references.resolve(text, node);
        if let (Reference::Contained(id), None) = (parsed, target) {
            let message = format!("there is no contained resource `{id}`");
            return self.report(node, Severity::Error, code::REFERENCE_UNRESOLVED, message, origin);
        }
        self.aggregation(node, rule, parsed, target.is_some(), origin);
        let named = target.and_then(NodeRef::resource_type).or(parsed.resource_type());
        // R4: the type may be said beside the reference, and must be that of the target then.
        if let (Some(stated), Some(named)) = (node.child_value("type"), named)
            && stated != named
            && stated.strip_prefix(CORE) != Some(named)
        {
            let message = format!("`type` says `{stated}`, the reference goes to a {named}");
            self.report(node, Severity::Error, code::REFERENCE_TARGET, message, origin);
        }
        let named = named.or(node.child_value("type").filter(|t| !t.contains(':')));
        let Some(named) = named.filter(|_| !rule.targets.is_empty()) else { return };
        let allowed: Vec<Option<String>> = rule.targets.iter().map(|t| self.target_type(t)).collect();
        let fits = |t: &Option<String>| t.as_deref().is_none_or(|t| self.is_type(named, t));
        if !allowed.iter().any(fits) {
            let names: Vec<&str> = allowed.iter().flatten().map(|t| &**t).collect();
            let message = format!("may refer to {}, refers to a {named}", names.join(" or "));
            return self.report(node, Severity::Error, code::REFERENCE_TARGET, message, origin);
        }
        if let Some(target) = target {
            self.target_profile(node, target, rule, origin);
        }
    }

    /// The resource type of a target profile; None when the profile is not there.
    fn target_type(&self, canonical: &str) -> Option<String> {
        self.validator.profiles.definition(canonical).ok().map(|d| d.type_name.to_string())
    }

    /// A target in the same document conforms to one of the profiles that are asked for.
    fn target_profile(&mut self, node: NodeRef<'d>, target: NodeRef<'d>, rule: &TypeRule, origin: Origin<'_>) {
        let type_name = target.resource_type().unwrap_or_default();
        let mut missing = None;
        for canonical in &rule.targets {
            match self.target_type(canonical) {
                Some(wanted) if !self.is_type(type_name, &wanted) => {}
                // A base definition asks for no more than the type.
                Some(_) if canonical.starts_with(CORE) || self.conforms(target, canonical) => return,
                Some(_) => {}
                None => missing = Some(canonical),
            }
        }
        if let Some(missing) = missing {
            let reason = format!("`{missing}` is in none of the packages: the target was not checked by it");
            return self.not_checked(missing, node, reason);
        }
        let message = format!("refers to a {type_name} that conforms to none of {}", rule.targets.join(", "));
        self.report(node, Severity::Error, code::REFERENCE_PROFILE, message, origin);
    }

    /// Where the target may be (<http://hl7.org/fhir/STU3/elementdefinition-definitions.html#ElementDefinition.type.aggregation>).
    fn aggregation(
        &mut self,
        node: NodeRef<'d>,
        rule: &TypeRule,
        parsed: Reference<'_>,
        here: bool,
        origin: Origin<'_>,
    ) {
        let mode = match (parsed, here) {
            (Reference::Contained(_), _) => Aggregation::Contained,
            (_, true) => Aggregation::Bundled,
            (_, false) => Aggregation::Referenced,
        };
        // What is in the same Bundle is also somewhere else than in the resource.
        let fits = |allowed: &Aggregation| {
            *allowed == mode || (*allowed, mode) == (Aggregation::Referenced, Aggregation::Bundled)
        };
        if !rule.aggregation.is_empty() && !rule.aggregation.iter().any(fits) {
            let code = |mode: Aggregation| Aggregation::ALL.iter().find(|(m, _)| *m == mode).map_or("", |(_, c)| *c);
            let allowed: Vec<&str> = rule.aggregation.iter().map(|m| code(*m)).collect();
            let message = format!("the target must be {}, it is {}", allowed.join(" or "), code(mode));
            self.report(node, Severity::Error, code::REFERENCE_AGGREGATION, message, origin);
        }
    }
}
