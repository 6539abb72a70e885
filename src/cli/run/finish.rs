//! From the record on disk to reports and exit code.

use std::path::Path;

use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::reports::{self, Read};
use crate::cli::settings::Checked;
use crate::cli::suite::Shelf;
use crate::cli::{mask, problem};
use crate::diagnostic::Words;
use crate::record::Record;

const RECORD: Words = Words::new("record", "opname");

/// Writes the reports that were asked for.
pub fn finish(directory: &Path, checked: &Checked, console: &Console) -> Exit {
    let record = match Record::open(directory) {
        Ok(record) => record,
        Err(error) => {
            console.tell(problem::error(problem::RECORD, error.to_string()));
            return Exit::Usage;
        }
    };
    let record = match mask::veiled(record, checked) {
        Ok(record) => record,
        Err(problem) => {
            console.tell(*problem);
            return Exit::Usage;
        }
    };
    let (report, problems) = reports::write(record, Read::JustNow, &Shelf, checked, console);
    console.error(&format!("{}: {}\n", RECORD.get(console.language), directory.display()));
    let unwritten = !problems.is_empty();
    console.tell_all(problems);
    match Exit::of(&report) {
        // A missing report is no success.
        Exit::Passed if unwritten => Exit::Usage,
        exit => exit,
    }
}
