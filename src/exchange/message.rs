//! A request and its answer, as they went over the wire.

use std::time::Duration;

use bytes::Bytes;

/// Header fields in the order they were sent; names compare without case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// None yet.
    pub fn new() -> Self {
        Headers::default()
    }

    /// Adds a field after the others.
    pub fn push(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }

    /// The first value of a field.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v)
    }

    /// Every field, repeated ones too.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(n, v)| (&**n, &**v))
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(fields: I) -> Self {
        Headers(fields.into_iter().map(|(n, v)| (n.into(), v.into())).collect())
    }
}

/// A request as sent (or received, when the system under test is the client).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: String,
    /// Absolute URL, percent-encoded as on the wire.
    pub url: String,
    /// Header fields.
    pub headers: Headers,
    /// Body; empty for none.
    pub body: Bytes,
}

/// An answer as received (or given).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Header fields.
    pub headers: Headers,
    /// Body; empty for none.
    pub body: Bytes,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransportError {
    /// Which kind of failure.
    pub kind: TransportErrorKind,
    /// What the transport said, in one line.
    pub detail: String,
}

/// The ways an exchange can end without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransportErrorKind {
    /// The URL is not one that can be asked.
    Url,
    /// Offline mode: the host is not the target's.
    Refused,
    /// The name does not resolve or nobody listens.
    Connect,
    /// TLS was not agreed on.
    Tls,
    /// No answer in time.
    Timeout,
    /// The answer broke off, is too large, or is not HTTP.
    Broken,
    /// A replay asks for what the record does not have.
    NotRecorded,
}

impl TransportErrorKind {
    /// Every kind with its code in logs and reports.
    pub const ALL: [(TransportErrorKind, &'static str); 7] = [
        (TransportErrorKind::Url, "url"),
        (TransportErrorKind::Refused, "refused"),
        (TransportErrorKind::Connect, "connect"),
        (TransportErrorKind::Tls, "tls"),
        (TransportErrorKind::Timeout, "timeout"),
        (TransportErrorKind::Broken, "broken"),
        (TransportErrorKind::NotRecorded, "not-recorded"),
    ];

    /// The code.
    pub fn code(self) -> &'static str {
        TransportErrorKind::ALL[self as usize].1
    }

    /// Reads the code.
    pub fn from_code(code: &str) -> Option<TransportErrorKind> {
        TransportErrorKind::ALL.iter().find(|(_, c)| *c == code).map(|(k, _)| *k)
    }
}

/// A request and what came of it.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The request.
    pub request: Request,
    /// The answer, or why there is none.
    pub result: Result<Response, TransportError>,
    /// When the request went out.
    pub started: jiff::Timestamp,
    /// Until the last byte of the answer.
    pub elapsed: Duration,
    /// The same request with a token that was refused, after which this one has a new token.
    pub refused: Option<Box<Exchange>>,
}
