//! An inverted index of one parameter over all resources of one type: built on first use, dropped when
//! a resource of the type changes.

use std::collections::HashMap;

use super::moment::Interval;
use super::parameter::select;
use super::value::{Target, Value, values};
use crate::definitions::search::SearchParameter;
use crate::simulator::stored::{Key, Stored};

/// Positions of resources on their shelf, sorted, without duplicates.
pub(crate) type Slots = Vec<u32>;

/// The values of one parameter, and for tokens and references the way back.
#[derive(Default)]
pub(crate) struct Index {
    /// Sorted by slot.
    entries: Vec<(u32, Value)>,
    /// Positions in `entries` by code.
    by_code: HashMap<Box<str>, Vec<u32>>,
    /// Positions in `entries` by what is referred to.
    by_key: HashMap<Key, Vec<u32>>,
}

impl Index {
    /// Indexes `resources`. `extra` gives values that do not stand in the resource itself.
    pub fn build<'s>(
        parameter: &SearchParameter,
        resources: impl Iterator<Item = (u32, &'s Stored)>,
        base: &str,
        extra: &dyn Fn(&Key) -> Vec<Value>,
    ) -> Index {
        let mut index = Index::default();
        let mut found = vec![];
        for (slot, resource) in resources {
            for selected in select(parameter, &resource.tree) {
                values(&resource.tree, selected, parameter.ty, base, &mut found);
            }
            found.extend(extra(&resource.key));
            index.entries.extend(found.drain(..).map(|value| (slot, value)));
        }
        for (at, (_, value)) in index.entries.iter().enumerate() {
            match value {
                Value::Token(token) => index.by_code.entry(token.code.clone()).or_default().push(at as u32),
                Value::Reference(Target::Here(key)) => index.by_key.entry(key.clone()).or_default().push(at as u32),
                _ => {}
            }
        }
        index
    }

    /// The slots of all values that `test` accepts.
    pub fn matching(&self, test: impl Fn(&Value) -> bool) -> Slots {
        let mut slots: Slots = self.entries.iter().filter(|(_, v)| test(v)).map(|(slot, _)| *slot).collect();
        slots.dedup();
        slots
    }

    /// The slots that have a token of this code which `test` accepts.
    pub fn with_code(&self, code: &str, test: impl Fn(&Value) -> bool) -> Slots {
        self.slots_at(self.by_code.get(code), test)
    }

    /// The slots that refer to a resource.
    pub fn referring_to(&self, key: &Key) -> Slots {
        self.slots_at(self.by_key.get(key), |_| true)
    }

    fn slots_at(&self, positions: Option<&Vec<u32>>, test: impl Fn(&Value) -> bool) -> Slots {
        let entries = positions.into_iter().flatten().filter_map(|at| self.entries.get(*at as usize));
        let mut slots: Slots = entries.filter(|(_, v)| test(v)).map(|(slot, _)| *slot).collect();
        slots.dedup();
        slots
    }

    /// All values of one resource.
    pub fn of(&self, slot: u32) -> impl Iterator<Item = &Value> {
        let start = self.entries.partition_point(|(s, _)| *s < slot);
        self.entries[start..].iter().take_while(move |(s, _)| *s == slot).map(|(_, v)| v)
    }

    /// The times of one resource.
    pub fn intervals(&self, slot: u32) -> impl Iterator<Item = Interval> {
        self.of(slot).filter_map(|v| match v {
            Value::Date(interval) => Some(*interval),
            _ => None,
        })
    }

    /// The resources of this server that one resource refers to.
    pub fn targets(&self, slot: u32) -> impl Iterator<Item = &Key> {
        self.of(slot).filter_map(|v| match v {
            Value::Reference(Target::Here(key)) => Some(key),
            _ => None,
        })
    }
}

/// What is in both.
pub(crate) fn intersect(a: &[u32], b: &[u32]) -> Slots {
    let (small, large) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    small.iter().copied().filter(|slot| large.binary_search(slot).is_ok()).collect()
}

/// What is in any.
pub(crate) fn unite(sets: impl IntoIterator<Item = Slots>) -> Slots {
    let mut sets = sets.into_iter();
    let Some(mut all) = sets.next() else { return vec![] };
    let before = all.len();
    sets.for_each(|set| all.extend(set));
    if all.len() > before || before > 1 {
        all.sort_unstable();
        all.dedup();
    }
    all
}
