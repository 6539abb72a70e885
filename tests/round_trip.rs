//! Every official fixture reads, and writes back to an equal tree: in its own format, and through the other.

mod assets;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use keur::definitions::{Definitions, TypeTable, Typed};
use keur::fhir::{Document, FhirVersion, Format, Shape, json, read, shape::AsRead, xml};
use libtest_mimic::{Arguments, Failed};
use std::sync::Arc;

fn main() -> ExitCode {
    let trials = [(FhirVersion::Stu3, "STU3"), (FhirVersion::R4, "R4")].map(|(version, folder)| {
        let name = format!("every_{folder}_fixture_survives_reading_and_writing");
        let folder = format!("nictiz-testscripts/output/{folder}");
        assets::trial(name, &[&folder.clone()], move |assets| every_fixture(version, &assets.join(folder)))
    });
    libtest_mimic::run(&Arguments::from_args(), trials.into()).exit_code()
}

fn every_fixture(version: FhirVersion, root: &Path) -> Result<(), Failed> {
    let mut files = vec![];
    collect(root, false, &mut files)?;
    assert!(files.len() > 1000, "only {} fixtures", files.len());
    let types = Definitions::embedded(version).types();
    // Two cores are what the smallest machine has; each takes every other file.
    let failures: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..2)
            .map(|worker| {
                let (files, types) = (&files, &types);
                scope.spawn(move || {
                    let mine = files.iter().skip(worker).step_by(2);
                    mine.filter_map(|f| survives(f, types).err().map(|e| format!("{}: {e}", f.display())))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        workers
            .into_iter()
            .flat_map(|w| w.join().unwrap_or_else(|_| vec!["a reader or writer panicked".into()]))
            .collect()
    });
    println!("{version}: {} fixtures, {} fail", files.len(), failures.len());
    if failures.is_empty() {
        return Ok(());
    }
    Err(failures.join("\n").into())
}

/// The fixtures: XML and JSON files below a folder whose name begins with `_reference`.
fn collect(folder: &Path, inside: bool, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|e| Ok(e?.path())).collect::<std::io::Result<_>>()?;
    entries.sort();
    for path in entries {
        if path.is_dir() {
            let reference = path.file_name().is_some_and(|n| n.to_string_lossy().starts_with("_reference"));
            collect(&path, inside || reference, files)?;
        } else if inside && matches!(Format::from_path(&path), Some(Format::Json | Format::Xml)) {
            files.push(path);
        }
    }
    Ok(())
}

fn survives(path: &Path, types: &Arc<TypeTable>) -> Result<(), String> {
    let text = std::fs::read_to_string(path).map_err(|e| e.to_string())?;
    let format = Format::from_path(path).ok_or("which format?")?;
    let place = |step: &str| {
        let step = step.to_owned();
        move |e: keur::fhir::ReadError| format!("{step}: {}:{}: {}", e.position.line, e.position.column, e.message)
    };
    let original = read(text.clone(), format).map_err(place("reading"))?;
    let again = read(write(&original, format, &AsRead), format).map_err(place("reading back"))?;
    equal(&original, &again, "written back in its own format")?;

    let other = if format == Format::Json { Format::Xml } else { Format::Json };
    let typed = Typed::new(original, types.clone());
    let through = read(write(&typed, other, &typed), other).map_err(place("reading the other format"))?;
    let through = Typed::new(through, types.clone());
    let mut back = read(write(&through, format, &through), format).map_err(place("reading what came back"))?;
    equal(&typed, &back, "through the other format")?;
    if format == Format::Json {
        // A witness that is not ours: the same members, arrays and values.
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).map_err(|e| e.to_string());
        let written = write(&Typed::new(back, types.clone()), format, &AsRead);
        if let Some(at) = difference(&value(text.trim_start_matches('\u{feff}'))?, &value(&written)?) {
            return Err(format!("through XML, serde_json sees a difference at {at}"));
        }
        back = read(written, format).map_err(place("reading it once more"))?;
    }
    // And the tree in the other format survives too, now that its order is that of the definitions.
    let back = Typed::new(back, types.clone());
    let through_again = read(write(&back, other, &back), other).map_err(place("reading the other format again"))?;
    equal(&through, &through_again, "the other format, twice")
}

fn write(doc: &Document, format: Format, shape: &dyn Shape) -> String {
    match format {
        Format::Xml => xml::write(doc.root(), shape),
        _ => json::write(doc.root(), shape, json::Layout::Pretty),
    }
}

/// Equal trees, or the first difference.
fn equal(a: &Document, b: &Document, what: &str) -> Result<(), String> {
    if a == b {
        return Ok(());
    }
    let lines = |d: &Document| -> Vec<String> {
        let mut lines: Vec<String> = d
            .root()
            .descendants_and_self()
            .map(|n| format!("{} {:?} {:?} {:?}", n.path(), n.kind(), n.resource_type(), n.value()))
            .collect();
        lines.sort();
        lines
    };
    let (a, b) = (lines(a), lines(b));
    let first = a.iter().zip(&b).find(|(a, b)| a != b);
    let difference =
        first.map_or_else(|| format!("{} and {} nodes", a.len(), b.len()), |(a, b)| format!("{a}\n     and {b}"));
    Err(format!("{what}: {difference}"))
}

/// Where two JSON values differ, if they do.
fn difference(a: &serde_json::Value, b: &serde_json::Value) -> Option<String> {
    use serde_json::Value::{Array, Object};
    match (a, b) {
        (Object(a), Object(b)) => {
            let keys: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            keys.into_iter().find_map(|key| match (a.get(key), b.get(key)) {
                (Some(a), Some(b)) => difference(a, b).map(|at| format!("/{key}{at}")),
                (a, b) => Some(format!("/{key}: {a:?} and {b:?}")),
            })
        }
        (Array(a), Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().find_map(|(i, (a, b))| difference(a, b).map(|at| format!("/{i}{at}")))
        }
        _ if a == b => None,
        _ => Some(format!(": {a} and {b}")),
    }
}
