//! A profile from the lines of its facts.

use std::sync::Arc;

use super::VALUES;
use crate::definitions::facts::FactsError;
use crate::definitions::facts::syntax::{self, Line};
use crate::definitions::profile::{
    Aggregation, Constraint, ConstraintSeverity, Derivation, Discriminator, DiscriminatorKind, ElementBinding,
    ElementDefinition, ElementRules, ExtensionContext, Max, Slicing, SlicingRules, StructureDefinition, TypeRule,
    Value, Versioning,
};
use crate::definitions::structure::{CORE, CORE_VALUE_SETS};
use crate::definitions::typed::JSON_KINDS;
use crate::definitions::types::BindingStrength;
use crate::fhir::{Format, Kind};

/// The canonical of the profile in a file, without reading more than its first line.
pub fn canonical_of(text: &str) -> Option<&str> {
    text.lines().next()?.strip_prefix("profile ")
}

/// Reads one profile.
pub fn read_profile(file: &str, text: &str) -> Result<StructureDefinition, FactsError> {
    let mut definition = StructureDefinition { derivation: Derivation::Constraint, ..StructureDefinition::default() };
    syntax::sections(file, text, &mut definition, read_header, |definition, line| {
        definition.elements.push(read_element(&definition.type_name, line)?);
        Ok(())
    })?;
    if definition.url.is_empty() {
        let message = "it does not begin with `profile CANONICAL`".to_owned();
        return Err(FactsError { file: file.to_owned(), line: 1, message });
    }
    Ok(definition)
}

fn read_header(definition: &mut StructureDefinition, line: &str) -> Result<(), String> {
    let mut line = Line::new(line);
    match line.word().ok_or("a line begins with a space")? {
        "profile" => definition.url = line.value()?.into(),
        "version" => definition.version = Some(line.value()?.into()),
        "name" => definition.name = line.value()?.into(),
        "type" => definition.type_name = line.value()?.into(),
        "kind" => definition.kind = line.value()?.into(),
        "base" => definition.base = Some(line.value()?.into()),
        "specialization" => definition.derivation = Derivation::Specialization,
        "abstract" => definition.is_abstract = true,
        "snapshot" => definition.is_snapshot = true,
        "context" => {
            let kind = line.word().ok_or("the kind of context is missing")?.into();
            definition.contexts.push(ExtensionContext { kind, expression: line.value()?.into() });
        }
        other => return Err(format!("unknown keyword `{other}`")),
    }
    line.end()
}

fn read_element(owner: &str, line: &str) -> Result<ElementDefinition, String> {
    let mut line = Line::new(line);
    let path = line.until(&[':']);
    if path.is_empty() {
        return Err("a line begins with a space".to_owned());
    }
    let slice_name = match line.skip(':') {
        true => Some(line.name()?.into()),
        false => None,
    };
    let mut rules = ElementRules::default();
    if line.more()? {
        let (min, max) = line.word().and_then(|w| w.split_once("..")).ok_or("the cardinality is missing")?;
        if !min.is_empty() {
            rules.min = Some(min.parse().map_err(|_| format!("`{min}` is not a number"))?);
        }
        if !max.is_empty() {
            rules.max = Some(Max::parse(max).ok_or_else(|| format!("`{max}` is neither a number nor `*`"))?);
        }
        if !line.skip('-') {
            rules.types = comma_separated(&mut line, read_type)?;
        }
        while line.more()? {
            read_property(&mut rules, &mut line)?;
        }
    }
    // The root stands under its own name.
    let path = match path == owner {
        true => path.into(),
        false => format!("{owner}.{path}").into(),
    };
    Ok(ElementDefinition { id: None, path, slice_name, rules: Arc::new(rules) })
}

fn read_property(rules: &mut ElementRules, line: &mut Line<'_>) -> Result<(), String> {
    let name = line.property()?;
    if let Some(strength) = BindingStrength::from_code(name) {
        let value_set = match line.skip('-') {
            true => None,
            false => Some(line.canonical(CORE_VALUE_SETS)?.into()),
        };
        rules.binding = Some(Arc::new(ElementBinding {
            strength,
            value_set,
            max_value_set: None,
            permitted_concept_maps: vec![],
            permitted_value_sets: vec![],
        }));
        return Ok(());
    }
    if let Some(at) = VALUES.iter().position(|v| *v == name) {
        let value = read_value(line)?;
        let places = [&mut rules.fixed, &mut rules.pattern, &mut rules.min_value, &mut rules.max_value];
        if let Some(place) = places.into_iter().nth(at) {
            *place = Some(value);
        }
        return Ok(());
    }
    match name {
        "content" => rules.content_reference = Some(line.name()?.into()),
        "max-length" => {
            let length = line.until(&[]);
            rules.max_length = Some(length.parse().map_err(|_| format!("`{length}` is not a number"))?);
        }
        "slicing" | "ordered-slicing" => rules.slicing = Some(Arc::new(read_slicing(line, name != "slicing")?)),
        "invariants" => rules.constraints = comma_separated(line, read_constraint)?,
        "modifier" => rules.is_modifier = Some(read_flag(line)?),
        "support" => rules.must_support = Some(read_flag(line)?),
        "max-value-set" | "permitted-maps" | "permitted-value-sets" => {
            let list = canonicals(line, '(', ')')?;
            let binding =
                rules.binding.as_mut().map(Arc::make_mut).ok_or_else(|| format!("`{name}` without binding"))?;
            match name {
                "max-value-set" => binding.max_value_set = list.into_iter().next(),
                "permitted-maps" => binding.permitted_concept_maps = list,
                _ => binding.permitted_value_sets = list,
            }
        }
        other => return Err(format!("unknown property `{other}`")),
    }
    Ok(())
}

fn comma_separated<T>(
    line: &mut Line<'_>,
    read: impl Fn(&mut Line<'_>) -> Result<T, String>,
) -> Result<Vec<T>, String> {
    let mut all = vec![read(line)?];
    while line.skip(',') {
        all.push(read(line)?);
    }
    Ok(all)
}

fn canonicals(line: &mut Line<'_>, open: char, close: char) -> Result<Vec<Arc<str>>, String> {
    Ok(line.list(open, close, CORE)?.into_iter().map(Arc::from).collect())
}

fn read_type(line: &mut Line<'_>) -> Result<TypeRule, String> {
    let code = line.name()?.into();
    let profiles = canonicals(line, '[', ']')?;
    let targets = canonicals(line, '(', ')')?;
    let mut rule = TypeRule { code, profiles, targets, ..TypeRule::default() };
    if line.skip('{') {
        for word in comma_separated(line, |l| Ok(l.name()?.into_owned()))? {
            let aggregation = Aggregation::ALL.iter().find(|(_, c)| *c == word).map(|(a, _)| *a);
            let versioning = Versioning::ALL.iter().find(|(_, c)| *c == word).map(|(v, _)| *v);
            rule.aggregation.extend(aggregation);
            rule.versioning = rule.versioning.or(versioning);
            if aggregation.is_none() && versioning.is_none() {
                return Err(format!("`{word}` is no aggregation"));
            }
        }
        if !line.skip('}') {
            return Err("`}` is missing".to_owned());
        }
    }
    Ok(rule)
}

fn read_value(line: &mut Line<'_>) -> Result<Value, String> {
    let type_name = line.name()?;
    if line.peek() != Some('{') {
        if !line.skip('(') {
            return Err(format!("`{type_name}` has no value"));
        }
        let text = if line.peek() == Some(')') { Default::default() } else { line.name()? };
        let kind = JSON_KINDS.iter().find(|(n, _)| *n == type_name).map_or(Kind::Text, |(_, k)| *k);
        return match line.skip(')') {
            true => Ok(Value::primitive(&type_name, kind, &text)),
            false => Err("`)` is missing".to_owned()),
        };
    }
    let object = line.object()?;
    let document = crate::fhir::read(format!("{{\"resourceType\":\"{type_name}\",\"value\":{object}}}"), Format::Json)
        .map_err(|e| e.message)?;
    let node = document.root().child("value").ok_or("the value is empty")?;
    Ok(Value::from_node(&type_name, node))
}

fn read_slicing(line: &mut Line<'_>, ordered: bool) -> Result<Slicing, String> {
    let rules = line.until(&['(']);
    let rules = SlicingRules::ALL.iter().find(|(_, c)| *c == rules).map(|(r, _)| *r);
    let rules = rules.ok_or("slicing rules are missing")?;
    let mut discriminators = vec![];
    if !line.skip('(') {
        return Err("`(` is missing".to_owned());
    }
    if !line.skip(')') {
        discriminators = comma_separated(line, |line| {
            let kind = line.until(&['=']);
            let kind = DiscriminatorKind::ALL.iter().find(|(_, c)| *c == kind).map(|(k, _)| *k);
            let kind = kind.filter(|_| line.skip('=')).ok_or("the kind of a discriminator is missing")?;
            Ok(Discriminator { kind, path: line.name()?.into() })
        })?;
        if !line.skip(')') {
            return Err("`)` is missing".to_owned());
        }
    }
    Ok(Slicing { discriminators, ordered, rules })
}

fn read_constraint(line: &mut Line<'_>) -> Result<Arc<Constraint>, String> {
    let severity = if line.skip('?') { ConstraintSeverity::Warning } else { ConstraintSeverity::Error };
    Ok(Arc::new(Constraint { key: line.name()?.into(), severity, human: "".into(), expression: None }))
}

fn read_flag(line: &mut Line<'_>) -> Result<bool, String> {
    match line.until(&[]) {
        "true" => Ok(true),
        "false" => Ok(false),
        other => Err(format!("`{other}` is neither `true` nor `false`")),
    }
}
