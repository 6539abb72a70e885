//! A package and where it came from.

use std::path::Path;
use std::sync::Arc;

use super::{Package, PackageError};

/// Where a package came from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Origin {
    /// Facts carried by the binary.
    Embedded,
    /// A file or folder that was given.
    Path,
    /// The package cache (`~/.fhir/packages`).
    Cache,
    /// A registry.
    Registry,
}

impl Origin {
    /// The word the receipt uses.
    pub fn code(self) -> &'static str {
        match self {
            Origin::Embedded => "embedded",
            Origin::Path => "path",
            Origin::Cache => "cache",
            Origin::Registry => "registry",
        }
    }
}

/// A package and where it came from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The package.
    pub package: Arc<Package>,
    /// Where it came from.
    pub origin: Origin,
}

impl Loaded {
    /// Opens a package given by path.
    pub fn from_path(path: &Path) -> Result<Loaded, PackageError> {
        Ok(Loaded { package: Arc::new(Package::open(path)?), origin: Origin::Path })
    }
}
