//! Our expressions beside those of the packages: the same truth at every element where both can be asked.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use keur::definitions::package::Package;
use keur::fhir::FhirVersion;
use keur::fhirpath::{Context, Expression};
use keur::validation::invariant::rows;
use libtest_mimic::Failed;
use toml::Table;

/// The packages whose invariants are compared.
const PACKAGES: [(FhirVersion, &[&str]); 2] = [
    (
        FhirVersion::Stu3,
        &[
            "hl7.fhir.r3.core-3.0.2",
            "nictiz.fhir.nl.stu3.zib2017-2.2.18",
            "nictiz.fhir.nl.stu3.zib2017-1.3.19",
            "nictiz.fhir.nl.stu3.geboortezorg-1.3.3",
            "nictiz.fhir.nl.stu3.questionnaires-2.0.8",
        ],
    ),
    (
        FhirVersion::R4,
        &[
            "hl7.fhir.r4.core-4.0.1",
            "nictiz.fhir.nl.r4.zib2020-0.11.0-beta.1",
            "nictiz.fhir.nl.r4.zib2020-0.8.0-beta.1",
            "nictiz.fhir.nl.r4.nl-core-0.11.0-beta.1",
            "nictiz.fhir.nl.r4.medicationprocess9-2.0.0-rc.7",
        ],
    ),
];

/// Paths of profiles as the base definitions have them.
const RENAMED: [(&str, &str); 3] = [
    ("Observation.interpretation.coding", "Coding"),
    ("Observation.valueDateTime", "Observation.value[x]"),
    ("Address.line.extension.value[x]", "Extension.value[x]"),
];

/// An official expression and a place it is for.
struct Official {
    key: String,
    expression: Expression,
    own: Option<usize>,
}

/// What came of one key.
#[derive(Default)]
struct Tally {
    evaluations: u64,
    broken: u64,
    differences: u64,
    example: Option<String>,
}

/// Invariants of the packages by the path they stand at.
fn collect(assets: &Path, packages: &[&str]) -> Result<HashMap<String, Vec<(String, String)>>, Failed> {
    let mut by_path: HashMap<String, Vec<(String, String)>> = HashMap::new();
    let mut seen = HashSet::new();
    for package in packages {
        let package = Package::open(&assets.join(format!("packages/{package}.tgz"))).map_err(|e| e.to_string())?;
        for resource in package.of_type("StructureDefinition") {
            let document = package.document(resource).map_err(|e| e.to_string())?;
            let views = ["snapshot", "differential"].iter().filter_map(|v| document.root().child(v));
            for element in views.flat_map(|v| v.children_named("element")) {
                let Some(path) = element.child_value("path") else { continue };
                for constraint in element.children_named("constraint") {
                    let (Some(key), Some(text)) = (constraint.child_value("key"), constraint.child_value("expression"))
                    else {
                        continue;
                    };
                    if seen.insert((path.to_owned(), key.to_owned(), text.to_owned())) {
                        by_path.entry(path.to_owned()).or_default().push((key.to_owned(), text.to_owned()));
                    }
                }
            }
        }
    }
    Ok(by_path)
}

pub fn run(release: FhirVersion, assets: &Path) -> Result<(), Failed> {
    let table = super::types(release);
    let (_, packages) = PACKAGES.iter().find(|(of, _)| *of == release).ok_or("no packages")?;
    let rows: Vec<_> = rows(release).collect();
    let mut own = vec![];
    for row in &rows {
        own.push(Expression::parse(row.expression).map_err(|e| format!("{}: {}", row.key, e.message))?);
    }
    let mut unreadable = vec![];
    let mut keys: HashSet<String> = HashSet::new();
    let mut without: HashSet<String> = HashSet::new();
    let mut official: HashMap<String, Vec<Official>> = HashMap::new();
    for (path, invariants) in collect(assets, packages)? {
        for (key, text) in invariants {
            let Ok(expression) = Expression::parse(&text) else {
                unreadable.push(key);
                continue;
            };
            // A path into a data type is met as an element of that type.
            let path = RENAMED.iter().find(|(from, _)| *from == path).map_or(&*path, |(_, to)| to);
            let about = |at: &&str| *at == path;
            let own = rows.iter().position(|r| r.key == key && (r.at.is_empty() || r.at.iter().any(&about)));
            if own.is_none() {
                without.insert(format!("{key} at {path}"));
            }
            keys.insert(key.clone());
            official.entry(path.to_owned()).or_default().push(Official { key, expression, own });
        }
    }
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    let documents = super::corpus::each(release, assets, &table, |document, name| {
        for node in document.root().descendants_and_self() {
            let path = document.element(node.id()).map(|e| &*e.path);
            let type_name = document.type_name(node.id());
            let places = [Some(type_name), path.filter(|p| *p != type_name)];
            for invariant in places.into_iter().flatten().filter_map(|p| official.get(p)).flatten() {
                let Some(own_at) = invariant.own else { continue };
                let context = Context::new(document).at(node.id()).with_written_names();
                let theirs = invariant.expression.test(&context).ok();
                let ours = own[own_at].test(&context).ok();
                let shortcut = rows[own_at].shortcut.and_then(|s| s(document, node));
                let tally = tallies.entry(invariant.key.clone()).or_default();
                tally.evaluations += 1;
                tally.broken += u64::from(ours != Some(true));
                if ours != theirs || shortcut.is_some_and(|s| ours != Some(s)) {
                    tally.differences += 1;
                    tally.example.get_or_insert_with(|| {
                        format!("{name} {}: ours {ours:?}, theirs {theirs:?}, shortcut {shortcut:?}", node.path())
                    });
                }
            }
        }
    })?;
    report(release, documents, &keys, &without, &tallies, &unreadable)
}

fn report(
    release: FhirVersion,
    documents: usize,
    keys: &HashSet<String>,
    without: &HashSet<String>,
    tallies: &BTreeMap<String, Tally>,
    unreadable: &[String],
) -> Result<(), Failed> {
    let differs: Table = include_str!("differs.toml").parse().map_err(|e| format!("{e}"))?;
    let listed = differs.get(&release.to_string()).and_then(|t| t.as_table()).cloned().unwrap_or_default();
    let sum = |of: fn(&Tally) -> u64| tallies.values().map(of).sum::<u64>();
    let never_broken: Vec<&str> = tallies.iter().filter(|(_, t)| t.broken == 0).map(|(k, _)| k.as_str()).collect();
    println!(
        "{release}: {} keys in the packages, {} of them compared on {documents} documents: {} evaluations, {} of them \
         false, {} differences in {} keys",
        keys.len(),
        tallies.len(),
        sum(|t| t.evaluations),
        sum(|t| t.broken),
        sum(|t| t.differences),
        tallies.values().filter(|t| t.differences > 0).count(),
    );
    let has_row = |place: &str| place.split(' ').next().is_some_and(|key| tallies.contains_key(key));
    let mut without: Vec<&String> = without.iter().filter(|w| !has_row(w)).collect();
    without.sort();
    println!("  never false: {never_broken:?}\n  no row: {without:?}\n  unreadable: {unreadable:?}");
    let mut wrong = vec![];
    for (key, tally) in tallies {
        match (tally.differences, listed.get(key)) {
            (0, Some(_)) => wrong.push(format!("{key} is listed in differs.toml and does not differ")),
            (1.., None) => wrong.push(format!(
                "{key}: {} of {} differ; {}",
                tally.differences,
                tally.evaluations,
                tally.example.as_deref().unwrap_or_default()
            )),
            (number, Some(_)) if number > 0 => {
                println!("  listed: {key} {number} of {}: {:?}", tally.evaluations, tally.example);
            }
            _ => {}
        }
    }
    for key in listed.keys().filter(|k| !tallies.contains_key(*k)) {
        wrong.push(format!("{key} is listed in differs.toml and is not compared"));
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}
