//! Judges of MM-RES.

mod access;
mod bearing;
mod representation;
mod searching;
mod searchsets;
mod tracing;

use super::bundle;
use super::paging;
use super::refusal;
use super::token::{numbers, sharing_token};
use crate::check::catalogue::Level;
use crate::check::code;
use crate::check::outcome::{Judged, Outcome};
use crate::check::session::{Peer, Place, Seen, Session, request};
use crate::check::setup::{Release, Role};
use crate::exchange::{Bsn, Request, redaction};
use crate::fhir::{Format, read};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;
use uuid::Uuid;

pub use access::*;
pub use bearing::*;
pub use representation::*;
pub use searching::*;
pub use searchsets::*;
pub use tracing::*;

/// A request of the data service and its answer.
#[derive(Clone, Debug)]
pub struct Search {
    /// Relative to the base.
    pub query: String,
    /// What came.
    pub seen: Seen,
    /// The searchset, if it is one.
    pub bundle: Option<Value>,
}

const JSON: &str = "application/fhir+json";

const XML: &str = "application/fhir+xml";

impl Session<'_> {
    /// A request for the resource server; a header given here goes before the usual one.
    pub fn fhir_request(&self, method: &str, token: Option<&str>, url: &str, headers: &[(&str, &str)]) -> Request {
        let (id, correlation) = (Uuid::new_v4().to_string(), Uuid::new_v4().to_string());
        let bearer = token.map(|token| format!("Bearer {token}"));
        let mut all: Vec<(&str, &str)> = headers.iter().copied().filter(|(_, value)| !value.is_empty()).collect();
        let given = |name: &str| headers.iter().any(|(n, _)| n.eq_ignore_ascii_case(name));
        for (name, value) in [("Accept", JSON), ("MedMij-Request-ID", &*id), ("X-Correlation-ID", &*correlation)] {
            if !given(name) {
                all.push((name, value));
            }
        }
        all.extend(bearer.as_deref().map(|bearer| ("Authorization", bearer)));
        request(method, url, &all, "")
    }

    /// GET from the resource server, an absolute URL. An empty header is left out.
    pub async fn fhir(&self, peer: Peer, token: Option<&str>, url: &str, headers: &[(&str, &str)]) -> Seen {
        self.send(peer, Place::Resource, self.fhir_request("GET", token, url, headers)).await
    }

    /// The same, relative to the base.
    pub async fn ask(&self, peer: Peer, token: Option<&str>, path: &str, headers: &[(&str, &str)]) -> Seen {
        let base = self.setup.fhir_base.as_deref().unwrap_or_default();
        self.fhir(peer, token, &format!("{base}/{path}"), headers).await
    }

    async fn all(&self, token: &str) -> Vec<Search> {
        let mut searches = vec![];
        for query in &self.setup.queries {
            let seen = self.ask(Peer::Client, Some(token), query, &[]).await;
            let bundle = seen.json().filter(bundle::is_searchset).filter(|_| seen.status() == 200);
            searches.push(Search { query: query.clone(), seen, bundle });
        }
        searches
    }

    /// Every request of the data service.
    pub async fn searches(&self) -> Result<&Vec<Search>, Outcome> {
        let token = self.token().await?;
        Ok(self.medmij.searches.get_or_init(|| async { self.all(&token).await }).await)
    }

    /// The same for the second person.
    pub async fn other_searches(&self) -> Result<&Vec<Search>, Outcome> {
        let token = self.second_token().await?;
        Ok(self.medmij.other_searches.get_or_init(|| async { self.all(&token).await }).await)
    }

    /// The searchsets.
    async fn bundles(&self) -> Result<Vec<(&Search, &Value)>, Outcome> {
        let searches = self.searches().await?;
        let found: Vec<_> = searches.iter().filter_map(|search| Some((search, search.bundle.as_ref()?))).collect();
        if found.is_empty() {
            Err(Outcome::blocked("no request of the data service gave a searchset (MM-RES-01)"))
        } else {
            Ok(found)
        }
    }
}

/// No data, whatever the reason.
fn hidden(seen: &Seen, what: &str) -> Outcome {
    let mut outcome = seen.shows();
    if seen.is_success() {
        let finding = seen.finding(Level::Hard, code::LEAK, format!("{what} gave an answer"));
        outcome.push(finding.expected("status 401, and no data"));
    } else if seen.status() >= 500 {
        outcome.findings.extend(seen.broken(Level::Warn));
    }
    outcome
}

/// A refusal with 401 and a challenge; other refusals are warned about.
fn challenged(seen: &Seen, error: Option<&str>, what: &str) -> Outcome {
    let mut outcome = hidden(seen, what);
    if !outcome.findings.is_empty() || seen.status() == 0 {
        return outcome;
    }
    let challenge = seen.header("WWW-Authenticate").unwrap_or_default();
    if seen.status() != 401 {
        let message = format!("{what} was refused with status {}", seen.status());
        outcome.push(seen.finding(Level::Warn, code::ERROR_FORM, message).expected("status 401"));
    } else if !challenge.to_ascii_lowercase().contains("bearer") {
        let message = format!("{what} was refused without a challenge");
        outcome.push(seen.finding(Level::Warn, code::HEADER, message).expected("`WWW-Authenticate: Bearer …`"));
    } else if let Some(error) = error.filter(|error| !challenge.contains(error)) {
        let message = format!("{what} was refused without `{error}`");
        outcome.push(
            seen.finding(Level::Warn, code::HEADER, message).expected(format!("`error=\"{error}\"`")).found(challenge),
        );
    }
    outcome
}

/// What happens is written down, a server that breaks too.
fn noted(seen: &Seen, what: &str) -> Outcome {
    let finding = seen.broken(Level::Note);
    finding.unwrap_or_else(|| seen.finding(Level::Note, code::NOTE, format!("{what}: {}", seen.in_words()))).into()
}
