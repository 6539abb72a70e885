//! The packages that a command line gives.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::definitions::package::Package;
use crate::definitions::{Definitions, Loaded, Origin};
use crate::diagnostic::{Diagnostic, NoteKind};
use crate::fhir::FhirVersion;

use super::problem;

/// Packages that were asked for: files and folders, or `NAME@VERSION` in the cache.
#[derive(Default)]
pub struct Packages(Vec<Loaded>);

impl Packages {
    /// Opens them all; everything that cannot be opened is named.
    pub fn open(packages: &[String]) -> Result<Packages, Vec<Diagnostic>> {
        let mut loaded = vec![];
        let mut problems = vec![];
        for package in packages {
            match open(package) {
                Ok(package) => loaded.push(package),
                Err(problem) => problems.push(*problem),
            }
        }
        if problems.is_empty() { Ok(Packages(loaded)) } else { Err(problems) }
    }

    /// Those that are for a release or do not say.
    pub fn of(&self, version: FhirVersion) -> impl Iterator<Item = &Loaded> {
        self.0.iter().filter(move |loaded| fits(loaded, version))
    }

    /// The definitions of a release.
    pub fn definitions(&self, version: FhirVersion) -> Result<Definitions, Vec<Diagnostic>> {
        definitions(version, self.of(version).cloned().collect())
    }
}

/// True for a package that is for a release or does not say.
pub(super) fn fits(loaded: &Loaded, version: FhirVersion) -> bool {
    loaded.package.manifest().fhir_version().is_none_or(|of| of == version)
}

/// Packages as definitions.
pub(super) fn definitions(version: FhirVersion, packages: Vec<Loaded>) -> Result<Definitions, Vec<Diagnostic>> {
    Definitions::with_packages(version, packages)
        .map_err(|error| vec![problem::error(problem::PACKAGE, error.to_string())])
}

fn open(package: &str) -> Result<Loaded, Box<Diagnostic>> {
    let path = PathBuf::from(package);
    let wrong = |message: String| Box::new(problem::error(problem::PACKAGE, message));
    if path.exists() {
        return Loaded::from_path(&path).map_err(|error| wrong(error.to_string()));
    }
    let cached = package.split_once('@').and_then(|(name, version)| cached(name, version));
    let Some(cached) = cached else { return Err(wrong(format!("there is no package `{package}`"))) };
    match cached.is_dir() {
        true => match Package::open(&cached) {
            Ok(package) => Ok(Loaded { package: Arc::new(package), origin: Origin::Cache }),
            Err(error) => Err(wrong(error.to_string())),
        },
        false => {
            let place = format!("looked in `{}`", cached.display());
            Err(Box::new(wrong(format!("there is no package `{package}`")).note(NoteKind::Note, place)))
        }
    }
}

/// Where the cache has a package (<https://confluence.hl7.org/display/FHIR/FHIR+Package+Cache>).
fn cached(name: &str, version: &str) -> Option<PathBuf> {
    let plain = |text: &str| !text.is_empty() && !text.contains(['/', '\\']) && !text.starts_with('.');
    let home = std::env::var_os("HOME").or_else(|| std::env::var_os("USERPROFILE"))?;
    (plain(name) && plain(version)).then(|| Path::new(&home).join(".fhir/packages").join(format!("{name}#{version}")))
}
