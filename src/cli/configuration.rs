//! What a repository of script sets says of packages for all of them: lines `package.NAME = VERSION` in
//! `Configuration/package.version.properties`, in some folder above the scripts.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::fhir::{Format, read};

/// Where the file stands, seen from the root of a repository.
const FILE: &str = "Configuration/package.version.properties";

/// How names of packages begin in it.
const PREFIX: &str = "package.";

/// How folders with the fixtures of a set begin.
const FIXTURES: &str = "_reference";

/// What one such file says.
pub struct Configuration {
    /// The file.
    pub path: PathBuf,
    /// The folder it is about.
    pub root: PathBuf,
    /// Names and versions, in order.
    pub packages: Vec<(String, String)>,
}

/// Repositories that scripts stand in, each file read once.
#[derive(Default)]
pub struct Repositories {
    above: Mutex<HashMap<PathBuf, Option<Arc<Configuration>>>>,
    claims: Mutex<HashMap<PathBuf, Arc<[String]>>>,
}

impl Repositories {
    /// The nearest configuration in a folder above a script.
    pub fn above(&self, script: &Path) -> Option<Arc<Configuration>> {
        let folder = std::path::absolute(script).ok()?.parent()?.to_owned();
        let mut known = self.above.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known.get(&folder) {
            return found.clone();
        }
        let found = folder.ancestors().find_map(|root| {
            let path = root.join(FILE);
            let packages = entries(&std::fs::read_to_string(&path).ok()?);
            Some(Arc::new(Configuration { path, root: root.to_owned(), packages }))
        });
        known.insert(folder, found.clone());
        found
    }

    /// The profiles that the fixtures of a script's set claim (`meta.profile`), without versions: those in
    /// the nearest folders of fixtures between the script and the root.
    pub fn claimed(&self, script: &Path, root: &Path) -> Arc<[String]> {
        let script = std::path::absolute(script).unwrap_or_else(|_| script.to_owned());
        let within = script.ancestors().skip(1).take_while(|folder| folder.starts_with(root));
        let folders = within.map(fixture_folders).find(|folders| !folders.is_empty()).unwrap_or_default();
        let mut known = self.claims.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<String> = vec![];
        for folder in folders {
            let of = known.entry(folder).or_insert_with_key(|folder| {
                let mut claimed = vec![];
                claims(folder, &mut claimed);
                claimed.sort();
                claimed.dedup();
                claimed.into()
            });
            all.extend(of.iter().cloned());
        }
        all.into()
    }
}

/// `package.NAME = VERSION`; other keys and comments are somebody else's.
fn entries(text: &str) -> Vec<(String, String)> {
    let entry = |line: &str| {
        let (key, version) = line.split_once(['=', ':'])?;
        let name = key.trim().strip_prefix(PREFIX)?.trim();
        let version = version.trim();
        (!name.is_empty() && !version.is_empty()).then(|| (name.to_owned(), version.to_owned()))
    };
    text.lines().filter_map(entry).collect()
}

fn fixture_folders(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let named = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(FIXTURES));
    let mut folders: Vec<PathBuf> = named.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

/// The profiles claimed in the files of a folder, however deep. What cannot be read claims nothing here;
/// who needs the file will say what is wrong with it.
fn claims(folder: &Path, claimed: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            claims(&path, claimed);
            continue;
        }
        let Some(format) = Format::from_path(&path) else { continue };
        let Some(document) = std::fs::read_to_string(&path).ok().and_then(|text| read(text, format).ok()) else {
            continue;
        };
        let metas = document.root().descendants_and_self().filter(|node| node.name() == "meta");
        let profiles = metas.flat_map(|meta| meta.children_named("profile")).filter_map(|profile| profile.value());
        let bare = profiles.map(|url| url.split('|').next().unwrap_or_default().to_owned());
        for url in bare {
            if !claimed.contains(&url) {
                claimed.push(url);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_names_packages_and_fixtures_claim_profiles() {
        let folder = tempfile::tempdir().unwrap();
        let root = std::path::absolute(folder.path()).unwrap();
        let write = |name: &str, text: &str| {
            let path = root.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write(FILE, "# all\npackage.a.b = 1.2.3\nother = 4\npackage.c=2.0.0-rc.1\npackage. = 1\npackage.d =\n");
        write(
            "output/set/_reference/deep/p.xml",
            "<Patient xmlns='http://hl7.org/fhir'><meta><profile value='http://a/P|1.0'/></meta></Patient>",
        );
        write(
            "output/set/_reference/q.json",
            r#"{"resourceType":"Flag","meta":{"profile":["http://a/F","http://a/P"]}}"#,
        );
        write("output/set/_reference/broken.json", "{");
        write("output/other/_reference/r.json", r#"{"resourceType":"Flag","meta":{"profile":["http://a/X"]}}"#);
        let repositories = Repositories::default();
        let script = root.join("output/set/role/a.xml");
        let found = repositories.above(&script).unwrap();
        assert_eq!(found.root, root);
        assert_eq!(found.packages, [("a.b", "1.2.3"), ("c", "2.0.0-rc.1")].map(|(n, v)| (n.to_owned(), v.to_owned())));
        assert_eq!(*repositories.claimed(&script, &root), ["http://a/F".to_owned(), "http://a/P".to_owned()]);
        assert!(repositories.claimed(&root.join("output/x.xml"), &root).is_empty());
    }
}
