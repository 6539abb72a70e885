//! `keur play PATH… --target URL`: keur is the client that the scripts test.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::diagnostic::{Diagnostic, NoteKind, Words, nearest};
use crate::engine::play::{
    self, ActiveDefect, DEFECTS, Doorbell, PlayOutcome, PlaySettings, Played, PlayedOutcome, Serving, Twins,
};
use crate::engine::{self, Interrupt, PlanSettings, Stance, Tokens};
use crate::exchange::{Client, ClientSettings, Reach, redaction};
use crate::simulator::{self, Simulator, TokenRegistry};
use crate::testscript::{Circumstances, Portions, Side};

use super::awaiting::{aliases, awaited};
use super::choice::{Choices, Preference};
use super::console::Console;
use super::exit::Exit;
use super::problem;
use super::run::{Prepared, load, tokens};
use super::runtime::{self, Workers};
use super::serve::{address, not_started, registry};
use super::settings::{Checked, Key, Said, Settings, ValueFlags};
use super::stop::Stop;
use super::suite::{Selection, Shelf};

/// Flags of `play`.
#[derive(clap::Args, Debug)]
#[command(mut_arg("token", |token| token.help(TOKEN)))]
pub struct Arguments {
    /// Files and folders of TestScripts for clients, or names of built-in suites
    #[arg(value_name = "PATH", required_unless_present = "defect")]
    paths: Vec<PathBuf>,
    /// Base URL of the server that is asked: a `keur run --await`, or a supplier's
    #[arg(long, value_name = "URL")]
    target: Option<String>,
    /// Tokens of the test persons, where they are not those of the scripts (JSON: accessToken, resourceId)
    #[arg(long, value_name = "FILE")]
    tokens: Option<PathBuf>,
    #[command(flatten)]
    values: ValueFlags,
    /// In two-sided scripts: where the played party listens, for notifications and as a server
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Fault to make in the first request it fits: NAME, NAME@all or NAME@Type; `list` names them
    #[arg(long, value_name = "NAME")]
    defect: Option<String>,
    /// FHIR version of the exchange where the scripts do not say: 3.0 or 4.0 [default: 3.0]
    #[arg(long, value_name = "VERSION")]
    fhir_version: Option<String>,
    /// Longest wait for an answer [default: 60s]
    #[arg(long, value_name = "DURATION")]
    timeout: Option<String>,
    /// Dial no host but the target's
    #[arg(long)]
    offline: bool,
}

/// The played party has no variables: its tokens go by who they are of.
const TOKEN: &str = "Access token of a test person: NAME=env:VARIABLE or NAME=@FILE, NAME the id of its Patient, \
                     or `default` for all (repeatable)";
const PLAYED: Words = Words::new("{} requests sent, {} answered", "{} verzoeken verstuurd, {} beantwoord");
const SERVES: Words = Words::new("the played party listens at", "de gespeelde partij luistert op");
const NOT_SENT: Words = Words::new("could not be made:", "kon niet gemaakt worden:");
const LEFT_OUT: Words = Words::new("left out on purpose", "met opzet weggelaten");

impl Arguments {
    /// Flags that are settings too.
    pub fn settings(&self) -> Said {
        Said::default()
            .one(Key::Target, &self.target)
            .and(self.values.said())
            .one(Key::FhirVersion, &self.fhir_version)
            .one(Key::Timeout, &self.timeout)
            .switch(Key::Offline, self.offline)
    }
}

/// Carries it out.
pub fn play(arguments: &Arguments, settings: &Settings, checked: &Checked, console: &Console) -> Exit {
    if arguments.defect.as_deref() == Some("list") {
        return console.listed(DEFECTS.iter().map(|defect| (defect.name, defect.about)));
    }
    let mut problems = vec![];
    let defect = arguments.defect.as_deref().and_then(|name| {
        let defect = ActiveDefect::parse(name);
        if defect.is_none() {
            problems.push(no_defect(name));
        }
        defect
    });
    let selection = Selection::of(&arguments.paths, &[]).map_err(|more| problems.extend(more)).unwrap_or_default();
    let tokens = tokens(settings, &mut problems);
    let target = checked.target.clone().unwrap_or_default();
    if target.is_empty() {
        problems.push(problem::error(problem::NO_TARGET, "there is no `--target`"));
    }
    if arguments.paths.is_empty() {
        problems.push(problem::error(problem::USAGE, "there are no scripts to play"));
    }
    let listed = arguments.tokens.as_deref().map(|path| registry(path).map_err(|problem| problems.push(*problem)));
    let wrong = problems.iter().any(crate::testscript::problem::forbids_running);
    console.tell_all(problems);
    if wrong {
        return Exit::Usage;
    }
    let (scripts, places) = match load(&selection, &Shelf, console) {
        Ok((scripts, places)) => (awaited(&scripts), places),
        Err(exit) => return exit,
    };
    let scripts = Portions::whole(scripts);
    let prepared =
        Prepared { id: String::new(), scripts, places, tokens, packages: Default::default(), selection, login: None };
    let definitions = match Choices::of(prepared.scripts.cards(), &Preference::of(checked), &prepared.packages) {
        Ok((definitions, problems)) => {
            console.tell_all(problems);
            definitions
        }
        Err(problems) => {
            console.tell_all(problems);
            return Exit::Usage;
        }
    };
    let runtime = match runtime::start(Workers::Own, console) {
        Ok(runtime) => runtime,
        Err(exit) => return exit,
    };
    let interrupt = Interrupt::default();
    let listed = listed.and_then(Result::ok);
    let party = Party { target, listed, defect, listen: arguments.listen.clone(), interrupt: interrupt.clone() };
    let outcome = runtime.block_on(async {
        let mut stop = Stop::listen();
        tokio::select! {
            outcome = party.play(&prepared, &definitions, checked, console) => outcome,
            () = stop.asked() => {
                interrupt.raise();
                Err(Exit::Interrupted)
            }
        }
    });
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(exit) => return exit,
    };
    let words = PLAYED.get(console.language);
    let words = words.replacen("{}", &outcome.sent.to_string(), 1).replacen("{}", &outcome.answered.to_string(), 1);
    console.error(&format!("{words}\n"));
    ended(&outcome, party.defect.is_some(), console)
}

fn ended(outcome: &PlayOutcome, defect: bool, console: &Console) -> Exit {
    if defect && outcome.faulty == 0 {
        let code = engine::awaiting::code::DEFECT_UNUSED;
        console.tell(problem::error(code, "the defect applies to none of the requests"));
        return Exit::Usage;
    }
    match outcome {
        PlayOutcome { sent: 0, not_sent: 0, faulty: 0, .. } => Exit::NothingSelected,
        PlayOutcome { sent: 1.., answered: 0, .. } => Exit::NoAnswer,
        PlayOutcome { not_sent: 1.., .. } => Exit::Incomplete,
        _ => Exit::Passed,
    }
}

/// The party that keur plays.
pub struct Party {
    /// Base URL of the server that is asked.
    pub target: String,
    /// Tokens the party was given, by test person.
    pub listed: Option<TokenRegistry>,
    /// A fault it makes.
    pub defect: Option<ActiveDefect>,
    /// Where it listens itself.
    pub listen: Option<String>,
    /// Ends it early.
    pub interrupt: Interrupt,
}

impl Party {
    /// Plays the scripts; says what is sent.
    ///
    /// # Errors
    /// How it ends when it cannot begin; what is wrong has been said.
    pub async fn play(
        &self,
        prepared: &Prepared<'_>,
        definitions: &Choices,
        checked: &Checked,
        console: &Console,
    ) -> Result<PlayOutcome, Exit> {
        let scripts = &prepared.scripts.all();
        let (resources, known) =
            super::awaiting::material(scripts, &prepared.selection, &super::awaiting::Flags::default())
                .unwrap_or_default();
        let mut aliases = self.listed.as_ref().map_or(vec![], |listed| aliases(&known, listed));
        aliases.extend(by_name(&known, &prepared.tokens));
        let mut persons = known;
        for (token, other) in &aliases {
            persons.alias(token, other);
        }
        let settings = PlanSettings {
            target: self.target.clone(),
            fhir_version: checked.fhir_version,
            variables: checked.variables.iter().cloned().collect(),
            tokens: prepared.tokens.clone(),
            stance: Stance::Playing,
            aliases,
        };
        let plan = engine::plan(scripts, &Shelf, &|version| definitions.types(version), &settings);
        console.tell_grouped(plan.problems.iter().filter(|problem| !is_ours(problem)).cloned().collect());
        if !plan.is_runnable() {
            let nothing = plan.problems.iter().any(|problem| problem.code == engine::code::NOTHING_TO_RUN);
            return Err(if nothing { Exit::NothingSelected } else { Exit::Usage });
        }
        let reach = if checked.offline { Reach::only_hosts_of([plan.target.as_str()]) } else { Reach::Anywhere };
        let client = Client::new(ClientSettings {
            timeout: checked.timeout,
            reach,
            user_agent: concat!("keur-play/", env!("CARGO_PKG_VERSION")).to_owned(),
            ..ClientSettings::default()
        });
        let twins = Twins::of(scripts, &Shelf);
        let serving = match &self.listen {
            Some(_) => Serving::of(scripts, &persons, &Shelf),
            None => Serving::default(),
        };
        // It serves for as long as it is held.
        let served = match (&self.listen, definitions.all().first()) {
            (Some(listen), Some(definitions)) => {
                let listen = address(listen).map_err(|problem| {
                    console.tell(*problem);
                    Exit::Usage
                })?;
                let settings = simulator::Settings {
                    listen,
                    fixtures: [resources, serving.fixtures.clone()].concat(),
                    variables: checked.variables.clone(),
                    require_token: true,
                    registry: persons.clone(),
                    reception: Some(Arc::new(Doorbell)),
                    ..simulator::Settings::new(definitions.definitions.clone())
                };
                let started = Simulator::start(settings).await.map_err(|error| {
                    console.tell_grouped(not_started(error));
                    Exit::Usage
                })?;
                console.error(&format!("{} {}\n", SERVES.get(console.language), started.base_url));
                Some(started)
            }
            _ => None,
        };
        let settings = PlaySettings {
            defect: self.defect.clone(),
            persons: &persons,
            twins: &twins,
            serving: &serving,
            circumstances: Circumstances::live(),
            interrupt: self.interrupt.clone(),
            patience: Duration::from_secs(20),
        };
        let tell = |played: &Played| console.error(&told(played, console));
        if served.is_some() {
            self.meet(&client, settings.patience).await;
        }
        let outcome = play::play(&plan, &client, &settings, &tell).await;
        if served.is_some() {
            self.linger(&client).await;
        }
        Ok(outcome)
    }

    /// A party that listens may be there before the one that notifies it.
    async fn meet(&self, client: &Client, patience: Duration) {
        let until = tokio::time::Instant::now() + patience;
        while !play::is_there(client, &self.target).await
            && tokio::time::Instant::now() < until
            && !self.interrupt.is_raised()
        {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The other side may still be asking: it is waited for until it says that it waits no more, or is gone.
    async fn linger(&self, client: &Client) {
        while !self.interrupt.is_raised() && play::is_waiting(client, &self.target).await {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

/// What the other side is to say, not the player: what a request holds it knows or it is not sent.
fn is_ours(problem: &Diagnostic) -> bool {
    problem.code == engine::code::INPUT
}

/// Tokens that were given for a Patient, or for all.
fn by_name(known: &TokenRegistry, given: &Tokens) -> Vec<(String, String)> {
    let mut pairs = vec![];
    for (token, people) in known.persons() {
        let named = people.iter().find_map(|(id, _)| given.by_name.get(*id));
        if let Some(other) = named.or(given.default.as_ref()) {
            pairs.push((token.to_owned(), other.expose().to_owned()));
        }
    }
    pairs
}

fn told(played: &Played, console: &Console) -> String {
    let Played { script, test, outcome } = played;
    let label = if test.is_empty() || test == script { script.clone() } else { format!("{script} / {test}") };
    match outcome {
        PlayedOutcome::Sent(request, Ok(status)) => format!("{status} {request}  {label}\n"),
        PlayedOutcome::Sent(request, Err(error)) => format!("--- {request}  {label}: {error}\n"),
        PlayedOutcome::LeftOut(request) => format!("    {request}  {label}: {}\n", LEFT_OUT.get(console.language)),
        PlayedOutcome::NotSent(why) => {
            format!("    {label}: {} {}\n", NOT_SENT.get(console.language), redaction::mask_bsns(why))
        }
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

/// True when scripts that are to be run are to be played as well: the suite's own client scripts, with
/// nobody else to ask.
pub fn plays_itself(prepared: &Prepared<'_>, checked: &Checked) -> bool {
    let cards = prepared.scripts.cards();
    let for_clients = !cards.is_empty() && cards.iter().all(|card| card.side == Side::Client);
    for_clients && prepared.selection.brings_fixtures() && checked.target.is_none()
}
