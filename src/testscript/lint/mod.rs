//! What is wrong with a script that reads well: checks that check nothing, names that do not exist, steps
//! that are never reached.
//!
//! The reader finds what keeps a script from running (KEUR1000 to KEUR1099); the linter says that again and
//! adds what runs and does not do what it seems to do. It sends nothing and needs no target. Where it
//! cannot know, it is silent: on the official scripts a finding must be worth somebody's time.

pub mod code;
mod expressions;
mod names;
mod order;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::definitions::profile::Profiles;
use crate::definitions::{Definitions, TypeTable};
use crate::diagnostic::{Code, Diagnostic, Label, NoteKind, Severity};
use crate::fhir::FhirVersion;

use super::model::{Place, TestScript};
use super::reader::Loaded;
use super::set::ScriptSet;
use super::source::ScriptSource;

/// What a linter needs to know of the world.
pub struct Surroundings<'s> {
    /// The definitions of every release that scripts may be for.
    pub definitions: &'s [Definitions],
    /// The release of scripts whose folder does not say.
    pub fhir_version: FhirVersion,
}

/// What was found in a set of scripts.
#[derive(Debug, Default)]
pub struct Findings {
    /// How many scripts were looked at.
    pub scripts: usize,
    /// What is wrong, script by script.
    pub problems: Vec<Diagnostic>,
}

/// Looks at every script of a set.
pub fn lint(set: &ScriptSet<'_>, surroundings: &Surroundings<'_>) -> Findings {
    let linter = Linter::new(set.files(), surroundings);
    let mut findings = Findings::default();
    // Scripts of one folder are loaded and reported together; what other folders call theirs is their affair.
    let mut identities: BTreeMap<(PathBuf, String), Vec<Place>> = BTreeMap::new();
    let mut packages: BTreeMap<(String, String, FhirVersion), (PathBuf, usize)> = BTreeMap::new();
    for looked in set.map(|loaded| linter.look(loaded)) {
        findings.scripts += 1;
        findings.problems.extend(looked.problems);
        for (identity, place) in looked.identities {
            let folder = looked.path.parent().unwrap_or(Path::new("")).to_owned();
            identities.entry((folder, identity)).or_default().push(place);
        }
        for (name, version) in looked.packages {
            packages.entry((name, version, looked.fhir_version)).or_insert((looked.path.clone(), 0)).1 += 1;
        }
    }
    findings.problems.extend(identities.iter().filter_map(|((_, identity), places)| names::twice(identity, places)));
    for ((name, version, release), (path, scripts)) in packages {
        findings.problems.extend(linter.package(&name, &version, release).map(|found| {
            let message = format!("package `{name}` of version {version} is not there");
            let asked = format!("{scripts} scripts ask for it, `{}` first", path.display());
            let found = found.map(|version| (NoteKind::Found, version));
            let problem = unplaced(Severity::Warning, code::PACKAGE_UNAVAILABLE, message);
            let notes = problem.notes.into_iter().chain(found).chain([(NoteKind::Note, asked)]).collect();
            Diagnostic { notes, ..problem }
        }));
    }
    findings
}

/// What one script came to.
struct Looked {
    path: PathBuf,
    fhir_version: FhirVersion,
    problems: Vec<Diagnostic>,
    /// Id and url, and where the script stands.
    identities: Vec<(String, Place)>,
    packages: Vec<(String, String)>,
}

/// What scripts have in common is looked up once.
struct Linter<'s> {
    files: &'s dyn ScriptSource,
    surroundings: &'s Surroundings<'s>,
    releases: Vec<(FhirVersion, OnceLock<Release>)>,
    expressions: expressions::Cache,
    fixtures: Mutex<HashMap<PathBuf, Arc<[String]>>>,
}

/// What scripts of one release are judged by.
struct Release {
    types: Arc<TypeTable>,
    profiles: Arc<Profiles>,
    canonicals: Mutex<HashMap<Box<str>, bool>>,
}

impl<'s> Linter<'s> {
    fn new(files: &'s dyn ScriptSource, surroundings: &'s Surroundings<'s>) -> Self {
        Linter {
            files,
            surroundings,
            releases: surroundings.definitions.iter().map(|d| (d.version(), OnceLock::new())).collect(),
            expressions: expressions::Cache::default(),
            fixtures: Mutex::default(),
        }
    }

    fn look(&self, loaded: Loaded) -> Looked {
        let Loaded { path, script, problems } = loaded;
        let mut looked = Looked {
            path,
            fhir_version: self.surroundings.fhir_version,
            problems,
            identities: vec![],
            packages: vec![],
        };
        let Some(script) = script else { return looked };
        if let Some(version) = script.properties.fhir_version {
            looked.fhir_version = version;
        }
        looked.packages = script.properties.packages.clone();
        looked.identities = names::identities(&script);
        let version = looked.fhir_version;
        let found = self.of_script(&script, version);
        looked.problems.extend(found);
        looked
    }

    fn of_script(&self, script: &TestScript, version: FhirVersion) -> Vec<Diagnostic> {
        let mut problems = vec![];
        let release = self.release(version);
        if let Some(release) = release {
            expressions::check(self, script, release, &mut problems);
            names::resource_types(script, release, &mut problems);
            names::profiles(script, release, &mut problems);
        }
        order::check(self, script, release, &mut problems);
        names::unused(self, script, &mut problems);
        names::test_ids(script, &mut problems);
        problems
    }

    fn release(&self, version: FhirVersion) -> Option<&Release> {
        let definitions = self.surroundings.definitions.iter().find(|d| d.version() == version)?;
        let (_, release) = self.releases.iter().find(|(v, _)| *v == version)?;
        let make =
            || Release { types: definitions.types(), profiles: definitions.profiles(), canonicals: Mutex::default() };
        Some(release.get_or_init(make))
    }

    /// What is wrong with a package that is asked for: the versions that are there instead, if any. None
    /// when it is there.
    fn package(&self, name: &str, version: &str, release: FhirVersion) -> Option<Option<String>> {
        let definitions = self.surroundings.definitions.iter().filter(|d| d.version() == release);
        let there: BTreeSet<String> = definitions
            .flat_map(Definitions::used)
            .filter(|used| used.package == name)
            .map(|used| used.version)
            .collect();
        match there.contains(version) {
            true => None,
            false if there.is_empty() => Some(None),
            false => Some(Some(there.into_iter().collect::<Vec<_>>().join(", "))),
        }
    }
}

impl Release {
    /// Whether a package has the profile.
    fn has(&self, canonical: &str) -> bool {
        let mut known = self.canonicals.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(has) = known.get(canonical) {
            return *has;
        }
        let has = self.profiles.definition(canonical).is_ok();
        known.insert(canonical.into(), has);
        has
    }
}

/// A finding at a place, with the remedy of its rule.
fn problem(severity: Severity, code: Code, message: impl Into<String>, place: &Place) -> Diagnostic {
    let label = Label { source: place.source.clone(), span: place.span, text: String::new() };
    Diagnostic { labels: vec![label], ..unplaced(severity, code, message) }
}

fn unplaced(severity: Severity, code: Code, message: impl Into<String>) -> Diagnostic {
    let diagnostic = Diagnostic::new(severity, code, message);
    match code::RULES.iter().find(|rule| rule.code == code) {
        Some(rule) => diagnostic.note(NoteKind::Remedy, rule.remedy.en),
        None => diagnostic,
    }
}
