//! What decides that something is in a slice.
//!
//! A discriminator names a place; what tells one slice from another is what the slice says at that place:
//! a fixed value or pattern there, above it or below it, the type, a profile, or, where nothing else is
//! said, the value set it is bound to (<http://hl7.org/fhir/STU3/profiling.html#discriminator>).

use std::sync::Arc;

use super::model::{Discriminator, DiscriminatorKind, ElementBinding, ElementRules, Max, Value};
use super::registry::Profiles;
use super::tree::ElementNode;
use crate::definitions::types::BindingStrength;

/// One discriminator of one slice: what must hold, and where.
#[derive(Clone, Debug)]
pub struct SliceTest {
    /// From the sliced element to what is looked at; empty is the element itself. Where a step repeats, one
    /// that fits is enough.
    pub path: Vec<PathStep>,
    /// What must be found there.
    pub decider: Decider,
}

/// A step of a discriminator's path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PathStep {
    /// To the children of this name; a choice without `[x]`.
    Child(Arc<str>),
    /// To the extensions with this url.
    Extension(Arc<str>),
    /// To what the reference refers to.
    Resolve,
    /// Only what is of this type.
    OfType(Arc<str>),
}

/// What must be found for something to be in a slice.
#[derive(Clone, Debug)]
pub enum Decider {
    /// This value exactly.
    Fixed(Value),
    /// A value that contains this.
    Pattern(Value),
    /// One of these types (with [`PathStep::Resolve`] last: a resource of one of these types).
    Types(Vec<Arc<str>>),
    /// Conformance to one of these profiles.
    Profiles(Vec<Arc<str>>),
    /// A code of the bound value set.
    Binding(Arc<ElementBinding>),
    /// A system that the value set bound to the coding around it has codes of.
    SystemOf(Arc<ElementBinding>),
    /// Something (true) or nothing (false).
    Exists(bool),
    /// All of these.
    All(Vec<Decider>),
    /// A child of this name for which all of these hold.
    Below(Arc<str>, Vec<Decider>),
    /// The definition does not say; the words are a reason for people, without full stop.
    Unknown(String),
}

/// A discriminator as messages show it: `value:code.coding.code`.
pub(super) fn text(discriminator: &Discriminator) -> Arc<str> {
    format!("{}:{}", discriminator.kind.code(), discriminator.path).into()
}

/// What decides, for one slice and one discriminator.
pub(super) fn test(profiles: &Profiles, slice: &ElementNode, discriminator: &Discriminator) -> SliceTest {
    let path = match parse(&discriminator.path) {
        Ok(path) => through_references(profiles, slice, path, discriminator.kind),
        Err(reason) => return SliceTest { path: vec![], decider: Decider::Unknown(reason) },
    };
    let decided = match discriminator.kind {
        DiscriminatorKind::Value | DiscriminatorKind::Pattern => by_value(profiles, slice, &path),
        DiscriminatorKind::Exists => by_existence(profiles, slice, &path),
        DiscriminatorKind::Type => by_type(profiles, slice, &path),
        DiscriminatorKind::Profile => by_profile(profiles, slice, &path),
    };
    let unknown = || {
        let slice = slice.slice_name.as_deref().unwrap_or(&slice.name);
        Decider::Unknown(format!("slice `{slice}` says nothing at `{}` that would decide it", discriminator.path))
    };
    let (steps, decider) = decided.unwrap_or_else(|| (path.len(), unknown()));
    SliceTest { path: path.into_iter().take(steps).collect(), decider }
}

/// STU3 authors go through the `reference` of a Reference (`item.reference.resolve()`), or stop there when
/// they mean what it refers to; a step from the Reference itself says the same.
fn through_references(
    profiles: &Profiles,
    slice: &ElementNode,
    mut path: Vec<PathStep>,
    kind: DiscriminatorKind,
) -> Vec<PathStep> {
    let is_text =
        |path: &[PathStep]| walk(profiles, slice, path).iter().any(|n| n.rules.single_type() == Some("string"));
    let is_reference = |step: &PathStep| matches!(step, PathStep::Child(name) if &**name == "reference");
    let mut at = 0;
    while let Some(step) = path.get(at) {
        if is_reference(step) && is_text(&path[..=at]) {
            match path.get(at + 1) {
                Some(PathStep::Resolve) => {
                    path.remove(at);
                }
                None if matches!(kind, DiscriminatorKind::Profile | DiscriminatorKind::Type) => {
                    path[at] = PathStep::Resolve;
                }
                _ => {}
            }
        }
        at += 1;
    }
    path
}

/// Reads a discriminator's path, the restricted FHIRPath of
/// <http://hl7.org/fhir/R4/profiling.html#discriminator>; STU3's bare `reference.code` are children.
fn parse(path: &str) -> Result<Vec<PathStep>, String> {
    let mut steps = vec![];
    for part in split(path) {
        let call = part.strip_suffix(')').and_then(|p| p.split_once('('));
        match call {
            None if part == "$this" => {}
            None if !part.is_empty() => steps.push(PathStep::Child(part.trim_end_matches("[x]").into())),
            Some(("resolve", "")) => steps.push(PathStep::Resolve),
            Some(("extension", argument)) => {
                let url = argument.trim_start_matches("url=").trim_matches(['\'', '"']);
                steps.push(PathStep::Extension(url.into()));
            }
            Some(("ofType" | "as", code)) => steps.push(PathStep::OfType(code.trim_start_matches("FHIR.").into())),
            _ => return Err(format!("`{part}` in the discriminator `{path}` is not understood")),
        }
    }
    Ok(steps)
}

/// Splits at dots that are not in parentheses.
fn split(path: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0usize;
    path.split(move |c| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == '.' && depth == 0
    })
}

/// Follows one step in the definitions: from an element to what defines the next one. Several where the
/// definitions leave a choice.
fn follow(profiles: &Profiles, from: &Arc<ElementNode>, step: &PathStep) -> Vec<Arc<ElementNode>> {
    match step {
        PathStep::OfType(code) => {
            let of_type = from.slices.iter().find(|s| s.rules.single_type() == Some(code));
            vec![of_type.unwrap_or(from).clone()]
        }
        PathStep::Resolve => {
            let targets = from.rules.types.iter().flat_map(|t| &t.targets);
            targets.filter_map(|t| profiles.snapshot(t).ok()).map(|s| s.root.clone()).collect()
        }
        PathStep::Child(name) => {
            let is = |c: &&Arc<ElementNode>| c.name.trim_end_matches("[x]") == &**name;
            children(profiles, from).iter().filter(is).cloned().collect()
        }
        PathStep::Extension(url) => {
            let named = children(profiles, from);
            let extension = named.iter().find(|c| &*c.name == "extension");
            let slices = extension.map(|e| &*e.slices).unwrap_or_default();
            let has = |s: &&Arc<ElementNode>| s.rules.types.iter().flat_map(|t| &t.profiles).any(|p| same(p, url));
            slices.iter().filter(has).cloned().collect()
        }
    }
}

/// The children of an element: its own, or those of its single type or type profile.
fn children(profiles: &Profiles, node: &ElementNode) -> Vec<Arc<ElementNode>> {
    if !node.children.is_empty() {
        return node.children.clone();
    }
    let rules = &node.rules;
    let profiled = match &*rules.types {
        [only] => only.profiles.first().and_then(|p| profiles.snapshot(p).ok()),
        _ => None,
    };
    let of_type = || rules.single_type().and_then(|code| profiles.snapshot(&Profiles::type_canonical(code)).ok());
    profiled.or_else(of_type).map(|s| s.root.children.clone()).unwrap_or_default()
}

fn same(canonical: &str, url: &str) -> bool {
    canonical.split('|').next() == Some(url)
}

/// Follows a whole path.
fn walk(profiles: &Profiles, slice: &ElementNode, path: &[PathStep]) -> Vec<Arc<ElementNode>> {
    path.iter()
        .fold(vec![Arc::new(slice.clone())], |at, step| at.iter().flat_map(|n| follow(profiles, n, step)).collect())
}

fn by_value(profiles: &Profiles, slice: &ElementNode, path: &[PathStep]) -> Option<(usize, Decider)> {
    // The url of an extension is that of its profile; no need to open it.
    if let ([PathStep::Child(url)], [], [only]) = (path, &*slice.children, &*slice.rules.types)
        && &**url == "url"
        && let [canonical] = &*only.profiles
    {
        let url = canonical.split('|').next().unwrap_or_default();
        return Some((path.len(), Decider::Fixed(Value::primitive("uri", crate::fhir::Kind::Text, url))));
    }
    // What is said above the place speaks of the place, too.
    for (depth, _) in std::iter::once(&PathStep::Resolve).chain(path).enumerate() {
        let above = path.get(..depth)?;
        let at = walk(profiles, slice, above);
        if let [node] = &*at
            && let Some(value) = stated(&node.rules)
            && (depth == path.len() || value_has(&value, &path[depth..]))
        {
            return Some((depth, value));
        }
    }
    let at = walk(profiles, slice, path);
    let [node] = &*at else { return within_slices(profiles, slice, path).map(|decider| (path.len(), decider)) };
    let mut all = below(node);
    if all.is_empty() {
        all.extend(within_slices(profiles, slice, path));
    }
    if let Some(binding) = bound(&node.rules, BindingStrength::Required) {
        all.insert(0, Decider::Binding(binding));
    }
    match all.len() {
        0 => {}
        1 => return all.pop().map(|only| (path.len(), only)),
        _ => return Some((path.len(), Decider::All(all))),
    }
    by_binding_around(profiles, slice, path)
        .or_else(|| existence(&node.rules).map(|decider| (path.len(), decider)))
        .or_else(|| bound(&node.rules, BindingStrength::Extensible).map(|b| (path.len(), Decider::Binding(b))))
}

/// What a slice on the way says: the codings of a slice may be sliced again, and one of these be fixed.
fn within_slices(profiles: &Profiles, slice: &ElementNode, path: &[PathStep]) -> Option<Decider> {
    let with_slices = |n: Arc<ElementNode>| -> Vec<Arc<ElementNode>> {
        let slices = n.slices.clone();
        std::iter::once(n).chain(slices).collect()
    };
    let all = path.iter().fold(vec![Arc::new(slice.clone())], |at, step| {
        at.iter().flat_map(|n| follow(profiles, n, step)).flat_map(with_slices).collect()
    });
    let mut stated = all.iter().filter_map(|n| stated(&n.rules));
    // Several would be alternatives, or parts that must come together: not for us to guess.
    stated.next().filter(|_| stated.next().is_none())
}

/// The fixed value or pattern of an element.
fn stated(rules: &ElementRules) -> Option<Decider> {
    let fixed = rules.fixed.clone().map(Decider::Fixed);
    fixed.or_else(|| rules.pattern.clone().map(Decider::Pattern))
}

/// True when a value says something at a path within it.
fn value_has(decider: &Decider, path: &[PathStep]) -> bool {
    let (Decider::Fixed(value) | Decider::Pattern(value)) = decider else { return false };
    let Some(node) = value.node() else { return false };
    let step = |at: Option<crate::fhir::NodeRef<'_>>, step: &PathStep| match step {
        PathStep::Child(name) => at.and_then(|n| n.child(name)).map(|n| n.id()),
        _ => None,
    };
    path.iter().try_fold(node.id(), |at, s| step(Some(node.document().node(at)), s)).is_some()
}

/// Fixed values and patterns below an element. Those of one child must come together in one occurrence.
fn below(node: &ElementNode) -> Vec<Decider> {
    let mut all = vec![];
    for child in &node.children {
        let required_slices = child.slices.iter().filter(|s| s.rules.min() > 0);
        for part in std::iter::once(child).chain(required_slices) {
            let mut inner: Vec<Decider> = stated(&part.rules).into_iter().collect();
            inner.extend(below(part));
            if !inner.is_empty() {
                all.push(Decider::Below(child.name.trim_end_matches("[x]").into(), inner));
            }
        }
    }
    all
}

/// The binding of an element to a value set, if it is at least this strong.
fn bound(rules: &ElementRules, strength: BindingStrength) -> Option<Arc<ElementBinding>> {
    rules.binding.as_ref().filter(|b| b.strength <= strength && b.value_set.is_some()).cloned()
}

/// For a path to a system or code that nothing is said of: the coding around it may be bound.
fn by_binding_around(profiles: &Profiles, slice: &ElementNode, path: &[PathStep]) -> Option<(usize, Decider)> {
    let (PathStep::Child(last), around) = path.split_last()? else { return None };
    if !matches!(&**last, "system" | "code") {
        return None;
    }
    (0..=around.len()).rev().find_map(|depth| {
        let at = walk(profiles, slice, around.get(..depth)?);
        let [node] = &*at else { return None };
        let binding = bound(&node.rules, BindingStrength::Extensible)?;
        match &**last {
            "system" => Some((path.len(), Decider::SystemOf(binding))),
            _ => Some((depth, Decider::Binding(binding))),
        }
    })
}

fn existence(rules: &ElementRules) -> Option<Decider> {
    match (rules.min(), rules.max()) {
        (_, Max::Count(0)) => Some(Decider::Exists(false)),
        (1.., _) => Some(Decider::Exists(true)),
        _ => None,
    }
}

fn by_existence(profiles: &Profiles, slice: &ElementNode, path: &[PathStep]) -> Option<(usize, Decider)> {
    let at = walk(profiles, slice, path);
    at.first().and_then(|n| existence(&n.rules)).map(|decider| (path.len(), decider))
}

fn by_type(profiles: &Profiles, slice: &ElementNode, path: &[PathStep]) -> Option<(usize, Decider)> {
    let mut types: Vec<Arc<str>> = vec![];
    let mut add = |code: &Arc<str>| {
        if !types.contains(code) {
            types.push(code.clone());
        }
    };
    for node in walk(profiles, slice, path) {
        if node.rules.types.is_empty() {
            // The root of a type has no type of its own: it is the type.
            add(&node.name);
        }
        for rule in &node.rules.types {
            // A profile on `Resource` says which resource.
            let profiled: Vec<_> = rule.profiles.iter().filter_map(|p| profiles.definition(p).ok()).collect();
            match &*profiled {
                [] => add(&rule.code),
                all => all.iter().for_each(|d| add(&d.type_name)),
            }
        }
    }
    (!types.is_empty()).then_some((path.len(), Decider::Types(types)))
}

fn by_profile(profiles: &Profiles, slice: &ElementNode, path: &[PathStep]) -> Option<(usize, Decider)> {
    // The targets of a reference are the profiles of what it resolves to.
    let (at, is_target) = match path.split_last() {
        Some((PathStep::Resolve, reference)) => (walk(profiles, slice, reference), true),
        _ => (walk(profiles, slice, path), false),
    };
    let mut canonicals: Vec<Arc<str>> = vec![];
    for rule in at.iter().flat_map(|n| &n.rules.types) {
        for canonical in if is_target { &rule.targets } else { &rule.profiles } {
            if !canonicals.contains(canonical) {
                canonicals.push(canonical.clone());
            }
        }
    }
    (!canonicals.is_empty()).then_some((path.len(), Decider::Profiles(canonicals)))
}
