//! `keur package …`: FHIR packages on this machine.

mod registry;

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::definitions::package::{Cache, Lock, Package, PackageError, Resolver, Unlocked};
use crate::definitions::{Loaded, Origin, distill, embedded_packages};
use crate::diagnostic::Diagnostic;

use super::console::Console;
use super::exit::Exit;
use super::packages;
use super::problem;
use super::settings::Checked;

/// The lock file of a project, in the current folder.
const LOCK: &str = "keur.lock";

/// Flags of `package`.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand, Debug)]
enum Action {
    /// Copy packages into the cache (`~/.fhir/packages`) and note them in keur.lock
    Add {
        /// Packages: a .tgz, a folder, or NAME@VERSION, which is fetched from the registry
        #[arg(value_name = "PACKAGE", required = true)]
        packages: Vec<PathBuf>,
        /// Registry that speaks NPM's protocol
        #[arg(long, value_name = "URL", default_value = registry::DEFAULT)]
        registry: String,
    },
    /// List the packages at hand: embedded and in the cache
    List,
    /// Check that the packages in keur.lock are in the cache, unchanged
    Verify,
    /// Remove a package from the cache and from keur.lock
    Remove {
        /// Packages, each as NAME@VERSION
        #[arg(value_name = "NAME@VERSION", required = true)]
        packages: Vec<String>,
    },
    /// Write the facts of a package (no prose, no displays, no expressions), as the binary carries them
    Distill {
        /// The package: a .tgz or a folder
        #[arg(value_name = "PACKAGE")]
        package: PathBuf,
        /// Folder in which `NAME@VERSION/` is written
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
}

/// What goes wrong, as it is told.
type Wrong = Box<Diagnostic>;

/// Carries it out.
pub fn package(arguments: &Arguments, settings: &Checked, console: &Console) -> Exit {
    let result = match &arguments.action {
        Action::Add { packages, registry } => {
            add(packages, registry, settings.offline).map(|text| (text, Exit::Passed))
        }
        Action::List => list().map(|text| (text, Exit::Passed)),
        Action::Verify => verify(),
        Action::Remove { packages } => remove(packages).map(|text| (text, Exit::Passed)),
        Action::Distill { package, out } => Package::open(package)
            .and_then(|package| distill::write_facts(&package, out))
            .map(|d| (format!("{}: {} files, {} bytes\n", d.folder.display(), d.files, d.bytes), Exit::Passed))
            .map_err(package_error),
    };
    match result {
        Ok((text, exit)) => console.ended(text, exit),
        Err(problem) => {
            console.tell(*problem);
            Exit::Usage
        }
    }
}

fn wrong(message: String) -> Wrong {
    Box::new(problem::error(problem::PACKAGE, message))
}

fn package_error(error: PackageError) -> Wrong {
    wrong(error.to_string())
}

fn cache() -> Result<Cache, Wrong> {
    packages::cache().ok_or_else(|| wrong("there is no home folder for a cache".into()))
}

/// The lock file; one that is not there locks nothing.
fn lock() -> Result<Lock, Wrong> {
    match std::fs::read_to_string(LOCK) {
        Ok(text) => Lock::read(&text).map_err(|error| wrong(format!("`{LOCK}` cannot be read: {error}"))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Lock::of(&[])),
        Err(error) => Err(wrong(format!("`{LOCK}` cannot be read: {error}"))),
    }
}

fn write_lock(lock: &Lock) -> Result<(), Wrong> {
    std::fs::write(LOCK, lock.to_text()).map_err(|error| wrong(format!("`{LOCK}` cannot be written: {error}")))
}

/// Fetches a package into a file beside the cache; the file goes when the package is installed.
fn fetched(package: &str, registry: &str, offline: bool, cache: &Cache) -> Result<PathBuf, Wrong> {
    let (name, version) = package
        .split_once('@')
        .ok_or_else(|| wrong(format!("`{package}` is no file, no folder and no `NAME@VERSION`")))?;
    if offline {
        return Err(wrong(format!("`{package}` would have to be fetched, and `offline` forbids that")));
    }
    let fetched = registry::fetch(registry, name, version).map_err(|why| wrong(format!("`{package}`: {why}")))?;
    let file = cache.root().join(format!(".fetched-{}-{}.tgz", std::process::id(), fetched.version));
    let written = std::fs::create_dir_all(cache.root()).and_then(|()| std::fs::write(&file, fetched.tarball));
    written.map_err(|error| wrong(format!("`{}` cannot be written: {error}", file.display())))?;
    Ok(file)
}

fn add(packages: &[PathBuf], registry: &str, offline: bool) -> Result<String, Wrong> {
    let (cache, mut lock) = (cache()?, lock()?);
    let mut out = String::new();
    let mut queue: VecDeque<String> = packages.iter().map(|given| given.display().to_string()).collect();
    let asked = queue.len();
    for at in 0.. {
        let Some(given) = queue.pop_front() else { break };
        let fetched = match Path::new(&given).exists() {
            true => None,
            false => match fetched(&given, registry, offline, &cache) {
                Ok(file) => Some(file),
                // What was asked for must be had; what it depends on may be nowhere, and that is said.
                Err(problem) if at >= asked => {
                    let _ = writeln!(out, "{given} not fetched: {}", problem.message);
                    continue;
                }
                Err(problem) => return Err(problem),
            },
        };
        let path = fetched.as_deref().unwrap_or(Path::new(&given));
        let installed = Package::open(path).and_then(|package| Ok((cache.install(&package)?, package)));
        if let Some(file) = &fetched {
            let _ = std::fs::remove_file(file);
        }
        let (installed, package) = installed.map_err(package_error)?;
        let origin = if fetched.is_some() { Origin::Registry } else { Origin::Path };
        let loaded = Loaded { package: Arc::new(package), origin };
        if origin == Origin::Registry {
            for needed in unmet(&loaded, &cache)? {
                if !queue.contains(&needed) {
                    queue.push_back(needed);
                }
            }
        }
        let new = Lock::of(&[loaded]).packages;
        lock.packages.retain(|l| !new.iter().any(|n| (&n.name, &n.version) == (&l.name, &l.version)));
        lock.packages.extend(new);
        lock.packages.sort();
        let _ = writeln!(out, "{}@{} {}", installed.name, installed.version, installed.path.display());
    }
    write_lock(&lock)?;
    Ok(out)
}

/// What a package depends on that is neither embedded nor in the cache, each as `NAME@RANGE`.
fn unmet(package: &Loaded, cache: &Cache) -> Result<Vec<String>, Wrong> {
    let shelf = cache.shelf().map_err(package_error)?;
    let resolver = Resolver::new(vec![(shelf, Origin::Cache)], embedded_packages());
    let resolution = resolver.resolve(vec![package.clone()], vec![]).map_err(package_error)?;
    Ok(resolution.missing.iter().map(|missing| format!("{}@{}", missing.wanted.name, missing.wanted.range)).collect())
}

fn list() -> Result<String, Wrong> {
    let mut out = String::new();
    for package in embedded_packages() {
        let _ = writeln!(out, "{} ({})", package.label(), Origin::Embedded.code());
    }
    for package in cache()?.shelf().map_err(package_error)?.packages() {
        let _ = writeln!(out, "{}@{} ({})", package.name, package.version, Origin::Cache.code());
    }
    Ok(out)
}

fn verify() -> Result<(String, Exit), Wrong> {
    let lock = lock()?;
    let shelf = cache()?.shelf().map_err(package_error)?;
    let mut found = vec![];
    for locked in &lock.packages {
        let same = shelf.packages().iter().find(|p| (&p.name, &p.version) == (&locked.name, &locked.version));
        if let Some(same) = same {
            let package = Arc::new(Package::open(&same.path).map_err(package_error)?);
            found.push(Loaded { package, origin: Origin::Cache });
        }
    }
    let differences = lock.compare(&found);
    let mut out = String::new();
    for locked in &lock.packages {
        let same = |d: &&Unlocked| match d {
            Unlocked::Changed { locked: other, .. } | Unlocked::Unused(other) | Unlocked::Unknown(other) => {
                other == locked
            }
        };
        let said = match differences.iter().find(same) {
            None => "unchanged",
            Some(Unlocked::Unused(_)) => "not in the cache",
            Some(_) => "changed",
        };
        let _ = writeln!(out, "{}@{} {said}", locked.name, locked.version);
    }
    Ok((out, if differences.is_empty() { Exit::Passed } else { Exit::Failed }))
}

fn remove(packages: &[String]) -> Result<String, Wrong> {
    let (cache, mut lock) = (cache()?, lock()?);
    let mut out = String::new();
    for package in packages {
        let (name, version) =
            package.split_once('@').ok_or_else(|| wrong(format!("`{package}` is not `NAME@VERSION`")))?;
        if !cache.remove(name, version).map_err(package_error)? {
            return Err(wrong(format!("`{package}` is not in the cache")));
        }
        lock.packages.retain(|l| (&*l.name, &*l.version) != (name, version));
        let _ = writeln!(out, "{package}");
    }
    if Path::new(LOCK).exists() {
        write_lock(&lock)?;
    }
    Ok(out)
}
