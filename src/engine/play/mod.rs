//! The other side of a client test: keur plays the client that a script tests.
//!
//! It sends what the script expects: method, URL, parameters and headers of the operation, and as body the
//! fixture that the operation names. Where a script leaves the body to the client, a twin is looked for: a
//! script of the same set that makes the same demands and does name a fixture. So both sides of a client
//! test can be tried without a supplier, and with a [`Defect`] it can be seen that a fault is found.
//!
//! Ids that only the waiting side knows come from [`Hall::STATUS`], where the target has that; a server
//! that is not keur is asked nothing but what the scripts say.

mod defect;
mod edit;
mod serving;
mod twin;

pub use defect::{ActiveDefect, DEFECTS, Defect, Scope};
pub use serving::{Doorbell, Serving};
pub use twin::Twins;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::exchange::{Client, Exchange, Headers, Request, redaction};
use crate::fhir::Format;
use crate::simulator::TokenRegistry;
use crate::testscript::{Action, Circumstances, Interaction, Operation, TestScript};

use super::awaiting::{Demanded, Hall, below_authority, code, demanded};
use super::content::Kept;
use super::finding::Absence;
use super::operation;
use super::plan::{Plan, PlannedScript};
use super::run::Interrupt;
use super::state::ScriptState;
use super::transport::{Call, Transport};
use defect::Outgoing;

/// What playing needs beside a plan made with [`Stance::Playing`](super::Stance::Playing).
pub struct PlaySettings<'p> {
    /// A fault to make.
    pub defect: Option<ActiveDefect>,
    /// Test persons, for faults that need one.
    pub persons: &'p TokenRegistry,
    /// Bodies that other scripts have.
    pub twins: &'p Twins,
    /// What the party serves itself, in two-sided scripts.
    pub serving: &'p Serving,
    /// Clock and chance for placeholders.
    pub circumstances: Circumstances,
    /// Ends the play early.
    pub interrupt: Interrupt,
    /// How long a script may take to open at a target that prepares it.
    pub patience: Duration,
}

/// A request that was played, or why it was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Played {
    /// Title of its script.
    pub script: String,
    /// Name of its test.
    pub test: String,
    /// What became of it.
    pub outcome: PlayedOutcome,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlayedOutcome {
    /// Sent and answered, or not: `GET /Patient`, and the status or what the transport said.
    Sent(String, Result<u16, String>),
    /// Left out on purpose.
    LeftOut(String),
    /// It could not be made.
    NotSent(String),
}

/// What a play came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlayOutcome {
    /// Requests that were sent.
    pub sent: u32,
    /// Of those, answered.
    pub answered: u32,
    /// Requests that could not be made.
    pub not_sent: u32,
    /// Requests in which the fault was made.
    pub faulty: u32,
}

/// Plays every script in order.
pub async fn play(
    plan: &Plan,
    client: &dyn Transport,
    settings: &PlaySettings<'_>,
    tell: &(dyn Fn(&Played) + Sync),
) -> PlayOutcome {
    let mut player = Player { plan, client, settings, tell, outcome: PlayOutcome::default(), opens: true, kept: 0 };
    for planned in plan.scripts.iter().filter(|planned| planned.set_aside.is_none()) {
        player.script(planned).await;
    }
    player.outcome
}

/// Whether anybody answers at the target.
pub async fn is_there(client: &Client, target: &str) -> bool {
    let url = format!("{target}{}", Hall::STATUS);
    let request = Request { method: "GET".into(), url, headers: Headers::new(), body: bytes::Bytes::new() };
    client.send(request).await.result.is_ok()
}

/// Whether the target still has scripts that are not over; a target that does not tell has none.
pub async fn is_waiting(client: &Client, target: &str) -> bool {
    let url = format!("{target}{}", Hall::STATUS);
    let request = Request { method: "GET".into(), url, headers: Headers::new(), body: bytes::Bytes::new() };
    let Ok(response) = client.send(request).await.result else { return false };
    let status: Option<serde_json::Value> = serde_json::from_slice(&response.body).ok();
    status.and_then(|status| status.get("busy")?.as_u64()).is_some_and(|busy| busy > 0)
}

struct Player<'p> {
    plan: &'p Plan,
    client: &'p dyn Transport,
    settings: &'p PlaySettings<'p>,
    tell: &'p (dyn Fn(&Played) + Sync),
    outcome: PlayOutcome,
    /// The target tells which scripts are open.
    opens: bool,
    kept: u32,
}

/// Whether the system under test does this operation: an origin says so, and in a test of a client that
/// has no other origin it goes without saying.
fn is_played(script: &TestScript, operation: &Operation) -> bool {
    match operation.origin {
        Some(index) => script.origins.iter().any(|party| party.index == index && party.under_test),
        None => !script.origins.is_empty() && script.origins.iter().all(|party| party.under_test),
    }
}

impl<'p> Player<'p> {
    async fn script(&mut self, planned: &'p PlannedScript) {
        let script = &planned.script;
        let mut state = ScriptState::new(planned, &self.plan.expressions, &self.settings.circumstances);
        for (name, value) in self.settings.serving.values.get(&script.path).into_iter().flatten() {
            state.assume(name, value);
        }
        if self.opens {
            self.opened(planned, &mut state).await;
        }
        for (place, test) in script.tests.iter().enumerate() {
            for (number, action) in test.actions.iter().enumerate() {
                let Action::Operation(operation) = action else { continue };
                let at = (place as u32, number as u32);
                if !is_played(script, operation) || self.settings.interrupt.is_raised() {
                    continue;
                }
                let title = super::title::script_title(script);
                let told = |outcome| Played {
                    script: title.clone(),
                    test: test.name.clone().unwrap_or_else(|| test.id.clone()),
                    outcome,
                };
                match self.request(planned, operation, place, &mut state) {
                    Ok(request) => {
                        for outcome in self.send(request, (planned, at), operation, &mut state).await {
                            (self.tell)(&told(outcome));
                        }
                    }
                    Err(why) => {
                        state.not_exchanged(&why, operation.request_id.as_deref(), operation.response_id.as_deref());
                        self.outcome.not_sent += 1;
                        (self.tell)(&told(PlayedOutcome::NotSent(why.message)));
                    }
                }
            }
        }
    }

    /// Waits until the target has opened the script, and learns what it put in place.
    async fn opened(&mut self, planned: &PlannedScript, state: &mut ScriptState<'_>) {
        let until = tokio::time::Instant::now() + self.settings.patience;
        loop {
            let Some(open) = self.status(planned, state).await else {
                self.opens = false;
                return;
            };
            if let Some(variables) = open {
                for (name, value) in variables {
                    state.assume(&name, &value);
                }
                return;
            }
            if tokio::time::Instant::now() > until || self.settings.interrupt.is_raised() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The variables of the script at the target, if it is open; None where the target does not tell.
    async fn status(
        &self,
        planned: &PlannedScript,
        state: &mut ScriptState<'_>,
    ) -> Option<Option<BTreeMap<String, String>>> {
        let mut headers = Headers::new();
        headers.push("Accept", "application/json");
        // The token tells which party asks.
        let header = planned.script.actions().find_map(|action| match action {
            Action::Operation(operation) => {
                operation.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("Authorization"))
            }
            Action::Assert(_) => None,
        });
        if let Some((name, value)) = header
            && let Ok(value) = state.text(value)
        {
            headers.push(name, value.trim());
        }
        let url = format!("{}{}", self.plan.target, Hall::STATUS);
        let request = Request { method: "GET".into(), url, headers, body: bytes::Bytes::new() };
        let call = Call { script: &planned.script.path, test: 0, action: 0 };
        let response = self.client.send(request, call).await.result.ok().filter(|response| response.status == 200)?;
        let status: serde_json::Value = serde_json::from_slice(&response.body).ok()?;
        let scripts = status.get("open")?.as_array()?;
        let is_it = |script: &&serde_json::Value| {
            script.get("sha256").and_then(|hash| hash.as_str()) == Some(planned.script.sha256.as_str())
        };
        let open = scripts.iter().find(is_it).map(|script| {
            let variables = script.get("variables").and_then(|variables| variables.as_object());
            let text = |(name, value): (&String, &serde_json::Value)| Some((name.clone(), value.as_str()?.to_owned()));
            variables.into_iter().flatten().filter_map(text).collect()
        });
        Some(open)
    }

    /// The request without any fault.
    fn request(
        &self,
        planned: &'p PlannedScript,
        operation: &Operation,
        place: usize,
        state: &mut ScriptState<'_>,
    ) -> Result<Request, Absence> {
        let mut request = operation::request(operation, state, &self.plan.target)?;
        let accept = request.headers.get("Accept").is_some();
        if takes_body(operation) && operation.source_id.is_none() {
            let twin = self.settings.twins.find(&planned.script, place).ok_or_else(|| {
                Absence::not_evaluated(code::NO_BODY, "the script does not say what is sent, and no other one does")
            })?;
            let (body, content_type) = twin.body(state)?;
            request.body = body;
            if request.headers.get("Content-Type").is_none() {
                request.headers.push("Content-Type", content_type);
            }
        }
        let test = planned.script.tests.get(place);
        for Demanded { name, value } in test.map(|test| demanded(operation, test, state)).unwrap_or_default() {
            // Only what the operation itself leaves out.
            let says = operation.params.as_ref().is_some_and(|params| params.text.contains(&format!("{name}=")));
            if !says {
                let mark = if request.url.contains('?') { '&' } else { '?' };
                request.url.push_str(&format!("{mark}{name}={value}"));
            }
        }
        if !accept {
            request.headers.push("Accept", Format::Json.media_type());
        }
        Ok(request)
    }

    /// Sends it, faults and all; the first answer is the one that counts.
    async fn send(
        &mut self,
        request: Request,
        (planned, (test, action)): (&PlannedScript, (u32, u32)),
        operation: &Operation,
        state: &mut ScriptState<'_>,
    ) -> Vec<PlayedOutcome> {
        let call = Call { script: &planned.script.path, test, action };
        let mut outgoing =
            Outgoing { request, copies: 1, types: planned.types.clone(), persons: self.settings.persons };
        if let Some(defect) = &self.settings.defect
            && defect.is_for(&outgoing, self.outcome.faulty)
            && defect.apply(&mut outgoing)
        {
            self.outcome.faulty += 1;
        }
        let Outgoing { request, copies, .. } = outgoing;
        if copies == 0 {
            let why = Absence::not_evaluated(code::NEVER_CAME, "left out on purpose");
            state.not_exchanged(&why, operation.request_id.as_deref(), operation.response_id.as_deref());
            return vec![PlayedOutcome::LeftOut(shown(&request))];
        }
        let mut outcomes = vec![];
        for copy in 0..copies {
            let exchange = self.client.send(request.clone(), call).await;
            self.outcome.sent += 1;
            self.outcome.answered += u32::from(exchange.result.is_ok());
            outcomes.push(sent(&exchange));
            if copy == 0 {
                self.kept += 1;
                let kept = Arc::new(Kept::new(self.kept, exchange, planned.types.clone()));
                state.exchanged(kept, operation.request_id.as_deref(), operation.response_id.as_deref());
            }
        }
        outcomes
    }
}

fn sent(exchange: &Exchange) -> PlayedOutcome {
    let result = exchange.result.as_ref().map(|response| response.status).map_err(|error| error.detail.clone());
    PlayedOutcome::Sent(shown(&exchange.request), result)
}

fn shown(request: &Request) -> String {
    format!("{} {}", request.method, redaction::shown_url(below_authority(&request.url)))
}

/// True when a client has to send something with it; a notification is empty.
fn takes_body(operation: &Operation) -> bool {
    let notification = operation.resource.as_ref().is_some_and(|r| r.text.trim() == super::awaiting::ABSTRACT);
    !notification
        && matches!(
            operation.interaction,
            Interaction::Create
                | Interaction::Update
                | Interaction::UpdateCreate
                | Interaction::Patch
                | Interaction::Batch
                | Interaction::Transaction
        )
}
