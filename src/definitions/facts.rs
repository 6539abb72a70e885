//! keur's own fact format: what a definition says, one text file a type.
//!
//! Facts only (paths, numbers, codes, canonicals), one element a line, so that a diff between two
//! releases reads as what changed. What a type or a backbone element takes over unchanged from the type
//! it derives from is left out and comes back on reading.
//!
//! ```text
//! structure Observation
//! kind resource
//! base DomainResource
//!
//! subject 0..1 Reference(Patient,Group,Device,Location)
//! value[x] 0..1 Quantity,CodeableConcept,string
//! interpretation 0..1 CodeableConcept extensible=observation-interpretation
//! component 0..* BackboneElement
//! component.referenceRange 0..* =referenceRange
//! ```
//!
//! A line is a path, a cardinality, and types: `code`, `code[profile,…]`, `code(target,…)`; `=path` where
//! the element has the content of another; `-` for none. Then come properties, `name=value`. A canonical
//! under `http://hl7.org/fhir/StructureDefinition/` (or `…/ValueSet/` in a binding) is written by its
//! last part alone; anything with characters of this syntax in it stands in double quotes, as in JSON.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::structure::{CORE, CORE_VALUE_SETS};
use super::types::{Binding, BindingStrength, ElementFacts, InvariantFacts, StructureFacts, TypeClass, TypeFacts};

pub(super) mod package;
mod profile;
mod syntax;
mod terminology;
#[cfg(test)]
mod tests;

pub use profile::canonical_of;
pub use profile::{read_profile, write_profile};
pub use terminology::TerminologyFacts;

use syntax::Line;

/// A fact file that cannot be read: which, where, why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file} line {line}: {message}")]
pub struct FactsError {
    /// Name of the file.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

/// Writes one structure. `known` gives the types it may take elements over from.
pub fn write<'s>(structure: &StructureFacts, known: &dyn Fn(&str) -> Option<&'s StructureFacts>) -> String {
    let mut out = format!("structure {}\n", structure.name);
    let kind = structure.class.kind().unwrap_or("complex-type");
    let _ = writeln!(out, "kind {kind}");
    if let Some(base) = &structure.base {
        out.push_str("base ");
        syntax::name(&mut out, base);
        out.push('\n');
    }
    if structure.is_abstract {
        out.push_str("abstract\n");
    }
    if !structure.invariants.is_empty() {
        out.push_str("invariants");
        write_invariants(&mut out, ' ', &structure.invariants);
        out.push('\n');
    }
    let own = own_elements(structure, known);
    let base = structure.base.as_deref().and_then(known);
    let follows = taken_over(structure).all(|name| known(name).is_some())
        && expand(&structure.name, base, own.clone(), known) == structure.elements;
    if !follows {
        out.push_str("complete\n");
    }
    let elements = if follows { &own } else { &structure.elements };
    out.push('\n');
    for element in elements {
        write_element(&mut out, &structure.name, element);
    }
    out
}

fn write_element(out: &mut String, owner: &str, element: &ElementFacts) {
    out.push_str(relative(&element.path, owner));
    let _ = write!(out, " {}..", element.min);
    match element.max {
        Some(max) => {
            let _ = write!(out, "{max} ");
        }
        None => out.push_str("* "),
    }
    if let Some(reference) = &element.content_reference {
        out.push('=');
        out.push_str(relative(reference, owner));
    } else if element.types.is_empty() {
        out.push('-');
    }
    for (i, ty) in element.types.iter().enumerate() {
        if i > 0 || element.content_reference.is_some() {
            out.push(',');
        }
        syntax::name(out, &ty.code);
        syntax::list(out, '[', &ty.profiles, ']');
        syntax::list(out, '(', &ty.targets, ')');
    }
    if let Some(binding) = &element.binding {
        let _ = write!(out, " {}=", binding.strength.code());
        syntax::canonical(out, &binding.value_set, CORE_VALUE_SETS);
        if let Some(max) = &binding.max_value_set {
            out.push_str(" max-value-set=");
            syntax::canonical(out, max, CORE_VALUE_SETS);
        }
    }
    if !element.invariants.is_empty() {
        out.push_str(" invariants");
        write_invariants(out, '=', &element.invariants);
    }
    out.push('\n');
}

/// Keys with commas between them; a question mark before one says that breaking it is a warning.
fn write_invariants(out: &mut String, before: char, invariants: &[InvariantFacts]) {
    for (i, invariant) in invariants.iter().enumerate() {
        out.push(if i == 0 { before } else { ',' });
        if invariant.is_warning {
            out.push('?');
        }
        syntax::name(out, &invariant.key);
    }
}

fn read_invariants(line: &mut Line<'_>) -> Result<Vec<InvariantFacts>, String> {
    let mut all = vec![];
    loop {
        let is_warning = line.skip('?');
        all.push(InvariantFacts { key: line.name()?.into(), is_warning });
        if !line.skip(',') {
            return Ok(all);
        }
    }
}

/// `Observation.value[x]` in `Observation` is `value[x]`; a path elsewhere stays whole, after a dot.
fn relative<'p>(path: &'p str, owner: &str) -> &'p str {
    path.strip_prefix(owner).and_then(|p| p.strip_prefix('.')).unwrap_or(path)
}

/// The elements that do not follow from what the structure and its backbones derive from.
fn own_elements<'s>(
    structure: &StructureFacts,
    known: &dyn Fn(&str) -> Option<&'s StructureFacts>,
) -> Vec<ElementFacts> {
    let by_path: HashMap<&str, &ElementFacts> = structure.elements.iter().map(|e| (&*e.path, e)).collect();
    let inherited = |element: &&ElementFacts| {
        let Some((parent, _)) = element.path.rsplit_once('.') else { return false };
        let from_base = |base: Option<&str>, owner: &str| {
            base.and_then(known)
                .is_some_and(|base| base.elements.iter().any(|e| rebased(e, &base.name, owner) == **element))
        };
        let backbone = by_path.get(parent).and_then(|p| p.types.first()).map(|t| &*t.code);
        from_base(structure.base.as_deref(), &structure.name) || from_base(backbone, parent)
    };
    structure.elements.iter().filter(|e| !inherited(e)).cloned().collect()
}

/// Puts back what [`own_elements`] leaves out; the types it is taken over from are all known.
fn expand<'s>(
    name: &str,
    base: Option<&'s StructureFacts>,
    own: Vec<ElementFacts>,
    known: &dyn Fn(&str) -> Option<&'s StructureFacts>,
) -> Vec<ElementFacts> {
    let mut all = Vec::with_capacity(own.len() + 16);
    let take_over = |from: &StructureFacts, to: &str, all: &mut Vec<ElementFacts>| {
        all.extend(from.elements.iter().map(|e| rebased(e, &from.name, to)));
    };
    if let Some(base) = base {
        take_over(base, name, &mut all);
    }
    let mut own = own.into_iter().peekable();
    while let Some(element) = own.next() {
        let backbone = own.peek().is_some_and(|next| is_below(&next.path, &element.path));
        let path = if backbone { element.path.clone() } else { Box::default() };
        let ty = element.types.first().filter(|_| backbone).and_then(|t| known(&t.code));
        all.push(element);
        if let Some(ty) = ty {
            take_over(ty, &path, &mut all);
        }
    }
    all
}

fn is_below(path: &str, above: &str) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.starts_with('.'))
}

/// The types whose elements a structure takes over: its base and those of its backbones.
fn taken_over(structure: &StructureFacts) -> impl Iterator<Item = &str> {
    let backbones = structure.elements.windows(2).filter_map(|pair| match pair {
        [element, next] if is_below(&next.path, &element.path) => element.types.first().map(|t| &*t.code),
        _ => None,
    });
    structure.base.as_deref().into_iter().chain(backbones)
}

fn rebased(element: &ElementFacts, from: &str, to: &str) -> ElementFacts {
    let mut copy = element.clone();
    let rest = relative(&element.path, from);
    let mut path = String::with_capacity(to.len() + 1 + rest.len());
    path.push_str(to);
    path.push('.');
    path.push_str(rest);
    copy.path = path.into();
    copy
}

/// What stands in one file, before elements taken over are put back.
struct Own<'t> {
    file: &'t str,
    structure: StructureFacts,
    complete: bool,
}

/// Reads the files of one package together: what they take over from one another is put back.
pub fn read<'t>(files: impl IntoIterator<Item = (&'t str, &'t str)>) -> Result<Vec<StructureFacts>, FactsError> {
    let mut waiting: Vec<Own<'t>> = vec![];
    for (file, text) in files {
        waiting.push(read_file(file, text)?);
    }
    let order: Vec<Box<str>> = waiting.iter().map(|o| o.structure.name.clone()).collect();
    let mut done: HashMap<Box<str>, StructureFacts> = HashMap::with_capacity(waiting.len());
    // Bases come before what derives from them; the passes are as many as the hierarchy is deep.
    while !waiting.is_empty() {
        let before = waiting.len();
        let mut still = vec![];
        for mut own in waiting {
            let structure = &mut own.structure;
            if !own.complete {
                if !taken_over(structure).all(|name| done.contains_key(name)) {
                    still.push(own);
                    continue;
                }
                let elements = std::mem::take(&mut structure.elements);
                let base = structure.base.as_deref().and_then(|b| done.get(b));
                structure.elements = expand(&structure.name, base, elements, &|n| done.get(n));
            }
            done.insert(own.structure.name.clone(), own.structure);
        }
        if still.len() == before
            && let Some(own) = still.first()
        {
            let message = "a type it takes elements over from is missing (or derives from this one)".to_owned();
            return Err(FactsError { file: own.file.to_owned(), line: 1, message });
        }
        waiting = still;
    }
    Ok(order.iter().filter_map(|name| done.remove(name)).collect())
}

fn read_file<'t>(file: &'t str, text: &'t str) -> Result<Own<'t>, FactsError> {
    let mut own = Own {
        file,
        structure: StructureFacts {
            name: "".into(),
            base: None,
            class: TypeClass::Complex,
            is_abstract: false,
            invariants: vec![],
            elements: Vec::with_capacity(32),
        },
        complete: false,
    };
    syntax::sections(file, text, &mut own, read_header, |own, line| {
        own.structure.elements.push(read_element(&own.structure.name, line)?);
        Ok(())
    })?;
    if own.structure.name.is_empty() {
        return Err(FactsError {
            file: file.to_owned(),
            line: 1,
            message: "it does not begin with `structure NAME`".into(),
        });
    }
    Ok(own)
}

fn read_header(own: &mut Own<'_>, line: &str) -> Result<(), String> {
    let mut line = Line::new(line);
    let keyword = line.word().ok_or("a line begins with a space")?;
    match keyword {
        "structure" => own.structure.name = line.value()?.into(),
        "kind" => {
            let kind = line.value()?;
            own.structure.class = TypeClass::from_kind(&kind).ok_or_else(|| format!("unknown kind `{kind}`"))?;
        }
        "base" => own.structure.base = Some(line.value()?.into()),
        "abstract" => own.structure.is_abstract = true,
        "complete" => own.complete = true,
        "invariants" => own.structure.invariants = read_invariants(&mut line)?,
        other => return Err(format!("unknown keyword `{other}`")),
    }
    line.end()
}

fn read_element(owner: &str, line: &str) -> Result<ElementFacts, String> {
    let mut line = Line::new(line);
    let path = line.word().ok_or("a line begins with a space")?;
    let (min, max) = cardinality(line.word().ok_or("the cardinality is missing")?)?;
    let absolute = |path: &str| -> Box<str> {
        let mut whole = String::with_capacity(owner.len() + 1 + path.len());
        whole.push_str(owner);
        whole.push('.');
        whole.push_str(path);
        whole.into()
    };
    let mut element = ElementFacts { path: absolute(path), min, max, ..ElementFacts::default() };
    let mut more = true;
    if line.skip('=') {
        let (path, comma) = line.until_comma();
        element.content_reference = Some(absolute(path));
        more = comma;
    } else if line.skip('-') {
        more = false;
    }
    while more {
        let code = line.name()?.into();
        let profiles = line.list('[', ']', CORE)?;
        let targets = line.list('(', ')', CORE)?;
        element.types.push(TypeFacts { code, profiles, targets });
        more = line.skip(',');
    }
    while line.more()? {
        let property = line.property()?;
        if property == "invariants" {
            element.invariants = read_invariants(&mut line)?;
            continue;
        }
        if property == "max-value-set" {
            let binding = element.binding.as_mut().ok_or("`max-value-set` without binding")?;
            binding.max_value_set = Some(line.canonical(CORE_VALUE_SETS)?);
            continue;
        }
        let strength = BindingStrength::from_code(property).ok_or_else(|| format!("unknown property `{property}`"))?;
        element.binding = Some(Binding { strength, value_set: line.canonical(CORE_VALUE_SETS)?, max_value_set: None });
    }
    Ok(element)
}

fn cardinality(text: &str) -> Result<(u32, Option<u32>), String> {
    let wrong = || format!("`{text}` is not a cardinality");
    let (min, max) = text.split_once("..").ok_or_else(wrong)?;
    let max = match max {
        "*" => None,
        number => Some(number.parse().map_err(|_| wrong())?),
    };
    Ok((min.parse().map_err(|_| wrong())?, max))
}
