//! Validation and profiles in a process that is warm.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use keur::definitions::package::Package;
use keur::definitions::profile::{DefinitionSource, Profiles};
use keur::definitions::{Definitions, PackageSource, Typed, embedded_packages};
use keur::fhir::{self, FhirVersion, Format};
use keur::validation::{Policy, Validator};

use super::bounds::Bounds;
use super::clock::median;
use super::process::own_resident;

/// The first argument of the copy of this program that has nothing else in memory.
pub const ALONE: &str = "--warm-validation";

/// The version of the zib profiles that medication is judged by.
const MEDICATION: (&str, &str) = ("nictiz.fhir.nl.stu3.zib2017", "1.3.19");

/// What the copy does: validates every official STU3 fixture twice, and prints the median of the second time in
/// nanoseconds, how many there were, and its memory in bytes.
pub fn alone(assets: &Path) {
    let usual = Definitions::embedded(FhirVersion::Stu3);
    let named = |package: &keur::definitions::package::Manifest| {
        (package.name.as_str(), package.version.as_str()) == MEDICATION
    };
    let medication: Vec<_> = embedded_packages().into_iter().filter(named).collect();
    let of_medication = Definitions::embedded(FhirVersion::Stu3).carrying(&medication);
    let (usual, of_medication) = (validator(&usual), validator(&of_medication));
    let types = Definitions::embedded(FhirVersion::Stu3).types();
    let mut times = vec![];
    for folder in std::fs::read_dir(assets.join("oracle/inputs")).into_iter().flatten().flatten() {
        let is_medication = folder.file_name().to_string_lossy().starts_with("Medication");
        let validator = if is_medication { &of_medication } else { &usual };
        for file in std::fs::read_dir(folder.path()).into_iter().flatten().flatten() {
            let read = || {
                let document = fhir::read(std::fs::read_to_string(file.path()).ok()?, Format::from_path(&file.path())?);
                Some(Typed::new(document.ok()?, types.clone()))
            };
            let Some(resource) = read() else { continue };
            let once = || {
                let start = Instant::now();
                std::hint::black_box(validator.validate(&resource, &[]));
                start.elapsed()
            };
            once();
            times.push(once());
        }
    }
    times.sort_unstable();
    let median = times.get(times.len() / 2).copied().unwrap_or_default();
    println!("{} {} {}", median.as_nanos(), times.len(), own_resident());
}

fn validator(definitions: &Definitions) -> Validator {
    let (types, profiles) = (definitions.types(), definitions.profiles());
    Validator::new(types, profiles, definitions.terminology(), Policy::default())
}

/// Both bounds.
pub fn measure(assets: &Path, bounds: &mut Bounds) {
    let alone = || {
        let own = std::env::current_exe().ok()?;
        let output = std::process::Command::new(own).arg(ALONE).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        let figures: Vec<u64> = text.split_whitespace().filter_map(|figure| figure.parse().ok()).collect();
        let [median, count, resident] = figures[..] else { return None };
        (count > 0).then_some((Duration::from_nanos(median), resident))
    };
    let seen = alone();
    bounds.most("warm validation of the official fixtures, median", seen.map(|s| s.0.as_secs_f64() * 1e6), 100.0, "µs");
    bounds.memory("the same, memory", seen.map(|s| s.1), 60);
    bounds.time(
        "snapshots of the zib2017 profiles generated and compiled",
        profiles(assets),
        Duration::from_millis(150),
    );
}

/// All profiles of the zib package over its core package.
fn profiles(assets: &Path) -> Option<Duration> {
    let open = |name: &str| Some(Arc::new(Package::open(&assets.join(format!("packages/{name}.tgz"))).ok()?));
    let zib = open("nictiz.fhir.nl.stu3.zib2017-2.2.18")?;
    let source: Arc<dyn DefinitionSource> =
        Arc::new(PackageSource::new(vec![zib.clone(), open("hl7.fhir.r3.core-3.0.2")?]));
    let urls = PackageSource::new(vec![zib]).urls();
    println!("{} profiles", urls.len());
    Some(median(|| {
        let profiles = Profiles::new(vec![source.clone()]);
        urls.iter().filter(|url| profiles.profile(url).is_ok()).count()
    }))
}
