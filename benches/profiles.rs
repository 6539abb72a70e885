//! What snapshots and compiled profiles cost: all 214 of zib2017 2.2.18 over the STU3 base, in one process.
//!
//! `cargo bench --bench profiles`; the packages come from `KEUR_ASSETS` (default `target/assets`).

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use keur::definitions::PackageSource;
use keur::definitions::package::{Package, PackageError};
use keur::definitions::profile::{DefinitionSource, Profiles};

fn main() -> Result<(), PackageError> {
    let assets = std::env::var_os("KEUR_ASSETS").map_or_else(|| PathBuf::from("target/assets"), PathBuf::from);
    let open = |name: &str| {
        let package = Package::open(&assets.join("packages").join(format!("{name}.tgz")));
        package.map(|package| PackageSource::new(vec![Arc::new(package)]))
    };
    let zib = Arc::new(open("nictiz.fhir.nl.stu3.zib2017-2.2.18")?);
    let core = Arc::new(open("hl7.fhir.r3.core-3.0.2")?);
    let urls = zib.urls();
    let mut rounds: Vec<[Duration; 3]> = vec![];
    let mut elements = 0;
    for _ in 0..15 {
        let profiles = Profiles::new(vec![zib.clone(), core.clone()]);
        let start = Instant::now();
        // What is parsed: the zibs, and of the base what they stand on.
        let mut lap = start;
        let mut laps = [Duration::ZERO; 3];
        let mut lapse = |to: usize| laps[to] = std::mem::replace(&mut lap, Instant::now()).elapsed();
        for url in &urls {
            let _ = std::hint::black_box(profiles.definition(url));
        }
        lapse(0);
        for url in &urls {
            let _ = std::hint::black_box(profiles.snapshot(url));
        }
        lapse(1);
        elements = urls.iter().filter_map(|u| profiles.profile(u).ok()).map(|p| p.elements().len()).sum();
        lapse(2);
        rounds.push(laps);
    }
    let median = |of: &dyn Fn(&[Duration; 3]) -> Duration| {
        let mut all: Vec<Duration> = rounds.iter().map(of).collect();
        all.sort();
        all[all.len() / 2]
    };
    println!("{} profiles, {elements} elements, median of {} rounds", urls.len(), rounds.len());
    println!("  read the definitions:       {:?}", median(&|l| l[0]));
    println!("  snapshots (base included):  {:?}", median(&|l| l[1]));
    println!("  compile:                    {:?}", median(&|l| l[2]));
    println!("  in all:                     {:?}", median(&|l| l.iter().sum()));
    Ok(())
}
