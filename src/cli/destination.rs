//! Where reports are written: looked at before the run, whole or not at all after it.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::diagnostic::Diagnostic;

use super::problem;
use super::settings::Destination;

/// What stands in the way of writing there, found without leaving anything behind.
pub fn check(destinations: &[Destination]) -> Vec<Diagnostic> {
    let mut problems: Vec<Diagnostic> =
        destinations.iter().filter_map(|destination| check_path(destination.path.as_deref()?)).collect();
    for (at, destination) in destinations.iter().enumerate() {
        if destinations[..at].iter().any(|earlier| earlier.path == destination.path) {
            let path = destination.path.as_deref().map_or("-".into(), |path| path.display().to_string());
            problems.push(problem::error(problem::REPORT, format!("two reports cannot both go to `{path}`")));
        }
    }
    problems
}

fn check_path(path: &Path) -> Option<Diagnostic> {
    let shown = path.display();
    let message = match (folder(path), fs::metadata(path)) {
        (_, Ok(metadata)) if metadata.is_dir() => format!("`{shown}` is a folder, a report is a file"),
        (_, Ok(metadata)) if !metadata.is_file() => return None,
        (folder, _) if !folder.exists() => {
            format!("`{shown}` cannot be written: there is no folder `{}`", folder.display())
        }
        (folder, _) => match fs::metadata(&folder) {
            Ok(metadata) if !metadata.is_dir() => format!("`{}` is not a folder", folder.display()),
            Ok(_) => match probe(path) {
                Ok(()) => return None,
                Err(error) => format!("`{shown}` cannot be written: {error}"),
            },
            Err(error) => format!("`{}` cannot be looked at: {error}", folder.display()),
        },
    };
    Some(problem::error(problem::REPORT, message))
}

/// Whether a file can be made beside it.
fn probe(path: &Path) -> io::Result<()> {
    let partial = partial(path);
    fs::write(&partial, b"")?;
    fs::remove_file(&partial)
}

/// Writes the whole file under another name and renames it: a reader sees the old report or the new one.
/// Devices and pipes are written to as they are.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Box<Diagnostic>> {
    write_by(path, |to| to.write_all(bytes))
}

/// The same for what is not in memory as a whole.
pub fn write_by(path: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Box<Diagnostic>> {
    let filled = |path: &Path| {
        let mut file = io::BufWriter::new(fs::File::create(path)?);
        fill(&mut file)?;
        file.flush()
    };
    let special = fs::metadata(path).is_ok_and(|metadata| !metadata.is_file());
    let written = if special {
        filled(path)
    } else {
        let partial = partial(path);
        let written = filled(&partial).and_then(|()| fs::rename(&partial, path));
        written.inspect_err(|_| {
            let _ = fs::remove_file(&partial);
        })
    };
    written.map_err(|error| {
        Box::new(problem::error(problem::REPORT, format!("`{}` cannot be written: {error}", path.display())))
    })
}

fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// A name beside the file that nobody else uses.
fn partial(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    folder(path).join(format!(".{name}.{}", uuid::Uuid::new_v4().simple()))
}

#[cfg(test)]
mod tests {
    use super::super::settings::ReportKind;
    use super::*;

    fn to(path: &Path) -> Destination {
        Destination { kind: ReportKind::Json, path: Some(path.to_owned()) }
    }

    #[test]
    fn a_good_place_is_left_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.json");
        assert!(check(&[to(&path)]).is_empty());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        fs::write(&path, b"old").unwrap();
        assert!(check(&[to(&path)]).is_empty());
        assert_eq!(fs::read(&path).unwrap(), b"old");
    }

    #[test]
    fn a_bad_place_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, b"").unwrap();
        for (path, expected) in [
            (folder.path().to_owned(), "is a folder"),
            (folder.path().join("missing/r.json"), "there is no folder"),
            (file.join("r.json"), "is not a folder"),
        ] {
            let problems = check(&[to(&path)]);
            assert!(problems[0].message.contains(expected), "{} {}", path.display(), problems[0].message);
        }
        let twice = [to(&folder.path().join("r")), to(&folder.path().join("r"))];
        assert!(check(&twice)[0].message.contains("two reports"));
    }

    #[test]
    fn a_report_is_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.json");
        write(&path, b"first").unwrap();
        write(&path, b"second").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(write(&folder.path().join("missing/r"), b"").is_err());
    }
}
