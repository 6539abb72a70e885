//! `keur run PATH…`: everything that can be wrong is said first, then the scripts run, then the reports
//! are written, whatever happened.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::authorization::code as login_code;
use crate::authorization::{DEFAULT, PATIENT_TOKEN, TokenArgument, TokenError, TokenSource};
use crate::diagnostic::{Diagnostic, NoteKind, Words};
use crate::engine::{self, Interrupt, Plan, PlanSettings, RunSettings, Tokens};
use crate::evidence::discretion::{Discreet, Hushed};
use crate::evidence::privacy::Guarded;
use crate::exchange::{Client, ClientSettings, Reach, Secrets, redaction};
use crate::fhir::FhirVersion;
use crate::record::{Files, Gathering, Record, RunDirectory, Tee, new_run_id};
use crate::testscript::source::ScriptSource;
use crate::testscript::{Circumstances, ScriptFile, ScriptSet, TestScript, problem as script_problem};

use super::auth::{Configured, configured, session};
use super::awaiting;
use super::choice::{Choices, Preference};
use super::console::Console;
use super::destination;
use super::exit::Exit;
use super::given;
use super::judge::Judge;
use super::list::refused;
use super::mask;
use super::packages::Packages;
use super::persons;
use super::play::plays_itself;
use super::problem;
use super::progress::Progress;
use super::reports::{self, Evidence};
use super::runtime::{self, Workers};
use super::serve::stand_in;
use super::settings::{Checked, Key, Settings};
use super::stop::Stop;
use super::suite::{Selection, Shelf};

/// Flags of `run`.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Files and folders of TestScripts, or names of built-in suites
    #[arg(value_name = "PATH", required_unless_present = "service")]
    paths: Vec<PathBuf>,
    /// Data services whose built-in suites are run, by number: 48,51 (see `keur list --own`)
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    service: Vec<u32>,
    /// Base URL of the server under test; built-in suites run against the simulator without it
    #[arg(long, value_name = "URL")]
    target: Option<String>,
    /// Access token of a test person: NAME=env:VARIABLE or NAME=@FILE, NAME `default` for all (repeatable)
    #[arg(long, value_name = "NAME=TOKEN")]
    token: Vec<String>,
    /// Value of a script variable (repeatable)
    #[arg(long, value_name = "NAME=VALUE")]
    var: Vec<String>,
    /// Report to write: html, json, junit, terminal, testreport, testreport-r5, sarif, har, github or gitlab; `-` is
    /// standard output (repeatable)
    #[arg(long, value_name = "KIND=PATH")]
    report: Vec<String>,
    /// FHIR version of the exchange where the scripts do not say: 3.0 or 4.0 [default: 3.0]
    #[arg(long, value_name = "VERSION")]
    fhir_version: Option<String>,
    /// FHIR package to use: a .tgz, a folder or NAME@VERSION (repeatable)
    #[arg(long, value_name = "PACKAGE")]
    package: Vec<String>,
    /// Folder of packages from which scripts pick theirs
    #[arg(long, value_name = "FOLDER")]
    package_dir: Option<String>,
    /// Take the nearest version where `--package-dir` does not have the one that is asked for
    #[arg(long)]
    nearest_package: bool,
    /// Longest wait for an answer [default: 60s]
    #[arg(long, value_name = "DURATION")]
    timeout: Option<String>,
    /// Dial no host but the target's
    #[arg(long)]
    offline: bool,
    /// Folder of run records [default: .keur/runs]
    #[arg(long, value_name = "FOLDER")]
    record: Option<String>,
    /// Table of requirements to judge, by name or file (repeatable)
    #[arg(long, value_name = "NAME")]
    requirements: Vec<String>,
    /// Key of the pseudonyms of persons in reports: env:VARIABLE, @FILE or the key [default: one of this folder]
    #[arg(long, value_name = "KEY")]
    mask_key: Option<String>,
    /// End the run, without asking, at an answer with what looks like a real person
    #[arg(long)]
    test_persons_only: bool,
    /// Command that logs in where `keur.toml` has a `[login]`: gets the URL, writes the final redirect
    #[arg(long, value_name = "COMMAND")]
    login_hook: Option<String>,
    #[command(flatten)]
    awaiting: awaiting::Flags,
}

const RUNNING: [Words; 2] = [
    Words::new("running 1 script against", "1 script draait tegen"),
    Words::new("running {} scripts against", "{} scripts draaien tegen"),
];
const STAND_IN: Words = Words::new(
    "no `--target`: testing the built-in simulator at",
    "geen `--target`: de ingebouwde simulator wordt getest op",
);
const RECORD: Words = Words::new("record", "opname");
const STOPPING: Words = Words::new(
    "stopping after the request under way; Ctrl-C again stops at once",
    "stopt na het lopende verzoek; nogmaals Ctrl-C stopt meteen",
);

impl Arguments {
    /// Flags that are settings too.
    pub fn settings(&self) -> Vec<(Key, String)> {
        let one = [
            (Key::Target, &self.target),
            (Key::FhirVersion, &self.fhir_version),
            (Key::PackageDir, &self.package_dir),
            (Key::Timeout, &self.timeout),
            (Key::Record, &self.record),
            (Key::Mask, &self.mask_key),
        ];
        let many = [
            (Key::Token, &self.token),
            (Key::Var, &self.var),
            (Key::Report, &self.report),
            (Key::Package, &self.package),
            (Key::Requirements, &self.requirements),
        ];
        let mut flags: Vec<(Key, String)> = vec![];
        flags.extend(one.into_iter().filter_map(|(key, value)| Some((key, value.clone()?))));
        flags.extend(many.into_iter().flat_map(|(key, values)| values.iter().map(move |value| (key, value.clone()))));
        let switches = [(Key::Offline, self.offline), (Key::NearestPackage, self.nearest_package)];
        flags.extend(switches.into_iter().filter(|(_, on)| *on).map(|(key, _)| (key, "true".to_owned())));
        flags.extend(self.test_persons_only.then(|| (Key::TestPersonsOnly, "true".to_owned())));
        flags
    }
}

/// Carries it out.
pub fn run(arguments: &Arguments, settings: &Settings, checked: &Checked, console: &Console) -> Exit {
    // What is read from here on is part of the record.
    let files = Gathering::new(&Shelf);
    let prepared = match prepare(arguments, settings, checked, &files, console) {
        Ok(prepared) => prepared,
        Err(exit) => return exit,
    };
    started(prepared, &arguments.awaiting, settings, checked, &files, console)
}

fn started(
    prepared: Prepared,
    awaiting: &awaiting::Flags,
    settings: &Settings,
    checked: &Checked,
    files: &Gathering<'_>,
    console: &Console,
) -> Exit {
    let runtime = match runtime::start(Workers::Two, console) {
        Ok(runtime) => runtime,
        Err(exit) => return exit,
    };
    let exit = runtime.block_on(carry_out(prepared, awaiting, settings, checked, files, console));
    // A simulator or a broken-off request is not waited for.
    runtime.shutdown_background();
    exit
}

/// Runs scripts that are at hand, from these files; the record of the run comes too, persons masked.
pub(super) fn sample(
    scripts: Vec<Arc<TestScript>>,
    places: Vec<ScriptFile>,
    files: &Files,
    settings: &Settings,
    checked: &Checked,
    console: &Console,
) -> (Exit, Option<Record>) {
    let mut problems = vec![];
    let tokens = tokens(settings, &mut problems);
    let packages = Packages::open(&checked.packages).map_err(|more| problems.extend(more)).unwrap_or_default();
    let wrong = stops(&problems);
    console.tell_all(problems);
    if wrong {
        return (Exit::Usage, None);
    }
    let id = new_run_id(jiff::Timestamp::now());
    let path = checked.record.join(&id);
    let prepared = Prepared { id, scripts, places, tokens, packages, selection: Selection::default(), login: None };
    let gathering = Gathering::new(files);
    // The scripts were read before; they belong to the record of this run too.
    for (path, _) in files.iter() {
        let _ = gathering.read(path);
    }
    let exit = started(prepared, &awaiting::Flags::default(), settings, checked, &gathering, console);
    (exit, Record::open(&path).ok().and_then(|record| mask::veiled(record, checked).ok()))
}

/// What a run starts with.
pub(super) struct Prepared {
    pub(super) id: String,
    pub(super) scripts: Vec<Arc<TestScript>>,
    pub(super) places: Vec<ScriptFile>,
    pub(super) tokens: Tokens,
    pub(super) packages: Packages,
    pub(super) selection: Selection,
    pub(super) login: Option<Configured>,
}

/// Everything that can be known before anything is sent. What is wrong has been said when it fails.
fn prepare(
    arguments: &Arguments,
    settings: &Settings,
    checked: &Checked,
    files: &Gathering<'_>,
    console: &Console,
) -> Result<Prepared, Exit> {
    let mut problems = destination::check(&checked.reports);
    let selection =
        Selection::of(&arguments.paths, &arguments.service).map_err(|more| problems.extend(more)).unwrap_or_default();
    let mut tokens = tokens(settings, &mut problems);
    let login = configured(settings, checked, arguments.login_hook.as_deref()).map_err(|more| problems.extend(more));
    if let (Some(_), Ok(None)) = (&arguments.login_hook, &login) {
        problems.push(problem::error(
            login_code::NOTHING,
            "there is a `--login-hook`, but no table `[login]` in `keur.toml`",
        ));
    }
    let login = login.ok().flatten().filter(|_| checked.target.is_some());
    tokens.by_login.extend(login.iter().flat_map(|login| login.live.names()).map(str::to_owned));
    // A key that is given is looked at now; the one of this folder is made when there is something to mask.
    problems.extend(checked.mask_key.as_ref().and_then(|_| mask::key(checked).err()).map(|problem| *problem));
    let packages = Packages::open(&checked.packages).map_err(|more| problems.extend(more)).unwrap_or_default();
    if checked.target.is_none() && problems.is_empty() && !selection.brings_fixtures() && !arguments.awaiting.awaits {
        problems.push(problem::error(problem::NO_TARGET, "there is no `--target`"));
    }
    let releases: BTreeSet<FhirVersion> = selection.suites.iter().map(|suite| suite.card.fhir_version).collect();
    if checked.target.is_none() && releases.len() > 1 {
        let message = "the suites are of different FHIR versions, and one simulator serves one";
        problems.push(
            problem::error(problem::NO_TARGET, message)
                .note(NoteKind::Remedy, "run the suites of each version apart, or give a `--target`"),
        );
    }
    if stops(&problems) {
        console.tell_all(problems);
        return Err(Exit::Usage);
    }
    console.tell_all(problems);
    let (scripts, places) = load(&selection, files, console)?;
    let id = new_run_id(jiff::Timestamp::now());
    Ok(Prepared { id, scripts, places, tokens, packages, selection, login })
}

/// Scripts, and where each stands.
pub(super) type Loaded = (Vec<Arc<TestScript>>, Vec<ScriptFile>);

/// The scripts of a selection; what is wrong with them has been said when it fails.
pub(super) fn load(selection: &Selection, files: &dyn ScriptSource, console: &Console) -> Result<Loaded, Exit> {
    let set = ScriptSet::collect(files, &selection.paths).map_err(|problems| refused(problems, console))?;
    let loaded = set.load();
    let broken = loaded.iter().any(|loaded| loaded.problems.iter().any(script_problem::forbids_running));
    let mut scripts = vec![];
    let mut problems = vec![];
    for loaded in loaded {
        scripts.extend(loaded.script.map(Arc::new));
        problems.extend(loaded.problems);
    }
    console.tell_grouped(problems);
    if broken {
        return Err(Exit::Usage);
    }
    Ok((scripts, set.scripts().to_vec()))
}

fn stops(problems: &[Diagnostic]) -> bool {
    problems.iter().any(script_problem::forbids_running)
}

/// The tokens that were given; what is wrong with them, and a literal one, goes to `problems`.
pub(super) fn tokens(settings: &Settings, problems: &mut Vec<Diagnostic>) -> Tokens {
    let mut tokens = Tokens::default();
    let mut literal = vec![];
    let environment = |name: &str| std::env::var(name).ok();
    for given in settings.many(Key::Token) {
        let read = given.text.parse::<TokenArgument>().and_then(|argument| {
            let token = argument.read(&environment)?;
            Ok((argument, token))
        });
        let (argument, token) = match read {
            Ok(read) => read,
            Err(error) => {
                let form = matches!(error, TokenError::Form | TokenError::Missing(..));
                let code = if form { problem::SETTING_VALUE } else { problem::TOKEN };
                problems.push(problem::error(code, error.to_string()));
                continue;
            }
        };
        if matches!(argument.source, TokenSource::Literal(_)) {
            literal.push(format!("`{}`", argument.name));
        }
        match argument.name.as_str() {
            DEFAULT => tokens.default = Some(token),
            name => drop(tokens.by_name.insert(name.to_owned(), token)),
        }
    }
    if !literal.is_empty() {
        let message = format!("tokens are written out where they are given: {}", literal.join(", "));
        problems.push(problem::warning(problem::TOKEN_LITERAL, message));
    }
    tokens
}

async fn carry_out(
    prepared: Prepared,
    flags: &awaiting::Flags,
    given_settings: &Settings,
    checked: &Checked,
    files: &Gathering<'_>,
    console: &Console,
) -> Exit {
    let definitions = match Choices::of(&prepared.scripts, &Preference::of(checked), &prepared.packages) {
        Ok((choices, problems)) => {
            console.tell_all(problems);
            choices
        }
        Err(problems) => {
            console.tell_all(problems);
            return Exit::Usage;
        }
    };
    if flags.awaits || plays_itself(&prepared.scripts, &prepared.selection, checked) {
        return awaiting::carry_out(prepared, flags, &definitions, given_settings, checked, files, console).await;
    }
    let Prepared { id, scripts, places, tokens, selection, login, .. } = prepared;
    // It serves for as long as it is held.
    let simulator = match (&checked.target, definitions.all().first()) {
        (None, Some(first)) => match stand_in(&selection, first.definitions.clone(), &checked.variables).await {
            Ok(simulator) => Some(simulator),
            Err(problems) => {
                console.tell_grouped(problems);
                return Exit::Usage;
            }
        },
        _ => None,
    };
    if let Some(simulator) = &simulator {
        let words = STAND_IN.get(console.language);
        console.error(&format!("{words} {}\n", simulator.base_url));
    }
    let target = simulator.as_ref().map(|simulator| simulator.base_url.clone()).or(checked.target.clone());
    let target = target.unwrap_or_default();
    let circumstances = Circumstances::live();
    let inputs = given::inputs(&target, &places, &tokens, given_settings, checked, &circumstances);
    let secrets = given::secrets(&tokens, checked, &scripts);
    let settings = PlanSettings {
        target,
        fhir_version: checked.fhir_version,
        variables: checked.variables.iter().cloned().collect::<BTreeMap<_, _>>(),
        tokens,
        ..PlanSettings::default()
    };
    let plan = engine::plan(&scripts, files, &|version| definitions.types(version), &settings);
    let mut problems = missing_tokens(&plan);
    let missing = !problems.is_empty();
    // The plan says of every open variable that something may stay unevaluated; tokens were said above.
    let said = |problem: &&Diagnostic| {
        let token = |variable: &&str| variable.starts_with(PATIENT_TOKEN);
        missing && problem.code == engine::code::INPUT && problem.message.split('`').nth(1).as_ref().is_some_and(token)
    };
    problems.extend(plan.problems.iter().filter(|problem| !said(problem)).cloned());
    console.tell_grouped(problems);
    if missing || !plan.is_runnable() {
        let nothing = plan.problems.iter().any(|problem| problem.code == engine::code::NOTHING_TO_RUN);
        return if nothing { Exit::NothingSelected } else { Exit::Usage };
    }
    let directory = RunDirectory::new(&checked.record, &id);
    if let Some(login) = &login {
        let problems = session::ready(login).await;
        if !problems.is_empty() {
            console.tell_all(problems);
            return Exit::NoToken;
        }
    }
    let given = Given { directory: directory.with_inputs(inputs, files.files()), secrets, circumstances };
    execute(&plan, &definitions, simulator.is_some(), login.as_ref(), given, checked, console).await
}

/// What a run has of its own: its folder, its secrets, its clock and chance.
struct Given {
    directory: RunDirectory,
    secrets: Secrets,
    circumstances: Circumstances,
}

/// Variables for tokens that scripts would use and that nobody gave a value.
fn missing_tokens(plan: &Plan) -> Vec<Diagnostic> {
    let mut missing: BTreeMap<&str, (u64, Diagnostic)> = BTreeMap::new();
    for planned in plan.scripts.iter().filter(|planned| planned.set_aside.is_none()) {
        for variable in &planned.script.variables {
            let Some(name) = variable.name.strip_prefix(PATIENT_TOKEN) else { continue };
            let open = variable.default.is_none() && variable.origin.is_none();
            if !open || planned.given.contains_key(&variable.name) {
                continue;
            }
            let first = || {
                let message = format!("there is no token for test person `{name}`");
                let place = &variable.place;
                let label = format!("give it with `--token {name}=env:VARIABLE`");
                problem::error(problem::TOKEN_MISSING, message).label(&place.source, place.span, label)
            };
            missing.entry(name).or_insert_with(|| (0, first())).0 += 1;
        }
    }
    let told = |(scripts, diagnostic): (u64, Diagnostic)| match scripts {
        1 => diagnostic,
        _ => diagnostic.note(NoteKind::Found, format!("{scripts} scripts need it")),
    };
    missing.into_values().map(told).collect()
}

async fn execute(
    plan: &Plan,
    definitions: &Choices,
    simulated: bool,
    login: Option<&Configured>,
    given: Given,
    checked: &Checked,
    console: &Console,
) -> Exit {
    let Given { directory, secrets, circumstances } = given;
    let words = |words: Words| words.get(console.language);
    let running = words(RUNNING[usize::from(plan.scripts.len() != 1)]).replace("{}", &plan.scripts.len().to_string());
    console.error(&format!("{running} {}\n", redaction::shown_url(&plan.target)));
    let reach = if checked.offline { Reach::only_hosts_of([plan.target.as_str()]) } else { Reach::Anywhere };
    let client = ClientSettings { timeout: checked.timeout, reach, ..ClientSettings::default() };
    let client = Client::new(session::client(login, &plan.target, &checked.variables, client));
    let interrupt = Interrupt::default();
    let judge = Judge::new(definitions);
    let settings = RunSettings {
        validator: Some(&judge),
        definitions: definitions.used(),
        simulated,
        circumstances,
        interrupt: interrupt.clone(),
        awaiting: None,
    };
    let actions = plan.scripts.iter().map(|planned| planned.script.actions().count() as u64).sum();
    let progress = Progress::new(actions, console.language);
    let both = Tee(vec![&directory, &progress]);
    let sinks = session::Noted { sink: &both, live: login.map(|login| &*login.live) };
    let sink = Hushed::new(&sinks, &secrets);
    let decide = |what: &str| persons::may_go_on(what, checked, console);
    let client = Guarded::new(&client, interrupt.clone(), &decide);
    let guard = &client;
    let client = Discreet::new(&client, &secrets);
    let outcome = tokio::select! {
        outcome = engine::run(plan, &client, &sink, &settings) => outcome.map(|_| ()),
        () = broken_off(Stop::listen(), &interrupt, words(STOPPING), console) => Ok(()),
    };
    progress.clear();
    if let Err(error) = outcome {
        console.tell(problem::error(problem::RECORD, error.to_string()));
        return Exit::Usage;
    }
    let exit = finish(directory.path(), checked, console);
    if guard.refused() { Exit::Usage } else { exit }
}

/// Raises the interrupt when keur is asked to stop, and ends when it is asked again.
async fn broken_off(mut stop: Stop, interrupt: &Interrupt, words: &str, console: &Console) {
    stop.asked().await;
    interrupt.raise();
    console.error(&format!("{words}\n"));
    stop.asked().await;
}

/// From the record on disk to reports and exit code.
pub(super) fn finish(directory: &Path, checked: &Checked, console: &Console) -> Exit {
    let record = match Record::open(directory) {
        Ok(record) => record,
        Err(error) => {
            console.tell(problem::error(problem::RECORD, error.to_string()));
            return Exit::Usage;
        }
    };
    let record = match mask::veiled(record, checked) {
        Ok(record) => record,
        Err(problem) => {
            console.tell(*problem);
            return Exit::Usage;
        }
    };
    let evidence = Evidence::fresh(&record, &Shelf);
    let (report, problems) = reports::write(&evidence, checked, console);
    console.error(&format!("{}: {}\n", RECORD.get(console.language), directory.display()));
    let unwritten = !problems.is_empty();
    console.tell_all(problems);
    match Exit::of(&report) {
        // A missing report is no success.
        Exit::Passed if unwritten => Exit::Usage,
        exit => exit,
    }
}
