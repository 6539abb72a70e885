//! `keur matrix demo`: a connectathon in one process, to be looked at and to be tested with.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::connectathon::{Client, DemoParty, FeedItem, Hands, Judged, Progress, Scenario, Server, Tournament, cast};
use crate::diagnostic::{Diagnostic, Words};
use crate::engine::PlanSettings;
use crate::exchange::{Client as HttpClient, ClientSettings, Reach};
use crate::simulator::{self, RunningSimulator};
use crate::testscript::{Card, TestScript};

use super::super::choice::{Choices, Preference};
use super::super::console::Console;
use super::super::exit::Exit;
use super::super::judge::Judge;
use super::super::packages::Packages;
use super::super::serve::{TOKENS, fixtures, registry};
use super::super::settings::Checked;
use super::super::suite::Shelf;
use super::Flags;
use super::play::{self, Played};
use super::stage::{House, Problem, board_settings, scripts};

/// Flags of `matrix demo`.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// How many servers
    #[arg(long, value_name = "N", default_value_t = 6)]
    servers: usize,
    /// How many clients
    #[arg(long, value_name = "N", default_value_t = 6)]
    clients: usize,
    /// How many scenarios, at most 5
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=5))]
    scenarios: u8,
    /// How many servers are killed on the way, and come back
    #[arg(long, value_name = "N", default_value_t = 0)]
    outages: usize,
    #[command(flatten)]
    pub(super) flags: Flags,
}

const EXACT: Words = Words::new(
    "the red cells are exactly those with a planted fault",
    "de rode cellen zijn precies die met een ingebouwde fout",
);
const NOT_EXACT: Words =
    Words::new("red without a planted fault, or not red with one:", "rood zonder ingebouwde fout, of niet rood met:");

/// What stands above the board.
const TITLE: &str = "keur · connectathon";
/// Where the demonstration takes its scripts and persons from.
const SUITE: &str = "testscripts/bgz-3.0";
const PERSONS: &str = "fixtures/bgz-3.0";
/// The test of the server's script that the played client asks for.
const TEST: &str = "keurmeester-json";
/// Scenarios: name, and the script on both sides.
const SCENARIOS: [(&str, &str); 5] = [
    ("Patient", "01-patient.yaml"),
    ("Problems", "06-problem.yaml"),
    ("Allergies", "13-allergy-intolerance.yaml"),
    ("Alerts", "12-alert.yaml"),
    ("Payer", "02-payer.yaml"),
];

/// Carries it out.
///
/// # Errors
/// Why it does not begin.
pub async fn carry_out(arguments: &Arguments, checked: &Checked, console: &Console) -> Result<Exit, Problem> {
    let flags = &arguments.flags;
    let packages = Packages::open(&checked.packages)?;
    let mut pairs = vec![];
    for (name, file) in SCENARIOS.iter().take(arguments.scenarios.into()) {
        let of = |role: &str| scripts(&[Path::new(SUITE).join(role).join(file)]);
        pairs.push((*name, of("retrieving")?, of("serving")?));
    }
    let all: Vec<Arc<TestScript>> =
        pairs.iter().flat_map(|(_, client, server)| client.iter().chain(server).cloned()).collect();
    let (choices, problems) = Choices::of(&Card::all(&all), &Preference::of(checked), &packages)?;
    console.tell_all(problems);
    let Some(definitions) = choices.all().first().map(|choice| choice.definitions.clone()) else {
        return Err(Problem::Said(Exit::NothingSelected));
    };
    let settings = PlanSettings { variables: checked.variables.iter().cloned().collect(), ..PlanSettings::default() };
    let mut scenarios = vec![];
    for (name, client, server) in &pairs {
        let client = Judged { scripts: client.clone(), tests: vec![] };
        let server = Judged { scripts: server.clone(), tests: vec![TEST.to_owned()] };
        scenarios.push(Scenario::new(*name, &client, &server, &Shelf, &|version| choices.types(version), &settings)?);
    }
    let persons = registry(&Path::new(PERSONS).join(TOKENS)).map_err(|problem| vec![*problem])?;
    let house = House {
        settings: simulator::Settings {
            fixtures: fixtures(&[PERSONS.into()])?,
            variables: checked.variables.clone(),
            registry: persons.clone(),
            require_token: true,
            ..simulator::Settings::new(definitions)
        },
    };
    let (servers, clients) = cast(arguments.servers, arguments.clients);
    let (tournament, mut simulators) = open(&house, servers, clients, scenarios, flags, checked).await?;
    let progress = Arc::new(Progress::new(tournament.cells.len()));
    let (fixed, mut mended) = tokio::sync::mpsc::unbounded_channel::<String>();
    let board = board_settings(flags, checked, console, Some(fixed), (TITLE.to_owned(), vec![]))
        .map_err(|problem| vec![*problem])?;
    let beside = async {
        let mut outages = arguments.outages.min(simulators.len());
        loop {
            tokio::select! {
                Some(party) = mended.recv() => {
                    tournament.mend(&party);
                    if let Some(at) = tournament.servers.iter().position(|server| server.name == party) {
                        restart(&house, &tournament, &mut simulators, at, Duration::ZERO).await;
                    }
                }
                () = tokio::time::sleep(Duration::from_millis(50)), if outages > 0 => {
                    let done = progress.outcomes().len();
                    if done * (arguments.outages + 1) > tournament.cells.len() * (arguments.outages + 1 - outages) {
                        outages -= 1;
                        let at = outages * 2 % simulators.len().max(1);
                        note(&progress, &tournament, at, "down");
                        restart(&house, &tournament, &mut simulators, at, Duration::from_secs(1)).await;
                        note(&progress, &tournament, at, "back");
                    }
                }
                else => std::future::pending().await,
            }
        }
    };
    let bases: Vec<&str> = tournament.servers.iter().map(|server| server.base.as_str()).collect();
    let http = HttpClient::new(ClientSettings {
        timeout: checked.timeout,
        reach: Reach::only_hosts_of(bases),
        user_agent: concat!("keur-play/", env!("CARGO_PKG_VERSION")).to_owned(),
        ..ClientSettings::default()
    });
    let judge = Judge::new(&choices);
    let hands = Hands { http: &http, validator: &judge, definitions: choices.used(), persons: &persons };
    let played = play::play(tournament.clone(), &hands, flags, board, checked, console, beside, progress.clone()).await;
    let played = played.map_err(Problem::Said)?;
    Ok(concluded(&played, console))
}

async fn restart(
    house: &House,
    tournament: &Tournament,
    simulators: &mut [Option<RunningSimulator>],
    at: usize,
    gone: Duration,
) {
    let (Some(place), Some(party)) = (simulators.get_mut(at), tournament.servers.get(at)) else { return };
    let Some(running) = place.take() else { return };
    let address = running.address;
    drop(running);
    tokio::time::sleep(gone).await;
    *place = house.reopen(party, !tournament.is_mended(&party.name), address).await;
}

fn note(progress: &Progress, tournament: &Tournament, at: usize, kind: &'static str) {
    let server = tournament.servers.get(at).map(|server| server.name.clone()).unwrap_or_default();
    progress.pass(FeedItem {
        number: 0,
        at: jiff::Timestamp::now().to_string(),
        server,
        client: String::new(),
        scenario: String::new(),
        kind,
        text: kind.to_owned(),
        status: 0,
        micros: 0,
    });
}

async fn open(
    house: &House,
    servers: Vec<DemoParty>,
    clients: Vec<DemoParty>,
    scenarios: Vec<Scenario>,
    flags: &Flags,
    checked: &Checked,
) -> Result<(Arc<Tournament>, Vec<Option<RunningSimulator>>), Vec<Diagnostic>> {
    let mut simulators = vec![];
    let mut parties = vec![];
    for DemoParty { name, defect } in servers {
        let mut party = Server { name, base: String::new(), defect: defect.map(str::to_owned) };
        let simulator = house.open(&party, true, None).await?;
        party.base.clone_from(&simulator.base_url);
        parties.push(party);
        simulators.push(Some(simulator));
    }
    let clients =
        clients.into_iter().map(|DemoParty { name, defect }| Client { name, defect: defect.map(str::to_owned) });
    let folder = match &flags.folder {
        Some(folder) => folder.clone(),
        // A demonstration of its own each time; with `--folder` it can be resumed.
        None => checked.record.join(format!("matrix-{}", crate::record::new_run_id(jiff::Timestamp::now()))),
    };
    let mut tournament = Tournament::new(parties, clients.collect(), scenarios, &folder);
    tournament.stays = flags.stay;
    tournament.limits = flags.limits(None, None);
    Ok((Arc::new(tournament), simulators))
}

/// The demonstration succeeds when it shows what it is to show.
fn concluded(played: &Played, console: &Console) -> Exit {
    use crate::connectathon::CellVerdict::{Failed, Passed};
    if played.cells.len() < played.report.total {
        return play::exit(played);
    }
    let wrong = |cell: &&crate::connectathon::CellOutcome| {
        cell.verdict != if cell.planted_defect.is_some() { Failed } else { Passed }
    };
    let wrong: Vec<_> = played.cells.iter().filter(wrong).collect();
    if wrong.is_empty() {
        console.error(&format!("{}\n", EXACT.get(console.language)));
        return Exit::Passed;
    }
    console.error(&format!("{}\n", NOT_EXACT.get(console.language)));
    for cell in wrong.iter().take(20) {
        let key = &cell.key;
        let failure = cell.failures.first().map(|f| format!("{}: {}", f.title, f.message)).unwrap_or_default();
        let planted = cell.planted_defect.as_deref().unwrap_or("-");
        console.error(&format!(
            "  {} <- {} {}: {:?} ({planted}) {failure}\n",
            key.server, key.client, key.scenario, cell.verdict
        ));
    }
    Exit::Failed
}
