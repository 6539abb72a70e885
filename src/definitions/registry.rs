//! The definitions of one run: the packages that were given, and the embedded facts where none was.

use std::sync::{Arc, OnceLock};

use super::distill;
use super::embedded::{EmbeddedPackage, EmbeddedSource};
use super::facts::{self, FactsError};
use super::package::{Loaded, Manifest, Origin, Package, PackageError, Version, is_core};
use super::profile::{BaseTypes, DefinitionSource, Profiles};
use super::search::{self, SearchParameters};
use super::source::PackageSource;
use super::terminology::{Terminology, TerminologySource};
use super::types::{StructureFacts, TypeTable};
use crate::fhir::FhirVersion;

/// A line of the receipt: which definitions were used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Used {
    /// Package name.
    pub package: String,
    /// Its version.
    pub version: String,
    /// Of the tarball, of the folder's files, or of the embedded facts.
    pub sha256: String,
    /// Where it came from.
    pub origin: Origin,
}

/// The packages whose facts the binary carries, by name and version.
pub fn embedded_packages() -> Vec<Manifest> {
    let mut all: Vec<Manifest> = EmbeddedPackage::all().iter().map(EmbeddedPackage::manifest).collect();
    all.sort_by_cached_key(|package| (package.name.clone(), Version::parse(&package.version)));
    all
}

/// True when the facts that the binary carries of a package have a profile with this canonical.
pub fn embedded_profile(package: &Manifest, url: &str) -> bool {
    EmbeddedPackage::all().iter().any(|carried| carried.is(package) && carried.defines(url))
}

/// True when the facts that the binary carries of a release's core package define this canonical.
pub fn embedded_base(version: FhirVersion, url: &str) -> bool {
    let is_type = || {
        let name = url.strip_prefix(super::structure::CORE);
        name.is_some_and(|name| Definitions::embedded(version).types().type_named(name).is_some())
    };
    EmbeddedPackage::core(version).is_some_and(|core| core.defines(url) || is_type())
}

/// What one release's embedded facts became; built at most once in a process.
#[derive(Default)]
struct Cached {
    structures: OnceLock<Arc<Vec<StructureFacts>>>,
    types: OnceLock<Arc<TypeTable>>,
    search: OnceLock<Arc<SearchParameters>>,
    base: OnceLock<Arc<Profiles>>,
    profiles: OnceLock<Arc<Profiles>>,
    terminology: OnceLock<Arc<Terminology>>,
}

fn cached(version: FhirVersion) -> &'static Cached {
    static STU3: OnceLock<Cached> = OnceLock::new();
    static R4: OnceLock<Cached> = OnceLock::new();
    match version {
        FhirVersion::Stu3 => &STU3,
        FhirVersion::R4 => &R4,
    }
    .get_or_init(Cached::default)
}

impl Cached {
    /// The facts are part of the binary and its tests read them: an error here is a build gone wrong.
    fn structures(&self, version: FhirVersion) -> Arc<Vec<StructureFacts>> {
        self.structures.get_or_init(|| Arc::new(embedded_structures(version).unwrap_or_default())).clone()
    }

    /// The base types and what the core package has beside them.
    fn base(&self, version: FhirVersion) -> Arc<Profiles> {
        let build = || {
            let types = BaseTypes::new(version.release(), self.structures(version));
            let core = EmbeddedSource::new(EmbeddedPackage::core(version).into_iter().collect());
            Arc::new(Profiles::new(vec![Arc::new(types), Arc::new(core)]))
        };
        self.base.get_or_init(build).clone()
    }
}

/// The base types of a release, from the facts the binary carries.
pub fn embedded_structures(version: FhirVersion) -> Result<Vec<StructureFacts>, FactsError> {
    let files = EmbeddedPackage::core(version).map(|p| p.files).unwrap_or_default().iter();
    let structures = files.filter(|f| f.head.starts_with("structure "));
    facts::read(structures.filter_map(|f| Some((f.name(), f.text()?))))
}

/// The search parameters of a release, from the facts the binary carries.
pub fn embedded_search_parameters(version: FhirVersion) -> Result<SearchParameters, FactsError> {
    match EmbeddedPackage::core(version).and_then(|p| p.text(search::facts::FILE)) {
        Some(text) => search::facts::read(search::facts::FILE, text),
        None => {
            let message = "it is not part of this build".to_owned();
            Err(FactsError { file: search::facts::FILE.to_owned(), line: 1, message })
        }
    }
}

/// What FHIR elements are, for one release. Cheap to clone.
#[derive(Clone)]
pub struct Definitions {
    version: FhirVersion,
    packages: Vec<Loaded>,
    /// The embedded packages that were asked for, first those that count first.
    asked: Vec<&'static EmbeddedPackage>,
    /// Names of embedded packages that are left out.
    left_out: Vec<String>,
    /// The types of the core package that was given; None for the embedded ones.
    types: Option<Arc<TypeTable>>,
    /// The search parameters when packages add to the embedded ones.
    search: Option<Arc<SearchParameters>>,
    unsupported: Vec<UnsupportedParameter>,
    /// Made when they are first asked for, where packages were given; without any, those of the process.
    profiles: Arc<OnceLock<Arc<Profiles>>>,
    terminology: Arc<OnceLock<Arc<Terminology>>>,
}

/// A search parameter of a package that cannot be evaluated.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnsupportedParameter {
    /// `name@version` of the package.
    pub package: String,
    /// The file.
    pub file: String,
    /// Why.
    pub reason: String,
}

impl Definitions {
    /// The definitions the binary carries.
    pub fn embedded(version: FhirVersion) -> Definitions {
        Definitions {
            version,
            packages: vec![],
            asked: vec![],
            left_out: vec![],
            types: None,
            search: None,
            unsupported: vec![],
            profiles: Arc::default(),
            terminology: Arc::default(),
        }
    }

    /// Packages for a release, the first one winning where two define the same. A core package among them
    /// takes the place of the embedded base types.
    pub fn with_packages(version: FhirVersion, packages: Vec<Loaded>) -> Result<Definitions, PackageError> {
        let mut definitions = Definitions { packages, ..Definitions::embedded(version) };
        let mut search = None;
        if let Some(core) = definitions.core() {
            let structures = distill::structures(&core.package)?;
            search = Some(distill::search_parameters(&core.package, &structures)?);
            definitions.types = Some(Arc::new(TypeTable::new(version, &structures)));
        }
        definitions.add_search_parameters(search)?;
        Ok(definitions)
    }

    /// The same with these of the packages whose facts the binary carries before all others that it carries, and
    /// in this version.
    #[must_use]
    pub fn carrying(mut self, packages: &[Manifest]) -> Definitions {
        let version = self.version;
        let carried = |of: &Manifest| EmbeddedPackage::all().iter().find(|p| p.is(of) && p.version == Some(version));
        self.asked = packages.iter().filter_map(carried).collect();
        (self.profiles, self.terminology) = Default::default();
        self
    }

    /// The same without the packages of these names that the binary carries: somebody wants another version of
    /// them, and nothing is judged by the wrong one.
    #[must_use]
    pub fn leaving_out(mut self, names: Vec<String>) -> Definitions {
        self.left_out = names;
        (self.profiles, self.terminology) = Default::default();
        self
    }

    /// Puts the parameters of the packages over those of the base; the first package wins.
    fn add_search_parameters(&mut self, base: Option<SearchParameters>) -> Result<(), PackageError> {
        let core = self.core().map(|c| Arc::as_ptr(&c.package));
        let added: Vec<&Loaded> = self.packages.iter().filter(|p| Some(Arc::as_ptr(&p.package)) != core).collect();
        let mut all = match base {
            Some(base) => base,
            None if added.iter().all(|p| p.package.of_type("SearchParameter").next().is_none()) => return Ok(()),
            None => (*self.search_parameters()).clone(),
        };
        let mut unsupported = vec![];
        for loaded in added.iter().rev() {
            for resource in loaded.package.of_type("SearchParameter") {
                let document = loaded.package.document(resource)?;
                if let Err(reason) = all.define(document.root()) {
                    let (package, file) = (loaded.package.label(), resource.file.to_string());
                    unsupported.push(UnsupportedParameter { package, file, reason });
                }
            }
        }
        self.search = Some(Arc::new(all));
        self.unsupported = unsupported;
        Ok(())
    }

    /// The given package that defines the base types: it has `Element`.
    fn core(&self) -> Option<&Loaded> {
        let element = format!("{}Element", super::structure::CORE);
        self.packages.iter().find(|p| p.package.with_url(&element).next().is_some())
    }

    /// The release.
    pub fn version(&self) -> FhirVersion {
        self.version
    }

    /// The packages that were given.
    pub fn packages(&self) -> &[Loaded] {
        &self.packages
    }

    /// The types of the release. Built on first use; the embedded ones once in a process.
    pub fn types(&self) -> Arc<TypeTable> {
        if let Some(types) = &self.types {
            return types.clone();
        }
        let cached = cached(self.version);
        let build = || Arc::new(TypeTable::new(self.version, &cached.structures(self.version)));
        cached.types.get_or_init(build).clone()
    }

    /// The search parameters of the release, with those of the packages. Read on first use.
    pub fn search_parameters(&self) -> Arc<SearchParameters> {
        if let Some(search) = &self.search {
            return search.clone();
        }
        // As for the types: the embedded facts are read by the tests.
        let build = || Arc::new(embedded_search_parameters(self.version).unwrap_or_default());
        cached(self.version).search.get_or_init(build).clone()
    }

    /// The search parameters of the packages that cannot be evaluated, each with the reason.
    pub fn unsupported_parameters(&self) -> &[UnsupportedParameter] {
        &self.unsupported
    }

    /// The profiles and types that resources can be judged by: those of the packages given first, then the
    /// embedded ones of packages that were not given. Nothing is read before it is asked for.
    pub fn profiles(&self) -> Arc<Profiles> {
        let cached = cached(self.version);
        if self.is_usual() {
            let all = || Profiles::over(cached.base(self.version), vec![Arc::new(EmbeddedSource::new(self.carried()))]);
            return cached.profiles.get_or_init(|| Arc::new(all())).clone();
        }
        let build = || {
            let given: Arc<dyn DefinitionSource> = Arc::new(self.given());
            let sources = vec![given, Arc::new(EmbeddedSource::new(self.carried())) as Arc<dyn DefinitionSource>];
            Arc::new(match &self.types {
                Some(_) => Profiles::new(sources),
                None => Profiles::over(cached.base(self.version), sources),
            })
        };
        self.profiles.get_or_init(build).clone()
    }

    /// The value sets and code systems of the same packages, in the same order.
    pub fn terminology(&self) -> Arc<Terminology> {
        let build = || {
            let mut embedded = self.carried();
            embedded.extend(self.carried_core());
            let sources: Vec<Box<dyn TerminologySource>> =
                vec![Box::new(self.given()), Box::new(EmbeddedSource::new(embedded))];
            Arc::new(Terminology::new(sources))
        };
        match self.is_usual() {
            true => cached(self.version).terminology.get_or_init(build).clone(),
            false => self.terminology.get_or_init(build).clone(),
        }
    }

    fn given(&self) -> PackageSource {
        let packages: Vec<Arc<Package>> = self.packages.iter().map(|p| p.package.clone()).collect();
        PackageSource::new(packages)
    }

    /// The embedded packages beside the core one whose place no package given takes: those that were asked for,
    /// and of the others the usual version.
    fn carried(&self) -> Vec<&'static EmbeddedPackage> {
        let given = |p: &EmbeddedPackage| self.packages.iter().any(|g| g.package.manifest().name == p.facts.name);
        let asked = |p: &EmbeddedPackage| self.asked.iter().any(|a| a.facts.name == p.facts.name);
        let left_out = |p: &EmbeddedPackage| self.left_out.contains(&p.facts.name);
        let usual = |p: &&EmbeddedPackage| p.version == Some(self.version) && p.usual && !asked(p) && !left_out(p);
        let others = EmbeddedPackage::all().iter().filter(usual);
        self.asked.iter().copied().chain(others).filter(|p| !is_core(&p.facts.name) && !given(p)).collect()
    }

    /// True when nothing is different from what the binary carries.
    fn is_usual(&self) -> bool {
        self.packages.is_empty() && self.asked.is_empty() && self.left_out.is_empty()
    }

    /// The embedded core package, where no other takes its place.
    fn carried_core(&self) -> Option<&'static EmbeddedPackage> {
        EmbeddedPackage::core(self.version).filter(|_| self.types.is_none())
    }

    /// What was used, for the receipt: the packages given, and the embedded ones whose place none of them takes.
    pub fn used(&self) -> Vec<Used> {
        let given = self.packages.iter().map(|p| Used {
            package: p.package.manifest().name.clone(),
            version: p.package.manifest().version.clone(),
            sha256: p.package.sha256().to_owned(),
            origin: p.origin,
        });
        let embedded = self.carried_core().into_iter().chain(self.carried()).map(|p| Used {
            package: p.facts.name.clone(),
            version: p.facts.version.clone(),
            sha256: p.facts.sha256.clone(),
            origin: Origin::Embedded,
        });
        given.chain(embedded).collect()
    }
}
