//! The cast of a demonstration: servers and clients, a third of them with a named fault.

/// Names for parties, none of which exists.
const NAMES: [&str; 24] = [
    "Aakster",
    "Berkel",
    "Cederhof",
    "Duinrand",
    "Eikenhorst",
    "Fonteyn",
    "Grutto",
    "Heideveld",
    "IJsvogel",
    "Jutter",
    "Kievit",
    "Lindehof",
    "Meerkoet",
    "Noorderlicht",
    "Olmenhof",
    "Plevier",
    "Quist",
    "Roerdomp",
    "Sterna",
    "Tureluur",
    "Uiver",
    "Veldleeuwerik",
    "Wulp",
    "Zilverreiger",
];

/// Faults of servers: each shows in the answer to any search, or to that of one type.
const SERVER_FAULTS: [&str; 13] = [
    "no-self-link@Condition",
    "code-missing@AllergyIntolerance",
    "status-500",
    "wrong-content-type@Flag",
    "first-entry-missing@Condition",
    "truncated-json@Patient",
    "bundle-type-wrong",
    "unauthorized@Flag",
    "html-instead-of-fhir@Coverage",
    "no-entries@AllergyIntolerance",
    "identifier-without-value@Patient",
    "not-found@Condition",
    "coding-without-system@AllergyIntolerance",
];

/// Faults of clients.
const CLIENT_FAULTS: [&str; 8] = [
    "no-token@all",
    "missing-accept@Condition",
    "missing-include@Patient",
    "wrong-method@Flag",
    "wrong-token@AllergyIntolerance",
    "missing-header@all",
    "wrong-accept@Coverage",
    "bsn-in-url@Condition",
];

/// A party of the demonstration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoParty {
    /// Its name.
    pub name: String,
    /// What is wrong with it.
    pub defect: Option<&'static str>,
}

/// Servers and clients; every third has a fault.
pub fn cast(servers: usize, clients: usize) -> (Vec<DemoParty>, Vec<DemoParty>) {
    let party = |kind: &str, number: usize, faults: &[&'static str]| {
        let name = NAMES.get(number % NAMES.len()).copied().unwrap_or_default();
        let round = number / NAMES.len();
        let name = if round == 0 { format!("{name} {kind}") } else { format!("{name} {kind} {}", round + 1) };
        let faulty = number % 3 == 2;
        DemoParty { name, defect: faulty.then(|| faults.get(number / 3 % faults.len()).copied()).flatten() }
    };
    let servers = (0..servers).map(|number| party("EPD", number, &SERVER_FAULTS)).collect();
    let clients = (0..clients).map(|number| party("PGO", number, &CLIENT_FAULTS)).collect();
    (servers, clients)
}
