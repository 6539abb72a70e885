//! The house plan, checked: a module imports only from the floors below its own.
//!
//! Reads every `crate::` path in `src/` (comments left out) and compares floors. A module without a
//! floor, an arrow that climbs and an arrow between rooms of one floor fail with file and line.

use std::fs;
use std::path::{Path, PathBuf};

/// Room and floor; an arrow must go strictly down.
const FLOORS: [(&str, u32); 19] = [
    ("diagnostic", 0),
    ("embedded", 0),
    ("fhir", 1),
    ("definitions", 2),
    ("fhirpath", 3),
    ("exchange", 4),
    ("testscript", 4),
    ("validation", 4),
    ("record", 5),
    ("authorization", 5),
    ("simulator", 6),
    ("engine", 7),
    ("report", 8),
    ("check", 9),
    ("evidence", 9),
    ("connectathon", 10),
    ("quality", 10),
    ("cli", 11),
    ("main", 12),
];

fn floor(room: &str) -> Option<u32> {
    FLOORS.iter().find(|(name, _)| *name == room).map(|(_, floor)| *floor)
}

fn sources(dir: &Path, into: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(dir).expect("src is readable").map(|e| e.expect("entry").path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            into.push(path);
        }
    }
}

/// The room a file belongs to: the first folder (or file) under `src`.
fn room_of(file: &Path) -> String {
    let first = file.components().next().expect("a path below src").as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// Rooms named after `crate::` in a line, `use crate::{a, b}` too.
fn imported(line: &str) -> Vec<String> {
    let code = line.split("//").next().unwrap_or_default();
    let name = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut rooms = vec![];
    for after in code.split("crate::").skip(1) {
        match after.strip_prefix('{') {
            Some(list) => rooms.extend(list.split(',').map(|part| name(part.trim()))),
            None => rooms.push(name(after)),
        }
    }
    rooms.retain(|r| floor(r).is_some());
    rooms
}

#[test]
fn arrows_point_down() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = vec![];
    sources(&src, &mut files);
    let mut faults = vec![];
    for file in files {
        let relative = file.strip_prefix(&src).expect("below src");
        let room = room_of(relative);
        if room == "lib" {
            continue;
        }
        let Some(own) = floor(&room) else {
            faults.push(format!("src/{}: room `{room}` has no floor in tests/architecture.rs", relative.display()));
            continue;
        };
        let text = fs::read_to_string(&file).expect("source is readable");
        for (number, line) in text.lines().enumerate() {
            for other in imported(line) {
                let theirs = floor(&other).expect("filtered");
                if other != room && theirs >= own {
                    faults.push(format!(
                        "src/{}:{}: `{room}` (floor {own}) imports `{other}` (floor {theirs})",
                        relative.display(),
                        number + 1
                    ));
                }
            }
        }
    }
    assert!(faults.is_empty(), "arrows that climb:\n{}", faults.join("\n"));
}

#[test]
fn no_drawer_for_everything() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = vec![];
    sources(&src, &mut files);
    let banned = ["util", "utils", "helper", "helpers", "common", "misc"];
    let found: Vec<_> = files
        .iter()
        .filter(|f| f.iter().any(|c| banned.contains(&c.to_string_lossy().trim_end_matches(".rs"))))
        .collect();
    assert!(found.is_empty(), "name these by what they are for: {found:?}");
}

#[test]
fn imports_are_found_in_every_form() {
    assert_eq!(imported("use crate::fhir::Document;"), ["fhir"]);
    assert_eq!(imported("use crate::{fhir, record::Event};"), ["fhir", "record"]);
    assert_eq!(imported("let x = crate::engine::run();"), ["engine"]);
    assert!(imported("// crate::engine is above").is_empty());
}
