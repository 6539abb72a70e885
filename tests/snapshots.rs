//! Snapshots of ours against published ones: HL7's own, those of an implementation guide, and those the
//! HL7 validator made. Every element is compared in path, slice, cardinality, types, fixed and pattern
//! value, binding and slicing.
//!
//! `tests/snapshots/*.txt` list the differences that are left, each group with its reason. A difference that
//! is not listed fails, and so does a listed one that is gone: the lists may only shrink.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use keur::definitions::profile::{
    DefinitionSource, Derivation, ElementDefinition, ElementNode, ElementRules, ProfileError, Profiles,
    SnapshotProblem, StructureDefinition,
};
use keur::fhir::{Document, Format, NodeRef, read};
use libtest_mimic::{Arguments, Failed, Trial};

/// The share of elements that must be equal in every set.
const BOUND: f64 = 0.99;

fn main() {
    let arguments = Arguments::from_args();
    let assets = std::env::var_os("KEUR_ASSETS").map_or_else(|| PathBuf::from("target/assets"), PathBuf::from);
    let required = std::env::var_os("KEUR_REQUIRE_ASSETS").is_some_and(|v| v == "1");
    let there = assets.join("packages").is_dir();
    let trials = sets().into_iter().map(|set| {
        let (assets, name) = (assets.clone(), set.name);
        let test = move || {
            if !there {
                return Err(Failed::from(format!("official material is not in `{}`", assets.display())));
            }
            compare(&set, &assets)
        };
        Trial::test(name, test).with_ignored_flag(!there && !required)
    });
    libtest_mimic::run(&arguments, trials.collect()).exit();
}

/// A set of published snapshots.
struct Set {
    name: &'static str,
    /// Packages, the first of which holds what is looked at; later ones are asked later.
    packages: &'static [&'static str],
    /// Where the published snapshots are.
    reference: Reference,
}

enum Reference {
    /// In the definitions of the first package themselves.
    Own,
    /// A folder of facts below `oracle/snapshots`; profiles in `<folder>.broken.txt` are left out.
    Facts(&'static str),
}

fn sets() -> Vec<Set> {
    const R3: &str = "hl7.fhir.r3.core-3.0.2";
    const ZIB: &str = "nictiz.fhir.nl.stu3.zib2017-2.2.18";
    vec![
        Set { name: "core-stu3", packages: &[R3], reference: Reference::Own },
        Set { name: "core-r4", packages: &["hl7.fhir.r4.core-4.0.1"], reference: Reference::Own },
        Set { name: "zib2017-ig", packages: &["zibs2017-ig-1.3.15", R3], reference: Reference::Own },
        Set {
            name: "zib2017-2.2.18",
            packages: &[
                ZIB,
                "nictiz.fhir.nl.stu3.eafspraak-1.0.6",
                "nictiz.fhir.nl.stu3.bgz-msz-2.0-alpha",
                "nictiz.fhir.nl.stu3.eoverdracht-1.0.0-rc.23",
                "nictiz.fhir.nl.stu3.images-1.0.3",
                "nictiz.fhir.nl.stu3.questionnaires-2.0.8",
                R3,
            ],
            reference: Reference::Facts("zib2017-2.2.18"),
        },
        Set {
            name: "zib2017-1.3.19",
            packages: &["nictiz.fhir.nl.stu3.zib2017-1.3.19", R3],
            reference: Reference::Facts("zib2017-1.3.19"),
        },
        Set {
            name: "geboortezorg-1.3.3",
            packages: &["nictiz.fhir.nl.stu3.geboortezorg-1.3.3", ZIB, R3],
            reference: Reference::Facts("geboortezorg-1.3.3"),
        },
    ]
}

/// The StructureDefinitions of a `.tgz`.
struct Tarball {
    texts: HashMap<String, (String, Arc<str>)>,
}

impl Tarball {
    fn open(path: &Path) -> Result<Tarball, Failed> {
        let file = std::fs::File::open(path).map_err(|e| format!("{}: {e}", path.display()))?;
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file));
        let mut texts = HashMap::new();
        for entry in archive.entries()? {
            let mut entry = entry?;
            let name = entry.path()?.to_string_lossy().into_owned();
            if !name.starts_with("package/") || !name.ends_with(".json") || name.matches('/').count() != 1 {
                continue;
            }
            let mut text = String::new();
            if entry.read_to_string(&mut text).is_err() || !text.contains("\"StructureDefinition\"") {
                continue;
            }
            let text: Arc<str> = text.into();
            let Ok(document) = read(text.clone(), Format::Json) else { continue };
            let root = document.root();
            if root.resource_type() == Some("StructureDefinition")
                && let Some(url) = root.child_value("url")
            {
                texts.entry(url.to_owned()).or_insert((name, text));
            }
        }
        Ok(Tarball { texts })
    }

    fn document(&self, url: &str) -> Option<Document> {
        self.texts.get(url).and_then(|(_, text)| read(text.clone(), Format::Json).ok())
    }
}

impl Tarball {
    /// True for the few definitions of a source-only package that were published with a snapshot.
    fn ships_snapshot(&self, url: &str) -> bool {
        let is_core = url.starts_with("http://hl7.org/fhir/");
        !is_core && self.document(url).is_some_and(|d| d.root().child("snapshot").is_some())
    }
}

impl DefinitionSource for Tarball {
    fn definition(&self, url: &str, version: Option<&str>) -> Option<Result<StructureDefinition, ProfileError>> {
        let (file, _) = self.texts.get(url)?;
        let document = self.document(url)?;
        let root = document.root();
        if version.is_some() && version != root.child_value("version") {
            return None;
        }
        Some(
            StructureDefinition::read(root)
                .map_err(|e| ProfileError::Unreadable { canonical: url.into(), reason: format!("{file}: {e}") }),
        )
    }

    fn urls(&self) -> Vec<Arc<str>> {
        self.texts.keys().map(|u| u.as_str().into()).collect()
    }
}

/// What is compared of one element, each as text.
#[derive(Default, Clone, PartialEq)]
struct Facts {
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
type Published = BTreeMap<String, Option<Facts>>;

fn without_version(canonical: &str) -> &str {
    canonical.split('|').next().unwrap_or(canonical)
}

/// A value as text: primitives with their paths, sorted.
fn value_text(value: &keur::definitions::profile::Value) -> String {
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
fn by_id(root: &ElementNode) -> Published {
    let mut all = BTreeMap::new();
    root.walk(&mut |_, id, node| {
        let implied = *node.rules == ElementRules::default();
        all.insert(id.to_owned(), (!implied).then(|| facts(&node.rules)));
    });
    all
}

/// Before STU3's successors a snapshot gave a choice of one type its own path (`Observation.valueQuantity`);
/// `base.path` says what it is. Here it becomes what newer ones write, a slice of `value[x]`.
fn with_choices(elements: Vec<ElementDefinition>, document: NodeRef<'_>) -> Vec<ElementDefinition> {
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

fn published_facts(path: &Path) -> Result<(String, Published), Failed> {
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
fn with_choice_ids(published: Published, ours: &Published) -> Published {
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
fn settle(all: &mut Published) {
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
fn below_implied(id: &str, published: &Published) -> bool {
    id.match_indices('.').any(|(at, _)| matches!(published.get(&id[..at]), Some(None)))
}

/// The fields in which two elements differ, with both values.
fn differences(theirs: &Facts, ours: &Facts, complete: bool) -> Vec<(&'static str, String, String)> {
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
fn field_of<'f>(facts: &'f Facts, field: &str) -> &'f str {
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

fn compare(set: &Set, assets: &Path) -> Result<(), Failed> {
    let mut tarballs = vec![];
    for package in set.packages {
        tarballs.push(Arc::new(Tarball::open(&assets.join("packages").join(format!("{package}.tgz")))?));
    }
    let profiles = Profiles::new(tarballs.iter().map(|t| t.clone() as Arc<dyn DefinitionSource>).collect());
    let mut references: BTreeMap<String, Published> = BTreeMap::new();
    let mut stated: HashMap<String, Published> = HashMap::new();
    let complete = matches!(set.reference, Reference::Own);
    match set.reference {
        Reference::Own => {
            for url in tarballs[0].urls() {
                let Some(document) = tarballs[0].document(&url) else { continue };
                let root = document.root();
                let both = root.child("differential").is_some() && root.child("snapshot").is_some();
                if !both || root.child_value("derivation") != Some("constraint") {
                    continue;
                }
                let snapshot = StructureDefinition::read_snapshot(root).map_err(|e| format!("{url}: {e}"))?;
                let elements = with_choices(snapshot.elements, root);
                let tree = ElementNode::from_list(&elements).map_err(|e| format!("{url}: {e}"))?;
                references.insert(url.to_string(), by_id(&tree));
                let differential = StructureDefinition::read(root).map_err(|e| format!("{url}: {e}"))?;
                let tree = ElementNode::from_list(&differential.elements).map_err(|e| format!("{url}: {e}"))?;
                stated.insert(url.to_string(), by_id(&tree));
            }
        }
        Reference::Facts(folder) => {
            let folder = assets.join("oracle/snapshots").join(folder);
            let broken = std::fs::read_to_string(format!("{}.broken.txt", folder.display())).unwrap_or_default();
            let broken: BTreeSet<&str> = broken.lines().filter_map(|l| l.split_whitespace().next()).collect();
            for entry in std::fs::read_dir(&folder)? {
                let (url, published) = published_facts(&entry?.path())?;
                if !broken.contains(url.as_str()) {
                    references.insert(url, published);
                }
            }
        }
    }
    let mut lines = vec![];
    let mut left_out = vec![];
    let count = references.len();
    let (mut equal, mut total, mut own_faults) = (0usize, 0usize, 0usize);
    for (url, theirs) in references {
        let url = &url;
        let name = url.rsplit('/').next().unwrap_or(url);
        let snapshot = match profiles.snapshot(url) {
            Ok(snapshot) => snapshot,
            Err(error) => {
                total += theirs.len();
                lines.push(format!("{name} * failed: {error}"));
                continue;
            }
        };
        assert_eq!(snapshot.definition.derivation, Derivation::Constraint);
        let unfitting = |p: &SnapshotProblem| matches!(p, SnapshotProblem::UnknownElement { .. });
        if snapshot.problems.iter().any(unfitting) {
            left_out.push(format!("{name} (its differential does not fit its base)"));
            continue;
        }
        if !complete && tarballs.iter().any(|t| t.ships_snapshot(url)) {
            left_out.push(format!("{name} (not generated: the package brings its snapshot)"));
            continue;
        }
        for problem in &snapshot.problems {
            lines.push(format!("{name} * problem: {problem}"));
        }
        let mut ours = by_id(&snapshot.root);
        let mut theirs = with_choice_ids(theirs, &ours);
        settle(&mut ours);
        settle(&mut theirs);
        let ids: BTreeSet<&String> = theirs.keys().chain(ours.keys()).collect();
        for id in ids {
            let mut found = match (theirs.get(id), ours.get(id)) {
                // Implied by what is in it: nothing to compare with.
                (Some(None), _) => continue,
                (Some(Some(a)), Some(Some(b))) => differences(a, b, complete),
                (Some(_), _) => vec![("missing", "there".to_owned(), String::new())],
                (None, _) if below_implied(id, &theirs) => continue,
                (None, _) => vec![("extra", String::new(), "there".to_owned())],
            };
            // A published snapshot that has not what its own differential states is no measure.
            let said = stated.get(url).and_then(|s| s.get(id)).cloned().flatten();
            let before = found.len();
            found.retain(|(field, _, ours)| said.as_ref().is_none_or(|s| field_of(s, field) != ours));
            if found.len() < before && found.is_empty() {
                own_faults += 1;
                continue;
            }
            total += 1;
            if found.is_empty() {
                equal += 1;
            }
            for (field, a, b) in found {
                lines.push(format!("{name} {id} {field}: `{a}` `{b}`"));
            }
        }
    }
    if !left_out.is_empty() {
        println!("{}: left out {}", set.name, left_out.join(", "));
    }
    let share = equal as f64 / total.max(1) as f64;
    println!(
        "{}: {} snapshots, {equal} of {total} elements equal ({:.2} %), {} differences; \
         {own_faults} more published without what their own differential states",
        set.name,
        count - left_out.len(),
        share * 100.0,
        lines.len()
    );
    if let Some(folder) = std::env::var_os("KEUR_SNAPSHOT_DIFFERENCES") {
        std::fs::write(PathBuf::from(folder).join(format!("{}.txt", set.name)), lines.join("\n") + "\n")?;
    }
    if share < BOUND {
        return Err(format!("{:.2} % of the elements are equal, at least 99 % must be", share * 100.0).into());
    }
    Ok(())
}
