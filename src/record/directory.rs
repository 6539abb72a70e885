//! A record on disk.

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::event::Event;
use super::sink::{BodyHash, EventSink, RecordError};

/// A new run id: the moment in UTC and six random digits, so that ids sort by time and do not collide.
pub fn new_run_id(now: jiff::Timestamp) -> String {
    let random = uuid::Uuid::new_v4().simple().to_string();
    format!("{}-{}", now.strftime("%Y%m%dT%H%M%SZ"), &random[..6])
}

/// Writes `events.jsonl` and `bodies/<sha256>` under a directory that is made at the first event, so
/// that a run that never starts leaves nothing behind.
///
/// A line is written whole; the log is flushed when a script ends and synced to disk when the run does.
/// A body is written under another name first and renamed, so that a body that is there is complete.
pub struct RunDirectory {
    path: PathBuf,
    log: Mutex<Option<BufWriter<File>>>,
}

impl RunDirectory {
    /// The file of events in a run directory.
    pub const EVENTS: &str = "events.jsonl";
    /// The folder of bodies in a run directory.
    pub const BODIES: &str = "bodies";

    /// A new run under `runs` (`.keur/runs`); nothing is made yet.
    pub fn new(runs: &Path, id: &str) -> RunDirectory {
        RunDirectory { path: runs.join(id), log: Mutex::new(None) }
    }

    /// Where it is, or will be.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn fault(path: &Path) -> impl Fn(std::io::Error) -> RecordError + use<> {
        let path = path.to_owned();
        move |cause| RecordError { path: path.clone(), cause }
    }

    fn open(&self) -> Result<BufWriter<File>, RecordError> {
        let bodies = self.path.join(Self::BODIES);
        fs::create_dir_all(&bodies).map_err(Self::fault(&bodies))?;
        let path = self.path.join(Self::EVENTS);
        // `create_new`: another run's log is never continued.
        let file = OpenOptions::new().write(true).create_new(true).open(&path).map_err(Self::fault(&path))?;
        Ok(BufWriter::new(file))
    }
}

impl EventSink for RunDirectory {
    fn event(&self, event: &Event) -> Result<(), RecordError> {
        let fault = Self::fault(&self.path.join(Self::EVENTS));
        let mut line = serde_json::to_vec(event).map_err(|e| fault(e.into()))?;
        line.push(b'\n');
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let log = match &mut *log {
            Some(log) => log,
            none => none.insert(self.open()?),
        };
        log.write_all(&line).map_err(&fault)?;
        match event {
            Event::ScriptFinished { .. } | Event::RunStarted(_) => log.flush().map_err(&fault),
            Event::RunFinished { .. } => {
                log.flush().map_err(&fault)?;
                log.get_ref().sync_all().map_err(&fault)
            }
            _ => Ok(()),
        }
    }

    fn body(&self, hash: &BodyHash, body: &[u8]) -> Result<(), RecordError> {
        let bodies = self.path.join(Self::BODIES);
        let path = bodies.join(hash.to_string());
        if path.exists() {
            return Ok(());
        }
        fs::create_dir_all(&bodies).map_err(Self::fault(&bodies))?;
        let partial = bodies.join(format!(".{}", uuid::Uuid::new_v4().simple()));
        fs::write(&partial, body).and_then(|()| fs::rename(&partial, &path)).map_err(|cause| {
            let _ = fs::remove_file(&partial);
            RecordError { path: path.clone(), cause }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Record, RunStarted};

    fn started() -> Event {
        Event::RunStarted(RunStarted {
            format: 1,
            keur: "0".into(),
            at: "2026-01-01T00:00:00Z".into(),
            target: "http://localhost".into(),
            simulated: true,
            fhir_version: "3.0".into(),
            definitions: vec![],
            scripts: 1,
        })
    }

    #[test]
    fn ids_sort_by_time() {
        let at = |s: i64| new_run_id(jiff::Timestamp::from_second(s).unwrap());
        assert!(at(1_700_000_000) < at(1_700_000_001));
        assert_ne!(at(0), at(0));
        assert!(at(0).starts_with("19700101T000000Z-"));
    }

    #[test]
    fn a_run_that_never_starts_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        drop(RunDirectory::new(&folder.path().join("runs"), "x"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_is_written_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunDirectory::new(folder.path(), "x");
        let hash = BodyHash::of(b"body");
        run.event(&started()).unwrap();
        run.body(&hash, b"body").unwrap();
        run.body(&hash, b"body").unwrap();
        run.event(&Event::ScriptFinished { script: 0 }).unwrap();
        run.event(&Event::RunFinished { at: "2026-01-01T00:00:01Z".into(), interrupted: false }).unwrap();
        let record = Record::open(run.path()).unwrap();
        assert_eq!(record.events().len(), 3);
        assert!(!record.truncated());
        assert_eq!(record.body(&hash.to_string()).unwrap().as_deref(), Some(&b"body"[..]));
        assert_eq!(record.body(&BodyHash::of(b"other").to_string()).unwrap(), None);
        assert_eq!(fs::read_dir(run.path().join("bodies")).unwrap().count(), 1);
    }

    #[test]
    fn a_second_run_does_not_continue_the_log_of_the_first() {
        let folder = tempfile::tempdir().unwrap();
        RunDirectory::new(folder.path(), "x").event(&started()).unwrap();
        let error = RunDirectory::new(folder.path(), "x").event(&started()).unwrap_err();
        assert!(error.to_string().contains("events.jsonl"), "{error}");
    }
}
