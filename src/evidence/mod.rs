//! Evidence: what somebody else can check later.
//!
//! A run leaves its record; this room makes it worth something to who was not there. [`replay`] derives the
//! verdicts again from the recorded bytes, the bundle carries all of it under one signature with persons
//! masked, and the diff says what changed between two runs. Nothing here asks a server anything.

pub mod bundle;
pub mod code;
pub mod declared;
pub mod diff;
pub mod discretion;
pub mod privacy;
pub mod replay;
pub mod seal;
pub mod signature;
