//! Validation, warm: every BgZ 3.0 fixture of the official scripts by the official packages, one thread.
//! `cargo bench --bench validate`; the material comes from `KEUR_ASSETS` (default `target/assets`).

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use divan::counter::ItemsCount;
use keur::definitions::package::Package;
use keur::definitions::profile::{DefinitionSource, Profiles};
use keur::definitions::terminology::Terminology;
use keur::definitions::{Definitions, PackageSource, Typed};
use keur::fhir::{self, FhirVersion, Format};
use keur::validation::{Policy, Validator};

const PACKAGES: [&str; 8] = [
    "nictiz.fhir.nl.stu3.zib2017-2.2.18",
    "nictiz.fhir.nl.stu3.eafspraak-1.0.6",
    "nictiz.fhir.nl.stu3.bgz-1.1.1",
    "nictiz.fhir.nl.stu3.bgz-msz-2.0-alpha",
    "nictiz.fhir.nl.stu3.eoverdracht-1.0.0-rc.23",
    "nictiz.fhir.nl.stu3.images-1.0.3",
    "hl7.fhir.r3.core-3.0.2",
    "hl7.fhir.r3.expansions-3.0.2",
];

struct Setup {
    validator: Validator,
    resources: Vec<Typed>,
}

fn setup() -> Option<Setup> {
    let assets = std::env::var_os("KEUR_ASSETS").map_or_else(|| PathBuf::from("target/assets"), PathBuf::from);
    let open = |name: &&str| Package::open(&assets.join(format!("packages/{name}.tgz"))).ok().map(Arc::new);
    let source = PackageSource::new(PACKAGES.iter().map(open).collect::<Option<Vec<_>>>()?);
    let profiles = Profiles::new(vec![Arc::new(source.clone()) as Arc<dyn DefinitionSource>]);
    let types = Definitions::embedded(FhirVersion::Stu3).types();
    let validator =
        Validator::new(types.clone(), Arc::new(profiles), Arc::new(Terminology::new(source)), Policy::default());
    let files = std::fs::read_dir(assets.join("oracle/inputs/BgZ-3-0")).ok()?.filter_map(|e| Some(e.ok()?.path()));
    let read = |file: PathBuf| {
        let document = fhir::read(std::fs::read_to_string(&file).ok()?, Format::from_path(&file)?).ok()?;
        Some(Typed::new(document, types.clone()))
    };
    Some(Setup { resources: files.filter_map(read).collect(), validator })
}

fn main() {
    let Some(setup) = setup() else { return eprintln!("the official material is not there") };
    for round in ["cold", "warm"] {
        let mut times: Vec<Duration> = setup
            .resources
            .iter()
            .map(|resource| {
                let start = Instant::now();
                divan::black_box(setup.validator.validate(resource, &[]));
                start.elapsed()
            })
            .collect();
        times.sort();
        println!("{round}: median {:?} a resource, {} resources", times[times.len() / 2], times.len());
    }
    divan::main();
}

/// All of them once.
#[divan::bench]
fn every_fixture(bencher: divan::Bencher) {
    let Some(setup) = setup() else { return };
    for resource in &setup.resources {
        setup.validator.validate(resource, &[]);
    }
    bencher.counter(ItemsCount::new(setup.resources.len())).bench_local(|| {
        for resource in &setup.resources {
            divan::black_box(setup.validator.validate(resource, &[]));
        }
    });
}
