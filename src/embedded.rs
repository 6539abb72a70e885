//! The data folders the binary carries: `testscripts/`, `fixtures/`, `profiles/`, `requirements/`.
//!
//! A static table, sorted by path, made by `build.rs`. Looking at it costs a binary search. The contents are
//! compressed in blocks of files that are used together; a block is unpacked when something in it is read,
//! once in a process.

use std::io::Read as _;
use std::sync::OnceLock;

use flate2::read::DeflateDecoder;

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The blocks, one after another.
static PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/embedded.bin"));

/// A file the binary carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct File {
    /// Path from the root of the project, with `/`: `profiles/hl7.fhir.r3.core@3.0.2/Observation.facts`.
    pub path: &'static str,
    /// Of a fact file its first line, which says what the rest is about: it costs no unpacking. Else empty.
    pub head: &'static str,
    block: u32,
    start: u32,
    end: u32,
}

impl File {
    /// The contents.
    pub fn bytes(&self) -> &'static [u8] {
        let block = BLOCKS.get(self.block as usize).map(Block::unpacked).unwrap_or_default();
        block.get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    /// The contents as text; None when they are not UTF-8.
    pub fn text(&self) -> Option<&'static str> {
        std::str::from_utf8(self.bytes()).ok()
    }

    /// The last part of the path.
    pub fn name(&self) -> &'static str {
        self.path.rsplit_once('/').map_or(self.path, |(_, name)| name)
    }
}

/// Files that are packed together.
struct Block {
    /// Where it begins and ends in what is packed.
    packed: (usize, usize),
    /// Its length when it is unpacked.
    length: usize,
    unpacked: OnceLock<Box<[u8]>>,
}

impl Block {
    const fn new(from: usize, to: usize, length: usize) -> Block {
        Block { packed: (from, to), length, unpacked: OnceLock::new() }
    }

    /// Its contents. They are part of the binary and a test reads them all: what cannot be unpacked is a
    /// build gone wrong.
    fn unpacked(&'static self) -> &'static [u8] {
        self.unpacked.get_or_init(|| {
            let mut bytes = Vec::with_capacity(self.length);
            let packed = PACKED.get(self.packed.0..self.packed.1).unwrap_or_default();
            match DeflateDecoder::new(packed).read_to_end(&mut bytes) {
                Ok(_) => bytes.into_boxed_slice(),
                Err(_) => Box::default(),
            }
        })
    }
}

/// The file with exactly this path.
pub fn file(path: &str) -> Option<&'static File> {
    FILES.binary_search_by(|f| f.path.cmp(path)).ok().and_then(|at| FILES.get(at))
}

/// The files below a folder (`fixtures/bgz-3.0`), sorted by path; all of them for an empty path.
pub fn below(folder: &str) -> &'static [File] {
    let folder = folder.trim_end_matches('/');
    if folder.is_empty() {
        return FILES;
    }
    let start = FILES.partition_point(|f| f.path < folder);
    let rest = FILES.get(start..).unwrap_or_default();
    // `bgz-3.0` sorts before `bgz-3.0/x`, and `bgz-3.0-old` between them: skip to the slash.
    let inside = |f: &File| f.path.strip_prefix(folder).is_some_and(|p| p.starts_with('/'));
    let first = rest.iter().take_while(|f| f.path.starts_with(folder)).position(inside);
    let Some(first) = first else { return &[] };
    let rest = rest.get(first..).unwrap_or_default();
    let end = rest.partition_point(inside);
    rest.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{BLOCKS, FILES, below, file};

    #[test]
    fn the_table_is_sorted_and_every_file_is_found_by_path_and_by_folder() {
        assert!(FILES.is_sorted_by_key(|f| f.path));
        for wanted in FILES {
            assert_eq!(file(wanted.path), Some(wanted));
            let (folder, name) = wanted.path.rsplit_once('/').unwrap();
            assert_eq!(wanted.name(), name);
            assert!(below(folder).contains(wanted), "{}", wanted.path);
        }
        assert_eq!(below("").len(), FILES.len());
        assert_eq!(file("profiles"), None);
        assert!(below("profiles/hl7.fhir.r3.core@3.0").is_empty(), "a folder is a whole name");
        assert!(below("zzz").is_empty());
    }

    #[test]
    fn what_is_unpacked_is_what_was_packed() {
        for file in FILES {
            let there = std::fs::read(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file.path)).unwrap();
            assert!(there == file.bytes(), "{}", file.path);
            let head = file.text().and_then(|text| text.lines().next()).filter(|_| file.path.ends_with(".facts"));
            assert_eq!(file.head, head.unwrap_or_default());
        }
        assert!(BLOCKS.iter().all(|block| block.unpacked.get().is_some_and(|b| b.len() == block.length)));
    }
}
