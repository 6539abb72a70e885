//! `package.json`.

use std::path::Path;

use crate::fhir::{FhirVersion, Format, read};

/// True for the name of a package that defines the base types of a release (`hl7.fhir.r3.core`).
pub(in crate::definitions) fn is_core(name: &str) -> bool {
    name.starts_with("hl7.fhir.r") && name.ends_with(".core")
}

/// What a package says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// `nictiz.fhir.nl.stu3.zib2017`; the folder's name where there is no manifest.
    pub name: String,
    /// `2.2.18`; empty where there is no manifest.
    pub version: String,
    /// The FHIR releases it is for (`fhirVersions`, formerly `fhir-version-list`).
    pub fhir_versions: Vec<String>,
    /// Packages it needs, each with a version or a range as written.
    pub dependencies: Vec<(String, String)>,
}

impl Manifest {
    /// Reads `package.json`.
    pub(super) fn read(text: &str) -> Result<Manifest, String> {
        let doc = read(text, Format::Json)
            .map_err(|e| format!("package.json line {}:{}: {}", e.position.line, e.position.column, e.message))?;
        let root = doc.root();
        let text = |name: &str| root.child_value(name).map(str::to_owned);
        let list = |name: &str| -> Vec<String> {
            root.children_named(name).filter_map(|v| v.value()).map(str::to_owned).collect()
        };
        let mut fhir_versions = list("fhirVersions");
        if fhir_versions.is_empty() {
            fhir_versions = list("fhir-version-list");
        }
        let dependencies = root.child("dependencies").into_iter().flat_map(|d| d.children());
        Ok(Manifest {
            name: text("name").ok_or("package.json has no `name`")?,
            version: text("version").ok_or("package.json has no `version`")?,
            fhir_versions,
            dependencies: dependencies.filter_map(|d| Some((d.name().to_owned(), d.value()?.to_owned()))).collect(),
        })
    }

    /// `name@version`.
    pub fn label(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }

    /// For resources without a manifest: named after the file or folder.
    pub(super) fn unnamed(path: &Path) -> Manifest {
        let file = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let name = file.strip_suffix(".tgz").unwrap_or(&file).to_owned();
        Manifest { name, ..Default::default() }
    }

    /// The release it is for, by its own word or by the core package it depends on; None where neither says.
    pub fn fhir_version(&self) -> Option<FhirVersion> {
        let core = |(name, version): &(String, String)| is_core(name).then(|| FhirVersion::parse(version)).flatten();
        self.fhir_versions
            .iter()
            .find_map(|v| FhirVersion::parse(v))
            .or_else(|| self.dependencies.iter().find_map(core))
    }
}

#[cfg(test)]
mod tests {
    use super::Manifest;
    use crate::fhir::FhirVersion;

    #[test]
    fn a_manifest_gives_name_version_dependencies_and_release() {
        let text = r#"{"name": "a.b", "version": "1.0.0", "canonical": null,
            "dependencies": {"hl7.fhir.r3.core": "3.0.2", "c.d": "1.x"}}"#;
        let manifest = Manifest::read(text).unwrap();
        assert_eq!((&*manifest.name, &*manifest.version), ("a.b", "1.0.0"));
        assert_eq!(manifest.dependencies[1], ("c.d".to_owned(), "1.x".to_owned()));
        assert_eq!(manifest.fhir_version(), Some(FhirVersion::Stu3));
        let older = r#"{"name": "a", "version": "1", "fhir-version-list": ["4.0.1"]}"#;
        assert_eq!(Manifest::read(older).unwrap().fhir_version(), Some(FhirVersion::R4));
    }

    #[test]
    fn a_manifest_without_name_or_version_is_refused() {
        assert_eq!(Manifest::read("{}").unwrap_err(), "package.json has no `name`");
        assert_eq!(Manifest::read(r#"{"name": "a"}"#).unwrap_err(), "package.json has no `version`");
        assert!(Manifest::read("{").unwrap_err().starts_with("package.json line 1:"));
    }
}
