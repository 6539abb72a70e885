//! The files that are asked for.

use std::path::{Path, PathBuf};

use crate::diagnostic::Diagnostic;

use super::super::problem;
use super::super::serve::is_fixture;

/// The files of paths, in the order of the command line and of their names; each must be there.
pub fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Vec<Diagnostic>> {
    let (mut files, mut problems) = (vec![], vec![]);
    for path in paths {
        let before = files.len();
        let found = match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => below(path, &mut files),
            Err(error) if path.as_os_str() != "-" => Err(error),
            _ => {
                files.push(path.clone());
                Ok(())
            }
        };
        match found {
            Ok(()) if files.len() == before => {
                let message = format!("`{}` has no XML or JSON files", path.display());
                problems.push(problem::error(problem::PATH, message));
            }
            Ok(()) => {}
            Err(error) => {
                problems.push(problem::error(problem::PATH, format!("`{}` cannot be read: {error}", path.display())));
            }
        }
    }
    if problems.is_empty() { Ok(files) } else { Err(problems) }
}

fn below(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
    entries.sort();
    for path in entries {
        if path.is_dir() {
            below(&path, files)?;
        } else if is_fixture(&path) {
            files.push(path);
        }
    }
    Ok(())
}
