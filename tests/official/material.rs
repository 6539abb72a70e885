//! The folders of the official material: goals (`…/Test`, `…/Cert`), and the sets of scripts below them.

use std::path::{Path, PathBuf};

use keur::testscript::source::FileSystem;
use keur::testscript::{ScriptReader, Side, TestScript};
use libtest_mimic::Failed;

use crate::assets;

/// The folders of official material that are needed.
pub const NEEDED: [&str; 2] = ["nictiz-testscripts", "packages"];

/// Where official material stands.
pub struct Material {
    pub scripts: PathBuf,
    pub packages: PathBuf,
}

/// A goal of a standard: scripts that share their fixtures.
#[derive(Clone)]
pub struct Goal {
    /// Below `output/`, with `/`.
    pub name: String,
    pub folder: PathBuf,
}

/// A folder of scripts of one side.
pub struct Set {
    pub folder: PathBuf,
    /// Its scripts, in order.
    pub scripts: Vec<TestScript>,
}

impl Material {
    pub fn find() -> Result<Material, String> {
        let assets = assets::root();
        let [scripts, packages] = NEEDED.map(|folder| assets.join(folder));
        match scripts.is_dir() && packages.is_dir() {
            true => Ok(Material { scripts, packages }),
            false => Err(format!("official material not found in `{}` (set KEUR_ASSETS)", assets.display())),
        }
    }

    /// The registry of tokens of test persons.
    pub fn tokens(&self) -> PathBuf {
        self.scripts.join("Configuration/QualificationTokens.json")
    }

    /// What the registry of tokens says of a person.
    pub fn of_person(&self, id: &str, what: &str) -> Result<String, Failed> {
        let people: Vec<serde_json::Value> = serde_json::from_str(&std::fs::read_to_string(self.tokens())?)?;
        let person = people.iter().find(|person| person["resourceId"] == id);
        let value = person.and_then(|person| person[what].as_str());
        Ok(value.ok_or_else(|| format!("the registry has no `{what}` of `{id}`"))?.to_owned())
    }

    /// Every folder that has fixtures of its own beside its scripts.
    pub fn goals(&self) -> Vec<Goal> {
        let output = self.scripts.join("output");
        let mut goals = vec![];
        let mut open = vec![output.clone()];
        while let Some(folder) = open.pop() {
            let below = folders(&folder);
            if below.iter().any(|f| is_fixtures(f)) {
                let name = folder.strip_prefix(&output).unwrap_or(&folder);
                goals.push(Goal { name: name.to_string_lossy().replace('\\', "/"), folder });
            } else {
                open.extend(below);
            }
        }
        goals.sort_by(|a, b| a.name.cmp(&b.name));
        goals
    }

    /// A path below `output/`, as the register has it.
    pub fn relative(&self, path: &str) -> String {
        let output = self.scripts.join("output");
        let path = Path::new(path);
        path.strip_prefix(output).unwrap_or(path).to_string_lossy().replace('\\', "/")
    }
}

impl Goal {
    /// The standard: what stands between the release and the use case.
    pub fn standard(&self) -> String {
        self.name.split('/').take(2).collect::<Vec<_>>().join("/")
    }

    /// FHIR version of the exchange.
    pub fn fhir_version(&self) -> &'static str {
        if self.name.starts_with("R4/") { "4.0" } else { "3.0" }
    }

    /// The scripts that load its fixtures into a server, where it has them.
    pub fn loader(&self) -> Option<PathBuf> {
        Some(self.folder.join("_LoadResources")).filter(|folder| folder.is_dir())
    }

    /// Its folders of scripts for one side, in order.
    pub fn sets(&self, side: Side) -> Vec<Set> {
        let reader = ScriptReader::new(&FileSystem);
        let mut sets = vec![];
        let mut open = vec![self.folder.clone()];
        while let Some(folder) = open.pop() {
            open.extend(folders(&folder).into_iter().filter(|f| !is_fixtures(f) && !f.ends_with("_LoadResources")));
            let mut files: Vec<PathBuf> =
                files(&folder).into_iter().filter(|f| f.extension() == Some("xml".as_ref())).collect();
            files.sort();
            // The scripts of a folder are all for one side.
            let mut load = files.iter().filter_map(|file| reader.load(file, &folder).script);
            let Some(first) = load.next().filter(|script| script.side() == side) else { continue };
            let scripts = std::iter::once(first).chain(load).collect();
            sets.push(Set { folder, scripts });
        }
        sets.sort_by(|a, b| a.folder.cmp(&b.folder));
        sets
    }
}

fn is_fixtures(folder: &Path) -> bool {
    folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with("_reference"))
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    entries(folder).filter(|path| path.is_dir()).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    entries(folder).filter(|path| path.is_file()).collect()
}
