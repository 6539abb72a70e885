//! The validator beside the HL7 validator: the same files, the same packages, the same question.
//!
//! `KEUR_ASSETS/oracle` holds what the HL7 validator says of each fixture and of single-defect mutants of
//! them, STU3 and R4. The figures are printed, the bounds are asserted, and every disagreement that remains
//! stands in `validation/disagreements.toml` with who is right and why. `KEUR_VERBOSE=1` prints each one.

mod assets;
#[path = "validation/disagreements.rs"]
mod disagreements;
#[path = "validation/examples.rs"]
mod examples;
#[path = "validation/location.rs"]
mod location;
#[path = "validation/mutants.rs"]
mod mutants;
#[path = "validation/oracle.rs"]
mod oracle;
#[path = "validation/own.rs"]
mod own;
#[path = "validation/setting.rs"]
mod setting;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};
use setting::Setting;

fn main() -> ExitCode {
    let trials = vec![
        trial("oracle_stu3", |s| oracle::compare(s, &setting::STU3)),
        trial("oracle_r4", |s| oracle::compare(s, &setting::R4)),
        trial("mutants_stu3", |s| mutants::compare(s, &setting::STU3)),
        trial("mutants_r4", |s| mutants::compare(s, &setting::R4)),
        trial("official_examples", examples::validate),
        trial("own_fixtures", own::fixtures),
        trial("own_mutants", own::mutants),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// A test on what the HL7 validator says.
fn trial(name: &str, test: fn(&Setting) -> Result<(), Failed>) -> Trial {
    assets::trial(name, &["oracle", "packages"], move |assets| test(&Setting { assets: assets.to_owned() }))
}
