//! `keur matrix demo`: a connectathon in one process, to be looked at and to be tested with.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::connectathon::{Client, DemoParty, FeedItem, Hands, Progress, Scenario, Server, Tournament, cast};
use crate::diagnostic::{Diagnostic, Words};
use crate::exchange::{Client as HttpClient, ClientSettings, Reach};
use crate::simulator::{self, RunningSimulator};

use super::super::console::Console;
use super::super::exit::Exit;
use super::super::judge::Judge;
use super::super::serve::{TOKENS, fixtures, registry};
use super::super::settings::{Checked, Settings};
use super::Flags;
use super::play::{self, Played, Stage};
use super::scenario::{Compiled, Read, compile};
use super::stage::{House, Problem, board_settings};

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
    /// How many parties are killed on the way, servers and clients in turn, and come back
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
pub async fn carry_out(
    arguments: &Arguments,
    given: (&Settings, &Checked),
    console: &Console,
) -> Result<Exit, Problem> {
    let (_, checked) = given;
    let flags = &arguments.flags;
    let mut reads = vec![];
    for (name, file) in SCENARIOS.iter().take(arguments.scenarios.into()) {
        let of = |role: &str| [Path::new(SUITE).join(role).join(file)];
        reads.push(Read::new(name, (&of("retrieving"), &[]), (&of("serving"), &[TEST.to_owned()]))?);
    }
    let Compiled { choices, definitions, scenarios, .. } = compile(&reads, given, console)?;
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
        // Those that were finished before do not count.
        let resumed = progress.outcomes().len();
        let mut outages = arguments.outages.min(simulators.len() + tournament.clients.len());
        loop {
            tokio::select! {
                Some(party) = mended.recv() => {
                    tournament.mend(&party);
                    if let Some(at) = tournament.servers.iter().position(|server| server.name == party) {
                        restart(&house, &tournament, &mut simulators, at, Duration::ZERO).await;
                    }
                }
                () = tokio::time::sleep(Duration::from_millis(50)), if outages > 0 => {
                    let (done, all) = (progress.outcomes().len() - resumed, tournament.cells.len() - resumed);
                    if done * (arguments.outages + 1) > all * (arguments.outages + 1 - outages) {
                        outages -= 1;
                        match outages % 2 {
                            0 => server_goes(&house, &tournament, &mut simulators, outages, &progress).await,
                            _ => client_goes(&tournament, outages, &progress).await,
                        }
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
    let (tournament, progress) = (tournament.clone(), progress.clone());
    let stage = Stage { tournament, progress, board, gate: None, flags, checked, console };
    let played = stage.play(&hands, beside).await.map_err(Problem::Said)?;
    Ok(concluded(&played, console))
}

/// How long a party is gone.
const GONE: Duration = Duration::from_secs(1);

async fn server_goes(
    house: &House,
    tournament: &Tournament,
    simulators: &mut [Option<RunningSimulator>],
    number: usize,
    progress: &Progress,
) {
    let at = number * 2 % simulators.len().max(1);
    let Some(server) = tournament.servers.get(at) else { return };
    progress.pass(FeedItem::of(&server.name, "", "down", "down".to_owned()));
    restart(house, tournament, simulators, at, GONE).await;
    progress.pass(FeedItem::of(&server.name, "", "back", "back".to_owned()));
}

/// What it is in the middle of breaks off and is begun anew.
async fn client_goes(tournament: &Tournament, number: usize, progress: &Progress) {
    let Some(client) = tournament.clients.get(number % tournament.clients.len().max(1)) else { return };
    progress.pass(FeedItem::of("", &client.name, "down", "down".to_owned()));
    tournament.absent.say(&client.name, true);
    tokio::time::sleep(GONE).await;
    tournament.absent.say(&client.name, false);
    progress.pass(FeedItem::of("", &client.name, "back", "back".to_owned()));
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
        let defect = defect.map(str::to_owned);
        let mut party = Server { name, base: String::new(), defect, simulated: true, access: None };
        let simulator = house.open(&party, true, None).await?;
        party.base.clone_from(&simulator.base_url);
        parties.push(party);
        simulators.push(Some(simulator));
    }
    let clients = clients.into_iter().map(|DemoParty { name, defect }| Client {
        name,
        defect: defect.map(str::to_owned),
        caller: None,
    });
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
