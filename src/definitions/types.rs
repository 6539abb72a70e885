//! The types of one FHIR release: what elements a type has, what may be in them, what it derives from.
//!
//! A table is built once from [`StructureFacts`] (which come from an official package or from the
//! embedded facts) and never changes. Backbone elements are types of their own, named by their path
//! (`Observation.component`), so that every element has exactly one list of children.

use std::collections::HashMap;

use crate::fhir::FhirVersion;

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

/// The kind of a type (StructureDefinition.kind, with backbone elements apart).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TypeClass {
    /// Only [`TypeId::UNKNOWN`].
    Unknown,
    /// Has a value: `code`, `dateTime`, `xhtml`.
    Primitive,
    /// `Coding`, `Reference`, also abstract ones such as `Element`.
    Complex,
    /// Elements defined inside a resource or type: `Observation.component`.
    Backbone,
    /// `Observation`, also abstract ones such as `DomainResource`.
    Resource,
}

/// Strength of a binding, strongest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum BindingStrength {
    /// The code shall come from the value set.
    Required,
    /// The code shall come from it if it has one that fits.
    Extensible,
    /// The value set is a recommendation.
    Preferred,
    /// The value set shows what is meant.
    Example,
}

impl BindingStrength {
    /// Every strength with its code.
    pub const ALL: [(BindingStrength, &'static str); 4] = [
        (BindingStrength::Required, "required"),
        (BindingStrength::Extensible, "extensible"),
        (BindingStrength::Preferred, "preferred"),
        (BindingStrength::Example, "example"),
    ];

    /// The code of <http://hl7.org/fhir/binding-strength>.
    pub fn code(self) -> &'static str {
        BindingStrength::ALL[self as usize].1
    }

    /// Reads the code.
    pub fn from_code(code: &str) -> Option<BindingStrength> {
        BindingStrength::ALL.iter().find(|(_, c)| *c == code).map(|(s, _)| *s)
    }
}

/// A binding to a value set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Binding {
    /// How binding it is.
    pub strength: BindingStrength,
    /// Canonical of the value set, as the definition gives it (STU3 may carry a version after `|`).
    pub value_set: Box<str>,
}

/// One type an element may have, by name.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TypeFacts {
    /// Type code: `Reference`, `code`; `*` for any.
    pub code: Box<str>,
    /// Canonicals of the profiles the value shall conform to.
    pub profiles: Vec<Box<str>>,
    /// For references: canonicals of what may be referred to.
    pub targets: Vec<Box<str>>,
}

/// Facts of one element as a definition states them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ElementFacts {
    /// Full path, a choice with its `[x]`: `Observation.value[x]`.
    pub path: Box<str>,
    /// Lowest number of occurrences.
    pub min: u32,
    /// Highest number of occurrences; None is `*`.
    pub max: Option<u32>,
    /// Types; empty for elements that define their own children or refer to others.
    pub types: Vec<TypeFacts>,
    /// Path of the element whose children this one shares: `Bundle.link`.
    pub content_reference: Option<Box<str>>,
    /// Binding, if it has one.
    pub binding: Option<Binding>,
}

/// Facts of one base type or resource: its StructureDefinition, reduced.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StructureFacts {
    /// `Observation`, `Coding`, `code`.
    pub name: Box<str>,
    /// The type it derives from, by name.
    pub base: Option<Box<str>>,
    /// Its kind.
    pub class: TypeClass,
    /// True for `Element`, `Resource`, `DomainResource` and their like.
    pub is_abstract: bool,
    /// All elements below the type itself, inherited ones included, in the order of the snapshot.
    pub elements: Vec<ElementFacts>,
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
    by_name: HashMap<Box<str>, TypeId>,
    names: HashMap<Box<str>, u32>,
}

impl TypeTable {
    /// Builds a table. Types that an element names but no fact defines are [`TypeId::UNKNOWN`].
    pub fn new(version: FhirVersion, structures: &[StructureFacts]) -> TypeTable {
        let mut table = TypeTable {
            version,
            types: vec![Type {
                name: "".into(),
                base: None,
                class: TypeClass::Unknown,
                is_abstract: true,
                elements: 0..0,
                children: vec![],
            }],
            elements: vec![],
            by_name: HashMap::new(),
            names: HashMap::new(),
        };
        for structure in structures {
            table.declare(&structure.name, structure.class, structure.is_abstract);
            let parents: std::collections::HashSet<&str> =
                structure.elements.iter().filter_map(|e| e.path.rsplit_once('.').map(|(p, _)| p)).collect();
            for element in &structure.elements {
                if parents.contains(&*element.path) {
                    table.declare(&element.path, TypeClass::Backbone, false);
                }
            }
        }
        for structure in structures {
            table.link(structure);
        }
        table.collect_children();
        table
    }

    fn declare(&mut self, name: &str, class: TypeClass, is_abstract: bool) {
        if self.by_name.contains_key(name) {
            return;
        }
        let id = TypeId(self.types.len() as u16);
        self.types.push(Type { name: name.into(), base: None, class, is_abstract, elements: 0..0, children: vec![] });
        self.by_name.insert(name.into(), id);
    }

    fn link(&mut self, structure: &StructureFacts) {
        let id = self.lookup(&structure.name);
        if !self.types[id.index()].elements.is_empty() {
            return;
        }
        self.types[id.index()].base = structure.base.as_deref().and_then(|b| self.type_named(b));
        let mut owners: Vec<&str> = vec![];
        for element in &structure.elements {
            let owner = element.path.rsplit_once('.').map_or("", |(p, _)| p);
            if !owners.contains(&owner) {
                owners.push(owner);
            }
        }
        for owner in owners {
            let start = self.elements.len() as u32;
            let own = |e: &&ElementFacts| e.path.rsplit_once('.').is_some_and(|(p, _)| p == owner);
            for facts in structure.elements.iter().filter(own) {
                let element = self.element(facts);
                self.elements.push(element);
            }
            let owner = self.lookup(owner);
            self.types[owner.index()].elements = start..self.elements.len() as u32;
        }
        for facts in &structure.elements {
            if let Some(backbone) = self.type_named(&facts.path).filter(|t| self.get(*t).class == TypeClass::Backbone) {
                let base = facts.types.first().and_then(|t| self.type_named(&t.code));
                self.types[backbone.index()].base = base;
            }
        }
    }

    fn element(&self, facts: &ElementFacts) -> Element {
        let last = facts.path.rsplit_once('.').map_or(&*facts.path, |(_, n)| n);
        let name = last.strip_suffix("[x]").unwrap_or(last);
        let own_children = facts.content_reference.as_deref().or(Some(&facts.path)).and_then(|p| self.type_named(p));
        let types = match own_children {
            Some(backbone) => vec![(backbone, facts.types.first().cloned().unwrap_or_default())],
            None if facts.types.iter().any(|t| &*t.code == "*") => {
                let any = |t: &&Type| matches!(t.class, TypeClass::Primitive | TypeClass::Complex) && !t.is_abstract;
                let to_facts = |t: &Type| TypeFacts { code: t.name.clone(), ..Default::default() };
                self.types.iter().filter(any).map(|t| (self.lookup(&t.name), to_facts(t))).collect()
            }
            None => facts.types.iter().map(|t| (self.lookup(&t.code), t.clone())).collect(),
        };
        Element {
            name: name.into(),
            path: facts.path.clone(),
            min: facts.min,
            max: facts.max,
            is_choice: last.ends_with("[x]"),
            types,
            binding: facts.binding.clone(),
        }
    }

    fn collect_children(&mut self) {
        for i in 0..self.types.len() {
            let mut children = vec![];
            for e in self.types[i].elements.clone() {
                let (name, is_choice) = (self.elements[e as usize].name.clone(), self.elements[e as usize].is_choice);
                for t in 0..self.elements[e as usize].types.len() {
                    let (ty, code) = {
                        let (ty, facts) = &self.elements[e as usize].types[t];
                        (*ty, facts.code.clone())
                    };
                    let written = if is_choice { choice_name(&name, &code) } else { name.to_string() };
                    let name = self.intern(&written);
                    if !children.iter().any(|c: &Child| c.name == name) {
                        children.push(Child { name, element: ElementId(e), ty });
                    }
                }
            }
            children.sort_by_key(|c| c.name);
            self.types[i].children = children;
        }
    }

    fn intern(&mut self, name: &str) -> u32 {
        if let Some(id) = self.names.get(name) {
            return *id;
        }
        let id = self.names.len() as u32;
        self.names.insert(name.into(), id);
        id
    }

    fn lookup(&self, name: &str) -> TypeId {
        self.type_named(name).unwrap_or(TypeId::UNKNOWN)
    }

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
    name.push_str(element);
    let mut chars = type_code.chars();
    name.extend(chars.next().map(|c| c.to_ascii_uppercase()));
    name.push_str(chars.as_str());
    name
}
