//! Type tables for the tests, read from the official core packages.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use keur::definitions::{ElementFacts, StructureFacts, TypeClass, TypeFacts, TypeTable};
use keur::fhir::FhirVersion;
use serde_json::Value;

/// Reads the base types and resources of a core package.
pub fn load(package: &Path, version: FhirVersion) -> std::io::Result<Arc<TypeTable>> {
    let file = std::fs::File::open(package)?;
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file));
    let mut structures = vec![];
    for entry in archive.entries()? {
        let mut entry = entry?;
        let is_structure =
            entry.path()?.file_name().is_some_and(|n| n.to_string_lossy().starts_with("StructureDefinition-"));
        if !is_structure {
            continue;
        }
        let mut text = String::new();
        entry.read_to_string(&mut text)?;
        structures.extend(structure(&serde_json::from_str(&text)?));
    }
    Ok(Arc::new(TypeTable::new(version, &structures)))
}

fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name)?.as_str()
}

fn structure(definition: &Value) -> Option<StructureFacts> {
    let name = text(definition, "type")?;
    if text(definition, "derivation") == Some("constraint") || text(definition, "name") != Some(name) {
        return None;
    }
    let class = match text(definition, "kind")? {
        "primitive-type" => TypeClass::Primitive,
        "complex-type" => TypeClass::Complex,
        "resource" => TypeClass::Resource,
        _ => return None,
    };
    let elements = definition.get("snapshot")?.get("element")?.as_array()?;
    let elements = elements.iter().filter_map(|e| element(e, class)).collect();
    Some(StructureFacts {
        name: name.into(),
        base: text(definition, "baseDefinition").and_then(|b| b.rsplit('/').next()).map(Into::into),
        class,
        is_abstract: definition.get("abstract").and_then(Value::as_bool).unwrap_or(false),
        invariants: vec![],
        elements,
    })
}

fn element(element: &Value, class: TypeClass) -> Option<ElementFacts> {
    let path = text(element, "path")?;
    let name = path.split_once('.')?.1;
    if class == TypeClass::Primitive && name == "value" {
        return None;
    }
    let types = element.get("type").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut facts: Vec<TypeFacts> = vec![];
    for ty in types {
        let code = match text(ty, "code") {
            Some(code) if code.starts_with("http://hl7.org/fhirpath/") => {
                if class == TypeClass::Resource && name == "id" { "id" } else { special_type(ty) }
            }
            Some(code) => code,
            None => "string",
        };
        if !facts.iter().any(|f| &*f.code == code) {
            facts.push(TypeFacts { code: code.into(), ..Default::default() });
        }
    }
    Some(ElementFacts {
        path: path.into(),
        min: element.get("min").and_then(Value::as_u64).unwrap_or(0) as u32,
        max: text(element, "max").and_then(|m| m.parse().ok()),
        types: facts,
        content_reference: text(element, "contentReference").map(|r| r.trim_start_matches('#').into()),
        binding: None,
        invariants: vec![],
    })
}

/// R4 says `System.String` and puts the FHIR type into an extension.
fn special_type(ty: &Value) -> &str {
    let extensions = ty.get("extension").and_then(Value::as_array);
    let url = extensions.and_then(|e| e.iter().find_map(|x| text(x, "valueUrl").or_else(|| text(x, "valueUri"))));
    url.unwrap_or("string")
}
