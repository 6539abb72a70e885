//! The body of a fixture: read, its placeholders filled in, parsed when somebody asks.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use crate::diagnostic::{Diagnostic, NoteKind, Severity, Source};
use crate::fhir::{Document, Format, ReadError};

use super::model::{Fixture, Place};
use super::placeholders::substitute;
use super::problem::{self, problem, unplaced};
use super::scope::Scope;
use super::source::ScriptSource;
use super::template::Template;

/// A fixture as it goes over the wire.
#[derive(Debug)]
pub struct FixtureBody {
    source: Source,
    format: Format,
    document: OnceLock<Result<Document, ReadError>>,
}

impl FixtureBody {
    /// A body that does not come from a file: the output of a rule, a document that was built.
    pub fn new(name: &str, text: impl Into<Arc<str>>, format: Format) -> Self {
        FixtureBody { source: Source { name: name.into(), text: text.into() }, format, document: OnceLock::new() }
    }

    /// The text, placeholders filled in.
    pub fn text(&self) -> &Arc<str> {
        &self.source.text
    }

    /// Name and text.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// How it is written.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The tree; parsed at the first call.
    pub fn document(&self) -> Result<&Document, Box<Diagnostic>> {
        let parsed = self.document.get_or_init(|| crate::fhir::read(self.source.text.clone(), self.format));
        parsed.as_ref().map_err(|error| {
            let message = format!("fixture `{}` cannot be parsed: {}", self.source.name, error.message);
            Box::new(unplaced(Severity::Error, problem::FIXTURE_MALFORMED, message).label(&self.source, error.span, ""))
        })
    }
}

/// Reads the file of a declared fixture and fills in its placeholders. What is missing is said all at
/// once, each with its place in the file.
pub fn load(fixture: &Fixture, files: &dyn ScriptSource, scope: &dyn Scope) -> Result<FixtureBody, Vec<Diagnostic>> {
    let text =
        files.read(&fixture.path).map_err(|error| vec![unreadable(fixture, &error.to_string(), &fixture.place)])?;
    let format = format_of(&fixture.path, &text);
    let name = fixture.path.to_string_lossy();
    match substitute(&text, format, scope) {
        Ok(filled) => Ok(FixtureBody::new(&name, filled, format)),
        Err(unresolved) => {
            let source = Source { name: name.into(), text };
            let say = |missing: &super::scope::Missing| {
                unplaced(Severity::Error, problem::FIXTURE_VALUE, format!("fixture `{}`: {missing}", fixture.id))
                    .label(&source, missing.span, "")
                    .label(&fixture.place.source, fixture.place.span, "declared here")
            };
            Err(unresolved.missing.iter().map(say).collect())
        }
    }
}

/// The problem of a fixture without a usable file.
pub(super) fn unreadable(fixture: &Fixture, reason: &str, place: &Place) -> Diagnostic {
    problem(Severity::Error, problem::UNREADABLE_FIXTURE, format!("fixture `{}`: {reason}", fixture.id), place)
        .note(NoteKind::Note, "the path is relative to the script")
}

/// By the name of the file, else by its first character, else XML.
pub(super) fn format_of(path: &Path, text: &str) -> Format {
    Format::from_path(path).or_else(|| crate::fhir::sniff(text)).unwrap_or(Format::Xml)
}

/// The variables a body needs, each once, in the order of the text.
pub(super) fn variables_of(text: &str) -> Vec<String> {
    let mut names: Vec<String> = vec![];
    if text.contains("${") {
        for (name, _) in Template::parse(text).variables() {
            if !names.iter().any(|n| n == name) {
                names.push(name.to_owned());
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Position, Span};
    use crate::testscript::scope::{Circumstances, Variables};
    use crate::testscript::source::Carried;

    fn declared(path: &str) -> Fixture {
        let source = Source { name: "s.xml".into(), text: "<fixture/>".into() };
        let place = Place { source, span: Span::new(0, 10), position: Position { line: 1, column: 1 } };
        Fixture { id: "f".into(), path: path.into(), place }
    }

    #[test]
    fn a_body_is_filled_in_before_it_is_parsed() {
        let files = [
            ("p.json", r#"{"resourceType":"Patient","birthDate":"${DATE, T, Y, -30}"}"#),
            ("two.xml", "<Task xmlns=\"http://hl7.org/fhir\">\n<id value=\"${task-id}\"/> ${DATE, U, D, 1}</Task>"),
            ("broken.xml", "<Task xmlns=\"http://hl7.org/fhir\">"),
        ];
        let carried = Carried::new(files);
        let now = "2026-03-31T12:00:00+02:00[+02:00]".parse().expect("a date");
        let circumstances = Circumstances::fixed(now, 1);
        let mut scope = Variables::new(&circumstances);
        scope.set("T", "2026-03-31");
        let body = load(&declared("p.json"), &carried, &scope).expect("readable");
        let document = body.document().expect("well-formed");
        assert_eq!(document.root().child_value("birthDate"), Some("1996-03-31"));

        let missing = load(&declared("two.xml"), &carried, &scope).expect_err("two values are missing");
        let said: Vec<_> = missing.iter().map(|d| d.message.as_str()).collect();
        assert_eq!(said, ["fixture `f`: variable `task-id` has no value", "fixture `f`: variable `U` has no value"]);
        assert_eq!(&missing[0].labels[0].source.text[missing[0].labels[0].span.range()], "${task-id}");

        let body = load(&declared("broken.xml"), &carried, &scope).expect("readable");
        assert_eq!(body.document().expect_err("not well-formed").code, problem::FIXTURE_MALFORMED);
        let absent = load(&declared("absent.xml"), &carried, &scope).expect_err("not there");
        assert_eq!(absent[0].message, "fixture `f`: `absent.xml` does not exist");
    }

    #[test]
    fn variables_of_a_body_are_named_once() {
        assert_eq!(variables_of("${DATE, T, D, 1} ${T} ${a} ${UUID} ${a}"), ["T", "a"]);
    }
}
