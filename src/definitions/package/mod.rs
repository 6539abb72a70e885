//! FHIR packages: what is in them, found without parsing more than is asked for.
//!
//! A package is an NPM tarball (`.tgz`) or a folder, with its resources directly in `package/` or, for a
//! plain folder, directly in it (<https://confluence.hl7.org/display/FHIR/NPM+Package+Specification>).
//! Opening one reads every file and scans its outermost properties; a resource becomes a tree only when
//! it is asked for. Files that cannot be read as JSON are listed, not lost.

mod cache;
mod loaded;
mod lock;
mod manifest;
mod resolve;
mod scan;
mod shelf;
mod source;
mod version;

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::fhir::{Document, Format, ReadError, read};

pub use cache::Cache;
pub use loaded::{Loaded, Origin};
pub use lock::{Lock, LockedPackage, Unlocked};
pub use manifest::Manifest;
pub(super) use manifest::is_core;
pub use resolve::{Deviation, Missing, Resolution, Resolver, Wanted};
pub use scan::Outline;
pub use shelf::{OnShelf, Shelf};
pub use source::PackageLimits;
pub(super) use source::hash_of;
pub(super) use version::highest;
pub use version::{Version, VersionRange};

/// Why a package could not be used.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// The file or folder cannot be read.
    #[error("`{}` cannot be read: {reason}", path.display())]
    Unreadable {
        /// What was opened.
        path: PathBuf,
        /// The system's words.
        reason: std::io::Error,
    },
    /// It is there, but it is not a package.
    #[error("`{}` is not a FHIR package: {reason}", path.display())]
    NotAPackage {
        /// What was opened.
        path: PathBuf,
        /// What is missing or wrong.
        reason: String,
    },
    /// Larger than a package may be.
    #[error("`{}` holds more than {limit}", path.display())]
    TooLarge {
        /// What was opened.
        path: PathBuf,
        /// The limit that was passed, with its unit.
        limit: String,
    },
    /// A resource in it is not what it says it is.
    #[error("{package}, `{file}`{}: {reason}", place(.position))]
    Resource {
        /// `name@version`.
        package: String,
        /// File name in the package.
        file: String,
        /// Line and column, where they are known.
        position: Option<crate::fhir::Position>,
        /// What is wrong.
        reason: String,
    },
}

fn place(position: &Option<crate::fhir::Position>) -> String {
    position.map(|p| format!(" line {}:{}", p.line, p.column)).unwrap_or_default()
}

/// A package, opened.
#[derive(Debug)]
pub struct Package {
    manifest: Manifest,
    path: PathBuf,
    sha256: String,
    resources: Vec<PackagedResource>,
    unreadable: Vec<(String, ReadError)>,
    /// JSON files that are no resources (the manifest first of all) or cannot be read, for the hash of the contents.
    others: Vec<(Box<str>, Text)>,
    by_url: HashMap<Box<str>, Vec<u32>>,
}

/// One resource of a package: what it is, and its text.
#[derive(Debug)]
pub struct PackagedResource {
    /// File name, without folder.
    pub file: Box<str>,
    /// What its outermost properties say.
    pub outline: Outline,
    text: Text,
}

/// A text among those of its package.
#[derive(Clone, Debug)]
struct Text {
    of: Arc<String>,
    place: Range<usize>,
}

impl Text {
    fn whole(text: String) -> Text {
        Text { place: 0..text.len(), of: Arc::new(text) }
    }

    fn as_str(&self) -> &str {
        self.of.get(self.place.clone()).unwrap_or_default()
    }
}

impl PackagedResource {
    /// Its text.
    pub fn text(&self) -> &str {
        self.text.as_str()
    }

    /// Parses it.
    pub fn document(&self) -> Result<Document, ReadError> {
        read(self.text(), Format::Json)
    }
}

impl Package {
    /// Opens a `.tgz` or a folder, with the default limits.
    pub fn open(path: &Path) -> Result<Package, PackageError> {
        Package::open_within(path, &PackageLimits::default())
    }

    /// Opens a `.tgz` or a folder.
    pub fn open_within(path: &Path, limits: &PackageLimits) -> Result<Package, PackageError> {
        let contents = source::load(path, limits)?;
        let texts = Arc::new(contents.texts);
        let text = |place: Range<usize>| Text { of: texts.clone(), place };
        let manifest_text = contents.manifest.map(text);
        let manifest = match manifest_text.as_ref().map(Text::as_str) {
            Some(text) => {
                Manifest::read(text).map_err(|reason| PackageError::NotAPackage { path: path.to_owned(), reason })?
            }
            None => Manifest::unnamed(path),
        };
        let mut package = Package {
            manifest,
            path: path.to_owned(),
            sha256: contents.sha256.unwrap_or_default(),
            others: manifest_text.into_iter().map(|text| (source::MANIFEST.into(), text)).collect(),
            resources: Vec::with_capacity(contents.files.len()),
            unreadable: vec![],
            by_url: HashMap::new(),
        };
        for (file, place) in contents.files {
            package.add(file, text(place));
        }
        for (file, text, error) in contents.unreadable {
            package.others.push((file.as_str().into(), Text::whole(text)));
            package.unreadable.push((file, error));
        }
        if package.sha256.is_empty() {
            package.sha256 = package.contents_sha256();
        }
        Ok(package)
    }

    fn add(&mut self, file: String, text: Text) {
        match Outline::scan(text.as_str()) {
            Ok(outline) if outline.resource_type.is_empty() => self.others.push((file.into(), text)),
            Ok(outline) => {
                if let Some(url) = &outline.url {
                    self.by_url.entry(url.clone()).or_default().push(self.resources.len() as u32);
                }
                self.resources.push(PackagedResource { file: file.into(), outline, text });
            }
            Err(error) => {
                self.others.push((file.as_str().into(), text));
                self.unreadable.push((file, error));
            }
        }
    }

    /// Name, version, dependencies.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// `name@version`; the name alone where there is no version.
    pub fn label(&self) -> String {
        match self.manifest.version.as_str() {
            "" => self.manifest.name.clone(),
            version => format!("{}@{version}", self.manifest.name),
        }
    }

    /// Where it was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// SHA-256 of the `.tgz`, in hexadecimal; of a folder, [`Package::contents_sha256`].
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// SHA-256 over the names and contents of the JSON files, in the order of their names: the same for a
    /// tarball and for the folder it was unpacked to.
    pub fn contents_sha256(&self) -> String {
        let resources = self.resources.iter().map(|r| (&*r.file, r.text()));
        let others = self.others.iter().map(|(file, text)| (&**file, text.as_str()));
        let mut files: Vec<(&str, &str)> = resources.chain(others).collect();
        files.sort_unstable();
        source::hash_of(files.into_iter().map(|(name, text)| (name, text.as_bytes())))
    }

    /// Every resource, by file name.
    pub fn resources(&self) -> &[PackagedResource] {
        &self.resources
    }

    /// The files that are not JSON (or not UTF-8), each with the reason.
    pub fn unreadable(&self) -> &[(String, ReadError)] {
        &self.unreadable
    }

    /// The resources of one type.
    pub fn of_type(&self, resource_type: &str) -> impl Iterator<Item = &PackagedResource> {
        self.resources.iter().filter(move |r| &*r.outline.resource_type == resource_type)
    }

    /// The resources with this canonical url (without `|version`).
    pub fn with_url(&self, url: &str) -> impl Iterator<Item = &PackagedResource> {
        let at = self.by_url.get(url).map(Vec::as_slice).unwrap_or_default();
        at.iter().filter_map(|i| self.resources.get(*i as usize))
    }

    /// The resource with this type and id.
    pub fn with_id(&self, resource_type: &str, id: &str) -> Option<&PackagedResource> {
        self.of_type(resource_type).find(|r| r.outline.id.as_deref() == Some(id))
    }

    /// Parses a resource of this package; the error says which file it is.
    pub fn document(&self, resource: &PackagedResource) -> Result<Document, PackageError> {
        resource.document().map_err(|e| PackageError::Resource {
            package: self.label(),
            file: resource.file.to_string(),
            position: Some(e.position),
            reason: e.message,
        })
    }
}
