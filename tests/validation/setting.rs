//! Where the material is, and which packages belong to which set of files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use keur::definitions::package::Package;
use keur::definitions::profile::{DefinitionSource, Profiles};
use keur::definitions::terminology::Terminology;
use keur::definitions::{Definitions, PackageSource, Typed};
use keur::diagnostic::Severity;
use keur::fhir::{self, FhirVersion, Format, Shape as _};
use keur::validation::{Issue, Policy, Validator};
use libtest_mimic::Failed;

/// The folder of the official material.
pub struct Setting {
    pub assets: PathBuf,
}

/// The files of one FHIR release that the oracle judged.
pub struct Oracle {
    pub release: FhirVersion,
    /// Below the assets.
    pub folder: &'static str,
    /// File with a class for every error, and the classes that are artefacts of the oracle.
    pub classes: &'static str,
    pub left_out: &'static [&'static str],
    pub packages: fn(&str) -> Vec<&'static str>,
}

pub static STU3: Oracle = Oracle {
    release: FhirVersion::Stu3,
    folder: "oracle",
    classes: "errors-b.tsv",
    left_out: &["oracle-snapshot", "tx-off", "single-file(resolve())", "profile-defect-or-missing-dep"],
    packages: stu3_packages,
};

pub static R4: Oracle = Oracle {
    release: FhirVersion::R4,
    folder: "oracle/r4",
    classes: "errors.tsv",
    left_out: &["profile-defect", "tx-off", "artefact", "missing-dep"],
    packages: r4_packages,
};

/// Packages of each standard, as the README of the oracle has them.
fn stu3_packages(standard: &str) -> Vec<&'static str> {
    let mut names = match standard {
        medication if medication.starts_with("Medication") => vec!["nictiz.fhir.nl.stu3.zib2017-1.3.19"],
        birth if birth.starts_with("Geboortezorg") => {
            vec!["nictiz.fhir.nl.stu3.zib2017-2.2.18", "nictiz.fhir.nl.stu3.geboortezorg-1.3.3"]
        }
        _ => vec![
            "nictiz.fhir.nl.stu3.zib2017-2.2.18",
            "nictiz.fhir.nl.stu3.eafspraak-1.0.6",
            "nictiz.fhir.nl.stu3.bgz-1.1.1",
            "nictiz.fhir.nl.stu3.bgz-msz-2.0-alpha",
            "nictiz.fhir.nl.stu3.eoverdracht-1.0.0-rc.23",
            "nictiz.fhir.nl.stu3.images-1.0.3",
            "nictiz.fhir.nl.stu3.questionnaires-2.0.8",
        ],
    };
    names.extend(["hl7.fhir.r3.core-3.0.2", "hl7.fhir.r3.expansions-3.0.2"]);
    names
}

fn r4_packages(standard: &str) -> Vec<&'static str> {
    let mut names = match standard {
        "Immunization-2-0" => vec![
            "nictiz.fhir.nl.r4.immunization-2.0.0",
            "nictiz.fhir.nl.r4.medicationprocess9-2.0.0-beta.5",
            "nictiz.fhir.nl.r4.nl-core-0.10.0-beta.1",
            "nictiz.fhir.nl.r4.zib2020-0.10.0-beta.1",
        ],
        _ => vec![
            "nictiz.fhir.nl.r4.medicationprocess9-2.0.0-rc.7",
            "nictiz.fhir.nl.r4.nl-core-0.11.0-beta.1",
            "nictiz.fhir.nl.r4.zib2020-0.11.0-beta.1",
        ],
    };
    names.extend(["hl7.fhir.r4.core-4.0.1", "hl7.fhir.r4.expansions"]);
    names
}

impl Setting {
    pub fn package(&self, name: &str) -> Result<Package, Failed> {
        Ok(Package::open(&self.assets.join(format!("packages/{name}.tgz")))?)
    }

    /// A validator with these packages.
    pub fn validator(&self, release: FhirVersion, names: &[&str]) -> Result<Validator, Failed> {
        let packages = names.iter().map(|n| self.package(n).map(Arc::new)).collect::<Result<Vec<_>, _>>()?;
        let source = PackageSource::new(packages);
        let profiles = Profiles::new(vec![Arc::new(source.clone()) as Arc<dyn DefinitionSource>]);
        let types = Definitions::embedded(release).types();
        Ok(Validator::new(types, Arc::new(profiles), Arc::new(Terminology::new(source)), Policy::default()))
    }
}

/// What we say of one file.
pub struct Ours {
    pub errors: Vec<Issue>,
    /// The path of each error, with an index on every element that may repeat.
    pub paths: Vec<String>,
    pub not_checked: Vec<String>,
}

pub fn judge(validator: &Validator, text: String, format: Format) -> Result<Ours, fhir::ReadError> {
    let typed = Typed::new(fhir::read(text, format)?, validator.types());
    let outcome = validator.validate(&typed, &[]);
    let errors: Vec<Issue> = outcome.issues.into_iter().filter(|i| i.severity <= Severity::Error).collect();
    let paths = errors.iter().map(|i| indexed(&typed, typed.node(i.node))).collect();
    Ok(Ours { errors, paths, not_checked: outcome.unavailable.into_iter().map(|u| u.reason).collect() })
}

fn indexed(typed: &Typed, node: fhir::NodeRef<'_>) -> String {
    let Some(parent) = node.parent() else { return node.name().to_owned() };
    let index = if typed.repeats(node) { format!("[{}]", node.index()) } else { String::new() };
    format!("{}.{}{index}", indexed(typed, parent), node.name())
}

/// Rows of a tab-separated file by column name.
pub fn rows(path: &Path) -> Result<Vec<BTreeMap<String, String>>, Failed> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap_or_default().split('\t').collect();
    let row = |line: &str| header.iter().map(|h| (*h).to_owned()).zip(line.split('\t').map(str::to_owned)).collect();
    Ok(lines.map(row).collect())
}

/// True when each disagreement is to be printed.
pub fn is_verbose() -> bool {
    std::env::var_os("KEUR_VERBOSE").is_some()
}

pub fn percent(part: usize, whole: usize) -> f64 {
    if whole == 0 { 100.0 } else { 100.0 * part as f64 / whole as f64 }
}
