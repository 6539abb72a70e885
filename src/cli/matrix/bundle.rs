//! The evidence of a whole matrix in one file: its report, and the bundle of every cell.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::connectathon::{CellOutcome, MatrixReport, code};
use crate::diagnostic::{Diagnostic, Severity};
use crate::evidence::bundle::{Container, Extras, Packing, Writer};
use crate::evidence::privacy::{Mask, Survey};
use crate::record::Record;

use super::super::console::Console;
use super::super::evidence::{rederived, rendered};
use super::super::mask;
use super::super::settings::Checked;

/// The report in a folder of a matrix, and in a bundle of one.
pub const REPORT: &str = "matrix.json";

/// Where the evidence of a part is.
pub enum Source {
    /// It was not given.
    Nowhere,
    /// The folder of the matrix.
    Folder(PathBuf),
    /// A bundle of it.
    Bundle(Box<Container>),
}

/// A part of a matrix.
pub struct Part {
    /// Its report.
    pub report: MatrixReport,
    /// Its evidence.
    pub source: Source,
}

impl Part {
    /// Reads a part: its JSON report, its folder or a bundle of it.
    ///
    /// # Errors
    /// Why it is none.
    pub fn open(path: &Path) -> Result<Part, Diagnostic> {
        let wrong = |reason: String| code::error(code::MERGE, format!("`{}`: {reason}", path.display()));
        let (text, source) = match Container::open(path) {
            _ if path.is_dir() => {
                let text = fs::read(path.join(REPORT)).map_err(|error| wrong(format!("`{REPORT}`: {error}")))?;
                (text, Source::Folder(path.to_owned()))
            }
            Ok(mut container) => {
                container.check().map_err(|error| wrong(error.to_string()))?;
                let text = container.bytes(REPORT).map_err(|error| wrong(error.to_string()))?;
                let text = text.ok_or_else(|| wrong("it is not the bundle of a matrix".to_owned()))?;
                (text, Source::Bundle(Box::new(container)))
            }
            Err(_) => (fs::read(path).map_err(|error| wrong(error.to_string()))?, Source::Nowhere),
        };
        let report: MatrixReport = serde_json::from_slice(&text).map_err(|error| wrong(error.to_string()))?;
        match report.schema == MatrixReport::SCHEMA {
            true => Ok(Part { report, source }),
            false => Err(wrong(format!("it is a `{}`, not a `{}`", report.schema, MatrixReport::SCHEMA))),
        }
    }

    fn has(&self, cell: &CellOutcome) -> bool {
        self.report.cells.iter().any(|own| own.key == cell.key && own.at == cell.at)
    }
}

/// The name of the bundle of a cell.
fn name(cell: &CellOutcome) -> String {
    let mut hash = Sha256::new();
    for part in [&cell.key.server, &cell.key.client, &cell.key.scenario] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let digits: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("cells/{digits}.keur")
}

/// Writes the bundle of a merged matrix; what could not be put in is said, and comes out.
///
/// # Errors
/// Why there is no bundle.
pub fn write(
    report: &MatrixReport,
    parts: &[Part],
    to: &Path,
    checked: &Checked,
    console: &Console,
) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
    let wrong = |error: std::io::Error| vec![code::error(code::MERGE, format!("`{}`: {error}", to.display()))];
    let beside = |end: &str| {
        let mut name = to.file_name().unwrap_or_default().to_owned();
        name.push(end);
        to.with_file_name(name)
    };
    let (partial, scratch) = (beside(".part"), beside(".cell"));
    let mut out = Writer::new(BufWriter::new(File::create(&partial).map_err(wrong)?));
    let bytes = serde_json::to_vec_pretty(report).map_err(|error| wrong(error.into()))?;
    let mut missing = vec![];
    let written = out.entry(REPORT, &bytes).map(|_| ()).and_then(|()| {
        for cell in &report.cells {
            match packed(cell, parts, &scratch, checked, console) {
                Ok(bytes) => drop(out.entry(&name(cell), &bytes)?),
                Err(problems) => missing.extend(problems),
            }
        }
        out.finish().map(|_| ())
    });
    let _ = fs::remove_file(&scratch);
    let written = written.and_then(|()| fs::rename(&partial, to));
    if let Err(error) = written {
        let _ = fs::remove_file(&partial);
        return Err(wrong(error));
    }
    Ok(missing)
}

/// The bundle of a cell.
fn packed(
    cell: &CellOutcome,
    parts: &[Part],
    scratch: &Path,
    checked: &Checked,
    console: &Console,
) -> Result<Vec<u8>, Vec<Diagnostic>> {
    let key = &cell.key;
    let shown = format!("{} <- {}, {}", key.server, key.client, key.scenario);
    let missing = |reason: String| {
        vec![Diagnostic::new(
            Severity::Warning,
            code::MERGE,
            format!("the evidence of `{shown}` is not there: {reason}"),
        )]
    };
    let owner = parts.iter().find(|part| part.has(cell) && !matches!(part.source, Source::Nowhere));
    match owner.map(|part| &part.source) {
        Some(Source::Bundle(container)) => {
            let bytes = container.bytes(&name(cell)).map_err(|error| missing(error.to_string()))?;
            bytes.ok_or_else(|| missing("its bundle does not have it".to_owned()))
        }
        Some(Source::Folder(folder)) => {
            let at = folder.join(&cell.run);
            let record = Record::open(&at).map_err(|error| missing(error.to_string()))?;
            let id = at.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let survey = Survey::of(&record).map_err(|error| missing(error.to_string()))?;
            let mask = Mask::new(mask::key(checked).map_err(|problem| vec![*problem])?, survey);
            let _ = fs::remove_file(scratch);
            let derive = |record: &Record| rederived(record, &[]);
            let render = |record: &Record| rendered(record, console);
            let (mask, extras) = (&mask, &Extras::default());
            let packing = Packing { record: &record, id: &id, mask, extras, derive: &derive, render: &render };
            packing.write(scratch).map_err(|unpacked| unpacked.0)?;
            fs::read(scratch).map_err(|error| missing(error.to_string()))
        }
        _ => Err(missing("give the folder of its part, or a bundle of it".to_owned())),
    }
}
