//! The package cache that FHIR tools share: `~/.fhir/packages/<name>#<version>/package/`
//! (<https://confluence.hl7.org/display/FHIR/FHIR+Package+Cache>).

use std::fs;
use std::path::{Path, PathBuf};

use super::shelf::{OnShelf, Shelf};
use super::{Package, PackageError, PackageLimits, source};

/// A package cache, by its folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cache {
    root: PathBuf,
}

impl Cache {
    /// The cache in this folder, which need not be there yet.
    pub fn at(root: impl Into<PathBuf>) -> Cache {
        Cache { root: root.into() }
    }

    /// The cache in a home folder.
    pub fn in_home(home: &Path) -> Cache {
        Cache::at(home.join(".fhir").join("packages"))
    }

    /// Its folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What it has.
    pub fn shelf(&self) -> Result<Shelf, PackageError> {
        Shelf::read_if_there(&self.root)
    }

    /// Copies a package into the cache, all of it or nothing. A package that is there already stays when it
    /// holds the same; the error says so when it does not.
    pub fn install(&self, package: &Package) -> Result<OnShelf, PackageError> {
        let manifest = package.manifest();
        let folder = self
            .folder(&manifest.name, &manifest.version)
            .map_err(|reason| PackageError::NotAPackage { path: package.path().to_owned(), reason })?;
        let installed =
            OnShelf { name: manifest.name.clone(), version: manifest.version.clone(), path: folder.clone() };
        if folder.exists() {
            let there = Package::open(&folder)?;
            return match there.contents_sha256() == package.contents_sha256() {
                true => Ok(installed),
                false => Err(PackageError::NotAPackage {
                    path: folder,
                    reason: format!(
                        "it holds another {} than `{}`; remove it first",
                        package.label(),
                        package.path().display()
                    ),
                }),
            };
        }
        let unwritable = |path: &Path| {
            let path = path.to_owned();
            move |reason| PackageError::Unreadable { path, reason }
        };
        // Beside its place, so that the last step is a rename; a crash leaves no half package under its name.
        let partial = self.root.join(format!(".partial-{}-{}", std::process::id(), installed.name));
        let _ = fs::remove_dir_all(&partial);
        fs::create_dir_all(&partial).map_err(unwritable(&partial))?;
        source::unpack(package.path(), &partial, &PackageLimits::default())?;
        fs::rename(&partial, &folder).map_err(unwritable(&folder))?;
        Ok(installed)
    }

    /// Removes a package; false when it was not there.
    pub fn remove(&self, name: &str, version: &str) -> Result<bool, PackageError> {
        let folder = self
            .folder(name, version)
            .map_err(|reason| PackageError::NotAPackage { path: self.root.clone(), reason })?;
        if !folder.is_dir() {
            return Ok(false);
        }
        fs::remove_dir_all(&folder).map_err(|reason| PackageError::Unreadable { path: folder.clone(), reason })?;
        Ok(true)
    }

    /// Where a package has its place. A name or version that is no plain word is refused: it would be a path.
    fn folder(&self, name: &str, version: &str) -> Result<PathBuf, String> {
        let plain = |text: &str| {
            !text.is_empty()
                && !text.starts_with('.')
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'+'))
        };
        match plain(name) && plain(version) {
            true => Ok(self.root.join(format!("{name}#{version}"))),
            false => Err(format!("`{name}` and `{version}` are not a package's name and version")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_installed_whole_once_and_removed() {
        let temp = tempfile::tempdir().unwrap();
        let folder = temp.path().join("work");
        for (name, text) in [
            ("package.json", r#"{"name": "a.b", "version": "1.0.0"}"#),
            ("Patient-p.json", r#"{"resourceType": "Patient", "id": "p"}"#),
            ("notes.json", "[]"),
            ("other/readme.md", "read me"),
        ] {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let cache = Cache::in_home(temp.path());
        assert!(cache.shelf().unwrap().packages().is_empty());
        let package = Package::open(&folder).unwrap();
        let installed = cache.install(&package).unwrap();
        assert!(installed.path.ends_with(".fhir/packages/a.b#1.0.0"));
        assert_eq!(fs::read_to_string(installed.path.join("package/other/readme.md")).unwrap(), "read me");
        let again = Package::open(&installed.path).unwrap();
        assert_eq!(again.contents_sha256(), package.contents_sha256());
        assert_eq!(cache.install(&again).unwrap(), installed, "the same once more is fine");
        assert_eq!(cache.shelf().unwrap().packages(), std::slice::from_ref(&installed));
        assert_eq!(fs::read_dir(cache.root()).unwrap().count(), 1, "nothing partial is left");

        fs::write(folder.join("Patient-p.json"), r#"{"resourceType": "Patient", "id": "q"}"#).unwrap();
        let error = cache.install(&Package::open(&folder).unwrap()).unwrap_err();
        assert!(error.to_string().contains("it holds another a.b@1.0.0 than"), "{error}");
        assert!(cache.remove("a.b", "1.0.0").unwrap());
        assert!(!cache.remove("a.b", "1.0.0").unwrap());
        assert!(cache.remove("..", "1.0.0").is_err());
        assert!(cache.remove("a/../../b", "1.0.0").is_err());
    }

    #[test]
    fn a_manifest_cannot_name_a_place_outside_the_cache() {
        let temp = tempfile::tempdir().unwrap();
        fs::write(temp.path().join("package.json"), r#"{"name": "../evil", "version": "1"}"#).unwrap();
        let package = Package::open(temp.path()).unwrap();
        let error = Cache::at(temp.path().join("cache")).install(&package).unwrap_err();
        assert!(error.to_string().contains("`../evil` and `1` are not a package's name and version"), "{error}");
    }
}
