//! `keur check medmij`, `keur check api`, `keur check notified-pull`: what was supplied is gathered, the
//! checks run, and the same record and reports come of it as of a run of scripts.

mod ask;
mod supplied;

use std::path::PathBuf;

use crate::check::catalogue::{API, MEDMIJ, NOTIFIED_PULL};
use crate::check::declaration;
use crate::check::{self, Area, Check, Chosen, Need, Outcome, Setup};
use crate::diagnostic::{Diagnostic, NoteKind, Words, nearest};
use crate::record::{RunDirectory, Tee, Verdict, new_run_id};

use super::console::Console;
use super::destination;
use super::exit::Exit;
use super::problem;
use super::progress::Progress;
use super::run;
use super::runtime::{self, Workers};
use super::settings::{Checked, Key, Said, Settings};

pub use supplied::Supplied;
pub(super) use supplied::{gather, is_configuration};

/// Flags of `check`.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// What is checked
    #[command(subcommand)]
    suite: Suite,
}

#[derive(clap::Subcommand, Debug)]
enum Suite {
    /// A MedMij DVA: lists, TLS, authorization, tokens, resource server
    Medmij(Common),
    /// A FHIR API against the API Requirements for Dutch Healthcare 1.2.0, as far as that shows from outside
    Api(ApiArguments),
    /// A party of Notified Pull, as sender and as receiver
    NotifiedPull(PullArguments),
    /// List the checks: id, level, certainty, source
    List(ListArguments),
}

/// Flags of every suite.
#[derive(clap::Args, Debug)]
struct Common {
    #[command(flatten)]
    supplied: Supplied,
    /// Only the checks whose id is or begins with this (repeatable)
    #[arg(long, value_name = "ID")]
    only: Vec<String>,
    /// Ask at the terminal what cannot be seen over the network
    #[arg(long)]
    ask: bool,
    /// Report to write: json, junit or terminal; `-` is standard output (repeatable)
    #[arg(long, value_name = "KIND=PATH")]
    report: Vec<String>,
    /// Longest wait for an answer [default: 60s]
    #[arg(long, value_name = "DURATION")]
    timeout: Option<String>,
    /// Dial no host but those of the endpoints and lists
    #[arg(long)]
    offline: bool,
    /// Folder of run records [default: .keur/runs]
    #[arg(long, value_name = "FOLDER")]
    record: Option<String>,
}

#[derive(clap::Args, Debug)]
struct ApiArguments {
    #[command(flatten)]
    common: Common,
    /// Write a declaration of conformity, with what was seen, to this file
    #[arg(long, value_name = "FILE")]
    declaration: Option<PathBuf>,
}

#[derive(clap::Args, Debug)]
struct PullArguments {
    #[command(flatten)]
    common: Common,
    /// Role of the party under test: sender or receiver [default: both]
    #[arg(long, value_name = "ROLE", value_parser = ["sender", "receiver"])]
    role: Option<String>,
}

#[derive(clap::Args, Debug)]
struct ListArguments {
    /// medmij, api or notified-pull; all without it
    #[arg(value_name = "SUITE", value_parser = ["medmij", "api", "notified-pull"])]
    suite: Option<String>,
}

impl Suite {
    fn common(&self) -> Option<&Common> {
        match self {
            Suite::Medmij(common) => Some(common),
            Suite::Api(api) => Some(&api.common),
            Suite::NotifiedPull(pull) => Some(&pull.common),
            Suite::List(_) => None,
        }
    }
}

impl Arguments {
    /// Flags that are settings too.
    pub fn settings(&self) -> Said {
        let Some(common) = self.suite.common() else { return Said::default() };
        let Common { supplied, report, timeout, offline, record, .. } = common;
        supplied
            .said()
            .many(Key::Report, report)
            .one(Key::Timeout, timeout)
            .switch(Key::Offline, *offline)
            .one(Key::Record, record)
    }
}

const CHECKING: Words = Words::new("checks: {}, against", "toetsen: {}, tegen");
const DECLARED: Words = Words::new("declaration", "verklaring");
const NOT_CONFORMITY: Words = Words::new(
    "this prepares for qualification and acceptance and replaces neither",
    "dit bereidt voor op kwalificatie en acceptatie en vervangt geen van beide",
);

/// Carries it out.
pub fn check(
    arguments: &Arguments,
    settings: &Settings,
    checked: &Checked,
    configuration: Option<PathBuf>,
    console: &Console,
) -> Exit {
    let (areas, common): (Vec<Area>, &Common) = match &arguments.suite {
        Suite::List(list) => return listed(list, console),
        Suite::Medmij(common) => (MEDMIJ.to_vec(), common),
        Suite::Api(api) => (API.to_vec(), &api.common),
        Suite::NotifiedPull(pull) => {
            let of_role = |area: &&Area| pull.role.as_ref().is_none_or(|role| area.path.ends_with(role.as_str()));
            (NOTIFIED_PULL.iter().filter(of_role).copied().collect(), &pull.common)
        }
    };
    let mut problems = destination::check(&checked.reports);
    let chosen = Chosen { areas: &areas, only: &common.only };
    let checks: Vec<&'static Check> = chosen.areas().into_iter().flat_map(|(_, checks)| checks).collect();
    problems.extend(unknown(&common.only, &areas));
    if problems.is_empty() && checks.is_empty() {
        return Exit::NothingSelected;
    }
    if !problems.is_empty() {
        console.tell_all(problems);
        return Exit::Usage;
    }
    let runtime = match runtime::start(Workers::Two, console) {
        Ok(runtime) => runtime,
        Err(exit) => return exit,
    };
    let exit = runtime.block_on(async {
        let mut setup = match gather(&common.supplied, settings, checked, configuration).await {
            Ok((setup, warnings)) => {
                console.tell_all(warnings);
                setup
            }
            Err(problems) => {
                console.tell_all(problems);
                return Exit::Usage;
            }
        };
        if common.ask && !ask::ask(&checks, &mut setup, console) {
            let warning = problem::warning(problem::SETTING_VALUE, ask::NO_TERMINAL);
            console.tell(warning.note(NoteKind::Remedy, "put the answers in a file and give it with `--answers`"));
        }
        let declaration = match &arguments.suite {
            Suite::Api(api) => api.declaration.as_deref(),
            _ => None,
        };
        carry_out(&chosen, &setup, checked, declaration, console).await
    });
    runtime.shutdown_background();
    exit
}

async fn carry_out(
    chosen: &Chosen<'_>,
    setup: &Setup,
    checked: &Checked,
    to: Option<&std::path::Path>,
    console: &Console,
) -> Exit {
    let count: usize = chosen.areas().iter().map(|(_, checks)| checks.len()).sum();
    let checking = CHECKING.get(console.language).replace("{}", &count.to_string());
    console.error(&format!("{checking} {}\n", check::target(setup)));
    let directory = RunDirectory::new(&checked.record, &new_run_id(jiff::Timestamp::now()));
    let progress = Progress::new(count as u64, console.language);
    let sink = Tee(vec![&directory, &progress]);
    let outcomes = check::run(chosen, setup, &sink, console.language).await;
    progress.clear();
    let outcomes = match outcomes {
        Ok(outcomes) => outcomes,
        Err(error) => {
            console.tell(problem::error(problem::RECORD, error.to_string()));
            return Exit::Usage;
        }
    };
    let exit = run::finish(directory.path(), checked, console);
    console.error(&format!("{}\n", NOT_CONFORMITY.get(console.language)));
    if let Some(path) = to {
        let text = serde_json::to_string_pretty(&declaration::of(&outcomes)).unwrap_or_default();
        if let Err(problem) = destination::write(path, format!("{text}\n").as_bytes()) {
            console.tell(*problem);
            return Exit::Usage;
        }
        console.error(&format!("{}: {}\n", DECLARED.get(console.language), path.display()));
    }
    match exit {
        // Every login failed: what is said about the rest stands on that.
        Exit::Failed | Exit::Incomplete if no_token(&outcomes, setup) => Exit::NoToken,
        exit => exit,
    }
}

/// A login was tried and no check that needs a token came to anything.
fn no_token(outcomes: &[(&'static Check, Outcome)], setup: &Setup) -> bool {
    let needs = |check: &&Check| check.needs.contains(&Need::Login) || check.needs.contains(&Need::Token);
    let mut all = outcomes.iter().filter(|(check, _)| needs(check) && setup.missing(check).is_empty()).peekable();
    let blocked = |outcome: &Outcome| {
        outcome.verdict() == Verdict::NotEvaluated && outcome.findings.iter().any(|f| f.code == check::code::BLOCKED)
    };
    setup.has(Need::Login)
        && all.peek().is_some()
        && all.all(|(check, outcome)| blocked(outcome) || check.id == "MM-TOK-01" || check.id == "MM-AUTH-22")
}

/// Words after `--only` that are the beginning of no id.
fn unknown(only: &[String], areas: &[Area]) -> Vec<Diagnostic> {
    let ids = || areas.iter().flat_map(|area| area.checks).map(|check| check.id);
    let begins =
        |word: &str| ids().any(|id| id.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word)));
    let say = |word: &String| {
        let diagnostic = problem::error(problem::SETTING_VALUE, format!("there is no check `{word}` here"));
        match nearest(word, ids()) {
            Some(near) => diagnostic.note(NoteKind::Note, format!("there is a check `{near}`")),
            None => diagnostic,
        }
    };
    only.iter().filter(|word| !begins(word)).map(say).collect()
}

fn listed(arguments: &ListArguments, console: &Console) -> Exit {
    let wanted = |name: &str| arguments.suite.as_deref().is_none_or(|suite| suite == name);
    let suites = [("medmij", &MEDMIJ[..]), ("notified-pull", &NOTIFIED_PULL[..]), ("api", &API[..])];
    let mut text = String::new();
    for area in suites.into_iter().filter(|(name, _)| wanted(name)).flat_map(|(_, areas)| areas) {
        for check in area.checks {
            text.push_str(&format!(
                "{:10} {} {:?}  {} ({})\n",
                check.id,
                check.level.letter(),
                check.certainty,
                check.title.get(console.language),
                check.source
            ));
        }
    }
    console.ended(text, Exit::Passed)
}
