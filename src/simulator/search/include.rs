//! `_include` and `_revinclude`: what comes along with the matches.

use std::collections::HashSet;
use std::sync::Arc;

use super::parameter::leads_to;
use crate::definitions::search::{SearchParameter, SearchType};
use crate::simulator::refusal::{Reason, Refusal};
use crate::simulator::store::Store;
use crate::simulator::stored::{Key, Stored};

/// One `_include` or `_revinclude`.
pub(crate) struct Include<'p> {
    /// The type that has the reference.
    source: Arc<str>,
    parameter: &'p SearchParameter,
    /// Only resources of this type.
    target: Option<Box<str>>,
    /// From the one referred to, to those that refer to it.
    reverse: bool,
    /// Also on what was included. STU3 says `:recurse`, R4 `:iterate`; both are understood.
    iterate: bool,
}

/// The names under which includes are asked for.
const NAMES: [(&str, bool, bool); 6] = [
    ("_include", false, false),
    ("_include:iterate", false, true),
    ("_include:recurse", false, true),
    ("_revinclude", true, false),
    ("_revinclude:iterate", true, true),
    ("_revinclude:recurse", true, true),
];

/// How often an iteration starts again from what it found: enough for any chain of resources that makes
/// sense, and an end to chains that do not.
const ROUNDS: usize = 16;

impl<'p> Include<'p> {
    /// Reads an include; None when the name is not one.
    pub fn parse(store: &'p Store, name: &str, value: &str) -> Option<Result<Include<'p>, Refusal>> {
        let (_, reverse, iterate) = NAMES.iter().find(|(n, ..)| *n == name)?;
        Some(read(store, name, value, *reverse, *iterate))
    }
}

fn read<'p>(store: &'p Store, name: &str, value: &str, reverse: bool, iterate: bool) -> Result<Include<'p>, Refusal> {
    let mut parts = value.split(':');
    let (source, code, target) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
    let Some(code) = code.filter(|c| !c.is_empty() && *c != "*" && parts.next().is_none()) else {
        let message =
            format!("`{value}` is not a value for `{name}`: expected `Type:parameter` or `Type:parameter:Target`");
        return Err(Refusal::new(Reason::Value, message));
    };
    if !store.has_type(source) || target.is_some_and(|t| !store.has_type(t)) {
        return Err(Refusal::new(Reason::Value, format!("`{name}={value}` names a resource type that does not exist")));
    }
    let parameter = store.parameters.find(source, code)?;
    if parameter.ty != SearchType::Reference {
        let message = format!("`{name}={value}` cannot be followed: `{code}` of {source} is not a reference");
        return Err(Refusal::new(Reason::Value, message));
    }
    if target.is_some_and(|t| !leads_to(parameter, t)) {
        let message = format!("`{name}={value}` finds nothing ever: `{code}` of {source} does not lead to that type");
        return Err(Refusal::new(Reason::Value, message));
    }
    Ok(Include { source: source.into(), parameter, target: target.map(Into::into), reverse, iterate })
}

/// Everything that comes along with `matches`, without the matches themselves, in the order found.
pub(crate) fn follow(
    store: &Store,
    includes: &[Include<'_>],
    matches: &[Arc<Stored>],
    visible: &dyn Fn(&Stored) -> bool,
) -> Vec<Arc<Stored>> {
    let mut seen: HashSet<Key> = matches.iter().map(|m| m.key.clone()).collect();
    let mut found: Vec<Arc<Stored>> = vec![];
    let mut from: Vec<Arc<Stored>> = matches.to_vec();
    for round in 0..ROUNDS {
        let mut next: Vec<Arc<Stored>> = vec![];
        for include in includes.iter().filter(|i| round == 0 || i.iterate) {
            for resource in &from {
                let steps =
                    if include.reverse { include.backward(store, resource) } else { include.forward(store, resource) };
                next.extend(steps.into_iter().filter(|r| visible(r) && seen.insert(r.key.clone())));
            }
        }
        if next.is_empty() {
            break;
        }
        found.extend(next.iter().cloned());
        from = next;
    }
    found
}

impl Include<'_> {
    fn allows(&self, key: &Key) -> bool {
        leads_to(self.parameter, &key.resource_type) && self.target.as_deref().is_none_or(|t| t == &*key.resource_type)
    }

    fn forward(&self, store: &Store, from: &Stored) -> Vec<Arc<Stored>> {
        if from.key.resource_type != self.source {
            return vec![];
        }
        let index = store.index(&self.source, self.parameter);
        let Some(slot) = store.shelf(&self.source).and_then(|shelf| shelf.slot(&from.key.id)) else { return vec![] };
        let targets = index.targets(slot).filter(|key| self.allows(key));
        targets.filter_map(|key| store.shelf(&key.resource_type)?.get(&key.id).cloned()).collect()
    }

    fn backward(&self, store: &Store, from: &Stored) -> Vec<Arc<Stored>> {
        if !self.allows(&from.key) {
            return vec![];
        }
        let index = store.index(&self.source, self.parameter);
        let Some(shelf) = store.shelf(&self.source) else { return vec![] };
        index.referring_to(&from.key).into_iter().filter_map(|slot| shelf.at(slot).cloned()).collect()
    }
}
