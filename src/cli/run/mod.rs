//! `keur run PATH…`: everything that can be wrong is said first, then the scripts run, then the reports
//! are written, whatever happened.

mod arguments;
mod execute;
mod finish;
mod prepare;
mod tokens;

use std::sync::Arc;

use crate::record::{Files, Gathering, Record, new_run_id};
use crate::testscript::source::ScriptSource as _;
use crate::testscript::{Portions, ScriptFile, TestScript};

use super::awaiting;
use super::console::Console;
use super::exit::Exit;
use super::mask;
use super::packages::Packages;
use super::runtime::{self, Workers};
use super::settings::{Checked, Settings};
use super::suite::{Selection, Shelf};

pub use arguments::Arguments;
pub(super) use finish::finish;
pub(super) use prepare::{Prepared, load};
pub(super) use tokens::given as tokens;

/// Carries it out.
pub fn run(arguments: &Arguments, settings: &Settings, checked: &Checked, console: &Console) -> Exit {
    // What is read from here on is part of the record.
    let files = Gathering::new(&Shelf);
    match prepare::prepare(arguments, settings, checked, &files, console) {
        Ok(prepared) => started(prepared, &arguments.awaiting, settings, checked, &files, console),
        Err(exit) => exit,
    }
}

fn started(
    prepared: Prepared<'_>,
    awaiting: &awaiting::Flags,
    settings: &Settings,
    checked: &Checked,
    files: &Gathering<'_>,
    console: &Console,
) -> Exit {
    let runtime = match runtime::start(Workers::Two, console) {
        Ok(runtime) => runtime,
        Err(exit) => return exit,
    };
    let exit = runtime.block_on(execute::carry_out(prepared, awaiting, settings, checked, files, console));
    // A simulator or a broken-off request is not waited for.
    runtime.shutdown_background();
    exit
}

/// Runs scripts that are at hand, from these files; the record of the run comes too, persons masked.
pub(super) fn sample(
    scripts: Vec<Arc<TestScript>>,
    places: Vec<ScriptFile>,
    files: &Files,
    settings: &Settings,
    checked: &Checked,
    console: &Console,
) -> (Exit, Option<Record>) {
    let mut problems = vec![];
    let tokens = tokens(settings, &mut problems);
    let packages = Packages::open(&checked.packages).map_err(|more| problems.extend(more)).unwrap_or_default();
    let wrong = prepare::stops(&problems);
    console.tell_all(problems);
    if wrong {
        return (Exit::Usage, None);
    }
    let id = new_run_id(jiff::Timestamp::now());
    let path = checked.record.join(&id);
    let scripts = Portions::whole(scripts);
    let prepared = Prepared { id, scripts, places, tokens, packages, selection: Selection::default(), login: None };
    let gathering = Gathering::new(files);
    // The scripts were read before; they belong to the record of this run too.
    for (path, _) in files.iter() {
        let _ = gathering.read(path);
    }
    let exit = started(prepared, &awaiting::Flags::default(), settings, checked, &gathering, console);
    (exit, Record::open(&path).ok().and_then(|record| mask::veiled(record, checked).ok()))
}
