//! The API Requirements for Dutch Healthcare 1.2.0, as far as they show from outside. They leave the
//! conformity check to a statement by the party itself: what is seen here is evidence beside that, never
//! "non-conform". A level (OA, TSA, FSA) cannot be given from outside.

mod coding;
pub mod declaration;
mod description;
mod form;
mod method;
mod naming;
mod same;
mod security;
mod writing;

use serde_json::Value;
use tokio::sync::OnceCell;

use crate::fhir::Format;

use super::catalogue::Need;
use super::medmij::bundle;
use super::medmij::refusal;
use super::outcome::Outcome;
use super::session::{Peer, Place, Seen, Session};

pub use coding::{codings, deflate, gzip};
pub use description::{audit, capability, evidence, semver, version, zib_profiles};
pub use form::{accept, both_formats, client, content_type, json, other_accept, same_content};
pub use method::{get_is_safe, head_is_safe, made_up_method, stateless};
pub use naming::{english, nouns, operations, reference_style};
pub use security::{hidden_details, jwt_client, no_plain_http, openid, protected, safe_headers, signing, tls};
pub use writing::{idempotent, writing};

const JSON: &str = "application/fhir+json";

const XML: &str = "application/fhir+xml";

/// What is seen once and judged often.
#[derive(Default)]
pub struct Observations {
    metadata: OnceCell<Seen>,
    readable: OnceCell<Option<String>>,
    searches: OnceCell<Vec<Seen>>,
}

impl Session<'_> {
    /// A token, where there is a way to get one.
    pub async fn api_token(&self) -> Option<String> {
        if self.setup.has(Need::Token) { self.token().await.ok() } else { None }
    }

    /// GET with what is needed to be let in.
    pub async fn api(&self, path: &str, headers: &[(&str, &str)]) -> Seen {
        let token = self.api_token().await;
        self.ask(Peer::Client, token.as_deref(), path, headers).await
    }

    /// The CapabilityStatement, as JSON.
    pub async fn api_metadata(&self) -> &Seen {
        self.api.metadata.get_or_init(|| async { self.api("metadata", &[("Accept", JSON)]).await }).await
    }

    /// The CapabilityStatement, if it is one.
    pub async fn capability(&self) -> Result<Value, Outcome> {
        let value = self.api_metadata().await.json();
        let value = value.filter(|value| bundle::text(value, "resourceType") == Some("CapabilityStatement"));
        value.ok_or_else(|| Outcome::blocked("there is no CapabilityStatement at `/metadata`"))
    }

    /// Searches without parameters, those that find something first.
    async fn api_searches(&self) -> &Vec<Seen> {
        let make = || async {
            let mut all = vec![];
            for kind in ["Patient", "Condition", "Observation", "AllergyIntolerance"] {
                all.push(self.api(kind, &[]).await);
            }
            all
        };
        self.api.searches.get_or_init(make).await
    }

    /// `Type/id` of a resource that can be read.
    async fn readable(&self) -> Result<String, Outcome> {
        let make = || async {
            for seen in self.api_searches().await {
                let found = seen.json().and_then(|value| bundle::resources(&value).find_map(bundle::key));
                if let Some(key) = found.filter(|_| seen.is_success()) {
                    return Some(key);
                }
            }
            None
        };
        let found = self.api.readable.get_or_init(make).await.clone();
        found.ok_or_else(|| Outcome::blocked("no resource was found that can be read"))
    }

    /// The search with the largest answer, relative to the base.
    async fn largest(&self) -> Result<(String, Seen), Outcome> {
        let size = |seen: &&Seen| seen.answer().map_or(0, |answer| answer.body.len());
        let most = self.api_searches().await.iter().filter(|seen| seen.status() == 200).max_by_key(size);
        let most = most.ok_or_else(|| Outcome::blocked("no search is answered with status 200"))?;
        let base = self.setup.fhir_base.as_deref().unwrap_or_default();
        let path = most.exchange.request.url.trim_start_matches(base).trim_start_matches('/').to_owned();
        Ok((path, most.clone()))
    }

    fn api_seen(&self) -> Vec<Seen> {
        self.seen(Place::Resource)
    }
}

/// The format an answer says it has.
fn format(seen: &Seen) -> Option<Format> {
    Format::from_media_type(seen.header("Content-Type")?)
}

/// Types of resources that are declared.
fn types(value: &Value) -> Vec<String> {
    let rests = value.get("rest").and_then(Value::as_array).into_iter().flatten();
    let resources = rests.flat_map(|rest| rest.get("resource").and_then(Value::as_array).into_iter().flatten());
    resources.filter_map(|resource| bundle::text(resource, "type").map(str::to_owned)).collect()
}

/// What shows of the inside in an answer, for the judges of this room.
fn internals(seen: &Seen) -> Option<&'static str> {
    refusal::internals(seen)
}
