//! From what is asked for to packages: which versions, from which shelf, with what they depend on.
//!
//! Packages given by path come first, then the shelves in their order; no shelf is a registry, because
//! nothing is fetched unless somebody says so. One version of a package is used in one resolution; where
//! another was wanted that is said, and so is everything that could not be had.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use super::loaded::{Loaded, Origin};
use super::shelf::{OnShelf, Shelf};
use super::version::VersionRange;
use super::{Package, PackageError};

/// A package that is asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// Its name.
    pub name: String,
    /// The versions that will do.
    pub range: VersionRange,
    /// Who asks: a file, an option, `name@version` of a package that depends on it.
    pub by: String,
}

/// A package that could not be had.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Missing {
    /// What was asked for.
    pub wanted: Wanted,
    /// The versions there are, lowest first.
    pub available: Vec<String>,
}

/// A package that is used in another version than somebody asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Deviation {
    /// What was asked for.
    pub wanted: Wanted,
    /// The version used.
    pub used: String,
}

/// The outcome.
#[derive(Clone, Debug, Default)]
pub struct Resolution {
    /// The packages, those given first, each before what it depends on.
    pub packages: Vec<Loaded>,
    /// What could not be had.
    pub missing: Vec<Missing>,
    /// What is used in another version.
    pub deviations: Vec<Deviation>,
}

/// Finds packages on shelves; opens each at most once, however many resolutions need it.
#[derive(Default)]
pub struct Resolver {
    shelves: Vec<(Shelf, Origin)>,
    /// Packages whose facts the binary carries, by name and version: they need not be opened.
    embedded: Vec<(String, String)>,
    nearest: bool,
    opened: Mutex<HashMap<PathBuf, Arc<Package>>>,
}

impl Resolver {
    /// With shelves, nearest first, and the packages that are embedded.
    pub fn new(shelves: Vec<(Shelf, Origin)>, embedded: Vec<(String, String)>) -> Resolver {
        Resolver { shelves, embedded, ..Default::default() }
    }

    /// Takes the nearest version where the one asked for is not there; each is reported as a deviation.
    #[must_use]
    pub fn taking_nearest(mut self, nearest: bool) -> Resolver {
        self.nearest = nearest;
        self
    }

    /// Finds everything wanted and everything that depends on. The error is a package that is there and
    /// cannot be read; what is not there is in the resolution.
    pub fn resolve(&self, given: Vec<Loaded>, wanted: Vec<Wanted>) -> Result<Resolution, PackageError> {
        let mut resolution = Resolution { packages: given, ..Default::default() };
        let mut queue: std::collections::VecDeque<(Wanted, bool)> = wanted.into_iter().map(|w| (w, true)).collect();
        let given = resolution.packages.iter().flat_map(|p| dependencies(&p.package)).collect::<Vec<_>>();
        queue.extend(given.into_iter().map(|w| (w, false)));
        while let Some((wanted, asked)) = queue.pop_front() {
            let used = resolution.packages.iter().map(|p| p.package.manifest()).find(|m| m.name == wanted.name);
            if let Some(used) = used {
                if !wanted.range.allows(&used.version) {
                    let used = used.version.clone();
                    resolution.deviations.push(Deviation { wanted, used });
                }
                continue;
            }
            // A dependency on what is embedded is met by it; the package itself is used when it is asked for.
            let carried = |(name, version): &(String, String)| *name == wanted.name && wanted.range.allows(version);
            if !asked && self.embedded.iter().any(carried) {
                continue;
            }
            match self.find(&wanted) {
                Some((on_shelf, origin, exact)) => {
                    let package = self.open(on_shelf)?;
                    if !exact {
                        let used = package.manifest().version.clone();
                        resolution.deviations.push(Deviation { wanted, used });
                    }
                    queue.extend(dependencies(&package).map(|w| (w, false)));
                    resolution.packages.push(Loaded { package, origin });
                }
                None if self.embedded.iter().any(carried) => {}
                None => {
                    let named =
                        |(s, _): &(Shelf, Origin)| s.named(&wanted.name).map(|p| p.version.clone()).collect::<Vec<_>>();
                    let mut available: Vec<String> = self.shelves.iter().flat_map(named).collect();
                    available.dedup();
                    // One line a package and range, whoever else asks for it.
                    let known = |m: &Missing| m.wanted.name == wanted.name && m.wanted.range == wanted.range;
                    if !resolution.missing.iter().any(known) {
                        resolution.missing.push(Missing { wanted, available });
                    }
                }
            }
        }
        Ok(resolution)
    }

    /// The first shelf that has it, else, where that is allowed, the first that has a near version.
    fn find(&self, wanted: &Wanted) -> Option<(&OnShelf, Origin, bool)> {
        let exact = self.shelves.iter().find_map(|(s, o)| Some((s.find(&wanted.name, &wanted.range)?, *o, true)));
        let near = || {
            let range = wanted.range.to_string();
            self.shelves.iter().find_map(|(s, o)| Some((s.nearest(&wanted.name, &range)?, *o, false)))
        };
        exact.or_else(|| self.nearest.then(near).flatten())
    }

    fn open(&self, on_shelf: &OnShelf) -> Result<Arc<Package>, PackageError> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(package) = opened.get(&on_shelf.path) {
            return Ok(package.clone());
        }
        let package = Package::open(&on_shelf.path)?;
        let manifest = package.manifest();
        if (&manifest.name, &manifest.version) != (&on_shelf.name, &on_shelf.version) {
            return Err(PackageError::NotAPackage {
                path: on_shelf.path.clone(),
                reason: format!(
                    "by its name it is {}@{}, by its manifest {}",
                    on_shelf.name,
                    on_shelf.version,
                    package.label()
                ),
            });
        }
        let package = Arc::new(package);
        opened.insert(on_shelf.path.clone(), package.clone());
        Ok(package)
    }
}

fn dependencies(package: &Package) -> impl Iterator<Item = Wanted> + use<> {
    let by = package.label();
    let dependencies = package.manifest().dependencies.clone();
    dependencies.into_iter().map(move |(name, range)| Wanted { name, range: VersionRange::new(&range), by: by.clone() })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    /// A folder of packages, each with its dependencies: `("a#1.0.0", &["b 1.x"])`.
    fn shelf(root: &Path, packages: &[(&str, &[&str])]) -> Shelf {
        for (label, needs) in packages {
            let (name, version) = label.split_once('#').unwrap();
            let needs: Vec<String> =
                needs.iter().map(|n| n.split_once(' ').unwrap()).map(|(n, v)| format!("\"{n}\": \"{v}\"")).collect();
            let folder = root.join(label).join("package");
            fs::create_dir_all(&folder).unwrap();
            let manifest = format!(
                "{{\"name\": \"{name}\", \"version\": \"{version}\", \"dependencies\": {{{}}}}}",
                needs.join(",")
            );
            fs::write(folder.join("package.json"), manifest).unwrap();
        }
        Shelf::read(root).unwrap()
    }

    fn wanted(name: &str, range: &str) -> Wanted {
        Wanted { name: name.into(), range: VersionRange::new(range), by: "test".into() }
    }

    fn told(resolution: &Resolution) -> (String, String, String) {
        let packages: Vec<String> = resolution.packages.iter().map(|p| p.package.label()).collect();
        let missing: Vec<String> = resolution
            .missing
            .iter()
            .map(|m| format!("{} {} by {} ({})", m.wanted.name, m.wanted.range, m.wanted.by, m.available.join(" ")))
            .collect();
        let deviations: Vec<String> = resolution
            .deviations
            .iter()
            .map(|d| format!("{} {} by {}: {}", d.wanted.name, d.wanted.range, d.wanted.by, d.used))
            .collect();
        (packages.join(", "), missing.join(", "), deviations.join(", "))
    }

    #[test]
    fn dependencies_follow_and_what_is_not_there_or_differs_is_said() {
        let temp = tempfile::tempdir().unwrap();
        let near = shelf(
            &temp.path().join("near"),
            &[("zib#2.2.18", &["core 3.0.2"]), ("bgz#1.1.1", &["core 3.0.2", "zib ^2.0", "ea ^1.0"])],
        );
        let far = shelf(
            &temp.path().join("far"),
            &[
                ("zib#1.3.19", &[]),
                ("zib#2.2.20", &[]),
                ("ea#1.0.6", &["zib 2.0.x", "none 1.0.0"]),
                ("core#3.0.2", &[]),
            ],
        );
        let shelves = vec![(near, Origin::Path), (far, Origin::Cache)];
        let resolver = Resolver::new(shelves, vec![("core".into(), "3.0.2".into())]);
        let resolution = resolver.resolve(vec![], vec![wanted("bgz", "1.x")]).unwrap();
        assert_eq!(
            told(&resolution),
            (
                "bgz@1.1.1, zib@2.2.18, ea@1.0.6".into(),
                "none 1.0.0 by ea@1.0.6 ()".into(),
                "zib 2.0.x by ea@1.0.6: 2.2.18".into()
            )
        );
        assert_eq!(
            resolution.packages.iter().map(|p| p.origin).collect::<Vec<_>>(),
            [Origin::Path, Origin::Path, Origin::Cache]
        );

        // Another set of scripts picks another version in the same run, and nothing is opened twice.
        let older = resolver.resolve(vec![], vec![wanted("zib", "1.3.19")]).unwrap();
        assert_eq!(told(&older).0, "zib@1.3.19");
        let again = resolver.resolve(vec![], vec![wanted("zib", "2.2.18")]).unwrap();
        assert!(Arc::ptr_eq(&again.packages[0].package, &resolution.packages[1].package));

        // A package given by path is used whatever is on the shelves; the core is opened when it is asked for.
        let given = Loaded::from_path(&temp.path().join("far/zib#1.3.19")).unwrap();
        let resolution = resolver.resolve(vec![given], vec![wanted("bgz", "1.1.1"), wanted("core", "3.0.2")]).unwrap();
        assert_eq!(told(&resolution).0, "zib@1.3.19, bgz@1.1.1, core@3.0.2, ea@1.0.6");

        let absent = resolver.resolve(vec![], vec![wanted("zib", "2.3.2")]).unwrap();
        assert_eq!(told(&absent).1, "zib 2.3.2 by test (2.2.18 1.3.19 2.2.20)");
        let nearest = resolver.taking_nearest(true).resolve(vec![], vec![wanted("zib", "2.3.2")]).unwrap();
        assert_eq!(told(&nearest), ("zib@2.2.18".into(), String::new(), "zib 2.3.2 by test: 2.2.18".into()));
    }

    #[test]
    fn packages_that_depend_on_each_other_end() {
        let temp = tempfile::tempdir().unwrap();
        let shelf = shelf(temp.path(), &[("a#1.0.0", &["b 1.x"]), ("b#1.0.0", &["a 1.x"])]);
        let resolution =
            Resolver::new(vec![(shelf, Origin::Path)], vec![]).resolve(vec![], vec![wanted("a", "1.0.0")]).unwrap();
        assert_eq!(told(&resolution), ("a@1.0.0, b@1.0.0".into(), String::new(), String::new()));
    }

    #[test]
    fn a_package_under_another_name_is_refused() {
        let temp = tempfile::tempdir().unwrap();
        shelf(temp.path(), &[("a#1.0.0", &[])]);
        fs::rename(temp.path().join("a#1.0.0"), temp.path().join("a#2.0.0")).unwrap();
        let shelf = Shelf::read(temp.path()).unwrap();
        let error =
            Resolver::new(vec![(shelf, Origin::Path)], vec![]).resolve(vec![], vec![wanted("a", "2.x")]).unwrap_err();
        assert!(error.to_string().ends_with("by its name it is a@2.0.0, by its manifest a@1.0.0"), "{error}");
    }
}
