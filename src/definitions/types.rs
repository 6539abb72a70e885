//! The types of one FHIR release: what elements a type has, what may be in them, what it derives from.
//!
//! A table is built once from [`StructureFacts`] (which come from an official package or from the
//! embedded facts) and never changes. Backbone elements are types of their own, named by their path
//! (`Observation.component`), so that every element has exactly one list of children.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

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
    /// Canonical of the value set nothing may fall outside of, whatever the strength.
    pub max_value_set: Option<Box<str>>,
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
    /// The invariants that hold for it, beside those of its type.
    pub invariants: Vec<InvariantFacts>,
}

/// An invariant by its key; what it says is not a fact but somebody's words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InvariantFacts {
    /// Key, unique in the release: `obs-7`.
    pub key: Box<str>,
    /// True for a recommendation: breaking it is a warning.
    pub is_warning: bool,
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
    /// The invariants of the type as a whole, inherited ones included.
    pub invariants: Vec<InvariantFacts>,
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
    by_name: HashMap<Box<str>, TypeId, BuildHasherDefault<NameHasher>>,
    names: HashMap<Box<str>, u32, BuildHasherDefault<NameHasher>>,
}

/// FNV-1a: the names are short and come from definitions, and a table holds thousands.
#[derive(Clone, Copy)]
struct NameHasher(u64);

impl Default for NameHasher {
    fn default() -> Self {
        NameHasher(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for NameHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// True for `a.b.c` below `a.b`.
fn is_below(path: &str, above: &str) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.starts_with('.'))
}

impl TypeTable {
    /// Builds a table. Types that an element names but no fact defines are [`TypeId::UNKNOWN`].
    pub fn new(version: FhirVersion, structures: &[StructureFacts]) -> TypeTable {
        TypeTable::of(version, structures.to_vec())
    }

    /// Builds a table of facts that are not needed afterwards.
    pub fn of(version: FhirVersion, structures: Vec<StructureFacts>) -> TypeTable {
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
            elements: Vec::with_capacity(structures.iter().map(|s| s.elements.len()).sum()),
            by_name: HashMap::default(),
            names: HashMap::default(),
        };
        for structure in &structures {
            table.declare(&structure.name, structure.class, structure.is_abstract);
            for pair in structure.elements.windows(2) {
                // The children of an element follow it at once.
                if let [element, next] = pair
                    && is_below(&next.path, &element.path)
                {
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

    fn link(&mut self, structure: StructureFacts) {
        let id = self.lookup(&structure.name);
        if !self.types[id.index()].elements.is_empty() {
            return;
        }
        self.types[id.index()].base = structure.base.as_deref().and_then(|b| self.type_named(b));
        // Every type owns a run of elements: those of the structure first, then those of each backbone.
        let mut owners: Vec<(TypeId, Vec<ElementFacts>)> = vec![(id, vec![])];
        let mut open: Vec<(Box<str>, usize)> = vec![(structure.name, 0)];
        let mut elements = structure.elements.into_iter().peekable();
        while let Some(facts) = elements.next() {
            while open.len() > 1 && open.last().is_some_and(|(path, _)| !is_below(&facts.path, path)) {
                open.pop();
            }
            let owner = open.last().map_or(0, |(_, owner)| *owner);
            if elements.peek().is_some_and(|next| is_below(&next.path, &facts.path)) {
                let backbone = self.lookup(&facts.path);
                self.types[backbone.index()].base = facts.types.first().and_then(|t| self.type_named(&t.code));
                open.push((facts.path.clone(), owners.len()));
                owners.push((backbone, vec![]));
            }
            owners[owner].1.push(facts);
        }
        for (owner, elements) in owners {
            let start = self.elements.len() as u32;
            for facts in elements {
                let element = self.element(facts);
                self.elements.push(element);
            }
            self.types[owner.index()].elements = start..self.elements.len() as u32;
        }
    }

    fn element(&self, facts: ElementFacts) -> Element {
        let last = facts.path.rsplit_once('.').map_or(&*facts.path, |(_, n)| n);
        let name = last.strip_suffix("[x]").unwrap_or(last);
        let own_children = self.type_named(facts.content_reference.as_deref().unwrap_or(&facts.path));
        let types = match own_children {
            Some(backbone) => vec![(backbone, facts.types.into_iter().next().unwrap_or_default())],
            None if facts.types.iter().any(|t| &*t.code == "*") => {
                let any = |t: &&Type| matches!(t.class, TypeClass::Primitive | TypeClass::Complex) && !t.is_abstract;
                let to_facts = |t: &Type| TypeFacts { code: t.name.clone(), ..Default::default() };
                self.types.iter().filter(any).map(|t| (self.lookup(&t.name), to_facts(t))).collect()
            }
            None => facts.types.into_iter().map(|t| (self.lookup(&t.code), t)).collect(),
        };
        Element {
            name: name.into(),
            is_choice: last.ends_with("[x]"),
            min: facts.min,
            max: facts.max,
            types,
            binding: facts.binding,
            path: facts.path,
        }
    }

    fn collect_children(&mut self) {
        let elements = std::mem::take(&mut self.elements);
        let mut written = String::new();
        for i in 0..self.types.len() {
            let range = self.types[i].elements.clone();
            let mut children = Vec::with_capacity(range.len());
            for e in range {
                let element = &elements[e as usize];
                for (ty, facts) in &element.types {
                    let name = match element.is_choice {
                        true => {
                            written.clear();
                            push_choice_name(&mut written, &element.name, &facts.code);
                            self.intern(&written)
                        }
                        false => self.intern(&element.name),
                    };
                    children.push(Child { name, element: ElementId(e), ty: *ty });
                }
            }
            // The first of a name stands: an element without `[x]` is written once, whatever its types.
            children.sort_by_key(|c| c.name);
            children.dedup_by_key(|c| c.name);
            self.types[i].children = children;
        }
        self.elements = elements;
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
    push_choice_name(&mut name, element, type_code);
    name
}

fn push_choice_name(name: &mut String, element: &str, type_code: &str) {
    name.push_str(element);
    let mut chars = type_code.chars();
    name.extend(chars.next().map(|c| c.to_ascii_uppercase()));
    name.push_str(chars.as_str());
}
