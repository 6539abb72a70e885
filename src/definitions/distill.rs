//! From an official package to the facts that the binary carries.
//!
//! `keur package distill` calls [`write_facts`]; the files under `profiles/` are what it wrote.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::facts;
use super::package::{Package, PackageError, PackagedResource};
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

/// What a distillation wrote.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Distilled {
    /// The folder: `<package>@<version>` under the one that was asked for.
    pub folder: PathBuf,
    /// Number of types written.
    pub types: usize,
    /// Number of search parameters written, counted a type.
    pub search_parameters: usize,
}

/// The fact files of a package: name and text, in the order of their names.
pub fn fact_files(package: &Package) -> Result<Vec<(String, String)>, PackageError> {
    let structures = structures(package)?;
    let parameters = search_parameters(package, &structures)?;
    Ok(files(&structures, &parameters))
}

fn files(structures: &[StructureFacts], parameters: &SearchParameters) -> Vec<(String, String)> {
    let by_name: HashMap<&str, &StructureFacts> = structures.iter().map(|s| (&*s.name, s)).collect();
    let type_file = |s: &StructureFacts| (format!("{}.facts", s.name), facts::write(s, &|n| by_name.get(n).copied()));
    let mut files: Vec<(String, String)> = structures.iter().map(type_file).collect();
    if !parameters.is_empty() {
        files.push((search::facts::FILE.to_owned(), search::facts::write(parameters)));
    }
    files.sort();
    files
}

/// Writes the facts of a package to `<out>/<package>@<version>/`, one file a type.
pub fn write_facts(package: &Package, out: &Path) -> Result<Distilled, PackageError> {
    let structures = structures(package)?;
    let parameters = search_parameters(package, &structures)?;
    let folder = out.join(package.label());
    let unwritable = |path: &Path| {
        let path = path.to_owned();
        move |reason| PackageError::Unreadable { path, reason }
    };
    std::fs::create_dir_all(&folder).map_err(unwritable(&folder))?;
    for (name, text) in files(&structures, &parameters) {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(unwritable(&path))?;
    }
    Ok(Distilled { folder, types: structures.len(), search_parameters: parameters.len() })
}
