//! Validating one Bundle as users do: a cold process with the embedded facts, the same warm, and how the
//! cost grows with the number of entries. `cargo bench --bench bundle`.
//!
//! The entries are our own BgZ person, repeated under other ids.

use std::fmt::Write as _;
use std::process::Command;
use std::time::{Duration, Instant};

use keur::definitions::{Definitions, Typed};
use keur::embedded;
use keur::fhir::{self, FhirVersion, Format};
use keur::validation::{Policy, Validator};

/// A BgZ answer, taken together.
const ENTRIES: usize = 70;

/// Entries of Bundles whose time per entry is compared with that of the first.
const SIZES: [usize; 3] = [1_000, 10_000, 100_000];

/// Processes that are started for a median.
const RUNS: usize = 21;

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// The resources of our person by type and id, their placeholders filled in.
fn resources() -> Vec<(String, String, String)> {
    let read = |file: &embedded::File| {
        let mut text = String::new();
        let mut rest = file.text()?;
        while let Some((before, after)) = rest.split_once("${") {
            text.push_str(before);
            text.push_str("2026-11-20");
            rest = after.split_once('}')?.1;
        }
        text.push_str(rest);
        let document = fhir::read(text.as_str(), Format::Json).ok()?;
        let root = document.root();
        Some((root.resource_type()?.to_owned(), root.child_value("id")?.to_owned(), text))
    };
    embedded::below("fixtures/bgz-3.0/keurmeester").iter().filter_map(read).collect()
}

fn bundle(resources: &[(String, String, String)], entries: usize) -> String {
    let mut text = String::from(r#"{"resourceType": "Bundle", "type": "searchset", "entry": ["#);
    for (i, (kind, id, resource)) in resources.iter().cycle().take(entries).enumerate() {
        let round = i / resources.len();
        let own = if round == 0 { id.clone() } else { format!("{}-{round}", &id[..id.len().min(50)]) };
        let resource = resource.replacen(&format!("\"id\": \"{id}\""), &format!("\"id\": \"{own}\""), 1);
        let comma = if i == 0 { "" } else { "," };
        let _ = write!(
            text,
            "{comma}\n{{\"fullUrl\": \"https://dva.example/fhir/{kind}/{own}\", \"resource\": {resource}}}"
        );
    }
    text.push_str("]}");
    text
}

/// Most memory this process has held, in MB.
fn peak_megabytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap_or_default() / 1024
}

fn main() {
    let resources = resources();
    let folder = std::env::temp_dir().join(format!("keur-bench-{}", std::process::id()));
    let file = folder.join("bundle.json");
    let written = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&file, bundle(&resources, ENTRIES)));
    if let Err(error) = written {
        return eprintln!("{}: {error}", file.display());
    }
    let cold = |_| {
        let start = Instant::now();
        let _ = Command::new(env!("CARGO_BIN_EXE_keur")).arg("validate").arg(&file).output();
        start.elapsed()
    };
    println!("{ENTRIES} entries, cold process, embedded facts: median {:?}", median((0..RUNS).map(cold).collect()));
    let _ = std::fs::remove_dir_all(&folder);

    let definitions = Definitions::embedded(FhirVersion::Stu3);
    let types = definitions.types();
    let validator = Validator::new(types.clone(), definitions.profiles(), definitions.terminology(), Policy::default());
    let judge = |text: &str| {
        let start = Instant::now();
        let document = Typed::new(fhir::read(text, Format::Json).expect("generated"), types.clone());
        divan::black_box(validator.validate(&document, &[]));
        start.elapsed()
    };
    let warm = bundle(&resources, ENTRIES);
    judge(&warm);
    let time = median((0..RUNS).map(|_| judge(&warm)).collect());
    println!("{ENTRIES} entries, warm, read and validated: median {time:?}, {:?} an entry", time / ENTRIES as u32);
    let mut first = None;
    for size in SIZES {
        let text = bundle(&resources, size);
        let runs = if size > 10_000 { 1 } else { 3 };
        let time = median((0..runs).map(|_| judge(&text)).collect());
        let each = time / size as u32;
        let first = *first.get_or_insert(each);
        let ratio = each.as_secs_f64() / first.as_secs_f64();
        println!(
            "{size} entries ({} MB): {time:?}, {each:?} an entry, {ratio:.2} times the first; peak {} MB",
            text.len() / 1_000_000,
            peak_megabytes()
        );
    }
}
