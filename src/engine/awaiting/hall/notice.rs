//! What the hall tells people.

use crate::exchange::{Exchange, Request, redaction};

use super::super::arrival::below_authority;

/// What happens, as it happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A request was for this test.
    Matched {
        /// Its number, from 1.
        number: u64,
        /// Of which party.
        party: usize,
        /// `GET /Patient?…`, as it may be shown.
        request: String,
        /// Script and test.
        test: String,
        /// What differs from what was expected.
        differences: Vec<String>,
    },
    /// A request is held; this is what it comes nearest to.
    Held {
        /// Its number, from 1.
        number: u64,
        /// As it may be shown.
        request: String,
        /// Script and test.
        test: String,
        /// What differs.
        differences: Vec<String>,
    },
    /// A request matches nothing.
    Stray {
        /// Its number, from 1.
        number: u64,
        /// As it may be shown.
        request: String,
        /// Why.
        why: String,
    },
}

/// A request that matched nothing.
#[derive(Clone, Debug)]
pub struct Stray {
    /// Its number among all that came, from 1.
    pub number: u64,
    /// The party whose token it brought.
    pub party: Option<usize>,
    /// The exchange.
    pub exchange: Exchange,
    /// Why it matched nothing.
    pub why: String,
}

/// A request as it may be shown.
pub(super) fn shown(request: &Request) -> String {
    format!("{} {}", request.method, redaction::shown_url(below_authority(&request.url)))
}
