//! A table out of what definitions state: names become numbers, elements get their children.

use std::collections::HashMap;
use std::hash::Hasher;

use crate::fhir::FhirVersion;

use super::{
    Child, Element, ElementFacts, ElementId, StructureFacts, Type, TypeClass, TypeFacts, TypeId, TypeTable,
    push_choice_name,
};

/// FNV-1a: the names are short and come from definitions, and a table holds thousands.
#[derive(Clone, Copy)]
pub(super) struct NameHasher(u64);

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
}
