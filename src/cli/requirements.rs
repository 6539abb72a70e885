//! Tables of requirements: those that keur carries by their name, others by their path.

use std::path::Path;

use crate::diagnostic::{Diagnostic, NoteKind, nearest};
use crate::embedded;
use crate::report::{Requirements, code};

use super::problem;

/// The folder that they stand in, in the binary.
const FOLDER: &str = "requirements";

/// The tables that keur carries, by name.
pub fn names() -> impl Iterator<Item = &'static str> {
    embedded::below(FOLDER).iter().filter_map(|file| file.name().strip_suffix(".yaml"))
}

/// What can be asked for.
pub fn expected() -> String {
    let names: Vec<String> = names().map(|name| format!("`{name}`")).collect();
    format!("a file, or one of {}", names.join(", "))
}

/// Reads tables; everything that is wrong goes to `problems`.
pub fn read(asked: &[String], problems: &mut Vec<Diagnostic>) -> Vec<Requirements> {
    let mut tables: Vec<Requirements> = vec![];
    for name in asked {
        match one(name) {
            Ok(table) if tables.iter().any(|earlier| earlier.id == table.id) => {}
            Ok(table) => tables.push(table),
            Err(problem) => problems.push(*problem),
        }
    }
    tables
}

fn one(name: &str) -> Result<Requirements, Box<Diagnostic>> {
    let wrong = |message: String| Box::new(problem::error(code::REQUIREMENTS, message));
    let carried = embedded::file(&format!("{FOLDER}/{name}.yaml")).and_then(embedded::File::text);
    let text = match (carried, std::fs::read_to_string(Path::new(name))) {
        (Some(text), _) => text.to_owned(),
        (None, Ok(text)) => text,
        (None, Err(_)) => {
            let mut diagnostic = wrong(format!("there is no table of requirements `{name}`"));
            if let Some(near) = nearest(name, names()) {
                diagnostic.notes.push((NoteKind::Note, format!("there is a table `{near}`")));
            }
            diagnostic.notes.push((NoteKind::Expected, expected()));
            return Err(diagnostic);
        }
    };
    Requirements::read(&text).map_err(|error| wrong(format!("`{name}` {error}")))
}
