//! Evidence from end to end: replay gives the same bytes, tampering shows, persons do not.

#[path = "evidence/tools.rs"]
mod tools;

#[path = "evidence/bundle.rs"]
mod bundle;
#[path = "evidence/compare.rs"]
mod compare;
#[path = "evidence/identity.rs"]
mod identity;
#[path = "evidence/large.rs"]
mod large;
#[path = "evidence/privacy.rs"]
mod privacy;
#[path = "evidence/replay.rs"]
mod replay;
#[path = "evidence/tamper.rs"]
mod tamper;
