//! The texts a run was made with: scripts, included groups, fixtures, rules, properties.
//!
//! A run reads through a [`Gathering`], which sees to it that a text is the same whenever it is read; a
//! replay reads from [`Files`] and sees what the run saw, whatever became of the files since.

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
        self.0.iter().try_for_each(|(path, text)| write(to, path, text))
    }

    /// Reads them back; a text that is not what its hash says is refused, and so is a path that stands there
    /// twice.
    pub fn read(from: &mut dyn BufRead) -> io::Result<Files> {
        let mut files = BTreeMap::new();
        let mut twice = None;
        each(from, |path, text| {
            if files.insert(path.to_owned(), Arc::from(text)).is_some() {
                twice.get_or_insert_with(|| path.to_owned());
            }
        })?;
        match twice {
            Some(path) => Err(invalid(format!("`{}` stands there twice", path.display()))),
            None => Ok(Files(files)),
        }
    }
}

fn write(to: &mut dyn Write, path: &Path, text: &str) -> io::Result<()> {
    let path = path.to_string_lossy().into_owned();
    let line = Line { path, sha256: BodyHash::of(text.as_bytes()).to_string(), text: text.into() };
    serde_json::to_writer(&mut *to, &line)?;
    to.write_all(b"\n")
}

fn invalid(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Reads them one by one, so that no more than one is in memory; a text that is not what its hash says is
/// refused.
pub(super) fn each(from: &mut dyn BufRead, mut take: impl FnMut(&Path, &str)) -> io::Result<()> {
    for (number, line) in from.lines().enumerate() {
        let text = line?;
        let line: Line<'_> =
            serde_json::from_str(&text).map_err(|error| invalid(format!("line {}: {error}", number + 1)))?;
        if BodyHash::of(line.text.as_bytes()).to_string() != line.sha256 {
            return Err(invalid(format!("`{}` is not what was recorded", line.path)));
        }
        take(Path::new(&line.path), &line.text);
    }
    Ok(())
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

/// A source that remembers which texts it gave: their hashes, for the texts of a large run are many megabytes.
pub struct Gathering<'s> {
    source: &'s dyn ScriptSource,
    given: Mutex<BTreeMap<PathBuf, BodyHash>>,
}

impl<'s> Gathering<'s> {
    /// Around another source.
    pub fn new(source: &'s dyn ScriptSource) -> Self {
        Gathering { source, given: Mutex::default() }
    }

    /// What was read so far, read again.
    ///
    /// # Errors
    /// A text that is gone or is another by now.
    pub fn files(&self) -> Result<Files, SourceError> {
        self.paths().into_iter().map(|path| Ok((path.clone(), self.read(&path)?))).collect()
    }

    /// Writes what was read so far as [`Files::write`] does, with one text in memory at a time.
    pub fn write(&self, to: &mut dyn Write) -> io::Result<()> {
        self.paths().iter().try_for_each(|path| write(to, path, &self.read(path).map_err(io::Error::other)?))
    }

    fn paths(&self) -> Vec<PathBuf> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }
}

impl ScriptSource for Gathering<'_> {
    fn read(&self, path: &Path) -> Result<Arc<str>, SourceError> {
        let text = self.source.read(path)?;
        let hash = BodyHash::of(text.as_bytes());
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        match given.get(path) {
            Some(known) if *known != hash => {
                let reason = Reason::Other("it has changed since the run read it first".to_owned());
                return Err(SourceError { path: path.to_owned(), reason });
            }
            Some(_) => {}
            None => drop(given.insert(path.to_owned(), hash)),
        }
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

    /// A source that has something else every time.
    struct Restless(std::sync::atomic::AtomicU32);

    impl ScriptSource for Restless {
        fn read(&self, _: &Path) -> Result<Arc<str>, SourceError> {
            Ok(self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed).to_string().into())
        }

        fn files(&self, path: &Path) -> Result<Vec<PathBuf>, SourceError> {
            Ok(vec![path.to_owned()])
        }

        fn is_file(&self, _: &Path) -> bool {
            true
        }
    }

    #[test]
    fn a_text_that_changes_during_a_run_is_refused() {
        let restless = Restless(0.into());
        let gathering = Gathering::new(&restless);
        assert_eq!(gathering.read("a".as_ref()).as_deref(), Ok("0"));
        let error = gathering.read("a".as_ref()).unwrap_err().to_string();
        assert!(error.contains("changed since"), "{error}");
        assert!(gathering.files().is_err());
    }

    #[test]
    fn what_was_read_is_written_and_read_back() {
        let carried = Carried::new([("a/one.xml", "<a/>"), ("a/two.xml", "\"é\n"), ("b", "not read")]);
        let gathering = Gathering::new(&carried);
        gathering.read("a/two.xml".as_ref()).unwrap();
        gathering.read("a/one.xml".as_ref()).unwrap();
        gathering.read("a/three.xml".as_ref()).unwrap_err();
        let mut written = vec![];
        gathering.write(&mut written).unwrap();
        let files = Files::read(&mut &*written).unwrap();
        assert_eq!(files, gathering.files().unwrap());
        assert_eq!(ScriptSource::read(&files, "a/../a/two.xml".as_ref()).as_deref(), Ok("\"é\n"));
        assert!(files.is_file("a/one.xml".as_ref()) && !files.is_file("b".as_ref()));
        assert_eq!(ScriptSource::files(&files, "a".as_ref()).unwrap().len(), 2);
        let changed = String::from_utf8(written).unwrap().replace("<a/>", "<b/>");
        assert!(Files::read(&mut changed.as_bytes()).unwrap_err().to_string().contains("not what was recorded"));
    }
}
