//! Bodies of a bundle in the making: masked by one thread, read by another.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use crate::record::Store;

use super::container::{Bundled, read_range};

/// The bodies that are masked so far, by the hash of their originals.
pub(super) struct Shelf {
    path: PathBuf,
    file: Mutex<File>,
    places: Mutex<(HashMap<String, Range<u64>>, bool)>,
    more: Condvar,
}

impl Shelf {
    /// Empty; the bodies come to stand in this file.
    pub(super) fn new(path: &Path) -> io::Result<Shelf> {
        let file = Mutex::new(File::open(path)?);
        Ok(Shelf { path: path.to_owned(), file, places: Mutex::default(), more: Condvar::new() })
    }

    /// A body is there.
    pub(super) fn put(&self, hash: &str, place: Range<u64>) {
        self.places.lock().unwrap_or_else(PoisonError::into_inner).0.insert(hash.to_owned(), place);
        self.more.notify_all();
    }

    /// Where a body is, as soon as it is; None when no more come.
    fn wait(&self, hash: &str) -> Option<Range<u64>> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(place) = places.0.get(hash) {
                return Some(place.clone());
            }
            if places.1 {
                return None;
            }
            places = self.more.wait(places).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Says that no more bodies come, however masking ends.
pub(super) struct End<'s>(&'s Shelf);

impl<'s> End<'s> {
    /// When it is let go of.
    pub(super) fn of(shelf: &'s Shelf) -> Self {
        End(shelf)
    }
}

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.places.lock().unwrap_or_else(PoisonError::into_inner).1 = true;
        self.0.more.notify_all();
    }
}

/// A record in the making: its bodies from a shelf, all else from the bundle.
pub(super) struct Shared(Arc<Shelf>, Bundled);

impl Shared {
    /// Bodies from the one, the rest from the other.
    pub(super) fn new(bodies: Arc<Shelf>, rest: Bundled) -> Self {
        Shared(bodies, rest)
    }
}

impl Store for Shared {
    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        let Some(hash) = name.strip_prefix("bodies/") else { return self.1.read(name) };
        let Some(place) = self.0.wait(hash) else { return Ok(None) };
        let mut file = self.0.file.lock().unwrap_or_else(PoisonError::into_inner);
        read_range(&mut file, place).map(Some)
    }

    fn place(&self) -> &Path {
        &self.0.path
    }
}
