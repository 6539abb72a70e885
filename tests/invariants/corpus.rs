//! The documents to compare on: official fixtures, mutants, examples, our own cases, and examples with parts
//! taken out, in which much is missing that the invariants ask for.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use keur::definitions::package::Package;
use keur::definitions::{TypeTable, Typed};
use keur::fhir::{FhirVersion, Format, read};
use libtest_mimic::Failed;
use serde_json::Value;

/// Where fixtures lie and the packages with examples.
const SOURCES: [(FhirVersion, &[&str], &[&str]); 2] = [
    (FhirVersion::Stu3, &["oracle/inputs", "oracle/mutants/inputs"], &["hl7.fhir.r3.examples-3.0.1"]),
    (FhirVersion::R4, &["oracle/r4/inputs", "oracle/r4/mutants/inputs"], &[]),
];

/// How often something is taken out of each example.
const ABLATIONS: u64 = 12;
/// Larger examples are not taken apart.
const LARGEST: usize = 60_000;

/// Hands over every document of a release; gives their number.
pub fn each(
    release: FhirVersion,
    assets: &Path,
    table: &Arc<TypeTable>,
    mut visit: impl FnMut(&Typed, &str),
) -> Result<usize, Failed> {
    let mut number = 0;
    let mut show = |text: String, format: Format, name: &str| {
        if let Ok(document) = read(text, format) {
            number += 1;
            visit(&Typed::new(document, table.clone()), name);
        }
    };
    for case in super::cases::cases(release, table)? {
        show(case.text, Format::Json, "case");
    }
    let (_, folders, packages) = SOURCES.iter().find(|(of, ..)| *of == release).ok_or("no sources")?;
    for folder in *folders {
        for file in files(&assets.join(folder)) {
            let Some(format) = Format::from_path(&file) else { continue };
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&file)?;
            let small = text.len() <= LARGEST && format == Format::Json;
            if let (true, Ok(value)) = (small && name.contains("reference"), serde_json::from_str(&text)) {
                ablations(&value, 2, |text| show(text, Format::Json, &name));
            }
            show(text, format, &name);
        }
    }
    for package in *packages {
        let package = Package::open(&assets.join(format!("packages/{package}.tgz"))).map_err(|e| e.to_string())?;
        for resource in package.resources() {
            let name = resource.file.to_string();
            if let Ok(value) = serde_json::from_str(resource.text())
                && resource.text().len() <= LARGEST
            {
                ablations(&value, ABLATIONS, |text| show(text, Format::Json, &name));
            }
            show(resource.text().to_owned(), Format::Json, &name);
        }
    }
    Ok(number)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(|e| Some(e.ok()?.path()));
    let mut files: Vec<PathBuf> = entries.flat_map(|p| if p.is_dir() { files(&p) } else { vec![p] }).collect();
    files.sort();
    files
}

/// The same resource some times over, each time without one member somewhere; the same ones in every run.
fn ablations(value: &Value, times: u64, mut show: impl FnMut(String)) {
    let members = count(value);
    for time in 0..times.min(members) {
        // Spread evenly, and not the same place in resources that are built alike.
        let at = (members * time + members.wrapping_mul(2_654_435_761) % members) / times.min(members) % members;
        let mut copy = value.clone();
        let mut left = at;
        remove(&mut copy, &mut left);
        show(copy.to_string());
    }
}

fn count(value: &Value) -> u64 {
    match value {
        Value::Object(members) => members.len() as u64 + members.values().map(count).sum::<u64>(),
        Value::Array(items) => items.iter().map(count).sum(),
        _ => 0,
    }
}

/// Takes out the member that is `left` members away; true once done.
fn remove(value: &mut Value, left: &mut u64) -> bool {
    match value {
        Value::Object(members) => {
            for name in members.keys().cloned().collect::<Vec<_>>() {
                if *left == 0 {
                    if name != "resourceType" {
                        members.remove(&name);
                    }
                    return true;
                }
                *left -= 1;
                if members.get_mut(&name).is_some_and(|inner| remove(inner, left)) {
                    return true;
                }
            }
            false
        }
        Value::Array(items) => items.iter_mut().any(|item| remove(item, left)),
        _ => false,
    }
}
