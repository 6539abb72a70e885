//! Snapshots of ours against published ones: HL7's own, those of an implementation guide, and those the
//! HL7 validator made. Every element is compared in path, slice, cardinality, types, fixed and pattern
//! value, binding and slicing.
//!
//! `tests/snapshots/*.txt` list the differences that are left, each group with its reason. A difference that
//! is not listed fails, and so does a listed one that is gone: the lists may only shrink.

mod assets;
#[path = "snapshots/facts.rs"]
mod facts;
#[path = "snapshots/tarball.rs"]
mod tarball;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use facts::{
    Published, below_implied, by_id, differences, field_of, published_facts, settle, with_choice_ids, with_choices,
};
use keur::definitions::profile::{
    Decider, DefinitionSource, Derivation, ElementNode, Profiles, SnapshotProblem, StructureDefinition,
};
use libtest_mimic::{Arguments, Failed};
use tarball::Tarball;

/// The share of elements that must be equal in every set.
const BOUND: f64 = 0.99;

fn main() {
    let arguments = Arguments::from_args();
    let compared = |set: Set| assets::trial(set.name, &["packages"], move |assets| compare(&set, assets));
    let everything = assets::trial("everything-compiles", &["packages"], everything_compiles);
    let trials = sets().into_iter().map(compared);
    libtest_mimic::run(&arguments, trials.chain([everything]).collect()).exit();
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

/// Packages with what they stand on, and how many of their slices nothing decides.
const CLOSURES: [(&[&str], usize); 7] = [
    (&["nictiz.fhir.nl.stu3.zib2017-2.2.18", "hl7.fhir.r3.core-3.0.2"], 8),
    (&["nictiz.fhir.nl.stu3.zib2017-1.3.19", "hl7.fhir.r3.core-3.0.2"], 8),
    (&["nictiz.fhir.nl.stu3.eafspraak-1.0.6", "nictiz.fhir.nl.stu3.zib2017-2.2.18", "hl7.fhir.r3.core-3.0.2"], 8),
    (&["nictiz.fhir.nl.stu3.geboortezorg-1.3.3", "nictiz.fhir.nl.stu3.zib2017-2.2.18", "hl7.fhir.r3.core-3.0.2"], 12),
    (&["hl7.fhir.r3.core-3.0.2"], 7),
    (&["hl7.fhir.r4.core-4.0.1"], 7),
    (
        &[
            "nictiz.fhir.nl.r4.medicationprocess9-2.0.0-rc.7",
            "nictiz.fhir.nl.r4.nl-core-0.11.0-beta.1",
            "nictiz.fhir.nl.r4.zib2020-0.11.0-beta.1",
            "hl7.fhir.r4.core-4.0.1",
        ],
        7,
    ),
];

/// Every definition of these packages has a snapshot and compiles; what cannot be used of it is counted.
fn everything_compiles(assets: &Path) -> Result<(), Failed> {
    let mut failures = vec![];
    for (packages, undecidable) in CLOSURES {
        let mut sources: Vec<Arc<dyn DefinitionSource>> = vec![];
        for package in packages {
            sources.push(Tarball::open(&assets.join("packages").join(format!("{package}.tgz")))?);
        }
        let profiles = Profiles::new(sources);
        let (mut compiled, mut elements, mut problems, mut slices) = (0, 0, BTreeSet::new(), 0);
        let mut undecided = BTreeSet::new();
        for url in profiles.urls() {
            let profile = match profiles.profile(&url) {
                Ok(profile) => profile,
                Err(error) => {
                    failures.push(format!("{}: {error}", packages[0]));
                    continue;
                }
            };
            compiled += 1;
            elements += profile.elements().len();
            problems.extend(profile.problems.iter().map(|p| p.to_string()));
            for (_, element) in profile.elements() {
                for slice in element.slices.iter().flat_map(|s| &s.slices) {
                    slices += 1;
                    let unknown = slice.tests.iter().find(|t| matches!(t.decider, Decider::Unknown(_)));
                    if slice.tests.is_empty() || unknown.is_some() {
                        undecided.insert(format!(
                            "{} {}: {unknown:?}",
                            profile.definition.name,
                            profile.id(slice.element)
                        ));
                    }
                }
            }
        }
        println!(
            "{}: {compiled} compiled, {elements} elements, {slices} slices, {} of them undecided, {} problems",
            packages[0],
            undecided.len(),
            problems.len()
        );
        if undecided.len() != undecidable {
            let list: Vec<String> = undecided.into_iter().chain(problems).collect();
            failures.push(format!(
                "{}: {} slices are undecided, not {undecidable}:\n{}",
                packages[0],
                list.len(),
                list.join("\n")
            ));
        }
    }
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n").into()) }
}

/// Profile, element and field of a line, without the values.
fn place(line: &str) -> &str {
    line.split(": ").next().unwrap_or(line)
}

/// The listed differences of a set.
fn expected(set: &str) -> Result<BTreeSet<String>, Failed> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots").join(format!("{set}.txt"));
    let text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    let is_entry = |l: &&str| !l.is_empty() && !l.starts_with('#');
    Ok(text.lines().filter(is_entry).map(str::to_owned).collect())
}

fn compare(set: &Set, assets: &Path) -> Result<(), Failed> {
    let mut tarballs = vec![];
    for package in set.packages {
        tarballs.push(Tarball::open(&assets.join("packages").join(format!("{package}.tgz")))?);
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
    let (mut equal, mut total, mut own_faults, mut written_otherwise) = (0usize, 0usize, 0usize, 0usize);
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
        let (as_made, as_published) = (ours.clone(), theirs.clone());
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
                if let (Some(Some(a)), Some(Some(b))) = (as_published.get(id), as_made.get(id)) {
                    written_otherwise += usize::from(!differences(a, b, complete).is_empty());
                }
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
        "{}: {} snapshots, {equal} of {total} elements equal ({:.2} %), {written_otherwise} of them written in \
         another way; {} differences; {own_faults} more elements published without what their own differential \
         states",
        set.name,
        count - left_out.len(),
        share * 100.0,
        lines.len()
    );
    if let Some(folder) = std::env::var_os("KEUR_SNAPSHOT_DIFFERENCES") {
        std::fs::write(PathBuf::from(folder).join(format!("{}.txt", set.name)), lines.join("\n") + "\n")?;
    }
    let expected = expected(set.name)?;
    let found: BTreeSet<&str> = lines.iter().map(|l| place(l)).collect();
    let unlisted: Vec<&str> = lines.iter().filter(|l| !expected.contains(place(l))).map(String::as_str).collect();
    let gone: Vec<&str> = expected.iter().map(String::as_str).filter(|e| !found.contains(e)).collect();
    if !unlisted.is_empty() {
        return Err(format!("{} differences are not listed:\n{}", unlisted.len(), unlisted.join("\n")).into());
    }
    if !gone.is_empty() {
        return Err(format!("{} listed differences are gone, take them out:\n{}", gone.len(), gone.join("\n")).into());
    }
    if share < BOUND {
        return Err(format!("{:.2} % of the elements are equal, at least 99 % must be", share * 100.0).into());
    }
    Ok(())
}
