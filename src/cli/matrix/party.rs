//! The parties of a matrix file: where servers are and with which tokens they are asked, and which clients
//! come themselves.

use std::collections::{BTreeSet, HashSet};
use std::path::Path;

use crate::authorization::{PATIENT_TOKEN, Tokens, private_file};
use crate::connectathon::file::{ClientEntry, MatrixFile, ServerEntry};
use crate::connectathon::{Access, Caller, Client, Plans, Server, code};
use crate::diagnostic::{Diagnostic, Severity};
use crate::engine::PlanSettings;
use crate::exchange::{AccessToken, Client as HttpClient, ClientSettings, Secrets, mark};
use crate::simulator::TokenRegistry;

use super::super::auth::{self, session};
use super::super::choice::Choices;
use super::super::problem;
use super::super::settings::Checked;
use super::scenario::Read;
use super::stage::secret;

/// What parties are made with.
pub struct Making<'m> {
    /// The scenarios.
    pub scenarios: &'m [Read],
    /// Their definitions.
    pub choices: &'m Choices,
    /// For all parties.
    pub settings: &'m PlanSettings,
    /// How servers are spoken with.
    pub http: &'m ClientSettings,
    /// Settings of keur.
    pub checked: &'m Checked,
    /// Where paths in the file are from.
    pub folder: &'m Path,
}

/// Tokens of parties, for the board.
///
/// # Errors
/// All that cannot be read, or is not of one party only.
pub fn tokens(file: &MatrixFile) -> Result<Vec<(String, AccessToken)>, Vec<Diagnostic>> {
    let servers = file.servers.iter().map(|party| (&party.name, &party.token));
    let clients = file.clients.iter().map(|party| (&party.name, &party.token));
    let mut tokens: Vec<(String, AccessToken)> = vec![];
    let mut problems = vec![];
    for (name, text) in servers.chain(clients).filter_map(|(name, token)| Some((name, token.as_deref()?))) {
        match secret(text) {
            Ok(token) if tokens.iter().any(|(_, known)| *known == token) => {
                problems.push(code::error(code::PARTY, format!("`{name}` has the token of another party")));
            }
            Ok(token) => tokens.push((name.clone(), token)),
            Err(problem) => problems.push(*problem),
        }
    }
    if problems.is_empty() { Ok(tokens) } else { Err(problems) }
}

impl Making<'_> {
    fn plans(&self, settings: &PlanSettings) -> Result<Vec<Plans>, Vec<Diagnostic>> {
        self.scenarios.iter().map(|read| read.plans(self.choices, settings)).collect()
    }

    /// A server; what is to be said of it, too.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub async fn server(&self, entry: &ServerEntry) -> Result<(Server, Vec<Diagnostic>), Vec<Diagnostic>> {
        let base = entry.target.clone().unwrap_or_default().trim_end_matches('/').to_owned();
        let mut server = Server {
            name: entry.name.clone(),
            base,
            defect: entry.defect.clone(),
            simulated: entry.target.is_none(),
            access: None,
        };
        if entry.access.is_empty() && entry.login.is_none() {
            return Ok((server, vec![]));
        }
        let mut tokens = Tokens::default();
        let (mut secrets, mut problems, mut said) = (Secrets::default(), vec![], vec![]);
        let mut known = HashSet::new();
        for (name, text) in &entry.access {
            match secret(text) {
                Ok(token) => {
                    secrets.add(token.expose());
                    known.insert(token.clone());
                    tokens.set(name.strip_prefix(PATIENT_TOKEN).unwrap_or(name), token);
                }
                Err(problem) => problems.push(*problem),
            }
        }
        let login = match entry.login.clone().map(|table| auth::of_table(table, self.folder, self.checked)) {
            Some(Ok(login)) => Some(login),
            Some(Err(more)) => {
                problems.extend(more);
                None
            }
            None => None,
        };
        if !problems.is_empty() {
            return Err(problems);
        }
        if let Some(login) = &login {
            let names: BTreeSet<String> = login.live.names().map(str::to_owned).collect();
            known.extend(names.iter().map(|name| AccessToken::new(mark(name))));
            tokens.by_login = names;
            // The others play all the same: what this server is asked then has no token, and says so.
            let failed = session::ready(login).await.into_iter();
            said.extend(failed.map(|problem| Diagnostic { severity: Severity::Warning, ..problem }));
        }
        let plans = self.plans(&PlanSettings { tokens, ..self.settings.clone() })?;
        let http = session::client(login.as_ref(), &server.base, &self.checked.variables, self.http.clone());
        server.access = Some(Access { http: HttpClient::new(http), plans, secrets, known });
        Ok((server, said))
    }

    /// A client. One that comes itself has tokens of its own at servers that keur simulates: `registry` learns
    /// them.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn client(
        &self,
        entry: &ClientEntry,
        token: Option<&AccessToken>,
        key: &str,
        registry: &mut TokenRegistry,
    ) -> Result<Client, Vec<Diagnostic>> {
        let mut client = Client { name: entry.name.clone(), defect: entry.defect.clone(), caller: None };
        if !entry.live {
            return Ok(client);
        }
        let mut aliases = vec![];
        let mut tokens = vec![];
        for (person, known) in self.persons(registry) {
            let own = Caller::token(&entry.name, &known, key);
            registry.alias(&known, own.expose());
            aliases.push((known, own.expose().to_owned()));
            tokens.push((person, own));
        }
        let plans = self.plans(&PlanSettings { aliases, ..self.settings.clone() })?;
        client.caller = Some(Caller { prefix: Caller::prefix(&entry.name, token), tokens, plans });
        Ok(client)
    }

    /// The test persons whose tokens the scripts use: name, token.
    fn persons(&self, registry: &TokenRegistry) -> BTreeSet<(String, String)> {
        let mut persons = BTreeSet::new();
        for script in self.scenarios.iter().flat_map(Read::scripts) {
            for variable in &script.variables {
                let name = variable.name.strip_prefix(PATIENT_TOKEN);
                let token = variable.default.as_ref().map(|default| AccessToken::new(default.text.as_str()));
                if let (Some(name), Some(token)) = (name, token)
                    && registry.knows(token.expose())
                {
                    persons.insert((name.to_owned(), token.expose().to_owned()));
                }
            }
        }
        persons
    }
}

/// What tokens of parties are made from: kept in the folder of the matrix, so that they stay the same when it
/// goes on.
///
/// # Errors
/// When the folder cannot be used.
pub fn key(folder: &Path) -> Result<String, Box<Diagnostic>> {
    let path = folder.join("party.key");
    let wrong = |error: std::io::Error| {
        Box::new(problem::error(problem::TOKEN, format!("`{}` cannot be used: {error}", path.display())))
    };
    if let Ok(text) = std::fs::read_to_string(&path) {
        return Ok(text.trim().to_owned());
    }
    std::fs::create_dir_all(folder).map_err(wrong)?;
    let key = uuid::Uuid::new_v4().simple().to_string();
    private_file(&path, format!("{key}\n").as_bytes()).map_err(wrong)?;
    Ok(key)
}
