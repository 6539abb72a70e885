//! Peers of keur side by side on the same bytes, as ratios: `cargo run --release` in `benches/compare`.
//!
//! Rust peers are linked in; npm `fhirpath` and PyPI `fhirpathpy` are installed beside this file when `npm` and
//! `python3` are there. The expressions are those of the scripts in `KEUR_ASSETS` (default `target/assets` of the
//! project), else of our own suites; the Bundle is made here. A peer that cannot be had is said, not guessed.
//! Beside that the bounds that keur is held to, with the release build of the program.

mod bounds;
mod clock;
mod delay;
mod fhirpath;
mod input;
mod machine;
mod process;
mod program;
mod reading;
mod recorded;
mod structure;
mod table;
mod warm;

use std::path::{Path, PathBuf};

use bounds::Bounds;
use program::Program;
use table::Results;

fn main() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here.join("../..");
    let assets = std::env::var_os("KEUR_ASSETS").map_or_else(|| root.join("target/assets"), PathBuf::from);
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.split_first() {
        Some((first, rest)) if first == process::STAND_IN => return process::stand_in(rest),
        Some((first, _)) if first == warm::ALONE => return warm::alone(&assets),
        _ => {}
    }
    let (mut results, mut bounds) = (Results::default(), Bounds::default());
    reading::measure(&mut results, &mut bounds);
    structure::measure(&mut results);
    fhirpath::measure(here, &mut results, &mut bounds);
    recorded::measure(&assets, &mut results, &mut bounds);
    warm::measure(&assets, &mut bounds);
    match Program::build(&root, &assets) {
        Some(program) => program.measure(&mut bounds),
        None => println!("the program cannot be built: nothing is said of whole processes"),
    }
    let page = format!(
        "# Measured\n\nMade by `cargo run --release` in `benches/compare`, in one run.\n\n{}\n\n## Bounds\n\n{}\n## Beside others\n\n{}",
        machine::description(),
        bounds.page(),
        results.page(),
    );
    let path = here.join("../RESULTS.md");
    match std::fs::write(&path, page) {
        Ok(()) => println!("written: {}", path.display()),
        Err(error) => {
            eprintln!("{} cannot be written: {error}", path.display());
            std::process::exit(1);
        }
    }
}
