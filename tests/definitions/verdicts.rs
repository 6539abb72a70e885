//! The verdict on open fixtures and on mutants of them, by the facts that the binary carries and by the official packages.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use keur::definitions::package::Manifest;
use keur::definitions::{Definitions, Loaded, Typed, embedded_packages};
use keur::diagnostic::Severity;
use keur::fhir::{FhirVersion, Format, read};
use keur::validation::{Policy, Validator};
use libtest_mimic::Failed;

/// What a set of fixtures is judged with: the packages it asks for with what they need, and the files of each.
struct Set {
    release: FhirVersion,
    /// A folder of inputs below the oracle, or one of our own fixtures.
    folder: &'static str,
    packages: &'static [&'static str],
    /// The part of the files that has the same verdict at least.
    least: f64,
}

const fn set(release: FhirVersion, folder: &'static str, packages: &'static [&'static str]) -> Set {
    Set { release, folder, packages, least: 0.99 }
}

const ZIB2017: &[&str] = &["zib2017@2.2.18"];
const MEDICATION: &[&str] = &["zib2017@1.3.19"];
const OVERDRACHT: &[&str] = &["eoverdracht@1.0.0-rc.23", "zib2017@2.2.18"];

static SETS: [Set; 15] = [
    Set {
        release: FhirVersion::Stu3,
        folder: "inputs/BgZ-3-0",
        packages: &["bgz@1.1.1", "zib2017@2.2.18", "eafspraak@1.0.6"],
        least: 1.0,
    },
    set(FhirVersion::Stu3, "inputs/BgZ-MSZ-2-0", &["bgz@1.1.1", "zib2017@2.2.18", "eafspraak@1.0.6"]),
    set(FhirVersion::Stu3, "inputs/GenPractData-2-0", ZIB2017),
    set(FhirVersion::Stu3, "inputs/LaboratoryResults-2-0", ZIB2017),
    set(FhirVersion::Stu3, "inputs/SelfMeasurements-2-0", ZIB2017),
    set(FhirVersion::Stu3, "inputs/PDFA-3-0", ZIB2017),
    set(FhirVersion::Stu3, "inputs/Medication-9-0-7", MEDICATION),
    set(FhirVersion::Stu3, "inputs/Medication-9-0-7-test", MEDICATION),
    set(FhirVersion::Stu3, "inputs/Geboortezorg-2", &["geboortezorg@1.3.3", "zib2017@2.2.18"]),
    set(FhirVersion::Stu3, "inputs/Images-2-0", &["images@1.0.3", "zib2017@2.2.18"]),
    set(FhirVersion::Stu3, "inputs/Questionnaires-2-0", &["questionnaires@2.0.8", "zib2017@2.2.18"]),
    set(FhirVersion::Stu3, "inputs/eOverdracht", OVERDRACHT),
    set(
        FhirVersion::R4,
        "r4/inputs/Immunization-2-0",
        &["immunization@2.0.0", "medicationprocess9@2.0.0-beta.5", "nl-core@0.10.0-beta.1", "zib2020@0.10.0-beta.1"],
    ),
    set(
        FhirVersion::R4,
        "r4/inputs/MP9-3-0-0-beta",
        &["medicationprocess9@2.0.0-rc.7", "nl-core@0.11.0-beta.1", "zib2020@0.11.0-beta.1"],
    ),
    // No official ones are at hand.
    set(
        FhirVersion::R4,
        "fixtures/corrections-1.0",
        &["patientcorrections@1.0.6", "nl-core@0.8.0-beta.1", "zib2020@0.8.0-beta.1"],
    ),
];

/// Core and expansions of a release, by the names of their files.
fn base(release: FhirVersion) -> [&'static str; 2] {
    match release {
        FhirVersion::Stu3 => ["hl7.fhir.r3.core-3.0.2", "hl7.fhir.r3.expansions-3.0.2"],
        FhirVersion::R4 => ["hl7.fhir.r4.core-4.0.1", "hl7.fhir.r4.expansions"],
    }
}

/// Same and all, of the files that a package judged.
type Count = (u32, u32);

/// What came of the files of a set: those with the same verdict, all, those that official packages find
/// invalid, those in which the same is found by both.
#[derive(Default)]
struct Compared {
    same: u32,
    all: u32,
    invalid: u32,
    alike: u32,
}

/// Compares every set of a release.
pub fn same(release: FhirVersion, oracle: &Path) -> Result<(), Failed> {
    let folder = oracle.join("../packages");
    let open = |file: &str| Loaded::from_path(&folder.join(format!("{file}.tgz")));
    let base = base(release).into_iter().map(open).collect::<Result<Vec<_>, _>>()?;
    let (mut lines, mut by_package) = (vec![], BTreeMap::<&str, Count>::new());
    let mut bad = vec![];
    for set in SETS.iter().filter(|set| set.release == release) {
        let mut official = vec![];
        for package in set.packages {
            let (file, _) = file_of(release, package);
            official.push(open(&file)?);
        }
        official.extend(base.iter().cloned());
        let carried = set.packages.iter().map(|package| carried(release, package)).collect::<Result<Vec<_>, _>>()?;
        let facts = validator(Definitions::embedded(release).carrying(&carried));
        let packages = validator(Definitions::with_packages(release, official)?);
        for (what, files) in [("", fixtures(set, oracle)?), (" mutants", mutants(set, oracle)?)] {
            if files.is_empty() && !what.is_empty() {
                continue;
            }
            let compared = compare(&facts, &packages, &files)?;
            let Compared { same, all, invalid, alike } = compared;
            if f64::from(same) < set.least * f64::from(all) || all == 0 {
                bad.push(format!("{}{what}", set.folder));
            }
            let name = format!("{}{what}", set.folder.rsplit('/').next().unwrap_or_default());
            let more = format!("{invalid} invalid, {alike} with the same issues; {}", set.packages.join(", "));
            lines.push(line(&name, (same, all), &more));
            for package in set.packages {
                let count = by_package.entry(package).or_default();
                *count = (count.0 + same, count.1 + all);
            }
        }
    }
    println!("\n{release}: the same verdict by facts and by official packages\n{}", lines.join("\n"));
    println!("{}", by_package.iter().map(|(package, count)| line(package, *count, "")).collect::<Vec<_>>().join("\n"));
    if bad.is_empty() { Ok(()) } else { Err(format!("below the bound: {}", bad.join(", ")).into()) }
}

fn compare(facts: &Validator, packages: &Validator, files: &[PathBuf]) -> Result<Compared, Failed> {
    let mut compared = Compared::default();
    for path in files {
        let text = std::fs::read_to_string(path)?;
        let Some(format) = Format::from_path(path) else { continue };
        let (ours, theirs) = (judge(facts, &text, format)?, judge(packages, &text, format)?);
        compared.all += 1;
        compared.same += u32::from(ours.0 == theirs.0);
        compared.invalid += u32::from(theirs.0 == "invalid");
        compared.alike += u32::from(ours == theirs);
        if ours.0 != theirs.0 {
            println!("  {}: facts {}, packages {}", path.display(), ours.0, theirs.0);
            let only = |a: &[String], b: &[String]| a.iter().filter(|i| !b.contains(i)).cloned().collect::<Vec<_>>();
            println!("    only facts: {:?}", only(&ours.1, &theirs.1));
            println!("    only packages: {:?}", only(&theirs.1, &ours.1));
        }
    }
    Ok(compared)
}

fn line(name: &str, (same, all): Count, more: &str) -> String {
    let part = 100.0 * f64::from(same) / f64::from(all.max(1));
    format!("  {name:<36} {same:>5} of {all:>5}  {part:>6.2} %  {more}").trim_end().to_owned()
}

/// The official file of a package, and its whole name.
fn file_of(release: FhirVersion, package: &str) -> (String, String) {
    let (name, version) = package.split_once('@').unwrap_or((package, ""));
    let name = format!("nictiz.fhir.nl.{}.{name}", release.to_string().to_ascii_lowercase());
    // The branch calls itself by the number of the release that has no profiles.
    let file = if name.ends_with(".bgz") { format!("{name}-msz-2.0-alpha") } else { format!("{name}-{version}") };
    (file, name)
}

fn carried(release: FhirVersion, package: &str) -> Result<Manifest, Failed> {
    let (_, name) = file_of(release, package);
    let is = |m: &Manifest| m.name == name && package.ends_with(&format!("@{}", m.version));
    embedded_packages().into_iter().find(is).ok_or_else(|| format!("{package} is not embedded").into())
}

fn validator(definitions: Definitions) -> Validator {
    Validator::new(definitions.types(), definitions.profiles(), definitions.terminology(), Policy::default())
}

/// Valid, invalid or incomplete, and why. A mutant may be one that cannot be read.
fn judge(validator: &Validator, text: &str, format: Format) -> Result<(&'static str, Vec<String>), Failed> {
    let document = match read(text.to_owned(), format) {
        Ok(document) => document,
        Err(error) => return Ok(("unreadable", vec![error.to_string()])),
    };
    let outcome = validator.validate(&Typed::new(document, validator.types()), &[]);
    let errors = outcome.issues.iter().filter(|i| i.severity <= Severity::Error);
    let mut why: Vec<String> = errors.map(|i| format!("{} {}", i.code, i.path)).collect();
    let verdict = match (why.is_empty(), outcome.unavailable.is_empty()) {
        (false, _) => "invalid",
        (true, false) => "incomplete",
        (true, true) => "valid",
    };
    why.extend(outcome.unavailable.iter().map(|u| u.reason.clone()));
    Ok((verdict, why))
}

/// Single-defect mutants of the fixtures of a set.
fn mutants(set: &Set, oracle: &Path) -> Result<Vec<PathBuf>, Failed> {
    let (parent, standard) = set.folder.rsplit_once("inputs/").unwrap_or(("", "nothing"));
    let mut found = vec![];
    for entry in std::fs::read_dir(oracle.join(parent).join("mutants/inputs"))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with(&format!("{standard}__")) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn fixtures(set: &Set, oracle: &Path) -> Result<Vec<PathBuf>, Failed> {
    let root = if set.folder.starts_with("fixtures") { Path::new(env!("CARGO_MANIFEST_DIR")) } else { oracle };
    let mut folders = vec![root.join(set.folder)];
    let mut found = vec![];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            match path.is_dir() {
                true => folders.push(path),
                false if Format::from_path(&path).is_some() && name != "tokens.json" => found.push(path),
                false => {}
            }
        }
    }
    found.sort();
    Ok(found)
}
