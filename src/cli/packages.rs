//! The definitions that a command line asks for.

use std::collections::BTreeSet;
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

    /// Adds those that scripts name (`properties.json`, `fhirPackage`) and that `folder` has. A version that
    /// is not there is a warning: what needs it will not be evaluated, and says so.
    pub fn pick(&mut self, folder: &Path, wanted: &BTreeSet<(String, String)>) -> Vec<Diagnostic> {
        let mut problems = vec![];
        for (name, version) in wanted {
            let given = |loaded: &Loaded| loaded.package.manifest().name == *name;
            if self.0.iter().any(given) {
                continue;
            }
            let names = [format!("{name}-{version}.tgz"), format!("{name}-{version}"), format!("{name}#{version}")];
            match names.iter().map(|file| folder.join(file)).find(|path| path.exists()) {
                Some(path) => match Loaded::from_path(&path) {
                    Ok(loaded) => self.0.push(loaded),
                    Err(error) => problems.push(problem::error(problem::PACKAGE, error.to_string())),
                },
                None => {
                    let message = format!("`{}` has no package `{name}` of version {version}", folder.display());
                    problems.push(problem::warning(problem::PACKAGE, message));
                }
            }
        }
        problems
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
