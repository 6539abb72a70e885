//! Notified Pull between institutions, both roles (Twiin TA Notified Pull): as sender this party tells a
//! partner that there is something, and serves it; as receiver it is told, and fetches.
//!
//! A partner steers it over `POST /np/control` with a JSON object, on the backchannel:
//!
//! | `do` | members | what happens; the answer |
//! |---|---|---|
//! | `partner` | `token_endpoint`, `notification_endpoint`, `fhir_base`, `ca_pem` (optional) | says where the partner is |
//! | `notify` | `user` (optional) | a token is asked, a Task posted: `identifier`, `group`, `authorization_base`, `queries`, `bsn`, `statuses` of all tries |
//! | `update` | `identifier` | a new notification of the same group; as `notify` |
//! | `cancel` | `identifier` | the Task is cancelled by conditional update: `statuses` |
//! | `state` | `identifier` | of a Task that was received: `cancelled`, `done`, `pulled` (`url`, `status`), `problems` |
//!
//! Once there is a partner, a notification that is received is pulled at once.
//!
//! With the profile `np-nuts` the notification has no citizen service number and no queries: those stand in
//! a workflow Task that the receiver reads and moves on. Tokens say by the claims `purposeOfUse`, `vcs` and
//! `usi` what they are for, by which credential, and for which user. There is no Nuts node here: DIDs are
//! names, credentials are their ids, and keys are exchanged in the configuration as with Twiin.

mod assertion;
mod gate;
mod receiver;
mod sender;
mod task;
mod workflow;

pub(super) use gate::provenance;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::answer;
use super::policy::{Place, PullProfile};
use super::server::{Answered, Dva, Shelf};
use crate::authorization::assertion::SigningKey;
use crate::exchange::{Client, ClientSettings, Headers, Identity, Request, Response};

/// Below this everything of Notified Pull is, on the backchannel.
pub(super) const PATH: &str = "/np/";
/// Where a sender serves.
pub(super) const FHIR_PATH: &str = "/np/fhir";
/// Where a receiver is told.
const TASK_PATH: &str = "/np/receiver/Task";

/// This party and its partner: URAs of the test range, or DIDs.
pub(super) fn parties(profile: PullProfile) -> (&'static str, &'static str) {
    match profile {
        PullProfile::Twiin => ("urn:oid:2.16.528.1.1007.3.3.90000001", "urn:oid:2.16.528.1.1007.3.3.90000002"),
        PullProfile::Nuts => ("did:nuts:keur-dva", "did:nuts:keur-partner"),
    }
}
/// The key ids of both.
pub(super) const OWN_KID: &str = "keur-dva-1";
pub(super) const PARTNER_KID: &str = "keur-partner-1";

/// What a well-behaved party does, as a value; a fault changes it.
#[derive(Clone, Copy, Debug)]
pub(in crate::simulator::dva) struct Habits {
    /// A token is asked before a notification goes out.
    pub token_first: bool,
    /// Assertions have an id.
    pub jti: bool,
    /// Assertions are signed.
    pub signed: bool,
    /// Content-Type of a notification.
    pub content_type: &'static str,
    /// A last change of the Task.
    pub task: fn(&mut Value),
    /// A repeated notification has the same identifier.
    pub same_identifier: bool,
    /// How often a refused or failed request is made in all.
    pub tries: usize,
    /// An update is of the same group.
    pub same_group: bool,
    /// A cancellation is a conditional update.
    pub conditional: bool,
    /// The authorization base is handed over as it was given.
    pub own_base: bool,
    /// Something is fetched that was not announced.
    pub more: Option<&'static str>,
    /// Requests say which format they want, and nothing unneeded.
    pub tidy: bool,
    /// Next pages are fetched.
    pub pages: bool,
    /// A token that has run out is renewed.
    pub renews: bool,
    /// Certificates of servers are checked.
    pub checks_servers: bool,
    /// Nothing is fetched once a Task is cancelled.
    pub heeds_cancel: bool,
    /// Queries that lead to another host are left alone.
    pub stays_home: bool,
    /// The workflow Task is moved on.
    pub moves_on: bool,
}

impl Default for Habits {
    fn default() -> Habits {
        Habits {
            token_first: true,
            jti: true,
            signed: true,
            content_type: "application/fhir+json",
            task: |_| (),
            same_identifier: true,
            tries: 3,
            same_group: true,
            conditional: true,
            own_base: true,
            more: None,
            tidy: true,
            pages: true,
            renews: true,
            checks_servers: true,
            heeds_cancel: true,
            stays_home: true,
            moves_on: true,
        }
    }
}

/// Where the partner is.
#[derive(Clone, Default)]
struct Partner {
    token_endpoint: String,
    notification_endpoint: String,
    fhir_base: String,
    ca_pem: Option<String>,
}

/// A notification that went out.
#[derive(Clone)]
struct Sent {
    identifier: String,
    group: String,
    base: String,
    person: usize,
    bsn: String,
    queries: Vec<String>,
    cancelled: bool,
    until: Instant,
    /// The workflow Task: its id and status.
    workflow: (String, String),
}

/// A notification that came in.
#[derive(Clone, Default)]
struct Received {
    task: Value,
    cancelled: bool,
    done: bool,
    pulled: Vec<(String, u16)>,
    problems: Vec<String>,
}

/// What a token of this party allows.
#[derive(Clone)]
struct Allowed {
    /// Identifier of the notification whose resources may be fetched; None for notifying.
    pull: Option<String>,
    /// A user is logged in at the partner.
    user: bool,
    until: Instant,
}

#[derive(Default)]
struct State {
    partner: Option<Partner>,
    sent: Vec<Sent>,
    received: HashMap<String, Received>,
    tokens: HashMap<String, Allowed>,
    seen: HashSet<String>,
}

/// Everything of Notified Pull.
pub(super) struct Pull {
    state: Mutex<State>,
    key: SigningKey,
    /// Public key of the partner (JWK).
    partner_key: Value,
    /// What it shows to servers.
    identity: Identity,
    ca_pem: String,
    shelf: Shelf,
    token_endpoint: String,
    fhir_base: String,
    /// This party and its partner, as they name themselves.
    parties: (&'static str, &'static str),
}

/// What it is made with.
pub(super) struct Parts {
    pub key: SigningKey,
    pub partner_key: Value,
    pub identity: Identity,
    pub ca_pem: String,
    pub shelf: Shelf,
    pub token_endpoint: String,
    pub fhir_base: String,
    pub parties: (&'static str, &'static str),
}

/// How long a request to the partner may take.
const PATIENCE: Duration = Duration::from_secs(10);

impl Pull {
    pub fn new(parts: Parts) -> Pull {
        let Parts { key, partner_key, identity, ca_pem, shelf, token_endpoint, fhir_base, parties } = parts;
        Pull { state: Mutex::default(), key, partner_key, identity, ca_pem, shelf, token_endpoint, fhir_base, parties }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn client(&self, habits: &Habits, partner: &Partner) -> Client {
        let authority = partner.ca_pem.clone().unwrap_or_else(|| self.ca_pem.clone());
        Client::new(ClientSettings {
            timeout: PATIENCE,
            identity: Some(self.identity.clone()),
            extra_roots: vec![authority.into_bytes()],
            trust_anyone: !habits.checks_servers,
            ..ClientSettings::default()
        })
    }
}

/// Answers below [`PATH`].
pub(super) async fn answer(dva: &Arc<Dva>, target: &str, request: &mut Request) -> Answered {
    let original = request.clone();
    let place = match target {
        "/np/token" => Place::PullToken,
        TASK_PATH => Place::Notification,
        _ => Place::Pull,
    };
    dva.policy.edit_request(place, request);
    let mut response = match (request.method.as_str(), target) {
        ("POST", "/np/token") => assertion::token(dva, request),
        (_, TASK_PATH) => receiver::notified(dva, request),
        ("GET", "/np/jwks") => {
            answer::json(200, &json!({ "keys": dva.pull.key.jwk().into_iter().collect::<Vec<_>>() }))
        }
        ("POST", "/np/control") => control(dva, request).await,
        _ if dva.policy.nuts() && target.starts_with(workflow::PATH) => workflow::served(dva, target, request),
        _ if target == FHIR_PATH || target.starts_with(&format!("{FHIR_PATH}/")) => gate::served(dva, request),
        (_, "/np/token" | "/np/control" | "/np/jwks") => answer::refused(405, "not with this method"),
        _ => answer::refused(404, "there is nothing here"),
    };
    dva.policy.edit_response(place, &original, &mut response);
    Answered { response, delay: None, close: false, resource: false }
}

async fn control(dva: &Arc<Dva>, request: &Request) -> Response {
    let Ok(asked) = serde_json::from_slice::<Value>(&request.body) else {
        return answer::json(400, &json!({ "error": "the body is not JSON" }));
    };
    let text = |name: &str| asked.get(name).and_then(Value::as_str).map(str::to_owned);
    let partner = dva.pull.state().partner.clone();
    let result = match (text("do").as_deref(), partner) {
        (Some("partner"), _) => {
            let needed = |name: &str| text(name).unwrap_or_default();
            dva.pull.state().partner = Some(Partner {
                token_endpoint: needed("token_endpoint"),
                notification_endpoint: needed("notification_endpoint"),
                fhir_base: needed("fhir_base").trim_end_matches('/').to_owned(),
                ca_pem: text("ca_pem"),
            });
            Ok(json!({ "ok": true }))
        }
        (Some("state"), _) => receiver::state(dva, &text("identifier").unwrap_or_default()),
        (Some("notify"), Some(partner)) => sender::notify(dva, &partner, text("user").as_deref(), None).await,
        (Some("update"), Some(partner)) => sender::notify(dva, &partner, None, text("identifier").as_deref()).await,
        (Some("cancel"), Some(partner)) => sender::cancel(dva, &partner, &text("identifier").unwrap_or_default()).await,
        (Some("notify" | "update" | "cancel"), None) => Err("there is no partner yet".to_owned()),
        _ => Err("`do` is partner, notify, update, cancel or state".to_owned()),
    };
    match result {
        Ok(value) => answer::json(200, &value),
        Err(error) => answer::json(400, &json!({ "error": error })),
    }
}

/// A request that this party makes.
fn outgoing(method: &str, url: &str, headers: &[(&str, &str)], body: impl Into<bytes::Bytes>) -> Request {
    let headers: Headers = headers.iter().copied().collect();
    Request { method: method.to_owned(), url: url.to_owned(), headers, body: body.into() }
}
