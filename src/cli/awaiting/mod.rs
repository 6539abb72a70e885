//! `keur run --await`: the simulator answers, and the scripts wait for a party (or several) to ask.

mod door;
mod party;
mod told;

use std::path::PathBuf;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, NoteKind, Words};
use crate::engine::awaiting::{Closing, Hall, Notice, Seat};
use crate::engine::{self, Interrupt, Plan, PlanSettings, RunSettings, Stance, openings};
use crate::evidence::discretion::{Discreet, Hushed};
use crate::exchange::{Client, ClientSettings, Reach, Secrets};
use crate::record::{Gathering, RunDirectory, RunInputs, new_run_id};
use crate::testscript::source::ScriptSource;
use crate::testscript::{Circumstances, Side, TestScript};

use super::choice::Choices;
use super::console::Console;
use super::exit::Exit;
use super::given;
use super::judge::Judge;
use super::play::plays_itself;
use super::problem;
use super::run::{Prepared, finish};
use super::serve::address;
use super::settings::{Checked, Settings};
use super::stop::Stop;
use door::Door;
use party::Party;
use told::{introduction, strays};

pub use door::{material, open};
pub use party::{aliases, file_name, of_party};
pub use told::told;

/// Flags of `run` that are for waiting.
#[derive(clap::Args, Debug, Default)]
pub struct Flags {
    /// Wait for the requests of a client: the scripts judge what it sends to the built-in simulator
    #[arg(long = "await")]
    pub awaits: bool,
    /// With --await: where the simulator listens; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080", requires = "awaits")]
    listen: String,
    /// With --await: tokens of test persons [default: those that stand with the scripts]
    #[arg(long, value_name = "FILE", requires = "awaits")]
    tokens: Option<PathBuf>,
    /// With --await: folder of resources to serve [default: what the script set loads] (repeatable)
    #[arg(long, value_name = "FOLDER", requires = "awaits")]
    fixtures: Vec<PathBuf>,
    /// With --await: longest wait for the requests
    #[arg(long, value_name = "DURATION", default_value = DEFAULT_TIMEOUT, requires = "awaits")]
    await_timeout: String,
    /// With --await: a party that is judged by itself, by its own tokens: NAME=FILE, or NAME for tokens
    /// made here (repeatable)
    #[arg(long, value_name = "NAME[=FILE]", requires = "awaits")]
    party: Vec<String>,
}

const PLAYS: Words = Words::new(
    "no `--target`: keur plays the client, against the built-in simulator at",
    "geen `--target`: keur speelt de client, tegen de ingebouwde simulator op",
);

const TIMED_OUT: Words = Words::new(
    "the time is over; what did not come is not evaluated",
    "de tijd is om; wat niet kwam is niet beoordeeld",
);
const STOPPING: Words = Words::new(
    "ended by Ctrl-C; what did not come is not evaluated; Ctrl-C again stops at once",
    "beëindigd met Ctrl-C; wat niet kwam is niet beoordeeld; nogmaals Ctrl-C stopt meteen",
);

/// How long the requests may take.
const DEFAULT_TIMEOUT: &str = "10m";

/// What the run of a party has of its own: its folder, its secrets, its clock and chance.
struct PartyRun {
    directory: RunDirectory,
    secrets: Secrets,
    circumstances: Circumstances,
}

/// What the scripts of a client test are: those to wait with.
pub fn awaited(scripts: &[Arc<TestScript>]) -> Vec<Arc<TestScript>> {
    scripts.iter().filter(|script| script.side() != Side::Load).cloned().collect()
}

/// Waits, judges, reports.
pub async fn carry_out(
    prepared: Prepared<'_>,
    flags: &Flags,
    definitions: &Choices,
    settings: &Settings,
    checked: &Checked,
    files: &Gathering<'_>,
    console: &Console,
) -> Exit {
    let plays = plays_itself(&prepared, checked) && !flags.awaits;
    let scripts = awaited(&prepared.scripts.all());
    if scripts.is_empty() {
        console.tell(problem::error(engine::code::NOTHING_TO_RUN, "no script waits for a client"));
        return Exit::NothingSelected;
    }
    let words = |words: Words| words.get(console.language);
    let language = console.language;
    let timeout = match super::settings::duration(if plays { DEFAULT_TIMEOUT } else { &flags.await_timeout }) {
        Some(timeout) => timeout,
        None => {
            let message = format!("`await-timeout` cannot be `{}`", flags.await_timeout);
            let wrong = problem::error(problem::SETTING_VALUE, message);
            console.tell(wrong.note(NoteKind::Expected, "a duration such as `30s`, `500ms` or `2m`"));
            return Exit::Usage;
        }
    };
    let listen = match address(if plays { "127.0.0.1:0" } else { &flags.listen }) {
        Ok(listen) => listen,
        Err(problem) => {
            console.tell(*problem);
            return Exit::Usage;
        }
    };
    let say = move |notice: &Notice| {
        if !plays {
            let _ = std::io::Write::write_all(&mut std::io::stderr(), told(notice, language).as_bytes());
        }
    };
    let door = match open(&scripts, &prepared.selection, flags, listen, definitions, checked, say).await {
        Ok(mut door) => {
            console.tell_grouped(std::mem::take(&mut door.simulator.warnings));
            door
        }
        Err(problems) => {
            console.tell_grouped(problems);
            return Exit::Usage;
        }
    };
    let plans = plans(&scripts, &door, &prepared, definitions, checked, files);
    let mut problems: Vec<Diagnostic> = plans.iter().flat_map(|plan| plan.problems.iter().cloned()).collect();
    if door.parties.len() > 1 && door.parties.iter().any(|party| party.tokens.is_empty()) {
        let message = "the scripts use no tokens: requests of several parties cannot be told apart";
        problems.push(problem::error(problem::TOKENS, message));
    }
    let wrong = problems.iter().any(crate::testscript::problem::forbids_running);
    console.tell_grouped(problems);
    if wrong {
        return Exit::Usage;
    }
    let base = door.simulator.base_url.clone();
    let announce = async {
        door.hall.opened(plans.iter().map(openings).sum()).await;
        if plays {
            return play_here(&base, &door.hall, &prepared, definitions, checked, console).await;
        }
        console.error(&introduction(&scripts, &door, console));
        // The line that others wait for.
        if console.output(format!("{base}\n").as_bytes()).is_err() {
            door.hall.close(Closing::Stopped);
        }
    };
    let end = async {
        let mut stop = Stop::listen();
        tokio::select! {
            () = tokio::time::sleep(timeout) => {
                console.error(&format!("{}\n", words(TIMED_OUT)));
                door.hall.close(Closing::Timeout);
                stop.asked().await;
            }
            () = stop.asked() => {
                console.error(&format!("{}\n", words(STOPPING)));
                door.hall.close(Closing::Stopped);
                stop.asked().await;
            }
        }
    };
    let texts = match files.files() {
        Ok(texts) => texts,
        Err(error) => {
            console.tell(problem::error(problem::RECORD, error.to_string()));
            return Exit::Usage;
        }
    };
    let runs: Vec<PartyRun> = door
        .parties
        .iter()
        .map(|party| {
            let id = new_run_id(jiff::Timestamp::now());
            let id = if party.name.is_empty() { id } else { format!("{id}-{}", file_name(&party.name)) };
            let circumstances = Circumstances::live();
            let target = checked.target.as_deref().unwrap_or(&base);
            let inputs = given::inputs(target, &prepared.places, &prepared.tokens, settings, checked, &circumstances);
            let inputs = RunInputs { awaited: true, ..inputs };
            let mut secrets = given::secrets(&prepared.tokens, checked);
            given::secrets_of_scripts(&scripts, &mut secrets);
            party.tokens.iter().for_each(|token| secrets.add(token.expose()));
            let directory = RunDirectory::new(&checked.record, &id).with_inputs(inputs, texts.clone());
            PartyRun { directory, secrets, circumstances }
        })
        .collect();
    let judge = Judge::new(definitions);
    let all = async {
        let runs = door.parties.iter().enumerate().zip(plans.iter().zip(&runs));
        let runs = runs.map(|((number, _), (plan, party))| {
            let seat = Seat { hall: &door.hall, party: number, base: &base };
            run(plan, seat, party, definitions, &judge, checked)
        });
        futures_util::future::try_join_all(runs).await
    };
    let outcome = tokio::select! {
        (_, outcome) = futures_util::future::join(announce, all) => outcome.map(|_| ()),
        () = end => Ok(()),
    };
    if let Err(error) = outcome {
        console.tell(problem::error(problem::RECORD, error.to_string()));
        return Exit::Usage;
    }
    console.error(&strays(&door.hall.strays(), console.language));
    let exits = door.parties.iter().zip(&runs).map(|(party, run)| {
        if !party.name.is_empty() {
            console.error(&format!("\n{}\n", party.name));
        }
        let reports = checked.reports.iter().map(|report| of_party(report, &party.name)).collect();
        finish(run.directory.path(), &Checked { reports, ..checked.clone() }, console)
    });
    // The worst of them, by the order of the numbers: failed before incomplete, what stopped before both.
    let exits: Vec<Exit> = exits.collect();
    const WORST: [Exit; 5] = [Exit::Usage, Exit::Interrupted, Exit::NoAnswer, Exit::Failed, Exit::Incomplete];
    WORST.into_iter().find(|exit| exits.contains(exit)).unwrap_or(Exit::Passed)
}

/// Plays the party that is awaited, in this process; what it does not send will not come.
async fn play_here(
    base: &str,
    hall: &Hall,
    prepared: &Prepared<'_>,
    definitions: &Choices,
    checked: &Checked,
    console: &Console,
) {
    console.error(&format!("{} {base}\n", PLAYS.get(console.language)));
    let party = super::play::Party {
        target: base.to_owned(),
        listed: None,
        defect: None,
        listen: None,
        interrupt: Interrupt::default(),
    };
    // Why it could not begin has been said.
    let _ = party.play(prepared, definitions, checked, console).await;
    hall.close(Closing::Done);
}

fn plans(
    scripts: &[Arc<TestScript>],
    door: &Door,
    prepared: &Prepared<'_>,
    definitions: &Choices,
    checked: &Checked,
    files: &dyn ScriptSource,
) -> Vec<Plan> {
    let plan = |party: &Party| {
        let settings = PlanSettings {
            target: checked.target.clone().unwrap_or_else(|| door.simulator.base_url.clone()),
            fhir_version: checked.fhir_version,
            variables: checked.variables.iter().cloned().collect(),
            tokens: prepared.tokens.clone(),
            stance: Stance::Awaiting { server: checked.target.is_some() },
            aliases: party.aliases.clone(),
        };
        let mut plan = engine::plan(scripts, files, &|version| definitions.types(version), &settings);
        if checked.target.is_none() {
            // What asks a server under test has none.
            plan.target = String::new();
        }
        plan
    };
    door.parties.iter().map(plan).collect()
}

async fn run(
    plan: &Plan,
    seat: Seat<'_>,
    party: &PartyRun,
    definitions: &Choices,
    judge: &Judge<'_>,
    checked: &Checked,
) -> Result<(), crate::record::RecordError> {
    let hosts = [plan.target.as_str(), seat.base];
    let reach = if checked.offline { Reach::only_hosts_of(hosts) } else { Reach::Anywhere };
    let client = Client::new(ClientSettings { timeout: checked.timeout, reach, ..ClientSettings::default() });
    let settings = RunSettings {
        validator: Some(judge),
        definitions: definitions.used(),
        circumstances: Circumstances::fixed(party.circumstances.now().clone(), party.circumstances.seed()),
        awaiting: Some(seat),
        ..RunSettings::default()
    };
    let sink = Hushed::new(&party.directory, &party.secrets);
    let client = Discreet::new(&client, &party.secrets);
    engine::run(plan, &client, &sink, &settings).await.map(|_| ())
}
