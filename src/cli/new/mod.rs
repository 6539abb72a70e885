//! `keur new SUITE`: a suite to start from, with one script, one group, one test person, and comments.

use std::fs;
use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostic, NoteKind, Words};
use crate::embedded;
use crate::fhir::FhirVersion;

use super::console::Console;
use super::exit::Exit;
use super::problem;
use super::settings::{Checked, Key, Said};

/// Flags of `new`.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Name of the suite: small letters, digits, `-` and `.`, such as referral-1.0
    #[arg(value_name = "SUITE", required_unless_present = "guide")]
    name: Option<String>,
    /// FHIR version of the exchange: 3.0 or 4.0 [default: 3.0]
    #[arg(long, value_name = "VERSION")]
    fhir_version: Option<String>,
    /// Show how suites are written, and make nothing
    #[arg(long)]
    guide: bool,
}

/// The files of a suite, and where they go.
const FILES: [(&str, &str); 5] = [
    ("testscripts/{name}/suite.toml", include_str!("suite.toml")),
    ("testscripts/{name}/_shared/answer.yaml", include_str!("answer.yaml")),
    ("testscripts/{name}/serving/01-patient.yaml", include_str!("01-patient.yaml")),
    ("fixtures/{name}/tokens.json", include_str!("tokens.json")),
    ("fixtures/{name}/voorbeeld/patient.json", include_str!("patient.json")),
];

/// How suites are written; the binary carries it beside its own.
const GUIDE: &str = "testscripts/README.md";

/// The longest name: ids of FHIR are made of it, and those have 64 characters at most.
const LONGEST: usize = 48;

const NEXT: Words = Words::new("now try", "probeer nu");

impl Arguments {
    /// Flags that are settings too.
    pub fn settings(&self) -> Said {
        Said::default().one(Key::FhirVersion, &self.fhir_version)
    }
}

/// Carries it out.
pub fn new(arguments: &Arguments, settings: &Checked, console: &Console) -> Exit {
    if arguments.guide {
        let guide = embedded::file(GUIDE).map(embedded::File::bytes).unwrap_or_default();
        return console.ended(guide, Exit::Passed);
    }
    let name = arguments.name.as_deref().unwrap_or_default();
    match make(Path::new(""), name, settings.fhir_version.unwrap_or(FhirVersion::Stu3)) {
        Ok(files) => {
            let made: String = files.iter().map(|file| format!("{}\n", file.display())).collect();
            let next = format!("keur run {name}; keur lint {name}; keur new --guide");
            console.error(&format!("{}: {next}\n", NEXT.get(console.language)));
            console.ended(made.as_bytes(), Exit::Passed)
        }
        Err(problem) => {
            console.tell(*problem);
            Exit::Usage
        }
    }
}

/// Writes the files below a folder and says which; nothing is written over.
fn make(folder: &Path, name: &str, version: FhirVersion) -> Result<Vec<PathBuf>, Box<Diagnostic>> {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(good) || name.len() > LONGEST {
        let message = format!("`{name}` cannot be the name of a suite");
        let expected = format!("a small letter, then small letters, digits, `-` and `.`, {LONGEST} characters at most");
        return Err(Box::new(problem::error(problem::NEW, message).note(NoteKind::Expected, expected)));
    }
    for taken in ["testscripts", "fixtures"].map(|kind| folder.join(kind).join(name)) {
        if taken.exists() {
            let message = format!("`{}` is there already", taken.display());
            return Err(Box::new(problem::error(problem::NEW, message)));
        }
    }
    if super::suite::names().iter().any(|known| known == name) {
        let message = format!("there is a suite `{name}` already");
        return Err(Box::new(problem::error(problem::NEW, message)));
    }
    let token = uuid::Uuid::new_v4().to_string();
    let filled = |text: &str| {
        text.replace("{name}", name).replace("{token}", &token).replace("{fhir_version}", version.number())
    };
    let mut made = vec![];
    for (path, text) in FILES {
        let path = folder.join(filled(path));
        let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, filled(text)));
        if let Err(error) = written {
            let message = format!("`{}` cannot be written: {error}", path.display());
            return Err(Box::new(problem::error(problem::NEW, message)));
        }
        made.push(path);
    }
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_that_ids_and_folders_can_have() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["", "A", "1a", "a/b", "../a", "a b", "a_b", &"a".repeat(49), "bgz-3.0"] {
            let problem = make(folder.path(), name, FhirVersion::Stu3).unwrap_err();
            assert_eq!(problem.code, problem::NEW, "{name}");
        }
        assert!(fs::read_dir(folder.path()).unwrap().next().is_none());
    }

    #[test]
    fn the_guide_is_carried() {
        assert!(embedded::file(GUIDE).is_some_and(|guide| guide.text().is_some_and(|text| text.starts_with("# "))));
    }

    #[test]
    fn nothing_is_written_over() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(make(folder.path(), "mine-1.0", FhirVersion::R4).unwrap().len(), FILES.len());
        let card = fs::read_to_string(folder.path().join("testscripts/mine-1.0/suite.toml")).unwrap();
        assert!(card.contains("fhir_version = \"4.0\"") && !card.contains('{'), "{card}");
        assert_eq!(make(folder.path(), "mine-1.0", FhirVersion::R4).unwrap_err().code, problem::NEW);
    }
}
