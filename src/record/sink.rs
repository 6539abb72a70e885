//! Where events go.

use std::fmt;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::event::Event;

/// Receives the events of a run as they happen: the record, a progress display, a board.
///
/// Sinks are called from the task that runs a script and shall not wait for anything but the disk.
pub trait EventSink: Send + Sync {
    /// An event happened. Events of one script come in order.
    fn event(&self, event: &Event) -> Result<(), RecordError>;

    /// A body that a following event refers to by this hash; the same one may come more than once.
    fn body(&self, hash: &BodyHash, body: &[u8]) -> Result<(), RecordError> {
        let _ = (hash, body);
        Ok(())
    }
}

/// SHA-256 of a body.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct BodyHash([u8; 32]);

impl BodyHash {
    /// The hash of these bytes.
    pub fn of(bytes: &[u8]) -> BodyHash {
        BodyHash(Sha256::digest(bytes).into())
    }

    /// Reads 64 lower-case hexadecimal digits.
    pub fn parse(text: &str) -> Option<BodyHash> {
        let digit = |c: u8| match c {
            b'0'..=b'9' => Some(c - b'0'),
            b'a'..=b'f' => Some(c - b'a' + 10),
            _ => None,
        };
        let mut hash = [0; 32];
        if text.len() != 64 {
            return None;
        }
        for (byte, pair) in hash.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Some(BodyHash(hash))
    }
}

impl fmt::Display for BodyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for BodyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The record could not be written; the run ends, for what is not recorded cannot be reported.
#[derive(Debug, thiserror::Error)]
#[error("cannot write `{}`: {cause}", path.display())]
pub struct RecordError {
    /// What was being written.
    pub path: PathBuf,
    /// Why not.
    #[source]
    pub cause: std::io::Error,
}

/// Several sinks as one, called in order.
pub struct Tee<'s>(pub Vec<&'s dyn EventSink>);

impl EventSink for Tee<'_> {
    fn event(&self, event: &Event) -> Result<(), RecordError> {
        self.0.iter().try_for_each(|sink| sink.event(event))
    }

    fn body(&self, hash: &BodyHash, body: &[u8]) -> Result<(), RecordError> {
        self.0.iter().try_for_each(|sink| sink.body(hash, body))
    }
}
