//! The file of a matrix: who takes part, and what is played.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

/// A matrix file (TOML).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct MatrixFile {
    /// What stands above the board.
    #[serde(default)]
    pub title: Option<String>,
    /// Folder of the journal and the evidence.
    #[serde(default)]
    pub folder: Option<String>,
    /// Folders of resources; keur's own simulators serve them.
    #[serde(default)]
    pub fixtures: Vec<String>,
    /// Tokens of the test persons.
    #[serde(default)]
    pub tokens: Option<String>,
    /// Cells at once.
    #[serde(default)]
    pub concurrency: Option<usize>,
    /// Cells of one party at once.
    #[serde(default)]
    pub per_party: Option<usize>,
    /// Where clients that come themselves ask.
    #[serde(default)]
    pub listen: Option<String>,
    /// That address as they see it, where it is another.
    #[serde(default)]
    pub url: Option<String>,
    /// How long nothing shall have come from such a client before a cell is judged with what there is.
    #[serde(default)]
    pub idle: Option<String>,
    /// Certificate authorities (PEM) to trust for servers instead of the machine's.
    #[serde(default)]
    pub ca: Option<String>,
    /// Who answers.
    #[serde(default, rename = "server")]
    pub servers: Vec<ServerEntry>,
    /// Who asks.
    #[serde(default, rename = "client")]
    pub clients: Vec<ClientEntry>,
    /// What.
    #[serde(default, rename = "scenario")]
    pub scenarios: Vec<ScenarioEntry>,
    /// Pairs to play; all when empty.
    #[serde(default, rename = "pair")]
    pub pairs: Vec<PairEntry>,
}

/// A server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ServerEntry {
    /// Its name.
    pub name: String,
    /// Base URL; without one keur simulates it.
    #[serde(default)]
    pub target: Option<String>,
    /// A simulated server: a fault to have.
    #[serde(default)]
    pub defect: Option<String>,
    /// The token of the party on the board: `env:VARIABLE` or `@FILE`.
    #[serde(default)]
    pub token: Option<String>,
    /// Access tokens of the test persons at this server, by name (`default` for all others): `env:VARIABLE` or
    /// `@FILE`.
    #[serde(default)]
    pub access: BTreeMap<String, String>,
    /// A login that gives such tokens, as the table `[login]` of `keur.toml`.
    #[serde(default)]
    pub login: Option<toml::Table>,
}

/// A client.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ClientEntry {
    /// Its name.
    pub name: String,
    /// A fault to make: keur plays it.
    #[serde(default)]
    pub defect: Option<String>,
    /// It comes itself: keur gives it an address for every server and scenario, and waits.
    #[serde(default)]
    pub live: bool,
    /// The token of the party on the board: `env:VARIABLE` or `@FILE`.
    #[serde(default)]
    pub token: Option<String>,
}

/// A scenario.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ScenarioEntry {
    /// Its name.
    pub name: String,
    /// Scripts that judge the client: paths or suites.
    pub client: Vec<String>,
    /// Scripts that judge the server.
    pub server: Vec<String>,
    /// Ids of the tests of the client's scripts that count; all when empty.
    #[serde(default)]
    pub client_tests: Vec<String>,
    /// Ids of the tests of the server's scripts that count; all when empty.
    #[serde(default)]
    pub server_tests: Vec<String>,
}

/// A pair to play.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PairEntry {
    /// Name of the server.
    pub server: String,
    /// Name of the client.
    pub client: String,
}

impl MatrixFile {
    /// Reads a file; the errors are all that is wrong with it, a line each.
    ///
    /// # Errors
    /// What is wrong.
    pub fn parse(text: &str) -> Result<MatrixFile, Vec<String>> {
        let file: MatrixFile = toml::from_str(text).map_err(|error| vec![error.to_string().replace('\n', " ")])?;
        let mut wrong = vec![];
        for (kind, count) in
            [("server", file.servers.len()), ("client", file.clients.len()), ("scenario", file.scenarios.len())]
        {
            if count == 0 {
                wrong.push(format!("there is no `[[{kind}]]`"));
            }
        }
        let servers = file.servers.iter().map(|party| ("party", &party.name));
        let clients = file.clients.iter().map(|party| ("party", &party.name));
        let scenarios = file.scenarios.iter().map(|scenario| ("scenario", &scenario.name));
        let mut seen = BTreeSet::new();
        for (kind, name) in servers.chain(clients).chain(scenarios) {
            if name.trim().is_empty() {
                wrong.push(format!("a {kind} has no name"));
            } else if !seen.insert(name) {
                wrong.push(format!("the name `{name}` is there twice"));
            }
        }
        for pair in &file.pairs {
            let server = file.servers.iter().any(|party| party.name == pair.server);
            let client = file.clients.iter().any(|party| party.name == pair.client);
            for (known, kind, name) in [(server, "server", &pair.server), (client, "client", &pair.client)] {
                if !known {
                    wrong.push(format!("a pair names the {kind} `{name}`, which is not there"));
                }
            }
        }
        for client in file.clients.iter().filter(|client| client.live && client.defect.is_some()) {
            wrong.push(format!("`{}` comes itself, and only a played client has a defect", client.name));
        }
        for server in file.servers.iter().filter(|server| server.target.is_none()) {
            if !server.access.is_empty() || server.login.is_some() {
                wrong.push(format!("`{}` is simulated: it has no tokens of its own", server.name));
            }
        }
        if wrong.is_empty() { Ok(file) } else { Err(wrong) }
    }

    /// Whether a pair is played.
    pub fn plays(&self, server: &str, client: &str) -> bool {
        self.pairs.is_empty() || self.pairs.iter().any(|pair| pair.server == server && pair.client == client)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_wrong_is_said_at_once() {
        let wrong =
            MatrixFile::parse("[[server]]\nname = 'a'\n[[client]]\nname = 'a'\n[[pair]]\nserver = 'b'\nclient = 'a'\n")
                .unwrap_err();
        assert_eq!(
            wrong,
            [
                "there is no `[[scenario]]`",
                "the name `a` is there twice",
                "a pair names the server `b`, which is not there"
            ]
        );
        assert!(MatrixFile::parse("servr = 1").unwrap_err()[0].contains("servr"));
        let wrong = MatrixFile::parse(
            "[[server]]\nname = 'a'\naccess = { X = 'env:X' }\n[[client]]\nname = 'b'\nlive = true\ndefect = 'd'\n\
             [[scenario]]\nname = 's'\nclient = []\nserver = []\n",
        );
        let said = [
            "`b` comes itself, and only a played client has a defect",
            "`a` is simulated: it has no tokens of its own",
        ];
        assert_eq!(wrong.unwrap_err(), said);
    }
}
