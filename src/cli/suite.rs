//! What the paths of a command line mean: files and folders, and the suites that keur carries.
//!
//! What is on disk goes before what is carried: a suite can be copied, changed and run from the same
//! command.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, NoteKind, nearest};
use crate::embedded;
use crate::testscript::source::{FileSystem, Reason, ScriptSource, SourceError};

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

/// The suites that keur carries, by name.
pub fn names() -> Vec<&'static str> {
    let folders = embedded::below(SCRIPTS).iter().filter_map(|file| {
        let (suite, _) = file.path.strip_prefix(SCRIPTS)?.trim_start_matches('/').split_once('/')?;
        (!suite.starts_with('_')).then_some(suite)
    });
    let mut names: Vec<&str> = folders.collect();
    names.dedup();
    names
}

/// Paths of scripts, and the suite they are of where a name was given.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Selection {
    /// Files and folders.
    pub paths: Vec<PathBuf>,
    /// Names of suites among them, with the folder of their fixtures.
    pub suites: Vec<String>,
}

impl Selection {
    /// What was asked for; everything that is not there is named.
    pub fn of(asked: &[PathBuf]) -> Result<Selection, Vec<Diagnostic>> {
        let mut selection = Selection::default();
        let mut problems = vec![];
        for path in asked {
            let suite = path.to_str().filter(|_| !path.exists()).and_then(suite);
            match suite {
                Some((name, folder)) => {
                    selection.suites.push(name.to_owned());
                    selection.paths.push(folder);
                }
                None if path.exists() || carried_at(path) => selection.paths.push(path.clone()),
                None => problems.push(absent(path)),
            }
        }
        if problems.is_empty() { Ok(selection) } else { Err(problems) }
    }

    /// True when every path is a suite that keur brings the test persons of.
    pub fn brings_fixtures(&self) -> bool {
        !self.suites.is_empty() && self.suites.len() == self.paths.len()
    }

    /// Folders of fixtures of the suites.
    pub fn fixtures(&self) -> Vec<PathBuf> {
        self.suites.iter().map(|suite| Path::new(FIXTURES).join(suite)).collect()
    }
}

/// The role of a suite that is meant when none is named: the side that answers.
const SERVING: &str = "serving";

/// The suite that a name means, and the folder of its scripts: `bgz-3.0` or `bgz-3.0/retrieving`.
fn suite(name: &str) -> Option<(&str, PathBuf)> {
    let (suite, role) = name.split_once('/').map_or((name, None), |(suite, role)| (suite, Some(role)));
    let folder = Path::new(SCRIPTS).join(suite);
    let there = |folder: &Path| folder.is_dir() || carried_at(folder);
    match role {
        _ if !is_suite(suite) => None,
        Some(role) => Some((suite, folder.join(role))).filter(|(_, folder)| !role.contains('/') && there(folder)),
        None => {
            let serving = folder.join(SERVING);
            Some((suite, if there(&serving) { serving } else { folder }))
        }
    }
}

fn is_suite(name: &str) -> bool {
    !name.contains(['/', '\\']) && (names().contains(&name) || Path::new(SCRIPTS).join(name).is_dir())
}

fn carried_at(path: &Path) -> bool {
    slashed(path)
        .is_some_and(|path| !path.is_empty() && (embedded::file(&path).is_some() || !embedded::below(&path).is_empty()))
}

fn absent(path: &Path) -> Diagnostic {
    let known = names();
    let mut diagnostic = problem::error(problem::PATH, format!("`{}` does not exist", path.display()));
    if let Some(near) = path.to_str().and_then(|name| nearest(name, known.iter().copied())) {
        diagnostic = diagnostic.note(NoteKind::Note, format!("there is a suite `{near}`"));
    } else if path.components().count() == 1 && !known.is_empty() {
        let known = known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        diagnostic = diagnostic.note(NoteKind::Note, format!("suites that keur carries: {known}"));
    }
    diagnostic
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
    fn every_suite_is_found_by_name_and_its_files_by_path() {
        for name in names() {
            assert!(is_suite(name), "{name}");
            let folder = Path::new(SCRIPTS).join(name);
            let files = Shelf.files(&folder).unwrap();
            assert!(!files.is_empty());
            assert!(files.iter().all(|file| Shelf.is_file(file) && Shelf.read(file).is_ok()));
        }
    }

    #[test]
    fn what_is_not_there_is_named() {
        let problems = Selection::of(&["no/such/path".into(), "neither".into()]).unwrap_err();
        assert_eq!(problems.len(), 2);
        assert_eq!(problems[0].code, problem::PATH);
    }
}
