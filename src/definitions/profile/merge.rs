//! What a derived element says over what its base says.

use std::sync::Arc;

use super::model::{ElementBinding, ElementRules, Slicing};

/// True when nothing is stated.
pub(super) fn is_silent(rules: &ElementRules) -> bool {
    *rules == ElementRules::default()
}

/// The rules of a derived element: what the differential states replaces what the base has, except that
/// invariants, conditions and discriminators come together and a binding keeps what it does not restate.
pub(super) fn derive(base: &Arc<ElementRules>, stated: &ElementRules) -> Arc<ElementRules> {
    if is_silent(stated) {
        return base.clone();
    }
    let mut rules = ElementRules::clone(base);
    replace(&mut rules.short, &stated.short);
    replace(&mut rules.min, &stated.min);
    replace(&mut rules.max, &stated.max);
    replace(&mut rules.fixed, &stated.fixed);
    replace(&mut rules.pattern, &stated.pattern);
    replace(&mut rules.min_value, &stated.min_value);
    replace(&mut rules.max_value, &stated.max_value);
    replace(&mut rules.max_length, &stated.max_length);
    replace(&mut rules.is_modifier, &stated.is_modifier);
    replace(&mut rules.must_support, &stated.must_support);
    replace(&mut rules.content_reference, &stated.content_reference);
    if !stated.types.is_empty() {
        rules.types.clone_from(&stated.types);
        rules.content_reference = None;
    }
    if let Some(binding) = &stated.binding {
        rules.binding = Some(match &rules.binding {
            Some(base) => Arc::new(derive_binding(base, binding)),
            None => binding.clone(),
        });
    }
    if let Some(slicing) = &stated.slicing {
        rules.slicing = Some(match &rules.slicing {
            Some(base) => Arc::new(derive_slicing(base, slicing)),
            None => slicing.clone(),
        });
    }
    add_constraints(&mut rules, stated);
    if !stated.types.is_empty() || stated.binding.is_some() {
        keep_bindable(&mut rules);
    }
    Arc::new(rules)
}

/// Types that a binding can speak of (<http://hl7.org/fhir/STU3/terminologies.html#4.1>), and `*`.
const BINDABLE: [&str; 9] = ["code", "Coding", "CodeableConcept", "Quantity", "string", "uri", "url", "Element", "*"];

/// Takes away a binding that none of the types left can have.
pub(super) fn keep_bindable(rules: &mut ElementRules) {
    if !rules.types.is_empty() && !rules.types.iter().any(|t| BINDABLE.contains(&&*t.code)) {
        rules.binding = None;
    }
}

/// The rules of an element whose type is profiled: the profile's root, and from the element what that does
/// not say. Only the root of an extension speaks of how often it occurs where it is used.
pub(super) fn from_type_profile(root: &ElementRules, element: &ElementRules, is_extension: bool) -> ElementRules {
    let mut rules = root.clone();
    if !is_extension {
        rules.min = element.min;
        rules.max = element.max;
    }
    rules.slicing = None;
    rules.content_reference = None;
    if rules.types.is_empty() {
        rules.types.clone_from(&element.types);
    }
    let keep = |to: &mut Option<_>, from: &Option<_>| {
        if to.is_none() {
            to.clone_from(from);
        }
    };
    keep(&mut rules.fixed, &element.fixed);
    keep(&mut rules.pattern, &element.pattern);
    keep(&mut rules.min_value, &element.min_value);
    keep(&mut rules.max_value, &element.max_value);
    rules.max_length = rules.max_length.or(element.max_length);
    rules.is_modifier = rules.is_modifier.or(element.is_modifier);
    rules.must_support = rules.must_support.or(element.must_support);
    if rules.binding.is_none() {
        rules.binding.clone_from(&element.binding);
    }
    add_constraints(&mut rules, element);
    rules
}

fn replace<T: Clone>(to: &mut Option<T>, from: &Option<T>) {
    if from.is_some() {
        to.clone_from(from);
    }
}

fn derive_binding(base: &ElementBinding, stated: &ElementBinding) -> ElementBinding {
    let or =
        |stated: &Vec<Arc<str>>, base: &Vec<Arc<str>>| if stated.is_empty() { base.clone() } else { stated.clone() };
    ElementBinding {
        strength: stated.strength,
        value_set: stated.value_set.clone().or_else(|| base.value_set.clone()),
        max_value_set: stated.max_value_set.clone().or_else(|| base.max_value_set.clone()),
        permitted_concept_maps: or(&stated.permitted_concept_maps, &base.permitted_concept_maps),
        permitted_value_sets: or(&stated.permitted_value_sets, &base.permitted_value_sets),
    }
}

fn derive_slicing(base: &Slicing, stated: &Slicing) -> Slicing {
    let mut slicing = Slicing { ordered: base.ordered || stated.ordered, rules: stated.rules, ..base.clone() };
    for discriminator in &stated.discriminators {
        if !slicing.discriminators.contains(discriminator) {
            slicing.discriminators.push(discriminator.clone());
        }
    }
    slicing
}

fn add_constraints(rules: &mut ElementRules, more: &ElementRules) {
    for constraint in &more.constraints {
        match rules.constraints.iter_mut().find(|c| c.key == constraint.key) {
            Some(known) => known.clone_from(constraint),
            None => rules.constraints.push(constraint.clone()),
        }
    }
    for condition in &more.conditions {
        if !rules.conditions.contains(condition) {
            rules.conditions.push(condition.clone());
        }
    }
}
