//! A StructureDefinition of a base type, reduced to facts.
//!
//! STU3 and R4 write the same facts in different ways; each way is read wherever it stands, so nothing
//! here asks for the version: R4 types may be FHIRPath system types with the FHIR type in an extension,
//! STU3 repeats a type for each of its targets, bindings name their value set in three ways.

use super::types::{Binding, BindingStrength, ElementFacts, InvariantFacts, StructureFacts, TypeClass, TypeFacts};
use crate::fhir::NodeRef;

/// Where the base definitions have their canonicals.
pub const CORE: &str = "http://hl7.org/fhir/StructureDefinition/";
/// Where they have their value sets.
pub const CORE_VALUE_SETS: &str = "http://hl7.org/fhir/ValueSet/";
const SYSTEM_TYPE: &str = "http://hl7.org/fhirpath/System.";
const MAX_VALUE_SET: &str = "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet";
const FHIR_TYPE: &str = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type";

/// StructureDefinition.kind, as [`TypeClass`]; logical models are none.
const KINDS: [(&str, TypeClass); 3] =
    [("primitive-type", TypeClass::Primitive), ("complex-type", TypeClass::Complex), ("resource", TypeClass::Resource)];

impl TypeClass {
    /// StructureDefinition.kind of a class; None for backbones and the unknown.
    pub fn kind(self) -> Option<&'static str> {
        KINDS.iter().find(|(_, c)| *c == self).map(|(k, _)| *k)
    }

    /// The class of a StructureDefinition.kind.
    pub fn from_kind(kind: &str) -> Option<TypeClass> {
        KINDS.iter().find(|(k, _)| *k == kind).map(|(_, c)| *c)
    }
}

impl StructureFacts {
    /// The facts of a StructureDefinition with a snapshot. None when it does not define a type (a profile,
    /// an extension, a logical model); the error says what is missing in one that does.
    pub fn from_definition(definition: NodeRef<'_>) -> Result<Option<StructureFacts>, String> {
        let Some(class) = definition.child_value("kind").and_then(TypeClass::from_kind) else { return Ok(None) };
        if definition.child_value("derivation") == Some("constraint") {
            return Ok(None);
        }
        let snapshot = definition.child("snapshot").ok_or("it has no `snapshot`")?;
        let mut elements = snapshot.children_named("element");
        let root = elements.next().ok_or("its snapshot is empty")?;
        let name = root.child_value("path").ok_or("its first element has no `path`")?;
        let base = definition.child_value("baseDefinition").map(|b| b.strip_prefix(CORE).unwrap_or(b));
        let mut facts = StructureFacts {
            name: name.into(),
            base: base.map(Into::into),
            class,
            is_abstract: definition.child_value("abstract") == Some("true"),
            invariants: read_invariants(root, &[]),
            elements: vec![],
        };
        for element in elements {
            let path = element.child_value("path").ok_or("an element has no `path`")?;
            // The value of a primitive is not an element: it is the primitive.
            if class == TypeClass::Primitive && path.strip_prefix(name) == Some(".value") {
                continue;
            }
            let read = read_element(element, path, &facts, snapshot).map_err(|e| format!("`{path}`: {e}"))?;
            facts.elements.push(read);
        }
        Ok(Some(facts))
    }
}

fn read_element(
    element: NodeRef<'_>,
    path: &str,
    structure: &StructureFacts,
    snapshot: NodeRef<'_>,
) -> Result<ElementFacts, String> {
    let min = element.child_value("min").ok_or("no `min`")?;
    let max = element.child_value("max").ok_or("no `max`")?;
    let content_reference = match element.child_value("contentReference") {
        None => None,
        Some(reference) => {
            Some(path_of(reference, snapshot).ok_or_else(|| format!("nothing has the id `{reference}`"))?)
        }
    };
    Ok(ElementFacts {
        path: path.into(),
        min: min.parse().map_err(|_| format!("`min` is `{min}`"))?,
        max: match max {
            "*" => None,
            number => Some(number.parse().map_err(|_| format!("`max` is `{max}`"))?),
        },
        types: read_types(element, path, structure),
        content_reference,
        binding: element.child("binding").and_then(read_binding),
        invariants: read_invariants(element, &OF_THE_TYPE),
    })
}

/// Keys that R4 repeats at every element and STU3 does not: they hold for the types Element and Extension.
const OF_THE_TYPE: [&str; 2] = ["ele-1", "ext-1"];

fn read_invariants(element: NodeRef<'_>, left_out: &[&str]) -> Vec<InvariantFacts> {
    let read = |constraint: NodeRef<'_>| {
        let key = constraint.child_value("key").filter(|k| !left_out.contains(k))?;
        let is_warning = constraint.child_value("severity") == Some("warning");
        Some(InvariantFacts { key: key.into(), is_warning })
    };
    element.children_named("constraint").filter_map(read).collect()
}

/// The path of the element that a contentReference (`#` and its id) points at.
fn path_of(reference: &str, snapshot: NodeRef<'_>) -> Option<Box<str>> {
    let id = &reference[reference.find('#')? + 1..];
    let target = snapshot.children_named("element").find(|e| e.child_value("id") == Some(id))?;
    target.child_value("path").map(Into::into)
}

fn read_types(element: NodeRef<'_>, path: &str, structure: &StructureFacts) -> Vec<TypeFacts> {
    let mut types: Vec<TypeFacts> = vec![];
    for node in element.children_named("type") {
        let Some(code) = node.child_value("code") else { continue };
        let code = match code.strip_prefix(SYSTEM_TYPE) {
            Some(system) => fhir_type(node, system, path, structure),
            None => code.to_owned(),
        };
        let at = types.iter().position(|t| *t.code == *code).unwrap_or(types.len());
        if at == types.len() {
            types.push(TypeFacts { code: code.into(), ..Default::default() });
        }
        let Some(facts) = types.get_mut(at) else { continue };
        add(&mut facts.profiles, node, "profile");
        add(&mut facts.targets, node, "targetProfile");
    }
    types
}

fn add(to: &mut Vec<Box<str>>, node: NodeRef<'_>, name: &str) {
    for canonical in node.children_named(name).filter_map(NodeRef::value) {
        if !to.iter().any(|c| **c == *canonical) {
            to.push(canonical.into());
        }
    }
}

/// The FHIR type of an element whose type is given as a FHIRPath system type.
fn fhir_type(node: NodeRef<'_>, system: &str, path: &str, structure: &StructureFacts) -> String {
    // R4 says `string` of the ids of resources; the page of Resource and every other release say `id`
    // (http://hl7.org/fhir/R4/resource.html#Resource).
    if structure.class == TypeClass::Resource && path.strip_prefix(&*structure.name) == Some(".id") {
        return "id".to_owned();
    }
    let extension = node.children_named("extension").find(|e| e.child_value("url") == Some(FHIR_TYPE));
    let named = extension.and_then(|e| e.children().find(|c| c.name().starts_with("value"))?.value());
    match named {
        Some(name) => name.to_owned(),
        None => {
            let mut chars = system.chars();
            chars.next().map(|c| c.to_ascii_lowercase()).into_iter().chain(chars).collect()
        }
    }
}

fn read_binding(binding: NodeRef<'_>) -> Option<Binding> {
    let strength = BindingStrength::from_code(binding.child_value("strength")?)?;
    // `valueSet` (R4), `valueSetUri` or `valueSetReference` (STU3).
    let value_set = binding.children().find(|c| c.name().starts_with("valueSet"))?;
    let canonical = value_set.value().or_else(|| value_set.child_value("reference"))?;
    let max = binding.children_named("extension").find(|e| e.child_value("url") == Some(MAX_VALUE_SET));
    let max = max.and_then(|e| e.children().find(|c| c.name().starts_with("value")));
    let max_value_set = max.and_then(|v| v.value().or_else(|| v.child_value("reference"))).map(Into::into);
    Some(Binding { strength, value_set: canonical.into(), max_value_set })
}
