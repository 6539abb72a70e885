//! From an official package to the facts that the binary carries.
//!
//! `keur package distill` calls [`write_facts`]; the files under `profiles/` are what it wrote.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::facts;
use super::package::{Package, PackageError};
use super::types::StructureFacts;

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

/// What a distillation wrote.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Distilled {
    /// The folder: `<package>@<version>` under the one that was asked for.
    pub folder: PathBuf,
    /// Number of types written.
    pub types: usize,
}

/// The fact files of a package: name and text, in the order of their names.
pub fn fact_files(package: &Package) -> Result<Vec<(String, String)>, PackageError> {
    let structures = structures(package)?;
    let by_name: HashMap<&str, &StructureFacts> = structures.iter().map(|s| (&*s.name, s)).collect();
    let type_file = |s: &StructureFacts| (format!("{}.facts", s.name), facts::write(s, &|n| by_name.get(n).copied()));
    Ok(structures.iter().map(type_file).collect())
}

/// Writes the facts of a package to `<out>/<package>@<version>/`, one file a type.
pub fn write_facts(package: &Package, out: &Path) -> Result<Distilled, PackageError> {
    let folder = out.join(package.label());
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |reason| PackageError::Unreadable { path, reason }
    };
    let files = fact_files(package)?;
    std::fs::create_dir_all(&folder).map_err(unreadable(&folder))?;
    for (name, text) in &files {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(unreadable(&path))?;
    }
    Ok(Distilled { folder, types: files.len() })
}
