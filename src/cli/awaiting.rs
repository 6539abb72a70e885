//! `keur run --await`: the simulator answers, and the scripts wait for a party (or several) to ask.

use std::collections::{BTreeSet, HashSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::diagnostic::{Diagnostic, Language, NoteKind, Words};
use crate::engine::awaiting::{Closing, Hall, Material, Notice, PartyAtTheDoor, Seat, Stray};
use crate::engine::{self, Interrupt, Plan, PlanSettings, RunSettings, Stance, openings};
use crate::evidence::discretion::{Discreet, Hushed};
use crate::exchange::{AccessToken, Client, ClientSettings, Reach, Secrets, redaction};
use crate::record::{Gathering, RunDirectory, RunInputs, new_run_id};
use crate::simulator::{Fixture, Persons, RunningSimulator, Simulator, TokenRegistry};
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
use super::serve::{address, fixtures, not_started, registry, registry_beside};
use super::settings::{Checked, Destination, Settings};
use super::stop::Stop;
use super::suite::{Selection, Shelf};

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

const READY: [Words; 2] = [
    Words::new(
        "waiting for the requests of 1 script; Ctrl-C ends",
        "wacht op de verzoeken van 1 script; Ctrl-C eindigt",
    ),
    Words::new(
        "waiting for the requests of {} scripts; Ctrl-C ends",
        "wacht op de verzoeken van {} scripts; Ctrl-C eindigt",
    ),
];
const PLAYS: Words = Words::new(
    "no `--target`: keur plays the client, against the built-in simulator at",
    "geen `--target`: keur speelt de client, tegen de ingebouwde simulator op",
);
const TOKENS: Words = Words::new("access tokens of the test persons", "toegangstokens van de testpersonen");
const NOTIFY: Words = Words::new("notifications are taken at", "notificaties worden aangenomen op");
const STRAYS: Words = Words::new("arrived but matched nothing:", "kwam binnen zonder bij een test te passen:");
const TIMED_OUT: Words = Words::new(
    "the time is over; what did not come is not evaluated",
    "de tijd is om; wat niet kwam is niet beoordeeld",
);
const STOPPING: Words = Words::new(
    "ended by Ctrl-C; what did not come is not evaluated; Ctrl-C again stops at once",
    "beëindigd met Ctrl-C; wat niet kwam is niet beoordeeld; nogmaals Ctrl-C stopt meteen",
);
const MATCHED: Words = Words::new("is for", "is voor");
const NEARLY: Words = Words::new("nearly:", "bijna:");
const HELD: Words = Words::new("is nearest to", "lijkt het meest op");
const STRAY: Words = Words::new("matches no test:", "past bij geen test:");

/// How long the requests may take.
const DEFAULT_TIMEOUT: &str = "10m";

/// How long nothing shall have come before nearly right requests are given away.
const QUIET: Duration = Duration::from_millis(1500);

/// A party of a run: its name, and what its tokens stand for.
struct Party {
    name: String,
    /// Tokens of the scripts with those it was given instead.
    aliases: Vec<(String, String)>,
    tokens: HashSet<AccessToken>,
}

/// What the run of a party has of its own: its folder, its secrets, its clock and chance.
struct PartyRun {
    directory: RunDirectory,
    secrets: Secrets,
    circumstances: Circumstances,
}

/// A simulator with scripts that wait at its door.
pub struct Door {
    /// The simulator.
    pub simulator: RunningSimulator,
    hall: Arc<Hall>,
    parties: Vec<Party>,
    /// Test persons, by the tokens of the scripts.
    persons: TokenRegistry,
}

/// What the scripts of a client test are: those to wait with.
pub fn awaited(scripts: &[Arc<TestScript>]) -> Vec<Arc<TestScript>> {
    scripts.iter().filter(|script| script.side() != Side::Load).cloned().collect()
}

/// Waits, judges, reports.
pub async fn carry_out(
    prepared: Prepared,
    flags: &Flags,
    definitions: &Choices,
    settings: &Settings,
    checked: &Checked,
    files: &Gathering<'_>,
    console: &Console,
) -> Exit {
    let plays = plays_itself(&prepared.scripts, &prepared.selection, checked) && !flags.awaits;
    let scripts = awaited(&prepared.scripts);
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
            let mut secrets = given::secrets(&prepared.tokens, checked, &scripts);
            party.tokens.iter().for_each(|token| secrets.add(token.expose()));
            let directory = RunDirectory::new(&checked.record, &id).with_inputs(inputs, files.files());
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
    prepared: &Prepared,
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

/// Starts the simulator with the material of the scripts and the hall at its door.
pub async fn open(
    scripts: &[Arc<TestScript>],
    selection: &Selection,
    flags: &Flags,
    listen: SocketAddr,
    definitions: &Choices,
    checked: &Checked,
    say: impl Fn(&Notice) + Send + Sync + 'static,
) -> Result<Door, Vec<Diagnostic>> {
    let first = definitions.all().first().map(|choice| &choice.definitions);
    let one = |version| definitions.all().iter().all(|choice| choice.definitions.version() == version);
    let Some(definitions) = first.filter(|first| one(first.version())) else {
        let message = "the scripts are of more than one FHIR version, and one address serves one";
        return Err(vec![problem::error(problem::SIMULATOR, message)]);
    };
    let (served, registry) = material(scripts, selection, flags)?;
    let mut parties = vec![];
    let mut problems = vec![];
    for text in &flags.party {
        match party(text, &registry, scripts) {
            Ok(party) => parties.push(party),
            Err(problem) => problems.push(*problem),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let used = used_tokens(scripts, &registry);
    if parties.is_empty() {
        let tokens = used.iter().map(|token| AccessToken::new(token.as_str())).collect();
        parties.push(Party { name: String::new(), aliases: vec![], tokens });
    }
    let mut granted = registry.clone();
    for (known, token) in parties.iter().flat_map(|party| &party.aliases) {
        granted.alias(known, token);
    }
    let mut known: Vec<PartyAtTheDoor> = vec![];
    for party in &parties {
        known.push(PartyAtTheDoor { name: party.name.clone(), tokens: party.tokens.clone() });
    }
    let folders: BTreeSet<Option<&Path>> = scripts.iter().map(|script| script.path.parent()).collect();
    let hall = Arc::new(Hall::new(known, folders.len(), QUIET).listening(say));
    let settings = crate::simulator::Settings {
        listen,
        fixtures: served,
        variables: checked.variables.clone(),
        require_token: !used.is_empty(),
        registry: granted,
        rooms: hall.rooms(),
        reception: Some(hall.clone()),
        ..crate::simulator::Settings::new(definitions.clone())
    };
    let simulator = Simulator::start(settings).await.map_err(not_started)?;
    Ok(Door { simulator, hall, parties, persons: registry })
}

/// Resources and test persons: those that were given, of the suite, or of the script set.
pub fn material(
    scripts: &[Arc<TestScript>],
    selection: &Selection,
    flags: &Flags,
) -> Result<(Vec<Fixture>, TokenRegistry), Vec<Diagnostic>> {
    let (found, mut problems) = Material::of(scripts, &Shelf);
    let suite = selection.fixtures();
    let folders = if flags.fixtures.is_empty() { &suite } else { &flags.fixtures };
    let served = match folders.is_empty() {
        true => found.fixtures.clone(),
        false => {
            problems.clear();
            fixtures(folders).map_err(|more| problems.extend(more)).unwrap_or_default()
        }
    };
    let listed = match (&flags.tokens, registry_beside(folders)) {
        (Some(path), _) => registry(path).map(Some),
        (None, Ok(None)) => found.registry.as_deref().map(registry).transpose(),
        (None, beside) => beside,
    };
    let listed = listed.map_err(|problem| problems.push(*problem));
    if served.is_empty() && problems.is_empty() {
        let message = "the script set brings no resources for the simulator to serve";
        problems.push(problem::warning(engine::awaiting::code::MATERIAL, message));
    }
    match problems.iter().any(crate::testscript::problem::forbids_running) {
        true => Err(problems),
        false => Ok((served, found.registry(listed.unwrap_or_default()))),
    }
}

/// The tokens (without `Bearer`) that occur in scripts, of those that are known.
fn used_tokens(scripts: &[Arc<TestScript>], registry: &TokenRegistry) -> BTreeSet<String> {
    let mut texts: BTreeSet<&str> = BTreeSet::new();
    for script in scripts {
        texts.extend(script.variables.iter().filter_map(|v| Some(v.default.as_ref()?.text.as_str())));
        for action in script.actions() {
            if let crate::testscript::Action::Operation(operation) = action {
                texts.extend(operation.headers.iter().map(|(_, value)| value.text.as_str()));
            }
        }
    }
    let bare = |text: &str| {
        let token = AccessToken::new(text).expose().to_owned();
        registry.knows(&token).then_some(token)
    };
    texts.into_iter().filter_map(bare).collect()
}

/// `NAME=FILE` or `NAME`.
fn party(text: &str, registry: &TokenRegistry, scripts: &[Arc<TestScript>]) -> Result<Party, Box<Diagnostic>> {
    let (name, file) = text.split_once('=').map_or((text, None), |(name, file)| (name, Some(file)));
    if name.trim().is_empty() {
        return Err(Box::new(problem::error(problem::SETTING_VALUE, format!("`party` cannot be `{text}`"))));
    }
    let given = file.map(|file| super::serve::registry(Path::new(file))).transpose()?;
    let used = used_tokens(scripts, registry);
    let aliases: Vec<(String, String)> = match &given {
        Some(given) => aliases(registry, given).into_iter().filter(|(known, _)| used.contains(known)).collect(),
        None => used.iter().map(|known| (known.clone(), uuid::Uuid::new_v4().to_string())).collect(),
    };
    let replaced: HashSet<&str> = aliases.iter().map(|(known, _)| known.as_str()).collect();
    let own = used.iter().filter(|token| !replaced.contains(token.as_str()));
    let tokens = own.chain(aliases.iter().map(|(_, token)| token)).map(|token| AccessToken::new(token.as_str()));
    Ok(Party { name: name.trim().to_owned(), tokens: tokens.collect(), aliases })
}

/// For every known token the one that the same test person has in another list.
pub fn aliases(known: &TokenRegistry, given: &TokenRegistry) -> Vec<(String, String)> {
    let of = |patient: &str| {
        let persons = given.persons();
        persons
            .iter()
            .find(|(_, people)| people.iter().any(|(id, _)| *id == patient))
            .map(|(token, _)| (*token).to_owned())
    };
    let pair = |(token, people): &(&str, Persons<'_>)| {
        let other = people.iter().find_map(|(id, _)| of(id))?;
        (other != *token).then(|| ((*token).to_owned(), other))
    };
    known.persons().iter().filter_map(pair).collect()
}

fn plans(
    scripts: &[Arc<TestScript>],
    door: &Door,
    prepared: &Prepared,
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

/// Tokens and endpoints, for the party that is to begin.
fn introduction(scripts: &[Arc<TestScript>], door: &Door, console: &Console) -> String {
    let words = |words: Words| words.get(console.language);
    let mut text = String::new();
    for party in &door.parties {
        let mut lines = BTreeSet::new();
        for (known, patients) in door.persons.persons() {
            let token = party.aliases.iter().find(|(from, _)| from == known).map_or(known, |(_, to)| to);
            if party.tokens.contains(&AccessToken::new(token)) {
                let patients: Vec<String> = patients.iter().map(|(id, _)| format!("Patient/{id}")).collect();
                lines.insert(format!("  {}  Bearer {token}\n", patients.join(", ")));
            }
        }
        if !lines.is_empty() {
            let name = if party.name.is_empty() { String::new() } else { format!(" ({})", party.name) };
            text.push_str(&format!("{}{name}:\n{}", words(TOKENS), lines.into_iter().collect::<String>()));
        }
    }
    if scripts.iter().any(|script| script.side() == Side::Both) {
        let endpoint = format!("{}/{}", door.simulator.base_url, crate::engine::awaiting::NOTIFICATIONS);
        text.push_str(&format!("{} {endpoint}\n", words(NOTIFY)));
    }
    let ready = words(READY[usize::from(scripts.len() != 1)]).replace("{}", &scripts.len().to_string());
    text.push_str(&format!("{ready}\n"));
    text
}

pub(super) fn told(notice: &Notice, language: Language) -> String {
    let words = |words: Words| words.get(language);
    let nearly = |differences: &[String]| match differences {
        [] => String::new(),
        all => format!(" ({} {})", words(NEARLY), redaction::mask_bsns(&all.join(", "))),
    };
    match notice {
        Notice::Matched { number, request, test, differences, .. } => {
            format!("#{number} {request} {} `{test}`{}\n", words(MATCHED), nearly(differences))
        }
        Notice::Held { number, request, test, differences } => {
            format!("#{number} {request} {} `{test}`{}\n", words(HELD), nearly(differences))
        }
        Notice::Stray { number, request, why } => {
            format!("#{number} {request} {} {}\n", words(STRAY), redaction::mask_bsns(why))
        }
    }
}

fn strays(strays: &[Stray], language: Language) -> String {
    if strays.is_empty() {
        return String::new();
    }
    let line = |stray: &Stray| {
        let request = &stray.exchange.request;
        let status = stray.exchange.result.as_ref().map_or_else(|_| "---".to_owned(), |r| r.status.to_string());
        let url = redaction::shown_url(&request.url);
        format!("  #{} {} {url} ({status}): {}\n", stray.number, request.method, redaction::mask_bsns(&stray.why))
    };
    format!("{}\n{}", STRAYS.get(language), strays.iter().map(line).collect::<String>())
}

/// A report of a party: its name before the extension.
pub(super) fn of_party(report: &Destination, party: &str) -> Destination {
    let renamed = |path: &PathBuf| {
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let extension = path.extension().map(|e| format!(".{}", e.to_string_lossy())).unwrap_or_default();
        path.with_file_name(format!("{stem}-{}{extension}", file_name(party)))
    };
    match party {
        "" => report.clone(),
        _ => Destination { kind: report.kind, path: report.path.as_ref().map(renamed) },
    }
}

pub(super) fn file_name(party: &str) -> String {
    party.chars().map(|c| if c.is_alphanumeric() || c == '-' || c == '_' { c } else { '-' }).collect()
}
