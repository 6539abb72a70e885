//! FHIRPath against the official test suite and against the engine of the HL7 validator.

#[path = "fhirpath/oracle.rs"]
mod oracle;
#[path = "fhirpath/suite.rs"]
mod suite;
#[path = "fhirpath/types.rs"]
mod types;

use std::path::PathBuf;

use libtest_mimic::{Arguments, Failed, Trial};

fn main() {
    let arguments = Arguments::from_args();
    let trials = vec![
        official("oracle", &["oracle/fhirpath/cases.tsv", oracle::PACKAGE], oracle::run),
        official("suite", &["fhirpath-tests/tests-fhir-r4.xml", suite::PACKAGE], suite::run),
    ];
    libtest_mimic::run(&arguments, trials).exit();
}

/// A test on official material: ignored with a message where that is missing, unless it is required.
fn official(name: &str, needs: &[&str], run: fn(PathBuf) -> Result<(), Failed>) -> Trial {
    let assets = PathBuf::from(std::env::var_os("KEUR_ASSETS").unwrap_or_else(|| "target/assets".into()));
    let missing: Vec<String> =
        needs.iter().map(|n| assets.join(n)).filter(|p| !p.exists()).map(|p| p.display().to_string()).collect();
    if missing.is_empty() {
        return Trial::test(name, move || run(assets));
    }
    let message =
        format!("{name}: not found: {}; set KEUR_ASSETS to the folder of the official material", missing.join(", "));
    let required = std::env::var_os("KEUR_REQUIRE_ASSETS").is_some_and(|v| v == "1");
    if !required {
        eprintln!("{message}");
    }
    Trial::test(name, move || Err(message.into())).with_ignored_flag(!required)
}
