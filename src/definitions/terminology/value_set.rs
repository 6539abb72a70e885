//! A value set: what it takes in, what it leaves out, and its expansion if one was shipped.

use std::collections::{HashMap, HashSet};

use super::{CodeRef, Content, Membership, Terminology, Undecided};
use crate::fhir::{Document, NodeRef};

/// A value set, read.
#[derive(Debug, Default)]
pub struct ValueSet {
    /// Its url.
    pub url: Box<str>,
    include: Vec<Part>,
    exclude: Vec<Part>,
    expansion: Option<Expansion>,
}

/// ValueSet.compose.include or .exclude.
#[derive(Debug, Default)]
struct Part {
    system: Option<Box<str>>,
    /// Enumerated codes; empty when the part is not an enumeration.
    codes: HashSet<Box<str>>,
    filters: Vec<Filter>,
    value_sets: Vec<Box<str>>,
}

#[derive(Debug)]
struct Filter {
    property: Box<str>,
    operator: Box<str>,
    value: Box<str>,
}

/// ValueSet.expansion: codes by system.
#[derive(Debug, Default)]
struct Expansion {
    codes: HashMap<Box<str>, HashSet<Box<str>>>,
    complete: bool,
}

/// Whether a part takes a code in: yes, no, or not decidable.
type Taken = Result<bool, Undecided>;

impl ValueSet {
    /// Reads what several resources say of one value set: composition and expansion may come apart.
    /// None when there is no resource.
    pub fn read(documents: &[Document]) -> Option<ValueSet> {
        let mut set = ValueSet {
            url: documents.first()?.root().child_value("url").unwrap_or_default().into(),
            ..Default::default()
        };
        for document in documents {
            let root = document.root();
            if let Some(compose) = root.child("compose")
                && set.include.is_empty()
            {
                set.include = compose.children_named("include").map(Part::read).collect();
                // STU3 and R4 both allow imports only inside `include`; DSTU2 left `import` in some files.
                let imports = compose.children_named("import").filter_map(NodeRef::value);
                set.include.extend(imports.map(|url| Part { value_sets: vec![url.into()], ..Default::default() }));
                set.exclude = compose.children_named("exclude").map(Part::read).collect();
            }
            if let Some(expansion) = root.child("expansion") {
                let read = Expansion::read(expansion);
                if set.expansion.as_ref().is_none_or(|e| !e.complete && read.complete) {
                    set.expansion = Some(read);
                }
            }
        }
        Some(set)
    }

    /// Code systems it takes codes from, as far as it names them itself.
    pub fn systems(&self) -> impl Iterator<Item = &str> {
        self.include.iter().filter_map(|p| p.system.as_deref())
    }

    /// True when it takes in all of a code system, and is nothing but whole code systems.
    pub fn takes_whole(&self, system: &str) -> bool {
        let is_whole = |p: &Part| p.codes.is_empty() && p.filters.is_empty() && p.value_sets.is_empty();
        self.exclude.is_empty() && self.include.iter().all(is_whole) && self.systems().any(|own| own == system)
    }

    /// Value sets it takes in.
    pub fn imports(&self) -> impl Iterator<Item = &str> {
        self.include.iter().flat_map(|p| p.value_sets.iter().map(|v| &**v))
    }

    pub(super) fn membership(&self, code: CodeRef<'_>, terminology: &Terminology, depth: usize) -> Membership {
        match self.composed(code, terminology, depth) {
            Ok(true) => Membership::Member,
            Ok(false) => Membership::NotMember,
            Err(why) => match &self.expansion {
                Some(expansion) if expansion.has(code) => Membership::Member,
                Some(expansion) if expansion.complete => Membership::NotMember,
                _ => Membership::Undecided(why),
            },
        }
    }

    fn composed(&self, code: CodeRef<'_>, terminology: &Terminology, depth: usize) -> Taken {
        if self.include.is_empty() {
            return Err(Undecided::ValueSet(self.url.clone()));
        }
        let included = any(self.include.iter().map(|p| p.takes(code, terminology, depth)))?;
        if !included {
            return Ok(false);
        }
        any(self.exclude.iter().map(|p| p.takes(code, terminology, depth))).map(|excluded| !excluded)
    }
}

/// Yes as soon as one says yes; undecided if one is and none says yes.
fn any(parts: impl Iterator<Item = Taken>) -> Taken {
    let mut undecided = None;
    for part in parts {
        match part {
            Ok(true) => return Ok(true),
            Ok(false) => {}
            Err(why) => undecided = undecided.or(Some(why)),
        }
    }
    undecided.map_or(Ok(false), Err)
}

/// No as soon as one says no; undecided if one is and none says no.
fn all(parts: impl Iterator<Item = Taken>) -> Taken {
    any(parts.map(|p| p.map(|taken| !taken))).map(|refused| !refused)
}

impl Part {
    fn read(node: NodeRef<'_>) -> Part {
        let text = |name: &str| node.child_value(name).map(Into::into);
        let codes = node.children_named("concept").filter_map(|c| c.child_value("code")).map(Into::into);
        let filters = node.children_named("filter").map(|f| {
            let text = |name: &str| f.child_value(name).unwrap_or_default().into();
            Filter { property: text("property"), operator: text("op"), value: text("value") }
        });
        Part {
            system: text("system"),
            codes: codes.collect(),
            filters: filters.collect(),
            value_sets: node.children_named("valueSet").filter_map(NodeRef::value).map(Into::into).collect(),
        }
    }

    /// A code is taken in when its system fits, and every list, filter and import the part has takes it.
    fn takes(&self, code: CodeRef<'_>, terminology: &Terminology, depth: usize) -> Taken {
        if let (Some(own), Some(system)) = (&self.system, code.system)
            && **own != *system
        {
            return Ok(false);
        }
        let imports = self.value_sets.iter().map(|url| match terminology.membership_within(url, code, depth + 1) {
            Membership::Member => Ok(true),
            Membership::NotMember => Ok(false),
            Membership::Undecided(why) => Err(why),
        });
        all(std::iter::once(self.takes_from_system(code, terminology)).chain(imports))
    }

    fn takes_from_system(&self, code: CodeRef<'_>, terminology: &Terminology) -> Taken {
        let Some(system) = &self.system else { return Ok(true) };
        if !self.codes.is_empty() {
            return Ok(self.codes.contains(code.code));
        }
        let content = terminology.code_system(system).filter(|s| s.content != Content::Absent);
        if self.filters.is_empty() {
            return content.and_then(|s| s.has(code.code)).ok_or_else(|| Undecided::CodeSystem(system.clone()));
        }
        all(self.filters.iter().map(|filter| {
            let is_a = |code: &str| content.as_ref().and_then(|s| s.is_a(code, &filter.value));
            let decided = match (&*filter.property, &*filter.operator) {
                ("concept" | "code", "is-a") => is_a(code.code),
                ("concept" | "code", "descendent-of") => is_a(code.code).map(|d| d && *code.code != *filter.value),
                ("concept" | "code", "is-not-a") => is_a(code.code).map(|d| !d),
                ("concept" | "code", "=") => Some(*code.code == *filter.value),
                ("concept" | "code", "in") => Some(filter.value.split(',').any(|v| v.trim() == code.code)),
                ("concept" | "code", "not-in") => Some(!filter.value.split(',').any(|v| v.trim() == code.code)),
                _ => None,
            };
            decided.ok_or_else(|| Undecided::Filter(system.clone()))
        }))
    }
}

/// Expansions that servers cut off often end at this many codes without saying so.
const USUAL_CUT: usize = 1_000;

/// Code systems whose codes are made by a grammar: no list has them all.
const GRAMMARS: [&str; 3] = ["urn:ietf:bcp:47", "urn:ietf:bcp:13", "http://unitsofmeasure.org"];

impl Expansion {
    fn read(node: NodeRef<'_>) -> Expansion {
        let mut expansion = Expansion::default();
        expansion.collect(node);
        let codes: usize = expansion.codes.values().map(HashSet::len).sum();
        let total = node.child_value("total").and_then(|t| t.parse::<usize>().ok());
        let cut = node.children_named("extension").any(|e| {
            e.child_value("url").is_some_and(|u| u.ends_with("valueset-toocostly") || u.ends_with("valueset-unclosed"))
        });
        let endless = GRAMMARS.iter().any(|system| expansion.codes.contains_key(*system));
        expansion.complete = !cut && !endless && codes > 0 && total.map_or(codes != USUAL_CUT, |t| t <= codes);
        expansion
    }

    fn collect(&mut self, node: NodeRef<'_>) {
        for contains in node.children_named("contains") {
            if let (Some(system), Some(code)) = (contains.child_value("system"), contains.child_value("code"))
                && contains.child_value("abstract") != Some("true")
            {
                self.codes.entry(system.into()).or_default().insert(code.into());
            }
            self.collect(contains);
        }
    }

    fn has(&self, code: CodeRef<'_>) -> bool {
        match code.system {
            Some(system) => self.codes.get(system).is_some_and(|codes| codes.contains(code.code)),
            None => self.codes.values().any(|codes| codes.contains(code.code)),
        }
    }
}
