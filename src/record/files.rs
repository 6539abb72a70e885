//! The texts a run was made with: scripts, included groups, fixtures, rules, properties.
//!
//! A run reads through a [`Gathering`], which keeps what it hands out; a replay reads from [`Files`]
//! and sees what the run saw, whatever became of the files since.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::sink::BodyHash;
use crate::testscript::source::{Reason, ScriptSource, SourceError, normalise};

/// Texts by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files(BTreeMap<PathBuf, Arc<str>>);

/// A line of the file they are written to.
#[derive(Serialize, Deserialize)]
struct Line<'l> {
    path: String,
    sha256: String,
    text: std::borrow::Cow<'l, str>,
}

impl Files {
    /// The name of the file in a run directory: a line of JSON a file.
    pub const NAME: &str = "files.jsonl";

    /// Every path with its text, in the order of the paths.
    pub fn iter(&self) -> impl Iterator<Item = (&Path, &Arc<str>)> {
        self.0.iter().map(|(path, text)| (path.as_path(), text))
    }

    /// Writes them, a line each.
    pub fn write(&self, to: &mut dyn Write) -> io::Result<()> {
        for (path, text) in &self.0 {
            let path = path.to_string_lossy().into_owned();
            let line = Line { path, sha256: BodyHash::of(text.as_bytes()).to_string(), text: (&**text).into() };
            serde_json::to_writer(&mut *to, &line)?;
            to.write_all(b"\n")?;
        }
        Ok(())
    }

    /// Reads them back; a text that is not what its hash says is refused, and so is a path that stands there
    /// twice.
    pub fn read(from: &mut dyn BufRead) -> io::Result<Files> {
        let invalid = |what: String| io::Error::new(io::ErrorKind::InvalidData, what);
        let mut files = BTreeMap::new();
        for (number, line) in from.lines().enumerate() {
            let text = line?;
            let line: Line<'_> =
                serde_json::from_str(&text).map_err(|error| invalid(format!("line {}: {error}", number + 1)))?;
            if BodyHash::of(line.text.as_bytes()).to_string() != line.sha256 {
                return Err(invalid(format!("`{}` is not what was recorded", line.path)));
            }
            if files.insert(PathBuf::from(&line.path), Arc::from(&*line.text)).is_some() {
                return Err(invalid(format!("`{}` stands there twice", line.path)));
            }
        }
        Ok(Files(files))
    }
}

impl FromIterator<(PathBuf, Arc<str>)> for Files {
    fn from_iter<I: IntoIterator<Item = (PathBuf, Arc<str>)>>(files: I) -> Self {
        Files(files.into_iter().collect())
    }
}

impl ScriptSource for Files {
    fn read(&self, path: &Path) -> Result<Arc<str>, SourceError> {
        let found = self.0.get(path).or_else(|| self.0.get(&normalise(path)));
        found.cloned().ok_or_else(|| SourceError { path: path.to_owned(), reason: Reason::Absent })
    }

    fn files(&self, path: &Path) -> Result<Vec<PathBuf>, SourceError> {
        let found: Vec<PathBuf> = self.0.keys().filter(|name| name.starts_with(path)).cloned().collect();
        if found.is_empty() { Err(SourceError { path: path.to_owned(), reason: Reason::Absent }) } else { Ok(found) }
    }

    fn is_file(&self, path: &Path) -> bool {
        self.0.contains_key(path) || self.0.contains_key(&normalise(path))
    }
}

/// A source that remembers the texts it gave.
pub struct Gathering<'s> {
    source: &'s dyn ScriptSource,
    given: Mutex<BTreeMap<PathBuf, Arc<str>>>,
}

impl<'s> Gathering<'s> {
    /// Around another source.
    pub fn new(source: &'s dyn ScriptSource) -> Self {
        Gathering { source, given: Mutex::default() }
    }

    /// What was read so far.
    pub fn files(&self) -> Files {
        Files(self.given.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

impl ScriptSource for Gathering<'_> {
    fn read(&self, path: &Path) -> Result<Arc<str>, SourceError> {
        let text = self.source.read(path)?;
        self.given.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), text.clone());
        Ok(text)
    }

    fn files(&self, path: &Path) -> Result<Vec<PathBuf>, SourceError> {
        self.source.files(path)
    }

    fn is_file(&self, path: &Path) -> bool {
        self.source.is_file(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testscript::source::Carried;

    #[test]
    fn what_was_read_is_written_and_read_back() {
        let carried = Carried::new([("a/one.xml", "<a/>"), ("a/two.xml", "\"é\n"), ("b", "not read")]);
        let gathering = Gathering::new(&carried);
        gathering.read("a/two.xml".as_ref()).unwrap();
        gathering.read("a/one.xml".as_ref()).unwrap();
        gathering.read("a/three.xml".as_ref()).unwrap_err();
        let mut written = vec![];
        gathering.files().write(&mut written).unwrap();
        let files = Files::read(&mut &*written).unwrap();
        assert_eq!(files, gathering.files());
        assert_eq!(ScriptSource::read(&files, "a/../a/two.xml".as_ref()).as_deref(), Ok("\"é\n"));
        assert!(files.is_file("a/one.xml".as_ref()) && !files.is_file("b".as_ref()));
        assert_eq!(ScriptSource::files(&files, "a".as_ref()).unwrap().len(), 2);
        let changed = String::from_utf8(written).unwrap().replace("<a/>", "<b/>");
        assert!(Files::read(&mut changed.as_bytes()).unwrap_err().to_string().contains("not what was recorded"));
    }
}
