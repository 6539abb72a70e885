//! stub
pub mod assertion;
pub mod sender;
pub mod receiver;
/// Stub.
#[derive(Default)]
pub struct Observations {}
