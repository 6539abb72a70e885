//! What a matrix writes down as it goes, a line of JSON each, so that one that was stopped goes on: the
//! finished cells, and the findings with what was said of them.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::outcome::{CellOutcome, Key};

/// The journal cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("cannot use `{}`: {reason}", path.display())]
pub struct JournalError {
    /// The file.
    pub path: PathBuf,
    /// Why not.
    pub reason: std::io::Error,
}

/// A file of lines of JSON that only grows.
pub(super) struct Lines {
    path: PathBuf,
    file: Mutex<File>,
}

impl Lines {
    /// Opens or begins the file; gives what is in it. A line that broke off (keur was killed) is none.
    pub fn open<T: DeserializeOwned>(folder: &Path, name: &str) -> Result<(Lines, Vec<T>), JournalError> {
        let path = folder.join(name);
        let fault = |reason| JournalError { path: path.clone(), reason };
        fs::create_dir_all(folder).map_err(fault)?;
        let (mut known, mut broken) = (vec![], false);
        if let Ok(file) = File::open(&path) {
            for line in BufReader::new(file).split(b'\n') {
                let line = line.map_err(fault)?;
                let read = serde_json::from_slice(&line);
                broken = read.is_err() && !line.is_empty();
                known.extend(read.ok());
            }
        }
        let mut file = fs::OpenOptions::new().create(true).append(true).open(&path).map_err(fault)?;
        if broken {
            file.write_all(b"\n").map_err(fault)?;
        }
        Ok((Lines { path: path.clone(), file: Mutex::new(file) }, known))
    }

    /// Adds a line.
    pub fn add(&self, value: &impl Serialize) -> Result<(), JournalError> {
        let fault = |reason| JournalError { path: self.path.clone(), reason };
        let mut line = serde_json::to_vec(value).map_err(|error| fault(error.into()))?;
        line.push(b'\n');
        self.file.lock().unwrap_or_else(PoisonError::into_inner).write_all(&line).map_err(fault)
    }
}

/// Finished cells on disk.
pub struct Journal(Lines);

impl Journal {
    /// The name of the file in the folder of a matrix.
    pub const NAME: &str = "cells.jsonl";

    /// Opens or begins the journal of a matrix; gives what is in it, of a cell that was run more than once
    /// the last.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn open(folder: &Path) -> Result<(Journal, HashMap<Key, CellOutcome>), JournalError> {
        let (lines, known) = Lines::open::<CellOutcome>(folder, Journal::NAME)?;
        Ok((Journal(lines), known.into_iter().map(|outcome| (outcome.key.clone(), outcome)).collect()))
    }

    /// Adds a finished cell.
    ///
    /// # Errors
    /// When the disk does.
    pub fn add(&self, outcome: &CellOutcome) -> Result<(), JournalError> {
        self.0.add(outcome)
    }
}
