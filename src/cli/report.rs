//! `keur report RUN`: any report of a run that was recorded, also of one that never came to its end.

use std::path::PathBuf;

use crate::diagnostic::{NoteKind, Words};
use crate::record::{Record, RunDirectory};
use crate::testscript::source::ScriptSource;

use super::console::Console;
use super::destination;
use super::exit::Exit;
use super::mask;
use super::matrix::merge;
use super::problem;
use super::reports::{self, Read};
use super::settings::{Checked, Key, Said};
use super::suite::Shelf;

/// Flags of `report`.
#[derive(clap::Args, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Arguments {
    #[command(subcommand)]
    what: Option<What>,
    /// Folder of a run, or its id in the folder of run records
    #[arg(value_name = "RUN", required = true)]
    run: Option<PathBuf>,
    /// Report to write: html, json, junit, terminal, testreport, testreport-r5, sarif, har, github or gitlab; `-` is
    /// standard output (repeatable)
    #[arg(long, value_name = "KIND=PATH")]
    report: Vec<String>,
    /// Folder of run records [default: .keur/runs]
    #[arg(long, value_name = "FOLDER")]
    record: Option<String>,
    /// Table of requirements to judge instead of those of the run, by name or file (repeatable)
    #[arg(long, value_name = "NAME")]
    requirements: Vec<String>,
    /// Judge with the known failures and requirements of now, not those of the run
    #[arg(long)]
    current: bool,
}

/// What `report` can do beside writing reports of a run.
#[derive(clap::Subcommand, Debug)]
enum What {
    /// Merge the JSON reports of the parts of a matrix into one
    Merge(merge::Arguments),
}

const UNFINISHED: Words = Words::new(
    "the run did not come to its end: this is what is in its record",
    "de run kwam niet aan zijn einde: dit is wat er in de opname staat",
);

impl Arguments {
    /// Flags that are settings too.
    pub fn settings(&self) -> Said {
        if let Some(What::Merge(arguments)) = &self.what {
            return arguments.settings();
        }
        Said::default()
            .many(Key::Report, &self.report)
            .one(Key::Record, &self.record)
            .many(Key::Requirements, &self.requirements)
    }
}

/// Carries it out. It ends as the run did, for a report of a failed run is no success; a run that was cut
/// off is incomplete, where nothing in it failed.
pub fn report(arguments: &Arguments, checked: &Checked, console: &Console) -> Exit {
    if let Some(What::Merge(arguments)) = &arguments.what {
        return merge::merge(arguments, checked, console);
    }
    let problems = destination::check(&checked.reports);
    if !problems.is_empty() {
        console.tell_all(problems);
        return Exit::Usage;
    }
    let is_run = |folder: &PathBuf| folder.join(RunDirectory::EVENTS).is_file();
    let run = arguments.run.clone().unwrap_or_default();
    let folders = [run.clone(), checked.record.join(&run)];
    let Some(folder) = folders.iter().find(|folder| is_run(folder)) else {
        let message = format!("there is no record of a run in `{}`", run.display());
        let looked = format!(
            "looked for `{}`",
            folders.map(|f| f.join(RunDirectory::EVENTS).display().to_string()).join("`, `")
        );
        console.tell(problem::error(problem::PATH, message).note(NoteKind::Note, looked));
        return Exit::Usage;
    };
    let record = match Record::open(folder) {
        Ok(record) => record,
        Err(error) => {
            console.tell(problem::error(problem::PATH, error.to_string()));
            return Exit::Usage;
        }
    };
    if !record.finished() {
        console.error(&format!("{}\n", UNFINISHED.get(console.language)));
    }
    // Of the scripts the record has those that were run; a record without them is of an older keur.
    let files: Box<dyn ScriptSource> = match record.files() {
        Ok(Some(files)) => Box::new(files),
        Ok(None) => Box::new(Shelf),
        Err(error) => {
            console.tell(problem::error(problem::PATH, error.to_string()));
            return Exit::Usage;
        }
    };
    let judged = match arguments.current {
        true => Ok(checked.clone()),
        false => checked.as_declared(&record, !arguments.requirements.is_empty()),
    };
    let (record, checked) = match judged.and_then(|checked| Ok((mask::veiled(record, &checked)?, checked))) {
        Ok(both) => both,
        Err(problem) => {
            console.tell(*problem);
            return Exit::Usage;
        }
    };
    let (report, problems) = reports::write(record, Read::Before, &*files, &checked, console);
    let unwritten = !problems.is_empty();
    console.tell_all(problems);
    match Exit::of(&report) {
        Exit::Passed if unwritten => Exit::Usage,
        // It was the run that was interrupted, not this.
        Exit::Interrupted => Exit::concluded(&report),
        exit => exit,
    }
}
