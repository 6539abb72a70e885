//! A record that is never on disk: runs against the simulator, tests.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

use super::event::Event;
use super::reader::Record;
use super::sink::{BodyHash, EventSink, RecordError};

/// Collects events and bodies.
#[derive(Default)]
pub struct MemoryRecord {
    content: Mutex<(Vec<Event>, HashMap<BodyHash, Bytes>)>,
}

impl MemoryRecord {
    /// Empty.
    pub fn new() -> MemoryRecord {
        MemoryRecord::default()
    }

    /// What came so far, to be read.
    pub fn into_record(self) -> Record {
        let (events, bodies) = self.content.into_inner().unwrap_or_else(PoisonError::into_inner);
        Record::in_memory(events, bodies)
    }
}

impl EventSink for MemoryRecord {
    fn event(&self, event: &Event) -> Result<(), RecordError> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner).0.push(event.clone());
        Ok(())
    }

    fn body(&self, hash: &BodyHash, body: &[u8]) -> Result<(), RecordError> {
        let mut content = self.content.lock().unwrap_or_else(PoisonError::into_inner);
        content.1.entry(*hash).or_insert_with(|| Bytes::copy_from_slice(body));
        Ok(())
    }
}
