//! `keur.lock`: which packages a project uses, so that another machine uses the same bytes.

use super::loaded::Loaded;

/// The lock file's own version.
const VERSION: u32 = 1;

/// What a lock file says.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    version: u32,
    /// The packages, by name and version.
    #[serde(default, rename = "package")]
    pub packages: Vec<LockedPackage>,
}

/// One package of a lock file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedPackage {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// SHA-256 over the names and contents of its JSON files ([`super::Package::contents_sha256`]): a tarball
    /// and the cache's folder have the same.
    pub sha256: String,
}

/// How a package differs from the lock file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unlocked {
    /// It is not in the lock file.
    Unknown(LockedPackage),
    /// It is there with other contents.
    Changed {
        /// What the lock file says.
        locked: LockedPackage,
        /// The hash of what was found.
        found: String,
    },
    /// The lock file has it and it is not used.
    Unused(LockedPackage),
}

impl Lock {
    /// For these packages.
    pub fn of(packages: &[Loaded]) -> Lock {
        let mut packages: Vec<LockedPackage> = packages.iter().map(locked).collect();
        packages.sort();
        packages.dedup();
        Lock { version: VERSION, packages }
    }

    /// Reads a lock file; the error says where it goes wrong.
    pub fn read(text: &str) -> Result<Lock, String> {
        let lock: Lock = toml::from_str(text).map_err(|e| e.to_string().trim_end().to_owned())?;
        match lock.version {
            VERSION => Ok(lock),
            other => Err(format!("it is of version {other}; this keur reads version {VERSION}")),
        }
    }

    /// As it is written to disk.
    pub fn to_text(&self) -> String {
        let body = toml::to_string(self).unwrap_or_default();
        format!("# Written by `keur package`; commit it with the project.\n{body}")
    }

    /// How packages differ from what is locked; nothing when they are the same.
    pub fn compare(&self, packages: &[Loaded]) -> Vec<Unlocked> {
        let found = Lock::of(packages).packages;
        let same = |a: &LockedPackage, b: &LockedPackage| (&a.name, &a.version) == (&b.name, &b.version);
        let mut differences = vec![];
        for package in &found {
            match self.packages.iter().find(|l| same(l, package)) {
                None => differences.push(Unlocked::Unknown(package.clone())),
                Some(locked) if locked.sha256 != package.sha256 => {
                    differences.push(Unlocked::Changed { locked: locked.clone(), found: package.sha256.clone() });
                }
                Some(_) => {}
            }
        }
        let unused = self.packages.iter().filter(|l| !found.iter().any(|f| same(f, l)));
        differences.extend(unused.cloned().map(Unlocked::Unused));
        differences
    }
}

fn locked(loaded: &Loaded) -> LockedPackage {
    let manifest = loaded.package.manifest();
    LockedPackage {
        name: manifest.name.clone(),
        version: manifest.version.clone(),
        sha256: loaded.package.contents_sha256(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_lock_file_reads_back_and_shows_what_changed() {
        let temp = tempfile::tempdir().unwrap();
        let package = |name: &str, text: &str| {
            let folder = temp.path().join(name);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("package.json"), format!("{{\"name\": \"{name}\", \"version\": \"1.0.0\"}}"))
                .unwrap();
            fs::write(folder.join("a.json"), text).unwrap();
            Loaded::from_path(&folder).unwrap()
        };
        let (a, b) = (package("a", "{}"), package("b", "{}"));
        let lock = Lock::of(&[b.clone(), a.clone(), a.clone()]);
        assert_eq!(lock.packages.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        let text = lock.to_text();
        assert!(text.starts_with("# Written by `keur package`"), "{text}");
        assert_eq!(Lock::read(&text).as_ref(), Ok(&lock));
        assert_eq!(lock.compare(&[a.clone(), b.clone()]), []);
        let (changed, new) = (package("a", "[]"), package("c", "{}"));
        let differences = lock.compare(&[changed, new]);
        assert!(
            matches!(&differences[..], [Unlocked::Changed { locked, .. }, Unlocked::Unknown(new), Unlocked::Unused(unused)]
                if locked.name == "a" && new.name == "c" && unused.name == "b"),
            "{differences:?}"
        );
    }

    #[test]
    fn a_lock_file_of_another_kind_is_refused() {
        assert_eq!(Lock::read("version = 2").unwrap_err(), "it is of version 2; this keur reads version 1");
        assert!(Lock::read("version = 1\nextra = 1").unwrap_err().contains("unknown field `extra`"));
        assert!(Lock::read("version = 1\n[[package]]\nname = 1").is_err());
        assert_eq!(Lock::read("version = 1").unwrap().packages, []);
    }
}
