//! The official STU3 examples against the base definitions.

use std::collections::BTreeMap;

use keur::definitions::Typed;
use keur::diagnostic::Severity;
use keur::fhir::FhirVersion;
use libtest_mimic::Failed;

use crate::disagreements;
use crate::setting::{Setting, is_verbose};

pub fn validate(setting: &Setting) -> Result<(), Failed> {
    let validator =
        setting.validator(FhirVersion::Stu3, &["hl7.fhir.r3.core-3.0.2", "hl7.fhir.r3.expansions-3.0.2"])?;
    let package = setting.package("hl7.fhir.r3.examples-3.0.1")?;
    let (mut examples, mut with_errors) = (0, 0);
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    for resource in package.resources() {
        let Ok(document) = package.document(resource) else { continue };
        examples += 1;
        let typed = Typed::new(document, validator.types());
        let outcome = validator.validate(&typed, &[]);
        let mut errors: Vec<String> = outcome
            .issues
            .iter()
            .filter(|i| i.severity <= Severity::Error)
            .map(|i| {
                let key = i.message.strip_prefix("breaks ").and_then(|m| m.split(':').next()).unwrap_or_default();
                format!("{} {key} {} {}", i.code, i.path, i.message)
            })
            .collect();
        errors.dedup();
        with_errors += usize::from(!errors.is_empty());
        for error in errors {
            let what: Vec<&str> = error.splitn(3, ' ').collect();
            let what = format!("{} {}", what[0], what[1]);
            found.entry(format!("{} {}", resource.file, what.trim())).or_insert(error);
        }
    }
    println!("{examples} examples, {with_errors} with errors, {} kinds of error in them", found.len());
    if is_verbose() {
        found.iter().for_each(|(w, detail)| println!("  DISAGREE {w} -- {detail}"));
    }
    disagreements::check("examples", &found)
}
