//! The DVA as a whole: its listeners, what it knows, and which room answers what.

use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::answer;
use super::config::{
    Certificates, DvaConfig, KeyPair, Lists, NotifiedPullConfig, OtherProvider, SCHEMA, SecondClient, WELL_KNOWN,
};
use super::defect::{ActiveFault, policy_of};
use super::form::path;
use super::grant::{Grants, secret};
use super::list::{self, Publication};
use super::listen::{Channel, Entrance, serve};
use super::party::{self, OTHER_PATH, PROVIDERS, Person, SANDBOX_PATH, SERVICES, SHARING, host};
use super::pki::{Authority, PkiError, Subject};
use super::policy::{Place, Policy, Release};
use super::pull::{self, Parts, Pull};
use super::tls::{self, Clients, TlsError};
use crate::authorization::assertion::{AssertionError, SigningKey};
use crate::definitions::TypeTable;
use crate::diagnostic::Diagnostic;
use crate::exchange::{Identity, Request, Response};
use crate::simulator::defect::{ActiveDefect, Defects};
use crate::simulator::server::{Observer, Settings, StartError, stored};
use crate::simulator::service::Service;

/// What a DVA is started with.
#[derive(Clone)]
pub struct DvaSettings {
    /// The FHIR server in it: address of the resource server, definitions, fixtures, registry.
    pub simulator: Settings,
    /// Release of the agreement framework.
    pub release: Release,
    /// How long access tokens (and codes) are valid.
    pub token_lifetime: Duration,
    /// Faults that are on.
    pub defects: Vec<ActiveFault>,
}

/// Why a DVA does not start.
#[derive(Debug, thiserror::Error)]
pub enum DvaError {
    /// Its FHIR server does not.
    #[error(transparent)]
    Start(#[from] StartError),
    /// Its certificates cannot be made.
    #[error("the test certificates cannot be made: {0}")]
    Pki(#[from] PkiError),
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The keys for assertions cannot be used.
    #[error(transparent)]
    Keys(#[from] AssertionError),
}

/// A DVA at work; it stops when it is dropped.
pub struct RunningDva {
    /// What others must know.
    pub config: DvaConfig,
    /// What is worth knowing about the fixtures.
    pub warnings: Vec<Diagnostic>,
    /// How many resources there are.
    pub resources: usize,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl RunningDva {
    /// Takes no more connections, finishes the answers under way, and ends.
    pub async fn shutdown(mut self) {
        let _ = self.stop.send(true);
        for task in self.tasks.drain(..) {
            let _ = task.await;
        }
    }
}

impl Drop for RunningDva {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

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
    grants: Mutex<Grants>,
    /// Longest base first.
    shelves: Vec<Shelf>,
    /// Hosts by the hash of their certificate.
    hosts: HashMap<Vec<u8>, String>,
    /// Tokens people are known by to the FHIR server.
    inside: Vec<String>,
    lists: HashMap<&'static str, String>,
    /// The lists as they were published before.
    earlier: HashMap<&'static str, String>,
    revocations: Vec<u8>,
    pub pull: Pull,
    config: DvaConfig,
}

/// Starts a DVA. Needs a Tokio runtime.
pub async fn start(settings: DvaSettings) -> Result<RunningDva, DvaError> {
    let DvaSettings { mut simulator, release, token_lifetime, defects } = settings;
    let mut policy = policy_of(&defects);
    policy.release = release;
    let listen = simulator.listen;
    let beside = SocketAddr::new(listen.ip(), 0);
    let (fhir, fhir_at) = bind(listen).await?;
    let (front, front_at) = bind(beside).await?;
    let (back, back_at) = bind(beside).await?;
    let (plain, plain_at) = bind(beside).await?;

    // Certificates.
    let authority = Authority::new("Keur Test CA", Some(format!("http://{plain_at}/revocations.crl")))?;
    let other = Authority::new("Keur Onbekende CA", None)?;
    let days = if policy.tls.nearly_expired { 10 } else { 90 };
    let addresses = [fhir_at.ip()];
    let wildcard = ["*.dva.localhost", "localhost"];
    let named = [host::FRONT, "localhost"];
    let front_names = if policy.tls.wildcard { &wildcard } else { &named };
    let mut front_pair = authority.certificate(&server_subject(front_names, &addresses, days, true))?;
    if policy.tls.short_key {
        front_pair.cert_pem.push_str(tls::SHORT_KEY);
    }
    let back_authority = if policy.tls.other_authority { &other } else { &authority };
    let token_names = [host::TOKEN, host::LISTS, "localhost"];
    let back_pair = back_authority.certificate(&server_subject(&token_names, &addresses, days, false))?;
    let fhir_names = [host::FHIR, "localhost"];
    let fhir_pair = back_authority.certificate(&server_subject(&fhir_names, &addresses, days, false))?;
    let client = |authority: &Authority, name: &str, days: i64| {
        authority.certificate(&Subject { names: &[name], addresses: &[], server: false, days, organisation: false })
    };
    let certificates = Certificates {
        client: client(&authority, host::CLIENT, 90)?,
        second_client: client(&authority, host::SECOND_CLIENT, 90)?,
        not_whitelisted: client(&authority, host::NOT_WHITELISTED, 90)?,
        unknown_ca: client(&other, host::CLIENT, 90)?,
        expired: client(&authority, host::CLIENT, -1)?,
        partner_server: authority.certificate(&server_subject(&["localhost"], &addresses, 90, false))?,
    };
    let hosts = [
        (&certificates.client, host::CLIENT),
        (&certificates.second_client, host::SECOND_CLIENT),
        (&certificates.not_whitelisted, host::NOT_WHITELISTED),
        (&certificates.unknown_ca, host::CLIENT),
        (&certificates.expired, host::CLIENT),
    ];
    let hosts = hosts.into_iter().filter_map(|(pair, host)| Some((fingerprint(pair)?, host.to_owned()))).collect();

    // People, and the FHIR servers.
    let people = party::people(&simulator.registry, &mut secret);
    let inside: Vec<String> = people.iter().map(|_| secret()).collect();
    for (person, token) in people.iter().zip(&inside) {
        simulator.registry.grant(token, person.patient.as_deref().unwrap_or_default());
    }
    let origin = format!("https://{fhir_at}");
    let mut warnings = vec![];
    let mut resources = 0;
    let mut shelves = vec![];
    let mut bases: Vec<(&str, &'static str, bool)> = SERVICES.iter().map(|s| (s.path, s.id, s.id != SHARING)).collect();
    bases.extend([(OTHER_PATH, SERVICES[0].id, true), (SANDBOX_PATH, SERVICES[0].id, false)]);
    for (base, service_id, read_only) in bases {
        let tested = base.is_empty();
        let mut own = simulator.clone();
        if !tested {
            // Only the tested service has data; what the others have stays with them.
            own.fixtures = vec![];
        }
        let (store, said) = stored(&own, &format!("{origin}{base}")).map_err(StartError::Fixtures)?;
        if tested {
            resources = store.shelves().map(|(_, shelf)| shelf.len()).sum();
            warnings = said;
        }
        let registry = tested.then(|| own.registry.clone());
        let service = Service::new(store, registry, &origin, base, own.bounds.body).read_only(read_only);
        let named = policy.fhir.iter().filter_map(|name| ActiveDefect::parse(name).ok());
        let named: Vec<ActiveDefect> = if tested { named.chain(own.defects).collect() } else { vec![] };
        let defects = Defects::new(named, own.slow);
        shelves.push(Shelf { base: base.to_owned(), service_id, read_only, service, defects });
    }
    shelves.sort_by_key(|shelf| std::cmp::Reverse(shelf.base.len()));

    // Notified Pull: keys of both parties, and the data once more, with where they come from.
    let own_key = authority.certificate(&Subject {
        names: &["np"],
        addresses: &[],
        server: false,
        days: 1,
        organisation: false,
    })?;
    let partner_key = authority.certificate(&Subject {
        names: &["np"],
        addresses: &[],
        server: false,
        days: 1,
        organisation: false,
    })?;
    let own_key = SigningKey::from_pem(&own_key.key_pem, pull::OWN_KID, None)?;
    let partner_jwk = SigningKey::from_pem(&partner_key.key_pem, pull::PARTNER_KID, None)?.jwk().unwrap_or_default();
    let pulled = {
        let mut own = simulator.clone();
        own.fixtures.extend(pull::provenance(&own.fixtures));
        let back_origin = format!("https://{back_at}");
        let (store, _) = stored(&own, &format!("{back_origin}{}", pull::FHIR_PATH)).map_err(StartError::Fixtures)?;
        let registry = Some(own.registry.clone());
        let service = Service::new(store, registry, &back_origin, pull::FHIR_PATH, own.bounds.body).read_only(true);
        let defects = Defects::new(vec![], own.slow);
        Shelf { base: pull::FHIR_PATH.to_owned(), service_id: SERVICES[0].id, read_only: true, service, defects }
    };

    // What is told to others.
    let at = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let interface = format!("{}.0", release.number());
    let publication =
        Publication { at: &at, interface: &interface, token_port: back_at.port(), fhir_port: fhir_at.port() };
    let mut lists: HashMap<&'static str, String> = [list::ZAL, list::OCL, list::WHL, list::GNL]
        .into_iter()
        .filter_map(|n| Some((n, list::list(n, &publication)?)))
        .collect();
    let earlier: HashMap<&'static str, String> =
        lists.iter().map(|(name, text)| (*name, list::earlier(text))).collect();
    for (name, edit) in &policy.lists {
        if let Some(text) = lists.get_mut(name) {
            edit(text);
        }
    }
    let back_url = |path: &str| format!("https://{back_at}{path}");
    let urls = |folder: &str| {
        let url = |name: &str| back_url(&format!("{folder}{name}?api=2"));
        Lists { zal: url(list::ZAL), ocl: url(list::OCL), whl: url(list::WHL), gnl: url(list::GNL) }
    };
    let config = DvaConfig {
        schema: SCHEMA.to_owned(),
        release: release.number().to_owned(),
        fhir_base: origin.clone(),
        fhir_version: simulator.definitions.version().number().to_owned(),
        provider: PROVIDERS[0].to_owned(),
        other_provider: OtherProvider {
            name: PROVIDERS[1].to_owned(),
            resource_endpoint: format!("{origin}{OTHER_PATH}"),
        },
        services: SERVICES.iter().map(|s| s.id.to_owned()).collect(),
        resource_endpoints: SERVICES.iter().map(|s| (s.id.to_owned(), format!("{origin}{}", s.path))).collect(),
        sandbox_base: format!("{origin}{SANDBOX_PATH}"),
        authorization_endpoint: format!("https://{front_at}/oauth/authorize"),
        token_endpoint: back_url("/oauth/token"),
        client_id: host::CLIENT.to_owned(),
        redirect_uri: format!("https://{}/cb", host::CLIENT),
        second_client: SecondClient {
            client_id: host::SECOND_CLIENT.to_owned(),
            redirect_uri: format!("https://{}/cb", host::SECOND_CLIENT),
            services: party::client(host::SECOND_CLIENT)
                .map(|c| c.services.iter().map(|s| (*s).to_owned()).collect())
                .unwrap_or_default(),
        },
        share_service: SHARING.to_owned(),
        lists: urls("/"),
        earlier_lists: urls("/vorige/"),
        resolve: [(host::FRONT, front_at), (host::TOKEN, back_at), (host::LISTS, back_at), (host::FHIR, fhir_at)]
            .into_iter()
            .map(|(name, at)| (name.to_owned(), at.to_string()))
            .collect(),
        ca_pem: authority.pem.clone(),
        certificates,
        persons: people.iter().map(Person::config).collect(),
        token_lifetime: token_lifetime.as_secs(),
        notified_pull: NotifiedPullConfig {
            profile: "np-twiin".to_owned(),
            token_endpoint: back_url("/np/token"),
            notification_endpoint: back_url("/np/receiver/Task"),
            fhir_base: back_url(pull::FHIR_PATH),
            jwks: back_url("/np/jwks"),
            control: back_url("/np/control"),
            own_id: pull::OWN_ID.to_owned(),
            partner_id: pull::PARTNER_ID.to_owned(),
            partner_key_pem: partner_key.key_pem.clone(),
            partner_kid: pull::PARTNER_KID.to_owned(),
        },
        defects: defects.iter().map(|defect| defect.id().to_owned()).collect(),
    };
    let revocations = authority.revocations()?;
    let pull = Pull::new(Parts {
        key: own_key,
        partner_key: partner_jwk,
        identity: Identity::new(&config.certificates.client.cert_pem, &config.certificates.client.key_pem),
        ca_pem: authority.pem.clone(),
        shelf: pulled,
        token_endpoint: config.notified_pull.token_endpoint.clone(),
        fhir_base: config.notified_pull.fhir_base.clone(),
    });

    let dva = Arc::new(Dva {
        people,
        token_lifetime: token_lifetime.as_secs(),
        slow: simulator.slow,
        types: simulator.definitions.types(),
        observer: simulator.observer.clone(),
        busy: AtomicUsize::new(0),
        grants: Mutex::default(),
        shelves,
        hosts,
        inside,
        lists,
        earlier,
        revocations,
        pull,
        config: config.clone(),
        policy,
    });
    let faults = &dva.policy.tls;
    let entrances = [
        (Channel::Front, front, Some((&front_pair, Clients::NotAsked))),
        (Channel::Back, back, Some((&back_pair, Clients::Demanded))),
        (Channel::Fhir, fhir, Some((&fhir_pair, Clients::Asked))),
        (Channel::Revocations, plain, None),
    ];
    let (stop, stopped) = watch::channel(false);
    let mut tasks = vec![];
    for (channel, listener, speaks) in entrances {
        let make = |versions: &[&'static rustls::SupportedProtocolVersion]| {
            speaks.map(|(pair, clients)| tls::server(pair, &authority.pem, clients, versions, faults)).transpose()
        };
        let tls = make(&tls::versions(faults))?;
        let lower = if faults.lower_version { make(&[&rustls::version::TLS12])? } else { None };
        let entrance = Entrance { channel, listener, tls, lower };
        tasks.push(tokio::spawn(serve(entrance, dva.clone(), stopped.clone())));
    }
    Ok(RunningDva { config, warnings, resources, stop, tasks })
}

fn server_subject<'s>(
    names: &'s [&'s str],
    addresses: &'s [std::net::IpAddr],
    days: i64,
    organisation: bool,
) -> Subject<'s> {
    Subject { names, addresses, server: true, days, organisation }
}

async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), DvaError> {
    let failed = |reason| StartError::Listen { address, reason };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let mut address = listener.local_addr().map_err(failed)?;
    if address.ip().is_unspecified() {
        // It listens everywhere; what is told to others must lead somewhere.
        address.set_ip(if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() });
    }
    Ok((listener, address))
}

fn fingerprint(pair: &KeyPair) -> Option<Vec<u8>> {
    let certificate = CertificateDer::from_pem_slice(pair.cert_pem.as_bytes()).ok()?;
    Some(Sha256::digest(&certificate).to_vec())
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
