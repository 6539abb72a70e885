//! `keur matrix`: many servers and many clients against each other.

mod bundle;
mod demo;
mod file;
mod init;
pub(super) mod merge;
mod party;
mod play;
mod progress;
mod rejudge;
mod scenario;
mod stage;

use std::path::PathBuf;

use crate::connectathon::Limits;

use super::console::Console;
use super::destination;
use super::exit::Exit;
use super::runtime::{self, Workers};
use super::settings::{Checked, Key, Said, Settings};
pub(super) use rejudge::rejudged;
use stage::Problem;

/// Flags of `matrix`.
#[derive(clap::Args, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Arguments {
    /// The matrix file; `keur matrix init` writes one to start from
    #[arg(value_name = "FILE", required = true)]
    file: Option<PathBuf>,
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    what: Option<What>,
}

/// What `matrix` can do.
#[derive(clap::Subcommand, Debug)]
enum What {
    /// Show it: simulators and played clients, a third of them with a named fault
    Demo(Box<demo::Arguments>),
    /// Write a matrix file to start from, with comments; or a file for a CI that shares the work
    Init(init::Arguments),
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
    /// Cells that run at once [default: 8]
    #[arg(long, value_name = "N")]
    pub concurrency: Option<usize>,
    /// Cells of one party that run at once [default: 2]
    #[arg(long, value_name = "N")]
    pub per_party: Option<usize>,
    /// Where clients that come themselves ask; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// How long such clients are waited for; without it until they have come, or Ctrl-C
    #[arg(long, value_name = "DURATION")]
    pub await_timeout: Option<String>,
    /// Only cells of this party or scenario (repeatable)
    #[arg(long, value_name = "NAME")]
    pub only: Vec<String>,
    /// One part of the cells: 1/4 is the first of four ; `/4` takes JOB_COMPLETION_INDEX for which
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
    fn settings(&self) -> Said {
        Said::default()
            .many(Key::Report, &self.report)
            .many(Key::Package, &self.package)
            .one(Key::Timeout, &self.timeout)
    }

    /// The bounds: those of the flags before those of a file.
    fn limits(&self, cells: Option<usize>, party: Option<usize>) -> Limits {
        let otherwise = Limits::default();
        let cells = self.concurrency.or(cells).unwrap_or(otherwise.cells).max(1);
        let party = self.per_party.or(party).unwrap_or(otherwise.party).max(1);
        Limits { cells, party, ..otherwise }
    }
}

impl Arguments {
    /// Flags that are settings too.
    pub fn settings(&self) -> Said {
        match &self.what {
            Some(What::Demo(arguments)) => arguments.flags.settings(),
            Some(What::Init(_)) => Said::default(),
            None => self.flags.settings(),
        }
    }
}

/// Carries it out.
pub fn matrix(arguments: &Arguments, settings: &Settings, checked: &Checked, console: &Console) -> Exit {
    if let Some(What::Init(arguments)) = &arguments.what {
        return init::init(arguments, console);
    }
    let problems = destination::check(&checked.reports);
    if !problems.is_empty() {
        console.tell_all(problems);
        return Exit::Usage;
    }
    let runtime = match runtime::start(Workers::Two, console) {
        Ok(runtime) => runtime,
        Err(exit) => return exit,
    };
    let played = runtime.block_on(async {
        match (&arguments.what, &arguments.file) {
            (Some(What::Demo(arguments)), _) => demo::carry_out(arguments, (settings, checked), console).await,
            (_, Some(file)) => file::carry_out(file, &arguments.flags, (settings, checked), console).await,
            _ => Ok(Exit::Usage),
        }
    });
    // Simulators and boards are not waited for.
    runtime.shutdown_background();
    match played {
        Ok(exit) | Err(Problem::Said(exit)) => exit,
        Err(Problem::New(problems)) => {
            console.tell_grouped(problems);
            Exit::Usage
        }
    }
}
