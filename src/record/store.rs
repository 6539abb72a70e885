//! The files of a record, wherever they are: a run directory, or an evidence bundle.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Cursor};
use std::path::{Path, PathBuf};

/// Files by name (`events.jsonl`, `bodies/<sha256>`), to be read.
pub trait Store: Send + Sync {
    /// The whole file; None when there is no such file.
    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>>;

    /// The same, to be read line by line.
    fn lines(&self, name: &str) -> io::Result<Option<Box<dyn BufRead + '_>>> {
        Ok(self.read(name)?.map(|bytes| Box::new(Cursor::new(bytes)) as Box<dyn BufRead>))
    }

    /// Where it is, as people know it.
    fn place(&self) -> &Path;
}

/// A run directory.
pub(super) struct Folder(pub(super) PathBuf);

impl Store for Folder {
    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.0.join(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn lines(&self, name: &str) -> io::Result<Option<Box<dyn BufRead + '_>>> {
        match File::open(self.0.join(name)) {
            Ok(file) => Ok(Some(Box::new(BufReader::new(file)))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn place(&self) -> &Path {
        &self.0
    }
}

/// Makes a folder, and those above it, that only its owner can look into: bodies are as received.
pub(super) fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Makes a new file that only its owner can read.
pub(super) fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
