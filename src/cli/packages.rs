//! The packages that a command uses: those it is given (`--package`, else `keur.toml`), those in the
//! project's folder `profiles`, and what they depend on, from there or from the cache that FHIR tools share.

use std::path::{Path, PathBuf};

use crate::definitions::package::{Cache, Manifest, Missing, Resolution, Resolver, Shelf, VersionRange, Wanted};
use crate::definitions::{Definitions, Loaded, Origin, embedded_packages};
use crate::diagnostic::{Diagnostic, NoteKind};
use crate::fhir::FhirVersion;

use super::problem;

/// Packages that were asked for, and what they need.
#[derive(Default)]
pub struct Packages {
    loaded: Vec<Loaded>,
    carried: Vec<Manifest>,
}

/// The folder of a project that holds packages of its own.
const PROJECT: &str = "profiles";

/// Who asks for a package that is given by name.
const COMMAND_LINE: &str = "--package";

impl Packages {
    /// Opens them all: files, folders and `NAME@VERSION`. Everything that cannot be opened is named; a
    /// dependency that is nowhere is not, for what needs it says so when it is needed.
    pub fn open(packages: &[String]) -> Result<Packages, Vec<Diagnostic>> {
        let project = Shelf::read_if_there(Path::new(PROJECT)).map_err(|error| vec![wrong(error.to_string())])?;
        if packages.is_empty() && project.packages().is_empty() {
            return Ok(Packages::default());
        }
        let mut given = vec![];
        let mut wanted = vec![];
        let mut problems = vec![];
        for package in packages {
            match (Path::new(package).exists(), package.split_once('@')) {
                (true, _) => match Loaded::from_path(Path::new(package)) {
                    Ok(loaded) => given.push(loaded),
                    Err(error) => problems.push(wrong(error.to_string())),
                },
                (false, Some((name, version))) if !name.contains(['/', '\\']) => wanted.push(asked(name, version)),
                (false, _) => problems.push(wrong(format!("there is no package `{package}`"))),
            }
        }
        for own in project.packages() {
            let is_given = given.iter().any(|loaded| loaded.package.manifest().name == own.name);
            if !is_given && !wanted.iter().any(|wanted| wanted.name == own.name) {
                wanted.push(asked(&own.name, &own.version));
            }
        }
        let cache = cache();
        let shelf = cache.as_ref().map(Cache::shelf).transpose().unwrap_or_default().unwrap_or_default();
        let shelves = vec![(project, Origin::Path), (shelf, Origin::Cache)];
        let resolution = Resolver::new(shelves, embedded_packages()).resolve(given, wanted);
        match resolution {
            Ok(resolution) => {
                let absent = resolution.missing.iter().filter(|missing| missing.wanted.by == COMMAND_LINE);
                problems.extend(absent.map(|missing| not_there(missing, cache.as_ref())));
                let Resolution { packages, carried, .. } = resolution;
                if problems.is_empty() { Ok(Packages { loaded: packages, carried }) } else { Err(problems) }
            }
            Err(error) => {
                problems.push(wrong(error.to_string()));
                Err(problems)
            }
        }
    }

    /// Those that are for a release or do not say.
    pub fn of(&self, version: FhirVersion) -> impl Iterator<Item = &Loaded> {
        self.loaded.iter().filter(move |loaded| fits(loaded, version))
    }

    /// Those of which the binary's own facts are used.
    pub fn carried(&self) -> &[Manifest] {
        &self.carried
    }

    /// The definitions of a release.
    pub fn definitions(&self, version: FhirVersion) -> Result<Definitions, Vec<Diagnostic>> {
        definitions(version, self.of(version).cloned().collect(), &self.carried)
    }
}

/// True for a package that is for a release or does not say.
pub(super) fn fits(loaded: &Loaded, version: FhirVersion) -> bool {
    loaded.package.manifest().fhir_version().is_none_or(|of| of == version)
}

/// Packages as definitions.
pub(super) fn definitions(
    version: FhirVersion,
    packages: Vec<Loaded>,
    carried: &[Manifest],
) -> Result<Definitions, Vec<Diagnostic>> {
    Definitions::with_packages(version, packages)
        .map(|definitions| definitions.carrying(carried))
        .map_err(|error| vec![problem::error(problem::PACKAGE, error.to_string())])
}

fn wrong(message: String) -> Diagnostic {
    problem::error(problem::PACKAGE, message)
}

fn asked(name: &str, version: &str) -> Wanted {
    Wanted { name: name.to_owned(), range: VersionRange::new(version), by: COMMAND_LINE.to_owned() }
}

fn not_there(Missing { wanted, available }: &Missing, cache: Option<&Cache>) -> Diagnostic {
    let place = cache.map_or_else(|| PathBuf::from(PROJECT), |cache| cache.root().to_owned());
    let problem = wrong(format!("there is no package `{}@{}`", wanted.name, wanted.range));
    let problem = problem.note(NoteKind::Note, format!("looked in `{PROJECT}` and in `{}`", place.display()));
    match available.is_empty() {
        true => problem,
        false => problem.note(NoteKind::Found, available.join(", ")),
    }
}

/// The cache of this user.
pub(super) fn cache() -> Option<Cache> {
    let home = std::env::var_os("HOME").or_else(|| std::env::var_os("USERPROFILE"));
    home.filter(|home| !home.is_empty()).map(|home| Cache::in_home(Path::new(&home)))
}
