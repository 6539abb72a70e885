//! Requests and answers: the HTTP client, what is recorded of an exchange, and what of it may be shown.

mod message;

pub use message::{Exchange, Headers, Request, Response, TransportError, TransportErrorKind};
