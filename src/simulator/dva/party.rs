//! Who there is: providers, their services, clients and people. All fictitious, on `.localhost`, which
//! leads nowhere (RFC 6761 section 6.3).

use super::config::PersonConfig;
use crate::simulator::access::TokenRegistry;

/// Host names, as the lists have them.
pub(super) mod host {
    pub const FRONT: &str = "inloggen.dva.localhost";
    pub const TOKEN: &str = "token.dva.localhost";
    pub const FHIR: &str = "fhir.dva.localhost";
    pub const LISTS: &str = "stelselnode.dva.localhost";
    pub const CLIENT: &str = "pgo.keur.localhost";
    pub const SECOND_CLIENT: &str = "ander-pgo.keur.localhost";
    pub const NOT_WHITELISTED: &str = "onbekend.keur.localhost";
}

/// A data service of the tested provider.
pub(super) struct DataService {
    pub id: &'static str,
    pub name: &'static str,
    /// Codes of its system roles.
    pub roles: &'static [&'static str],
    /// Where its resource server is, below the FHIR listener.
    pub path: &'static str,
}

/// The services, the tested one first.
pub(super) const SERVICES: [DataService; 3] = [
    DataService { id: "48", name: "Verzamelen Basisgegevens zorg 3.0", roles: &["MM-3.0-BZB-FHIR"], path: "" },
    DataService {
        id: "51",
        name: "Verzamelen Documenten 3.0",
        roles: &["MM-1.2-PLB-FHIR", "MM-1.2-PDB-FHIR"],
        path: "/51",
    },
    DataService {
        id: SHARING,
        name: "Delen Meetwaarden vitale functies 2.0",
        roles: &["MM-2.0-MVO-FHIR"],
        path: "/53",
    },
];

/// The service in which the person gives instead of takes.
pub(super) const SHARING: &str = "53";

/// The provider that is tested, and another at the same DVA. Names have at least ten characters with
/// `@medmij` behind them.
pub(super) const PROVIDERS: [&str; 2] = ["keurziekenhuis", "anderziekenhuis"];

/// Where the other provider's resource server is.
pub(super) const OTHER_PATH: &str = "/ander";
/// Where what is written stays.
pub(super) const SANDBOX_PATH: &str = "/sandbox";

/// A client on the OAuth client list.
pub(super) struct Client {
    pub host: &'static str,
    pub organisation: &'static str,
    /// Services that the list has for it.
    pub services: &'static [&'static str],
}

/// The clients.
pub(super) const CLIENTS: [Client; 2] = [
    Client { host: host::CLIENT, organisation: "Keur Test PGO", services: &["48", "51", SHARING] },
    Client { host: host::SECOND_CLIENT, organisation: "Ander Test PGO", services: &["51"] },
];

/// The client of this name.
pub(super) fn client(host: &str) -> Option<&'static Client> {
    CLIENTS.iter().find(|client| client.host == host)
}

/// A person who can log in.
#[derive(Clone)]
pub(super) struct Person {
    pub user: String,
    pub password: String,
    /// The Patient resource; None for those about whom there is nothing.
    pub patient: Option<String>,
    pub family_name: String,
    pub bsn: String,
    pub too_young: bool,
}

impl Person {
    /// What is said of them in the configuration.
    pub fn config(&self) -> PersonConfig {
        let role = match (&self.patient, self.too_young) {
            (_, true) => "too-young",
            (None, _) => "no-data",
            _ => "data",
        };
        PersonConfig {
            user: self.user.clone(),
            password: self.password.clone(),
            role: role.to_owned(),
            patient: self.patient.clone().unwrap_or_default(),
            family_name: self.family_name.clone(),
            bsn: self.bsn.clone(),
        }
    }
}

/// People of a registry, and two who never get as far as consent: one without data, one of fifteen.
/// Passwords are new at every start.
pub(super) fn people(registry: &TokenRegistry, secret: &mut dyn FnMut() -> String) -> Vec<Person> {
    let mut people: Vec<Person> = vec![];
    for (patient, family_name, bsn) in registry.people() {
        if people.iter().any(|person| person.patient.as_deref() == Some(patient)) {
            continue;
        }
        let user = user_name(family_name, patient);
        let taken = people.iter().any(|person| person.user == user);
        people.push(Person {
            user: if taken { patient.to_owned() } else { user },
            password: secret(),
            patient: Some(patient.to_owned()),
            family_name: family_name.to_owned(),
            bsn: bsn.to_owned(),
            too_young: false,
        });
    }
    for (user, patient, bsn, too_young) in [
        ("leeg", None, "999990019", false),
        ("jong", people.first().and_then(|p| p.patient.clone()), "999990020", true),
    ] {
        people.push(Person {
            user: user.to_owned(),
            password: secret(),
            patient,
            family_name: String::new(),
            bsn: bsn.to_owned(),
            too_young,
        });
    }
    people
}

/// The first word of the family name in lower case, else the id of the Patient.
fn user_name(family_name: &str, patient: &str) -> String {
    let word = family_name.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    if word.is_empty() { patient.to_owned() } else { word.to_lowercase() }
}
