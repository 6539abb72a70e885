//! The DVA at work: what it knows, and which room answers what.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::answer;
use super::config::{DvaConfig, WELL_KNOWN};
use super::form::path;
use super::grant::Grants;
use super::listen::Channel;
use super::party::Person;
use super::policy::{Place, Policy};
use super::pull::{self, Pull};
use crate::definitions::TypeTable;
use crate::exchange::{Request, Response};
use crate::simulator::defect::Defects;
use crate::simulator::server::Observer;
use crate::simulator::service::Service;

/// Who is at the other end.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    pub address: SocketAddr,
    /// Host name in a client certificate of ours.
    pub host: Option<String>,
    /// There is a client certificate.
    pub certificate: bool,
    /// TLS is spoken.
    pub secure: bool,
}

/// An answer and how it is delivered.
pub(super) struct Answered {
    pub response: Response,
    pub delay: Option<Duration>,
    pub close: bool,
    /// It is of the resource server.
    pub resource: bool,
}

impl Answered {
    fn at_once(response: Response) -> Answered {
        Answered { response, delay: None, close: false, resource: false }
    }
}

/// A FHIR server below a path.
pub(super) struct Shelf {
    pub base: String,
    pub service_id: &'static str,
    pub read_only: bool,
    pub service: Service,
    pub defects: Defects,
}

/// Everything the rooms need.
pub(super) struct Dva {
    pub policy: Policy,
    pub people: Vec<Person>,
    pub token_lifetime: u64,
    /// Answers that a fault makes late come at most this late.
    pub slow: Duration,
    pub types: Arc<TypeTable>,
    pub observer: Option<Arc<dyn Observer>>,
    /// Requests the resource server is busy with.
    pub busy: AtomicUsize,
    pub grants: Mutex<Grants>,
    /// Longest base first.
    pub shelves: Vec<Shelf>,
    /// Hosts by the hash of their certificate.
    pub hosts: HashMap<Vec<u8>, String>,
    /// Tokens people are known by to the FHIR server.
    pub inside: Vec<String>,
    pub lists: HashMap<&'static str, String>,
    /// The lists as they were published before.
    pub earlier: HashMap<&'static str, String>,
    pub revocations: Vec<u8>,
    pub pull: Pull,
    pub config: DvaConfig,
}

impl Dva {
    /// Answers a request on a channel.
    pub async fn answer(self: &Arc<Self>, channel: Channel, mut request: Request, peer: &Peer) -> Answered {
        let target = path(&request.url).to_owned();
        let own = target == WELL_KNOWN && peer.address.ip().is_loopback();
        match channel {
            Channel::Front | Channel::Fhir if own => Answered::at_once(self.well_known()),
            Channel::Fhir if !peer.secure && !self.policy.tls.plain_http => {
                Answered { close: true, ..Answered::at_once(answer::refused(400, "TLS is spoken here")) }
            }
            Channel::Front => Answered::at_once(self.front(&target, &mut request)),
            Channel::Fhir => self.resource(&mut request, peer),
            Channel::Back => self.back(&target, &mut request, peer).await,
            Channel::Revocations => Answered::at_once(match target.as_str() {
                "/revocations.crl" if !self.policy.tls.no_revocations => {
                    answer::document("application/pkix-crl", self.revocations.clone())
                }
                _ => answer::refused(404, "there is nothing here"),
            }),
        }
    }

    fn front(&self, target: &str, request: &mut Request) -> Response {
        let place = if target == "/oauth/authorize" { Place::Authorization } else { Place::Page };
        let original = request.clone();
        self.policy.edit_request(place, request);
        let mut response = match (request.method.as_str(), target) {
            (_, "/oauth/authorize") => self.authorize(request),
            ("POST", "/oauth/login") => self.login(request),
            ("POST", "/oauth/consent") => self.consent(request),
            ("GET", "/oauth/withdraw") => answer::page(200, super::page::withdrawal(false)),
            ("POST", "/oauth/withdraw") => self.withdraw(request),
            _ => answer::page(404, super::page::error("deze pagina bestaat niet", &Default::default())),
        };
        self.policy.edit_response(place, &original, &mut response);
        response
    }

    async fn back(self: &Arc<Self>, target: &str, request: &mut Request, peer: &Peer) -> Answered {
        if let Some(refusal) = self.stranger(peer) {
            return Answered::at_once(answer::refused(refusal.status, &refusal.diagnostics));
        }
        if target == "/oauth/token" {
            let original = request.clone();
            self.policy.edit_request(Place::Token, request);
            let (mut response, delay) = self.token(request, peer);
            self.policy.edit_response(Place::Token, &original, &mut response);
            return Answered { delay, ..Answered::at_once(response) };
        }
        if target.starts_with(pull::PATH) {
            return pull::answer(self, target, request).await;
        }
        let list = match target.strip_prefix("/vorige/") {
            Some(name) => self.earlier.get(name),
            None => self.lists.get(target.trim_start_matches('/')),
        };
        Answered::at_once(match list {
            Some(list) => answer::document("application/xml; charset=utf-8", list.clone().into_bytes()),
            None => answer::refused(404, "there is nothing here"),
        })
    }

    fn well_known(&self) -> Response {
        match serde_json::to_value(&self.config) {
            Ok(config) => answer::json(200, &config),
            Err(_) => answer::refused(500, "the configuration cannot be written"),
        }
    }

    /// True when a request over plain HTTP is answered on this channel: our own question for the
    /// configuration, or anything with the fault.
    pub fn speaks_plainly(&self, channel: Channel, first: &[u8], address: SocketAddr) -> bool {
        let asked = std::str::from_utf8(first).ok().and_then(|text| text.split(' ').nth(1));
        let own = asked == Some(WELL_KNOWN) && address.ip().is_loopback();
        (own && matches!(channel, Channel::Fhir | Channel::Front)) || self.policy.tls.plain_http
    }

    /// The host that a certificate was given out to.
    pub fn host_of(&self, fingerprint: &[u8]) -> Option<String> {
        self.hosts.get(fingerprint).cloned()
    }

    /// What was promised to whom.
    pub fn grants(&self) -> MutexGuard<'_, Grants> {
        self.grants.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the client is sent back to if nothing else is known.
    pub fn redirect_uri(&self) -> String {
        self.config.redirect_uri.clone()
    }

    /// The token a person is known by to the FHIR server.
    pub fn inside(&self, person: usize) -> &str {
        self.inside.get(person).map_or("", String::as_str)
    }

    /// The FHIR server that a path belongs to.
    pub fn shelf(&self, path: &str) -> &Shelf {
        let below = |shelf: &&Shelf| {
            path.strip_prefix(shelf.base.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        // The one with the empty base takes all that is left; it is the last.
        self.shelves.iter().find(below).unwrap_or(&self.shelves[self.shelves.len() - 1])
    }

    /// An answer has been delivered.
    pub fn over(&self, resource: bool) {
        if resource {
            self.busy.fetch_sub(1, Ordering::SeqCst);
        }
    }
}
