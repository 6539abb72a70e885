//! Notified Pull between institutions, in both directions. The party under test is told where we are and
//! what to do over its control URL (the simulator has one); a party without one cannot be steered from
//! here, and what needs steering is not evaluated.
//!
//! The authorization model is a profile: `np-twiin`, `np-nuts`, and `np-open` for bench tests, which has
//! no tokens of its own and shows no conformance. On Nuts the queries are in a workflow Task, and the one
//! assertion of a token request says what for (`purposeOfUse`), by which credential (`vcs`), and for which
//! user (`usi`); DIDs are not resolved and credentials not read.

pub mod assertion;
mod host;
pub mod receiver;
pub mod sender;
mod task;

use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::code;
use super::outcome::Outcome;
use super::session::{Peer, Place, Seen, Session, request};
use super::setup::PullSetup;

pub use host::Host;

/// What is seen once and judged often.
#[derive(Default)]
pub struct Observations {
    host: OnceCell<Result<Host, String>>,
    notified: OnceCell<Result<sender::Notified, Outcome>>,
    pulled: OnceCell<Result<receiver::Pulled, Outcome>>,
    pull_token: OnceCell<Result<String, Outcome>>,
}

impl Session<'_> {
    /// The party under test.
    pub(super) fn party(&self) -> Result<&PullSetup, Outcome> {
        self.setup.pull.as_ref().ok_or_else(|| Outcome::open(code::INPUT, "missing: a notified-pull party"))
    }

    /// Our own endpoints, listening from the first time on.
    async fn host(&self) -> Result<&Host, Outcome> {
        let secure = self.party()?.token_endpoint.starts_with("https:");
        let start = || async { Host::start(secure).await };
        let host = self.pull.host.get_or_init(start).await;
        host.as_ref().map_err(|why| Outcome::blocked(format!("our own endpoints do not start: {why}")))
    }

    /// That the party can be told what to do, or that a way to do so is missing.
    fn steerable(&self) -> Result<(), Outcome> {
        match self.party()?.control.is_empty() {
            true => {
                Err(Outcome::open(code::INPUT, "missing: a way to have the party act (`control` of `notified_pull`)"))
            }
            false => Ok(()),
        }
    }

    /// The party plays the BgZ referral on Nuts.
    fn nuts(&self) -> bool {
        self.setup.pull.as_ref().is_some_and(|pull| pull.profile == "np-nuts")
    }

    /// Tells the party what to do.
    async fn steer(&self, what: Value) -> Result<Value, Outcome> {
        self.steerable()?;
        let control = self.party()?.control.clone();
        let body = what.to_string();
        let seen = self
            .send(Peer::Client, Place::Other, request("POST", &control, &[("Content-Type", "application/json")], body))
            .await;
        match seen.json().filter(|_| seen.is_success()) {
            Some(value) => Ok(value),
            None => Err(Outcome::blocked(format!(
                "the party does not do `{}`: {} {}",
                what["do"],
                seen.in_words(),
                self.masked(&seen.text())
            ))),
        }
    }

    /// Tells the party where we are; with another authority than ours if it is not to trust us.
    async fn introduce(&self, authority: Option<&str>) -> Result<&Host, Outcome> {
        let host = self.host().await?;
        self.steer(json!({
            "do": "partner",
            "token_endpoint": host.token_endpoint(),
            "notification_endpoint": host.notification_endpoint(),
            "fhir_base": host.fhir_base(),
            "ca_pem": authority.unwrap_or(host.authority()),
        }))
        .await?;
        Ok(host)
    }

    /// Only with this profile.
    fn only(&self, profile: &str) -> Result<(), Outcome> {
        let own = &self.party()?.profile;
        if own == profile { Ok(()) } else { Err(Outcome::skipped(format!("it belongs to {profile}, tested is {own}"))) }
    }

    /// Not with `np-open`, which has no tokens of its own.
    fn with_tokens(&self) -> Result<(), Outcome> {
        match self.party()?.profile.as_str() {
            "np-open" => Err(Outcome::skipped("np-open has no tokens of its own; a run with it shows no conformance")),
            _ => Ok(()),
        }
    }

    /// What came in at our endpoints since the last time, as exchanges of this run.
    fn arrivals(&self, host: &Host) -> Vec<Seen> {
        host.take().into_iter().map(|exchange| self.received(exchange)).collect()
    }

    /// Waits until nothing has come in for a while.
    async fn quiet(&self, host: &Host, still: Duration, most: Duration) {
        let begun = std::time::Instant::now();
        let mut known = host.count();
        let mut since = std::time::Instant::now();
        while begun.elapsed() < most && since.elapsed() < still {
            tokio::time::sleep(Duration::from_millis(20)).await;
            if host.count() != known {
                known = host.count();
                since = std::time::Instant::now();
            }
        }
    }
}
