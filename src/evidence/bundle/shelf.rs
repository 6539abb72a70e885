//! Bodies of a bundle in the making: masked by one thread, read by another.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use crate::record::Store;

use super::container::{Bundled, read_range};

/// Bytes that are held until they are asked for; what comes beyond is read back from the file.
const MOST_HELD: usize = 32 << 20;

/// The bodies that are masked so far, by the hash of their originals.
pub(super) struct Shelf {
    path: PathBuf,
    file: Mutex<File>,
    shelved: Mutex<Shelved>,
    more: Condvar,
}

#[derive(Default)]
struct Shelved {
    places: HashMap<String, Range<u64>>,
    /// Bodies that nobody has read yet: most are judged right after they are masked.
    held: HashMap<String, Bytes>,
    bytes: usize,
    /// No more come.
    ended: bool,
}

/// A body: its bytes, or where they stand.
enum Found {
    Held(Bytes),
    Written(Range<u64>),
}

impl Shelf {
    /// Empty; the bodies come to stand in this file.
    pub(super) fn new(path: &Path) -> io::Result<Shelf> {
        let file = Mutex::new(File::open(path)?);
        Ok(Shelf { path: path.to_owned(), file, shelved: Mutex::default(), more: Condvar::new() })
    }

    fn shelved(&self) -> MutexGuard<'_, Shelved> {
        self.shelved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A body is there, and stands in the file as well.
    pub(super) fn put(&self, hash: &str, place: Range<u64>, body: Bytes) {
        let mut shelved = self.shelved();
        shelved.places.insert(hash.to_owned(), place);
        if shelved.bytes + body.len() <= MOST_HELD {
            shelved.bytes += body.len();
            shelved.held.insert(hash.to_owned(), body);
        }
        self.more.notify_all();
    }

    /// A body, as soon as it is there; None when no more come.
    fn wait(&self, hash: &str) -> Option<Found> {
        let mut shelved = self.shelved();
        loop {
            if let Some(body) = shelved.held.remove(hash) {
                shelved.bytes -= body.len();
                return Some(Found::Held(body));
            }
            if let Some(place) = shelved.places.get(hash) {
                return Some(Found::Written(place.clone()));
            }
            if shelved.ended {
                return None;
            }
            shelved = self.more.wait(shelved).unwrap_or_else(PoisonError::into_inner);
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
        self.0.shelved().ended = true;
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
        match self.0.wait(hash) {
            None => Ok(None),
            Some(Found::Held(body)) => Ok(Some(body.into())),
            Some(Found::Written(place)) => {
                let mut file = self.0.file.lock().unwrap_or_else(PoisonError::into_inner);
                read_range(&mut file, place).map(Some)
            }
        }
    }

    fn place(&self) -> &Path {
        &self.0.path
    }
}
