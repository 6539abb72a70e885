//! `keur run PATH…`: everything that can be wrong is said first, then the scripts run, then the reports
//! are written, whatever happened.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::authorization::code as login_code;
use crate::authorization::{DEFAULT, PATIENT_TOKEN, TokenArgument, TokenError, TokenSource};
use crate::definitions::Definitions;
use crate::diagnostic::{Diagnostic, NoteKind, Words};
use crate::engine::{self, Interrupt, Plan, PlanSettings, RunSettings, Tokens};
use crate::exchange::{Client, ClientSettings, Reach, redaction};
use crate::fhir::FhirVersion;
use crate::record::{DefinitionUse, Record, RunDirectory, Tee, new_run_id};
use crate::testscript::{ScriptSet, TestScript, problem as script_problem};

use super::auth::{Configured, configured, session};
use super::console::Console;
use super::destination;
use super::exit::Exit;
use super::judge::Judge;
use super::list::refused;
use super::packages::Packages;
use super::problem;
use super::progress::Progress;
use super::reports::{self, Evidence};
use super::serve::stand_in;
use super::settings::{Checked, Key, Settings};
use super::stop::Stop;
use super::suite::{Selection, Shelf};

/// Flags of `run`.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Files and folders of TestScripts, or names of built-in suites
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    /// Base URL of the server under test; built-in suites run against the simulator without it
    #[arg(long, value_name = "URL")]
    target: Option<String>,
    /// Access token of a test person: NAME=env:VARIABLE or NAME=@FILE, NAME `default` for all (repeatable)
    #[arg(long, value_name = "NAME=TOKEN")]
    token: Vec<String>,
    /// Value of a script variable (repeatable)
    #[arg(long, value_name = "NAME=VALUE")]
    var: Vec<String>,
    /// Report to write: json, junit or terminal; `-` is standard output (repeatable)
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
    /// Longest wait for an answer [default: 60s]
    #[arg(long, value_name = "DURATION")]
    timeout: Option<String>,
    /// Dial no host but the target's
    #[arg(long)]
    offline: bool,
    /// Folder of run records [default: .keur/runs]
    #[arg(long, value_name = "FOLDER")]
    record: Option<String>,
    /// Command that logs in where `keur.toml` has a `[login]`: gets the URL, writes the final redirect
    #[arg(long, value_name = "COMMAND")]
    login_hook: Option<String>,
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
        ];
        let many = [
            (Key::Token, &self.token),
            (Key::Var, &self.var),
            (Key::Report, &self.report),
            (Key::Package, &self.package),
        ];
        let mut flags: Vec<(Key, String)> = vec![];
        flags.extend(one.into_iter().filter_map(|(key, value)| Some((key, value.clone()?))));
        flags.extend(many.into_iter().flat_map(|(key, values)| values.iter().map(move |value| (key, value.clone()))));
        flags.extend(self.offline.then(|| (Key::Offline, "true".to_owned())));
        flags
    }
}

/// Carries it out.
pub fn run(arguments: &Arguments, settings: &Settings, checked: &Checked, console: &Console) -> Exit {
    let prepared = match prepare(arguments, settings, checked, console) {
        Ok(prepared) => prepared,
        Err(exit) => return exit,
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            console.error(&format!("the runtime does not start: {error}\n"));
            return Exit::Bug;
        }
    };
    let exit = runtime.block_on(carry_out(prepared, checked, console));
    // A simulator or a broken-off request is not waited for.
    runtime.shutdown_background();
    exit
}

/// What a run starts with.
struct Prepared {
    scripts: Vec<Arc<TestScript>>,
    tokens: Tokens,
    packages: Packages,
    selection: Selection,
    login: Option<Configured>,
}

/// Everything that can be known before anything is sent. What is wrong has been said when it fails.
fn prepare(arguments: &Arguments, settings: &Settings, checked: &Checked, console: &Console) -> Result<Prepared, Exit> {
    let mut problems = destination::check(&checked.reports);
    let selection = Selection::of(&arguments.paths).map_err(|more| problems.extend(more)).unwrap_or_default();
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
    let packages = Packages::open(&checked.packages).map_err(|more| problems.extend(more)).unwrap_or_default();
    if checked.target.is_none() && problems.is_empty() && !selection.brings_fixtures() {
        problems.push(problem::error(problem::NO_TARGET, "there is no `--target`"));
    }
    if stops(&problems) {
        console.tell_all(problems);
        return Err(Exit::Usage);
    }
    console.tell_all(problems);
    let set = ScriptSet::collect(&Shelf, &selection.paths).map_err(|problems| refused(problems, console))?;
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
    Ok(Prepared { scripts, tokens, packages, selection, login })
}

fn stops(problems: &[Diagnostic]) -> bool {
    problems.iter().any(script_problem::forbids_running)
}

/// The tokens that were given; what is wrong with them, and a literal one, goes to `problems`.
fn tokens(settings: &Settings, problems: &mut Vec<Diagnostic>) -> Tokens {
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

async fn carry_out(prepared: Prepared, checked: &Checked, console: &Console) -> Exit {
    let Prepared { scripts, tokens, mut packages, selection, login } = prepared;
    if let Some(folder) = &checked.package_dir {
        let wanted = scripts.iter().flat_map(|script| script.properties.packages.iter().cloned()).collect();
        let problems = packages.pick(folder, &wanted);
        let wrong = stops(&problems);
        console.tell_all(problems);
        if wrong {
            return Exit::Usage;
        }
    }
    let definitions = match Releases::of(&scripts, checked, &packages) {
        Ok(definitions) => definitions,
        Err(problems) => {
            console.tell_all(problems);
            return Exit::Usage;
        }
    };
    // It serves for as long as it is held.
    let simulator = match (&checked.target, definitions.0.first()) {
        (None, Some(first)) => match stand_in(&selection, first.clone(), &checked.variables).await {
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
    let settings = PlanSettings {
        target: target.unwrap_or_default(),
        fhir_version: checked.fhir_version,
        variables: checked.variables.iter().cloned().collect::<BTreeMap<_, _>>(),
        tokens,
    };
    let plan = engine::plan(&scripts, &Shelf, &|version| definitions.types(version), &settings);
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
    if let Some(login) = &login {
        let problems = session::ready(login).await;
        if !problems.is_empty() {
            console.tell_all(problems);
            return Exit::NoToken;
        }
    }
    execute(&plan, &definitions, simulator.is_some(), login.as_ref(), checked, console).await
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

/// Definitions of the releases that scripts use.
struct Releases(Vec<Definitions>);

impl Releases {
    fn of(scripts: &[Arc<TestScript>], checked: &Checked, packages: &Packages) -> Result<Releases, Vec<Diagnostic>> {
        let stated = |script: &Arc<TestScript>| script.properties.fhir_version.or(checked.fhir_version);
        let versions: BTreeSet<FhirVersion> =
            scripts.iter().map(|script| stated(script).unwrap_or(FhirVersion::Stu3)).collect();
        versions.into_iter().map(|version| packages.definitions(version)).collect::<Result<_, _>>().map(Releases)
    }

    fn types(&self, version: FhirVersion) -> Option<Arc<crate::definitions::TypeTable>> {
        self.0.iter().find(|definitions| definitions.version() == version).map(Definitions::types)
    }

    fn used(&self) -> Vec<DefinitionUse> {
        let used = self.0.iter().flat_map(Definitions::used).map(|used| DefinitionUse {
            package: used.package,
            version: used.version,
            sha256: used.sha256,
            origin: used.origin.code().to_owned(),
        });
        used.collect()
    }
}

async fn execute(
    plan: &Plan,
    definitions: &Releases,
    simulated: bool,
    login: Option<&Configured>,
    checked: &Checked,
    console: &Console,
) -> Exit {
    let words = |words: Words| words.get(console.language);
    let running = words(RUNNING[usize::from(plan.scripts.len() != 1)]).replace("{}", &plan.scripts.len().to_string());
    console.error(&format!("{running} {}\n", redaction::shown_url(&plan.target)));
    let reach = if checked.offline { Reach::only_hosts_of([plan.target.as_str()]) } else { Reach::Anywhere };
    let client = ClientSettings { timeout: checked.timeout, reach, ..ClientSettings::default() };
    let client = Client::new(session::client(login, &plan.target, &checked.variables, client));
    let interrupt = Interrupt::default();
    let judge = Judge::new(&definitions.0);
    let settings = RunSettings {
        validator: Some(&judge),
        definitions: definitions.used(),
        simulated,
        interrupt: interrupt.clone(),
        ..RunSettings::default()
    };
    let directory = RunDirectory::new(&checked.record, &new_run_id(jiff::Timestamp::now()));
    let actions = plan.scripts.iter().map(|planned| planned.script.actions().count() as u64).sum();
    let progress = Progress::new(actions, console.language);
    let both = Tee(vec![&directory, &progress]);
    let sink = session::Noted { sink: &both, live: login.map(|login| &*login.live) };
    let outcome = tokio::select! {
        outcome = engine::run(plan, &client, &sink, &settings) => outcome.map(|_| ()),
        () = broken_off(Stop::listen(), &interrupt, words(STOPPING), console) => Ok(()),
    };
    progress.clear();
    if let Err(error) = outcome {
        console.tell(problem::error(problem::RECORD, error.to_string()));
        return Exit::Usage;
    }
    finish(directory.path(), checked, console)
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
    let evidence = Evidence { record: &record, files: &Shelf };
    let (report, problems) = reports::write(&evidence, &checked.reports, console);
    console.error(&format!("{}: {}\n", RECORD.get(console.language), directory.display()));
    let unwritten = !problems.is_empty();
    console.tell_all(problems);
    match Exit::of(&report) {
        // A missing report is no success.
        Exit::Passed if unwritten => Exit::Usage,
        exit => exit,
    }
}
