//! The facts the binary carries say the same as the official packages they were taken from.

use std::path::PathBuf;
use std::process::ExitCode;

use keur::definitions::package::Package;
use keur::definitions::{Definitions, Loaded, TypeTable, distill, embedded_structures};
use keur::fhir::FhirVersion;
use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let mut trials = vec![];
    for (version, file) in
        [(FhirVersion::Stu3, "hl7.fhir.r3.core-3.0.2.tgz"), (FhirVersion::R4, "hl7.fhir.r4.core-4.0.1.tgz")]
    {
        let name = format!("embedded_{version}_facts_equal_the_official_core_package");
        trials.push(with_asset(&name, &format!("packages/{file}"), move |path| equal_to_package(version, path)));
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// A test on official material: ignored where it is not there, failing when it must be.
fn with_asset(name: &str, asset: &str, test: impl FnOnce(PathBuf) -> Result<(), Failed> + Send + 'static) -> Trial {
    let root = std::env::var_os("KEUR_ASSETS").map_or_else(|| PathBuf::from("target/assets"), PathBuf::from);
    let path = root.join(asset);
    let required = std::env::var_os("KEUR_REQUIRE_ASSETS").is_some_and(|v| v == "1");
    let present = path.exists();
    if !present && !required {
        eprintln!("{name}: `{}` is not there, ignored", path.display());
    }
    let run = move || match present {
        true => test(path),
        false => Err(format!("`{}` is not there", path.display()).into()),
    };
    Trial::test(name, run).with_ignored_flag(!present && !required)
}

fn equal_to_package(version: FhirVersion, path: PathBuf) -> Result<(), Failed> {
    let package = Package::open(&path)?;
    assert!(package.unreadable().is_empty());
    let official = distill::structures(&package)?;
    let embedded = embedded_structures(version)?;
    let names = |s: &[keur::definitions::StructureFacts]| s.iter().map(|s| s.name.to_string()).collect::<Vec<_>>();
    assert_eq!(names(&official), names(&embedded));
    for (a, b) in official.iter().zip(&embedded) {
        assert_eq!(a, b, "{}", a.name);
    }
    let given = Definitions::with_packages(version, vec![Loaded::from_path(&path)?])?;
    let (ours, theirs) = (Definitions::embedded(version).types(), given.types());
    assert_eq!(dump(&ours), dump(&theirs));
    assert_eq!(given.used()[0].sha256, package.sha256());
    assert_eq!(given.used().len(), 1, "a core package given by path takes the place of the embedded one");
    // What is checked in is what the package distills to now.
    for (name, text) in distill::fact_files(&package)? {
        let path = format!("profiles/{}/{name}", package.label());
        let file = keur::embedded::file(&path).ok_or_else(|| format!("`{path}` is not embedded"))?;
        assert_eq!(file.text(), Some(&*text), "{path}: run `keur package distill` again");
    }
    Ok(())
}

/// Everything a type table holds, as text.
fn dump(table: &TypeTable) -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    for (id, ty) in table.types() {
        let base = ty.base.map(|b| &*table.get(b).name);
        let _ = writeln!(out, "{} {:?} {base:?} {}", ty.name, ty.class, ty.is_abstract);
        for (_, element) in table.elements_of(id) {
            let _ = writeln!(out, "  {element:?}");
        }
    }
    out
}
