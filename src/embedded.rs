//! The data folders the binary carries: `testscripts/`, `fixtures/`, `profiles/`, `requirements/`.
//!
//! A static table, sorted by path, made by `build.rs`. Looking at it costs a binary search; what is not
//! looked at is never read from disk.

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// A file the binary carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct File {
    /// Path from the root of the project, with `/`: `profiles/hl7.fhir.r3.core@3.0.2/Observation.facts`.
    pub path: &'static str,
    /// Contents.
    pub bytes: &'static [u8],
}

impl File {
    /// The contents as text; None when they are not UTF-8.
    pub fn text(&self) -> Option<&'static str> {
        std::str::from_utf8(self.bytes).ok()
    }

    /// The last part of the path.
    pub fn name(&self) -> &'static str {
        self.path.rsplit_once('/').map_or(self.path, |(_, name)| name)
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
    use super::{FILES, below, file};

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
}
