//! A folder of packages to choose from.
//!
//! Three layouts, also mixed: tarballs (`name-1.2.3.tgz`), the cache of the FHIR ecosystem
//! (`name#1.2.3/package/`, <https://confluence.hl7.org/display/FHIR/FHIR+Package+Cache>) and unpacked
//! folders with a manifest. Reading a shelf opens no package: names and versions come from file names,
//! and from the manifest only where a file name has no version.

use std::fs;
use std::path::{Path, PathBuf};

use super::manifest::Manifest;
use super::version::{Version, VersionRange, highest, nearest};
use super::{PackageError, source};

/// A package on a shelf, not opened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OnShelf {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The tarball or folder.
    pub path: PathBuf,
}

/// What a folder has to choose from.
#[derive(Clone, Debug, Default)]
pub struct Shelf {
    packages: Vec<OnShelf>,
}

impl Shelf {
    /// Looks through a folder.
    pub fn read(folder: &Path) -> Result<Shelf, PackageError> {
        let unreadable = |reason| PackageError::Unreadable { path: folder.to_owned(), reason };
        let mut packages = vec![];
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            packages.extend(identify(&path));
        }
        packages.sort_by(|a, b| {
            let version = |p: &OnShelf| Version::parse(&p.version);
            a.name.cmp(&b.name).then_with(|| version(a).cmp(&version(b))).then_with(|| a.path.cmp(&b.path))
        });
        Ok(Shelf { packages })
    }

    /// Like [`Shelf::read`]; a folder that is not there has nothing.
    pub fn read_if_there(folder: &Path) -> Result<Shelf, PackageError> {
        if folder.is_dir() { Shelf::read(folder) } else { Ok(Shelf::default()) }
    }

    /// Everything on it, by name and version.
    pub fn packages(&self) -> &[OnShelf] {
        &self.packages
    }

    /// The packages with this name, lowest version first.
    pub fn named(&self, name: &str) -> impl Iterator<Item = &OnShelf> {
        self.packages.iter().filter(move |p| p.name == name)
    }

    /// The highest version in a range.
    pub fn find(&self, name: &str, range: &VersionRange) -> Option<&OnShelf> {
        // Of two with the same version the first: a file named after its version comes before its variants.
        highest(self.named(name).filter(|p| range.allows(&p.version)), |p| &p.version)
    }

    /// The version [nearest] to one that is not there.
    pub fn nearest(&self, name: &str, version: &str) -> Option<&OnShelf> {
        nearest(self.named(name), |p| &p.version, version)
    }
}

/// What a file or folder is by its name, or by its manifest.
fn identify(path: &Path) -> Option<OnShelf> {
    let file = path.file_name()?.to_str()?;
    let found = |name: &str, version: &str| OnShelf { name: name.into(), version: version.into(), path: path.into() };
    if path.is_dir() {
        if let Some((name, version)) = file.split_once('#') {
            return path.join("package").is_dir().then(|| found(name, version));
        }
        let manifest = [path.join("package").join(source::MANIFEST), path.join(source::MANIFEST)];
        let text = manifest.iter().find_map(|m| fs::read_to_string(m).ok())?;
        let manifest = Manifest::read(&text).ok()?;
        return Some(found(&manifest.name, &manifest.version));
    }
    let stem = file.strip_suffix(".tgz")?;
    // The version begins at the first hyphen before a digit; names have hyphens too (`nl-core`).
    let begins = |(at, _): &(usize, &str)| stem.as_bytes().get(at + 1).is_some_and(u8::is_ascii_digit);
    let split = stem.match_indices('-').find(begins).map(|(at, _)| (&stem[..at], &stem[at + 1..]));
    if let Some((name, version)) = split
        && Version::parse(version).is_some()
    {
        return Some(found(name, version));
    }
    let manifest = Manifest::read(&source::manifest_of_tarball(path)?).ok()?;
    Some(found(&manifest.name, &manifest.version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shelf_knows_its_packages_by_file_name_and_by_manifest() {
        let temp = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = temp.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        file("nictiz.fhir.nl.r4.nl-core-0.11.0-beta.1.tgz", "");
        file("a.b-1.10.0.tgz", "");
        file("a.b-1.9.0.tgz", "");
        file("c#2.0.0/package/package.json", "{}");
        file("unpacked/package.json", r#"{"name": "d", "version": "3.0.0"}"#);
        file("readme.txt", "");
        file("broken.tgz", "");
        let shelf = Shelf::read(temp.path()).unwrap();
        let found: Vec<String> = shelf.packages().iter().map(|p| format!("{}@{}", p.name, p.version)).collect();
        assert_eq!(found, ["a.b@1.9.0", "a.b@1.10.0", "c@2.0.0", "d@3.0.0", "nictiz.fhir.nl.r4.nl-core@0.11.0-beta.1"]);
        assert_eq!(shelf.find("a.b", &VersionRange::new("1.x")).unwrap().version, "1.10.0");
        assert!(shelf.find("a.b", &VersionRange::new("2.x")).is_none());
        assert!(Shelf::read(&temp.path().join("nowhere")).is_err());
        assert!(Shelf::read_if_there(&temp.path().join("nowhere")).unwrap().packages().is_empty());
    }

    #[test]
    fn the_nearest_version_differs_least_from_the_left() {
        let shelf = |versions: &[&str]| {
            let on_shelf = |v: &&str| OnShelf { name: "p".into(), version: (*v).into(), path: PathBuf::new() };
            Shelf { packages: versions.iter().map(on_shelf).collect() }
        };
        for (versions, wanted, nearest) in [
            (["1.3.19", "2.2.18"], "2.3.2", Some("2.2.18")),
            (["1.3.19", "2.2.18"], "2.0.x", Some("2.2.18")),
            (["1.3.19", "2.2.18"], "1.4.0", Some("1.3.19")),
            (["1.0.0", "3.0.0"], "2.0.0", Some("3.0.0")),
            (["1.0.0-rc.1", "1.0.0"], "1.0.0", Some("1.0.0")),
            (["1.0.0", "2.0.0"], "current", None),
        ] {
            assert_eq!(shelf(&versions).nearest("p", wanted).map(|p| p.version.as_str()), nearest, "{wanted}");
        }
    }
}
