//! The zip file of a bundle, in the one form it can have.
//!
//! Entries are stored as they are, in the order of writing, with fixed times and no extras
//! (APPNOTE.TXT 4.3, without zip64). The comment of the file is the hash of its directory. A reader
//! accepts only what the writer would have written, byte for byte: there is no place in the file where a
//! change does not show.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

use crate::record::Store;

/// An entry: its name, and what holds for its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Path with `/`.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256, lower-case hexadecimal.
    pub sha256: String,
    crc: u32,
    /// Where its local header begins.
    offset: u64,
}

const LOCAL: u64 = 30;
/// Most that a zip without zip64 can hold: entries, and bytes.
const MOST_ENTRIES: usize = 65_534;
const MOST_BYTES: u64 = 0xffff_fffe;
/// 1980-01-01, the first day a zip knows.
const DATE: u16 = 0x21;

impl Entry {
    /// What a local header and one of the directory have in common, from the version on.
    fn shared(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(26);
        // Version 1.0, names in UTF-8, stored.
        for word in [10u16, 0x0800, 0, 0, DATE] {
            out.extend(word.to_le_bytes());
        }
        let size = self.size as u32;
        for number in [self.crc, size, size] {
            out.extend(number.to_le_bytes());
        }
        out.extend((self.name.len() as u16).to_le_bytes());
        out.extend([0, 0]);
        out
    }

    fn local(&self) -> Vec<u8> {
        [b"PK\x03\x04", &*self.shared(), self.name.as_bytes()].concat()
    }

    fn central(&self) -> Vec<u8> {
        let offset = (self.offset as u32).to_le_bytes();
        // Made by version 1.0 for MS-DOS; no comment, disk 0, no attributes.
        [b"PK\x01\x02\x0a\x00", &*self.shared(), &[0; 10], &offset, self.name.as_bytes()].concat()
    }

    /// Where its bytes are in the file.
    pub(super) fn data(&self) -> Range<u64> {
        let start = self.offset + LOCAL + self.name.len() as u64;
        start..start + self.size
    }
}

/// The directory and what ends the file.
fn tail(entries: &[Entry], at: u64) -> Vec<u8> {
    let directory: Vec<u8> = entries.iter().flat_map(Entry::central).collect();
    let comment = hex(&Sha256::digest(&directory));
    let count = (entries.len() as u16).to_le_bytes();
    let (length, at) = ((directory.len() as u32).to_le_bytes(), (at as u32).to_le_bytes());
    let words = [&b"PK\x05\x06\0\0\0\0"[..], &count, &count, &length, &at, &64u16.to_le_bytes(), comment.as_bytes()];
    [&*directory, &words.concat()].concat()
}

/// Bytes of what ends the file, after the directory.
const END: u64 = 22 + 64;

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Writes a bundle.
pub struct Writer<W: Write> {
    out: W,
    at: u64,
    entries: Vec<Entry>,
}

impl<W: Write> Writer<W> {
    /// Nothing is written yet.
    pub fn new(out: W) -> Self {
        Writer { out, at: 0, entries: vec![] }
    }

    fn fits(&self, name: &str, size: u64) -> io::Result<()> {
        let whole = self.at + size + (self.entries.len() as u64 + 1) * 400;
        let fits = self.entries.len() < MOST_ENTRIES && whole < MOST_BYTES && name.len() < 300;
        let message = "a bundle holds at most 65,534 entries and 4 GiB; pack fewer scripts in one run";
        if fits { Ok(()) } else { Err(io::Error::new(io::ErrorKind::FileTooLarge, message)) }
    }

    /// An entry that is at hand.
    pub fn entry(&mut self, name: &str, bytes: &[u8]) -> io::Result<&Entry> {
        self.hashed(name, bytes, &hex(&Sha256::digest(bytes)))
    }

    /// The same, where the hash is known.
    pub fn hashed(&mut self, name: &str, bytes: &[u8], sha256: &str) -> io::Result<&Entry> {
        let size = bytes.len() as u64;
        self.fits(name, size)?;
        let crc = crc32fast::hash(bytes);
        let entry = Entry { name: name.to_owned(), size, sha256: sha256.to_owned(), crc, offset: self.at };
        self.out.write_all(&entry.local())?;
        self.out.write_all(bytes)?;
        Ok(self.push(entry))
    }

    fn push(&mut self, entry: Entry) -> &Entry {
        self.at = entry.data().end;
        let at = self.entries.len();
        self.entries.push(entry);
        &self.entries[at]
    }

    /// What was written so far.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Ends the file.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.write_all(&tail(&self.entries, self.at))?;
        self.out.flush()?;
        Ok(self.out)
    }
}

impl<W: Write + Seek> Writer<W> {
    /// An entry that is made while it is written.
    pub fn streamed(&mut self, name: &str, make: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<&Entry> {
        let mut entry = Entry { name: name.to_owned(), size: 0, sha256: String::new(), crc: 0, offset: self.at };
        self.fits(name, 0)?;
        self.out.write_all(&entry.local())?;
        let mut counted = Counted { out: &mut self.out, size: 0, crc: crc32fast::Hasher::new(), sha: Sha256::new() };
        make(&mut counted)?;
        (entry.size, entry.crc) = (counted.size, counted.crc.finalize());
        entry.sha256 = hex(&counted.sha.finalize());
        self.fits(name, entry.size)?;
        self.out.seek(SeekFrom::Start(entry.offset))?;
        self.out.write_all(&entry.local())?;
        self.out.seek(SeekFrom::Start(entry.data().end))?;
        Ok(self.push(entry))
    }

    /// What is written goes to where it is going, so that it can be read.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Writer<std::io::BufWriter<File>> {
    /// What is written goes to the disk.
    pub(super) fn settle(&mut self) -> io::Result<()> {
        self.out.flush()?;
        self.out.get_ref().sync_data()
    }
}

struct Counted<W> {
    out: W,
    size: u64,
    crc: crc32fast::Hasher,
    sha: Sha256,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        let bytes = bytes.get(..written).unwrap_or_default();
        self.size += written as u64;
        self.crc.update(bytes);
        self.sha.update(bytes);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Why a file is not a bundle as it was written.
#[derive(Debug, thiserror::Error)]
pub enum ContainerError {
    /// It cannot be read.
    #[error("`{}` cannot be read: {cause}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        cause: io::Error,
    },
    /// It is not in the form of a bundle.
    #[error("{0}")]
    Form(String),
}

fn form<T>(what: impl Into<String>) -> Result<T, ContainerError> {
    Err(ContainerError::Form(what.into()))
}

/// A bundle that is there. Opening it checks its directory; [`Container::check`] checks everything.
pub struct Container {
    path: PathBuf,
    file: Mutex<File>,
    entries: Vec<Entry>,
}

impl Container {
    /// Opens a file and compares its directory with what a writer would have made.
    pub fn open(path: &Path) -> Result<Container, ContainerError> {
        let io = |cause| ContainerError::Io { path: path.to_owned(), cause };
        let mut file = File::open(path).map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        let mut end = vec![];
        let Some(end_at) = length.checked_sub(END) else { return form("it is too short for a bundle") };
        file.seek(SeekFrom::Start(end_at)).and_then(|_| file.read_to_end(&mut end)).map_err(io)?;
        let number = |bytes: &[u8], at: usize| -> u64 {
            let bytes = bytes.get(at..at + 4).unwrap_or(&[0; 4]);
            bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
        };
        let at = number(&end, 16);
        if !end.starts_with(b"PK\x05\x06") || at > end_at || number(&end, 12) != end_at - at {
            return form("it does not end as a bundle does");
        }
        let mut directory = vec![];
        file.seek(SeekFrom::Start(at)).map_err(io)?;
        Read::by_ref(&mut file).take(end_at - at).read_to_end(&mut directory).map_err(io)?;
        let mut entries: Vec<Entry> = vec![];
        let mut rest = &*directory;
        while !rest.is_empty() {
            let name = rest.get(28..30).map_or(0, |n| usize::from(n[0]) | usize::from(n[1]) << 8);
            let Some(name) = rest.get(46..46 + name).and_then(|name| std::str::from_utf8(name).ok()) else {
                return form("its directory is broken");
            };
            let entry = Entry {
                name: name.to_owned(),
                size: number(rest, 20),
                sha256: String::new(),
                crc: number(rest, 16) as u32,
                offset: entries.last().map_or(0, |last| last.data().end),
            };
            rest = rest.get(46 + name.len()..).unwrap_or_default();
            entries.push(entry);
        }
        let expected = tail(&entries, at);
        let follows = entries.last().map_or(0, |last| last.data().end) == at;
        if !follows
            || expected.len() as u64 != length - at
            || !expected.starts_with(&directory)
            || !expected.ends_with(&end)
        {
            return form("its directory is not the one it was written with");
        }
        let mut names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
        names.sort_unstable();
        if names.windows(2).any(|pair| pair[0] == pair[1]) {
            return form("two entries have one name");
        }
        Ok(Container { path: path.to_owned(), file: Mutex::new(file), entries })
    }

    /// Its entries in order; hashes are known after [`Container::check`].
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Reads the file from front to back: every header is as it would be written, every checksum holds. The
    /// hashes of the entries come out. Constant memory.
    pub fn check(&mut self) -> Result<(), ContainerError> {
        let path = self.path.clone();
        let io = |cause| ContainerError::Io { path: path.clone(), cause };
        let mut file = File::open(&self.path).map_err(io)?;
        file.seek(SeekFrom::Start(0)).map_err(io)?;
        let mut file = BufReader::with_capacity(1 << 18, file);
        let mut buffer = vec![0; 1 << 18];
        for entry in &mut self.entries {
            let expected = entry.local();
            let mut header = vec![0; expected.len()];
            file.read_exact(&mut header).map_err(io)?;
            if header != expected {
                return form(format!("the header of `{}` is not the one it was written with", entry.name));
            }
            let (mut sha, mut crc) = (Sha256::new(), crc32fast::Hasher::new());
            let mut left = entry.size;
            while left > 0 {
                let wanted = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                let part = buffer.get_mut(..wanted).unwrap_or_default();
                file.read_exact(part).map_err(io)?;
                sha.update(&*part);
                crc.update(part);
                left -= wanted as u64;
            }
            if crc.finalize() != entry.crc {
                return form(format!("`{}` is not what its checksum says", entry.name));
            }
            entry.sha256 = hex(&sha.finalize());
        }
        Ok(())
    }

    /// The bytes of an entry.
    pub fn bytes(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        let Some(entry) = self.entries.iter().find(|entry| entry.name == name) else { return Ok(None) };
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        read_range(&mut file, entry.data()).map(Some)
    }
}

pub(super) fn read_range(file: &mut File, range: Range<u64>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(usize::try_from(range.end - range.start).unwrap_or(0));
    file.seek(SeekFrom::Start(range.start))?;
    Read::by_ref(file).take(range.end - range.start).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Entries of a bundle as the files of a record; of a bundle in the making too.
pub struct Bundled {
    path: PathBuf,
    file: Mutex<File>,
    places: std::collections::HashMap<String, Range<u64>>,
}

impl Bundled {
    /// What is in the file at these entries.
    pub fn new(path: &Path, entries: &[Entry]) -> io::Result<Bundled> {
        let places = entries.iter().map(|entry| (entry.name.clone(), entry.data())).collect();
        Ok(Bundled { path: path.to_owned(), file: Mutex::new(File::open(path)?), places })
    }
}

impl Store for Bundled {
    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        let Some(range) = self.places.get(name) else { return Ok(None) };
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        read_range(&mut file, range.clone()).map(Some)
    }

    fn place(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written() -> Vec<u8> {
        let mut writer = Writer::new(io::Cursor::new(vec![]));
        writer.entry("a", b"first").unwrap();
        writer.streamed("b/c", |out| out.write_all(b"second").and_then(|()| out.write_all(b"!"))).unwrap();
        writer.entry("empty", b"").unwrap();
        writer.finish().unwrap().into_inner()
    }

    fn checked(bytes: &[u8]) -> Result<Vec<(String, String)>, ContainerError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.zip");
        std::fs::write(&path, bytes).unwrap();
        let mut container = Container::open(&path)?;
        container.check()?;
        let read = |entry: &Entry| {
            let bytes = container.bytes(&entry.name).unwrap().unwrap();
            assert_eq!(hex(&Sha256::digest(&bytes)), entry.sha256);
            (entry.name.clone(), String::from_utf8(bytes).unwrap())
        };
        Ok(container.entries().iter().map(read).collect())
    }

    #[test]
    fn what_is_written_is_read_and_is_the_same_every_time() {
        let pairs = [("a", "first"), ("b/c", "second!"), ("empty", "")].map(|(n, t)| (n.to_owned(), t.to_owned()));
        assert_eq!(checked(&written()).unwrap(), pairs);
        assert_eq!(written(), written());
    }

    #[test]
    fn no_byte_can_be_changed_added_or_taken_away() {
        let good = written();
        for at in 0..good.len() {
            for bit in 0..8 {
                let mut bad = good.clone();
                bad[at] ^= 1 << bit;
                assert!(checked(&bad).is_err(), "bit {bit} of byte {at}");
            }
            assert!(checked(&good[..at]).is_err(), "cut at {at}");
            let mut more = good.clone();
            more.insert(at, b'x');
            assert!(checked(&more).is_err(), "one more at {at}");
            let mut less = good.clone();
            less.remove(at);
            assert!(checked(&less).is_err(), "one less at {at}");
        }
        assert!(checked(&[&*good, b"x"].concat()).is_err());
    }

    #[test]
    fn python_would_open_it() {
        // The signature of a zip, and an end that says where its directory is.
        let bytes = written();
        assert!(bytes.starts_with(b"PK\x03\x04") && bytes.windows(4).any(|w| w == b"PK\x05\x06"));
    }
}
