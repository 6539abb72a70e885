//! The validator beside the HL7 validator: the same files, the same packages, the same question.
//!
//! `KEUR_ASSETS/oracle` holds what the HL7 validator says of each fixture; the figures are printed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use keur::definitions::package::Package;
use keur::definitions::profile::{DefinitionSource, Profiles};
use keur::definitions::terminology::Terminology;
use keur::definitions::{Definitions, PackageSource, Typed};
use keur::diagnostic::Severity;
use keur::fhir::{self, FhirVersion, Format};
use keur::validation::{Policy, Validator};
use libtest_mimic::{Arguments, Failed, Trial};

fn assets() -> Option<PathBuf> {
    let path = std::env::var_os("KEUR_ASSETS").map_or_else(|| PathBuf::from("target/assets"), PathBuf::from);
    path.join("oracle").is_dir().then_some(path)
}

/// Packages of each standard, as oracle/README.md has them.
fn packages(standard: &str) -> Vec<&'static str> {
    let zib = match standard {
        "Medication-9-0-7" | "Medication-9-0-7-test" => "nictiz.fhir.nl.stu3.zib2017-1.3.19",
        _ => "nictiz.fhir.nl.stu3.zib2017-2.2.18",
    };
    let mut names = vec![zib];
    if standard.starts_with("Geboortezorg") {
        names.push("nictiz.fhir.nl.stu3.geboortezorg-1.3.3");
    } else if !standard.starts_with("Medication") {
        names.extend([
            "nictiz.fhir.nl.stu3.eafspraak-1.0.6",
            "nictiz.fhir.nl.stu3.bgz-1.1.1",
            "nictiz.fhir.nl.stu3.bgz-msz-2.0-alpha",
            "nictiz.fhir.nl.stu3.eoverdracht-1.0.0-rc.23",
            "nictiz.fhir.nl.stu3.images-1.0.3",
            "nictiz.fhir.nl.stu3.questionnaires-2.0.8",
        ]);
    }
    names.extend(["hl7.fhir.r3.core-3.0.2", "hl7.fhir.r3.expansions-3.0.2"]);
    names
}

fn validator(assets: &Path, names: &[&str]) -> Validator {
    let open =
        |name: &&str| Arc::new(Package::open(&assets.join(format!("packages/{name}.tgz"))).expect("package opens"));
    let source = PackageSource::new(names.iter().map(open).collect());
    let profiles = Profiles::new(vec![Arc::new(source.clone()) as Arc<dyn DefinitionSource>]);
    let types = Definitions::embedded(FhirVersion::Stu3).types();
    Validator::new(types, Arc::new(profiles), Arc::new(Terminology::new(source)), Policy::default())
}

/// What the oracle holds against a file: message id and location of each error that counts.
fn oracle_errors(verdict: &serde_json::Value, left_out: &BTreeSet<(String, String)>) -> Vec<(String, String)> {
    let issues = verdict["issue"].as_array().cloned().unwrap_or_default();
    let text = |i: &serde_json::Value, key: &str| i[key].as_str().unwrap_or_default().to_owned();
    let errors = issues.iter().filter(|i| matches!(i["severity"].as_str(), Some("error" | "fatal")));
    errors
        .map(|i| (text(i, "messageId"), text(i, "location")))
        .filter(|(_, location)| !left_out.iter().any(|(_, l)| below(location, l)))
        .collect()
}

fn below(location: &str, above: &str) -> bool {
    location.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// Classes of errors-b.tsv that are artefacts of the oracle.
const LEFT_OUT: [&str; 4] = ["oracle-snapshot", "tx-off", "single-file(resolve())", "profile-defect-or-missing-dep"];

fn compare(assets: &Path, standard: &str) -> Result<(), Failed> {
    let validator = validator(assets, &packages(standard));
    let classes = std::fs::read_to_string(assets.join("oracle/errors-b.tsv"))?;
    let mut left_out: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
    for row in classes.lines().skip(1).map(|l| l.split('\t').collect::<Vec<_>>()) {
        if let [file, id, class, location, ..] = row[..]
            && LEFT_OUT.contains(&class)
        {
            left_out.entry(file.to_owned()).or_default().insert((id.to_owned(), location.to_owned()));
        }
    }
    let mut files: Vec<_> =
        std::fs::read_dir(assets.join("oracle/inputs").join(standard))?.filter_map(|e| Some(e.ok()?.path())).collect();
    files.sort();
    let (mut agree, mut total) = (0, 0);
    let mut ours_only: BTreeMap<String, usize> = BTreeMap::new();
    let mut theirs_only: BTreeMap<String, usize> = BTreeMap::new();
    let verbose = std::env::var_os("KEUR_VERBOSE").is_some();
    let (mut at_same, mut oracle_total) = (0, 0);
    for file in files {
        let Some(format) = Format::from_path(&file) else { continue };
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let stem = name.rsplit_once('.').map_or(&*name, |(s, _)| s);
        let verdict_name =
            if format == Format::Json { format!("{stem}.from-json.json") } else { format!("{stem}.json") };
        let verdict = assets.join("oracle/verdicts").join(standard).join(&verdict_name);
        let Ok(verdict) = std::fs::read_to_string(&verdict) else { continue };
        let verdict: serde_json::Value = serde_json::from_str(&verdict)?;
        let none = BTreeSet::new();
        let out = left_out.get(&format!("{standard}/{verdict_name}")).unwrap_or(&none);
        let theirs = oracle_errors(&verdict, out);
        let document = fhir::read(std::fs::read_to_string(&file)?, format).map_err(|e| format!("{name}: {e}"))?;
        let typed = Typed::new(document, validator.types());
        let outcome = validator.validate(&typed, &[]);
        let ours: Vec<_> = outcome
            .issues
            .iter()
            .filter(|i| i.severity <= Severity::Error)
            .filter(|i| !out.iter().any(|(_, l)| below(&i.path, l)))
            .collect();
        total += 1;
        if ours.is_empty() == theirs.is_empty() {
            agree += 1;
        } else if ours.is_empty() {
            for (id, location) in &theirs {
                *theirs_only.entry(id.clone()).or_default() += 1;
                if verbose {
                    println!("  THEIRS {name} {id} {location}");
                }
            }
        } else {
            for issue in &ours {
                *ours_only
                    .entry(format!("{} {}", issue.code, issue.message.split('`').next().unwrap_or_default()))
                    .or_default() += 1;
                if verbose {
                    println!("  OURS {name} {} {} {} [{}]", issue.code, issue.path, issue.message, issue.profile);
                }
            }
        }
        oracle_total += theirs.len();
        at_same += theirs.iter().filter(|(_, l)| ours.iter().any(|o| o.path == *l)).count();
    }
    println!(
        "{standard}: {agree} of {total} files agree ({:.2} %), {at_same} of {oracle_total} of its errors at the same element",
        100.0 * agree as f64 / total.max(1) as f64
    );
    println!("  ours only: {ours_only:?}\n  theirs only: {theirs_only:?}");
    Ok(())
}

/// Rows of a tab-separated file by column name.
fn rows(path: &Path) -> Result<Vec<BTreeMap<String, String>>, Failed> {
    let text = std::fs::read_to_string(path)?;
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap_or_default().split('\t').collect();
    let row = |line: &str| header.iter().map(|h| (*h).to_owned()).zip(line.split('\t').map(str::to_owned)).collect();
    Ok(lines.map(row).collect())
}

/// Single-defect mutants: what the oracle rejects must get an issue that the unmutated file does not have.
fn mutants(assets: &Path) -> Result<(), Failed> {
    let folder = assets.join("oracle/mutants");
    let verdicts: BTreeMap<String, BTreeMap<String, String>> =
        rows(&folder.join("verdicts.tsv"))?.into_iter().map(|r| (r["id"].clone(), r)).collect();
    let mut validators: BTreeMap<String, Validator> = BTreeMap::new();
    let verbose = std::env::var_os("KEUR_VERBOSE").is_some();
    let (mut rejected, mut caught, mut accepted, mut refused) = (0usize, 0usize, 0usize, 0usize);
    let mut missed: BTreeMap<String, usize> = BTreeMap::new();
    for row in rows(&folder.join("index.tsv"))? {
        let Some(verdict) = verdicts.get(&row["id"]).filter(|v| v.get("weak").is_none_or(|w| w.is_empty())) else {
            continue;
        };
        let standard = &row["standard"];
        let validator = validators.entry(standard.clone()).or_insert_with(|| validator(assets, &packages(standard)));
        let judge = |path: PathBuf| -> Result<BTreeSet<String>, Failed> {
            let text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
            let format = Format::from_path(&path).unwrap_or(Format::Xml);
            let Ok(document) = fhir::read(text, format) else { return Ok(BTreeSet::from(["unreadable".to_owned()])) };
            let outcome = validator.validate(&Typed::new(document, validator.types()), &[]);
            let errors = outcome.issues.into_iter().filter(|i| i.severity <= Severity::Error);
            let plain =
                |path: &str| path.split('[').map(|p| p.split_once(']').map_or(p, |(_, r)| r)).collect::<String>();
            Ok(errors.map(|i| format!("{} {} {}", i.code, plain(&i.path), i.message)).collect())
        };
        let before = judge(assets.join("oracle/inputs").join(standard).join(&row["source"]))?;
        let after = judge(folder.join("inputs").join(format!("{}.xml", row["id"])))?;
        let new: Vec<&String> = after.difference(&before).collect();
        if verdict["verdict"] == "accepted" {
            accepted += 1;
            refused += usize::from(!new.is_empty());
            if verbose && !new.is_empty() {
                println!("  REFUSED {} {} -> {new:?}", row["id"], row["description"]);
            }
        } else {
            rejected += 1;
            caught += usize::from(!new.is_empty());
            if new.is_empty() {
                *missed.entry(row["kind"].clone()).or_default() += 1;
                if verbose {
                    println!("  MISSED {} {} -- {}", row["id"], row["description"], verdict["new_errors"]);
                }
            }
        }
    }
    println!(
        "mutants: {caught} of {rejected} rejected ones caught ({:.2} %), {refused} of {accepted} accepted ones refused",
        100.0 * f64::from(caught as u32) / f64::from(rejected as u32)
    );
    println!("  missed by kind: {missed:?}");
    Ok(())
}

fn main() {
    let arguments = Arguments::from_args();
    let assets = assets();
    let trial = |standard: String| {
        let assets = assets.clone();
        let missing = assets.is_none();
        Trial::test(format!("oracle {standard}"), move || match &assets {
            Some(assets) => compare(assets, &standard),
            None => Err("KEUR_ASSETS is not there".into()),
        })
        .with_ignored_flag(missing && std::env::var_os("KEUR_REQUIRE_ASSETS").is_none())
    };
    let standards: Vec<String> = match &assets {
        Some(a) => {
            let mut s: Vec<_> = std::fs::read_dir(a.join("oracle/inputs"))
                .into_iter()
                .flatten()
                .filter_map(|e| Some(e.ok()?.file_name().to_string_lossy().into_owned()))
                .collect();
            s.sort();
            s
        }
        None => vec!["all".to_owned()],
    };
    let mut trials: Vec<Trial> = standards.into_iter().map(trial).collect();
    trials.push(Trial::test("mutants", move || match &assets {
        Some(assets) => mutants(assets),
        None => Err("KEUR_ASSETS is not there".into()),
    }));
    libtest_mimic::run(&arguments, trials).exit();
}
