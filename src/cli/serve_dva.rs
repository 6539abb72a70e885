//! `keur serve --dva`: the simulator as a whole DVA, with login, tokens, lists and TLS.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::diagnostic::{Diagnostic, NoteKind, Words, nearest};
use crate::simulator::DEFECTS;
use crate::simulator::dva::{
    self, ActiveFault, DvaConfig, DvaError, DvaSettings, FAULTS, PullProfile, Release, RunningDva,
};
use crate::testscript::source::ScriptSource;

use super::console::Console;
use super::exit::Exit;
use super::problem;
use super::runtime::{self, Workers};
use super::serve::{self, SERVING, TOKENS};
use super::settings::Checked;
use super::stop::Stop;
use super::suite::Shelf;

/// The suite whose test persons a DVA has when it is given none.
const FIXTURES: &str = "fixtures/bgz-3.0";

/// Flags of the DVA.
#[derive(clap::Args, Debug)]
pub struct Whole {
    /// Serve a whole DVA: login, tokens, lists, mutual TLS; without `--fixtures` with built-in test persons
    #[arg(long)]
    dva: bool,
    /// With `--dva`: write what a client must know (endpoints, certificates, logins) to a JSON file
    #[arg(long, value_name = "FILE", requires = "dva")]
    config_out: Option<PathBuf>,
    /// With `--dva`: release of the MedMij agreement framework: 1.5, 2.0 or 2.2 [default: 2.2]
    #[arg(long, value_name = "RELEASE", requires = "dva")]
    release: Option<String>,
    /// With `--dva`: how long tokens and codes are valid, in seconds [default: 900]
    #[arg(long, value_name = "SECONDS", requires = "dva")]
    token_lifetime: Option<u64>,
    /// With `--dva`: authorization model of Notified Pull: np-twiin or np-nuts [default: np-twiin]
    #[arg(long, value_name = "PROFILE", requires = "dva", value_parser = ["np-twiin", "np-nuts"])]
    pull_profile: Option<String>,
}

impl Whole {
    /// True when a DVA is asked for.
    pub fn wanted(&self) -> bool {
        self.dva
    }

    /// The folders of fixtures: those given, or the built-in ones for a DVA without any.
    pub fn fixtures_or(&self, given: &[PathBuf]) -> Vec<PathBuf> {
        match self.dva && given.is_empty() {
            true => vec![PathBuf::from(FIXTURES)],
            false => given.to_vec(),
        }
    }

    /// The tokens beside the fixtures: a DVA has people.
    pub fn tokens(&self, given: &[PathBuf]) -> Option<PathBuf> {
        let beside = |folder: &PathBuf| Some(folder.join(TOKENS)).filter(|file| Shelf.is_file(file));
        self.fixtures_or(given).iter().filter(|_| self.dva).find_map(beside)
    }

    /// The names among these that are defects of the FHIR server.
    pub fn fhir_defects<'d>(&self, names: &'d [String]) -> Vec<&'d String> {
        names.iter().filter(|name| !self.dva || ActiveFault::named(name).is_none()).collect()
    }
}

const LOGIN: Words = Words::new("log in at", "inloggen op");
const CONFIG: Words = Words::new("what a client must know", "wat een client moet weten");

/// Carries it out.
pub fn serve(arguments: &serve::Arguments, checked: &Checked, console: &Console) -> Exit {
    if arguments.defect.iter().any(|name| name == "list") {
        return list(console);
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
    let _ = rustls::crypto::ring::default_provider().install_default();
    let exit = runtime.block_on(async {
        let version = settings.simulator.definitions.version();
        let mut stop = Stop::listen();
        let mut running = match dva::start(settings).await {
            Ok(running) => running,
            Err(error) => {
                console.tell_grouped(not_started(error));
                return Exit::Usage;
            }
        };
        console.tell_grouped(std::mem::take(&mut running.warnings));
        if let Err(problem) = written(&arguments.dva.config_out, &running) {
            console.tell(*problem);
            return Exit::Usage;
        }
        let config = &running.config;
        if console.output(format!("{}\n", config.fhir_base).as_bytes()).is_err() {
            return Exit::Usage;
        }
        let serving = SERVING.get(console.language).replacen("{}", &running.resources.to_string(), 1);
        console.error(&format!("{}\n", serving.replacen("{}", version.number(), 1)));
        console.error(&format!("{} {}\n", LOGIN.get(console.language), config.authorization_endpoint));
        let well_known = format!("{}{}", config.fhir_base, dva::config::WELL_KNOWN);
        console.error(&format!("{}: {well_known}\n", CONFIG.get(console.language)));
        stop.asked().await;
        running.shutdown().await;
        Exit::Passed
    });
    runtime.shutdown_background();
    exit
}

fn list(console: &Console) -> Exit {
    let faults = FAULTS.iter().flat_map(|area| area.iter()).map(|fault| (fault.id, fault.about));
    console.listed(faults.chain(DEFECTS.iter().map(|defect| (defect.name, defect.about))))
}

/// Everything a DVA needs, or all that is wrong.
fn settings(arguments: &serve::Arguments, checked: &Checked) -> Result<DvaSettings, Vec<Diagnostic>> {
    let flags = &arguments.dva;
    let mut problems = vec![];
    let release = match flags.release.as_deref().map(|text| (text, Release::parse(text))) {
        None => Release::default(),
        Some((_, Some(release))) => release,
        Some((text, None)) => {
            let known: Vec<&str> = Release::ALL.iter().map(|(number, _)| *number).collect();
            let diagnostic = problem::error(problem::SETTING_VALUE, format!("`release` cannot be `{text}`"));
            problems.push(diagnostic.note(NoteKind::Expected, known.join(", ")));
            Release::default()
        }
    };
    let defects: Vec<ActiveFault> = arguments.defect.iter().filter_map(|name| ActiveFault::named(name)).collect();
    for name in flags.fhir_defects(&arguments.defect) {
        if name.contains('-') && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-') {
            problems.push(no_fault(name));
        }
    }
    let simulator = serve::settings(arguments, checked).map_err(|more| {
        // A name that looks like an id was explained as one.
        let told = |problem: &Diagnostic| !problems.is_empty() && problem.code == problem::DEFECT;
        let more: Vec<Diagnostic> = more.into_iter().filter(|problem| !told(problem)).collect();
        problems.extend(more);
    });
    match (simulator, problems.is_empty()) {
        (Ok(simulator), true) => Ok(DvaSettings {
            simulator,
            release,
            token_lifetime: Duration::from_secs(flags.token_lifetime.unwrap_or(900).max(1)),
            pull_profile: flags.pull_profile.as_deref().and_then(PullProfile::parse),
            defects,
        }),
        _ => Err(problems),
    }
}

fn no_fault(id: &str) -> Diagnostic {
    let diagnostic = problem::error(problem::DEFECT, format!("there is no defect `{id}`"));
    match nearest(id, FAULTS.iter().flat_map(|area| area.iter()).map(|fault| fault.id)) {
        Some(near) => diagnostic.note(NoteKind::Note, format!("there is a defect `{near}`")),
        None => diagnostic,
    }
}

fn not_started(error: DvaError) -> Vec<Diagnostic> {
    match error {
        DvaError::Start(error) => serve::not_started(error),
        error => vec![problem::error(problem::SIMULATOR, error.to_string())],
    }
}

/// Writes the configuration where it was asked for, for its owner only: there are keys in it.
fn written(to: &Option<PathBuf>, running: &RunningDva) -> Result<(), Box<Diagnostic>> {
    let Some(path) = to else { return Ok(()) };
    let failed = |reason: String| {
        Box::new(problem::error(problem::PATH, format!("`{}` cannot be written: {reason}", path.display())))
    };
    let text = config_text(&running.config).map_err(failed)?;
    private_file(path, &text).map_err(|error| failed(error.to_string()))
}

fn config_text(config: &DvaConfig) -> Result<String, String> {
    serde_json::to_string_pretty(config).map(|text| text + "\n").map_err(|error| error.to_string())
}

/// A file that its owner alone can read, whole or not at all.
fn private_file(path: &Path, text: &str) -> std::io::Result<()> {
    crate::authorization::private_file(path, text.as_bytes())
}
