//! Somebody at the door: looks at every request before it is answered, and is told the answer.
//!
//! Who waits for a client under test has to know for which test a request is meant before it is answered:
//! a request that came without its token shall be judged for that, and still be answered as the test
//! person it was meant for, so that nothing else fails with it.

use crate::exchange::{Exchange, Request, Response};

/// Looks at requests before they are answered.
pub trait Reception: Send + Sync {
    /// A request came. Called once for each, before it is answered.
    fn receive(&self, request: &Request) -> Admission;

    /// The request with this ticket was answered (or the connection was closed on purpose). Called
    /// before the answer is sent.
    fn answered(&self, ticket: u64, exchange: Exchange);
}

/// How a request is to be answered.
#[derive(Clone, Debug, Default)]
pub struct Admission {
    /// Comes back with the answer.
    pub ticket: u64,
    /// Which of the stores answers; the first one when there are not so many.
    pub room: usize,
    /// Whose sight the answer is given.
    pub bearing: Bearing,
    /// The answer itself, where it is not for a FHIR server to give (a notification).
    pub answer: Option<Response>,
}

/// Whose sight an answer is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Bearing {
    /// Of the token that the request brings; without a known one it is refused.
    #[default]
    Own,
    /// Of this token (without `Bearer`), whatever the request brings.
    Token(String),
    /// Everything is seen.
    Everything,
}
