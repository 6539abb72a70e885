//! `keur matrix FILE`: the matrix that a file describes.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::connectathon::file::{MatrixFile, ScenarioEntry};
use crate::connectathon::{Client, Hands, Judged, Progress, Scenario, Server, Tournament, code};
use crate::diagnostic::Diagnostic;
use crate::engine::PlanSettings;
use crate::engine::play::ActiveDefect as ClientDefect;
use crate::exchange::{AccessToken, Client as HttpClient, ClientSettings, Reach};
use crate::simulator::{self, ActiveDefect};
use crate::testscript::source::ScriptSource as _;
use crate::testscript::{Card, TestScript};

use super::super::choice::{Choices, Preference};
use super::super::console::Console;
use super::super::exit::Exit;
use super::super::judge::Judge;
use super::super::packages::Packages;
use super::super::problem;
use super::super::serve::{TOKENS, fixtures, registry};
use super::super::settings::Checked;
use super::super::suite::{Selection, Shelf};
use super::Flags;
use super::play;
use super::stage::{House, Problem, board_settings, scripts, secret};

type Scripts = Vec<Arc<TestScript>>;

fn selected(names: &[String]) -> Result<Scripts, Vec<Diagnostic>> {
    let asked: Vec<PathBuf> = names.iter().map(PathBuf::from).collect();
    scripts(&Selection::of(&asked, &[])?.paths)
}

fn read(path: &Path) -> Result<MatrixFile, Vec<Diagnostic>> {
    let wrong = |reason: String| code::error(code::FILE, format!("`{}`: {reason}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| vec![wrong(error.to_string())])?;
    let file = MatrixFile::parse(&text).map_err(|all| all.into_iter().map(wrong).collect::<Vec<_>>())?;
    let mut problems = vec![];
    let unknown = |name: &str, list: &str| {
        problem::error(problem::DEFECT, format!("there is no defect `{name}`; `{list} --defect list` names them"))
    };
    for name in file.servers.iter().filter_map(|party| party.defect.as_deref()) {
        problems.extend(ActiveDefect::parse(name).err().map(|_| unknown(name, "keur serve")));
    }
    for name in file.clients.iter().filter_map(|party| party.defect.as_deref()) {
        problems.extend(ClientDefect::parse(name).is_none().then(|| unknown(name, "keur play")));
    }
    for party in file.servers.iter().filter(|party| party.target.is_some() && party.defect.is_some()) {
        let message = format!("`{}` has a target, and only a simulated server has a defect", party.name);
        problems.push(code::error(code::PARTY, message));
    }
    if problems.is_empty() { Ok(file) } else { Err(problems) }
}

/// Tokens of parties, for the board.
fn tokens(file: &MatrixFile) -> Result<Vec<(String, AccessToken)>, Vec<Diagnostic>> {
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

/// Carries it out.
///
/// # Errors
/// Why it does not begin.
pub async fn carry_out(path: &Path, flags: &Flags, checked: &Checked, console: &Console) -> Result<Exit, Problem> {
    let file = read(path)?;
    let parties = tokens(&file)?;
    let packages = Packages::open(&checked.packages)?;
    let mut loaded: Vec<(&ScenarioEntry, Scripts, Scripts)> = vec![];
    for entry in &file.scenarios {
        loaded.push((entry, selected(&entry.client)?, selected(&entry.server)?));
    }
    let all: Scripts = loaded.iter().flat_map(|(_, client, server)| client.iter().chain(server).cloned()).collect();
    let (choices, problems) = Choices::of(&Card::all(&all), &Preference::of(checked), &packages)?;
    console.tell_all(problems);
    let Some(definitions) = choices.all().first().map(|choice| choice.definitions.clone()) else {
        return Err(Problem::Said(Exit::NothingSelected));
    };
    let settings = PlanSettings { variables: checked.variables.iter().cloned().collect(), ..PlanSettings::default() };
    let mut scenarios = vec![];
    for (entry, client, server) in loaded {
        let client = Judged { scripts: client, tests: entry.client_tests.clone() };
        let server = Judged { scripts: server, tests: entry.server_tests.clone() };
        let types = |version| choices.types(version);
        scenarios.push(Scenario::new(&entry.name, &client, &server, &Shelf, &types, &settings)?);
    }
    let folders: Vec<PathBuf> = file.fixtures.iter().map(PathBuf::from).collect();
    let beside = folders.iter().map(|folder| folder.join(TOKENS)).find(|file| Shelf.is_file(file));
    let listed = file.tokens.as_ref().map(PathBuf::from).or(beside);
    let persons = listed.map(|path| registry(&path)).transpose().map_err(|problem| vec![*problem])?;
    let simulates = file.servers.iter().any(|party| party.target.is_none());
    let house = House {
        settings: simulator::Settings {
            fixtures: if simulates { fixtures(&folders)? } else { vec![] },
            variables: checked.variables.clone(),
            require_token: persons.is_some(),
            registry: persons.clone().unwrap_or_default(),
            ..simulator::Settings::new(definitions)
        },
    };
    let (mut simulators, mut servers) = (HashMap::new(), vec![]);
    for entry in &file.servers {
        let base = entry.target.clone().unwrap_or_default().trim_end_matches('/').to_owned();
        let mut server = Server { name: entry.name.clone(), base, defect: entry.defect.clone() };
        if entry.target.is_none() {
            let simulator = house.open(&server, true, None).await?;
            server.base.clone_from(&simulator.base_url);
            simulators.insert(entry.name.clone(), simulator);
        }
        servers.push(server);
    }
    let clients = file.clients.iter().map(|c| Client { name: c.name.clone(), defect: c.defect.clone() }).collect();
    let folder = flags.folder.clone().or_else(|| file.folder.as_ref().map(PathBuf::from));
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let folder = folder.unwrap_or_else(|| Path::new(".keur").join("matrix").join(stem));
    let mut tournament = Tournament::new(servers, clients, scenarios, &folder);
    let names =
        |(server, client): (usize, usize)| Some((&file.servers.get(server)?.name, &file.clients.get(client)?.name));
    tournament.cells.retain(|(server, client, _)| {
        names((*server, *client)).is_some_and(|(server, client)| file.plays(server, client))
    });
    tournament.stays = flags.stay;
    tournament.limits = flags.limits(file.concurrency, file.per_party);
    let tournament = Arc::new(tournament);
    let title = file.title.clone().unwrap_or_else(|| "keur · matrix".to_owned());
    let (fixed, mut mended) = tokio::sync::mpsc::unbounded_channel::<String>();
    let board = board_settings(flags, checked, console, Some(fixed), (title, parties)).map_err(|p| vec![*p])?;
    let bases: Vec<&str> = tournament.servers.iter().map(|server| server.base.as_str()).collect();
    let reach = if checked.offline { Reach::only_hosts_of(bases) } else { Reach::Anywhere };
    let user_agent = concat!("keur-play/", env!("CARGO_PKG_VERSION")).to_owned();
    let http =
        HttpClient::new(ClientSettings { timeout: checked.timeout, reach, user_agent, ..ClientSettings::default() });
    let judge = Judge::new(&choices);
    let persons = persons.unwrap_or_default();
    let hands = Hands { http: &http, validator: &judge, definitions: choices.used(), persons: &persons };
    let progress = Arc::new(Progress::new(tournament.cells.len()));
    // A fault that was planted goes when its party says that it is mended.
    let mending = async {
        while let Some(name) = mended.recv().await {
            tournament.mend(&name);
            let party = tournament.servers.iter().find(|server| server.name == name);
            if let (Some(party), Some(simulator)) = (party, simulators.remove(&name)) {
                let address = simulator.address;
                drop(simulator);
                simulators.extend(house.reopen(party, false, address).await.map(|again| (name, again)));
            }
        }
    };
    let played = play::play(tournament.clone(), &hands, flags, board, checked, console, mending, progress).await;
    Ok(play::exit(&played.map_err(Problem::Said)?))
}
