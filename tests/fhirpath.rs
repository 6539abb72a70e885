//! FHIRPath against the official test suite and against the engine of the HL7 validator.

mod assets;
#[path = "fhirpath/oracle.rs"]
mod oracle;
#[path = "fhirpath/suite.rs"]
mod suite;
#[path = "fhirpath/types.rs"]
mod types;

use libtest_mimic::Arguments;

fn main() {
    let arguments = Arguments::from_args();
    let trials = vec![
        assets::trial("oracle", &["oracle/fhirpath/cases.tsv", oracle::PACKAGE], oracle::run),
        assets::trial("suite", &["fhirpath-tests/tests-fhir-r4.xml", suite::PACKAGE], suite::run),
    ];
    libtest_mimic::run(&arguments, trials).exit();
}
