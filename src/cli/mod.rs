//! The `keur` command: verbs, settings, streams and exit codes. A verb is a file; nothing is loaded
//! before the verb that needs it, and verbs that make no request start no runtime.

mod auth;
mod awaiting;
mod certificate;
mod check;
mod choice;
mod completions;
mod configuration;
mod console;
mod destination;
mod diff;
mod doctor;
mod evidence;
mod exit;
mod explain;
mod fhirpath;
mod given;
mod judge;
mod lint;
mod list;
mod mask;
mod matrix;
mod new;
mod package;
mod packages;
mod persons;
mod play;
mod problem;
mod progress;
mod proxy;
mod replay;
mod report;
mod reports;
mod requirements;
mod run;
mod runtime;
mod serve;
mod serve_dva;
mod settings;
mod stop;
mod suite;
mod terminology;
mod usage;
mod validate;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::diagnostic::{Diagnostic, Language, Registry, Rule, Severity};

use console::Console;
pub use exit::Exit;
use settings::{Key, Said, Settings};

/// The tables of every room's rules.
const TABLES: &[&[Rule]] = &[
    problem::RULES,
    crate::testscript::problem::RULES,
    crate::testscript::lint::code::RULES,
    crate::engine::code::RULES,
    crate::engine::awaiting::code::RULES,
    crate::simulator::code::RULES,
    crate::validation::code::RULES,
    crate::evidence::code::RULES,
    crate::report::code::RULES,
    crate::authorization::code::RULES,
    crate::check::code::RULES,
    crate::connectathon::code::RULES,
];

/// Inspects FHIR services of the Dutch health-data exchange: runs TestScripts against them and gives a
/// verdict that someone else can check.
#[derive(Parser, Debug)]
#[command(name = "keur", version, arg_required_else_help = true, after_help = exit::help())]
struct Command {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    verb: Verb,
}

/// Flags of every verb.
#[derive(Args, Debug)]
struct Global {
    /// Language of messages: en or nl [default: en]
    #[arg(long, global = true, value_name = "LANG")]
    lang: Option<String>,
    /// Settings file [default: keur.toml, where it is there]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Show every setting, where it comes from, and stop
    #[arg(long, global = true)]
    show_settings: bool,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Run TestScripts against a server and report
    Run(run::Arguments),
    /// Write reports of a run that was recorded
    Report(report::Arguments),
    /// Play the client that TestScripts test, against a server
    Play(play::Arguments),
    /// Count scripts, tests, operations and asserts, without running any
    List(list::Arguments),
    /// Look for mistakes in TestScripts, without running any
    Lint(lint::Arguments),
    /// Make a suite to start from, with a script, a test person and comments
    New(new::Arguments),
    /// Serve fixtures with the built-in simulator
    Serve(serve::Arguments),
    /// Validate resources against FHIR and the profiles they claim
    Validate(validate::Arguments),
    /// Check what no TestScript tests: MedMij login, lists and TLS, Notified Pull, the API requirements
    Check(Box<check::Arguments>),
    /// One page before a test day: names, TLS, lists, endpoints, clock, token, and what to do
    Doctor(Box<doctor::Arguments>),
    /// Evaluate a FHIRPath expression over a FHIR document
    Fhirpath(fhirpath::Arguments),
    /// Work with FHIR packages
    Package(package::Arguments),
    /// Stand between two parties: pass everything on unchanged, record it and judge both sides
    Proxy(proxy::Arguments),
    /// Play many servers and clients against each other
    Matrix(matrix::Arguments),
    /// Derive the verdicts of a run again from its record
    Replay(replay::Arguments),
    /// Compare two runs
    Diff(diff::Arguments),
    /// Pack, sign, verify and sample evidence of runs
    Evidence(evidence::Arguments),
    /// Log test persons in, and see who is
    Auth(auth::Verb),
    /// Explain a rule code
    Explain(explain::Arguments),
    /// Write a script that completes verbs and flags in a shell
    Completions(completions::Arguments),
}

impl Verb {
    /// Flags that are settings too.
    fn settings(&self) -> Said {
        match self {
            Verb::Run(arguments) => arguments.settings(),
            Verb::Report(arguments) => arguments.settings(),
            Verb::Lint(arguments) => arguments.settings(),
            Verb::New(arguments) => arguments.settings(),
            Verb::Play(arguments) => arguments.settings(),
            Verb::Serve(arguments) => arguments.settings(),
            Verb::Validate(arguments) => arguments.settings(),
            Verb::Check(arguments) => arguments.settings(),
            Verb::Doctor(arguments) => arguments.settings(),
            Verb::Fhirpath(arguments) => arguments.settings(),
            Verb::Replay(arguments) => arguments.settings(),
            Verb::Diff(arguments) => arguments.settings(),
            Verb::Evidence(arguments) => arguments.settings(),
            Verb::Proxy(arguments) => arguments.settings(),
            Verb::Matrix(arguments) => arguments.settings(),
            // The rest has no flag that is a setting.
            _ => Said::default(),
        }
    }
}

/// Runs the command line and says how it ended. A fault in keur itself is said as such.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let command = match Command::try_parse_from(arguments) {
        Ok(command) => command,
        Err(error) => {
            // Help and version are data; the rest is usage.
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Passed };
            match usage::explained(&error) {
                // The command line was not read, so neither was its language.
                Some(diagnostic) => Console::new(Language::En, Registry::new(TABLES)).tell(diagnostic),
                None => drop(error.print()),
            }
            return exit;
        }
    };
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|place| format!(" ({}:{})", place.file(), place.line())).unwrap_or_default();
        let message = panic.payload_as_str().unwrap_or("no message");
        eprintln!(
            "bug in keur {}: {message}{place}\n  = remedy: please report this line with the command that was given",
            env!("CARGO_PKG_VERSION")
        );
    }));
    std::panic::catch_unwind(|| carry_out(command)).unwrap_or(Exit::Bug)
}

fn carry_out(command: Command) -> Exit {
    let Command { global, verb } = command;
    let flags = verb.settings().one(Key::Lang, &global.lang);
    let environment = |name: &str| std::env::var(name).ok();
    // What a DVA says about itself can be given where settings are.
    let (configuration, config) = match global.config {
        Some(path) if check::is_configuration(&path) => (Some(path), None),
        path => (None, path),
    };
    let (settings, problems) = Settings::gather(flags, &environment, config);
    let language = settings.language();
    let console = Console::new(*language.as_ref().unwrap_or(&Language::En), Registry::new(TABLES));
    let problems: Vec<Diagnostic> = problems.into_iter().chain(language.err().map(|problem| *problem)).collect();
    let wrong = problems.iter().any(|problem| problem.severity <= Severity::Error);
    console.tell_all(problems);
    if wrong {
        return Exit::Usage;
    }
    if global.show_settings {
        return console.ended(settings.show(), Exit::Passed);
    }
    let checked = match settings.checked() {
        Ok(checked) => checked,
        Err(problems) => {
            console.tell_all(problems);
            return Exit::Usage;
        }
    };
    match verb {
        Verb::Run(arguments) => run::run(&arguments, &settings, &checked, &console),
        Verb::Report(arguments) => report::report(&arguments, &checked, &console),
        Verb::Play(arguments) => play::play(&arguments, &settings, &checked, &console),
        Verb::List(arguments) => list::list(&arguments, &console),
        Verb::Lint(arguments) => lint::lint(&arguments, &checked, &console),
        Verb::New(arguments) => new::new(&arguments, &checked, &console),
        Verb::Serve(arguments) => serve::serve(&arguments, &checked, &console),
        Verb::Validate(arguments) => validate::validate(&arguments, &checked, &console),
        Verb::Doctor(arguments) => doctor::doctor(&arguments, &settings, &checked, configuration, &console),
        Verb::Check(arguments) => check::check(&arguments, &settings, &checked, configuration, &console),
        Verb::Fhirpath(arguments) => fhirpath::fhirpath(&arguments, &checked, &console),
        Verb::Package(arguments) => package::package(&arguments, &checked, &console),
        Verb::Replay(arguments) => replay::replay(&arguments, &checked, &console),
        Verb::Diff(arguments) => diff::diff(&arguments, &checked, &console),
        Verb::Evidence(arguments) => evidence::evidence(&arguments, &settings, &checked, &console),
        Verb::Auth(verb) => auth::auth(&verb, &settings, &checked, &console),
        Verb::Proxy(arguments) => proxy::proxy(&arguments, &settings, &checked, &console),
        Verb::Matrix(arguments) => matrix::matrix(&arguments, &settings, &checked, &console),
        Verb::Explain(arguments) => explain::explain(&arguments, &console),
        Verb::Completions(arguments) => completions::completions(&arguments, &console),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Command::command().debug_assert();
    }

    #[test]
    fn no_two_rules_claim_one_code_and_every_rule_says_what_to_do_in_both_languages() {
        assert_eq!(Registry::clashes(TABLES), []);
        for rule in Registry::new(TABLES).rules() {
            for words in [rule.title, rule.explanation, rule.remedy] {
                assert!(!words.en.is_empty() && !words.nl.is_empty(), "{}", rule.code);
            }
            for line in [rule.title.en, rule.title.nl, rule.remedy.en, rule.remedy.nl] {
                assert!(!line.ends_with('.') && !line.contains('\n'), "{}: {line}", rule.code);
            }
        }
    }

    #[test]
    fn rooms_do_not_share_a_hundred_of_codes() {
        let mut rooms: std::collections::BTreeMap<u16, usize> = std::collections::BTreeMap::new();
        for (room, table) in TABLES.iter().enumerate() {
            for rule in *table {
                assert_eq!(*rooms.entry(rule.code.0 / 100).or_insert(room), room, "{}", rule.code);
            }
        }
    }
}
