//! `keur lint PATH…`: what is wrong with scripts, without running them.

mod written;

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use crate::definitions::Definitions;
use crate::diagnostic::{Code, Diagnostic, Language, NoteKind, Severity, Words};
use crate::fhir::FhirVersion;
use crate::testscript::lint::{self, Findings, Surroundings};
use crate::testscript::{Card, ScriptSet, TestScript};

use super::choice::{Choices, Preference};
use super::console::Console;
use super::exit::Exit;
use super::list::refused;
use super::packages::Packages;
use super::settings::{Checked, Key, PackageFlags, Said};
use super::suite::{Selection, Shelf};

/// Flags of `lint`.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Files and folders of TestScripts, or names of built-in suites
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    /// How to write it
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Rule to leave out, such as KEUR1120 (repeatable)
    #[arg(long, value_name = "RULE")]
    allow: Vec<String>,
    /// Show what is good to know too (the text form counts it only)
    #[arg(long)]
    all: bool,
    /// FHIR version of the exchange where the scripts do not say: 3.0 or 4.0 [default: 3.0]
    #[arg(long, value_name = "VERSION")]
    fhir_version: Option<String>,
    #[command(flatten)]
    packages: PackageFlags,
}

/// Ways to write it.
#[derive(clap::ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Format {
    /// For people
    #[default]
    Text,
    /// JSON for programs
    Json,
    /// SARIF 2.1.0, for code-scanning tools
    Sarif,
    /// Annotations of GitHub workflows
    Github,
}

const SCRIPTS: [Words; 2] = [Words::new("1 script", "1 script"), Words::new("{} scripts", "{} scripts")];
const COUNTS: [(Severity, Words, Words); 3] = [
    (Severity::Error, Words::new("error", "fout"), Words::new("errors", "fouten")),
    (Severity::Warning, Words::new("warning", "waarschuwing"), Words::new("warnings", "waarschuwingen")),
    (Severity::Information, Words::new("note", "opmerking"), Words::new("notes", "opmerkingen")),
];
const LIKE_IT: Words = Words::new("more like it", "meer zoals deze");
const CLEAN: Words = Words::new("nothing to say of", "niets aan te merken op");

impl Arguments {
    /// Flags that are settings too.
    pub fn settings(&self) -> Said {
        Said::default()
            .many(Key::Allow, &self.allow)
            .one(Key::FhirVersion, &self.fhir_version)
            .and(self.packages.said())
    }
}

/// Carries it out.
pub fn lint(arguments: &Arguments, settings: &Checked, console: &Console) -> Exit {
    let mut findings = match look(arguments, settings, console) {
        Ok(findings) => findings,
        Err(exit) => return exit,
    };
    findings.problems.retain(|problem| !settings.allow.contains(&problem.code));
    let in_language = |problem: Diagnostic| problem.in_language(&console.registry, console.language);
    findings.problems = findings.problems.into_iter().map(in_language).collect();
    let exit = match findings.problems.iter().any(|problem| problem.severity <= Severity::Error) {
        true => Exit::Failed,
        false => Exit::Passed,
    };
    let text = match arguments.format {
        Format::Text => text(findings, arguments.all, console),
        Format::Json => written::json(&findings),
        Format::Sarif => written::sarif(&findings, console),
        Format::Github => written::github(&findings),
    };
    console.ended(text.as_bytes(), exit)
}

/// Everything that is wrong; why nothing could be looked at has been said when it fails.
fn look(arguments: &Arguments, settings: &Checked, console: &Console) -> Result<Findings, Exit> {
    let told = |problems: Vec<Diagnostic>| {
        console.tell_all(problems);
        Exit::Usage
    };
    let selection = Selection::of(&arguments.paths, &[]).map_err(told)?;
    let packages = Packages::open(&settings.packages).map_err(told)?;
    let set = ScriptSet::collect(&Shelf, &selection.paths).map_err(|problems| refused(problems, console))?;
    let definitions: Result<Vec<Definitions>, _> =
        FhirVersion::ALL.into_iter().map(|version| packages.definitions(version)).collect();
    let mut definitions = definitions.map_err(told)?;
    // A package that a set asks for and that is nowhere is a finding of the linter.
    let scripts: Vec<Arc<TestScript>> = set.map(|loaded| loaded.script.map(Arc::new)).into_iter().flatten().collect();
    let (choices, _) = Choices::of(&Card::all(&scripts), &Preference::of(settings), &packages).map_err(told)?;
    definitions.extend(choices.all().iter().map(|choice| choice.definitions.clone()));
    let fhir_version = settings.fhir_version.unwrap_or(FhirVersion::Stu3);
    Ok(lint::lint(&set, &Surroundings { definitions: &definitions, fhir_version }))
}

/// A frame for each different problem, worst first, and how often each rule was broken.
fn text(findings: Findings, all: bool, console: &Console) -> String {
    let language = console.language;
    let mut rules: BTreeMap<(Severity, Code), usize> = BTreeMap::new();
    let mut groups: Vec<(Diagnostic, usize)> = vec![];
    let mut known: HashMap<(Code, String), usize> = HashMap::new();
    let scripts = findings.scripts;
    for problem in findings.problems {
        *rules.entry((problem.severity, problem.code)).or_default() += 1;
        if problem.severity == Severity::Information && !all {
            continue;
        }
        let key = (problem.code, problem.message.clone());
        match known.get(&key) {
            Some(at) => groups[*at].1 += 1,
            None => {
                known.insert(key, groups.len());
                groups.push((problem, 0));
            }
        }
    }
    groups.sort_by_key(|(problem, _)| (problem.severity, problem.code));
    let frame = console.output_frame();
    let mut text = String::new();
    for (problem, more) in groups {
        let also = format!("{more} {}", LIKE_IT.get(language));
        let problem = if more > 0 { problem.note(NoteKind::Also, also) } else { problem };
        let _ = writeln!(text, "{}", frame.render(&problem));
    }
    let title = |code: &Code| console.registry.rule(*code).map_or("", |rule| rule.title.get(language));
    for ((_, code), count) in &rules {
        let _ = writeln!(text, "{count:>6}  {code}  {}", title(code));
    }
    let _ = writeln!(text, "{}", summary(scripts, &rules, language));
    text
}

/// How many of each severity in how many scripts.
fn summary(scripts: usize, rules: &BTreeMap<(Severity, Code), usize>, language: Language) -> String {
    let looked = SCRIPTS[usize::from(scripts != 1)].get(language).replace("{}", &scripts.to_string());
    let mut counts = vec![];
    for (severity, one, many) in COUNTS {
        let of = |found: Severity| if found == Severity::Fatal { Severity::Error } else { found };
        let count: usize = rules.iter().filter(|((found, _), _)| of(*found) == severity).map(|(_, count)| count).sum();
        if count > 0 {
            counts.push(format!("{count} {}", if count == 1 { one } else { many }.get(language)));
        }
    }
    match counts.is_empty() {
        true => format!("{} {looked}", CLEAN.get(language)),
        false => format!("{looked}: {}", counts.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_counts_what_is_fatal_as_an_error() {
        let rules = BTreeMap::from([((Severity::Fatal, Code(1)), 1), ((Severity::Error, Code(2)), 1)]);
        assert_eq!(summary(2, &rules, Language::En), "2 scripts: 2 errors");
        assert_eq!(summary(1, &BTreeMap::new(), Language::Nl), "niets aan te merken op 1 script");
    }
}
