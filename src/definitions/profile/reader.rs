//! Reads a StructureDefinition from a resource, STU3 or R4 by the same code.
//!
//! The releases write the same facts in different ways, and every way is read wherever it stands: one type
//! entry for each target or one with all, `valueSetUri`, `valueSetReference` or `valueSet`, contexts as
//! `contextType` with strings or as pairs, types as FHIRPath system types with the FHIR type in an
//! extension, discriminators as pairs or (before STU3) as plain paths.

use std::collections::HashSet;
use std::sync::Arc;

use super::model::{
    Aggregation, Constraint, ConstraintSeverity, Derivation, Discriminator, DiscriminatorKind, ElementBinding,
    ElementDefinition, ElementRules, ExtensionContext, Max, Slicing, SlicingRules, StructureDefinition, TypeRule,
    Value, Versioning,
};
use crate::definitions::types::BindingStrength;
use crate::fhir::{Kind, NodeRef, Position};

const SYSTEM_TYPE: &str = "http://hl7.org/fhirpath/System.";
const FHIR_TYPE: &str = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type";
const MAX_VALUE_SET: &str = "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet";
const PERMITTED_CONCEPT_MAP: &str = "http://hl7.org/fhir/StructureDefinition/11179-permitted-value-conceptmap";
const PERMITTED_VALUE_SET: &str = "http://hl7.org/fhir/StructureDefinition/11179-permitted-value-valueset";

/// Why a resource is not a StructureDefinition that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct UnreadableDefinition {
    /// What is wrong, without full stop.
    pub reason: String,
    /// Where it stands in the source.
    pub position: Position,
}

fn fault(node: NodeRef<'_>, reason: impl Into<String>) -> UnreadableDefinition {
    UnreadableDefinition { reason: reason.into(), position: node.position() }
}

impl StructureDefinition {
    /// Reads the differential of a constraint that has one, and the snapshot of everything else.
    pub fn read(node: NodeRef<'_>) -> Result<StructureDefinition, UnreadableDefinition> {
        let constrains = node.child_value("derivation") == Some("constraint");
        let part = if constrains && node.child("differential").is_some() { "differential" } else { "snapshot" };
        // A type that was published without snapshot still has its own elements.
        let part = if node.child(part).is_none() { "differential" } else { part };
        StructureDefinition::read_part(node, part)
    }

    /// Reads the snapshot, whatever else there is.
    pub fn read_snapshot(node: NodeRef<'_>) -> Result<StructureDefinition, UnreadableDefinition> {
        StructureDefinition::read_part(node, "snapshot")
    }

    fn read_part(node: NodeRef<'_>, part: &str) -> Result<StructureDefinition, UnreadableDefinition> {
        let mut texts = Texts::default();
        let url = node.child_value("url").ok_or_else(|| fault(node, "it has no `url`"))?;
        let elements = node.child(part).ok_or_else(|| fault(node, format!("it has no `{part}`")))?;
        let mut definition = StructureDefinition {
            url: url.into(),
            version: node.child_value("version").map(Into::into),
            name: node.child_value("name").unwrap_or(url).into(),
            title: node.child_value("title").map(Into::into),
            type_name: node.child_value("type").or(node.child_value("id")).unwrap_or_default().into(),
            base: node.child_value("baseDefinition").map(Into::into),
            derivation: match node.child_value("derivation") {
                Some("constraint") => Derivation::Constraint,
                _ => Derivation::Specialization,
            },
            kind: node.child_value("kind").unwrap_or_default().into(),
            is_abstract: node.child_value("abstract") == Some("true"),
            contexts: contexts(node),
            context_invariants: node
                .children_named("contextInvariant")
                .filter_map(|c| c.value())
                .map(Into::into)
                .collect(),
            is_snapshot: part == "snapshot",
            elements: vec![],
        };
        for element in elements.children_named("element") {
            let read = read_element(element, &definition, &mut texts)?;
            definition.elements.push(read);
        }
        Ok(definition)
    }
}

/// STU3: `contextType` once and `context` strings; R4: `context` with `type` and `expression`.
fn contexts(node: NodeRef<'_>) -> Vec<ExtensionContext> {
    let shared = node.child_value("contextType");
    let read = |context: NodeRef<'_>| {
        Some(ExtensionContext {
            kind: context.child_value("type").or(shared)?.into(),
            expression: context.child_value("expression").or(context.value())?.into(),
        })
    };
    node.children_named("context").filter_map(read).collect()
}

/// The texts of one definition, each kept once: paths' beginnings, canonicals and codes recur.
#[derive(Default)]
struct Texts(HashSet<Arc<str>>);

impl Texts {
    fn share(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.get(text) {
            return known.clone();
        }
        let shared: Arc<str> = text.into();
        self.0.insert(shared.clone());
        shared
    }
}

fn read_element(
    node: NodeRef<'_>,
    definition: &StructureDefinition,
    texts: &mut Texts,
) -> Result<ElementDefinition, UnreadableDefinition> {
    let mut element =
        ElementDefinition { id: None, path: "".into(), slice_name: None, rules: Arc::new(ElementRules::default()) };
    let mut rules = ElementRules::default();
    // One walk over the children: snapshots have tens of thousands of them.
    for child in node.children() {
        match child.name() {
            "id" => element.id = child.value().map(Into::into),
            "path" => element.path = child.value().unwrap_or_default().into(),
            "sliceName" => element.slice_name = child.value().map(Into::into),
            "short" => rules.short = child.value().map(|t| texts.share(t)),
            "min" => rules.min = Some(number(child)?),
            "max" => rules.max = Some(max(child)?),
            "contentReference" => rules.content_reference = child.value().map(|t| texts.share(after_hash(t))),
            "maxLength" => rules.max_length = Some(number(child)?),
            "binding" => rules.binding = read_binding(child, texts)?.map(Arc::new),
            "slicing" => rules.slicing = Some(Arc::new(read_slicing(child, texts)?)),
            "constraint" => rules.constraints.extend(read_constraint(child, texts).map(Arc::new)),
            "condition" => rules.conditions.extend(child.value().map(|t| texts.share(t))),
            "isModifier" => rules.is_modifier = child.value().map(|v| v == "true"),
            "mustSupport" => rules.must_support = child.value().map(|v| v == "true"),
            name => {
                for (prefix, place) in [
                    ("fixed", &mut rules.fixed),
                    ("pattern", &mut rules.pattern),
                    ("minValue", &mut rules.min_value),
                    ("maxValue", &mut rules.max_value),
                ] {
                    if let Some(type_name) = choice(name, prefix, child) {
                        *place = Some(Value::from_node(&type_name, child));
                    }
                }
            }
        }
    }
    if element.path.is_empty() {
        return Err(fault(node, "an element has no `path`"));
    }
    for entry in node.children_named("type") {
        read_type(entry, &element.path, definition, &mut rules.types, texts);
    }
    element.rules = Arc::new(rules);
    Ok(element)
}

fn number(node: NodeRef<'_>) -> Result<u32, UnreadableDefinition> {
    let text = node.value().unwrap_or_default();
    text.parse().map_err(|_| fault(node, format!("`{}` is `{text}`, not a number", node.name())))
}

fn max(node: NodeRef<'_>) -> Result<Max, UnreadableDefinition> {
    let text = node.value().unwrap_or_default();
    Max::parse(text).ok_or_else(|| fault(node, format!("`max` is `{text}`, neither a number nor `*`")))
}

fn after_hash(reference: &str) -> &str {
    reference.split_once('#').map_or(reference, |(_, id)| id)
}

/// The type in a choice's name: `CodeableConcept` of `patternCodeableConcept`, `uri` of `fixedUri`.
fn choice(name: &str, prefix: &str, node: NodeRef<'_>) -> Option<String> {
    let suffix = name.strip_prefix(prefix).filter(|s| s.starts_with(|c: char| c.is_ascii_uppercase()))?;
    if node.kind() == Kind::Complex {
        return Some(suffix.to_owned());
    }
    let mut chars = suffix.chars();
    Some(chars.next().map(|c| c.to_ascii_lowercase()).into_iter().chain(chars).collect())
}

fn read_type(
    node: NodeRef<'_>,
    path: &str,
    definition: &StructureDefinition,
    types: &mut Vec<TypeRule>,
    texts: &mut Texts,
) {
    // The `value` of STU3's primitives has a type for XML and JSON only.
    let Some(code) = node.child_value("code") else { return };
    let code = match code.strip_prefix(SYSTEM_TYPE) {
        Some(system) => texts.share(&fhir_type(node, system, path, definition)),
        None => texts.share(code),
    };
    let canonicals = |name: &str, texts: &mut Texts| -> Vec<Arc<str>> {
        node.children_named(name).filter_map(NodeRef::value).map(|c| texts.share(c)).collect()
    };
    let rule = TypeRule {
        code,
        profiles: canonicals("profile", texts),
        targets: canonicals("targetProfile", texts),
        aggregation: node.children_named("aggregation").filter_map(|a| coded(a, &Aggregation::ALL)).collect(),
        versioning: node.child("versioning").and_then(|v| coded(v, &Versioning::ALL)),
    };
    add_type(types, rule);
}

/// Adds a type; one that differs from another in its targets or in its profiles alone joins that one.
pub(super) fn add_type(types: &mut Vec<TypeRule>, rule: TypeRule) {
    let joins = |t: &&mut TypeRule| {
        t.code == rule.code
            && t.aggregation == rule.aggregation
            && t.versioning == rule.versioning
            && (t.profiles == rule.profiles || (t.targets.is_empty() && rule.targets.is_empty()))
            // Without targets (or profiles) anything goes; joining would take that away.
            && t.targets.is_empty() == rule.targets.is_empty()
            && t.profiles.is_empty() == rule.profiles.is_empty()
    };
    match types.iter_mut().find(joins) {
        Some(known) => {
            for (to, from) in [(&mut known.profiles, rule.profiles), (&mut known.targets, rule.targets)] {
                for canonical in from {
                    if !to.contains(&canonical) {
                        to.push(canonical);
                    }
                }
            }
        }
        None => types.push(rule),
    }
}

fn coded<T: Copy>(node: NodeRef<'_>, codes: &[(T, &str)]) -> Option<T> {
    let code = node.value()?;
    codes.iter().find(|(_, c)| *c == code).map(|(t, _)| *t)
}

/// The FHIR type of an element whose type is given as a FHIRPath system type.
fn fhir_type(node: NodeRef<'_>, system: &str, path: &str, definition: &StructureDefinition) -> String {
    // R4 says `string` of the ids of resources; the page of Resource and every other release say `id`
    // (http://hl7.org/fhir/R4/resource.html#Resource).
    if &*definition.kind == "resource" && path.strip_prefix(&*definition.type_name) == Some(".id") {
        return "id".to_owned();
    }
    let named = extension_value(node, FHIR_TYPE).and_then(|v| v.value());
    match named {
        Some(name) => name.to_owned(),
        None => {
            let mut chars = system.chars();
            chars.next().map(|c| c.to_ascii_lowercase()).into_iter().chain(chars).collect()
        }
    }
}

fn extension_value<'d>(node: NodeRef<'d>, url: &str) -> Option<NodeRef<'d>> {
    extension_values(node, url).next()
}

fn extension_values<'d>(node: NodeRef<'d>, url: &str) -> impl Iterator<Item = NodeRef<'d>> {
    node.children_named("extension")
        .filter(move |e| e.child_value("url") == Some(url))
        .filter_map(|e| e.children().find(|c| c.name().starts_with("value")))
}

/// The canonical in a `uri`, a `canonical` or a Reference.
fn canonical(node: NodeRef<'_>) -> Option<&str> {
    node.value().or_else(|| node.child_value("reference"))
}

fn read_binding(node: NodeRef<'_>, texts: &mut Texts) -> Result<Option<ElementBinding>, UnreadableDefinition> {
    // Some differentials add only a description.
    let Some(code) = node.child_value("strength") else { return Ok(None) };
    let Some(strength) = BindingStrength::from_code(code) else {
        return Err(fault(node, format!("`{code}` is no binding strength")));
    };
    // `valueSet` (R4), `valueSetUri` or `valueSetReference` (STU3).
    let value_set = node.children().find(|c| c.name().starts_with("valueSet"));
    // The permitted values stand on the reference to the value set or on the binding itself.
    let mut all = |url: &str| -> Vec<Arc<str>> {
        let places = [Some(node), value_set].into_iter().flatten();
        places.flat_map(|p| extension_values(p, url)).filter_map(canonical).map(|c| texts.share(c)).collect()
    };
    let permitted_concept_maps = all(PERMITTED_CONCEPT_MAP);
    let permitted_value_sets = all(PERMITTED_VALUE_SET);
    let max_value_set = all(MAX_VALUE_SET).into_iter().next();
    Ok(Some(ElementBinding {
        strength,
        value_set: value_set.and_then(canonical).map(|c| texts.share(c)),
        max_value_set,
        permitted_concept_maps,
        permitted_value_sets,
    }))
}

fn read_slicing(node: NodeRef<'_>, texts: &mut Texts) -> Result<Slicing, UnreadableDefinition> {
    let mut discriminators = vec![];
    for entry in node.children_named("discriminator") {
        let (kind, path) = match entry.value() {
            Some(path) => (DiscriminatorKind::Value, path),
            None => {
                let kind = entry.child("type").and_then(|t| coded(t, &DiscriminatorKind::ALL));
                let kind = kind.ok_or_else(|| fault(entry, "a discriminator without a known `type`"))?;
                (kind, entry.child_value("path").unwrap_or("$this"))
            }
        };
        discriminators.push(Discriminator { kind, path: texts.share(path) });
    }
    Ok(Slicing {
        discriminators,
        ordered: node.child_value("ordered") == Some("true"),
        rules: node.child("rules").and_then(|r| coded(r, &SlicingRules::ALL)).unwrap_or(SlicingRules::Open),
    })
}

fn read_constraint(node: NodeRef<'_>, texts: &mut Texts) -> Option<Constraint> {
    Some(Constraint {
        key: texts.share(node.child_value("key")?),
        severity: match node.child_value("severity") {
            Some("warning") => ConstraintSeverity::Warning,
            _ => ConstraintSeverity::Error,
        },
        human: texts.share(node.child_value("human").unwrap_or_default()),
        expression: node.child_value("expression").map(|e| texts.share(e)),
    })
}
