//! Small cases over a small base: a resource `Thing` and the types it needs.

mod deciding;
mod generating;
mod reading;
mod registering;

use std::sync::Arc;

use super::{DefinitionSource, ProfileError, Profiles, Snapshot, StructureDefinition};
use crate::fhir::{Format, read};

/// Definitions in a list, as a source.
pub(super) struct Listed(Vec<StructureDefinition>);

impl DefinitionSource for Listed {
    fn definition(&self, url: &str, version: Option<&str>) -> Option<Result<StructureDefinition, ProfileError>> {
        let fits = |d: &&StructureDefinition| &*d.url == url && (version.is_none() || d.version.as_deref() == version);
        self.0.iter().find(fits).cloned().map(Ok)
    }

    fn urls(&self) -> Vec<Arc<str>> {
        self.0.iter().map(|d| d.url.clone()).collect()
    }
}

/// A definition from JSON.
pub(super) fn definition(json: &str) -> StructureDefinition {
    let document = read(json, Format::Json).unwrap_or_else(|e| panic!("{e} in {json}"));
    StructureDefinition::read(document.root()).unwrap_or_else(|e| panic!("{e} in {json}"))
}

/// A type: its kind, and an element a line (`path min max types…`; `#path` refers to other content).
fn base_type(kind: &str, lines: &[&str]) -> StructureDefinition {
    let element = |line: &&str| {
        let words: Vec<&str> = line.split(' ').collect();
        let (path, min, max) = (words[0], words[1], words[2]);
        let reference = words[3..].iter().find_map(|w| w.strip_prefix('#'));
        let reference = reference.map(|r| format!(r##","contentReference":"#{r}""##)).unwrap_or_default();
        let types = words[3..].iter().filter(|w| !w.starts_with('#')).map(|w| match w.split_once('>') {
            Some((code, target)) => format!(r#"{{"code":"{code}","targetProfile":"{CORE}{target}"}}"#),
            None => format!(r#"{{"code":"{w}"}}"#),
        });
        let types: Vec<String> = types.collect();
        let types = if types.is_empty() { String::new() } else { format!(r#","type":[{}]"#, types.join(",")) };
        format!(r#"{{"id":"{path}","path":"{path}","min":{min},"max":"{max}"{types}{reference}}}"#)
    };
    let elements: Vec<String> = lines.iter().map(element).collect();
    let name = lines[0].split(' ').next().unwrap_or_default();
    definition(&format!(
        r#"{{"resourceType":"StructureDefinition","url":"{CORE}{name}","name":"{name}","version":"1.0","type":"{name}",
            "kind":"{kind}","derivation":"specialization","snapshot":{{"element":[{}]}}}}"#,
        elements.join(",")
    ))
}

pub(super) use super::registry::CORE;

/// A resource with a bit of everything, and its types.
fn base() -> Vec<StructureDefinition> {
    let complex: [&[&str]; 8] = [
        &["Element 0 *", "Element.id 0 1 string", "Element.extension 0 * Extension"],
        &[
            "Extension 0 *",
            "Extension.id 0 1 string",
            "Extension.extension 0 * Extension",
            "Extension.url 1 1 uri",
            "Extension.value[x] 0 1 string Coding Reference",
        ],
        &["Coding 0 *", "Coding.id 0 1 string", "Coding.system 0 1 uri", "Coding.code 0 1 code"],
        &["CodeableConcept 0 *", "CodeableConcept.coding 0 * Coding", "CodeableConcept.text 0 1 string"],
        &["Quantity 0 *", "Quantity.value 0 1 decimal", "Quantity.code 0 1 code"],
        &["Reference 0 *", "Reference.reference 0 1 string", "Reference.display 0 1 string"],
        &["BackboneElement 0 *", "BackboneElement.id 0 1 string"],
        &["string 0 *", "string.id 0 1 string", "string.extension 0 * Extension", "string.value 0 1"],
    ];
    let mut all: Vec<StructureDefinition> = complex.iter().map(|lines| base_type("complex-type", lines)).collect();
    all.push(base_type(
        "resource",
        &[
            "Thing 0 *",
            "Thing.id 0 1 id",
            "Thing.extension 0 * Extension",
            "Thing.code 1 1 CodeableConcept",
            "Thing.name 0 1 string",
            "Thing.value[x] 0 1 Quantity string CodeableConcept Reference>Thing",
            "Thing.other 0 * Reference>Thing Reference>Gadget",
            "Thing.part 0 * BackboneElement",
            "Thing.part.id 0 1 string",
            "Thing.part.code 1 1 CodeableConcept",
            "Thing.part.value[x] 0 1 Quantity string",
            "Thing.part.part 0 * #Thing.part",
        ],
    ));
    all.push(base_type("resource", &["Gadget 0 *", "Gadget.id 0 1 id", "Gadget.kind 0 1 code"]));
    all
}

/// A profile on `of`: elements as the inside of a JSON array, `'` for `"`.
pub(super) fn profile(url: &str, of: &str, elements: &str) -> StructureDefinition {
    let base = if of.contains("://") { of.to_owned() } else { format!("{CORE}{of}") };
    let type_name = if of.contains("://") { "Thing" } else { of };
    let json = format!(
        "{{'resourceType':'StructureDefinition','url':'{url}','name':'{url}','type':'{type_name}','kind':'resource',
          'derivation':'constraint','baseDefinition':'{base}','differential':{{'element':[{elements}]}}}}"
    );
    definition(&json.replace('\'', "\""))
}

/// A registry of the base and these.
pub(super) fn profiles(more: Vec<StructureDefinition>) -> Profiles {
    Profiles::new(vec![Arc::new(Listed(more)), Arc::new(Listed(base()))])
}

/// The snapshot of a profile on `Thing` with this differential.
pub(super) fn thing(elements: &str) -> Arc<Snapshot> {
    profiles(vec![profile("http://x/p", "Thing", elements)]).snapshot("http://x/p").expect("a snapshot")
}

/// Elements as `id min..max types fixed/pattern slicing`, those below `from` only.
pub(super) fn lines(snapshot: &Snapshot, from: &str) -> Vec<String> {
    let mut all = vec![];
    snapshot.root.walk(&mut |_, id, node| {
        if !id.starts_with(from) {
            return;
        }
        let rules = &node.rules;
        let mut line = format!("{id} {}..{}", rules.min(), rules.max());
        for rule in &rules.types {
            let targets: Vec<&str> = rule.targets.iter().filter_map(|t| t.rsplit('/').next()).collect();
            let arrow = if targets.is_empty() { "" } else { ">" };
            line += &format!(" {}{arrow}{}", rule.code, targets.join(","));
        }
        if let Some(value) = rules.fixed.as_ref().or(rules.pattern.as_ref()) {
            line += &format!(" = {value}");
        }
        if let Some(slicing) = &rules.slicing {
            let by: Vec<String> =
                slicing.discriminators.iter().map(|d| format!("{}:{}", d.kind.code(), d.path)).collect();
            line += &format!(" by {} {}", by.join(","), slicing.rules.code());
        }
        all.push(line);
    });
    all
}
