//! The definitions that a command line asks for.

use std::path::PathBuf;
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

    /// The definitions of a release: those of the packages that are for it or do not say.
    pub fn definitions(&self, version: FhirVersion) -> Result<Definitions, Vec<Diagnostic>> {
        let fits = |loaded: &&Loaded| loaded.package.manifest().fhir_version().is_none_or(|of| of == version);
        let packages = self.0.iter().filter(fits).cloned().collect();
        Definitions::with_packages(version, packages)
            .map_err(|error| vec![problem::error(problem::PACKAGE, error.to_string())])
    }
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
    (plain(name) && plain(version))
        .then(|| PathBuf::from(home).join(".fhir/packages").join(format!("{name}#{version}")))
}
