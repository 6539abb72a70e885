//! The StructureDefinitions of a package, as a source of definitions.

use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use keur::definitions::profile::{DefinitionSource, ProfileError, StructureDefinition};
use keur::fhir::{Document, Format, read};
use libtest_mimic::Failed;

/// The StructureDefinitions of a `.tgz`.
pub struct Tarball {
    texts: HashMap<String, (String, Arc<str>)>,
}

impl Tarball {
    /// Reads them all, once for all tests.
    pub fn open(path: &Path) -> Result<Arc<Tarball>, Failed> {
        static OPEN: Mutex<BTreeMap<PathBuf, Arc<Tarball>>> = Mutex::new(BTreeMap::new());
        let mut open = OPEN.lock().unwrap_or_else(|e| e.into_inner());
        if let Some(tarball) = open.get(path) {
            return Ok(tarball.clone());
        }
        let tarball = Arc::new(Tarball::read(path)?);
        open.insert(path.to_owned(), tarball.clone());
        Ok(tarball)
    }

    fn read(path: &Path) -> Result<Tarball, Failed> {
        let file = std::fs::File::open(path).map_err(|e| format!("{}: {e}", path.display()))?;
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file));
        let mut texts = HashMap::new();
        for entry in archive.entries()? {
            let mut entry = entry?;
            let name = entry.path()?.to_string_lossy().into_owned();
            if !name.starts_with("package/StructureDefinition-") || !name.ends_with(".json") {
                continue;
            }
            let mut text = String::new();
            entry.read_to_string(&mut text)?;
            let text: Arc<str> = text.into();
            let Ok(document) = read(text.clone(), Format::Json) else { continue };
            let root = document.root();
            if root.resource_type() == Some("StructureDefinition")
                && let Some(url) = root.child_value("url")
            {
                texts.entry(url.to_owned()).or_insert((name, text));
            }
        }
        Ok(Tarball { texts })
    }

    /// One of them, parsed.
    pub fn document(&self, url: &str) -> Option<Document> {
        self.texts.get(url).and_then(|(_, text)| read(text.clone(), Format::Json).ok())
    }
}

impl Tarball {
    /// True for the few definitions of a source-only package that were published with a snapshot.
    pub fn ships_snapshot(&self, url: &str) -> bool {
        let is_core = url.starts_with("http://hl7.org/fhir/");
        !is_core && self.document(url).is_some_and(|d| d.root().child("snapshot").is_some())
    }
}

impl DefinitionSource for Tarball {
    fn definition(&self, url: &str, version: Option<&str>) -> Option<Result<StructureDefinition, ProfileError>> {
        let (file, _) = self.texts.get(url)?;
        let document = self.document(url)?;
        let root = document.root();
        if version.is_some() && version != root.child_value("version") {
            return None;
        }
        Some(
            StructureDefinition::read(root)
                .map_err(|e| ProfileError::Unreadable { canonical: url.into(), reason: format!("{file}: {e}") }),
        )
    }

    fn urls(&self) -> Vec<Arc<str>> {
        self.texts.keys().map(|u| u.as_str().into()).collect()
    }
}
