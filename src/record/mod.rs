//! The record of a run: an append-only log of events and the bodies they refer to by hash.
//!
//! `.keur/runs/<id>/events.jsonl` and `.keur/runs/<id>/bodies/<sha256>`. The engine writes it; reports
//! and evidence only read it.

mod event;

pub use event::*;
