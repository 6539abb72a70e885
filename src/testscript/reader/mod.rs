//! From the text of a script to a [`TestScript`], with everything that is wrong with it.
//!
//! Reading goes on after a problem: whoever repairs a script wants the whole list. A script with an
//! error is still made as far as it goes, so that it can be counted and shown, but not run.

mod action;
mod assertion;
mod expression;
mod head;
mod include;
mod operation;
mod reading;
mod references;
mod sheet;
mod vocabulary;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::diagnostic::{Diagnostic, Severity, Source};
use crate::fhir::{Document, Format};

use super::fixture::{format_of, variables_of};
use super::model::TestScript;
use super::problem::{self, forbids_running, unplaced};
use super::properties::PropertiesOfFolders;
use super::source::{ScriptSource, SourceError};

use expression::Expressions;
pub(super) use expression::with_values;
use reading::Reading;
use sheet::Sheet;

/// The name of the resource, the root of every script.
pub(super) const TEST_SCRIPT: &str = "TestScript";

type Problems = Vec<Diagnostic>;

/// A script that was read, or why it was not.
#[derive(Debug)]
pub struct Loaded {
    /// The file.
    pub path: PathBuf,
    /// The script; None when the text cannot be read or is no TestScript.
    pub script: Option<TestScript>,
    /// What is wrong with it, in the order of the text.
    pub problems: Vec<Diagnostic>,
}

impl Loaded {
    /// The script, when nothing forbids to run it.
    pub fn runnable(&self) -> Option<&TestScript> {
        self.script.as_ref().filter(|_| !self.problems.iter().any(forbids_running))
    }
}

/// Reads scripts; what several scripts share (fixtures, properties, expressions) is looked at once.
pub struct ScriptReader<'s> {
    files: &'s dyn ScriptSource,
    properties: PropertiesOfFolders<'s>,
    fixtures: Mutex<HashMap<PathBuf, FixtureFacts>>,
    expressions: Expressions,
}

/// Which variables a fixture needs, or why it cannot be read.
type FixtureFacts = Result<Arc<[String]>, SourceError>;

impl<'s> ScriptReader<'s> {
    /// A reader of these files.
    pub fn new(files: &'s dyn ScriptSource) -> Self {
        ScriptReader {
            files,
            properties: PropertiesOfFolders::new(files),
            fixtures: Mutex::default(),
            expressions: Expressions::default(),
        }
    }

    /// Reads the script at a path; `root` is the folder that was asked for, above which no
    /// `properties.json` is looked for.
    pub fn load(&self, path: &Path, root: &Path) -> Loaded {
        let refused = |problem: Diagnostic| Loaded { path: path.to_owned(), script: None, problems: vec![problem] };
        let text = match self.files.read(path) {
            Ok(text) => text,
            Err(error) => return refused(unplaced(Severity::Fatal, problem::UNREADABLE, error.to_string())),
        };
        let source = Source { name: path.to_string_lossy().into(), text: text.clone() };
        match crate::fhir::read(text.clone(), format_of(path, &text)) {
            Ok(document) => self.read(&document, path, root),
            Err(error) => refused(
                unplaced(Severity::Fatal, problem::MALFORMED, error.message.clone()).label(&source, error.span, ""),
            ),
        }
    }

    /// Makes a script of a document that was read from `path`.
    pub fn read(&self, document: &Document, path: &Path, root: &Path) -> Loaded {
        let sheet = Sheet::new(document, &path.to_string_lossy());
        let mut problems = irregularities(&sheet, document);
        if document.root().resource_type() != Some(TEST_SCRIPT) {
            let found = document.root().resource_type().map_or("no resource".to_owned(), |t| format!("`{t}`"));
            let message = format!("the root is {found}, not `{TEST_SCRIPT}`");
            let place = sheet.place(sheet.name_span(document.root()));
            problems.push(problem::problem(Severity::Fatal, problem::NOT_A_TESTSCRIPT, message, &place));
            return Loaded { path: path.to_owned(), script: None, problems };
        }
        let found = self.properties.of(path, root);
        problems.extend(found.problems.iter().cloned());
        let (script, problems) = Reading::new(self, path, problems).script(&sheet, found.properties);
        Loaded { path: path.to_owned(), script: Some(script), problems }
    }

    fn fixture(&self, path: &Path) -> FixtureFacts {
        let mut known = self.fixtures.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(facts) = known.get(path) {
            return facts.clone();
        }
        drop(known);
        let facts: FixtureFacts = self.files.read(path).map(|text| variables_of(&text).into());
        known = self.fixtures.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(path.to_owned(), facts.clone());
        facts
    }
}

/// What the format's reader noted, one problem for each kind.
fn irregularities(sheet: &Sheet<'_>, document: &Document) -> Problems {
    use crate::diagnostic::NoteKind;
    use crate::fhir::IrregularityKind as Kind;
    let says = [
        (Kind::DuplicateProperty, "is given twice", Severity::Error),
        (Kind::EmptyArray, "is an empty array", Severity::Warning),
        (Kind::EmptyObject, "is empty", Severity::Warning),
        (Kind::NullValue, "is null", Severity::Warning),
        (Kind::NestedArray, "is an array in an array", Severity::Error),
        (Kind::MisplacedExtensions, "does not fit the element it belongs to", Severity::Error),
        (Kind::StrayText, "has text between its elements", Severity::Warning),
        (Kind::UnknownAttribute, "is an attribute FHIR does not have", Severity::Warning),
        (Kind::ForeignNamespace, "is not in FHIR's namespace", Severity::Warning),
    ];
    let mut problems = vec![];
    for (kind, says, severity) in says {
        let mut found = document.irregularities().iter().filter(|i| i.kind == kind);
        let Some(first) = found.next() else { continue };
        let message = format!("`{}` {says}", first.name);
        let mut diagnostic = problem::problem(severity, problem::IRREGULAR, message, &sheet.place(first.span));
        let more = found.count();
        if more > 0 {
            diagnostic = diagnostic.note(NoteKind::Note, format!("and {more} more like it"));
        }
        problems.push(diagnostic);
    }
    problems
}

/// Whether a text looks like a script: the root of an XML document is `TestScript`, or `resourceType`
/// says so. A text that is neither is left to whoever asks for that very file.
pub(super) fn looks_like_script(path: &Path, text: &str) -> bool {
    if format_of(path, text) == Format::Xml {
        return xml_root(text).is_some_and(|name| name == TEST_SCRIPT);
    }
    text.match_indices("resourceType").any(|(at, key)| {
        let after = text[at + key.len()..].trim_start_matches(|c: char| c.is_whitespace() || "\"':".contains(c));
        let next = |c: char| c.is_alphanumeric();
        after.strip_prefix(TEST_SCRIPT).is_some_and(|rest| !rest.starts_with(next))
    })
}

/// The name of the first element, its prefix left out.
fn xml_root(text: &str) -> Option<&str> {
    let mut rest = text;
    loop {
        rest = &rest[rest.find('<')?..];
        let skip = [("<!--", "-->"), ("<?", "?>"), ("<!", ">")].iter().find(|(open, _)| rest.starts_with(open));
        match skip {
            Some((open, close)) => rest = &rest[open.len() + rest[open.len()..].find(close)? + close.len()..],
            None => {
                let name = rest[1..].split(|c: char| c.is_whitespace() || "/>".contains(c)).next()?;
                return Some(name.rsplit(':').next().unwrap_or(name));
            }
        }
    }
}

#[cfg(test)]
mod tests;
