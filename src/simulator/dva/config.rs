//! What a party must know to talk to the simulated DVA: what a supplier would send on paper.
//!
//! The form is a contract (`urn:keur:dva:1`): `keur serve --dva --config-out FILE` writes it, the server
//! gives it to loopback at `/.well-known/keur-dva`, `keur check` reads it. Fields may be added.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The value of [`DvaConfig::schema`].
pub const SCHEMA: &str = "urn:keur:dva:1";

/// Where the server gives its configuration to loopback.
pub const WELL_KNOWN: &str = "/.well-known/keur-dva";

/// Everything about a running DVA, secrets of its fictitious parties among it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DvaConfig {
    /// `urn:keur:dva:1`.
    pub schema: String,
    /// Release of the afsprakenstelsel: `1.5`, `2.0` or `2.2`.
    pub release: String,
    /// Base URL of the resource server of the first service; what is tested.
    pub fhir_base: String,
    /// FHIR version of the exchange: `3.0`.
    pub fhir_version: String,
    /// The care provider, without `@medmij`.
    pub provider: String,
    /// Another provider at the same DVA.
    pub other_provider: OtherProvider,
    /// Ids of the data services of the provider, the tested one first.
    pub services: Vec<String>,
    /// The service in which the person gives data.
    pub share_service: String,
    /// Resource endpoints of all services of the provider.
    pub resource_endpoints: BTreeMap<String, String>,
    /// A FHIR base that takes writes; the resource server itself is read-only.
    pub sandbox_base: String,
    /// Where the user agent is sent. Can be dialled as it stands.
    pub authorization_endpoint: String,
    /// Where a person withdraws consent: a form with name and password.
    pub withdrawal_page: String,
    /// Where codes become tokens; demands a client certificate.
    pub token_endpoint: String,
    /// The client: the host name on the OAuth client list.
    pub client_id: String,
    /// Where the user agent is sent back to; on the client's host.
    pub redirect_uri: String,
    /// A second client on both lists, with a certificate of its own and only the services named.
    pub second_client: SecondClient,
    /// Lists of the agreement framework.
    pub lists: Lists,
    /// The same lists as they were published before.
    pub earlier_lists: Lists,
    /// Host names in the lists, and the address each is really at: `fhir.dva.localhost` → `127.0.0.1:8080`.
    pub resolve: BTreeMap<String, String>,
    /// The authority that all good certificates were given out by, PEM.
    pub ca_pem: String,
    /// Client certificates by what they are for.
    pub certificates: Certificates,
    /// People who can log in.
    pub persons: Vec<PersonConfig>,
    /// How long an access token is valid, in seconds.
    pub token_lifetime: u64,
    /// The endpoints of Notified Pull.
    pub notified_pull: NotifiedPullConfig,
    /// Switched-on defects.
    pub defects: Vec<String>,
}

/// A second care provider.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OtherProvider {
    /// Its name, without `@medmij`.
    pub name: String,
    /// Its resource endpoint of the tested service.
    pub resource_endpoint: String,
}

/// Another client than the one that tests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SecondClient {
    /// Its host name.
    pub client_id: String,
    /// Its redirect URI.
    pub redirect_uri: String,
    /// The services that the OAuth client list has for it.
    pub services: Vec<String>,
}

/// URLs of the lists.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Lists {
    /// Zorgaanbiederslijst.
    pub zal: String,
    /// OAuthclientlist.
    pub ocl: String,
    /// Whitelist.
    pub whl: String,
    /// Gegevensdienstnamenlijst.
    pub gnl: String,
}

/// A certificate and its private key, both PEM.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeyPair {
    /// The certificate, what it was given out by after it.
    pub cert_pem: String,
    /// The private key (PKCS#8).
    pub key_pem: String,
}

impl std::fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyPair(…)")
    }
}

/// Certificates of others, by what they are for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Certificates {
    /// Of the client.
    pub client: KeyPair,
    /// Of the second client.
    pub second_client: KeyPair,
    /// Of a host that is not on the whitelist.
    pub not_whitelisted: KeyPair,
    /// Of an authority nobody knows.
    pub unknown_ca: KeyPair,
    /// The client's, run out.
    pub expired: KeyPair,
    /// For servers of a partner in Notified Pull, on loopback.
    pub partner_server: KeyPair,
}

/// A fictitious person.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PersonConfig {
    /// Name to log in with.
    pub user: String,
    /// Password.
    pub password: String,
    /// What is special about them: `data`, `no-data` or `too-young`.
    pub role: String,
    /// Id of the Patient resource, for those with data.
    pub patient: String,
    /// Family name, as far as it is known.
    pub family_name: String,
    /// Citizen service number of the test range.
    pub bsn: String,
}

impl std::fmt::Debug for PersonConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PersonConfig({}, {})", self.user, self.role)
    }
}

/// Where Notified Pull is at, in both roles.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NotifiedPullConfig {
    /// The profile: `np-twiin` or `np-nuts`.
    pub profile: String,
    /// Token endpoint for both roles (JWT bearer grant).
    pub token_endpoint: String,
    /// Where notification Tasks are posted (receiver).
    pub notification_endpoint: String,
    /// FHIR base that is pulled from (sender).
    pub fhir_base: String,
    /// Public keys that this party signs with, a JWK set.
    pub jwks: String,
    /// Where a partner says where it is and what it wants done: see `notified_pull` in the source.
    pub control: String,
    /// Issuer and subject that this party names in its assertions.
    pub own_id: String,
    /// Issuer that the partner shall use.
    pub partner_id: String,
    /// The partner's signing key (ES256, PKCS#8 PEM): what is signed with it is accepted.
    pub partner_key_pem: String,
    /// Key id of the partner's key.
    pub partner_kid: String,
}
