//! An element: how often it occurs, what type it has, what is in it.

use std::sync::Arc;

use super::code;
use super::defined::Defined;
use super::issue::Detail;
use super::walk::{Origin, Walk};
use crate::definitions::TypeClass;
use crate::definitions::profile::{ElementNode, Max, TypeRule};
use crate::diagnostic::Severity;
use crate::fhir::NodeRef;

/// Invariants about narrative: `formats` has judged it, and says which element is wrong.
const BY_FORMAT: [&str; 2] = ["txt-1", "txt-2"];

impl<'d> Walk<'_, 'd> {
    /// Judges an occurrence by the rules of its element (or slice) and goes on with what is in it.
    pub fn element(&mut self, node: NodeRef<'d>, rule: &Arc<ElementNode>, origin: Origin<'_>) {
        let rules = &rule.rules;
        self.value(node, rules, origin);
        if let Some(binding) = &rules.binding {
            self.binding(node, binding, origin);
        }
        for constraint in rules.constraints.iter().filter(|c| !BY_FORMAT.contains(&&*c.key)) {
            self.invariant(node, constraint, origin);
        }
        self.content(node, rule, origin);
    }

    /// What is in an element: as this definition says, else as its type does.
    fn content(&mut self, node: NodeRef<'d>, rule: &Arc<ElementNode>, origin: Origin<'_>) {
        let document = self.document;
        let type_name = document.type_name(node.id());
        let class = self.class(node);
        if !rule.children.is_empty() {
            self.children(node, rule, origin);
            if matches!(class, TypeClass::Complex | TypeClass::Primitive) {
                self.type_invariants(node, rule, origin);
            }
        }
        let exact = rule.rules.types.iter().find(|t| *t.code == *type_name);
        let matching = exact.or_else(|| rule.rules.types.iter().find(|t| self.is_type(type_name, &t.code)));
        let profiled = matching.is_some_and(|type_rule| self.by_type_profiles(node, type_rule));
        // A resource inside another is judged on its own, by what it claims itself.
        if node.resource_type().is_some() && *rule.name != *type_name {
            return self.resource(node, &[]);
        }
        if rule.children.is_empty() {
            match (&rule.rules.content_reference, class) {
                (Some(reference), _) => self.shared_content(node, reference, origin),
                // A value without anything in it has been looked at by `formats`.
                (None, TypeClass::Primitive) if node.children().next().is_none() => {}
                (None, TypeClass::Complex | TypeClass::Primitive) if !profiled => self.by_base(node),
                _ => {}
            }
        }
        match (type_name, matching) {
            ("Extension", _) => self.extension(node),
            ("Reference", Some(type_rule)) => self.reference(node, type_rule, origin),
            _ => {}
        }
    }

    /// The invariants of the type, where a profile that goes into the element has left them out.
    fn type_invariants(&mut self, node: NodeRef<'d>, rule: &ElementNode, origin: Origin<'_>) {
        let validator = self.validator;
        let Some(base) = validator.base(self.document.node_type(node.id()).ty) else { return };
        let stated = &rule.rules.constraints;
        for constraint in base.root.rules.constraints.iter().filter(|c| !stated.iter().any(|s| s.key == c.key)) {
            self.invariant(node, constraint, origin);
        }
    }

    /// Content defined elsewhere in the same structure: `Bundle.entry.link` has that of `Bundle.link`.
    fn shared_content(&mut self, node: NodeRef<'d>, reference: &str, origin: Origin<'_>) {
        let Ok(snapshot) = self.validator.profiles.snapshot(origin) else { return };
        let mut steps = reference.split('.').skip(1);
        let target = steps.try_fold(&snapshot.root, |at, name| at.child(name));
        if let Some(target) = target.cloned() {
            self.children(node, &target, origin);
        }
    }

    /// Profiles that the type of an element asks for: one of them must hold. False when none could be had.
    fn by_type_profiles(&mut self, node: NodeRef<'d>, type_rule: &TypeRule) -> bool {
        let fitting = match &type_rule.profiles[..] {
            [] => return false,
            [one] => Some(one),
            several => several.iter().find(|p| self.conforms(node, p)).or(several.first()),
        };
        let Some(snapshot) = fitting.and_then(|canonical| self.snapshot(canonical, node)) else { return false };
        self.by_snapshot(node, &snapshot);
        true
    }

    fn class(&self, node: NodeRef<'d>) -> TypeClass {
        let table = self.document.table();
        table.get(self.document.node_type(node.id()).ty).class
    }

    /// True when a type is `wanted` or derives from it; `*` is any.
    pub fn is_type(&self, type_name: &str, wanted: &str) -> bool {
        let table = self.document.table();
        wanted == "*"
            || type_name == wanted
            || matches!((table.type_named(type_name), table.type_named(wanted)), (Some(t), Some(w)) if table.is_a(t, w))
    }

    /// Judges the children of an element by the rules for each of them.
    pub fn children(&mut self, node: NodeRef<'d>, rule: &Arc<ElementNode>, origin: Origin<'_>) {
        let document = self.document;
        let present: Vec<(NodeRef<'d>, &str)> =
            node.children().map(|c| (c, document.name(document.node_type(c.id()).step))).collect();
        let mut occurrences = vec![];
        // The value of a primitive is not an element in it, though its definition has it as one.
        let is_primitive = self.class(node) == TypeClass::Primitive;
        for child in rule.children.iter().filter(|c| !(is_primitive && &*c.name == "value")) {
            let name = child.name.strip_suffix("[x]").unwrap_or(&child.name);
            occurrences.clear();
            occurrences.extend(present.iter().filter(|(_, step)| *step == name).map(|(c, _)| *c));
            self.occurrences(node, child, &occurrences, origin);
        }
    }

    /// Judges all occurrences of one element: how many, which slices, each by itself.
    fn occurrences(&mut self, parent: NodeRef<'d>, rule: &Arc<ElementNode>, nodes: &[NodeRef<'d>], origin: Origin<'_>) {
        self.cardinality(parent, rule, nodes, origin);
        if nodes.is_empty() && rule.slices.is_empty() {
            return;
        }
        for node in nodes {
            self.allowed_type(*node, rule, origin);
        }
        if rule.slices.is_empty() {
            for node in nodes {
                self.element(*node, rule, origin);
            }
        } else {
            self.slices(parent, rule, nodes, origin);
        }
    }

    fn cardinality(&mut self, parent: NodeRef<'d>, rule: &ElementNode, nodes: &[NodeRef<'d>], origin: Origin<'_>) {
        let (min, max, count) = (rule.rules.min(), rule.rules.max(), nodes.len() as u32);
        if count < min {
            let message = format!("`{}` must occur at least {}, found {count}", rule.name, times(min));
            let detail = Detail { child: Some(Defined::child(rule)), ..Detail::default() };
            self.report_with(parent, Severity::Error, code::MINIMUM, message, detail, origin);
        }
        if let (false, Max::Count(max)) = (max.allows(count), max) {
            let message = match max {
                0 => format!("`{}` must not occur", rule.name),
                _ => format!("`{}` may occur at most {}, found {count}", rule.name, times(max)),
            };
            let (at, child) = match (max, nodes.first()) {
                (0, Some(first)) => (*first, None),
                _ => (parent, Some(Defined::child(rule))),
            };
            self.report_with(
                at,
                Severity::Error,
                code::MAXIMUM,
                message,
                Detail { child, ..Detail::default() },
                origin,
            );
        }
    }

    fn allowed_type(&mut self, node: NodeRef<'d>, rule: &ElementNode, origin: Origin<'_>) {
        let type_name = self.document.type_name(node.id());
        let types = &rule.rules.types;
        // A choice names its type, so that a `code` is no `string` there.
        let exactly = rule.name.ends_with("[x]");
        let fits = |t: &TypeRule| match exactly && &*t.code != "*" {
            true => *t.code == *type_name,
            false => self.is_type(type_name, &t.code),
        };
        if types.is_empty() || type_name.is_empty() || types.iter().any(fits) {
            return;
        }
        // A backbone element is a type of its own that its definition calls `BackboneElement` or `Element`.
        if self.class(node) == TypeClass::Backbone {
            return;
        }
        let allowed: Vec<String> = types.iter().map(|t| format!("`{}`", t.code)).collect();
        let message = format!("`{}` may not be a {type_name}, only {}", node.name(), allowed.join(" or "));
        self.report(node, Severity::Error, code::TYPE, message, origin);
    }
}

/// `1 time`, `2 times`.
pub(super) fn times(count: u32) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}
