//! Which packages a script is judged with.
//!
//! Official script sets say it themselves, and sets that want different versions of one package run side by
//! side: each gets its own definitions, made once for all scripts that choose the same. In order: the set's
//! `properties.json` (`fhirPackage`); else, where `--package-dir` gives a folder to pick from, the repository's
//! `Configuration/package.version.properties`, by the profiles that its fixtures claim; else what `--package`
//! gives. What the folder does not have comes from the facts that the binary carries, version by version.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::definitions::package::{
    Deviation, Manifest, Missing, OnShelf, Package, Resolution, Resolver, Shelf, VersionRange, Wanted,
};
use crate::definitions::terminology::Authority;
use crate::definitions::{
    Definitions, Loaded, Origin, TypeTable, Used, embedded_base, embedded_packages, embedded_profile,
};
use crate::diagnostic::{Diagnostic, NoteKind};
use crate::fhir::FhirVersion;
use crate::record::DefinitionUse;
use crate::testscript::Card;

use super::configuration::{Configuration, Repositories};
use super::packages::{Packages, definitions, fits};
use super::problem;
use super::settings::Checked;
use super::terminology;

/// What says which packages.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ChosenBy {
    /// The set's `properties.json`.
    Properties,
    /// The repository's `package.version.properties`, and packages besides that nobody names and that define
    /// profiles claimed.
    Configuration(PathBuf, Vec<PathBuf>),
    /// The command line, or nobody.
    CommandLine,
}

impl ChosenBy {
    fn text(&self) -> String {
        match self {
            ChosenBy::Properties => "properties.json".to_owned(),
            ChosenBy::Configuration(path, _) => path.display().to_string(),
            ChosenBy::CommandLine => "--package".to_owned(),
        }
    }
}

/// What the user decides about the choice.
#[derive(Default)]
pub struct Preference {
    /// Folder of packages that sets pick from.
    pub folder: Option<PathBuf>,
    /// Takes the nearest version where one that is asked for is not there.
    pub nearest: bool,
    /// Release of scripts that do not say.
    pub release: Option<FhirVersion>,
    /// Whom to ask about codes.
    pub terminology: Option<terminology::Wanted>,
}

impl Preference {
    /// As the settings have it.
    pub fn of(checked: &Checked) -> Preference {
        let Checked { package_dir, nearest_package, fhir_version, .. } = checked;
        Preference {
            folder: package_dir.clone(),
            nearest: *nearest_package,
            release: *fhir_version,
            terminology: terminology::Wanted::of(checked),
        }
    }
}

/// The definitions of scripts that choose the same.
pub struct Choice {
    /// What they are judged with.
    pub definitions: Definitions,
    /// Packages that must be there in this version, or what needs them is not judged.
    pub wanted: Vec<(String, String)>,
    /// How each package came in, by name: asked for, or needed by another.
    reasons: HashMap<String, String>,
}

/// The choices of a run.
pub struct Choices {
    all: Vec<Choice>,
    authority: Option<Arc<dyn Authority>>,
    by_script: HashMap<PathBuf, usize>,
}

/// What scripts that choose the same have in common.
type Asked = (FhirVersion, Vec<(String, String)>, ChosenBy);

impl Choices {
    /// Chooses for every script. What cannot be had is a warning (what needs it will not be evaluated, and
    /// says so); what cannot be read stops the run.
    pub fn of(
        scripts: &[Card],
        preference: &Preference,
        packages: &Packages,
    ) -> Result<(Choices, Vec<Diagnostic>), Vec<Diagnostic>> {
        let wrong = |error: String| vec![problem::error(problem::PACKAGE, error)];
        let shelf = preference.folder.as_deref().map(Shelf::read).transpose().map_err(|e| wrong(e.to_string()))?;
        let shelf = shelf.map(|shelf| Chooser {
            folder: preference.folder.clone().unwrap_or_default(),
            resolver: Resolver::new(vec![(shelf.clone(), Origin::Path)], embedded_packages())
                .taking_nearest(preference.nearest),
            shelf,
            repositories: Repositories::default(),
            by_claims: Mutex::default(),
            packages,
        });
        let mut asked: Vec<Asked> = vec![];
        let mut by_script = HashMap::new();
        for script in scripts {
            let version = script.properties.fhir_version.or(preference.release).unwrap_or(FhirVersion::Stu3);
            let (wanted, by) = match &shelf {
                Some(chooser) => chooser.wanted(script, version)?,
                None if script.properties.packages.is_empty() => (vec![], ChosenBy::CommandLine),
                None => (script.properties.packages.clone(), ChosenBy::Properties),
            };
            let key = (version, wanted, by);
            let at = asked.iter().position(|known| *known == key).unwrap_or_else(|| {
                asked.push(key);
                asked.len() - 1
            });
            by_script.insert(script.path.clone(), at);
        }
        let mut problems = vec![];
        let mut all = vec![];
        for asked in asked {
            match &shelf {
                Some(chooser) => {
                    let (choice, said) = chooser.choice(asked)?;
                    all.push(choice);
                    for new in said {
                        let known = |old: &Diagnostic| old.message == new.message;
                        if !problems.iter().any(known) {
                            problems.push(new);
                        }
                    }
                }
                None => all.push(carried_choice(packages, asked)?),
            }
        }
        let authority = preference.terminology.clone().map(terminology::Wanted::open).transpose()?;
        Ok((Choices { all, authority, by_script }, problems))
    }

    /// The choice for a script.
    pub fn at(&self, script: &Path) -> Option<usize> {
        self.by_script.get(script).copied()
    }

    /// Every choice.
    pub fn all(&self) -> &[Choice] {
        &self.all
    }

    /// The same choices with somebody else to ask about codes.
    pub fn asking(self, authority: Option<Arc<dyn Authority>>) -> Choices {
        Choices { authority, ..self }
    }

    /// Whom to ask about codes that no definitions decide.
    pub fn authority(&self) -> Option<Arc<dyn Authority>> {
        self.authority.clone()
    }

    /// The types of a release.
    pub fn types(&self, version: FhirVersion) -> Option<Arc<TypeTable>> {
        self.all.iter().find(|choice| choice.definitions.version() == version).map(|c| c.definitions.types())
    }

    /// For the receipt: everything used, and who chose it.
    pub fn used(&self) -> Vec<DefinitionUse> {
        let mut used: Vec<DefinitionUse> = vec![];
        for choice in &self.all {
            for Used { package, version, sha256, origin } in choice.definitions.used() {
                let chosen_by = choice.reasons.get(&package).cloned().unwrap_or_default();
                let new = DefinitionUse { package, version, sha256, origin: origin.code().to_owned(), chosen_by };
                let same = |old: &&mut DefinitionUse| {
                    (&old.package, &old.version, &old.sha256) == (&new.package, &new.version, &new.sha256)
                };
                match used.iter_mut().find(same) {
                    None => used.push(new),
                    Some(old) if new.chosen_by.is_empty() || old.chosen_by.split("; ").any(|b| b == new.chosen_by) => {}
                    Some(old) if old.chosen_by.is_empty() => old.chosen_by = new.chosen_by,
                    Some(old) => old.chosen_by = format!("{}; {}", old.chosen_by, new.chosen_by),
                }
            }
        }
        used.sort_by(|a, b| (&a.package, &a.version).cmp(&(&b.package, &b.version)));
        used
    }
}

/// The choice without a folder to pick from: what the command line gives, and of what a set asks for the facts
/// that the binary carries.
fn carried_choice(packages: &Packages, (version, wanted, by): Asked) -> Result<Choice, Wrong> {
    let embedded = embedded_packages();
    let carried = |(name, number): &&(String, String)| embedded.iter().any(|p| p.name == *name && p.version == *number);
    let (asked, absent): (Names, Names) = wanted.iter().cloned().partition(|one| carried(&one));
    let absent = absent.into_iter().map(|(name, _)| name).collect();
    if asked.is_empty() {
        let definitions = packages.definitions(version)?.leaving_out(absent);
        return Ok(Choice { definitions, wanted, reasons: HashMap::new() });
    }
    // A version that a set asks for goes before another that the command line gives.
    let replaced = |manifest: &Manifest| asked.iter().any(|(name, v)| *name == manifest.name && *v != manifest.version);
    let given: Vec<Loaded> = packages.of(version).filter(|p| !replaced(p.package.manifest())).cloned().collect();
    let others = packages.carried().iter().filter(|p| !replaced(p)).map(|p| (p.name.clone(), p.version.clone()));
    let by = by.text();
    let all = wanted_by(asked.iter().cloned().chain(others), &by);
    let resolution = Resolver::new(vec![], embedded).resolve(given, all);
    let resolution = resolution.map_err(|error| vec![problem::error(problem::PACKAGE, error.to_string())])?;
    let packages = resolution.packages.into_iter().filter(|loaded| fits(loaded, version)).collect();
    let mut reasons: HashMap<String, String> = asked.into_iter().map(|(name, _)| (name, by.clone())).collect();
    add_needs(&mut reasons, &resolution.carried);
    let definitions = definitions(version, packages, &resolution.carried)?.leaving_out(absent);
    Ok(Choice { definitions, wanted, reasons })
}

/// Says of packages that others need by which they are needed.
fn add_needs<'m>(reasons: &mut HashMap<String, String>, packages: impl IntoIterator<Item = &'m Manifest>) {
    for package in packages {
        for (name, _) in &package.dependencies {
            reasons.entry(name.clone()).or_insert_with(|| format!("needed by {}", package.label()));
        }
    }
}

/// A shelf to choose from.
struct Chooser<'c> {
    folder: PathBuf,
    shelf: Shelf,
    resolver: Resolver,
    repositories: Repositories,
    /// What was found by the profiles that fixtures claim.
    by_claims: Mutex<Vec<(ByClaims, (Names, ChosenBy))>>,
    packages: &'c Packages,
}

/// Packages by name and version.
type Names = Vec<(String, String)>;

/// What is wrong when nothing can be chosen.
type Wrong = Vec<Diagnostic>;

/// The configuration, the profiles and the release that packages are chosen by.
type ByClaims = (PathBuf, Arc<[String]>, FhirVersion);

impl Chooser<'_> {
    /// What a script asks for, and who says so.
    fn wanted(&self, script: &Card, version: FhirVersion) -> Result<(Names, ChosenBy), Wrong> {
        if !script.properties.packages.is_empty() {
            return Ok((script.properties.packages.clone(), ChosenBy::Properties));
        }
        let Some(configuration) = self.repositories.above(&script.path) else {
            return Ok((vec![], ChosenBy::CommandLine));
        };
        let claimed = self.repositories.claimed(&script.path, &configuration.root);
        let key = (configuration.path.clone(), claimed.clone(), version);
        let mut known = self.by_claims.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, chosen)) = known.iter().find(|(of, _)| *of == key) {
            return Ok(chosen.clone());
        }
        let (wanted, besides) = self.by_claims(&configuration, &claimed, version)?;
        let by = match wanted.is_empty() && besides.is_empty() {
            true => ChosenBy::CommandLine,
            false => ChosenBy::Configuration(configuration.path.clone(), besides),
        };
        known.push((key, (wanted.clone(), by.clone())));
        Ok((wanted, by))
    }

    /// Of the packages that a configuration names, those that define a profile claimed. Where profiles are
    /// left that none defines: those that are not there, for they may, and others on the shelf that do.
    fn by_claims(
        &self,
        configuration: &Configuration,
        claimed: &[String],
        version: FhirVersion,
    ) -> Result<(Names, Vec<PathBuf>), Wrong> {
        let mut chosen = vec![];
        let mut besides = vec![];
        let mut absent = vec![];
        let mut open: Vec<&String> = claimed.iter().collect();
        for (name, number) in &configuration.packages {
            let by = configuration.path.display().to_string();
            let resolution = self.resolve(vec![], wanted_by([(name.clone(), number.clone())], &by))?;
            let package = resolution.packages.iter().find(|p| p.package.manifest().name == *name);
            let carried = resolution.carried.iter().find(|p| p.name == *name);
            if package.is_none() && carried.is_none() {
                absent.push((name.clone(), number.clone()));
                continue;
            }
            let defines = |url: &str| match package {
                Some(package) => package.package.with_url(url).next().is_some(),
                None => carried.is_some_and(|carried| embedded_profile(carried, url)),
            };
            let fits = package.is_none_or(|p| fits(p, version))
                && carried.is_none_or(|p| p.fhir_version().is_none_or(|of| of == version));
            if fits && claimed.iter().any(|url| defines(url)) {
                chosen.push((name.clone(), number.clone()));
                open.retain(|url| !defines(url));
            }
        }
        // The core package is always there: as facts, unless somebody gives it.
        open.retain(|url| !embedded_base(version, url));
        if !open.is_empty() {
            // A name tells its release, as far as names go.
            let part = |v: FhirVersion| v.to_string().to_ascii_lowercase();
            let says = |name: &str, v: FhirVersion| name.split('.').any(|of| of == part(v));
            let other = |name: &str| FhirVersion::ALL.into_iter().any(|v| v != version && says(name, v));
            // Another version of a package that is named is not meant; a variant of the same may be.
            let meant = |p: &OnShelf| configuration.packages.iter().all(|(n, v)| *n != p.name || *v == p.version);
            chosen.extend(absent.into_iter().filter(|(name, _)| !other(name)));
            let candidates = self.shelf.packages().iter().filter(|p| says(&p.name, version) && meant(p));
            for candidate in candidates {
                // What cannot be opened defines nothing.
                let Ok(package) = Package::open(&candidate.path) else { continue };
                let before = open.len();
                open.retain(|url| package.with_url(url).next().is_none());
                if open.len() < before {
                    besides.push(candidate.path.clone());
                }
            }
        }
        Ok((chosen, besides))
    }

    fn resolve(&self, given: Vec<Loaded>, wanted: Vec<Wanted>) -> Result<Resolution, Vec<Diagnostic>> {
        let wrong = |error: String| vec![problem::error(problem::PACKAGE, error)];
        self.resolver.resolve(given, wanted).map_err(|error| wrong(error.to_string()))
    }

    /// The definitions for what was asked, with what is to be said about them.
    fn choice(&self, (version, asked, by): Asked) -> Result<(Choice, Vec<Diagnostic>), Vec<Diagnostic>> {
        // A version that a set asks for and that is there goes before another that the command line gives.
        let embedded = embedded_packages();
        let is_there = |name: &str, number: &str| {
            self.shelf.find(name, &VersionRange::new(number)).is_some()
                || embedded.iter().any(|p| p.name == name && p.version == number)
        };
        let replaced = |manifest: &Manifest| {
            let other = |(name, number): &(String, String)| *name == manifest.name && *number != manifest.version;
            asked.iter().any(|asked| other(asked) && is_there(&asked.0, &asked.1))
        };
        let given = self.packages.of(version).filter(|loaded| !replaced(loaded.package.manifest()));
        let mut given: Vec<Loaded> = given.cloned().collect();
        let carried = self.packages.carried().iter().filter(|p| !replaced(p));
        let carried: Names = carried.map(|p| (p.name.clone(), p.version.clone())).collect();
        let mut reasons: HashMap<String, String> =
            given.iter().map(|p| (p.package.manifest().name.clone(), ChosenBy::CommandLine.text())).collect();
        let besides = if let ChosenBy::Configuration(_, besides) = &by { besides.as_slice() } else { &[] };
        for path in besides {
            let loaded = Loaded::from_path(path).map_err(|e| vec![problem::error(problem::PACKAGE, e.to_string())])?;
            reasons.insert(loaded.package.manifest().name.clone(), "defines profiles claimed by fixtures".to_owned());
            given.push(loaded);
        }
        let by_text = by.text();
        let resolution = self.resolve(given, wanted_by(asked.iter().cloned().chain(carried), &by_text))?;
        let said = self.said(&resolution, &by_text);
        let mut wanted = asked;
        for Deviation { wanted: Wanted { name, range, by }, used } in &resolution.deviations {
            if *by == by_text {
                reasons.insert(name.clone(), format!("{by_text}, nearest to {range}"));
                if let Some(entry) = wanted.iter_mut().find(|(n, _)| n == name) {
                    entry.1.clone_from(used);
                }
            }
        }
        for (name, _) in &wanted {
            reasons.entry(name.clone()).or_insert_with(|| by_text.clone());
        }
        add_needs(&mut reasons, resolution.packages.iter().map(|p| p.package.manifest()).chain(&resolution.carried));
        let packages = resolution.packages.into_iter().filter(|loaded| fits(loaded, version)).collect();
        let absent = resolution.missing.iter().filter(|missing| missing.wanted.by == by_text);
        let absent = absent.map(|missing| missing.wanted.name.clone()).collect();
        let definitions = definitions(version, packages, &resolution.carried)?.leaving_out(absent);
        Ok((Choice { definitions, wanted, reasons }, said))
    }

    /// What is missing, and what is used instead of what was asked for.
    fn said(&self, resolution: &Resolution, by_text: &str) -> Vec<Diagnostic> {
        let folder = self.folder.display();
        let missing = resolution.missing.iter().map(|Missing { wanted: Wanted { name, range, by }, available }| {
            let message = format!("`{folder}` has no package `{name}` of version {range}");
            let diagnostic =
                problem::warning(problem::PACKAGE, message).note(NoteKind::Note, format!("asked for by {by}"));
            match available.is_empty() {
                true => diagnostic,
                false => {
                    let there = format!("there is {}; `--nearest-package` takes the nearest", available.join(", "));
                    diagnostic.note(NoteKind::Found, there)
                }
            }
        });
        let asked = resolution.deviations.iter().filter(|deviation| deviation.wanted.by == by_text);
        let other = asked.map(|Deviation { wanted: Wanted { name, range, by }, used }| {
            let message = format!("package `{name}` is used in version {used}, not {range}");
            problem::warning(problem::PACKAGE, message).note(NoteKind::Note, format!("asked for by {by}"))
        });
        missing.chain(other).collect()
    }
}

fn wanted_by(asked: impl IntoIterator<Item = (String, String)>, by: &str) -> Vec<Wanted> {
    let one = |(name, number): (String, String)| Wanted { name, range: VersionRange::new(&number), by: by.to_owned() };
    asked.into_iter().map(one).collect()
}
