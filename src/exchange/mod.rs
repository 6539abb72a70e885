//! Requests and answers: the HTTP client, what is recorded of an exchange, and what of it may be shown.
//!
//! An [`Exchange`] always exists once a request was tried: what went wrong is part of it. Nothing in this
//! room knows FHIR; a body is bytes. Secrets come in as [`AccessToken`] and leave only through
//! [`redaction`].

mod client;
pub mod curl;
mod message;
mod peer;
pub mod pkcs12;
pub mod redaction;
mod secrecy;
mod secret;
mod settings;
mod token_source;

pub use client::Client;
pub use message::{Exchange, Headers, Request, Response, TransportError, TransportErrorKind};
pub use peer::Peer;
pub use secrecy::Secrets;
pub use secret::{AccessToken, Bsn, InvalidBsn};
pub use settings::{ClientSettings, Identity, Reach, origin};
pub use token_source::{TokenFuture, TokenSource, mark};
