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

/// Rooms that work the same in every FHIR release: what differs is in the definitions.
const VERSION_IS_DATA: [&str; 5] = ["fhirpath", "validation", "testscript", "engine", "simulator"];

/// The part of a line that names a release, and may: a row of a table, or a default.
fn names_release_as_data(line: &str) -> bool {
    let line = line.trim();
    let row =
        |release: &str| line.starts_with(&format!("(Some({release}), ")) || line.starts_with(&format!("({release}, "));
    let default = |release: &str| line.contains(&format!(".unwrap_or({release})"));
    ["FhirVersion::Stu3", "FhirVersion::R4"].iter().any(|release| row(release) || default(release))
}

/// Releases by name, as code would compare them.
fn compares_release(line: &str) -> bool {
    let compared = |text: &str| line.contains(&format!("== {text}")) || line.contains(&format!("!= {text}"));
    ["\"3.0\"", "\"4.0\"", "\"STU3\"", "\"R4\"", "FhirVersion"].into_iter().any(compared)
        || line.contains(&format!("match {}version", "fhir_"))
}

#[test]
fn the_fhir_version_is_data_and_never_a_branch() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = vec![];
    VERSION_IS_DATA.iter().for_each(|room| sources(&src.join(room), &mut files));
    assert!(files.len() > VERSION_IS_DATA.len());
    let mut faults = vec![];
    for file in files {
        let relative = file.strip_prefix(&src).expect("below src").to_owned();
        // Tests of a room are about one release or the other.
        if relative.iter().any(|part| matches!(part.to_string_lossy().trim_end_matches(".rs"), "tests")) {
            continue;
        }
        let text = fs::read_to_string(&file).expect("source is readable");
        let product = text.lines().take_while(|line| *line != "#[cfg(test)]").enumerate();
        for (number, line) in product {
            let code = line.split("//").next().unwrap_or_default();
            let named = code.contains("FhirVersion::Stu3") || code.contains("FhirVersion::R4");
            if (named && !names_release_as_data(code)) || compares_release(code) {
                faults.push(format!("src/{}:{}: {}", relative.display(), number + 1, line.trim()));
            }
        }
    }
    assert!(faults.is_empty(), "these depend on the FHIR release:\n{}", faults.join("\n"));
}

#[test]
fn a_branch_on_the_release_is_seen() {
    for line in ["if version == FhirVersion::R4 {", "    FhirVersion::Stu3 => old(),", "match fhir_version {"] {
        let named = line.contains("FhirVersion::") && !names_release_as_data(line);
        assert!(named || compares_release(line), "{line}");
    }
    for line in ["    (Some(FhirVersion::R4), super::r4::ROWS),", "let v = stated.unwrap_or(FhirVersion::Stu3);"] {
        assert!(names_release_as_data(line) && !compares_release(line), "{line}");
    }
}
