//! Starting a DVA: listeners, certificates, FHIR servers, lists, and the configuration that tells others.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::config::{Certificates, DvaConfig, KeyPair, Lists, NotifiedPullConfig, OtherProvider, SCHEMA, SecondClient};
use super::defect::{ActiveFault, policy_of};
use super::grant::secret;
use super::list::{self, Publication};
use super::listen::{Channel, Entrance, serve};
use super::party::{self, OTHER_PATH, PROVIDERS, Person, SANDBOX_PATH, SERVICES, SHARING, host};
use super::pki::{Authority, PkiError, Subject};
use super::policy::{Policy, PullProfile, Release};
use super::pull::{self, Parts, Pull};
use super::server::{Dva, Shelf};
use super::tls::{self, Clients, TlsError};
use crate::authorization::assertion::{AssertionError, SigningKey};
use crate::diagnostic::Diagnostic;
use crate::exchange::Identity;
use crate::simulator::defect::{ActiveDefect, Defects};
use crate::simulator::server::{Settings, StartError, stored};
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
    /// The model of Notified Pull; without one Twiin, or what a fault needs.
    pub pull_profile: Option<PullProfile>,
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

/// Where everything listens.
struct Addresses {
    fhir: SocketAddr,
    front: SocketAddr,
    back: SocketAddr,
}

impl Addresses {
    fn back_url(&self, path: &str) -> String {
        format!("https://{}{path}", self.back)
    }
}

/// Starts a DVA. Needs a Tokio runtime.
pub async fn start(settings: DvaSettings) -> Result<RunningDva, DvaError> {
    let DvaSettings { mut simulator, release, token_lifetime, pull_profile, defects } = settings;
    let mut policy = policy_of(&defects);
    policy.release = release;
    policy.pull = pull_profile.unwrap_or(policy.pull);
    let listen = simulator.listen;
    let beside = SocketAddr::new(listen.ip(), 0);
    let (fhir, fhir_at) = bind(listen).await?;
    let (front, front_at) = bind(beside).await?;
    let (back, back_at) = bind(beside).await?;
    let (plain, plain_at) = bind(beside).await?;
    let at = Addresses { fhir: fhir_at, front: front_at, back: back_at };

    let issued = issue(&policy, fhir_at.ip(), plain_at)?;
    let people = party::people(&simulator.registry, &mut secret);
    let inside: Vec<String> = people.iter().map(|_| secret()).collect();
    for (person, token) in people.iter().zip(&inside) {
        simulator.registry.grant(token, person.patient.as_deref().unwrap_or_default());
    }
    let Served { shelves, resources, warnings } = served(&simulator, &policy, &format!("https://{fhir_at}"))?;
    let (lists, earlier) = published(&policy, &at);

    // Notified Pull: keys of both parties.
    let own_key = issued.authority.certificate(&signer())?;
    let partner_key = issued.authority.certificate(&signer())?;
    let own_key = SigningKey::from_pem(&own_key.key_pem, pull::OWN_KID, None)?;
    let partner_jwk = SigningKey::from_pem(&partner_key.key_pem, pull::PARTNER_KID, None)?.jwk().unwrap_or_default();
    let parties = pull::parties(policy.pull);
    let config = DvaConfig {
        fhir_version: simulator.definitions.version().number().to_owned(),
        ca_pem: issued.authority.pem.clone(),
        certificates: issued.certificates,
        persons: people.iter().map(Person::config).collect(),
        token_lifetime: token_lifetime.as_secs(),
        notified_pull: NotifiedPullConfig {
            profile: policy.pull.name().to_owned(),
            token_endpoint: at.back_url("/np/token"),
            notification_endpoint: at.back_url("/np/receiver/Task"),
            fhir_base: at.back_url(pull::FHIR_PATH),
            jwks: at.back_url("/np/jwks"),
            control: at.back_url("/np/control"),
            own_id: parties.0.to_owned(),
            partner_id: parties.1.to_owned(),
            partner_key_pem: partner_key.key_pem,
            partner_kid: pull::PARTNER_KID.to_owned(),
        },
        defects: defects.iter().map(|defect| defect.id().to_owned()).collect(),
        ..told(release, &at)
    };
    let pull = Pull::new(Parts {
        key: own_key,
        partner_key: partner_jwk,
        identity: Identity::new(&config.certificates.client.cert_pem, &config.certificates.client.key_pem),
        ca_pem: issued.authority.pem.clone(),
        shelf: pulled(&simulator, &at)?,
        token_endpoint: config.notified_pull.token_endpoint.clone(),
        fhir_base: config.notified_pull.fhir_base.clone(),
        parties,
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
        hosts: issued.hosts,
        inside,
        lists,
        earlier,
        revocations: issued.authority.revocations()?,
        pull,
        config: config.clone(),
        policy,
    });
    let faults = &dva.policy.tls;
    let entrances = [
        (Channel::Front, front, Some((&issued.front, Clients::NotAsked))),
        (Channel::Back, back, Some((&issued.back, Clients::Demanded))),
        (Channel::Fhir, fhir, Some((&issued.fhir, Clients::Asked))),
        (Channel::Revocations, plain, None),
    ];
    let (stop, stopped) = watch::channel(false);
    let mut tasks = vec![];
    for (channel, listener, speaks) in entrances {
        let make = |versions: &[&'static rustls::SupportedProtocolVersion]| {
            speaks
                .map(|(pair, clients)| tls::server(pair, &issued.authority.pem, clients, versions, faults))
                .transpose()
        };
        let tls = make(&tls::versions(faults))?;
        let lower = if faults.lower_version { make(&[&rustls::version::TLS12])? } else { None };
        let entrance = Entrance { channel, listener, tls, lower };
        tasks.push(tokio::spawn(serve(entrance, dva.clone(), stopped.clone())));
    }
    Ok(RunningDva { config, warnings, resources, stop, tasks })
}

/// The test authority and what it gave out.
struct Issued {
    authority: Authority,
    front: KeyPair,
    back: KeyPair,
    fhir: KeyPair,
    certificates: Certificates,
    /// Hosts by the hash of their certificate.
    hosts: HashMap<Vec<u8>, String>,
}

fn issue(policy: &Policy, ip: IpAddr, revocations: SocketAddr) -> Result<Issued, DvaError> {
    let authority = Authority::new("Keur Test CA", Some(format!("http://{revocations}/revocations.crl")))?;
    let other = Authority::new("Keur Onbekende CA", None)?;
    let days = if policy.tls.nearly_expired { 10 } else { 90 };
    let addresses = [ip];
    let wildcard = ["*.dva.localhost", "localhost"];
    let named = [host::FRONT, "localhost"];
    let front_names = if policy.tls.wildcard { &wildcard } else { &named };
    let mut front = authority.certificate(&server_subject(front_names, &addresses, days, true))?;
    if policy.tls.short_key {
        front.cert_pem.push_str(tls::SHORT_KEY);
    }
    let back_authority = if policy.tls.other_authority { &other } else { &authority };
    let token_names = [host::TOKEN, host::LISTS, "localhost"];
    let back = back_authority.certificate(&server_subject(&token_names, &addresses, days, false))?;
    let fhir_names = [host::FHIR, "localhost"];
    let fhir = back_authority.certificate(&server_subject(&fhir_names, &addresses, days, false))?;
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
    Ok(Issued { authority, front, back, fhir, certificates, hosts })
}

/// The FHIR servers, longest base first.
struct Served {
    shelves: Vec<Shelf>,
    resources: usize,
    warnings: Vec<Diagnostic>,
}

fn served(simulator: &Settings, policy: &Policy, origin: &str) -> Result<Served, DvaError> {
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
        let service = Service::new(store, registry, origin, base, own.bounds.body).read_only(read_only);
        let named = policy.fhir.iter().filter_map(|name| ActiveDefect::parse(name).ok());
        let named: Vec<ActiveDefect> = if tested { named.chain(own.defects).collect() } else { vec![] };
        let defects = Defects::new(named, own.slow);
        shelves.push(Shelf { base: base.to_owned(), service_id, read_only, service, defects });
    }
    shelves.sort_by_key(|shelf| std::cmp::Reverse(shelf.base.len()));
    Ok(Served { shelves, resources, warnings })
}

/// What Notified Pull serves: the data once more, with where they come from.
fn pulled(simulator: &Settings, at: &Addresses) -> Result<Shelf, DvaError> {
    let mut own = simulator.clone();
    own.fixtures.extend(pull::provenance(&own.fixtures));
    let (store, _) = stored(&own, &at.back_url(pull::FHIR_PATH)).map_err(StartError::Fixtures)?;
    let registry = Some(own.registry.clone());
    let service = Service::new(store, registry, &at.back_url(""), pull::FHIR_PATH, own.bounds.body).read_only(true);
    let defects = Defects::new(vec![], own.slow);
    Ok(Shelf { base: pull::FHIR_PATH.to_owned(), service_id: SERVICES[0].id, read_only: true, service, defects })
}

/// Lists by name.
type Named = HashMap<&'static str, String>;

/// The lists, and those that were published before them.
fn published(policy: &Policy, at: &Addresses) -> (Named, Named) {
    let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let interface = format!("{}.0", policy.release.number());
    let publication =
        Publication { at: &now, interface: &interface, token_port: at.back.port(), fhir_port: at.fhir.port() };
    let names = [list::ZAL, list::OCL, list::WHL, list::GNL];
    let mut lists: Named = names.into_iter().filter_map(|n| Some((n, list::list(n, &publication)?))).collect();
    let earlier = lists.iter().map(|(name, text)| (*name, list::earlier(text))).collect();
    for (name, edit) in &policy.lists {
        if let Some(text) = lists.get_mut(name) {
            edit(text);
        }
    }
    (lists, earlier)
}

/// The part of the configuration that follows from where everything is.
fn told(release: Release, at: &Addresses) -> DvaConfig {
    let origin = format!("https://{}", at.fhir);
    let urls = |folder: &str| {
        let url = |name: &str| at.back_url(&format!("{folder}{name}?api=2"));
        Lists { zal: url(list::ZAL), ocl: url(list::OCL), whl: url(list::WHL), gnl: url(list::GNL) }
    };
    DvaConfig {
        schema: SCHEMA.to_owned(),
        release: release.number().to_owned(),
        fhir_base: origin.clone(),
        provider: PROVIDERS[0].to_owned(),
        other_provider: OtherProvider {
            name: PROVIDERS[1].to_owned(),
            resource_endpoint: format!("{origin}{OTHER_PATH}"),
        },
        services: SERVICES.iter().map(|s| s.id.to_owned()).collect(),
        resource_endpoints: SERVICES.iter().map(|s| (s.id.to_owned(), format!("{origin}{}", s.path))).collect(),
        sandbox_base: format!("{origin}{SANDBOX_PATH}"),
        authorization_endpoint: format!("https://{}/oauth/authorize", at.front),
        withdrawal_page: format!("https://{}/oauth/withdraw", at.front),
        token_endpoint: at.back_url("/oauth/token"),
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
        resolve: [(host::FRONT, at.front), (host::TOKEN, at.back), (host::LISTS, at.back), (host::FHIR, at.fhir)]
            .into_iter()
            .map(|(name, at)| (name.to_owned(), at.to_string()))
            .collect(),
        ..DvaConfig::default()
    }
}

/// For a key that signs.
fn signer() -> Subject<'static> {
    Subject { names: &["np"], addresses: &[], server: false, days: 1, organisation: false }
}

fn server_subject<'s>(names: &'s [&'s str], addresses: &'s [IpAddr], days: i64, organisation: bool) -> Subject<'s> {
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
