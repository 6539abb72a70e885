//! What is compared of a snapshot, ours or published, and how published ones write it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use keur::definitions::profile::{ElementDefinition, ElementNode, ElementRules, Value};
use keur::fhir::NodeRef;
use libtest_mimic::Failed;

/// What is compared of one element, each as text.
#[derive(Default, Clone, PartialEq)]
pub struct Facts {
    min: String,
    max: String,
    /// By code: profiles and targets.
    types: BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)>,
    fixed: String,
    pattern: String,
    binding: String,
    slicing: String,
    content: String,
}

/// A published snapshot: facts by id. None is an element that is only implied (the choice of a renamed one).
pub type Published = BTreeMap<String, Option<Facts>>;

fn without_version(canonical: &str) -> &str {
    canonical.split('|').next().unwrap_or(canonical)
}

/// A value as text: primitives with their paths, sorted.
fn value_text(value: &Value) -> String {
    fn leaves(node: NodeRef<'_>, path: &str, into: &mut Vec<String>) {
        into.extend(node.value().map(|v| format!("{path}={v}")));
        for child in node.children() {
            leaves(child, &format!("{path}.{}", child.name()), into);
        }
    }
    match (value.text(), value.node()) {
        (Some(text), _) => format!("{}:{text}", value.type_name),
        (None, Some(node)) => {
            let mut parts = vec![];
            leaves(node, "", &mut parts);
            parts.sort();
            format!("{} {}", value.type_name, parts.join(" "))
        }
        _ => String::new(),
    }
}

fn facts(rules: &ElementRules) -> Facts {
    let mut facts = Facts {
        min: rules.min.map(|m| m.to_string()).unwrap_or_default(),
        max: rules.max.map(|m| m.to_string()).unwrap_or_default(),
        fixed: rules.fixed.as_ref().map(value_text).unwrap_or_default(),
        pattern: rules.pattern.as_ref().map(value_text).unwrap_or_default(),
        content: rules.content_reference.as_deref().unwrap_or_default().to_owned(),
        ..Facts::default()
    };
    for rule in &rules.types {
        let entry = facts.types.entry(rule.code.to_string()).or_default();
        entry.0.extend(rule.profiles.iter().map(|p| without_version(p).to_owned()));
        entry.1.extend(rule.targets.iter().map(|p| without_version(p).to_owned()));
    }
    if let Some(binding) = &rules.binding {
        let set = binding.value_set.as_deref().map(without_version).unwrap_or_default();
        facts.binding = format!("{} {set}", binding.strength.code());
    }
    if let Some(slicing) = &rules.slicing {
        let mut paths: Vec<String> =
            slicing.discriminators.iter().map(|d| format!("{}:{}", d.kind.code(), d.path)).collect();
        paths.sort();
        facts.slicing = format!("{}|{}|{}", paths.join(","), slicing.rules.code(), slicing.ordered);
    }
    facts
}

/// Facts by id. In the order of the tree, whatever ids were written.
pub fn by_id(root: &ElementNode) -> Published {
    let mut all = BTreeMap::new();
    root.walk(&mut |_, id, node| {
        let implied = *node.rules == ElementRules::default();
        all.insert(id.to_owned(), (!implied).then(|| facts(&node.rules)));
    });
    all
}

/// Before STU3's successors a snapshot gave a choice of one type its own path (`Observation.valueQuantity`);
/// `base.path` says what it is. Here it becomes what newer ones write, a slice of `value[x]`.
pub fn with_choices(elements: Vec<ElementDefinition>, document: NodeRef<'_>) -> Vec<ElementDefinition> {
    let written = document.child("snapshot").into_iter().flat_map(|s| s.children_named("element"));
    let mut renamed: Vec<(String, String)> = vec![];
    let mut out = vec![];
    for (mut element, node) in elements.into_iter().zip(written) {
        let path = element.path.to_string();
        renamed.retain(|(from, _)| path.starts_with(&format!("{from}.")));
        let mut new = match renamed.last() {
            Some((from, to)) => format!("{to}{}", &path[from.len()..]),
            None => path.clone(),
        };
        let base = node.child("base").and_then(|b| b.child_value("path")).unwrap_or_default();
        let name = path.rsplit('.').next().unwrap_or_default().to_owned();
        if base.ends_with("[x]") && !name.ends_with("[x]") {
            let choice = base.rsplit('.').next().unwrap_or_default();
            new = format!("{}{choice}", &new[..new.len() - name.len()]);
            element.slice_name = Some(name.into());
            renamed.push((path, new.clone()));
        }
        element.path = new.into();
        out.push(element);
    }
    out
}

pub fn published_facts(path: &Path) -> Result<(String, Published), Failed> {
    let json: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path)?)?;
    let text = |v: &serde_json::Value, k: &str| v[k].as_str().unwrap_or_default().to_owned();
    let mut all = BTreeMap::new();
    for element in json["element"].as_array().into_iter().flatten() {
        let mut facts = Facts {
            min: element["min"].to_string(),
            max: text(element, "max"),
            fixed: text(element, "fixed"),
            pattern: text(element, "pattern"),
            binding: text(element, "binding"),
            content: text(element, "contentReference"),
            ..Facts::default()
        };
        if let Some((strength, set)) = facts.binding.clone().split_once(' ') {
            facts.binding = format!("{strength} {}", without_version(set).trim_start_matches("null"));
        }
        for entry in element["type"].as_array().into_iter().flatten() {
            let mut words = entry.as_str().unwrap_or_default().split(' ');
            let entry = facts.types.entry(words.next().unwrap_or_default().to_owned()).or_default();
            for word in words {
                match word.split_once('=') {
                    Some(("profile", p)) => entry.0.insert(without_version(p).to_owned()),
                    Some(("target", p)) => entry.1.insert(without_version(p).to_owned()),
                    _ => false,
                };
            }
        }
        if let Some((paths, rest)) = text(element, "slicing").split_once('|') {
            let mut paths: Vec<&str> = paths.split(',').collect();
            paths.sort();
            facts.slicing = format!("{}|{rest}", paths.join(","));
        }
        all.insert(text(element, "id"), Some(facts));
    }
    Ok((text(&json, "url"), all))
}

/// Brings the published ids of renamed choices (`valueString:valueString`) to those of slices of the choice
/// (`value[x]:valueString`), whose element is implied then.
pub fn with_choice_ids(published: Published, ours: &Published) -> Published {
    let mut all = Published::new();
    for (id, facts) in published {
        let mut new = String::new();
        for part in id.split('.') {
            let before = new.clone();
            if !new.is_empty() {
                new.push('.');
            }
            let (name, slice) = part.split_once(':').unwrap_or((part, part));
            let unknown = !ours.contains_key(&format!("{new}{part}"));
            let choice = Some(name).filter(|n| *n == slice && unknown).and_then(|name| {
                let capitals = name.char_indices().filter(|(at, c)| *at > 0 && c.is_ascii_uppercase());
                let mut choices = capitals.map(|(at, _)| format!("{new}{}[x]", &name[..at]));
                choices.find(|choice| ours.contains_key(choice)).map(|choice| (choice, name))
            });
            match choice {
                Some((choice, slice)) => {
                    all.entry(choice.clone()).or_insert(None);
                    new = format!("{choice}:{slice}");
                }
                None => new = if before.is_empty() { part.to_owned() } else { format!("{before}.{part}") },
            }
        }
        all.insert(new, facts);
    }
    all
}

/// Two ways to write one thing: under closed slicing by type only the types of the slices are left, and
/// where that is one, choice and slice are required alike. Publishers write sometimes the base's types and
/// cardinality, sometimes what is left; here it is what is left.
pub fn settle(all: &mut Published) {
    let closed: Vec<String> = all
        .iter()
        .filter(|(id, facts)| {
            id.ends_with("[x]") && facts.as_ref().is_some_and(|f| f.slicing == "type:$this|closed|false")
        })
        .map(|(id, _)| id.clone())
        .collect();
    for id in closed {
        let prefix = format!("{id}:");
        let slices: Vec<String> =
            all.keys().filter(|k| k.strip_prefix(&prefix).is_some_and(|s| !s.contains('.'))).cloned().collect();
        let of = |all: &Published, id: &String| all.get(id).cloned().flatten().unwrap_or_default();
        let types: BTreeSet<String> = slices.iter().flat_map(|s| of(all, s).types.into_keys()).collect();
        let own = of(all, &id).min;
        let min = slices.iter().map(|s| of(all, s).min).chain([own]).max().unwrap_or_default();
        if let Some(Some(choice)) = all.get_mut(&id) {
            choice.types = types.into_iter().map(|t| (t, Default::default())).collect();
            choice.min.clone_from(&min);
        }
        if let [only] = &*slices
            && let Some(Some(only)) = all.get_mut(only)
        {
            only.min = min;
        }
    }
}

/// True when something above an element is only implied: then nothing is published below it.
pub fn below_implied(id: &str, published: &Published) -> bool {
    id.match_indices('.').any(|(at, _)| matches!(published.get(&id[..at]), Some(None)))
}

/// The fields in which two elements differ, with both values.
pub fn differences(theirs: &Facts, ours: &Facts, complete: bool) -> Vec<(&'static str, String, String)> {
    let mut found = vec![];
    let mut check = |name, a: &str, b: &str| {
        if a != b {
            found.push((name, a.to_owned(), b.to_owned()));
        }
    };
    check("min", &theirs.min, &ours.min);
    check("max", &theirs.max, &ours.max);
    check("fixed", &theirs.fixed, &ours.fixed);
    // The reduced facts name a complex pattern by its type only.
    let pattern = match complete {
        true => ours.pattern.as_str(),
        false => ours.pattern.split([' ', ':']).next().unwrap_or_default(),
    };
    check("pattern", &theirs.pattern, pattern);
    check("binding", &theirs.binding, &ours.binding);
    check("slicing", &theirs.slicing, &ours.slicing);
    check("content", theirs.content.rsplit('#').next().unwrap_or_default(), &ours.content);
    let (a, b) = (types_text(&theirs.types), types_text(&ours.types));
    check("types", &a, &b);
    found
}

/// One field of the facts, as text.
pub fn field_of<'f>(facts: &'f Facts, field: &str) -> &'f str {
    match field {
        "min" => &facts.min,
        "max" => &facts.max,
        "fixed" => &facts.fixed,
        "pattern" => &facts.pattern,
        "binding" => &facts.binding,
        "slicing" => &facts.slicing,
        _ => "",
    }
}

fn types_text(types: &BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)>) -> String {
    let last = |c: &String| c.rsplit('/').next().unwrap_or_default().to_owned();
    let list = |set: &BTreeSet<String>| set.iter().map(last).collect::<Vec<_>>().join(",");
    let one = |(code, (profiles, targets)): (&String, &(BTreeSet<String>, BTreeSet<String>))| {
        let mut text = code.clone();
        if !profiles.is_empty() {
            text.push_str(&format!("^{}", list(profiles)));
        }
        if !targets.is_empty() {
            text.push_str(&format!(">{}", list(targets)));
        }
        text
    };
    types.iter().map(one).collect::<Vec<_>>().join(" ")
}
