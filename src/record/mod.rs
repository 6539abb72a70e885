//! The record of a run: an append-only log of events and the bodies they refer to by hash.
//!
//! `.keur/runs/<id>/events.jsonl` and `.keur/runs/<id>/bodies/<sha256>`. The engine writes it through an
//! [`EventSink`]; reports and evidence only read it, as a [`Record`]. Whatever is not in here did not
//! happen: no report knows more.

mod directory;
mod event;
mod memory;
mod reader;
mod sink;

pub use directory::{RunDirectory, new_run_id};
pub use event::*;
pub use memory::MemoryRecord;
pub use reader::{ReadRecordError, Record};
pub use sink::{BodyHash, EventSink, RecordError, Tee};
