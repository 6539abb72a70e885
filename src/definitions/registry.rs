//! The definitions of one run: the packages that were given, and the embedded facts where none was.

use std::sync::{Arc, OnceLock};

use super::distill;
use super::facts::{self, FactsError};
use super::package::{Loaded, Origin, PackageError, hash_of};
use super::search::{self, SearchParameters};
use super::types::{StructureFacts, TypeTable};
use crate::embedded;
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

/// The package whose facts are embedded, by release.
const EMBEDDED: [(FhirVersion, &str); 2] =
    [(FhirVersion::Stu3, "hl7.fhir.r3.core"), (FhirVersion::R4, "hl7.fhir.r4.core")];

/// The packages whose facts the binary carries, by name and version.
pub fn embedded_packages() -> Vec<(String, String)> {
    EMBEDDED.iter().map(|(version, name)| ((*name).to_owned(), version.release().to_owned())).collect()
}

/// What one release's embedded facts became; built at most once in a process.
#[derive(Default)]
struct Cached {
    types: OnceLock<Arc<TypeTable>>,
    search: OnceLock<Arc<SearchParameters>>,
    sha256: OnceLock<String>,
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

/// The folder of a release's embedded base facts.
fn embedded_folder(version: FhirVersion) -> String {
    let name = EMBEDDED.iter().find(|(v, _)| *v == version).map_or("", |(_, name)| *name);
    format!("profiles/{name}@{}", version.release())
}

/// The base types of a release, from the facts the binary carries.
pub fn embedded_structures(version: FhirVersion) -> Result<Vec<StructureFacts>, FactsError> {
    let files = embedded::below(&embedded_folder(version)).iter();
    facts::read(files.filter(|f| is_type(f.name())).filter_map(|f| Some((f.name(), f.text()?))))
}

/// The search parameters of a release, from the facts the binary carries.
pub fn embedded_search_parameters(version: FhirVersion) -> Result<SearchParameters, FactsError> {
    let path = format!("{}/{}", embedded_folder(version), search::facts::FILE);
    match embedded::file(&path).and_then(|f| f.text()) {
        Some(text) => search::facts::read(&path, text),
        None => Err(FactsError { file: path, line: 1, message: "it is not part of this build".to_owned() }),
    }
}

/// Files of types are named after them; others have a hyphen in their names, which no type has.
fn is_type(file: &str) -> bool {
    file.strip_suffix(".facts").is_some_and(|name| !name.contains('-'))
}

/// What FHIR elements are, for one release. Cheap to clone.
#[derive(Clone)]
pub struct Definitions {
    version: FhirVersion,
    packages: Vec<Loaded>,
    /// The types of the core package that was given; None for the embedded ones.
    types: Option<Arc<TypeTable>>,
    /// The search parameters when packages add to the embedded ones.
    search: Option<Arc<SearchParameters>>,
    unsupported: Vec<UnsupportedParameter>,
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
        Definitions { version, packages: vec![], types: None, search: None, unsupported: vec![] }
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
        let build = || {
            // The facts are part of the binary and its tests read them: an error here is a build gone wrong.
            let structures = embedded_structures(self.version).unwrap_or_default();
            Arc::new(TypeTable::of(self.version, structures))
        };
        cached(self.version).types.get_or_init(build).clone()
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

    /// What was used, for the receipt: the packages given, and the embedded base unless one replaced it.
    pub fn used(&self) -> Vec<Used> {
        let mut used: Vec<Used> = self
            .packages
            .iter()
            .map(|p| Used {
                package: p.package.manifest().name.clone(),
                version: p.package.manifest().version.clone(),
                sha256: p.package.sha256().to_owned(),
                origin: p.origin,
            })
            .collect();
        if self.types.is_none() {
            let folder = embedded_folder(self.version);
            let (name, release) = folder.trim_start_matches("profiles/").split_once('@').unwrap_or_default();
            used.push(Used {
                package: name.to_owned(),
                version: release.to_owned(),
                sha256: cached(self.version).sha256.get_or_init(|| embedded_hash(&folder)).clone(),
                origin: Origin::Embedded,
            });
        }
        used
    }
}

/// Over names and contents, as for a package in a folder.
fn embedded_hash(folder: &str) -> String {
    hash_of(embedded::below(folder).iter().map(|f| (f.name(), f.bytes)))
}
