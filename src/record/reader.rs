//! Reading a record back.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::directory::RunDirectory;
use super::event::Event;
use super::files::{self, Files};
use super::inputs::RunInputs;
use super::sink::BodyHash;
use super::store::{Folder, Store};

/// Why a record cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadRecordError {
    /// The file is not there or not readable.
    #[error("cannot read `{}`: {cause}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why not.
        #[source]
        cause: std::io::Error,
    },
    /// A line is not an event.
    #[error("`{}` line {line} is not an event of a run: {cause}", path.display())]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What the JSON reader says.
        #[source]
        cause: serde_json::Error,
    },
    /// A body is not the one that was recorded.
    #[error("the body `{hash}` is not what was recorded: its hash is `{found}`")]
    Altered {
        /// The hash in the record.
        hash: String,
        /// The hash of the bytes that are there.
        found: String,
    },
}

enum Bodies {
    Memory(HashMap<BodyHash, Bytes>),
    Store(Box<dyn Store>),
}

/// Changes a body before anybody sees it.
pub type Veil = Box<dyn Fn(Bytes) -> Bytes + Send + Sync>;

/// The events of a run and the bodies they refer to.
pub struct Record {
    veil: Option<Veil>,
    /// The hashes of all bodies were checked by who opened it.
    trusted: bool,
    events: Vec<Event>,
    truncated: bool,
    unknown: usize,
    bodies: Bodies,
}

impl Record {
    /// Reads the log of a run directory; bodies are read when they are asked for.
    ///
    /// A last line that broke off (the run was killed) is left out and noted. Events of a kind this
    /// version does not know are left out and counted.
    pub fn open(run: &Path) -> Result<Record, ReadRecordError> {
        Record::of(Box::new(Folder(run.to_owned())))
    }

    /// The same, from any store.
    pub fn of(store: Box<dyn Store>) -> Result<Record, ReadRecordError> {
        let path = store.place().join(RunDirectory::EVENTS);
        let fault = |cause| ReadRecordError::Io { path: path.clone(), cause };
        let absent = || fault(io::Error::new(io::ErrorKind::NotFound, "there is no such file"));
        let (mut events, mut unknown, mut truncated) = (vec![], 0, false);
        {
            let mut lines = store.lines(RunDirectory::EVENTS).map_err(fault)?.ok_or_else(absent)?;
            let mut line = vec![];
            for number in 1.. {
                line.clear();
                if lines.read_until(b'\n', &mut line).map_err(fault)? == 0 {
                    break;
                }
                match serde_json::from_slice(&line) {
                    Ok(event) => events.push(event),
                    Err(_) if is_unknown_event(&line) => unknown += 1,
                    // Only the last line can be without its end.
                    Err(_) if !line.ends_with(b"\n") => truncated = true,
                    Err(cause) => return Err(ReadRecordError::Line { path, line: number, cause }),
                }
            }
        }
        Ok(Record { veil: None, trusted: false, events, truncated, unknown, bodies: Bodies::Store(store) })
    }

    pub(super) fn in_memory(events: Vec<Event>, bodies: HashMap<BodyHash, Bytes>) -> Record {
        Record { veil: None, trusted: false, events, truncated: false, unknown: 0, bodies: Bodies::Memory(bodies) }
    }

    /// These events, over the files of a store.
    pub fn over(store: Box<dyn Store>, events: Vec<Event>) -> Record {
        Record { veil: None, trusted: false, events, truncated: false, unknown: 0, bodies: Bodies::Store(store) }
    }

    /// Bodies are not checked against their hashes any more, for who has just done that.
    #[must_use]
    pub fn trusted(self) -> Record {
        Record { trusted: true, ..self }
    }

    /// The bytes under this hash as they are there, unchecked: to look for something, not to judge.
    pub fn glance(&self, hash: &str) -> Result<Option<Bytes>, ReadRecordError> {
        match &self.bodies {
            Bodies::Store(store) if BodyHash::parse(hash).is_some() => {
                Ok(read(&**store, &format!("{}/{hash}", RunDirectory::BODIES))?.map(Bytes::from))
            }
            _ => self.received(hash),
        }
    }

    /// The same bodies with other events: what a replay came to.
    #[must_use]
    pub fn with_events(self, events: Vec<Event>) -> Record {
        Record { events, truncated: false, unknown: 0, ..self }
    }

    /// The same record as others may see it: with every event and every body changed.
    #[must_use]
    pub fn veiled(self, event: impl FnMut(Event) -> Event, veil: Veil) -> Record {
        let events = self.events.into_iter().map(event).collect();
        Record { events, veil: Some(veil), ..self }
    }

    /// The events in order, for who needs them no longer than it takes to go through them; the record has none
    /// after that.
    pub fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// The events in order.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// True when the last line was not complete.
    pub fn truncated(&self) -> bool {
        self.truncated
    }

    /// How many events were of a kind this version does not know.
    pub fn unknown_events(&self) -> usize {
        self.unknown
    }

    /// True when the run came to its end.
    pub fn finished(&self) -> bool {
        matches!(self.events.last(), Some(Event::RunFinished { .. }))
    }

    /// The body with this hash (64 lower-case hexadecimal digits), if the record has it; its bytes are
    /// checked against the hash.
    pub fn body(&self, hash: &str) -> Result<Option<Bytes>, ReadRecordError> {
        let body = self.received(hash)?;
        Ok(match &self.veil {
            Some(veil) => body.map(veil),
            None => body,
        })
    }

    fn received(&self, hash: &str) -> Result<Option<Bytes>, ReadRecordError> {
        let Some(wanted) = BodyHash::parse(hash) else { return Ok(None) };
        let store = match &self.bodies {
            Bodies::Memory(bodies) => return Ok(bodies.get(&wanted).cloned()),
            Bodies::Store(store) => store,
        };
        let Some(body) = read(&**store, &format!("{}/{hash}", RunDirectory::BODIES))? else { return Ok(None) };
        let body = Bytes::from(body);
        if self.trusted {
            return Ok(Some(body));
        }
        let found = BodyHash::of(&body);
        if found != wanted {
            return Err(ReadRecordError::Altered { hash: hash.to_owned(), found: found.to_string() });
        }
        Ok(Some(body))
    }

    /// What the run was given; None in a record that does not say.
    pub fn inputs(&self) -> Result<Option<RunInputs>, ReadRecordError> {
        let name = RunDirectory::INPUTS;
        let Some((path, bytes)) = self.beside(name)? else { return Ok(None) };
        serde_json::from_slice(&bytes).map(Some).map_err(|cause| ReadRecordError::Io { path, cause: cause.into() })
    }

    /// The texts the run was made with; None in a record that does not have them.
    pub fn files(&self) -> Result<Option<Files>, ReadRecordError> {
        let Bodies::Store(store) = &self.bodies else { return Ok(None) };
        let fault = |cause| ReadRecordError::Io { path: store.place().join(Files::NAME), cause };
        let lines = store.lines(Files::NAME).map_err(fault)?;
        lines.map(|mut lines| Files::read(&mut *lines).map_err(fault)).transpose()
    }

    /// Takes the texts one by one, so that no more than one is in memory.
    pub fn each_file(&self, take: impl FnMut(&Path, &str)) -> Result<(), ReadRecordError> {
        let Bodies::Store(store) = &self.bodies else { return Ok(()) };
        let fault = |cause| ReadRecordError::Io { path: store.place().join(Files::NAME), cause };
        match store.lines(Files::NAME).map_err(fault)? {
            Some(mut lines) => files::each(&mut *lines, take).map_err(fault),
            None => Ok(()),
        }
    }

    fn beside(&self, name: &str) -> Result<Option<(PathBuf, Vec<u8>)>, ReadRecordError> {
        let Bodies::Store(store) = &self.bodies else { return Ok(None) };
        Ok(read(&**store, name)?.map(|bytes| (store.place().join(name), bytes)))
    }
}

fn read(store: &dyn Store, name: &str) -> Result<Option<Vec<u8>>, ReadRecordError> {
    store.read(name).map_err(|cause| ReadRecordError::Io { path: store.place().join(name), cause })
}

/// A complete JSON object whose `event` is a word we do not have.
fn is_unknown_event(line: &[u8]) -> bool {
    const KNOWN: [&str; 9] = [
        "run_started",
        "token_obtained",
        "server_seen",
        "script_started",
        "test_started",
        "exchanged",
        "action_finished",
        "script_finished",
        "run_finished",
    ];
    let Ok(serde_json::Value::Object(object)) = serde_json::from_slice(line) else { return false };
    object.get("event").and_then(|e| e.as_str()).is_some_and(|e| !KNOWN.contains(&e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn opened(log: &str) -> Result<Record, ReadRecordError> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("events.jsonl"), log).unwrap();
        Record::open(folder.path())
    }

    const FINISHED: &str = r#"{"event":"script_finished","script":0}"#;

    #[test]
    fn a_last_line_that_broke_off_is_left_out() {
        let record = opened(&format!("{FINISHED}\n{{\"event\":\"script_fin")).unwrap();
        assert_eq!((record.events().len(), record.truncated(), record.finished()), (1, true, false));
    }

    #[test]
    fn a_broken_line_in_the_middle_is_an_error_with_its_number() {
        let error = opened(&format!("{FINISHED}\n{{\"event\":\n{FINISHED}\n")).err().unwrap();
        assert!(error.to_string().contains("line 2"), "{error}");
    }

    #[test]
    fn unknown_events_and_fields_are_passed_over() {
        let log = "{\"event\":\"weather\",\"rain\":true}\n{\"event\":\"script_finished\",\"script\":1,\"new\":2}\n";
        let record = opened(log).unwrap();
        assert_eq!((record.events().len(), record.unknown_events()), (1, 1));
    }

    #[test]
    fn a_body_that_was_changed_is_refused_and_a_path_is_not_a_hash() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("events.jsonl"), format!("{FINISHED}\n")).unwrap();
        let hash = BodyHash::of(b"right").to_string();
        fs::create_dir(folder.path().join("bodies")).unwrap();
        fs::write(folder.path().join("bodies").join(&hash), b"wrong").unwrap();
        let record = Record::open(folder.path()).unwrap();
        assert!(record.body(&hash).unwrap_err().to_string().contains("not what was recorded"));
        assert_eq!(record.body("../events.jsonl").unwrap(), None);
    }
}
