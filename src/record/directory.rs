//! A record on disk.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::event::Event;
use super::files::{Files, Gathering};
use super::inputs::RunInputs;
use super::sink::{BodyHash, EventSink, RecordError};
use super::store::{private_file, private_folder};

/// A new run id: the moment in UTC and six random digits, so that ids sort by time and do not collide.
pub fn new_run_id(now: jiff::Timestamp) -> String {
    let random = uuid::Uuid::new_v4().simple().to_string();
    format!("{}-{}", now.strftime("%Y%m%dT%H%M%SZ"), &random[..6])
}

/// Writes `events.jsonl` and `bodies/<sha256>` under a directory that is made at the first event, so
/// that a run that never starts leaves nothing behind.
///
/// A line is written whole; the log is flushed at every exchange and synced to disk when the run ends, so
/// that a run that is killed loses no answer.
/// A body is written under another name first and renamed, so that a body that is there is complete.
pub struct RunDirectory {
    path: PathBuf,
    log: Mutex<Option<BufWriter<File>>>,
    /// What the run is given, until it is written.
    given: Mutex<Option<(RunInputs, Files)>>,
}

impl RunDirectory {
    /// The file of events in a run directory.
    pub const EVENTS: &str = "events.jsonl";
    /// The folder of bodies in a run directory.
    pub const BODIES: &str = "bodies";
    /// The file of what the run was given.
    pub const INPUTS: &str = "inputs.json";

    /// A new run under `runs` (`.keur/runs`); nothing is made yet.
    pub fn new(runs: &Path, id: &str) -> RunDirectory {
        RunDirectory { path: runs.join(id), log: Mutex::new(None), given: Mutex::new(None) }
    }

    /// With what the run is given; it is written before the first event.
    #[must_use]
    pub fn with_inputs(self, inputs: RunInputs, files: Files) -> RunDirectory {
        RunDirectory { given: Mutex::new(Some((inputs, files))), ..self }
    }

    /// Writes what the run is given, before its first event.
    pub fn write_given(&self, inputs: &RunInputs, texts: &Gathering<'_>) -> Result<(), RecordError> {
        private_folder(&self.path).map_err(Self::fault(&self.path))?;
        self.write_both(inputs, |file| texts.write(file))
    }

    fn write_both(
        &self,
        inputs: &RunInputs,
        texts: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<()>,
    ) -> Result<(), RecordError> {
        self.write(Self::INPUTS, |file| {
            serde_json::to_writer_pretty(&mut *file, inputs)?;
            file.write_all(b"\n")
        })?;
        self.write(Files::NAME, texts)
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
        private_folder(&bodies).map_err(Self::fault(&bodies))?;
        let path = self.path.join(Self::EVENTS);
        // A new file: another run's log is never continued.
        let log = private_file(&path).map_err(Self::fault(&path))?;
        let given = self.given.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((inputs, files)) = given {
            self.write_both(&inputs, |file| files.write(file))?;
        }
        Ok(BufWriter::new(log))
    }

    fn write(
        &self,
        name: &str,
        content: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<()>,
    ) -> Result<(), RecordError> {
        let path = self.path.join(name);
        let write = || {
            let mut file = BufWriter::new(private_file(&path)?);
            content(&mut file)?;
            file.flush()
        };
        write().map_err(Self::fault(&path))
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
            Event::ScriptFinished { .. } | Event::RunStarted(_) | Event::ScriptStarted(_) | Event::Exchanged(_) => {
                log.flush().map_err(&fault)
            }
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
        private_folder(&bodies).map_err(Self::fault(&bodies))?;
        let partial = bodies.join(format!(".{}", uuid::Uuid::new_v4().simple()));
        let write = || {
            private_file(&partial)?.write_all(body)?;
            fs::rename(&partial, &path)
        };
        write().map_err(|cause| {
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
        assert_eq!(record.inputs().unwrap(), None);
    }

    #[test]
    fn what_a_run_was_given_is_read_back_and_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let inputs = RunInputs { format: 1, seed: u64::MAX, target: "http://x".into(), ..RunInputs::default() };
        let files: Files = [("a.xml".into(), "<a/>".into())].into_iter().collect();
        let run = RunDirectory::new(&folder.path().join("runs"), "x").with_inputs(inputs.clone(), files.clone());
        run.event(&started()).unwrap();
        run.body(&BodyHash::of(b"body"), b"body").unwrap();
        let record = Record::open(run.path()).unwrap();
        assert_eq!(record.inputs().unwrap(), Some(inputs));
        assert_eq!(record.files().unwrap(), Some(files));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            let body = run.path().join("bodies").join(BodyHash::of(b"body").to_string());
            let names = ["events.jsonl", "inputs.json", "files.jsonl"].map(|name| run.path().join(name));
            assert!(names.iter().chain([&body]).all(|path| mode(path) == 0o600));
            assert!([run.path(), &run.path().join("bodies")].iter().all(|path| mode(path) == 0o700));
        }
    }

    #[test]
    fn a_second_run_does_not_continue_the_log_of_the_first() {
        let folder = tempfile::tempdir().unwrap();
        RunDirectory::new(folder.path(), "x").event(&started()).unwrap();
        let error = RunDirectory::new(folder.path(), "x").event(&started()).unwrap_err();
        assert!(error.to_string().contains("events.jsonl"), "{error}");
    }
}
