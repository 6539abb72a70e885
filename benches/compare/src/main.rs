//! Peers of keur side by side on the same bytes, as ratios: `cargo run --release` in `benches/compare`.
//!
//! Rust peers are linked in; npm `fhirpath` and PyPI `fhirpathpy` are installed beside this file when `npm` and
//! `python3` are there. The expressions are those of the scripts in `KEUR_ASSETS` (default `target/assets` of the
//! project), else of our own suites; the Bundle is made here. A peer that cannot be had is said, not guessed.

mod clock;
mod fhirpath;
mod input;
mod machine;
mod reading;
mod recorded;
mod structure;
mod table;

use std::path::Path;

use table::Results;

fn main() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut results = Results::default();
    reading::measure(&mut results);
    structure::measure(&mut results);
    fhirpath::measure(here, &mut results);
    recorded::measure(here, &mut results);
    let path = here.join("../RESULTS.md");
    match std::fs::write(&path, results.page(&machine::description())) {
        Ok(()) => println!("written: {}", path.display()),
        Err(error) => {
            eprintln!("{} cannot be written: {error}", path.display());
            std::process::exit(1);
        }
    }
}
