//! `keur proxy --upstream URL --listen ADDRESS`: between two parties, seen by neither.

mod between;
mod watched;

use std::path::PathBuf;
use std::sync::Arc;

use crate::authorization::TokenArgument;
use crate::connectathon::proxy::{Route, Tls, Upstream};
use crate::connectathon::{Judged, Sides, code};
use crate::diagnostic::Diagnostic;
use crate::engine::PlanSettings;
use crate::testscript::source::ScriptSource as _;
use crate::testscript::{Card, Side, TestScript};

use super::choice::{Choices, Preference};
use super::console::Console;
use super::destination;
use super::exit::Exit;
use super::packages::Packages;
use super::problem;
use super::run::{load, tokens};
use super::runtime::{self, Workers};
use super::serve::{address, registry};
use super::settings::{Checked, Key, PackageFlags, Said, Settings, ValueFlags};
use super::suite::{Selection, Shelf};
use between::{Between, Gateway};

/// Flags of `proxy`.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Base URL of the server behind it
    #[arg(long, value_name = "URL")]
    upstream: String,
    /// Where it listens; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8090")]
    listen: String,
    /// TestScripts of the client, of the server or of both, or suites: judged on what passes (repeatable)
    #[arg(long, value_name = "PATH")]
    scripts: Vec<PathBuf>,
    /// A party: NAME is asked for below `/NAME`, NAME=env:VARIABLE or NAME=@FILE is known by its token (repeatable)
    #[arg(long, value_name = "NAME[=TOKEN]")]
    party: Vec<String>,
    /// Tokens of the test persons (JSON: accessToken, resourceId), for scripts that tell persons apart
    #[arg(long, value_name = "FILE")]
    tokens: Option<PathBuf>,
    #[command(flatten)]
    values: ValueFlags,
    /// Certificate (chain) to be shown to those who ask, in PEM: TLS is spoken then
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// Key of that certificate, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
    /// Certificate authorities (PEM) to trust for the server instead of the machine's
    #[arg(long, value_name = "FILE")]
    upstream_ca: Option<PathBuf>,
    /// How much of a body is kept for the record, in bytes; what is longer passes all the same
    #[arg(long, value_name = "BYTES", default_value_t = 8 * 1024 * 1024)]
    keep: usize,
    /// Longest wait for what the scripts expect; without it Ctrl-C ends
    #[arg(long, value_name = "DURATION")]
    await_timeout: Option<String>,
    /// Report to write, as for `run` (repeatable)
    #[arg(long, value_name = "KIND=PATH")]
    report: Vec<String>,
    #[command(flatten)]
    packages: PackageFlags,
    /// Folder of run records [default: .keur/runs]
    #[arg(long, value_name = "FOLDER")]
    record: Option<String>,
}

impl Arguments {
    /// Flags that are settings too.
    pub fn settings(&self) -> Said {
        Said::default()
            .and(self.values.said())
            .many(Key::Report, &self.report)
            .and(self.packages.said())
            .one(Key::Record, &self.record)
    }

    fn routes(&self, problems: &mut Vec<Diagnostic>) -> Vec<Route> {
        let environment = |name: &str| std::env::var(name).ok();
        let mut routes: Vec<Route> = vec![];
        for text in &self.party {
            let (name, token) = match text.contains('=') {
                false => (text.clone(), None),
                true => match text.parse::<TokenArgument>().and_then(|a| Ok((a.read(&environment)?, a))) {
                    Ok((token, argument)) => (argument.name.clone(), Some(token)),
                    Err(error) => {
                        problems.push(problem::error(problem::TOKEN, error.to_string()));
                        continue;
                    }
                },
            };
            let taken = routes.iter().any(|route| route.name == name || (token.is_some() && route.token == token));
            if taken || name.is_empty() || name.contains(['/', '?', '#']) {
                problems.push(code::error(code::PARTY, format!("`{name}` cannot be the name of a party")));
                continue;
            }
            routes.push(Route { name, token, upstream: None });
        }
        routes
    }

    fn tls(&self) -> Result<(Option<Tls>, Upstream), Box<Diagnostic>> {
        let wrong = |error: String| Box::new(problem::error(problem::SIMULATOR, error));
        let read = |path: &PathBuf| std::fs::read(path).map_err(|e| wrong(format!("`{}`: {e}", path.display())));
        let tls = match (&self.tls_certificate, &self.tls_key) {
            (Some(certificate), Some(key)) => {
                Some(Tls::new(&read(certificate)?, &read(key)?).map_err(|error| wrong(error.to_string()))?)
            }
            _ => None,
        };
        let roots = self.upstream_ca.as_ref().map(read).transpose()?;
        let upstream = Upstream::new(&self.upstream, roots.as_deref());
        Ok((tls, upstream.map_err(|error| wrong(error.to_string()))?))
    }
}

/// Carries it out.
pub fn proxy(arguments: &Arguments, settings: &Settings, checked: &Checked, console: &Console) -> Exit {
    let mut problems = destination::check(&checked.reports);
    let routes = arguments.routes(&mut problems);
    let tokens = tokens(settings, &mut problems);
    let listen = address(&arguments.listen).map_err(|problem| problems.push(*problem)).ok();
    let both = arguments.tls().map_err(|problem| problems.push(*problem)).ok();
    let selection = Selection::of(&arguments.scripts, &[]).map_err(|more| problems.extend(more)).unwrap_or_default();
    let packages = Packages::open(&checked.packages).map_err(|more| problems.extend(more)).unwrap_or_default();
    let persons = arguments.tokens.clone().or_else(|| tokens_of(&selection));
    let persons = persons.map(|path| registry(&path).map_err(|problem| problems.push(*problem)));
    let patience = arguments.await_timeout.as_deref().map(super::settings::duration);
    if patience == Some(None) {
        problems.push(problem::error(problem::SETTING_VALUE, "`await-timeout` is not a duration"));
    }
    let wrong = problems.iter().any(crate::testscript::problem::forbids_running);
    console.tell_all(problems);
    let (Some(listen), Some((tls, upstream)), false) = (listen, both, wrong) else { return Exit::Usage };
    let scripts = match selection.paths.is_empty() {
        true => vec![],
        false => match load(&selection, &Shelf, console) {
            Ok((scripts, _)) => scripts,
            Err(exit) => return exit,
        },
    };
    let definitions = match Choices::of(&Card::all(&scripts), &Preference::of(checked), &packages) {
        Ok((definitions, problems)) => {
            console.tell_all(problems);
            definitions
        }
        Err(problems) => {
            console.tell_all(problems);
            return Exit::Usage;
        }
    };
    let of = |wanted: &[Side]| -> Judged {
        let scripts: Vec<Arc<TestScript>> = scripts.iter().filter(|s| wanted.contains(&s.side())).cloned().collect();
        Judged { scripts, tests: vec![] }
    };
    let plan = PlanSettings {
        variables: checked.variables.iter().cloned().collect(),
        tokens,
        fhir_version: checked.fhir_version,
        ..PlanSettings::default()
    };
    let types = |version| definitions.types(version);
    let (client, server) = (of(&[Side::Client, Side::Both]), of(&[Side::Server]));
    let sides = Sides { client: &client, server: &server, files: &Shelf, types: &types };
    let scenario = match sides.watching("proxy", &plan) {
        Ok(scenario) => scenario,
        Err(problems) => {
            console.tell_grouped(problems);
            return Exit::Usage;
        }
    };
    let runtime = match runtime::start(Workers::Two, console) {
        Ok(runtime) => runtime,
        Err(exit) => return exit,
    };
    let persons = persons.and_then(Result::ok).unwrap_or_default();
    let between = Between { scenario, definitions: &definitions, persons, patience: patience.flatten() };
    let gateway = Gateway { listen, tls, upstream, base: arguments.upstream.clone(), routes, keep: arguments.keep };
    let exit = runtime.block_on(between.stand(gateway, checked, console));
    runtime.shutdown_background();
    exit
}

/// The tokens beside the persons of a suite.
fn tokens_of(selection: &Selection) -> Option<PathBuf> {
    let mut files = selection.fixtures().into_iter().map(|folder| folder.join(super::serve::TOKENS));
    files.find(|file| Shelf.is_file(file))
}
