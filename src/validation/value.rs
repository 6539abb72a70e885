//! Fixed values, patterns, ranges and lengths.

use rust_decimal::Decimal;

use super::code;
use super::format::shortened;
use super::walk::{Origin, Walk};
use crate::definitions::profile::{ElementRules, Value};
use crate::diagnostic::Severity;
use crate::fhir::NodeRef;

impl<'d> Walk<'_, 'd> {
    /// Judges a value by what its element fixes.
    pub fn value(&mut self, node: NodeRef<'d>, rules: &ElementRules, origin: Origin<'_>) {
        if let Some(fixed) = &rules.fixed
            && !equals(fixed, node)
        {
            let message = format!("must be {fixed}, found {}", shown(node));
            self.report(where_it_differs(fixed, node), Severity::Error, code::FIXED, message, origin);
        }
        if let Some(pattern) = &rules.pattern
            && !matches(pattern, node)
        {
            let message = format!("must contain {pattern}, found {}", shown(node));
            self.report(where_it_differs(pattern, node), Severity::Error, code::PATTERN, message, origin);
        }
        for (bound, wrong, word) in [(&rules.min_value, "less", "least"), (&rules.max_value, "greater", "most")] {
            let Some(bound) = bound else { continue };
            let (Some(limit), Some(found)) = (amount(bound.node(), bound.text()), amount(Some(node), node.value()))
            else {
                continue;
            };
            if (wrong == "less" && found < limit) || (wrong == "greater" && found > limit) {
                let message = format!("must be at {word} {limit}, found {found}");
                self.report(node, Severity::Error, code::RANGE, message, origin);
            }
        }
        if let (Some(longest), Some(text)) = (rules.max_length, node.value())
            && text.chars().count() > longest as usize
        {
            let message = format!("may have {longest} characters, has {}", text.chars().count());
            self.report(node, Severity::Error, code::LENGTH, message, origin);
        }
    }
}

/// The number of a primitive or of a Quantity.
fn amount(node: Option<NodeRef<'_>>, text: Option<&str>) -> Option<Decimal> {
    let text = text.or_else(|| node.and_then(|n| n.child_value("value")))?;
    Decimal::from_str_exact(text).ok()
}

/// A value as a message shows it.
fn shown(node: NodeRef<'_>) -> String {
    match node.value() {
        Some(text) => format!("`{}`", shortened(text)),
        None => {
            let leaves = node.descendants_and_self().filter_map(|n| Some(format!("{}: {}", n.name(), n.value()?)));
            let all: Vec<String> = leaves.take(4).collect();
            if all.is_empty() { "nothing".to_owned() } else { shortened(&all.join(", ")) }
        }
    }
}

/// The innermost element that is to blame: as long as one child alone differs, that child.
fn where_it_differs<'d>(wanted: &Value, node: NodeRef<'d>) -> NodeRef<'d> {
    let Some(wanted) = wanted.node() else { return node };
    let (mut wanted, mut node) = (wanted, node);
    loop {
        let mut differing = wanted.children().filter(|w| !node.children_named(w.name()).any(|n| same(*w, n)));
        let (Some(one), None) = (differing.next(), differing.next()) else { return node };
        let mut candidates = node.children_named(one.name());
        let (Some(candidate), None) = (candidates.next(), candidates.next()) else { return node };
        (wanted, node) = (one, candidate);
    }
}

/// Exactly the fixed value, nothing more (<http://hl7.org/fhir/STU3/elementdefinition-definitions.html#ElementDefinition.fixed_x_>).
pub(super) fn equals(fixed: &Value, node: NodeRef<'_>) -> bool {
    match (fixed.text(), fixed.node()) {
        (Some(text), _) => node.value() == Some(text),
        (None, Some(wanted)) => same(wanted, node) && same(node, wanted),
        (None, None) => true,
    }
}

/// At least what the pattern has; every item of a list in it is somewhere in the list.
pub(super) fn matches(pattern: &Value, node: NodeRef<'_>) -> bool {
    match (pattern.text(), pattern.node()) {
        (Some(text), _) => node.value() == Some(text),
        (None, Some(wanted)) => same(wanted, node),
        (None, None) => true,
    }
}

/// True when `node` has all that `wanted` has.
fn same(wanted: NodeRef<'_>, node: NodeRef<'_>) -> bool {
    wanted.value().is_none_or(|v| node.value() == Some(v))
        && wanted.children().all(|child| node.children_named(child.name()).any(|candidate| same(child, candidate)))
}
