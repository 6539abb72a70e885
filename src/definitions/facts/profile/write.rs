//! A profile as the lines of its facts.

use std::fmt::Write as _;
use std::sync::Arc;

use super::VALUES;
use crate::definitions::facts::{relative, syntax};
use crate::definitions::profile::{
    Aggregation, ConstraintSeverity, Derivation, ElementBinding, ElementDefinition, ElementRules, Slicing,
    StructureDefinition, TypeRule, Value, Versioning,
};
use crate::definitions::structure::CORE_VALUE_SETS;
use crate::fhir::shape::AsRead;
use crate::fhir::{Kind, json};

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
