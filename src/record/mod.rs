//! The record of a run: an append-only log of events and the bodies they refer to by hash.
//!
//! `.keur/runs/<id>/events.jsonl` and `.keur/runs/<id>/bodies/<sha256>`. The engine writes it through an
//! [`EventSink`]; reports and evidence only read it, as a [`Record`]. Whatever is not in here did not
//! happen: no report knows more. Beside the log stand `inputs.json` and `files.jsonl`: what the run was
//! given, so that it can be done again from what is here. All of it is its owner's alone to read.

mod directory;
mod event;
mod files;
mod inputs;
mod memory;
mod reader;
mod sink;
mod store;

pub use directory::{RunDirectory, new_run_id};
pub use event::*;
pub use files::{Files, Gathering};
pub use inputs::{CellInput, DeclaredInput, KnownInput, RunInputs, ScriptInput};
pub use memory::MemoryRecord;
pub use reader::{ReadRecordError, Record, Veil};
pub use sink::{BodyHash, EventSink, RecordError, Tee};
pub use store::Store;
