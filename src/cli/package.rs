//! `keur package distill`: from an official package to facts in the project's own format.

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
    /// Write the facts of a package: paths, cardinalities, types and codes, no prose and no expressions
    Distill {
        /// A .tgz or a folder
        #[arg(value_name = "PACKAGE")]
        package: PathBuf,
        /// Folder in which a folder NAME@VERSION is made
        #[arg(long, value_name = "FOLDER", default_value = "profiles")]
        into: PathBuf,
    },
}

/// Carries it out.
pub fn package(arguments: &Arguments, console: &Console) -> Exit {
    let Action::Distill { package, into } = &arguments.action;
    let distilled = Package::open(package).and_then(|package| distill::write_facts(&package, into));
    match distilled {
        Ok(distilled) => {
            let folder = distilled.folder.display();
            let text =
                format!("{folder}: {} types, {} search parameters\n", distilled.types, distilled.search_parameters);
            console.output(text.as_bytes()).map_or(Exit::Usage, |()| Exit::Passed)
        }
        Err(error) => {
            console.tell(problem::error(problem::PACKAGE, error.to_string()));
            Exit::Usage
        }
    }
}
