//! `keur proxy --upstream URL --listen ADDRESS`: between two parties, seen by neither.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::authorization::TokenArgument;
use crate::connectathon::proxy::{Passed, Proxy, Route, Settings as ProxySettings, Tls, Upstream};
use crate::connectathon::{Evidence as Both, Hands, Judged, Monitor, Scenario, Sides, Station, code};
use crate::diagnostic::{Diagnostic, Words};
use crate::engine::PlanSettings;
use crate::exchange::{AccessToken, Client, ClientSettings, redaction};
use crate::record::{
    BodyHash, Event, EventSink, Exchanged, Record, RecordError, RecordedMessage, RunDirectory, RunStarted, new_run_id,
};
use crate::simulator::TokenRegistry;
use crate::testscript::{Card, Circumstances, Side, TestScript};

use super::awaiting::{file_name, of_party, told};
use super::choice::{Choices, Preference};
use super::console::Console;
use super::destination;
use super::exit::Exit;
use super::judge::Judge;
use super::packages::Packages;
use super::problem;
use super::run::{finish, load, tokens};
use super::runtime::{self, Workers};
use super::serve::{address, registry};
use super::settings::{Checked, Key, PackageFlags, Said, Settings, ValueFlags};
use super::stop::Stop;
use super::suite::{Selection, Shelf};

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

const NOBODY: Words = Words::new("of no party:", "van geen partij:");
const READY: Words =
    Words::new("passes on to {}; Ctrl-C ends and reports", "geeft door aan {}; Ctrl-C eindigt en rapporteert");

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
    let proxying =
        (ProxySettingsOf { listen, tls, upstream, routes, keep: arguments.keep }, arguments.upstream.as_str());
    let exit = runtime.block_on(between.stand(proxying, checked, console));
    runtime.shutdown_background();
    exit
}

/// The tokens beside the persons of a suite.
fn tokens_of(selection: &Selection) -> Option<PathBuf> {
    use crate::testscript::source::ScriptSource as _;
    let mut files = selection.fixtures().into_iter().map(|folder| folder.join(super::serve::TOKENS));
    files.find(|file| Shelf.is_file(file))
}

struct ProxySettingsOf {
    listen: std::net::SocketAddr,
    tls: Option<Tls>,
    upstream: Upstream,
    routes: Vec<Route>,
    keep: usize,
}

/// What stands between.
struct Between<'b> {
    scenario: Scenario,
    definitions: &'b Choices,
    persons: TokenRegistry,
    patience: Option<Duration>,
}

/// A party while it is watched.
struct Watched {
    name: String,
    station: Station,
    directory: RunDirectory,
    /// Exchanges, where no scripts write them down.
    passed: AtomicU32,
    fault: Mutex<Option<RecordError>>,
}

impl Between<'_> {
    async fn stand(&self, (settings, base): (ProxySettingsOf, &str), checked: &Checked, console: &Console) -> Exit {
        let names: Vec<String> = match settings.routes.is_empty() {
            true => vec![String::new()],
            false => settings.routes.iter().map(|route| route.name.clone()).collect(),
        };
        let persons: HashSet<AccessToken> =
            self.persons.persons().into_iter().map(|(token, _)| AccessToken::new(token)).collect();
        let language = console.language;
        let base = base.trim_end_matches('/').to_owned();
        let watched = |name: &String| {
            let mut tokens = persons.clone();
            tokens.extend(settings.routes.iter().filter(|r| r.name == *name).filter_map(|r| r.token.clone()));
            let label = if name.is_empty() { String::new() } else { format!("{name}: ") };
            let say = move |notice: &crate::engine::awaiting::Notice| {
                let line = format!("{label}{}", told(notice, language));
                let _ = std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes());
            };
            let id = new_run_id(jiff::Timestamp::now());
            let id = if name.is_empty() { id } else { format!("{id}-{}", file_name(name)) };
            Arc::new(Watched {
                name: name.clone(),
                station: Station::new(name, tokens, say),
                directory: RunDirectory::new(&checked.record, &id),
                passed: AtomicU32::new(0),
                fault: Mutex::default(),
            })
        };
        let parties: Vec<Arc<Watched>> = names.iter().map(watched).collect();
        let judges = self.scenario.plans.judges() > 0;
        let witness = {
            let (parties, alone, target) = (parties.clone(), settings.routes.is_empty(), base.clone());
            move |passed: Passed| {
                let party = passed.party.or(alone.then_some(0)).and_then(|party| parties.get(party));
                match party {
                    None => say_nobody(&passed, language),
                    Some(party) if judges => party.station.heard(&passed.below, passed.exchange),
                    Some(party) => party.write(passed, &target),
                }
            }
        };
        let ProxySettingsOf { listen, tls, upstream, routes, keep } = settings;
        let upstream = Some(Arc::new(upstream));
        let settings = ProxySettings { listen, upstream, tls, routes, limit: keep, witness: Arc::new(witness) };
        let proxy = match Proxy::start(settings).await {
            Ok(proxy) => proxy,
            Err(error) => {
                console.tell(code::error(code::LISTEN, format!("cannot listen on {listen}: {error}")));
                return Exit::Usage;
            }
        };
        let judge = Judge::new(self.definitions);
        let http = Client::new(ClientSettings { timeout: checked.timeout, ..ClientSettings::default() });
        let hands =
            Hands { http: &http, validator: &judge, definitions: self.definitions.used(), persons: &self.persons };
        // The line that others wait for.
        if console.output(format!("http://{}\n", proxy.address).as_bytes()).is_err() {
            return Exit::Usage;
        }
        console.error(&format!("{}\n", READY.get(language).replace("{}", &redaction::shown_url(&base))));
        let (stop, _) = tokio::sync::watch::channel(false);
        let ended = async {
            let mut asked = Stop::listen();
            match self.patience {
                None => asked.asked().await,
                Some(patience) => drop(tokio::time::timeout(patience, asked.asked()).await),
            }
            stop.send_replace(true);
            // Asked again, it stops at once.
            asked.asked().await;
        };
        let judged = async {
            let runs = parties.iter().map(|party| {
                let mut over = stop.subscribe();
                let until = async move { drop(over.wait_for(|over| *over).await) };
                self.watch(party, &hands, &base, judges, until)
            });
            futures_util::future::try_join_all(runs).await
        };
        let outcome = tokio::select! {
            outcome = judged => outcome,
            () = ended => return Exit::Interrupted,
        };
        drop(proxy);
        if let Err(error) = outcome {
            console.tell(problem::error(problem::RECORD, error.to_string()));
            return Exit::Usage;
        }
        let exits: Vec<Exit> = parties.iter().map(|party| party.report(checked, console)).collect();
        const WORST: [Exit; 4] = [Exit::Usage, Exit::NoAnswer, Exit::Failed, Exit::Incomplete];
        WORST.into_iter().find(|exit| exits.contains(exit)).unwrap_or(Exit::Passed)
    }

    async fn watch(
        &self,
        party: &Watched,
        hands: &Hands<'_>,
        base: &str,
        judges: bool,
        until: impl Future<Output = ()>,
    ) -> Result<(), RecordError> {
        if !judges {
            until.await;
            if party.passed.load(Ordering::Relaxed) > 0 {
                let at = jiff::Timestamp::now().to_string();
                party.directory.event(&Event::RunFinished { at, interrupted: false })?;
            }
            return party.fault.lock().ok().and_then(|mut fault| fault.take()).map_or(Ok(()), Err);
        }
        let ignore = |_: &Exchanged| ();
        let evidence = Both::new(&party.directory, base, self.scenario.plans.judges(), &ignore);
        let (plans, circumstances) = (&self.scenario.plans, &Circumstances::live());
        party.station.judge(&Monitor { hands, plans, evidence: &evidence, circumstances }, until).await?;
        evidence.finish(false).map(|_| ())
    }
}

impl Watched {
    fn report(&self, checked: &Checked, console: &Console) -> Exit {
        if Record::open(self.directory.path()).is_err() {
            return Exit::NothingSelected;
        }
        if !self.name.is_empty() {
            console.error(&format!("\n{}\n", self.name));
        }
        let reports = checked.reports.iter().map(|report| of_party(report, &self.name)).collect();
        finish(self.directory.path(), &Checked { reports, ..checked.clone() }, console)
    }

    /// Writes an exchange down as it is.
    fn write(&self, passed: Passed, target: &str) {
        if let Err(error) = self.try_write(passed, target)
            && let Ok(mut fault) = self.fault.lock()
        {
            fault.get_or_insert(error);
        }
    }

    fn try_write(&self, passed: Passed, target: &str) -> Result<(), RecordError> {
        let exchange = passed.exchange;
        let number = self.passed.fetch_add(1, Ordering::SeqCst) + 1;
        if number == 1 {
            self.directory.event(&Event::RunStarted(RunStarted {
                format: 1,
                keur: env!("CARGO_PKG_VERSION").to_owned(),
                at: exchange.started.to_string(),
                target: redaction::recorded_url(target).into_owned(),
                simulated: false,
                fhir_version: String::new(),
                definitions: vec![],
                scripts: 0,
            }))?;
        }
        let message = |headers: &crate::exchange::Headers, body: &[u8]| -> Result<RecordedMessage, RecordError> {
            let hash = BodyHash::of(body);
            if !body.is_empty() {
                self.directory.body(&hash, body)?;
            }
            let headers = headers.iter().map(|(n, v)| (n.to_owned(), redaction::recorded_header(n, v).into_owned()));
            let body = (!body.is_empty(), body.len() as u64);
            Ok(RecordedMessage { headers: headers.collect(), body: body.0.then(|| hash.to_string()), size: body.1 })
        };
        let (response, status, error) = match &exchange.result {
            Ok(r) => (Some(message(&r.headers, &r.body)?), Some(r.status), None),
            Err(error) => (None, None, Some((error.kind.code().to_owned(), error.detail.clone()))),
        };
        self.directory.event(&Event::Exchanged(Exchanged {
            exchange: number,
            script: 0,
            test: 0,
            request: message(&exchange.request.headers, &exchange.request.body)?,
            method: exchange.request.method.clone(),
            url: redaction::recorded_url(&exchange.request.url).into_owned(),
            response,
            status,
            error,
            at: exchange.started.to_string(),
            micros: exchange.elapsed.as_micros().try_into().unwrap_or(u64::MAX),
            renews: None,
        }))
    }
}

fn say_nobody(passed: &Passed, language: crate::diagnostic::Language) {
    let request = &passed.exchange.request;
    let line = format!("{} {} {}\n", NOBODY.get(language), request.method, redaction::shown_url(&passed.below));
    let _ = std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes());
}
