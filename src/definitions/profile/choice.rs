//! Choices of type: the names an element can be written under, and the slices that come of it.
//!
//! A differential speaks of `value[x]` under that name, under that of a type (`valueQuantity`), or as a slice
//! of one of both. In a snapshot of ours a choice is always `value[x]`, and what is said of one type stands
//! in a slice named `valueQuantity`.

use std::borrow::Cow;
use std::sync::Arc;

use super::merge;
use super::model::{Discriminator, DiscriminatorKind, ElementRules, Max, Slicing, SlicingRules, TypeRule};
use super::tree::ElementNode;
use crate::definitions::types::choice_name;

/// What a differential says of one child of the base.
pub(super) struct Aligned<'d> {
    /// Which child.
    pub at: usize,
    /// The node under the child's own name.
    pub main: Option<&'d ElementNode>,
    /// Nodes under the name of one type, and their slices.
    pub slices: Vec<SliceDiff<'d>>,
}

/// What a differential says of one slice.
pub(super) struct SliceDiff<'d> {
    /// Name of the slice.
    pub name: Cow<'d, str>,
    /// For one that stands under the name of a type (`valueQuantity`): the type.
    pub type_rule: Option<TypeRule>,
    /// What is said.
    pub node: &'d ElementNode,
}

impl<'d> SliceDiff<'d> {
    /// A slice under its own name. One of a choice for one type is always named after that type, so that
    /// what is said of it under another name is said of the same slice.
    pub fn named(node: &'d ElementNode) -> SliceDiff<'d> {
        let named = match (node.name.strip_suffix("[x]"), node.rules.single_type()) {
            (Some(stem), Some(code)) => Cow::Owned(choice_name(stem, code)),
            _ => Cow::Borrowed(node.slice_name.as_deref().unwrap_or(&node.name)),
        };
        SliceDiff { name: named, type_rule: None, node }
    }

    /// What is stated of it: in a slice for one type that type, too.
    pub fn stated(&self) -> Cow<'d, ElementRules> {
        match &self.type_rule {
            Some(rule) if self.node.rules.types.is_empty() => {
                Cow::Owned(ElementRules { types: vec![rule.clone()], ..(*self.node.rules).clone() })
            }
            _ => Cow::Borrowed(&self.node.rules),
        }
    }
}

/// Finds which children of the base the nodes of a differential speak of; names that none has come second.
pub(super) fn align<'d>(base: &[Arc<ElementNode>], diff: &'d [Arc<ElementNode>]) -> (Vec<Aligned<'d>>, Vec<Arc<str>>) {
    let mut aligned: Vec<Aligned<'d>> = vec![];
    let mut unknown = vec![];
    for node in diff {
        let Some((at, type_rule)) = find(base, &node.name) else {
            unknown.push(node.name.clone());
            continue;
        };
        let known = match aligned.iter().position(|a| a.at == at) {
            Some(known) => known,
            None => {
                aligned.push(Aligned { at, main: None, slices: vec![] });
                aligned.len() - 1
            }
        };
        let Some(entry) = aligned.get_mut(known) else { continue };
        match type_rule {
            None if entry.main.is_none() => entry.main = Some(node),
            // Said twice under one name: the second time as another layer is not foreseen, its slices are.
            None => entry.slices.extend(node.slices.iter().map(|s| SliceDiff::named(s))),
            Some(rule) => {
                let says = !node.children.is_empty() || *node.rules != ElementRules::default();
                let of_type = |node: &'d ElementNode, name: &'d str| SliceDiff {
                    name: Cow::Borrowed(name),
                    type_rule: Some(rule.clone()),
                    node,
                };
                if says || node.slices.is_empty() {
                    entry.slices.push(of_type(node, &node.name));
                }
                entry.slices.extend(node.slices.iter().map(|s| of_type(s, &node.name)));
            }
        }
    }
    (aligned, unknown)
}

/// The child that bears a name, and the type that the name says it has.
fn find(children: &[Arc<ElementNode>], name: &str) -> Option<(usize, Option<TypeRule>)> {
    if let Some(at) = children.iter().position(|c| &*c.name == name) {
        return Some((at, None));
    }
    let mut guess = None;
    for (at, child) in children.iter().enumerate() {
        let Some(stem) = child.name.strip_suffix("[x]") else { continue };
        let Some(suffix) = name.strip_prefix(stem).filter(|s| s.starts_with(|c: char| c.is_ascii_uppercase())) else {
            continue;
        };
        if let Some(rule) = child.rules.types.iter().find(|t| choice_name(stem, &t.code) == name) {
            return Some((at, Some(rule.clone())));
        }
        // A type that the base does not allow (or any, `*`): the name says which.
        guess = Some((at, Some(TypeRule { code: suffix.into(), ..TypeRule::default() })));
    }
    guess
}

/// Slicing that needs not be written: extensions are told apart by their url.
pub(super) fn implied_slicing(name: &str) -> Option<Arc<Slicing>> {
    let by = |kind, path: &str, rules| {
        let discriminators = vec![Discriminator { kind, path: path.into() }];
        Some(Arc::new(Slicing { discriminators, ordered: false, rules }))
    };
    match name {
        "extension" | "modifierExtension" => by(DiscriminatorKind::Value, "url", SlicingRules::Open),
        choice if choice.ends_with("[x]") => by(DiscriminatorKind::Type, "$this", SlicingRules::Closed),
        _ => None,
    }
}

/// The slice of a choice that is all that is left of it.
pub(super) fn only_type(node: &ElementNode) -> Option<&Arc<ElementNode>> {
    let closed = node.rules.slicing.as_ref().is_some_and(|s| s.rules == SlicingRules::Closed);
    match &*node.slices {
        [only] if closed && node.name.ends_with("[x]") && node.children.is_empty() => Some(only),
        _ => None,
    }
}

/// Settles what slices by type do to the choice itself. Where the differential names types without dividing
/// the choice first, only those types are left (<http://hl7.org/fhir/STU3/profiling.html#slicing>); where it
/// divides it and requires one type, or has a slice for each, the others cannot occur.
pub(super) fn close(base: &ElementNode, node: &mut ElementNode, stated: &ElementRules, slices: &[SliceDiff<'_>]) {
    let Some(implied) = implied_slicing(&node.name) else { return };
    let is_closed = base.rules.slicing.as_ref().is_some_and(|s| s.rules == SlicingRules::Closed);
    let by_type_name = slices.iter().any(|s| s.type_rule.is_some());
    if is_closed || (base.rules.slicing.is_some() && !by_type_name) {
        return;
    }
    let mut rules = ElementRules::clone(&node.rules);
    let required = node.slices.iter().find(|s| s.rules.min() > 0 && rules.max() == Max::Count(1));
    let types_of = |slice: &Arc<ElementNode>| slice.rules.types.iter().map(|t| t.code.clone()).collect::<Vec<_>>();
    let sliced: Vec<Arc<str>> = match required {
        Some(required) => types_of(required),
        None => node.slices.iter().flat_map(types_of).collect(),
    };
    let covered = rules.types.iter().all(|t| sliced.contains(&t.code));
    if stated.slicing.is_none() || required.is_some() || covered {
        let allowed = std::mem::take(&mut rules.types);
        rules.types.extend(allowed.iter().filter(|t| sliced.contains(&t.code)).cloned());
        if rules.types.is_empty() {
            // The base allows any type (`*`), or none of these: what the slices say stands.
            rules.types.extend(node.slices.iter().flat_map(|s| s.rules.types.iter().cloned()));
        }
        let slicing = rules.slicing.get_or_insert(implied);
        if slicing.rules != SlicingRules::Closed {
            *slicing = Arc::new(Slicing { rules: SlicingRules::Closed, ..(**slicing).clone() });
        }
        if let Some(required) = required {
            rules.min = Some(rules.min().max(required.rules.min()));
        }
    }
    // Where one type is singled out, what is required of the choice is required of that.
    if let [only] = &mut *node.slices
        && only.rules.min() < rules.min()
    {
        let only = Arc::make_mut(only);
        Arc::make_mut(&mut only.rules).min = rules.min;
    }
    merge::keep_bindable(&mut rules);
    node.rules = Arc::new(rules);
}
