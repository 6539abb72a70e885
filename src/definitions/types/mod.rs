//! The types of one FHIR release: what elements a type has, what may be in them, what it derives from.
//!
//! A table is built once from [`StructureFacts`] (which come from an official package or from the
//! embedded facts) and never changes. Backbone elements are types of their own, named by their path
//! (`Observation.component`), so that every element has exactly one list of children.

mod build;
mod stated;

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use crate::fhir::FhirVersion;

use build::NameHasher;
pub use stated::{Binding, BindingStrength, ElementFacts, InvariantFacts, StructureFacts, TypeClass, TypeFacts};

/// A type of a [`TypeTable`]: an index, meaningless without its table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TypeId(u16);

impl TypeId {
    /// What is not known: an element the definitions do not have, and all below it.
    pub const UNKNOWN: TypeId = TypeId(0);

    /// Position in the table, from 0 ([`TypeId::UNKNOWN`]).
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// An element of a [`TypeTable`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ElementId(u32);

impl ElementId {
    /// Position in the table.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A type with its links resolved.
#[derive(Debug)]
pub struct Type {
    /// Name; a backbone's is its path.
    pub name: Box<str>,
    /// What it derives from.
    pub base: Option<TypeId>,
    /// Its kind.
    pub class: TypeClass,
    /// True when no element can have just this type.
    pub is_abstract: bool,
    /// Its elements in order, inherited ones first.
    pub elements: std::ops::Range<u32>,
    children: Vec<Child>,
}

/// A name an element can be written under: a choice has one for each of its types.
#[derive(Debug, Clone, Copy)]
struct Child {
    name: u32,
    element: ElementId,
    ty: TypeId,
}

/// An element with its links resolved.
#[derive(Debug)]
pub struct Element {
    /// Name without `[x]`.
    pub name: Box<str>,
    /// Full path, a choice with its `[x]`.
    pub path: Box<str>,
    /// Lowest number of occurrences.
    pub min: u32,
    /// Highest number of occurrences; None is `*`.
    pub max: Option<u32>,
    /// True for `value[x]` and its like.
    pub is_choice: bool,
    /// The types it may have, with their facts; a backbone's single type is its own.
    pub types: Vec<(TypeId, TypeFacts)>,
    /// Binding, if it has one.
    pub binding: Option<Binding>,
}

/// Types and elements of one release.
pub struct TypeTable {
    version: FhirVersion,
    types: Vec<Type>,
    elements: Vec<Element>,
    by_name: HashMap<Box<str>, TypeId, BuildHasherDefault<NameHasher>>,
    names: HashMap<Box<str>, u32, BuildHasherDefault<NameHasher>>,
}

impl TypeTable {
    /// The release these types are of.
    pub fn version(&self) -> FhirVersion {
        self.version
    }

    /// The type with this name (case matters), backbones by their path.
    pub fn type_named(&self, name: &str) -> Option<TypeId> {
        self.by_name.get(name).copied()
    }

    /// The type with this id.
    pub fn get(&self, id: TypeId) -> &Type {
        &self.types[id.index()]
    }

    /// The element with this id.
    pub fn element_at(&self, id: ElementId) -> &Element {
        &self.elements[id.index()]
    }

    /// All types but [`TypeId::UNKNOWN`], in the order they were given.
    pub fn types(&self) -> impl Iterator<Item = (TypeId, &Type)> {
        self.types.iter().enumerate().skip(1).map(|(i, t)| (TypeId(i as u16), t))
    }

    /// The elements of a type in order, inherited ones included.
    pub fn elements_of(&self, ty: TypeId) -> impl Iterator<Item = (ElementId, &Element)> {
        self.get(ty).elements.clone().map(|e| (ElementId(e), &self.elements[e as usize]))
    }

    /// The element of `ty` that is written under `name` (`valueQuantity`), and the type it then has.
    pub fn child(&self, ty: TypeId, name: &str) -> Option<(ElementId, TypeId)> {
        self.child_symbol(ty, *self.names.get(name)?)
    }

    /// The symbol of a written name, for [`TypeTable::child_symbol`].
    pub(super) fn symbol(&self, name: &str) -> Option<u32> {
        self.names.get(name).copied()
    }

    pub(super) fn child_symbol(&self, ty: TypeId, symbol: u32) -> Option<(ElementId, TypeId)> {
        let children = &self.get(ty).children;
        let at = children.binary_search_by_key(&symbol, |c| c.name).ok()?;
        Some((children[at].element, children[at].ty))
    }

    /// The type and all it derives from, nearest first.
    pub fn ancestry(&self, ty: TypeId) -> impl Iterator<Item = TypeId> {
        std::iter::successors(Some(ty), |t| self.get(*t).base)
    }

    /// True when `ty` is `ancestor` or derives from it.
    pub fn is_a(&self, ty: TypeId, ancestor: TypeId) -> bool {
        self.ancestry(ty).any(|t| t == ancestor)
    }
}

/// `value` and `dateTime` make `valueDateTime`.
pub fn choice_name(element: &str, type_code: &str) -> String {
    let mut name = String::with_capacity(element.len() + type_code.len());
    push_choice_name(&mut name, element, type_code);
    name
}

fn push_choice_name(name: &mut String, element: &str, type_code: &str) {
    name.push_str(element);
    let mut chars = type_code.chars();
    name.extend(chars.next().map(|c| c.to_ascii_uppercase()));
    name.push_str(chars.as_str());
}
