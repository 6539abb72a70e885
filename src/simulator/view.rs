//! What a person's token gives sight of.
//!
//! A resource belongs to the Patients it refers to; one that refers to none belongs to those of the
//! resources it is about (a Provenance). What belongs to nobody (an Organization, a Medication) is seen
//! by those whose resources lead to it, and by everybody when nobody's do. So a list of all
//! Practitioners does not tell who treats somebody else.

use std::collections::{HashMap, HashSet};

use super::search::Slots;
use super::store::{Lookup, Store};
use super::stored::{Key, PATIENT, Stored};

/// The visible slots of every type.
pub(super) struct View {
    visible: HashMap<Box<str>, Slots>,
}

impl View {
    /// Works out what `patients` may see.
    pub fn new(store: &Store, patients: &HashSet<Key>) -> View {
        let resources = || store.shelves().flat_map(|(_, shelf)| shelf.resources().map(|(_, r)| r));
        let owners: HashMap<&Key, HashSet<&Key>> =
            resources().map(|r| (&r.key, owners(store, r))).filter(|(_, o)| !o.is_empty()).collect();
        let is_own = |key: &Key| owners.get(key).is_some_and(|o| o.iter().any(|p| patients.contains(*p)));
        let own = reach(store, &owners, owners.keys().copied().filter(|k| is_own(k)));
        let others = reach(store, &owners, owners.keys().copied().filter(|k| !is_own(k)));
        let sees = |r: &Stored| match owners.contains_key(&r.key) {
            true => is_own(&r.key),
            false => own.contains(&r.key) || !others.contains(&r.key),
        };
        let visible = store.shelves().map(|(name, shelf)| {
            let slots = shelf.resources().filter(|(_, r)| sees(r)).map(|(slot, _)| slot).collect();
            ((&**name).into(), slots)
        });
        View { visible: visible.collect() }
    }

    /// The visible slots of a type, sorted.
    pub fn of(&self, resource_type: &str) -> &[u32] {
        self.visible.get(resource_type).map_or(&[], |slots| slots)
    }
}

/// How far to look for the owners of a resource that names none.
const ABOUT_DEPTH: usize = 4;

/// The Patients a resource belongs to. Their resources need not be there.
fn owners<'s>(store: &'s Store, resource: &'s Stored) -> HashSet<&'s Key> {
    let mut owners: HashSet<&Key> = resource.patients.iter().collect();
    let mut about: Vec<&Stored> = vec![resource];
    let mut seen: HashSet<&Key> = HashSet::from([&resource.key]);
    for _ in 0..ABOUT_DEPTH {
        if !owners.is_empty() || about.is_empty() {
            break;
        }
        let next: Vec<&Stored> = about
            .iter()
            .flat_map(|r| &r.references)
            .filter(|key| seen.insert(key))
            .filter_map(|key| store.shelf(&key.resource_type)?.get(&key.id))
            .map(|r| &**r)
            .collect();
        owners = next.iter().flat_map(|r| &r.patients).collect();
        about = next;
    }
    owners
}

/// What nobody owns and some resources lead to, directly or through others that nobody owns.
fn reach<'s>(
    store: &'s Store,
    owners: &HashMap<&'s Key, HashSet<&'s Key>>,
    from: impl Iterator<Item = &'s Key>,
) -> HashSet<Key> {
    let mut reached = HashSet::new();
    let mut open: Vec<Key> = from.cloned().collect();
    while let Some(key) = open.pop() {
        let Lookup::Found(resource) = store.get(&key) else { continue };
        for target in &resource.references {
            if !owners.contains_key(target) && &*target.resource_type != PATIENT && reached.insert(target.clone()) {
                open.push(target.clone());
            }
        }
    }
    reached
}
