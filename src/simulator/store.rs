//! What the simulator holds: resources by type and id with their versions, indexes made when a search
//! first needs them, and what each person may see.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};

use super::search::{Index, Parameters, Slots, Token, Value};
use super::server::Inspector;
use super::stored::{Key, Stored, resource_types};
use super::view::View;
use crate::definitions::TypeTable;
use crate::definitions::search::SearchParameter;
use crate::fhir::Document;

/// How many old versions of a resource can still be read.
const OLD_VERSIONS: usize = 8;

/// What a read finds.
pub(super) enum Lookup {
    /// The current version.
    Found(Arc<Stored>),
    /// It was deleted.
    Gone,
    /// It was never there.
    Missing,
}

/// All resources. Cloning is cheap enough for a transaction to work on a copy.
pub(super) struct Store {
    pub types: Arc<TypeTable>,
    pub parameters: Arc<Parameters>,
    /// The URL before `/Type/id`; links under it are to this server.
    pub base: Arc<str>,
    /// Identifiers that people are known by but that do not stand in their Patient resources.
    identifiers: Arc<HashMap<Key, Vec<Token>>>,
    /// Looks at what is written.
    pub inspector: Option<Arc<dyn Inspector>>,
    shelves: HashMap<Arc<str>, Shelf>,
    views: RwLock<HashMap<Vec<Key>, Arc<View>>>,
}

/// The resources of one type. A resource keeps its slot through all its versions.
#[derive(Default)]
pub(super) struct Shelf {
    slots: Vec<Option<Arc<Stored>>>,
    by_id: HashMap<Arc<str>, u32>,
    old: HashMap<Arc<str>, Vec<Arc<Stored>>>,
    gone: HashMap<Arc<str>, u64>,
    indexes: RwLock<HashMap<Box<str>, Arc<Index>>>,
}

impl Clone for Shelf {
    fn clone(&self) -> Self {
        Shelf {
            slots: self.slots.clone(),
            by_id: self.by_id.clone(),
            old: self.old.clone(),
            gone: self.gone.clone(),
            indexes: RwLock::default(),
        }
    }
}

impl Clone for Store {
    fn clone(&self) -> Self {
        Store {
            types: self.types.clone(),
            parameters: self.parameters.clone(),
            base: self.base.clone(),
            identifiers: self.identifiers.clone(),
            inspector: self.inspector.clone(),
            shelves: self.shelves.clone(),
            views: RwLock::default(),
        }
    }
}

impl Store {
    /// An empty store with a shelf for every resource type of the release.
    pub fn new(
        types: Arc<TypeTable>,
        parameters: Arc<Parameters>,
        base: &str,
        identifiers: HashMap<Key, Vec<Token>>,
    ) -> Store {
        let shelves = resource_types(&types).map(|t| (t.into(), Shelf::default())).collect();
        Store {
            parameters,
            base: base.into(),
            identifiers: Arc::new(identifiers),
            inspector: None,
            shelves,
            views: RwLock::default(),
            types,
        }
    }

    /// Takes the shelves of these types away: the server does not have them.
    pub fn do_without(&mut self, resource_types: &[String]) {
        self.shelves.retain(|name, _| !resource_types.iter().any(|t| **t == **name));
    }

    /// True when resources of this type can be held.
    pub fn has_type(&self, resource_type: &str) -> bool {
        self.shelves.contains_key(resource_type)
    }

    /// The resources of a type.
    pub fn shelf(&self, resource_type: &str) -> Option<&Shelf> {
        self.shelves.get(resource_type)
    }

    /// Every type and its resources.
    pub fn shelves(&self) -> impl Iterator<Item = (&Arc<str>, &Shelf)> {
        self.shelves.iter()
    }

    /// The current version of a resource.
    pub fn get(&self, key: &Key) -> Lookup {
        let Some(shelf) = self.shelves.get(&key.resource_type) else { return Lookup::Missing };
        match shelf.get(&key.id) {
            Some(resource) => Lookup::Found(resource.clone()),
            None if shelf.gone.contains_key(&key.id) => Lookup::Gone,
            None => Lookup::Missing,
        }
    }

    /// One version of a resource, as far back as they are kept.
    pub fn version(&self, key: &Key, version: u64) -> Option<Arc<Stored>> {
        let shelf = self.shelves.get(&key.resource_type)?;
        let old = shelf.old.get(&key.id).into_iter().flatten();
        shelf.get(&key.id).into_iter().chain(old).find(|r| r.version == version).cloned()
    }

    /// Puts a document in its place, as a new version if there is one already. The type must be one of
    /// the store's; None when it is not.
    pub fn put(&mut self, key: Key, document: &Document) -> Option<Arc<Stored>> {
        let shelf = self.shelves.get(&key.resource_type)?;
        let before = shelf.get(&key.id).cloned();
        let version = before.as_ref().map(|b| b.version).or(shelf.gone.get(&key.id).copied()).unwrap_or(0) + 1;
        let stored = Arc::new(self.prepare(key, version, document));
        let shelf = self.change(&stored.key.resource_type)?;
        shelf.insert(stored.clone());
        if let Some(before) = before {
            shelf.keep(before);
        }
        Some(stored)
    }

    /// A resource as it would be stored.
    pub fn prepare(&self, key: Key, version: u64, document: &Document) -> Stored {
        Stored::new(key, version, document, &self.types, &self.parameters, &self.base)
    }

    /// Takes a resource away; reading it says it is gone. False when there was none.
    pub fn delete(&mut self, key: &Key) -> bool {
        let Some(shelf) = self.change(&key.resource_type) else { return false };
        let Some(before) = shelf.remove(&key.id) else { return false };
        shelf.gone.insert(key.id.clone(), before.version + 1);
        shelf.keep(before);
        true
    }

    /// Takes a resource away as if it had never been.
    pub fn erase(&mut self, key: &Key) {
        if let Some(shelf) = self.change(&key.resource_type) {
            shelf.remove(&key.id);
            shelf.gone.remove(&key.id);
            shelf.old.remove(&key.id);
        }
    }

    /// A shelf about to change: what was derived from it no longer holds.
    fn change(&mut self, resource_type: &str) -> Option<&mut Shelf> {
        self.views.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
        let shelf = self.shelves.get_mut(resource_type)?;
        shelf.indexes.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
        Some(shelf)
    }

    /// The index of a parameter of a type, made now if it was not there.
    pub fn index(&self, resource_type: &str, parameter: &SearchParameter) -> Arc<Index> {
        let Some(shelf) = self.shelves.get(resource_type) else { return Arc::default() };
        let ready = shelf.indexes.read().unwrap_or_else(PoisonError::into_inner).get(&parameter.code).cloned();
        ready.unwrap_or_else(|| {
            // Two requests may build the same index at once; the last one stays, both are right.
            let extra = |key: &Key| self.extra_values(parameter, key);
            let index = Arc::new(Index::build(parameter, shelf.resources(), &self.base, &extra));
            let mut indexes = shelf.indexes.write().unwrap_or_else(PoisonError::into_inner);
            indexes.insert(parameter.code.clone(), index.clone());
            index
        })
    }

    fn extra_values(&self, parameter: &SearchParameter, key: &Key) -> Vec<Value> {
        let tokens = self.identifiers.get(key).filter(|_| &*parameter.code == IDENTIFIER);
        tokens.into_iter().flatten().cloned().map(Value::Token).collect()
    }

    /// What those persons may see, worked out once between changes.
    pub fn view(&self, patients: &[Key]) -> Arc<View> {
        let ready = self.views.read().unwrap_or_else(PoisonError::into_inner).get(patients).cloned();
        ready.unwrap_or_else(|| {
            let view = Arc::new(View::new(self, &patients.iter().cloned().collect::<HashSet<_>>()));
            self.views.write().unwrap_or_else(PoisonError::into_inner).insert(patients.to_vec(), view.clone());
            view
        })
    }
}

/// The parameter that the registry's identifiers are found by.
const IDENTIFIER: &str = "identifier";

impl Shelf {
    /// The current version under an id.
    pub fn get(&self, id: &str) -> Option<&Arc<Stored>> {
        self.by_id.get(id).and_then(|slot| self.at(*slot))
    }

    /// The slot of an id.
    pub fn slot(&self, id: &str) -> Option<u32> {
        self.by_id.get(id).copied()
    }

    /// The resource in a slot.
    pub fn at(&self, slot: u32) -> Option<&Arc<Stored>> {
        self.slots.get(slot as usize)?.as_ref()
    }

    /// Every resource with its slot, in the order they came.
    pub fn resources(&self) -> impl Iterator<Item = (u32, &Stored)> {
        self.slots.iter().enumerate().filter_map(|(slot, r)| Some((slot as u32, &**r.as_ref()?)))
    }

    /// All slots that are taken.
    pub fn taken(&self) -> Slots {
        self.resources().map(|(slot, _)| slot).collect()
    }

    /// How many resources there are.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    fn insert(&mut self, resource: Arc<Stored>) {
        let id = resource.key.id.clone();
        self.gone.remove(&id);
        match self.by_id.get(&id).and_then(|slot| self.slots.get_mut(*slot as usize)) {
            Some(place) => *place = Some(resource),
            None => {
                self.by_id.insert(id, self.slots.len() as u32);
                self.slots.push(Some(resource));
            }
        }
    }

    fn remove(&mut self, id: &str) -> Option<Arc<Stored>> {
        let slot = self.by_id.remove(id)?;
        self.slots.get_mut(slot as usize)?.take()
    }

    fn keep(&mut self, old: Arc<Stored>) {
        let versions = self.old.entry(old.key.id.clone()).or_default();
        versions.push(old);
        if versions.len() > OLD_VERSIONS {
            versions.remove(0);
        }
    }
}
