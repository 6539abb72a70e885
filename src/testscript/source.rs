//! Where scripts and what they refer to are read from: the file system, or files the binary carries.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// A store of text files.
pub trait ScriptSource: Sync {
    /// The text of a file.
    fn read(&self, path: &Path) -> Result<Arc<str>, SourceError>;
    /// The files below a folder, however deep, sorted by path; the file itself when it is one.
    fn files(&self, path: &Path) -> Result<Vec<PathBuf>, SourceError>;
    /// True for a file (rather than a folder, or nothing).
    fn is_file(&self, path: &Path) -> bool;
}

/// Why a file could not be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` {reason}", path.display())]
pub struct SourceError {
    /// The file or folder.
    pub path: PathBuf,
    /// The reason.
    pub reason: Reason,
}

/// The reasons a file cannot be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Not there.
    Absent,
    /// There, but not for us.
    Forbidden,
    /// A folder where a file is needed.
    IsFolder,
    /// The bytes are no UTF-8.
    NotText,
    /// Anything else, in the words of the operating system.
    Other(String),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reason::Absent => "does not exist",
            Reason::Forbidden => "may not be read",
            Reason::IsFolder => "is a folder, not a file",
            Reason::NotText => "is not UTF-8 text",
            Reason::Other(words) => return write!(f, "cannot be read: {words}"),
        })
    }
}

impl SourceError {
    fn new(path: &Path, reason: Reason) -> Self {
        SourceError { path: path.to_owned(), reason }
    }

    fn io(path: &Path, error: &std::io::Error) -> Self {
        let reason = match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => Reason::Absent,
            ErrorKind::PermissionDenied => Reason::Forbidden,
            ErrorKind::IsADirectory => Reason::IsFolder,
            ErrorKind::InvalidData => Reason::NotText,
            _ => Reason::Other(error.to_string()),
        };
        SourceError::new(path, reason)
    }
}

/// The file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct FileSystem;

impl ScriptSource for FileSystem {
    fn read(&self, path: &Path) -> Result<Arc<str>, SourceError> {
        std::fs::read_to_string(path).map(Arc::from).map_err(|e| SourceError::io(path, &e))
    }

    fn files(&self, path: &Path) -> Result<Vec<PathBuf>, SourceError> {
        let mut found = vec![];
        let kind = std::fs::metadata(path).map_err(|e| SourceError::io(path, &e))?;
        if kind.is_dir() {
            walk(path, &mut found)?;
        } else {
            found.push(path.to_owned());
        }
        found.sort();
        Ok(found)
    }

    fn is_file(&self, path: &Path) -> bool {
        path.is_file()
    }
}

/// Folders that are links are not entered: nothing official links, and a loop would never end.
fn walk(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), SourceError> {
    let entries = std::fs::read_dir(folder).map_err(|e| SourceError::io(folder, &e))?;
    for entry in entries {
        let entry = entry.map_err(|e| SourceError::io(folder, &e))?;
        let path = entry.path();
        let kind = entry.file_type().map_err(|e| SourceError::io(&path, &e))?;
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if kind.is_dir() && !hidden {
            walk(&path, found)?;
        } else if !hidden && (kind.is_file() || path.is_file()) {
            found.push(path);
        }
    }
    Ok(())
}

/// Files that are part of the program: paths with `/` from one root, and their texts.
#[derive(Clone, Debug, Default)]
pub struct Carried<'t> {
    files: BTreeMap<PathBuf, &'t str>,
}

impl<'t> Carried<'t> {
    /// These files.
    pub fn new(files: impl IntoIterator<Item = (&'t str, &'t str)>) -> Self {
        Carried { files: files.into_iter().map(|(path, text)| (PathBuf::from(path), text)).collect() }
    }
}

impl ScriptSource for Carried<'_> {
    fn read(&self, path: &Path) -> Result<Arc<str>, SourceError> {
        let found = self.files.get(&normalise(path));
        found.map(|text| Arc::from(*text)).ok_or_else(|| SourceError::new(path, Reason::Absent))
    }

    fn files(&self, path: &Path) -> Result<Vec<PathBuf>, SourceError> {
        let folder = normalise(path);
        let found: Vec<PathBuf> = self.files.keys().filter(|name| name.starts_with(&folder)).cloned().collect();
        if found.is_empty() { Err(SourceError::new(path, Reason::Absent)) } else { Ok(found) }
    }

    fn is_file(&self, path: &Path) -> bool {
        self.files.contains_key(&normalise(path))
    }
}

/// A path without `.` and, as far as it goes, without `..`: relative references are resolved by their
/// text, as URLs are.
pub fn normalise(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        let last = clean.components().next_back();
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(last, Some(Component::Normal(_))) => {
                clean.pop();
            }
            // The parent of the root is the root.
            Component::ParentDir if matches!(last, Some(Component::RootDir)) => {}
            _ => clean.push(part),
        }
    }
    if clean.as_os_str().is_empty() { PathBuf::from(".") } else { clean }
}

/// The file that `reference`, found in `from`, means.
pub fn resolve(from: &Path, reference: &str) -> PathBuf {
    normalise(&from.parent().unwrap_or(Path::new("")).join(reference))
}

/// Whether a part of the path says that its files are material for scripts, not scripts.
pub(super) fn is_material(path: &Path) -> bool {
    let folder = |part: &OsStr| {
        let name = part.to_string_lossy();
        name.starts_with("_reference") || name == "_shared"
    };
    path.parent().is_some_and(|parent| parent.iter().any(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_resolved_against_the_folder_of_the_file_that_makes_them() {
        for (from, reference, wanted) in [
            ("a/b/s.xml", "../_reference/r/p.xml", "a/_reference/r/p.xml"),
            ("a/s.xml", "./p.xml", "a/p.xml"),
            ("s.xml", "p.xml", "p.xml"),
            ("s.xml", "../../p.xml", "../../p.xml"),
            ("../a/s.xml", "../../p.xml", "../../p.xml"),
            ("/a/s.xml", "../../../p.xml", "/p.xml"),
        ] {
            assert_eq!(resolve(Path::new(from), reference), Path::new(wanted), "{reference} in {from}");
        }
    }

    #[test]
    fn carried_files_are_read_and_listed_as_a_folder_would_be() {
        let files = [("t/b/2.yaml", "two"), ("t/a/1.yaml", "one"), ("t-old/x.yaml", "x")];
        let carried = Carried::new(files);
        assert_eq!(carried.read(Path::new("t/a/../b/2.yaml")).as_deref(), Ok("two"));
        let listed = carried.files(Path::new("t/")).expect("it is there");
        assert_eq!(listed, [Path::new("t/a/1.yaml"), Path::new("t/b/2.yaml")]);
        assert!(carried.is_file(Path::new("./t/a/1.yaml")) && !carried.is_file(Path::new("t/a")));
        let error = carried.read(Path::new("t/c.yaml")).expect_err("it is not there");
        assert_eq!(error.to_string(), "`t/c.yaml` does not exist");
        assert!(carried.files(Path::new("u")).is_err());
    }

    #[test]
    fn files_of_a_folder_are_listed_in_order_and_what_fails_says_why() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        std::fs::create_dir(root.join("b")).expect("made");
        for name in ["b/2.xml", "c.xml", ".hidden", "a.xml"] {
            std::fs::write(root.join(name), "x").expect("written");
        }
        std::fs::write(root.join("latin"), [0xe9]).expect("written");
        let listed = FileSystem.files(root).expect("listed");
        let names: Vec<_> = listed.iter().map(|p| p.strip_prefix(root).expect("below").to_string_lossy()).collect();
        assert_eq!(names, ["a.xml", "b/2.xml", "c.xml", "latin"]);
        let reason = |name: &str| FileSystem.read(&root.join(name)).expect_err("it fails").reason;
        assert_eq!(reason("absent"), Reason::Absent);
        assert_eq!(reason("b"), Reason::IsFolder);
        assert_eq!(reason("latin"), Reason::NotText);
    }

    #[test]
    fn reference_folders_hold_no_scripts() {
        assert!(is_material(Path::new("x/_reference-medmij/resources/a.xml")));
        assert!(is_material(Path::new("x/_shared/a.yaml")));
        assert!(!is_material(Path::new("x/_LoadResources/a.xml")));
        assert!(!is_material(Path::new("x/_reference.xml")));
    }
}
