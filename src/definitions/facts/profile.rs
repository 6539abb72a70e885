//! Profiles and extensions: what a StructureDefinition adds to the one it derives from.
//!
//! ```text
//! profile http://nictiz.nl/fhir/StructureDefinition/zib-Example
//! version 2.2.18
//! type Observation
//! kind resource
//! base http://nictiz.nl/fhir/StructureDefinition/nl-core-observation
//!
//! Observation .. - invariants=example-1
//! code 1.. -
//! code.coding .. - slicing=open(value=code,value=system)
//! code.coding:SnomedCode ..1 -
//! code.coding.code 1.. - fixed=code(75367002)
//! value[x] .. Quantity,CodeableConcept extensible=http://decor.nictiz.nl/fhir/ValueSet/x
//! ```
//!
//! The elements come in the order of the differential, each with the name of its slice after a colon, both
//! ends of its cardinality where they are stated, and its types (`-` where none are). Of a reference the
//! aggregation stands in braces. A fixed value, pattern or limit is its type with a primitive's text in
//! parentheses, or with JSON.

use std::fmt::Write as _;
use std::sync::Arc;

use super::syntax::{self, Line};
use super::{FactsError, relative};
use crate::definitions::profile::{
    Aggregation, Constraint, ConstraintSeverity, Derivation, Discriminator, DiscriminatorKind, ElementBinding,
    ElementDefinition, ElementRules, ExtensionContext, Max, Slicing, SlicingRules, StructureDefinition, TypeRule,
    Value, Versioning,
};
use crate::definitions::structure::{CORE, CORE_VALUE_SETS};
use crate::definitions::typed::JSON_KINDS;
use crate::definitions::types::BindingStrength;
use crate::fhir::shape::AsRead;
use crate::fhir::{Format, Kind, json};

/// The limits of a value, in the order they are written.
const VALUES: [&str; 4] = ["fixed", "pattern", "min-value", "max-value"];

/// Writes one profile.
pub fn write_profile(definition: &StructureDefinition) -> String {
    let mut out = String::from("profile ");
    syntax::name(&mut out, &definition.url);
    out.push('\n');
    let mut header = |keyword: &str, value: Option<&str>| {
        if let Some(value) = value.filter(|v| !v.is_empty()) {
            out.push_str(keyword);
            out.push(' ');
            syntax::name(&mut out, value);
            out.push('\n');
        }
    };
    header("version", definition.version.as_deref());
    header("name", Some(&definition.name));
    header("type", Some(&definition.type_name));
    header("kind", Some(&definition.kind));
    header("base", definition.base.as_deref());
    for (is, keyword) in [
        (definition.derivation == Derivation::Specialization, "specialization"),
        (definition.is_abstract, "abstract"),
        (definition.is_snapshot, "snapshot"),
    ] {
        if is {
            let _ = writeln!(out, "{keyword}");
        }
    }
    for context in &definition.contexts {
        let _ = write!(out, "context {} ", context.kind);
        syntax::name(&mut out, &context.expression);
        out.push('\n');
    }
    out.push('\n');
    for element in &definition.elements {
        write_element(&mut out, &definition.type_name, element);
    }
    out
}

fn write_element(out: &mut String, owner: &str, element: &ElementDefinition) {
    let rules = &*element.rules;
    out.push_str(relative(&element.path, owner));
    if let Some(slice) = &element.slice_name {
        out.push(':');
        syntax::name(out, slice);
    }
    let start = out.len();
    out.push(' ');
    if let Some(min) = rules.min {
        let _ = write!(out, "{min}");
    }
    out.push_str("..");
    if let Some(max) = rules.max {
        let _ = write!(out, "{max}");
    }
    out.push(' ');
    if rules.types.is_empty() {
        out.push('-');
    }
    for (i, rule) in rules.types.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        write_type(out, rule);
    }
    if &out[start..] == " .. -" {
        out.truncate(start);
        if *rules
            == (ElementRules {
                short: rules.short.clone(),
                conditions: rules.conditions.clone(),
                ..ElementRules::default()
            })
        {
            out.push('\n');
            return;
        }
        out.push_str(" .. -");
    }
    if let Some(reference) = &rules.content_reference {
        property(out, "content");
        syntax::name(out, reference);
    }
    for (name, value) in VALUES.iter().zip([&rules.fixed, &rules.pattern, &rules.min_value, &rules.max_value]) {
        if let Some(value) = value {
            property(out, name);
            write_value(out, value);
        }
    }
    if let Some(length) = rules.max_length {
        let _ = write!(out, " max-length={length}");
    }
    if let Some(binding) = &rules.binding {
        write_binding(out, binding);
    }
    if let Some(slicing) = &rules.slicing {
        write_slicing(out, slicing);
    }
    for (i, constraint) in rules.constraints.iter().enumerate() {
        match i {
            0 => property(out, "invariants"),
            _ => out.push(','),
        }
        if constraint.severity == ConstraintSeverity::Warning {
            out.push('?');
        }
        syntax::name(out, &constraint.key);
    }
    for (name, flag) in [("modifier", rules.is_modifier), ("support", rules.must_support)] {
        if let Some(flag) = flag {
            let _ = write!(out, " {name}={flag}");
        }
    }
    out.push('\n');
}

fn property(out: &mut String, name: &str) {
    out.push(' ');
    out.push_str(name);
    out.push('=');
}

fn write_type(out: &mut String, rule: &TypeRule) {
    syntax::name(out, &rule.code);
    syntax::list(out, '[', &rule.profiles, ']');
    syntax::list(out, '(', &rule.targets, ')');
    let aggregation =
        rule.aggregation.iter().filter_map(|a| Aggregation::ALL.iter().find(|(b, _)| a == b)).map(|(_, c)| *c);
    let versioning =
        rule.versioning.iter().filter_map(|v| Versioning::ALL.iter().find(|(b, _)| v == b)).map(|(_, c)| *c);
    let words: Vec<&str> = aggregation.chain(versioning).collect();
    if !words.is_empty() {
        let _ = write!(out, "{{{}}}", words.join(","));
    }
}

fn write_value(out: &mut String, value: &Value) {
    syntax::name(out, &value.type_name);
    match (value.node().filter(|n| n.kind() == Kind::Complex), value.text()) {
        (Some(node), _) => out.push_str(&json::write(node, &AsRead, json::Layout::Compact)),
        (None, text) => {
            out.push('(');
            syntax::name(out, text.or(value.node().and_then(|n| n.value())).unwrap_or_default());
            out.push(')');
        }
    }
}

fn write_binding(out: &mut String, binding: &ElementBinding) {
    property(out, binding.strength.code());
    match &binding.value_set {
        Some(set) => syntax::canonical(out, set, CORE_VALUE_SETS),
        None => out.push('-'),
    }
    let max: Vec<Arc<str>> = binding.max_value_set.iter().cloned().collect();
    for (name, canonicals) in [
        ("max-value-set", &max),
        ("permitted-maps", &binding.permitted_concept_maps),
        ("permitted-value-sets", &binding.permitted_value_sets),
    ] {
        if !canonicals.is_empty() {
            property(out, name);
            syntax::list(out, '(', canonicals, ')');
        }
    }
}

fn write_slicing(out: &mut String, slicing: &Slicing) {
    property(out, if slicing.ordered { "ordered-slicing" } else { "slicing" });
    out.push_str(slicing.rules.code());
    out.push('(');
    for (i, discriminator) in slicing.discriminators.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        let _ = write!(out, "{}=", discriminator.kind.code());
        syntax::name(out, &discriminator.path);
    }
    out.push(')');
}

/// The canonical of the profile in a file, without reading more than its first line.
pub fn canonical_of(text: &str) -> Option<&str> {
    text.lines().next()?.strip_prefix("profile ")
}

/// Reads one profile.
pub fn read_profile(file: &str, text: &str) -> Result<StructureDefinition, FactsError> {
    let mut definition = StructureDefinition { derivation: Derivation::Constraint, ..StructureDefinition::default() };
    let mut header = true;
    for (i, line) in text.lines().enumerate() {
        let fail = |message: String| FactsError { file: file.to_owned(), line: i + 1, message };
        if line.is_empty() {
            header = false;
        } else if header {
            read_header(&mut definition, line).map_err(fail)?;
        } else {
            let element = read_element(&definition.type_name, line).map_err(fail)?;
            definition.elements.push(element);
        }
    }
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
