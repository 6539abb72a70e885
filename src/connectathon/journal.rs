//! The journal of a matrix: finished cells, a line of JSON each. A matrix that was stopped reads it and
//! runs what is not in it.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

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

/// Finished cells on disk.
pub struct Journal {
    path: PathBuf,
    file: Mutex<File>,
}

impl Journal {
    /// The name of the file in the folder of a matrix.
    pub const NAME: &str = "cells.jsonl";

    /// Opens or begins the journal of a matrix; gives what is in it, of a cell that was run more than once
    /// the last. A line that broke off (keur was killed) is no finished cell.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn open(folder: &Path) -> Result<(Journal, HashMap<Key, CellOutcome>), JournalError> {
        let path = folder.join(Journal::NAME);
        let fault = |reason| JournalError { path: path.clone(), reason };
        fs::create_dir_all(folder).map_err(fault)?;
        let mut known = HashMap::new();
        let mut broken = false;
        if let Ok(file) = File::open(&path) {
            for line in BufReader::new(file).split(b'\n') {
                let line = line.map_err(fault)?;
                broken = match serde_json::from_slice::<CellOutcome>(&line) {
                    Ok(outcome) => {
                        known.insert(outcome.key.clone(), outcome);
                        false
                    }
                    Err(_) => !line.is_empty(),
                };
            }
        }
        let mut file = fs::OpenOptions::new().create(true).append(true).open(&path).map_err(fault)?;
        if broken {
            file.write_all(b"\n").map_err(fault)?;
        }
        Ok((Journal { path: path.clone(), file: Mutex::new(file) }, known))
    }

    /// Adds a finished cell.
    ///
    /// # Errors
    /// When the disk does.
    pub fn add(&self, outcome: &CellOutcome) -> Result<(), JournalError> {
        let fault = |reason| JournalError { path: self.path.clone(), reason };
        let mut line = serde_json::to_vec(outcome).map_err(|error| fault(error.into()))?;
        line.push(b'\n');
        self.file.lock().unwrap_or_else(PoisonError::into_inner).write_all(&line).map_err(fault)
    }
}
