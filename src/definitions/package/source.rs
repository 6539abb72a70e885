//! The bytes of a package: from a tarball or from a folder.

use std::fs;
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Component, Path};

use flate2::read::GzDecoder;
use sha2::{Digest, Sha256};

use super::PackageError;
use crate::fhir::{ReadError, Span};

/// How much of a package is read, so that a hostile one cannot exhaust the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackageLimits {
    /// Bytes in one file.
    pub file: u64,
    /// Bytes in all files together, unpacked.
    pub total: u64,
    /// Number of files, those that are not read included.
    pub files: usize,
}

impl Default for PackageLimits {
    fn default() -> Self {
        // The largest we know: a core package with 8,300 files and 60 MB unpacked, one file of 15 MB.
        PackageLimits { file: 128 << 20, total: 1 << 30, files: 100_000 }
    }
}

/// What was read: JSON files by name, sorted.
pub(super) struct Contents {
    /// All texts, one behind the other: thousands of files are one piece of memory.
    pub texts: String,
    pub manifest: Option<Range<usize>>,
    /// Where in `texts` each file is.
    pub files: Vec<(String, Range<usize>)>,
    /// Files that are not UTF-8: name, what can be made of them, and where they go wrong.
    pub unreadable: Vec<(String, String, ReadError)>,
    /// Of the tarball; None for a folder.
    pub sha256: Option<String>,
}

pub(super) const MANIFEST: &str = "package.json";

pub(super) fn load(path: &Path, limits: &PackageLimits) -> Result<Contents, PackageError> {
    let unreadable = |reason| PackageError::Unreadable { path: path.to_owned(), reason };
    let meta = fs::metadata(path).map_err(unreadable)?;
    let mut gathered = Gathered::new(path, limits);
    let sha256 = if meta.is_dir() {
        gathered.folder()?;
        None
    } else {
        let bytes = fs::read(path).map_err(unreadable)?;
        gathered.tarball(&bytes)?;
        Some(hex(&Sha256::digest(&bytes)))
    };
    let Gathered { texts, mut files, .. } = gathered;
    files.sort_unstable_by(|a, b| (&a.0, a.1.start).cmp(&(&b.0, b.1.start)));
    let manifest = files.binary_search_by(|(n, _)| n.as_str().cmp(MANIFEST)).ok().map(|at| files.remove(at).1);
    if manifest.is_none() && files.is_empty() {
        let reason = "there is no JSON file in it (in the folder `package` of an archive)".to_owned();
        return Err(PackageError::NotAPackage { path: path.to_owned(), reason });
    }
    Ok(Contents { texts, manifest, files, unreadable: gathered.unreadable, sha256 })
}

/// The manifest of a tarball, read no further than it takes to find it. None where it cannot be had.
pub(super) fn manifest_of_tarball(path: &Path) -> Option<String> {
    let limits = PackageLimits::default();
    let file = io::BufReader::new(fs::File::open(path).ok()?);
    let mut archive = tar::Archive::new(GzDecoder::new(file).take(limits.total));
    for entry in archive.entries().ok()?.take(limits.files) {
        let entry = entry.ok()?;
        if entry.path().ok().and_then(|p| in_package(&p)).as_deref() == Some(MANIFEST) {
            let mut text = String::new();
            entry.take(limits.file).read_to_string(&mut text).ok()?;
            return Some(text);
        }
    }
    None
}

/// Writes all files of a package, its `package` folder included, below a folder that is there.
pub(super) fn unpack(path: &Path, to: &Path, limits: &PackageLimits) -> Result<(), PackageError> {
    let unreadable = |reason| PackageError::Unreadable { path: path.to_owned(), reason };
    let mut written = Gathered::new(path, limits);
    if path.is_dir() {
        let (from, to) = match path.join("package").is_dir() {
            true => (path.to_owned(), to.to_owned()),
            false => (path.to_owned(), to.join("package")),
        };
        return written.copy(&from, &to);
    }
    let bytes = fs::read(path).map_err(unreadable)?;
    let mut archive = tar::Archive::new(GzDecoder::new(&*bytes));
    for entry in archive.entries().map_err(unreadable)? {
        let mut entry = entry.map_err(unreadable)?;
        let name = entry.path().map_err(unreadable)?.into_owned();
        // Only plain names: nothing absolute, nothing upwards, no links.
        let plain = name.components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir));
        if plain && entry.header().entry_type().is_file() {
            written.write(&mut entry, &to.join(name))?;
        }
    }
    Ok(())
}

/// A hash of names and contents only, not of dates or the order of a folder.
pub(in crate::definitions) fn hash_of<'f>(files: impl Iterator<Item = (&'f str, &'f [u8])>) -> String {
    let mut hash = Sha256::new();
    for (name, bytes) in files {
        // Lengths keep a name and its contents apart.
        hash.update((name.len() as u64).to_be_bytes());
        hash.update(name);
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    }
    hex(&hash.finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

struct Gathered<'a> {
    path: &'a Path,
    limits: &'a PackageLimits,
    texts: String,
    files: Vec<(String, Range<usize>)>,
    unreadable: Vec<(String, String, ReadError)>,
    /// The file that is being read.
    bytes: Vec<u8>,
    total: u64,
    seen: usize,
}

impl<'a> Gathered<'a> {
    fn new(path: &'a Path, limits: &'a PackageLimits) -> Gathered<'a> {
        let (texts, bytes) = (String::new(), vec![]);
        Gathered { path, limits, texts, files: vec![], unreadable: vec![], bytes, total: 0, seen: 0 }
    }

    fn unreadable(&self, reason: io::Error) -> PackageError {
        PackageError::Unreadable { path: self.path.to_owned(), reason }
    }

    fn folder(&mut self) -> Result<(), PackageError> {
        let inner = self.path.join("package");
        let folder = if inner.is_dir() { inner } else { self.path.to_owned() };
        for entry in fs::read_dir(&folder).map_err(|e| self.unreadable(e))? {
            let entry = entry.map_err(|e| self.unreadable(e))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            self.count()?;
            if is_wanted(&name) && entry.path().is_file() {
                let file = fs::File::open(entry.path()).map_err(|e| self.unreadable(e))?;
                self.take(name, file)?;
            }
        }
        Ok(())
    }

    /// Copies files and folders, links left out.
    fn copy(&mut self, from: &Path, to: &Path) -> Result<(), PackageError> {
        for entry in fs::read_dir(from).map_err(|e| self.unreadable(e))? {
            let entry = entry.map_err(|e| self.unreadable(e))?;
            let kind = entry.file_type().map_err(|e| self.unreadable(e))?;
            if kind.is_dir() {
                self.copy(&entry.path(), &to.join(entry.file_name()))?;
            } else if kind.is_file() {
                let mut file = fs::File::open(entry.path()).map_err(|e| self.unreadable(e))?;
                self.write(&mut file, &to.join(entry.file_name()))?;
            }
        }
        Ok(())
    }

    fn write(&mut self, from: &mut impl Read, to: &Path) -> Result<(), PackageError> {
        self.count()?;
        let unwritable = |reason| PackageError::Unreadable { path: to.to_owned(), reason };
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder).map_err(unwritable)?;
        }
        let mut file = fs::File::create(to).map_err(unwritable)?;
        let left = self.limits.total.saturating_sub(self.total);
        self.total += io::copy(&mut from.take(left + 1), &mut file).map_err(unwritable)?;
        if self.total > self.limits.total {
            return Err(self.too_large(format!("{} bytes", self.limits.total)));
        }
        Ok(())
    }

    fn tarball(&mut self, bytes: &[u8]) -> Result<(), PackageError> {
        let path = self.path.to_owned();
        let broken = |e: io::Error| PackageError::NotAPackage {
            path: path.clone(),
            reason: format!("it is not a gzipped tar archive ({e})"),
        };
        let mut archive = tar::Archive::new(GzDecoder::new(bytes));
        for entry in archive.entries().map_err(&broken)? {
            let entry = entry.map_err(&broken)?;
            self.count()?;
            let Some(name) = entry.path().ok().and_then(|p| in_package(&p)) else { continue };
            if entry.header().entry_type().is_file() && is_wanted(&name) {
                self.take(name, entry)?;
            }
        }
        Ok(())
    }

    fn count(&mut self) -> Result<(), PackageError> {
        self.seen += 1;
        if self.seen > self.limits.files {
            return Err(self.too_large(format!("{} files", self.limits.files)));
        }
        Ok(())
    }

    fn too_large(&self, limit: String) -> PackageError {
        PackageError::TooLarge { path: self.path.to_owned(), limit }
    }

    fn take(&mut self, name: String, from: impl Read) -> Result<(), PackageError> {
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.clear();
        from.take(self.limits.file + 1).read_to_end(&mut bytes).map_err(|e| self.unreadable(e))?;
        if bytes.len() as u64 > self.limits.file {
            return Err(self.too_large(format!("{} bytes in `{name}`", self.limits.file)));
        }
        self.total += bytes.len() as u64;
        if self.total > self.limits.total {
            return Err(self.too_large(format!("{} bytes", self.limits.total)));
        }
        match std::str::from_utf8(&bytes) {
            Ok(text) => {
                let start = self.texts.len();
                self.texts.push_str(text);
                self.files.push((name, start..self.texts.len()));
            }
            Err(error) => {
                let at = error.valid_up_to();
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let fault = ReadError::new(&text, Span::new(at, at), "not UTF-8 from here on");
                self.unreadable.push((name, text, fault));
            }
        }
        self.bytes = bytes;
        Ok(())
    }
}

/// The file's name, if it stands directly in the archive's `package` folder.
fn in_package(path: &Path) -> Option<String> {
    let mut parts = path.components().filter(|c| !matches!(c, Component::CurDir));
    let (folder, file) = (parts.next()?, parts.next()?);
    (folder.as_os_str() == "package" && parts.next().is_none()).then(|| file.as_os_str().to_str().map(str::to_owned))?
}

/// JSON, and not an index that a tool left there.
fn is_wanted(name: &str) -> bool {
    name.ends_with(".json") && !name.starts_with('.')
}
