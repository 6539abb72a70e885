//! What the paths of a command line mean: files and folders, and the suites that keur carries.
//!
//! What is on disk goes before what is carried: a suite can be copied, changed and run from the same
//! command.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, NoteKind, nearest};
use crate::embedded;
use crate::testscript::source::{FileSystem, Reason, ScriptSource, SourceError};
use crate::testscript::suite::{self as card, SuiteCard};

use super::problem;

/// The folder that suites stand in, on disk and in the binary.
const SCRIPTS: &str = "testscripts";
/// The folder that their test persons stand in.
const FIXTURES: &str = "fixtures";

/// Files on disk, and behind them those in the binary.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shelf;

impl ScriptSource for Shelf {
    fn read(&self, path: &Path) -> Result<Arc<str>, SourceError> {
        FileSystem.read(path).or_else(|error| match carried(path).and_then(|file| file.text()) {
            Some(text) if error.reason == Reason::Absent => Ok(text.into()),
            _ => Err(error),
        })
    }

    fn files(&self, path: &Path) -> Result<Vec<PathBuf>, SourceError> {
        FileSystem.files(path).or_else(|error| {
            let below = slashed(path).map_or(&[][..], |path| match embedded::file(&path) {
                Some(file) => std::slice::from_ref(file),
                None => embedded::below(&path),
            });
            match below {
                [] => Err(error),
                _ if error.reason != Reason::Absent => Err(error),
                files => Ok(files.iter().map(|file| PathBuf::from(file.path)).collect()),
            }
        })
    }

    fn is_file(&self, path: &Path) -> bool {
        FileSystem.is_file(path) || (!path.exists() && carried(path).is_some())
    }
}

fn carried(path: &Path) -> Option<&'static embedded::File> {
    embedded::file(&slashed(path)?)
}

/// The path with `/` and without `.` and `..`; None when it leaves the root.
fn slashed(path: &Path) -> Option<String> {
    let mut parts: Vec<&str> = vec![];
    for part in path.components() {
        match part {
            std::path::Component::Normal(part) => parts.push(part.to_str()?),
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir => drop(parts.pop()?),
            _ => return None,
        }
    }
    Some(parts.join("/"))
}

/// A part of a suite, by the name of its folder; each tests one side.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Part {
    /// The server, with the suite's own test persons.
    Serving,
    /// The server, with whatever persons it has.
    AnyPerson,
    /// The client.
    Retrieving,
}

impl Part {
    /// Every part.
    pub const ALL: [Part; 3] = [Part::Serving, Part::AnyPerson, Part::Retrieving];

    /// Its folder, and what it is called in the name of a suite.
    pub fn folder(self) -> &'static str {
        match self {
            Part::Serving => "serving",
            Part::AnyPerson => "any-person",
            Part::Retrieving => "retrieving",
        }
    }

    /// The role that the party under test has.
    pub fn role(self) -> &'static str {
        match self {
            Part::Serving | Part::AnyPerson => "serving",
            Part::Retrieving => "retrieving",
        }
    }
}

/// A part of a suite: what `keur run NAME` runs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Suite {
    /// What it is about.
    pub card: SuiteCard,
    /// Which part of it.
    pub part: Part,
    /// The folder of its scripts.
    pub scripts: PathBuf,
}

impl Suite {
    /// The name it is run by: that of its folder for the serving part, with the part behind it for the
    /// others.
    pub fn name(&self) -> String {
        match self.part {
            Part::Serving => self.card.name.clone(),
            Part::AnyPerson | Part::Retrieving => format!("{}/{}", self.card.name, self.part.folder()),
        }
    }

    /// The folder of its test persons.
    pub fn persons(&self) -> Option<PathBuf> {
        self.card.persons.as_ref().map(|persons| Path::new(FIXTURES).join(persons))
    }
}

/// Every suite, those of the current folder before those that keur carries, by data service and name; and
/// what is wrong with the others.
pub fn suites() -> (Vec<Suite>, Vec<Diagnostic>) {
    let carried = embedded::below(SCRIPTS).iter().filter_map(|file| {
        let (folder, name) = file.path.strip_prefix(SCRIPTS)?.trim_start_matches('/').split_once('/')?;
        (name == card::FILE).then(|| folder.to_owned())
    });
    let here = std::fs::read_dir(SCRIPTS).into_iter().flatten().flatten();
    let here = here.filter_map(|entry| entry.file_name().into_string().ok());
    let names: BTreeSet<String> = carried.chain(here).filter(|name| !name.starts_with(['_', '.'])).collect();
    let (mut suites, mut problems) = (vec![], vec![]);
    for name in names {
        match SuiteCard::of(&Path::new(SCRIPTS).join(&name), &Shelf) {
            None => {}
            Some(Err(problem)) => problems.push(*problem),
            // The folder is what a suite is found by.
            Some(Ok(card)) => suites.extend(parts(SuiteCard { name, ..card })),
        }
    }
    suites.sort_by_key(|suite| (suite.card.service.unwrap_or(u32::MAX), suite.card.name.clone(), suite.part));
    (suites, problems)
}

fn parts(card: SuiteCard) -> impl Iterator<Item = Suite> {
    Part::ALL.into_iter().filter_map(move |part| {
        let scripts = Path::new(SCRIPTS).join(&card.name).join(part.folder());
        Shelf.files(&scripts).ok().map(|_| Suite { card: card.clone(), part, scripts })
    })
}

/// The names that suites are run by.
pub fn names() -> Vec<String> {
    suites().0.iter().map(Suite::name).collect()
}

/// The suite of a name; None where the name is no suite's, and the problem where its card cannot be used.
fn named(name: &str) -> Option<Result<Suite, Box<Diagnostic>>> {
    let (folder, part) = name.split_once('/').unwrap_or((name, Part::Serving.folder()));
    let part = Part::ALL.into_iter().find(|known| known.folder() == part)?;
    if folder.is_empty() || folder.contains('\\') || folder.starts_with(['.', '_']) {
        return None;
    }
    let card = match SuiteCard::of(&Path::new(SCRIPTS).join(folder), &Shelf)? {
        Ok(card) => SuiteCard { name: folder.to_owned(), ..card },
        Err(problem) => return Some(Err(problem)),
    };
    parts(card).find(|suite| suite.part == part).map(Ok)
}

/// Paths of scripts, and the suites among them where names or data services were given.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Selection {
    /// Files and folders.
    pub paths: Vec<PathBuf>,
    /// Suites whose paths are among them.
    pub suites: Vec<Suite>,
}

impl Selection {
    /// What was asked for: paths, names of suites, and ids of data services, which mean the serving part.
    /// Everything that is not there is named.
    pub fn of(asked: &[PathBuf], services: &[u32]) -> Result<Selection, Vec<Diagnostic>> {
        let mut selection = Selection::default();
        let mut problems = vec![];
        for path in asked {
            match path.to_str().filter(|_| !path.exists()).and_then(named) {
                Some(Ok(suite)) => selection.add(suite),
                Some(Err(problem)) => problems.push(*problem),
                None if path.exists() || carried_at(path) => selection.paths.push(path.clone()),
                None => problems.push(absent(path)),
            }
        }
        if !services.is_empty() {
            let all = suites().0;
            for service in services {
                let of_service = |suite: &&Suite| suite.card.service == Some(*service) && suite.part == Part::Serving;
                let before = selection.paths.len();
                all.iter().filter(of_service).for_each(|suite| selection.add(suite.clone()));
                if selection.paths.len() == before {
                    problems.push(no_service(*service, &all));
                }
            }
        }
        if problems.is_empty() { Ok(selection) } else { Err(problems) }
    }

    fn add(&mut self, suite: Suite) {
        self.paths.push(suite.scripts.clone());
        self.suites.push(suite);
    }

    /// True when every path is a suite that keur brings the test persons of.
    pub fn brings_fixtures(&self) -> bool {
        !self.suites.is_empty() && self.suites.len() == self.paths.len()
    }

    /// Folders of fixtures of the suites, each once.
    pub fn fixtures(&self) -> Vec<PathBuf> {
        let mut folders: Vec<PathBuf> = self.suites.iter().filter_map(Suite::persons).collect();
        folders.sort();
        folders.dedup();
        folders
    }
}

fn no_service(service: u32, all: &[Suite]) -> Diagnostic {
    let known: BTreeSet<u32> = all.iter().filter_map(|suite| suite.card.service).collect();
    let known = known.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ");
    problem::error(problem::SERVICE, format!("there is no suite for data service `{service}`"))
        .note(NoteKind::Note, format!("data services with a suite: {known}"))
}

fn carried_at(path: &Path) -> bool {
    slashed(path)
        .is_some_and(|path| !path.is_empty() && (embedded::file(&path).is_some() || !embedded::below(&path).is_empty()))
}

/// As many suites as are named when a name is not quite one.
const LIKE: usize = 6;

fn absent(path: &Path) -> Diagnostic {
    let diagnostic = problem::error(problem::PATH, format!("`{}` does not exist", path.display()));
    let Some(word) = path.to_str().filter(|word| !word.starts_with(['.', '/'])) else { return diagnostic };
    let (all, _) = suites();
    let of_service = |suite: &&Suite| suite.card.service.is_some_and(|id| id.to_string() == word);
    let (like, known) = match all.iter().find(of_service) {
        Some(suite) => (vec![suite.name()], format!("data service {word} is the")),
        None => (like(word, &all), "there is a".to_owned()),
    };
    if like.is_empty() && path.components().count() > 1 {
        return diagnostic;
    }
    let note = match like.as_slice() {
        [] => "`keur list --own` shows the suites that keur carries".to_owned(),
        [one] => format!("{known} suite `{one}`"),
        several => {
            let named: Vec<String> = several.iter().map(|name| format!("`{name}`")).collect();
            format!("there are suites {}", named.join(", "))
        }
    };
    diagnostic.note(NoteKind::Note, note)
}

/// The names that somebody may have meant who wrote this one: the nearest, else those that it is a part of,
/// punctuation aside, with all their parts where one is asked for.
fn like(word: &str, all: &[Suite]) -> Vec<String> {
    let names: Vec<String> = all.iter().map(Suite::name).collect();
    if let Some(near) = nearest(word, names.iter().map(String::as_str)) {
        return vec![near.to_owned()];
    }
    let letters =
        |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let (folder, part) = word.split_once('/').map_or((word, None), |(folder, part)| (folder, Some(part)));
    let wanted = letters(folder);
    let fits = |suite: &&Suite| {
        let name = letters(&suite.card.name);
        !wanted.is_empty() && name.contains(&wanted) && (part.is_some() || suite.part == Part::Serving)
    };
    all.iter().filter(fits).map(Suite::name).take(LIKE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cleaned_and_none_leaves_the_root() {
        for (path, expected) in [
            ("testscripts/./a/../b", Some("testscripts/b")),
            ("a/../../b", None),
            ("/etc/passwd", None),
            (".", Some("")),
        ] {
            assert_eq!(slashed(Path::new(path)).as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn every_suite_is_found_by_name_and_by_service_and_its_files_by_path() {
        let (suites, problems) = suites();
        assert!(problems.is_empty() && !suites.is_empty(), "{problems:?}");
        let names: BTreeSet<String> = suites.iter().map(Suite::name).collect();
        assert_eq!(names.len(), suites.len(), "names are unique");
        for suite in suites {
            let found = Selection::of(&[suite.name().into()], &[]).unwrap();
            assert_eq!(found.suites, std::slice::from_ref(&suite));
            let files = Shelf.files(&suite.scripts).unwrap();
            assert!(!files.is_empty());
            assert!(files.iter().all(|file| Shelf.is_file(file) && Shelf.read(file).is_ok()));
            let persons = suite.persons().map(|folder| Shelf.files(&folder).unwrap().len());
            assert_ne!(persons, Some(0), "{}", suite.name());
            if let (Some(service), Part::Serving) = (suite.card.service, suite.part) {
                assert!(Selection::of(&[], &[service]).unwrap().suites.contains(&suite));
            }
        }
    }

    #[test]
    fn the_card_of_a_suite_has_the_name_of_its_folder() {
        let cards = embedded::below(SCRIPTS).iter().filter(|file| file.name() == card::FILE);
        for file in cards {
            let folder = Path::new(file.path).parent().unwrap();
            let card = SuiteCard::of(folder, &Shelf).unwrap().unwrap();
            assert_eq!(folder.file_name().and_then(|n| n.to_str()), Some(card.name.as_str()));
        }
    }

    #[test]
    fn a_name_that_is_not_quite_one_finds_those_that_may_be_meant() {
        let (all, _) = suites();
        for (word, wanted) in [
            ("bgz-3", &["bgz-3.0"][..]),
            ("bgz", &["bgz-3.0", "bgz-msz-2.0"]),
            ("BgZ3", &["bgz-3.0"]),
            ("laboratory", &["laboratory-2.0"]),
            ("bgz-3.0/client", &["bgz-3.0", "bgz-3.0/any-person", "bgz-3.0/retrieving"]),
            ("nope", &[]),
            ("-", &[]),
        ] {
            assert_eq!(like(word, &all), wanted, "{word}");
        }
    }

    #[test]
    fn what_is_not_there_is_named() {
        let problems = Selection::of(&["no/such/path".into(), "neither".into(), "../x".into()], &[9]).unwrap_err();
        let codes: Vec<_> = problems.iter().map(|p| p.code).collect();
        assert_eq!(codes, [problem::PATH, problem::PATH, problem::PATH, problem::SERVICE]);
        assert!(Selection::of(&["bgz-3.0/nowhere".into()], &[]).is_err());
    }
}
