//! `keur serve`: the built-in simulator on an address, until it is stopped; and the same for a run of a
//! suite that has no target.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::definitions::{Definitions, Typed};
use crate::diagnostic::{Diagnostic, NoteKind, Severity, Words, nearest};
use crate::exchange::{Exchange, redaction};
use crate::fhir::FhirVersion;
use crate::simulator::{self, ActiveDefect, DEFECTS, Fixture, RunningSimulator, Simulator, StartError, TokenRegistry};
use crate::simulator::{Inspector, Observer, Settings};
use crate::testscript::series;
use crate::testscript::source::ScriptSource;
use crate::validation::{Policy, Validator};

use super::console::Console;
use super::exit::Exit;
use super::packages::Packages;
use super::problem;
use super::runtime::{self, Workers};
use super::settings::{Checked, Key, Said};
use super::stop::Stop;
use super::suite::{Selection, Shelf};

/// Flags of `serve`.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Folder of resources to serve: JSON, XML, series (repeatable); without any the server is empty and can be written to
    #[arg(long, value_name = "FOLDER")]
    pub(super) fixtures: Vec<PathBuf>,
    /// Tokens of test persons (JSON: accessToken, resourceId, bsn); with it every request needs one
    #[arg(long, value_name = "FILE")]
    pub(super) tokens: Option<PathBuf>,
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: String,
    /// FHIR version that is served: 3.0 or 4.0 [default: 3.0]
    #[arg(long, value_name = "VERSION")]
    fhir_version: Option<String>,
    /// FHIR package to use: a .tgz, a folder or NAME@VERSION (repeatable)
    #[arg(long, value_name = "PACKAGE")]
    package: Vec<String>,
    /// Value of a variable in fixtures, `T` is the day that dates count from (repeatable)
    #[arg(long, value_name = "NAME=VALUE")]
    var: Vec<String>,
    /// Resource type that the server does not have (repeatable)
    #[arg(long, value_name = "TYPE")]
    without: Vec<String>,
    /// Refuse what is written and not valid by its profiles
    #[arg(long)]
    validate: bool,
    /// Fault to have, for one type of resource with NAME@Type (repeatable); `list` names them
    #[arg(long, value_name = "NAME")]
    pub(super) defect: Vec<String>,
    #[command(flatten)]
    pub(super) dva: super::serve_dva::Whole,
    /// Write every exchange to standard error, a line each
    #[arg(long)]
    log: bool,
}

pub(super) const SERVING: Words =
    Words::new("serving {} resources of FHIR {}; Ctrl-C stops", "serveert {} resources van FHIR {}; Ctrl-C stopt");

impl Arguments {
    /// Flags that are settings too.
    pub fn settings(&self) -> Said {
        Said::default()
            .one(Key::FhirVersion, &self.fhir_version)
            .many(Key::Package, &self.package)
            .many(Key::Var, &self.var)
    }
}

/// Carries it out.
pub fn serve(arguments: &Arguments, checked: &Checked, console: &Console) -> Exit {
    if arguments.dva.wanted() {
        return super::serve_dva::serve(arguments, checked, console);
    }
    if arguments.defect.iter().any(|name| name == "list") {
        return console.listed(DEFECTS.iter().map(|defect| (defect.name, defect.about)));
    }
    let settings = match settings(arguments, checked) {
        Ok(settings) => settings,
        Err(problems) => {
            console.tell_all(problems);
            return Exit::Usage;
        }
    };
    let runtime = match runtime::start(Workers::Cores, console) {
        Ok(runtime) => runtime,
        Err(exit) => return exit,
    };
    runtime.block_on(async {
        let version = settings.definitions.version();
        let mut stop = Stop::listen();
        let mut simulator = match Simulator::start(settings).await {
            Ok(simulator) => simulator,
            Err(error) => {
                console.tell_grouped(not_started(error));
                return Exit::Usage;
            }
        };
        console.tell_grouped(std::mem::take(&mut simulator.warnings));
        // The line that others wait for: the base URL, and nothing else on standard output.
        if console.output(format!("{}\n", simulator.base_url).as_bytes()).is_err() {
            return Exit::Usage;
        }
        let serving = SERVING.get(console.language).replacen("{}", &simulator.resources.to_string(), 1);
        console.error(&format!("{}\n", serving.replacen("{}", version.number(), 1)));
        stop.asked().await;
        simulator.shutdown().await;
        Exit::Passed
    })
}

/// Everything a simulator needs, or all that is wrong.
pub(super) fn settings(arguments: &Arguments, checked: &Checked) -> Result<Settings, Vec<Diagnostic>> {
    let mut problems = vec![];
    let version = checked.fhir_version.unwrap_or(FhirVersion::Stu3);
    let definitions = Packages::open(&checked.packages).and_then(|packages| packages.definitions(version));
    let definitions = definitions.map_err(|more| problems.extend(more)).ok();
    let fixtures = fixtures(&arguments.dva.fixtures_or(&arguments.fixtures))
        .map_err(|more| problems.extend(more))
        .unwrap_or_default();
    let tokens = arguments.tokens.clone().or_else(|| arguments.dva.tokens(&arguments.fixtures));
    let registry = tokens.as_deref().map(|path| registry(path).map_err(|problem| problems.push(*problem)));
    let listen = address(&arguments.listen).map_err(|problem| problems.push(*problem)).ok();
    let mut defects = vec![];
    for name in arguments.dva.fhir_defects(&arguments.defect) {
        match ActiveDefect::parse(name) {
            Ok(defect) => defects.push(defect),
            Err(_) => problems.push(no_defect(name)),
        }
    }
    let (Some(definitions), Some(listen), true) = (definitions, listen, problems.is_empty()) else {
        return Err(problems);
    };
    let observer = || Arc::new(log as fn(&Exchange)) as Arc<dyn Observer>;
    Ok(Settings {
        listen,
        fixtures,
        variables: checked.variables.clone(),
        require_token: registry.is_some(),
        registry: registry.and_then(Result::ok).unwrap_or_default(),
        without: arguments.without.clone(),
        inspector: arguments.validate.then(|| Arc::new(Profiles::of(&definitions)) as Arc<dyn Inspector>),
        defects,
        observer: arguments.log.then(observer),
        ..Settings::new(definitions)
    })
}

/// Judges what is written by its profiles; what is nowhere defined is let through.
struct Profiles(Validator);

impl Profiles {
    fn of(definitions: &Definitions) -> Profiles {
        let (types, profiles) = (definitions.types(), definitions.profiles());
        Profiles(Validator::new(types, profiles, definitions.terminology(), Policy::default()))
    }
}

impl Inspector for Profiles {
    fn faults(&self, resource: &Typed) -> Vec<String> {
        let issues = self.0.validate(resource, &[]).issues;
        let wrong = issues.iter().filter(|issue| issue.severity <= Severity::Error);
        wrong.map(|issue| format!("`{}`: {}", issue.path, issue.message)).collect()
    }
}

fn no_defect(name: &str) -> Diagnostic {
    let diagnostic = problem::error(problem::DEFECT, format!("there is no defect `{name}`"));
    let bare = name.split('@').next().unwrap_or(name);
    match nearest(bare, DEFECTS.iter().map(|defect| defect.name)) {
        Some(near) => diagnostic.note(NoteKind::Note, format!("there is a defect `{near}`")),
        None => diagnostic,
    }
}

/// A line of the log; nobody there to read it is no reason to stop.
fn log(exchange: &Exchange) {
    let status = exchange.result.as_ref().map_or_else(|_| "---".to_owned(), |response| response.status.to_string());
    let request = &exchange.request;
    let _ = std::io::Write::write_fmt(
        &mut std::io::stderr(),
        format_args!(
            "{status} {} {} {} ms\n",
            request.method,
            redaction::shown_url(&request.url),
            exchange.elapsed.as_millis()
        ),
    );
}

/// Resources in folders and files, on disk or in the binary; all that cannot be read is named.
pub(super) fn fixtures(paths: &[PathBuf]) -> Result<Vec<Fixture>, Vec<Diagnostic>> {
    let mut fixtures = vec![];
    let mut problems = vec![];
    for path in paths {
        let before = fixtures.len() + problems.len();
        match Shelf.files(path) {
            Ok(files) => {
                for name in files.into_iter().filter(|file| is_fixture(file)) {
                    match Shelf.read(&name) {
                        Ok(text) => fixtures.push(Fixture { name, text }),
                        Err(error) => problems.push(problem::error(simulator::code::UNREADABLE, error.to_string())),
                    }
                }
            }
            Err(error) => problems.push(problem::error(simulator::code::UNREADABLE, error.to_string())),
        }
        if fixtures.len() + problems.len() == before {
            let message = format!("`{}` holds no fixtures", path.display());
            problems.push(problem::error(simulator::code::EMPTY, message));
        }
    }
    if problems.is_empty() { Ok(fixtures) } else { Err(problems) }
}

/// True for a file of resources; the tokens beside the persons are none.
pub(super) fn is_fixture(file: &Path) -> bool {
    series::holds_resources(file) && file.file_name() != Some(TOKENS.as_ref())
}

/// The file beside the persons of a suite that has their tokens.
pub(super) const TOKENS: &str = "tokens.json";

pub(super) fn registry(path: &Path) -> Result<TokenRegistry, Box<Diagnostic>> {
    let text = Shelf.read(path).map_err(|error| Box::new(problem::error(problem::PATH, error.to_string())))?;
    TokenRegistry::parse(&text).map_err(|reason| {
        let message = format!("`{}` is not a list of tokens: {reason}", path.display());
        Box::new(problem::error(problem::TOKENS, message))
    })
}

/// The tokens beside the persons in these folders, all of them; None where no folder has any.
pub(super) fn registry_beside(folders: &[PathBuf]) -> Result<Option<TokenRegistry>, Box<Diagnostic>> {
    let mut all: Option<TokenRegistry> = None;
    for file in folders.iter().map(|folder| folder.join(TOKENS)).filter(|file| Shelf.is_file(file)) {
        all.get_or_insert_default().join(registry(&file)?);
    }
    Ok(all)
}

pub(super) fn address(text: &str) -> Result<SocketAddr, Box<Diagnostic>> {
    let wrong = |reason: String| {
        let message = format!("cannot listen on `{text}`: {reason}");
        Box::new(
            problem::error(problem::SIMULATOR, message).note(NoteKind::Expected, "an address such as `127.0.0.1:8080`"),
        )
    };
    let mut addresses = text.to_socket_addrs().map_err(|error| wrong(error.to_string()))?;
    addresses.next().ok_or_else(|| wrong("the name has no address".to_owned()))
}

pub(super) fn not_started(error: StartError) -> Vec<Diagnostic> {
    match error {
        StartError::Fixtures(problems) => problems,
        error => vec![problem::error(problem::SIMULATOR, error.to_string())],
    }
}

/// A simulator on a free port with the test persons of the suites that were asked for.
///
/// # Errors
/// Everything that keeps it from starting.
pub async fn stand_in(
    selection: &Selection,
    definitions: Definitions,
    variables: &[(String, String)],
) -> Result<RunningSimulator, Vec<Diagnostic>> {
    let folders = selection.fixtures();
    let served = fixtures(&folders)?;
    let tokens = registry_beside(&folders).map_err(|problem| vec![*problem])?;
    let settings = Settings {
        fixtures: served,
        variables: variables.to_vec(),
        require_token: tokens.is_some(),
        registry: tokens.unwrap_or_default(),
        ..Settings::new(definitions)
    };
    Simulator::start(settings).await.map_err(not_started)
}
