//! From what is asked for to packages: which versions, from which shelf, with what they depend on.
//!
//! Packages given by path come first, then the shelves in their order; no shelf is a registry, because
//! nothing is fetched unless somebody says so. One version of a package is used in one resolution; where
//! another was wanted that is said, and so is everything that could not be had.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use super::loaded::{Loaded, Origin};
use super::manifest::{Manifest, is_core};
use super::shelf::{OnShelf, Shelf};
use super::version::{VersionRange, highest, nearest};
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
    /// The packages whose facts the binary carries and that are used as such, each before what it depends on.
    pub carried: Vec<Manifest>,
    /// What could not be had.
    pub missing: Vec<Missing>,
    /// What is used in another version.
    pub deviations: Vec<Deviation>,
}

impl Resolution {
    /// The version in which a package is used.
    fn version_of(&self, name: &str) -> Option<&str> {
        let manifests = self.packages.iter().map(|p| p.package.manifest()).chain(&self.carried);
        manifests.into_iter().find(|m| m.name == name).map(|m| &*m.version)
    }
}

/// Finds packages on shelves; opens each at most once, however many resolutions need it.
#[derive(Default)]
pub struct Resolver {
    shelves: Vec<(Shelf, Origin)>,
    /// Packages whose facts the binary carries: they need not be opened.
    embedded: Vec<Manifest>,
    nearest: bool,
    opened: Mutex<HashMap<PathBuf, Arc<Package>>>,
}

impl Resolver {
    /// With shelves, nearest first, and the packages that are embedded.
    pub fn new(shelves: Vec<(Shelf, Origin)>, embedded: Vec<Manifest>) -> Resolver {
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
        let given = resolution.packages.iter().flat_map(|p| dependencies(p.package.manifest())).collect::<Vec<_>>();
        queue.extend(given.into_iter().map(|w| (w, false)));
        while let Some((wanted, asked)) = queue.pop_front() {
            if let Some(used) = resolution.version_of(&wanted.name) {
                if !wanted.range.allows(used) {
                    let used = used.to_owned();
                    resolution.deviations.push(Deviation { wanted, used });
                }
                continue;
            }
            let used = match self.find(&wanted, asked) {
                Some(Found::OnShelf(on_shelf, origin)) => {
                    let package = self.open(on_shelf)?;
                    let manifest = package.manifest();
                    queue.extend(dependencies(manifest).map(|w| (w, false)));
                    let version = manifest.version.clone();
                    resolution.packages.push(Loaded { package, origin });
                    version
                }
                Some(Found::Carried(manifest)) => {
                    queue.extend(dependencies(manifest).map(|w| (w, false)));
                    resolution.carried.push(manifest.clone());
                    manifest.version.clone()
                }
                None => {
                    let named =
                        |(s, _): &(Shelf, Origin)| s.named(&wanted.name).map(|p| p.version.clone()).collect::<Vec<_>>();
                    let mut available: Vec<String> = self.shelves.iter().flat_map(named).collect();
                    available.extend(self.carried(&wanted.name).map(|m| m.version.clone()));
                    available.dedup();
                    // One line a package and range, whoever else asks for it.
                    let known = |m: &Missing| m.wanted.name == wanted.name && m.wanted.range == wanted.range;
                    if !resolution.missing.iter().any(known) {
                        resolution.missing.push(Missing { wanted, available });
                    }
                    continue;
                }
            };
            if !wanted.range.allows(&used) {
                resolution.deviations.push(Deviation { wanted, used });
            }
        }
        Ok(resolution)
    }

    /// The first shelf that has it, else what is embedded; else, where that is allowed, the first of these
    /// that has a near version. A core package is long to read: one that is only needed by another is not
    /// opened where its facts are embedded.
    fn find(&self, wanted: &Wanted, asked: bool) -> Option<Found<'_>> {
        let Wanted { name, range, .. } = wanted;
        let on_shelf = || self.shelves.iter().find_map(|(s, o)| Some(Found::OnShelf(s.find(name, range)?, *o)));
        let carried = || {
            let allowed = self.carried(name).filter(|m| range.allows(&m.version));
            highest(allowed, |m| &m.version).map(Found::Carried)
        };
        let exact = match asked || !is_core(name) {
            true => on_shelf().or_else(carried),
            false => carried().or_else(on_shelf),
        };
        let near = || {
            let range = range.to_string();
            let shelves = self.shelves.iter();
            let near = shelves.filter_map(|(s, o)| Some(Found::OnShelf(s.nearest(name, &range)?, *o))).next();
            near.or_else(|| nearest(self.carried(name), |m| &m.version, &range).map(Found::Carried))
        };
        exact.or_else(|| self.nearest.then(near).flatten())
    }

    fn carried(&self, name: &str) -> impl Iterator<Item = &Manifest> {
        self.embedded.iter().filter(move |m| m.name == name)
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

/// Where a package is.
enum Found<'r> {
    OnShelf(&'r OnShelf, Origin),
    Carried(&'r Manifest),
}

fn dependencies(package: &Manifest) -> impl Iterator<Item = Wanted> + use<> {
    let by = package.label();
    let dependencies = package.dependencies.clone();
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

    fn carried(label: &str, needs: &[(&str, &str)]) -> Manifest {
        let (name, version) = label.split_once('@').unwrap();
        let dependencies = needs.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect();
        Manifest { name: name.into(), version: version.into(), dependencies, ..Manifest::default() }
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
            &[
                ("zib#2.2.18", &["hl7.fhir.r3.core 3.0.2"]),
                ("bgz#1.1.1", &["hl7.fhir.r3.core 3.0.2", "zib ^2.0", "ea ^1.0"]),
            ],
        );
        let far = shelf(
            &temp.path().join("far"),
            &[
                ("zib#1.3.19", &[]),
                ("zib#2.2.20", &[]),
                ("ea#1.0.6", &["zib 2.0.x", "none 1.0.0"]),
                ("hl7.fhir.r3.core#3.0.2", &[]),
            ],
        );
        let shelves = vec![(near, Origin::Path), (far, Origin::Cache)];
        let resolver = Resolver::new(shelves, vec![carried("hl7.fhir.r3.core@3.0.2", &[])]);
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
        let resolution =
            resolver.resolve(vec![given], vec![wanted("bgz", "1.1.1"), wanted("hl7.fhir.r3.core", "3.0.2")]).unwrap();
        assert_eq!(told(&resolution).0, "zib@1.3.19, bgz@1.1.1, hl7.fhir.r3.core@3.0.2, ea@1.0.6");

        let absent = resolver.resolve(vec![], vec![wanted("zib", "2.3.2")]).unwrap();
        assert_eq!(told(&absent).1, "zib 2.3.2 by test (2.2.18 1.3.19 2.2.20)");
        let nearest = resolver.taking_nearest(true).resolve(vec![], vec![wanted("zib", "2.3.2")]).unwrap();
        assert_eq!(told(&nearest), ("zib@2.2.18".into(), String::new(), "zib 2.3.2 by test: 2.2.18".into()));
    }

    #[test]
    fn what_is_embedded_is_offered_version_by_version_behind_the_shelves() {
        let temp = tempfile::tempdir().unwrap();
        let on_shelf = shelf(temp.path(), &[("zib#1.3.19", &[]), ("own#1.0.0", &["mp 9.x", "zib 2.x"])]);
        let embedded = || {
            let mp = [carried("mp@8.0.0", &[("zib", "1.3.19")]), carried("mp@9.1.0", &[("zib", "2.2.x")])];
            [carried("zib@2.2.18", &[]), carried("zib@1.3.19", &[])].into_iter().chain(mp).collect::<Vec<_>>()
        };
        let resolve = |resolver: &Resolver, name: &str, range: &str| {
            let found = resolver.resolve(vec![], vec![wanted(name, range)]).unwrap();
            let carried: Vec<String> = found.carried.iter().map(Manifest::label).collect();
            let (packages, missing, deviations) = told(&found);
            [packages, carried.join(", "), missing, deviations]
        };
        let resolver = Resolver::new(vec![(on_shelf, Origin::Path)], embedded());
        for (name, range, outcome) in [
            ("zib", "1.3.19", ["zib@1.3.19", "", "", ""]),
            ("zib", "2.x", ["", "zib@2.2.18", "", ""]),
            ("mp", "8.0.0", ["zib@1.3.19", "mp@8.0.0", "", ""]),
            ("mp", ">=8.0.0", ["", "mp@9.1.0, zib@2.2.18", "", ""]),
            ("own", "1.0.0", ["own@1.0.0", "mp@9.1.0, zib@2.2.18", "", ""]),
            ("mp", "7.0.0", ["", "", "mp 7.0.0 by test (8.0.0 9.1.0)", ""]),
        ] {
            assert_eq!(resolve(&resolver, name, range), outcome, "{name} {range}");
        }
        let nearest = Resolver::new(vec![], embedded()).taking_nearest(true);
        let outcome = ["", "mp@8.0.0, zib@1.3.19", "", "mp 7.0.0 by test: 8.0.0"];
        assert_eq!(resolve(&nearest, "mp", "7.0.0"), outcome);
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
