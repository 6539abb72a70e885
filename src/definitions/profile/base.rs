//! Base types from facts, as definitions that profiles can derive from.
//!
//! Facts of base types ([`StructureFacts`]) say where elements stand, how often, of which types and bound to
//! what. Of invariants they have the keys alone: what these say is looked up by who judges with them.

use std::collections::HashMap;
use std::sync::Arc;

use super::model::{
    Constraint, ConstraintSeverity, Derivation, ElementBinding, ElementDefinition, ElementRules, Max,
    StructureDefinition, TypeRule,
};
use super::registry::{DefinitionSource, ProfileError, Profiles};
use crate::definitions::types::{ElementFacts, InvariantFacts, StructureFacts};

/// The base types of one release, as a source of definitions.
pub struct BaseTypes {
    version: Arc<str>,
    structures: Arc<Vec<StructureFacts>>,
    by_url: HashMap<Arc<str>, usize>,
}

impl BaseTypes {
    /// From facts; `version` is that of the definitions (`3.0.2`).
    pub fn new(version: &str, structures: impl Into<Arc<Vec<StructureFacts>>>) -> BaseTypes {
        let structures = structures.into();
        let url = |(at, s): (usize, &StructureFacts)| (Arc::from(Profiles::type_canonical(&s.name)), at);
        BaseTypes { version: version.into(), by_url: structures.iter().enumerate().map(url).collect(), structures }
    }
}

impl DefinitionSource for BaseTypes {
    fn definition(&self, url: &str, version: Option<&str>) -> Option<Result<StructureDefinition, ProfileError>> {
        let at = self.by_url.get(url).filter(|_| version.is_none_or(|v| v == &*self.version))?;
        let facts = self.structures.get(*at)?;
        Some(Ok(definition(facts, &self.version)))
    }

    fn urls(&self) -> Vec<Arc<str>> {
        self.by_url.keys().cloned().collect()
    }
}

fn definition(facts: &StructureFacts, version: &Arc<str>) -> StructureDefinition {
    let name: Arc<str> = (*facts.name).into();
    let root = ElementDefinition {
        id: None,
        path: name.clone(),
        slice_name: None,
        rules: Arc::new(ElementRules {
            min: Some(0),
            max: Some(Max::Unbounded),
            constraints: constraints(&facts.invariants),
            ..ElementRules::default()
        }),
    };
    StructureDefinition {
        url: Profiles::type_canonical(&facts.name).into(),
        version: Some(version.clone()),
        name: name.clone(),
        type_name: name,
        base: facts.base.as_deref().map(|b| Profiles::type_canonical(b).into()),
        derivation: Derivation::Specialization,
        is_abstract: facts.is_abstract,
        is_snapshot: true,
        elements: std::iter::once(root).chain(facts.elements.iter().map(element)).collect(),
        ..StructureDefinition::default()
    }
}

fn element(facts: &ElementFacts) -> ElementDefinition {
    let shared = |all: &[Box<str>]| all.iter().map(|c| Arc::from(&**c)).collect();
    let types = facts.types.iter().map(|t| TypeRule {
        code: (*t.code).into(),
        profiles: shared(&t.profiles),
        targets: shared(&t.targets),
        ..TypeRule::default()
    });
    let binding = facts.binding.as_ref().map(|b| ElementBinding {
        strength: b.strength,
        value_set: Some((*b.value_set).into()),
        max_value_set: b.max_value_set.as_deref().map(Into::into),
        permitted_concept_maps: vec![],
        permitted_value_sets: vec![],
    });
    let rules = ElementRules {
        min: Some(facts.min),
        max: Some(facts.max.map_or(Max::Unbounded, Max::Count)),
        types: types.collect(),
        content_reference: facts.content_reference.as_deref().map(Into::into),
        binding: binding.map(Arc::new),
        constraints: constraints(&facts.invariants),
        ..ElementRules::default()
    };
    ElementDefinition { id: None, path: (*facts.path).into(), slice_name: None, rules: Arc::new(rules) }
}

fn constraints(invariants: &[InvariantFacts]) -> Vec<Arc<Constraint>> {
    let constraint = |i: &InvariantFacts| {
        let severity = if i.is_warning { ConstraintSeverity::Warning } else { ConstraintSeverity::Error };
        Arc::new(Constraint { key: (*i.key).into(), severity, human: "".into(), expression: None })
    };
    invariants.iter().map(constraint).collect()
}

#[cfg(test)]
mod tests {
    use super::super::registry::CORE;
    use super::*;
    use crate::definitions::types::{TypeClass, TypeFacts};

    #[test]
    fn facts_of_a_type_are_a_definition() {
        let of = |code: &str| vec![TypeFacts { code: code.into(), ..TypeFacts::default() }];
        let element =
            |path: &str, max, types| ElementFacts { path: path.into(), max, types, ..ElementFacts::default() };
        let facts = StructureFacts {
            name: "Thing".into(),
            base: Some("Element".into()),
            class: TypeClass::Complex,
            is_abstract: false,
            invariants: vec![],
            elements: vec![element("Thing.id", Some(1), of("string")), element("Thing.part", None, of("Element"))],
        };
        let profiles = Profiles::new(vec![Arc::new(BaseTypes::new("3.0.2", vec![facts]))]);
        let profile = profiles.profile(&format!("{CORE}Thing|3.0.2")).unwrap();
        let shown: Vec<String> = profile
            .elements()
            .map(|(at, e)| format!("{} {}..{}", profile.id(at), e.rules.min(), e.rules.max()))
            .collect();
        assert_eq!(shown, ["Thing 0..*", "Thing.id 0..1", "Thing.part 0..*"]);
        assert!(profiles.profile(&format!("{CORE}Thing|4.0.1")).is_err());
    }
}
