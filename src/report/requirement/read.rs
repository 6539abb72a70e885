//! Tables of requirements as they are written: YAML, every text in English and Dutch.

use sha2::{Digest, Sha256};

use crate::diagnostic::Language;
use crate::fhir::{self, Format, NodeRef, Position};

use super::super::pattern::Pattern;

/// A text in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Localized {
    /// English.
    pub en: String,
    /// Dutch.
    pub nl: String,
}

impl Localized {
    /// The text in one language.
    pub fn get(&self, language: Language) -> &str {
        match language {
            Language::En => &self.en,
            Language::Nl => &self.nl,
        }
    }
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirements {
    /// Its name.
    pub id: String,
    /// What it is about.
    pub title: Localized,
    /// Where the requirements are written.
    pub source: String,
    /// What to know when reading it.
    pub note: Localized,
    /// SHA-256 of the file.
    pub sha256: String,
    /// The file.
    pub text: String,
    /// The requirements.
    pub rows: Vec<Requirement>,
}

/// A requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// Its id.
    pub id: String,
    /// What it asks.
    pub text: Localized,
    /// Where it is written.
    pub source: String,
    /// What says something about it; each must have said something before it is met.
    pub checks: Vec<Check>,
    /// What a person has to look at.
    pub manual: Option<Localized>,
}

/// Actions that say something about a requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Path of the script, or its end.
    pub path: Pattern,
    /// Id or title of the test.
    pub test: Pattern,
    /// Title or rule code of the action.
    pub action: Pattern,
}

/// What is wrong with a table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {}: {message}", position.line)]
pub struct ReadRequirementsError {
    /// Where.
    pub position: Position,
    /// What.
    pub message: String,
}

const TABLE: &[&str] = &["id", "title", "source", "note", "requirements"];
const ROW: &[&str] = &["id", "text", "source", "checks", "manual"];
const CHECK: &[&str] = &["path", "test", "action"];
const TEXT: &[&str] = &["en", "nl"];

impl Requirements {
    /// Reads a table.
    ///
    /// # Errors
    /// The first thing that is not as it should be, with its line.
    pub fn read(text: &str) -> Result<Requirements, ReadRequirementsError> {
        let document = fhir::read(text, Format::Yaml)
            .map_err(|error| ReadRequirementsError { position: error.position, message: error.message })?;
        let root = document.root();
        only(root, TABLE)?;
        let rows: Vec<Requirement> = root.children_named("requirements").map(row).collect::<Result<_, _>>()?;
        if rows.is_empty() {
            return Err(wrong(root, "there are no `requirements`"));
        }
        for (at, row) in rows.iter().enumerate() {
            if rows[..at].iter().any(|earlier| earlier.id == row.id) {
                return Err(wrong(root, &format!("`{}` is there twice", row.id)));
            }
        }
        let digest = Sha256::digest(text.as_bytes());
        Ok(Requirements {
            id: needed(root, "id")?,
            title: localized(root, "title")?,
            source: needed(root, "source")?,
            note: localized(root, "note")?,
            sha256: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
            text: text.to_owned(),
            rows,
        })
    }
}

fn row(node: NodeRef<'_>) -> Result<Requirement, ReadRequirementsError> {
    only(node, ROW)?;
    let checks: Vec<Check> = node.children_named("checks").map(check).collect::<Result<_, _>>()?;
    let manual = node.child("manual").is_some().then(|| localized(node, "manual")).transpose()?;
    if checks.is_empty() && manual.is_none() {
        return Err(wrong(node, "a requirement has `checks`, or a `manual` task, or both"));
    }
    Ok(Requirement {
        id: needed(node, "id")?,
        text: localized(node, "text")?,
        source: needed(node, "source")?,
        checks,
        manual,
    })
}

fn check(node: NodeRef<'_>) -> Result<Check, ReadRequirementsError> {
    only(node, CHECK)?;
    let pattern = |name| node.child_value(name).map_or(Pattern::any(), Pattern::new);
    Ok(Check { path: pattern("path"), test: pattern("test"), action: pattern("action") })
}

fn localized(node: NodeRef<'_>, name: &str) -> Result<Localized, ReadRequirementsError> {
    let Some(text) = node.child(name) else { return Err(wrong(node, &format!("`{name}` is missing"))) };
    only(text, TEXT)?;
    Ok(Localized { en: needed(text, "en")?, nl: needed(text, "nl")? })
}

fn needed(node: NodeRef<'_>, name: &str) -> Result<String, ReadRequirementsError> {
    let value = node.child_value(name).map(str::to_owned);
    value.ok_or_else(|| wrong(node, &format!("`{name}` is missing")))
}

fn only(node: NodeRef<'_>, names: &[&str]) -> Result<(), ReadRequirementsError> {
    match node.children().find(|child| !names.contains(&child.name())) {
        None => Ok(()),
        Some(other) => Err(wrong(other, &format!("`{}` is not one of {}", other.name(), names.join(", ")))),
    }
}

fn wrong(node: NodeRef<'_>, message: &str) -> ReadRequirementsError {
    ReadRequirementsError { position: node.position(), message: message.to_owned() }
}
