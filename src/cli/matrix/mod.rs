//! `keur matrix`: many servers and many clients against each other.

mod demo;
mod play;
mod progress;

use std::path::PathBuf;

use super::console::Console;
use super::exit::Exit;
use super::settings::{Checked, Key};

/// Flags of `matrix`.
#[derive(clap::Args, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

/// What `matrix` can do.
#[derive(clap::Subcommand, Debug)]
enum What {
    /// Show it: simulators and played clients, a third of them with a named fault
    Demo(demo::Arguments),
}

/// Flags of everything that plays a matrix.
#[derive(clap::Args, Debug)]
pub struct Flags {
    /// Report to write: json (every cell) or html (the board, as it stands at the end) (repeatable)
    #[arg(long, value_name = "KIND=PATH")]
    pub report: Vec<String>,
    /// Folder of the journal and the evidence; cells that are finished in it are not run again
    #[arg(long, value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
    /// Where the live board is served; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS")]
    pub board: Option<String>,
    /// Who has this token may ask for retests and speak for every party: env:VARIABLE or @FILE
    #[arg(long, value_name = "TOKEN", requires = "board")]
    pub board_token: Option<String>,
    /// Go on when every cell is over, so that the board stays and cells can be run again; Ctrl-C ends
    #[arg(long)]
    pub stay: bool,
    /// Cells that run at once
    #[arg(long, value_name = "N", default_value_t = 8)]
    pub concurrency: usize,
    /// Cells of one party that run at once
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub per_party: usize,
    /// Only cells of this party or scenario (repeatable)
    #[arg(long, value_name = "NAME")]
    pub only: Vec<String>,
    /// One part of the cells: 1/4 is the first of four [default: JOB_COMPLETION_INDEX of four, where it is set]
    #[arg(long, value_name = "N/M")]
    pub shard: Option<String>,
    /// FHIR package to use: a .tgz, a folder or NAME@VERSION (repeatable)
    #[arg(long, value_name = "PACKAGE")]
    pub package: Vec<String>,
    /// Longest wait for an answer [default: 60s]
    #[arg(long, value_name = "DURATION")]
    pub timeout: Option<String>,
}

impl Flags {
    fn settings(&self) -> Vec<(Key, String)> {
        let packages = self.package.iter().map(|package| (Key::Package, package.clone()));
        let reports = self.report.iter().map(|report| (Key::Report, report.clone()));
        packages.chain(reports).chain(self.timeout.iter().map(|timeout| (Key::Timeout, timeout.clone()))).collect()
    }
}

impl Arguments {
    /// Flags that are settings too.
    pub fn settings(&self) -> Vec<(Key, String)> {
        match &self.what {
            What::Demo(arguments) => arguments.flags.settings(),
        }
    }
}

/// Carries it out.
pub fn matrix(arguments: &Arguments, checked: &Checked, console: &Console) -> Exit {
    match &arguments.what {
        What::Demo(arguments) => demo::demo(arguments, checked, console),
    }
}
