//! Packages as the source of profiles and terminology.

use std::sync::Arc;

use super::package::Package;
use super::profile::{DefinitionSource, ProfileError, StructureDefinition};
use super::terminology::TerminologySource;
use crate::fhir::Document;

/// Packages in the order in which they count: the first that has a canonical wins.
#[derive(Clone)]
pub struct PackageSource {
    packages: Vec<Arc<Package>>,
}

impl PackageSource {
    /// A source of these packages.
    pub fn new(packages: Vec<Arc<Package>>) -> PackageSource {
        PackageSource { packages }
    }

    fn documents(&self, resource_type: &str, url: &str) -> impl Iterator<Item = Document> {
        let found = self.packages.iter().flat_map(|p| p.with_url(url).map(move |r| (p, r)));
        found.filter(move |(_, r)| &*r.outline.resource_type == resource_type).filter_map(|(p, r)| p.document(r).ok())
    }
}

impl DefinitionSource for PackageSource {
    fn definition(&self, url: &str, version: Option<&str>) -> Option<Result<StructureDefinition, ProfileError>> {
        let found = self.packages.iter().flat_map(|p| p.with_url(url).map(move |r| (p, r)));
        let mut definitions = found.filter(|(_, r)| &*r.outline.resource_type == "StructureDefinition");
        definitions.find_map(|(package, resource)| {
            let unreadable = |reason: String| Some(Err(ProfileError::Unreadable { canonical: url.into(), reason }));
            let document = match package.document(resource) {
                Ok(document) => document,
                Err(error) => return unreadable(error.to_string()),
            };
            if version.is_some() && version != document.root().child_value("version") {
                return None;
            }
            match StructureDefinition::read(document.root()) {
                Ok(definition) => Some(Ok(definition)),
                Err(error) => unreadable(format!("{} of {}: {error}", resource.file, package.label())),
            }
        })
    }

    fn urls(&self) -> Vec<Arc<str>> {
        let definitions = self.packages.iter().flat_map(|p| p.of_type("StructureDefinition"));
        definitions.filter_map(|r| r.outline.url.as_deref().map(Arc::from)).collect()
    }
}

impl TerminologySource for PackageSource {
    fn value_sets(&self, url: &str) -> Vec<Document> {
        self.documents("ValueSet", url).collect()
    }

    fn code_system(&self, url: &str) -> Option<Document> {
        self.documents("CodeSystem", url).next()
    }

    fn concept_map(&self, url: &str) -> Option<Document> {
        self.documents("ConceptMap", url).next()
    }
}
