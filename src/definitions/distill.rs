//! From an official package to the facts that the binary carries: base types, search parameters, profiles and
//! extensions, value sets, code systems and concept maps.
//!
//! `keur package distill` calls [`write_facts`]; the files under `profiles/` are what it wrote.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::facts::package::{self as package_facts, PackageFacts};
use super::facts::{self, TerminologyFacts};
use super::package::{Package, PackageError, PackagedResource, hash_of};
use super::profile::StructureDefinition;
use super::search::{self, SearchParameters};
use super::types::{StructureFacts, TypeClass};
use crate::fhir::Document;

/// The facts of every base type a package defines, by name.
pub fn structures(package: &Package) -> Result<Vec<StructureFacts>, PackageError> {
    let mut found = vec![];
    for resource in package.of_type("StructureDefinition") {
        // Profiles are nine tenths of a package: they are not even parsed.
        if resource.outline.derivation.as_deref() == Some("constraint") {
            continue;
        }
        let document = package.document(resource)?;
        let read = StructureFacts::from_definition(document.root());
        let facts = read.map_err(|reason| PackageError::Resource {
            package: package.label(),
            file: resource.file.to_string(),
            position: None,
            reason,
        })?;
        found.extend(facts);
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// The search parameters and compartments of a package. Those that cannot be evaluated are known and
/// unsupported, as [`SearchParameters::define`] says.
pub fn search_parameters(package: &Package, structures: &[StructureFacts]) -> Result<SearchParameters, PackageError> {
    let mut found = SearchParameters::default();
    for structure in structures.iter().filter(|s| s.class == TypeClass::Resource) {
        found.derive(&structure.name, structure.base.as_deref());
    }
    let documents =
        |ty: &str| package.of_type(ty).map(|r| Ok((r, package.document(r)?))).collect::<Result<Vec<_>, _>>();
    let definitions: Vec<(&PackagedResource, Document)> = documents("SearchParameter")?;
    let code = |d: &Document| Some((d.root().child_value("url")?.into(), d.root().child_value("code")?.into()));
    let codes: HashMap<Box<str>, Box<str>> = definitions.iter().filter_map(|(_, d)| code(d)).collect();
    for (_, definition) in &definitions {
        let root = definition.root();
        let code = root.child_value("code").unwrap_or_default();
        // The packages hold examples that define a parameter again: the first definition stands.
        let again = root.children_named("base").filter_map(|b| b.value()).any(|b| found.defines(b, code));
        if !again {
            let _unsupported = found.define_knowing(root, &codes);
        }
    }
    for (resource, definition) in documents("CompartmentDefinition")? {
        found.define_compartment(definition.root()).map_err(|reason| PackageError::Resource {
            package: package.label(),
            file: resource.file.to_string(),
            position: None,
            reason,
        })?;
    }
    Ok(found)
}

/// The profiles and extensions of a package, each with a name for its file, by name.
fn profiles(package: &Package) -> Result<Vec<(String, String)>, PackageError> {
    let mut found: Vec<(String, String)> = vec![];
    for resource in package.of_type("StructureDefinition") {
        if resource.outline.derivation.as_deref() != Some("constraint") {
            continue;
        }
        let document = package.document(resource)?;
        let definition = StructureDefinition::read(document.root()).map_err(|error| PackageError::Resource {
            package: package.label(),
            file: resource.file.to_string(),
            position: Some(error.position),
            reason: error.reason,
        })?;
        let stem = resource.file.strip_suffix(".json").unwrap_or(&resource.file);
        let id = resource.outline.id.as_deref().unwrap_or(stem);
        found.push((id.to_owned(), facts::write_profile(&definition)));
    }
    found.sort();
    // Two with one id: the second goes by its number.
    let mut files: Vec<(String, String)> = Vec::with_capacity(found.len());
    for (id, text) in found {
        let same = files.iter().filter(|(name, _)| name.split('.').next() == Some(&id)).count();
        let name = if same == 0 { format!("{id}.facts") } else { format!("{id}.{}.facts", same + 1) };
        files.push((name, text));
    }
    Ok(files)
}

fn terminology(package: &Package) -> Result<Vec<(String, String)>, PackageError> {
    // A package of expansions repeats what the core package says of each value set: only the lists are new.
    let only_expansions = package.resources().iter().all(|r| &*r.outline.resource_type == "ValueSet");
    let mut facts = TerminologyFacts::new(only_expansions);
    for resource_type in ["ValueSet", "CodeSystem", "ConceptMap"] {
        for resource in package.of_type(resource_type) {
            facts.add(package.document(resource)?.root());
        }
    }
    Ok(facts.files())
}

/// What a distillation wrote.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Distilled {
    /// The folder: `<package>@<version>` under the one that was asked for.
    pub folder: PathBuf,
    /// Number of files written.
    pub files: usize,
    /// Their length together, in bytes.
    pub bytes: usize,
}

/// The fact files of a package: name and text, in the order of their names.
pub fn fact_files(package: &Package) -> Result<Vec<(String, String)>, PackageError> {
    let structures = structures(package)?;
    let parameters = search_parameters(package, &structures)?;
    let mut files = files(&structures, &parameters);
    files.extend(profiles(package)?);
    files.extend(terminology(package)?);
    files.sort();
    let manifest = package.manifest();
    let facts = PackageFacts {
        name: manifest.name.clone(),
        version: manifest.version.clone(),
        fhir: manifest.fhir_version().map(|v| v.release().to_owned()).unwrap_or_default(),
        sha256: hash_of(files.iter().map(|(name, text)| (name.as_str(), text.as_bytes()))),
        dependencies: manifest.dependencies.clone(),
    };
    files.push((package_facts::FILE.to_owned(), package_facts::write(&facts)));
    files.sort();
    Ok(files)
}

fn files(structures: &[StructureFacts], parameters: &SearchParameters) -> Vec<(String, String)> {
    let by_name: HashMap<&str, &StructureFacts> = structures.iter().map(|s| (&*s.name, s)).collect();
    let type_file = |s: &StructureFacts| (format!("{}.facts", s.name), facts::write(s, &|n| by_name.get(n).copied()));
    let mut files: Vec<(String, String)> = structures.iter().map(type_file).collect();
    if !parameters.is_empty() {
        files.push((search::facts::FILE.to_owned(), search::facts::write(parameters)));
    }
    files
}

/// Writes the facts of a package to `<out>/<package>@<version>/`, a file for each type and profile and one for
/// each kind of terminology. What was there before is taken away.
pub fn write_facts(package: &Package, out: &Path) -> Result<Distilled, PackageError> {
    let files = fact_files(package)?;
    let folder = out.join(package.label());
    let unwritable = |path: &Path| {
        let path = path.to_owned();
        move |reason| PackageError::Unreadable { path, reason }
    };
    std::fs::create_dir_all(&folder).map_err(unwritable(&folder))?;
    for old in std::fs::read_dir(&folder).map_err(unwritable(&folder))?.filter_map(Result::ok) {
        if old.path().extension().is_some_and(|e| e == "facts") {
            std::fs::remove_file(old.path()).map_err(unwritable(&folder))?;
        }
    }
    let mut distilled = Distilled { files: files.len(), ..Distilled::default() };
    for (name, text) in files {
        let path = folder.join(name);
        distilled.bytes += text.len();
        std::fs::write(&path, text).map_err(unwritable(&path))?;
    }
    Ok(Distilled { folder, ..distilled })
}
