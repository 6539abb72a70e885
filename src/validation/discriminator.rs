//! Discriminators: what tells whether an occurrence belongs to a slice.

use std::sync::Arc;

use super::value::{equals, matches};
use super::walk::Walk;
use crate::definitions::profile::{Discriminator, DiscriminatorKind, ElementNode, Max};
use crate::definitions::terminology::{CodeRef, Membership};
use crate::fhir::NodeRef;

/// Whether an occurrence belongs to a slice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Belongs {
    Yes,
    No,
    /// Nothing in the slice says what the discriminator should be.
    Undecided,
}

impl<'d> Walk<'_, 'd> {
    /// Whether all discriminators say that an occurrence belongs to a slice.
    pub fn belongs(&mut self, node: NodeRef<'d>, slice: &Arc<ElementNode>, by: &[Discriminator]) -> Belongs {
        let mut result = Belongs::Yes;
        for discriminator in by {
            match self.discriminate(node, slice, discriminator) {
                Belongs::No => return Belongs::No,
                Belongs::Undecided => result = Belongs::Undecided,
                Belongs::Yes => {}
            }
        }
        result
    }

    pub fn discriminate(&mut self, node: NodeRef<'d>, slice: &Arc<ElementNode>, by: &Discriminator) -> Belongs {
        if let Some(url) = extension_url(slice, by) {
            return if node.child_value("url") == Some(url) { Belongs::Yes } else { Belongs::No };
        }
        let rules = self.rules_at(slice, &by.path);
        let found = self.nodes_at(node, &by.path);
        let yes = |b: bool| if b { Belongs::Yes } else { Belongs::No };
        match by.kind {
            DiscriminatorKind::Exists => match rules.iter().map(|r| (r.rules.min(), r.rules.max())).next() {
                Some((_, Max::Count(0))) => yes(found.is_empty()),
                Some((1.., _)) => yes(!found.is_empty()),
                _ => Belongs::Undecided,
            },
            DiscriminatorKind::Value | DiscriminatorKind::Pattern => self.by_value(&rules, &found, &by.path),
            DiscriminatorKind::Type => {
                let wanted: Vec<Arc<str>> = rules.iter().flat_map(|r| &r.rules.types).map(|t| t.code.clone()).collect();
                if wanted.is_empty() {
                    return Belongs::Undecided;
                }
                yes(found.iter().any(|n| wanted.iter().any(|w| self.is_type(self.document.type_name(n.id()), w))))
            }
            DiscriminatorKind::Profile => {
                let types = rules.iter().flat_map(|r| &r.rules.types);
                let wanted: Vec<Arc<str>> = types.flat_map(|t| t.profiles.iter().chain(&t.targets)).cloned().collect();
                if wanted.is_empty() {
                    return Belongs::Undecided;
                }
                if found.iter().any(|n| wanted.iter().any(|profile| self.conforms(*n, profile))) {
                    return Belongs::Yes;
                }
                // Whether something conforms to a profile that is not there nobody knows.
                match wanted.iter().all(|profile| self.validator.profiles.definition(profile).is_ok()) {
                    true => Belongs::No,
                    false => Belongs::Undecided,
                }
            }
        }
    }

    /// Compares what is found with the first rule on the way that decides anything.
    fn by_value(&mut self, rules: &[Arc<ElementNode>], found: &[NodeRef<'d>], path: &str) -> Belongs {
        let yes = |b: bool| if b { Belongs::Yes } else { Belongs::No };
        for rule in rules {
            if let Some(fixed) = &rule.rules.fixed {
                return yes(found.iter().any(|n| equals(fixed, *n)));
            }
            if let Some(pattern) = &rule.rules.pattern {
                return yes(found.iter().any(|n| matches(pattern, *n)));
            }
        }
        for rule in rules {
            if let Some(set) = rule.rules.binding.as_ref().and_then(|b| b.value_set.as_ref()) {
                return yes(found.iter().any(|n| self.in_value_set(*n, set, path)));
            }
        }
        if rules.iter().any(|r| r.rules.max() == Max::Count(0)) {
            return yes(found.is_empty());
        }
        Belongs::Undecided
    }

    /// A slice that only a binding tells apart: the code is in the value set, or its system is one of the set's.
    fn in_value_set(&self, node: NodeRef<'d>, set: &str, path: &str) -> bool {
        let terminology = &self.validator.terminology;
        if path == "system" || path.ends_with(".system") {
            let Some(found) = terminology.value_set(set) else { return false };
            return node.value().is_some_and(|system| found.systems().any(|s| s == system));
        }
        let member = |system: Option<&str>, code: &str| {
            !matches!(terminology.membership(set, CodeRef { system, code }), Membership::NotMember)
        };
        let of_coding = |c: NodeRef<'_>| {
            c.child_value("code").is_some_and(|code| member(c.child_value("system").or(Some("")), code))
        };
        match self.document.type_name(node.id()) {
            "CodeableConcept" => node.children_named("coding").any(of_coding),
            "Coding" | "Quantity" => of_coding(node),
            _ => node.value().is_some_and(|code| member(None, code)),
        }
    }

    /// The elements at a discriminator path (<http://hl7.org/fhir/STU3/profiling.html#discriminator>).
    pub fn nodes_at(&self, node: NodeRef<'d>, path: &str) -> Vec<NodeRef<'d>> {
        let mut found = vec![node];
        for step in steps(path) {
            found = match step {
                Step::This => found,
                Step::Resolve => {
                    let target = |n: &NodeRef<'d>| self.references.resolve(n.child_value("reference")?, *n);
                    found.iter().filter_map(target).collect()
                }
                Step::Extension(url) => {
                    let wanted = |e: &NodeRef<'d>| e.child_value("url") == Some(url);
                    found.iter().flat_map(|n| n.children_named("extension")).filter(wanted).collect()
                }
                Step::OfType(name) => {
                    found.into_iter().filter(|n| self.is_type(self.document.type_name(n.id()), name)).collect()
                }
                Step::Child(name) => {
                    let Some(step) = self.document.name_id(name) else { return vec![] };
                    let named = |c: &NodeRef<'d>| self.document.node_type(c.id()).step == step;
                    found.iter().flat_map(|n| n.children()).filter(named).collect()
                }
            };
        }
        found
    }

    /// The rules at a discriminator path, from the slice itself and from the profiles of its types.
    pub fn rules_at(&mut self, slice: &Arc<ElementNode>, path: &str) -> Vec<Arc<ElementNode>> {
        let mut found = vec![slice.clone()];
        for step in steps(path) {
            let mut next = vec![];
            for rule in &found {
                match step {
                    Step::This | Step::OfType(_) => next.push(rule.clone()),
                    Step::Resolve => next.extend(self.roots(rule.rules.types.iter().flat_map(|t| &t.targets))),
                    Step::Extension(url) => {
                        let named = |s: &&Arc<ElementNode>| {
                            s.rules.types.iter().any(|t| t.profiles.iter().any(|p| &**p == url))
                        };
                        next.extend(rule.child("extension").into_iter().flat_map(|e| &e.slices).filter(named).cloned());
                    }
                    Step::Child(name) => {
                        let own = rule.child(name).or_else(|| rule.child(&format!("{name}[x]"))).cloned();
                        next.extend(own);
                        let profiled = self.roots(rule.rules.types.iter().flat_map(|t| &t.profiles));
                        next.extend(profiled.iter().filter_map(|r| r.child(name).cloned()));
                    }
                }
            }
            found = next;
        }
        found
    }

    /// The outermost elements of these definitions, as far as they can be had.
    fn roots<'p>(&self, canonicals: impl Iterator<Item = &'p Arc<str>>) -> Vec<Arc<ElementNode>> {
        canonicals.filter_map(|c| self.validator.profiles.snapshot(c).ok()).map(|s| s.root.clone()).collect()
    }
}

/// For a slice that is an extension: its url is that of its profile, which need not be opened to know it.
fn extension_url<'s>(slice: &'s ElementNode, by: &Discriminator) -> Option<&'s str> {
    let [only] = &*slice.rules.types else { return None };
    let [canonical] = &*only.profiles else { return None };
    (&*by.path == "url" && &*only.code == "Extension" && slice.child("url").is_none())
        .then(|| canonical.split('|').next().unwrap_or(canonical))
}

/// One step of a discriminator path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step<'p> {
    This,
    Resolve,
    Extension(&'p str),
    OfType(&'p str),
    Child(&'p str),
}

/// Takes a path apart. Dots inside the argument of `extension('…')` do not count.
fn steps(path: &str) -> Vec<Step<'_>> {
    let mut steps = vec![];
    let mut rest = path;
    while !rest.is_empty() {
        let (step, end) = if let Some(argument) = rest.strip_prefix("extension(") {
            let close = argument.find(')').unwrap_or(argument.len());
            (Step::Extension(argument[..close].trim_matches(['\'', '"'])), "extension(".len() + close + 1)
        } else {
            let end = rest.find('.').unwrap_or(rest.len());
            let step = match &rest[..end] {
                "$this" => Step::This,
                "resolve()" => Step::Resolve,
                name => match name.strip_prefix("ofType(").and_then(|n| n.strip_suffix(')')) {
                    Some(type_name) => Step::OfType(type_name),
                    None => Step::Child(name),
                },
            };
            (step, end)
        };
        steps.push(step);
        rest = rest.get(end..).unwrap_or_default().trim_start_matches('.');
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::{Step, steps};

    #[test]
    fn paths_are_taken_apart() {
        assert_eq!(steps("$this"), [Step::This]);
        assert_eq!(steps("code.coding.code"), [Step::Child("code"), Step::Child("coding"), Step::Child("code")]);
        assert_eq!(steps("$this.resolve()"), [Step::This, Step::Resolve]);
        assert_eq!(steps("extension('http://a.b/c').value"), [Step::Extension("http://a.b/c"), Step::Child("value")]);
        assert_eq!(steps("value.ofType(Quantity)"), [Step::Child("value"), Step::OfType("Quantity")]);
    }
}
