//! The facts that the binary carries, as the source of profiles and terminology.
//!
//! Which packages there are stands in their `package.facts`, some in several versions. Of a package nothing
//! is read before something of it is asked for, then the first lines of its profiles, and of these only what
//! is needed.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use super::facts::package::{self, PackageFacts};
use super::facts::{self, TerminologyFacts};
use super::package::{Manifest, highest, is_core};
use super::profile::{DefinitionSource, ProfileError, StructureDefinition};
use super::terminology::TerminologySource;
use crate::embedded::{self, File};
use crate::fhir::{Document, FhirVersion};

/// Where the facts of packages are, one folder each.
const FOLDER: &str = "profiles";

/// One package of facts.
#[derive(Debug)]
pub(super) struct EmbeddedPackage {
    /// What it was taken from.
    pub facts: PackageFacts,
    /// The release it is for.
    pub version: Option<FhirVersion>,
    /// The version that is used where nobody asks for one: the highest.
    pub usual: bool,
    /// Its files.
    pub files: &'static [File],
    profiles: OnceLock<HashMap<&'static str, &'static File>>,
}

impl EmbeddedPackage {
    /// Every package in every version, what others depend on before them, by name.
    pub fn all() -> &'static [EmbeddedPackage] {
        static ALL: OnceLock<Vec<EmbeddedPackage>> = OnceLock::new();
        ALL.get_or_init(|| {
            let manifests = embedded::below(FOLDER).iter().filter(|f| f.name() == package::FILE);
            let mut all: Vec<EmbeddedPackage> = manifests.filter_map(EmbeddedPackage::of).collect();
            let depths: HashMap<String, usize> =
                all.iter().map(|p| (p.facts.name.clone(), depth(&p.facts.name, &all, all.len()))).collect();
            all.sort_by_key(|p| depths.get(&p.facts.name).copied());
            let usual = |p: &EmbeddedPackage| {
                let versions = all.iter().filter(|other| other.facts.name == p.facts.name);
                highest(versions, |p| &p.facts.version).is_some_and(|best| best.facts.version == p.facts.version)
            };
            let usual: Vec<bool> = all.iter().map(usual).collect();
            all.iter_mut().zip(usual).for_each(|(package, usual)| package.usual = usual);
            all
        })
    }

    /// The facts are part of the binary and its tests read them: what cannot be read here is a build gone wrong.
    fn of(manifest: &'static File) -> Option<EmbeddedPackage> {
        let facts = package::read(manifest.path, manifest.text()?).ok()?;
        let (folder, _) = manifest.path.rsplit_once('/')?;
        let version = FhirVersion::parse(&facts.fhir);
        let files = embedded::below(folder);
        Some(EmbeddedPackage { facts, version, usual: false, files, profiles: OnceLock::new() })
    }

    /// The package that defines the base types of a release.
    pub fn core(version: FhirVersion) -> Option<&'static EmbeddedPackage> {
        EmbeddedPackage::all().iter().find(|p| p.version == Some(version) && is_core(&p.facts.name))
    }

    /// What it says of itself, as an official package does.
    pub fn manifest(&self) -> Manifest {
        Manifest {
            name: self.facts.name.clone(),
            version: self.facts.version.clone(),
            fhir_versions: vec![self.facts.fhir.clone()],
            dependencies: self.facts.dependencies.clone(),
        }
    }

    /// True when this is what a manifest says.
    pub fn is(&self, manifest: &Manifest) -> bool {
        (&self.facts.name, &self.facts.version) == (&manifest.name, &manifest.version)
    }

    /// True when one of its profiles has this canonical.
    pub fn defines(&self, url: &str) -> bool {
        self.profiles().contains_key(url)
    }

    /// The text of one of its files.
    pub fn text(&self, name: &str) -> Option<&'static str> {
        let at = self.files.binary_search_by(|f| f.name().cmp(name)).ok()?;
        self.files.get(at)?.text()
    }

    fn profiles(&self) -> &HashMap<&'static str, &'static File> {
        self.profiles
            .get_or_init(|| self.files.iter().filter_map(|f| Some((facts::canonical_of(f.head)?, f))).collect())
    }

    fn find(&self, resource_type: &str, url: &str) -> Vec<Document> {
        let text = TerminologyFacts::file_of(resource_type).and_then(|file| self.text(file));
        text.and_then(|text| TerminologyFacts::find(resource_type, text, url).ok()).unwrap_or_default()
    }
}

/// How many packages there are below one at most, of those that are embedded.
fn depth(name: &str, all: &[EmbeddedPackage], left: usize) -> usize {
    let Some(left) = left.checked_sub(1) else { return 0 };
    let needed = all.iter().filter(|p| p.facts.name == name).flat_map(|p| &p.facts.dependencies);
    needed
        .filter(|(name, _)| !is_core(name) && all.iter().any(|p| p.facts.name == *name))
        .map(|(name, _)| depth(name, all, left) + 1)
        .max()
        .unwrap_or(0)
}

/// Packages of facts in the order in which they count.
pub(super) struct EmbeddedSource {
    packages: Vec<&'static EmbeddedPackage>,
}

impl EmbeddedSource {
    /// A source of these.
    pub fn new(packages: Vec<&'static EmbeddedPackage>) -> EmbeddedSource {
        EmbeddedSource { packages }
    }
}

impl DefinitionSource for EmbeddedSource {
    fn definition(&self, url: &str, version: Option<&str>) -> Option<Result<StructureDefinition, ProfileError>> {
        self.packages.iter().find_map(|package| {
            let file = package.profiles().get(url)?;
            match facts::read_profile(file.path, file.text()?) {
                Ok(found) if version.is_some() && version != found.version.as_deref() => None,
                Ok(found) => Some(Ok(found)),
                Err(error) => Some(Err(ProfileError::Unreadable { canonical: url.into(), reason: error.to_string() })),
            }
        })
    }

    fn urls(&self) -> Vec<Arc<str>> {
        self.packages.iter().flat_map(|p| p.profiles().keys()).map(|url| Arc::from(*url)).collect()
    }
}

impl TerminologySource for EmbeddedSource {
    fn value_sets(&self, url: &str) -> Vec<Document> {
        self.packages.iter().flat_map(|p| p.find("ValueSet", url)).collect()
    }

    fn code_system(&self, url: &str) -> Option<Document> {
        self.packages.iter().find_map(|p| p.find("CodeSystem", url).into_iter().next())
    }

    fn concept_map(&self, url: &str) -> Option<Document> {
        self.packages.iter().find_map(|p| p.find("ConceptMap", url).into_iter().next())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definitions::package::hash_of;

    #[test]
    fn every_embedded_package_is_what_its_manifest_says_and_every_profile_reads() {
        let usual = |name: &str| {
            let versions = EmbeddedPackage::all().iter().filter(|p| p.facts.name.ends_with(name));
            versions.filter(|p| p.usual).map(|p| p.facts.version.as_str()).collect::<Vec<_>>()
        };
        assert_eq!((usual(".zib2017"), usual(".nl-core")), (vec!["2.2.18"], vec!["0.11.0-beta.1"]));
        let at = |name: &str| EmbeddedPackage::all().iter().position(|p| p.facts.name.ends_with(name));
        assert!(at(".zib2017") < at(".eafspraak") && at(".nl-core") < at(".medicationprocess9"));
        for package in EmbeddedPackage::all() {
            assert!(package.version.is_some(), "{}", package.facts.name);
            let others = package.files.iter().filter(|f| f.name() != package::FILE);
            assert_eq!(hash_of(others.map(|f| (f.name(), f.bytes()))), package.facts.sha256, "{}", package.facts.name);
            for (url, file) in package.profiles() {
                let read = facts::read_profile(file.path, file.text().unwrap()).unwrap();
                assert_eq!(&*read.url, *url);
                assert_eq!(facts::write_profile(&read), file.text().unwrap(), "{}", file.path);
            }
            for (resource_type, keyword) in [("ValueSet", "value-set "), ("CodeSystem", "code-system ")] {
                let text = TerminologyFacts::file_of(resource_type).and_then(|f| package.text(f)).unwrap_or_default();
                for url in text.lines().filter_map(|l| l.strip_prefix(keyword)) {
                    assert!(!TerminologyFacts::find(resource_type, text, url).unwrap().is_empty(), "{url}");
                }
            }
        }
    }
}
