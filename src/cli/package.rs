//! `keur package …`: FHIR packages on this machine.

use std::path::PathBuf;

use crate::definitions::distill;
use crate::definitions::package::Package;

use super::console::Console;
use super::exit::Exit;
use super::problem;

/// Flags of `package`.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand, Debug)]
enum Action {
    /// Write the facts of a package (no prose, no displays, no expressions), as the binary carries them
    Distill {
        /// The package: a .tgz or a folder
        #[arg(value_name = "PACKAGE")]
        package: PathBuf,
        /// Folder in which `NAME@VERSION/` is written
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
}

/// Carries it out.
pub fn package(arguments: &Arguments, console: &Console) -> Exit {
    let result = match &arguments.action {
        Action::Distill { package, out } => Package::open(package)
            .and_then(|package| distill::write_facts(&package, out))
            .map(|d| format!("{}: {} files, {} bytes\n", d.folder.display(), d.files, d.bytes)),
    };
    match result {
        Ok(text) => match console.output(text.as_bytes()) {
            Ok(()) => Exit::Passed,
            Err(_) => Exit::Usage,
        },
        Err(error) => {
            console.tell(problem::error(problem::PACKAGE, error.to_string()));
            Exit::Usage
        }
    }
}
