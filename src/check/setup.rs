//! What the user supplied: endpoints, our own client, certificates, test persons, leave and patience.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::authorization::LoginSettings;
use crate::exchange::{AccessToken, Reach};

use super::catalogue::{Check, Need};
use super::login::LoginMethod;

pub mod dva;

/// A release of the afsprakenstelsel, as far as it changes what is checked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Release {
    /// Several services in one scope.
    R1_5,
    /// Refresh tokens.
    R2_0,
    /// The scope is the provider's name.
    #[default]
    R2_2,
}

impl Release {
    /// Every release by its number.
    pub const ALL: [(&str, Release); 3] = [("1.5", Release::R1_5), ("2.0", Release::R2_0), ("2.2", Release::R2_2)];

    /// Reads `2.2`, `2.2.0` or `2.2.4B`.
    pub fn parse(text: &str) -> Option<Release> {
        let is = |number: &str| text.strip_prefix(number).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        Release::ALL.iter().find(|(number, _)| is(number)).map(|(_, release)| *release)
    }

    /// Its number.
    pub fn number(self) -> &'static str {
        Release::ALL.iter().find(|(_, release)| *release == self).map_or("", |(number, _)| number)
    }
}

/// A certificate with its key, PEM.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity {
    /// The certificate and what is between it and the authority.
    pub certificate: String,
    /// The private key: a secret like a token.
    pub key: AccessToken,
}

/// What is special about a test person.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Role {
    /// There is data about them.
    #[default]
    Data,
    /// There is none.
    NoData,
    /// They are younger than sixteen.
    TooYoung,
}

impl Role {
    const ALL: [(&str, Role); 3] = [("data", Role::Data), ("no-data", Role::NoData), ("too-young", Role::TooYoung)];

    /// The role of a name, as configurations and flags have it.
    pub fn parse(text: &str) -> Option<Role> {
        Role::ALL.iter().find(|(name, _)| *name == text).map(|(_, role)| *role)
    }
}

/// A test person.
#[derive(Clone, Debug, Default)]
pub struct Person {
    /// Name to log in with; also what they are called in messages.
    pub user: String,
    /// Their password, for a login form.
    pub password: AccessToken,
    /// What is special about them.
    pub role: Role,
    /// Id of their Patient resource, where it is known.
    pub patient: Option<String>,
    /// Their family name, where it is known.
    pub family_name: Option<String>,
    /// Their citizen service number, of the test range.
    pub bsn: Option<String>,
}

/// Another client or provider.
#[derive(Clone, Debug, Default)]
pub struct Party {
    /// Host name of a client, name of a provider.
    pub name: String,
    /// Redirect URI of a client, resource endpoint of a provider.
    pub url: String,
    /// Services that the OCL grants a client.
    pub services: Vec<String>,
}

/// Where a list is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListSource {
    /// Path or URL.
    pub place: String,
    /// Its text, where it was read already.
    pub text: Option<String>,
}

/// What a person said about something that cannot be seen over the network.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table with `holds`")]
pub struct Answer {
    /// It holds.
    pub holds: bool,
    /// What was seen.
    #[serde(default)]
    pub remark: String,
    /// Who says so.
    #[serde(default)]
    pub by: String,
}

/// The endpoints of a notified-pull party, and how we are known to it.
#[derive(Clone, Debug, Default)]
pub struct PullSetup {
    /// Authorization model: `np-twiin`, `np-nuts` or `np-open`.
    pub profile: String,
    /// Its token endpoint.
    pub token_endpoint: String,
    /// Where it takes notifications.
    pub notification_endpoint: String,
    /// Where it serves what is pulled.
    pub fhir_base: String,
    /// Its public keys, a JWK set: a URL or the text.
    pub jwks: String,
    /// Where it is told what to do, if it can be.
    pub control: String,
    /// Issuer that it names in its assertions.
    pub own_id: String,
    /// Issuer that we are known as.
    pub partner_id: String,
    /// Our signing key, PKCS#8 PEM.
    pub partner_key: Option<AccessToken>,
    /// Its id.
    pub partner_kid: String,
}

/// Everything that was supplied.
#[derive(Clone)]
pub struct Setup {
    /// Release that is tested.
    pub release: Release,
    /// Base URL of the resource server.
    pub fhir_base: Option<String>,
    /// FHIR version of the exchange: `3.0`.
    pub fhir_version: String,
    /// Where people log in.
    pub authorization_endpoint: Option<String>,
    /// Where codes become tokens.
    pub token_endpoint: Option<String>,
    /// Our client.
    pub client_id: Option<String>,
    /// Where people come back to.
    pub redirect_uri: Option<String>,
    /// The provider, without `@medmij`.
    pub provider: Option<String>,
    /// Services, the tested one first.
    pub services: Vec<String>,
    /// Resource endpoints of services.
    pub resource_endpoints: BTreeMap<String, String>,
    /// A service to share data with.
    pub share_service: Option<String>,
    /// Where a person withdraws consent.
    pub withdrawal_page: Option<String>,
    /// A base that takes writes, where the tested one does not.
    pub sandbox: Option<String>,
    /// Another provider at the same DVA.
    pub other_provider: Option<Party>,
    /// Another client on the OCL.
    pub second_client: Option<Party>,
    /// ZAL, OCL, WHL and GNL.
    pub lists: [Option<ListSource>; 4],
    /// Earlier publications of the same.
    pub earlier_lists: [Option<ListSource>; 4],
    /// Hosts that are somewhere else.
    pub resolve: BTreeMap<String, String>,
    /// Authorities that are trusted beside the platform's.
    pub roots: Vec<String>,
    /// Our client certificate.
    pub client: Option<Identity>,
    /// That of the second client.
    pub second: Option<Identity>,
    /// One whose host is not on the whitelist.
    pub unlisted: Option<Identity>,
    /// One of an authority nobody knows; made here where none is supplied.
    pub unknown: Option<Identity>,
    /// One that has run out.
    pub expired: Option<Identity>,
    /// Test persons.
    pub persons: Vec<Person>,
    /// A token for the resource server, where there is no login.
    pub token: Option<AccessToken>,
    /// Such a token of a second person.
    pub second_token: Option<AccessToken>,
    /// How a login is done.
    pub login: LoginMethod,
    /// The notified-pull party.
    pub pull: Option<PullSetup>,
    /// Pages with documentation.
    pub evidence_urls: Vec<String>,
    /// Writing on the system under test is allowed.
    pub allow_writes: bool,
    /// Waiting for tokens to expire is allowed, at most this long.
    pub wait_expiry: Option<Duration>,
    /// Requests a second, at most.
    pub rate: Option<f64>,
    /// How many codes and tokens are drawn to see whether they repeat.
    pub repeats: usize,
    /// What people said, by check.
    pub answers: BTreeMap<String, Answer>,
    /// Hosts that may be dialled.
    pub reach: Reach,
    /// Longest wait for an answer.
    pub timeout: Duration,
    /// How long a token endpoint may take: ten seconds (core.tknint.206).
    pub token_limit: Duration,
    /// How long a resource endpoint may take: sixty seconds (core.rscint.202).
    pub resource_limit: Duration,
    /// Requests of the data service, relative to the base.
    pub queries: Vec<String>,
}

impl Default for Setup {
    fn default() -> Setup {
        Setup {
            release: Release::default(),
            fhir_base: None,
            fhir_version: "3.0".to_owned(),
            authorization_endpoint: None,
            token_endpoint: None,
            client_id: None,
            redirect_uri: None,
            provider: None,
            services: vec![],
            resource_endpoints: BTreeMap::new(),
            share_service: None,
            withdrawal_page: None,
            sandbox: None,
            other_provider: None,
            second_client: None,
            lists: [const { None }; 4],
            earlier_lists: [const { None }; 4],
            resolve: BTreeMap::new(),
            roots: vec![],
            client: None,
            second: None,
            unlisted: None,
            unknown: None,
            expired: None,
            persons: vec![],
            token: None,
            second_token: None,
            login: LoginMethod::None,
            pull: None,
            evidence_urls: vec![],
            allow_writes: false,
            wait_expiry: None,
            rate: None,
            repeats: 20,
            answers: BTreeMap::new(),
            reach: Reach::Anywhere,
            timeout: Duration::from_secs(70),
            token_limit: Duration::from_secs(10),
            resource_limit: Duration::from_secs(60),
            queries: super::medmij::BGZ.iter().map(|query| (*query).to_owned()).collect(),
        }
    }
}

fn https(url: &Option<String>) -> bool {
    url.as_deref().is_some_and(|url| url.starts_with("https:"))
}

impl Setup {
    /// The first person with this role; the second one with data is another person.
    pub fn person(&self, role: Role) -> Option<&Person> {
        self.persons.iter().find(|person| person.role == role)
    }

    /// Another person with data.
    pub fn second_person(&self) -> Option<&Person> {
        self.persons.iter().filter(|person| person.role == Role::Data).nth(1)
    }

    /// A service other than the tested one that has an endpoint of its own.
    pub fn second_service(&self) -> Option<(&str, &str)> {
        let tested = self.services.first()?;
        let base = self.resource_endpoints.get(tested).or(self.fhir_base.as_ref())?;
        let other =
            |(id, url): &(&String, &String)| *id != tested && *url != base && Some(*id) != self.share_service.as_ref();
        self.resource_endpoints.iter().find(other).map(|(id, url)| (id.as_str(), url.as_str()))
    }

    /// The service that the OCL does not grant to the second client, with its endpoint.
    pub fn unlisted_service(&self) -> Option<(&str, &str)> {
        let second = self.second_client.as_ref()?;
        let unlisted = |(id, _): &(&String, &String)| !second.services.contains(id);
        self.resource_endpoints.iter().find(unlisted).map(|(id, url)| (id.as_str(), url.as_str()))
    }

    /// Our client as `authorization` logs it in, for the service that is tested.
    pub fn login_settings(&self) -> LoginSettings {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let provider = text(&self.provider);
        let scope = match self.services.first() {
            Some(service) if self.release < Release::R2_2 => format!("{provider}~{service}"),
            _ => provider,
        };
        LoginSettings {
            authorization_endpoint: text(&self.authorization_endpoint),
            token_endpoint: text(&self.token_endpoint),
            client_id: text(&self.client_id),
            redirect_uri: text(&self.redirect_uri),
            scope,
            ..LoginSettings::default()
        }
    }

    /// True when it was supplied.
    pub fn has(&self, need: Need) -> bool {
        let login = !matches!(self.login, LoginMethod::None)
            && self.authorization_endpoint.is_some()
            && self.token_endpoint.is_some();
        let list = |at: usize| self.lists[at].is_some();
        match need {
            Need::AuthorizationEndpoint => self.authorization_endpoint.is_some(),
            Need::TokenEndpoint => self.token_endpoint.is_some(),
            Need::FhirBase => self.fhir_base.is_some(),
            Need::Client => self.client_id.is_some() && self.redirect_uri.is_some(),
            Need::Token => self.token.is_some() || login,
            Need::Login => login,
            Need::SecondPerson => self.second_person().is_some() || self.second_token.is_some(),
            Need::PersonWithoutData => self.person(Role::NoData).is_some(),
            Need::PersonUnder16 => self.person(Role::TooYoung).is_some(),
            Need::ClientCertificate => self.client.is_some(),
            Need::SecondCertificate => self.unlisted.is_some(),
            Need::ExpiredCertificate => self.expired.is_some(),
            Need::SecondClient => self.second_client.is_some(),
            Need::SecondService => self.second_service().is_some(),
            Need::OtherProvider => self.other_provider.as_ref().is_some_and(|party| !party.url.is_empty()),
            Need::ShareService => self.share_service.is_some(),
            Need::UnlistedService => self.unlisted_service().is_some() && self.second.is_some(),
            Need::OnBehalfOf => false,
            Need::Lists => (0..4).any(list),
            Need::Zal => list(0),
            Need::Whl => list(2),
            Need::Gnl => list(3),
            Need::Tls => https(&self.authorization_endpoint) || https(&self.token_endpoint) || https(&self.fhir_base),
            Need::FrontTls => https(&self.authorization_endpoint),
            Need::BackTls => {
                let pull = self.pull.as_ref().is_some_and(|pull| pull.token_endpoint.starts_with("https:"));
                https(&self.token_endpoint) || https(&self.fhir_base) || pull
            }
            Need::Sender => self.pull.as_ref().is_some_and(|p| !p.token_endpoint.is_empty() && !p.fhir_base.is_empty()),
            Need::Receiver => {
                self.pull.as_ref().is_some_and(|p| !p.token_endpoint.is_empty() && !p.notification_endpoint.is_empty())
            }
            Need::Writes => self.allow_writes,
            Need::LongRun => self.wait_expiry.is_some(),
            Need::WithdrawalPage => self.withdrawal_page.is_some(),
            Need::JwtClient => self.pull.as_ref().is_some_and(|p| p.partner_key.is_some()),
            Need::EvidenceUrls => !self.evidence_urls.is_empty(),
        }
    }

    /// What a check needs and was not supplied.
    pub fn missing(&self, check: &Check) -> Vec<Need> {
        check.needs.iter().copied().filter(|need| !self.has(*need)).collect()
    }
}
