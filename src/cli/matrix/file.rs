//! `keur matrix FILE`: the matrix that a file describes.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::connectathon::file::{MatrixFile, ScenarioEntry};
use crate::connectathon::{GateSettings, Hands, Progress, Tournament, code};
use crate::diagnostic::{Diagnostic, NoteKind};
use crate::engine::play::ActiveDefect as ClientDefect;
use crate::exchange::{Client as HttpClient, ClientSettings, Reach};
use crate::simulator::{self, ActiveDefect, TokenRegistry};
use crate::testscript::source::ScriptSource as _;

use super::super::console::Console;
use super::super::exit::Exit;
use super::super::judge::Judge;
use super::super::problem;
use super::super::serve::{TOKENS, address, fixtures, registry};
use super::super::settings::{self, Checked, Settings};
use super::super::suite::Shelf;
use super::Flags;
use super::party::{self, Making};
use super::play::{self, Stage};
use super::scenario::{Compiled, Read, compile};
use super::stage::{House, Problem, board_settings};

/// Where clients that come themselves ask when nobody says.
const LISTEN: &str = "127.0.0.1:8500";
/// How long a client may be silent in the middle of a cell.
const IDLE: &str = "2m";

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

/// Carries it out.
///
/// # Errors
/// Why it does not begin.
pub async fn carry_out(
    path: &Path,
    flags: &Flags,
    given: (&Settings, &Checked),
    console: &Console,
) -> Result<Exit, Problem> {
    let (_, checked) = given;
    let file = read(path)?;
    let parties = party::tokens(&file)?;
    let reads = scenarios(&file)?;
    let Compiled { choices, definitions, settings, scenarios } = compile(&reads, given, console)?;
    let folders: Vec<PathBuf> = file.fixtures.iter().map(PathBuf::from).collect();
    let persons = persons(&file, &folders)?;
    let (require_token, mut persons) = (persons.is_some(), persons.unwrap_or_default());
    let folder = folder(&file, flags, path);
    let roots = file.ca.as_ref().map(|path| certificates(path)).transpose()?;
    let http = http(&file, checked, &roots);
    let making = Making {
        scenarios: &reads,
        choices: &choices,
        settings: &settings,
        http: &http,
        checked,
        folder: path.parent().unwrap_or(Path::new("")),
    };
    let live = file.clients.iter().any(|client| client.live);
    let key = if live { party::key(&folder).map_err(|problem| vec![*problem])? } else { String::new() };
    let mut clients = vec![];
    for entry in &file.clients {
        let token = parties.iter().find(|(name, _)| *name == entry.name).map(|(_, token)| token);
        clients.push(making.client(entry, token, &key, &mut persons)?);
    }
    let simulates = file.servers.iter().any(|party| party.target.is_none());
    let house = House {
        settings: simulator::Settings {
            fixtures: if simulates { fixtures(&folders)? } else { vec![] },
            variables: checked.variables.clone(),
            require_token,
            registry: persons.clone(),
            ..simulator::Settings::new(definitions)
        },
    };
    let (mut simulators, mut servers) = (HashMap::new(), vec![]);
    for entry in &file.servers {
        let (mut server, said) = making.server(entry).await?;
        console.tell_all(said);
        if server.simulated {
            let simulator = house.open(&server, true, None).await?;
            server.base.clone_from(&simulator.base_url);
            simulators.insert(entry.name.clone(), simulator);
        }
        servers.push(server);
    }
    let mut tournament = Tournament::new(servers, clients, scenarios, &folder);
    tournament.cells.retain(|(server, client, _)| {
        let parties = file.servers.get(*server).zip(file.clients.get(*client));
        parties.is_some_and(|(server, client)| file.plays(&server.name, &client.name))
    });
    tournament.stays = flags.stay;
    tournament.limits = flags.limits(file.concurrency, file.per_party);
    tournament.until = until(flags)?;
    let tournament = Arc::new(tournament);
    let title = file.title.clone().unwrap_or_else(|| "keur · matrix".to_owned());
    let (fixed, mut mended) = tokio::sync::mpsc::unbounded_channel::<String>();
    let board = board_settings(flags, checked, console, Some(fixed), (title, parties)).map_err(|p| vec![*p])?;
    let gate = if live { Some(gate(&file, flags, roots)?) } else { None };
    let http = HttpClient::new(http);
    let judge = Judge::new(&choices);
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
    let stage = Stage { tournament: tournament.clone(), progress, board, gate, flags, checked, console };
    Ok(play::exit(&stage.play(&hands, mending).await.map_err(Problem::Said)?))
}

fn scenarios(file: &MatrixFile) -> Result<Vec<Read>, Vec<Diagnostic>> {
    let paths = |names: &[String]| names.iter().map(PathBuf::from).collect::<Vec<_>>();
    let read = |entry: &ScenarioEntry| {
        let (client, server) = (paths(&entry.client), paths(&entry.server));
        Read::new(&entry.name, (&client, &entry.client_tests), (&server, &entry.server_tests))
    };
    file.scenarios.iter().map(read).collect()
}

/// The test persons that the file names, or that stand beside its fixtures.
fn persons(file: &MatrixFile, folders: &[PathBuf]) -> Result<Option<TokenRegistry>, Vec<Diagnostic>> {
    let beside = folders.iter().map(|folder| folder.join(TOKENS)).find(|file| Shelf.is_file(file));
    let listed = file.tokens.as_ref().map(PathBuf::from).or(beside);
    listed.map(|path| registry(&path)).transpose().map_err(|problem| vec![*problem])
}

/// The folder of the journal and the evidence.
fn folder(file: &MatrixFile, flags: &Flags, path: &Path) -> PathBuf {
    let stated = flags.folder.clone().or_else(|| file.folder.as_ref().map(PathBuf::from));
    stated.unwrap_or_else(|| Path::new(".keur").join("matrix").join(path.file_stem().unwrap_or_default()))
}

/// How servers are spoken with.
fn http(file: &MatrixFile, checked: &Checked, roots: &Option<Vec<u8>>) -> ClientSettings {
    let targets = file.servers.iter().filter_map(|server| server.target.as_deref());
    let simulated = ["http://127.0.0.1"];
    let reach = match checked.offline {
        true => Reach::only_hosts_of(targets.chain(simulated)),
        false => Reach::Anywhere,
    };
    ClientSettings {
        timeout: checked.timeout,
        reach,
        user_agent: concat!("keur-play/", env!("CARGO_PKG_VERSION")).to_owned(),
        extra_roots: roots.iter().cloned().collect(),
        ..ClientSettings::default()
    }
}

fn certificates(path: &str) -> Result<Vec<u8>, Vec<Diagnostic>> {
    std::fs::read(path).map_err(|error| vec![code::error(code::FILE, format!("`{path}`: {error}"))])
}

fn duration(name: &str, text: &str) -> Result<Duration, Vec<Diagnostic>> {
    settings::duration(text).ok_or_else(|| {
        let wrong = problem::error(problem::SETTING_VALUE, format!("`{name}` cannot be `{text}`"));
        vec![wrong.note(NoteKind::Expected, "a duration such as `30s`, `500ms` or `2m`")]
    })
}

/// Until when clients that come themselves are waited for.
fn until(flags: &Flags) -> Result<Option<Instant>, Vec<Diagnostic>> {
    let timeout = flags.await_timeout.as_deref().map(|text| duration("await-timeout", text)).transpose()?;
    Ok(timeout.map(|timeout| Instant::now() + timeout))
}

/// Where clients that come themselves ask.
fn gate(file: &MatrixFile, flags: &Flags, roots: Option<Vec<u8>>) -> Result<GateSettings, Vec<Diagnostic>> {
    let listen = flags.listen.as_deref().or(file.listen.as_deref()).unwrap_or(LISTEN);
    Ok(GateSettings {
        listen: address(listen).map_err(|problem| vec![*problem])?,
        roots,
        idle: duration("idle", file.idle.as_deref().unwrap_or(IDLE))?,
        url: file.url.clone(),
    })
}
