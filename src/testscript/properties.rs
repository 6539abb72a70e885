//! What a folder says of its scripts: `properties.json`, or the `suite.toml` of a suite of our own.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;

use crate::diagnostic::{Diagnostic, NoteKind, Severity, Source, Span};
use crate::fhir::FhirVersion;

use super::model::Properties;
use super::problem::{self, unplaced};
use super::source::{Reason, ScriptSource};
use super::suite::SuiteCard;

/// The name of the file.
pub const FILE: &str = "properties.json";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    goal: Option<String>,
    fhir_version: Option<String>,
    information_standard: Option<String>,
    usecase: Option<String>,
    role: Option<Role>,
    #[serde(default)]
    fhir_package: Vec<Package>,
}

#[derive(Deserialize)]
struct Role {
    name: String,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
}

/// What was found for a folder.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The properties; defaults where no file is found or it cannot be used.
    pub properties: Arc<Properties>,
    /// What is wrong with the file.
    pub problems: Arc<[Diagnostic]>,
}

/// The properties of folders, each file read once.
pub struct PropertiesOfFolders<'s> {
    files: &'s dyn ScriptSource,
    known: Mutex<HashMap<PathBuf, Found>>,
}

impl<'s> PropertiesOfFolders<'s> {
    /// None read yet.
    pub fn new(files: &'s dyn ScriptSource) -> Self {
        PropertiesOfFolders { files, known: Mutex::default() }
    }

    /// The nearest `properties.json` from the script's folder up to `root`, else the `suite.toml` beside or
    /// above the script's folder: a role and a single script of a suite are still of that suite.
    pub fn of(&self, script: &Path, root: &Path) -> Found {
        let folder = script.parent().unwrap_or(Path::new(""));
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known.get(folder) {
            return found.clone();
        }
        // A script that was asked for by itself belongs to the set of its folder.
        let root = if script == root { folder } else { root };
        let folders = folder.ancestors().take_while(|f| f.starts_with(root));
        let found = folders.map(|f| f.join(FILE)).find(|f| self.files.is_file(f)).map(|f| read(&f, self.files));
        let found = found.or_else(|| self.of_suite(folder)).unwrap_or_default();
        known.insert(folder.to_owned(), found.clone());
        found
    }

    fn of_suite(&self, folder: &Path) -> Option<Found> {
        let card = folder.ancestors().take(2).find_map(|folder| SuiteCard::of(folder, self.files))?;
        Some(match card {
            Ok(card) => {
                let fhir_version = Some(card.fhir_version);
                let information_standard = Some(card.title.en);
                let properties = Properties { fhir_version, information_standard, ..Properties::default() };
                Found { properties: Arc::new(properties), problems: Arc::default() }
            }
            Err(problem) => Found { problems: Arc::from([*problem]), ..Found::default() },
        })
    }
}

fn read(path: &Path, files: &dyn ScriptSource) -> Found {
    let text = match files.read(path) {
        Ok(text) => text,
        Err(error) if error.reason == Reason::Absent => return Found::default(),
        Err(error) => {
            let problem = unplaced(Severity::Warning, problem::PROPERTIES, error.to_string());
            return Found { problems: Arc::from([problem]), ..Found::default() };
        }
    };
    let source = Source { name: path.to_string_lossy().into(), text: text.clone() };
    match serde_json::from_str::<Written>(text.trim_start_matches('\u{feff}')) {
        Ok(written) => checked(written, &source),
        Err(error) => {
            let at = offset(&text, error.line(), error.column());
            let said = error.to_string();
            // serde_json ends its messages with the place, which the label shows.
            let message = said.rfind(" at line ").map_or(said.as_str(), |i| &said[..i]);
            let problem = unplaced(
                Severity::Warning,
                problem::PROPERTIES,
                format!("`{FILE}` cannot be used: {message}"),
            )
            .label(&source, Span::new(at, at), "");
            Found { problems: Arc::from([problem]), ..Found::default() }
        }
    }
}

fn checked(written: Written, source: &Source) -> Found {
    let fhir_version = written.fhir_version.as_deref().and_then(FhirVersion::parse);
    let mut problems = vec![];
    if let (Some(text), None) = (&written.fhir_version, fhir_version) {
        let at = source.text.find(text.as_str()).unwrap_or_default();
        let known: Vec<String> = FhirVersion::ALL.iter().map(|v| format!("`{v}`")).collect();
        problems.push(
            unplaced(Severity::Warning, problem::PROPERTIES, format!("`{text}` is not a FHIR version keur knows"))
                .label(source, Span::new(at, at + text.len()), "")
                .note(NoteKind::Expected, known.join(" or ")),
        );
    }
    let properties = Properties {
        goal: written.goal,
        fhir_version,
        information_standard: written.information_standard,
        usecase: written.usecase,
        role: written.role.map(|r| r.name),
        packages: written.fhir_package.into_iter().map(|p| (p.name, p.version)).collect(),
    };
    Found { properties: Arc::new(properties), problems: problems.into() }
}

/// The byte at a line and column (both from 1, columns in bytes), as far as the text goes.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let lines = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum::<usize>();
    let mut at = (lines + column.saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testscript::source::Carried;

    const WHOLE: &str = r#"{ "goal": "Cert", "fhirVersion": "STU3", "informationStandard": "BgZ 3.x",
        "usecase": "MedMij", "serverAlias": "x", "role": {"name": "XIS-Server", "description": "d"},
        "fhirPackage": [{"name": "p", "version": "1.2.3"}] }"#;

    #[test]
    fn the_nearest_file_within_the_set_counts() {
        let files =
            [("s/properties.json", WHOLE), ("s/a/b/x.xml", ""), ("s/c/properties.json", "{}"), ("s/c/x.xml", "")];
        let carried = Carried::new(files);
        let folders = PropertiesOfFolders::new(&carried);
        let found = folders.of(Path::new("s/a/b/x.xml"), Path::new("s"));
        assert_eq!(
            *found.properties,
            Properties {
                goal: Some("Cert".into()),
                fhir_version: Some(FhirVersion::Stu3),
                information_standard: Some("BgZ 3.x".into()),
                usecase: Some("MedMij".into()),
                role: Some("XIS-Server".into()),
                packages: vec![("p".into(), "1.2.3".into())],
            }
        );
        assert_eq!(*folders.of(Path::new("s/c/x.xml"), Path::new("s")).properties, Properties::default());
        let alone = PropertiesOfFolders::new(&carried);
        assert_eq!(alone.of(Path::new("s/c/x.xml"), Path::new("s/c/x.xml")).properties.goal, None);
        let alone = PropertiesOfFolders::new(&carried);
        let there = Path::new("s/properties.json").with_file_name("y.xml");
        assert_eq!(alone.of(&there, &there).properties.goal.as_deref(), Some("Cert"));
        // Outside the set nothing is looked for.
        let folders = PropertiesOfFolders::new(&carried);
        assert_eq!(*folders.of(Path::new("s/a/b/x.xml"), Path::new("s/a")).properties, Properties::default());
    }

    #[test]
    fn a_suite_says_it_for_its_roles_and_for_a_single_script() {
        let card = "name = 's'\ntitle = {en = 'S', nl = 'S'}\nfhir_version = '4.0'";
        let carried =
            Carried::new([("t/s/suite.toml", card), ("t/s/serving/x.yaml", ""), ("t/s/serving/deep/y.yaml", "")]);
        let folders = PropertiesOfFolders::new(&carried);
        for (script, root, wanted) in [
            ("t/s/serving/x.yaml", "t/s/serving", Some(FhirVersion::R4)),
            ("t/s/serving/x.yaml", "t/s/serving/x.yaml", Some(FhirVersion::R4)),
            ("t/s/serving/deep/y.yaml", "t", None),
        ] {
            assert_eq!(folders.of(Path::new(script), Path::new(root)).properties.fhir_version, wanted, "{script}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (text, message, marked) in [
            ("{\n \"goal\": 3 }", "`properties.json` cannot be used: invalid type: integer `3`, expected a string", 11),
            ("{\"fhirVersion\": \"R9\"}", "`R9` is not a FHIR version keur knows", 17),
            ("", "`properties.json` cannot be used: EOF while parsing a value", 0),
        ] {
            let files = [("s/properties.json", text)];
            let carried = Carried::new(files);
            let found = PropertiesOfFolders::new(&carried).of(Path::new("s/x.xml"), Path::new("s"));
            assert_eq!(found.problems.len(), 1, "{text}");
            assert_eq!(found.problems[0].message, message);
            assert_eq!(found.problems[0].labels[0].span.start(), marked, "{text}");
        }
    }
}
