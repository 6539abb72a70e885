//! `keur fhirpath EXPRESSION FILE`: what an expression gives for a document.

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use crate::definitions::Typed;
use crate::diagnostic::{Code, Diagnostic, NoteKind, Source, Span};
use crate::fhir::{self, FhirVersion, Format as Syntax, Kind, Shape};
use crate::fhirpath::{Collection, Context, Expression, Item};

use super::console::Console;
use super::exit::Exit;
use super::list::Format;
use super::packages::Packages;
use super::problem;
use super::settings::{Checked, Key, Said};

/// Flags of `fhirpath`.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// FHIRPath expression
    #[arg(value_name = "EXPRESSION")]
    expression: String,
    /// FHIR resource in XML or JSON; `-` is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// How to write it
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// FHIR version of the document: 3.0 or 4.0 [default: 3.0]
    #[arg(long, value_name = "VERSION")]
    fhir_version: Option<String>,
    /// FHIR package that defines its types: a .tgz, a folder or NAME@VERSION (repeatable)
    #[arg(long, value_name = "PACKAGE")]
    package: Vec<String>,
}

/// Values in the JSON form; `count` says how many there are.
const VALUES: usize = 20;

/// The JSON form (`schema/fhirpath-1.json`).
#[derive(Serialize, Default)]
struct Outcome {
    values: Vec<Option<String>>,
    types: Vec<String>,
    count: usize,
    boolean: Option<bool>,
    error: Option<String>,
}

impl Arguments {
    /// Flags that are settings too.
    pub fn settings(&self) -> Said {
        Said::default().one(Key::FhirVersion, &self.fhir_version).many(Key::Package, &self.package)
    }
}

/// Carries it out.
pub fn fhirpath(arguments: &Arguments, settings: &Checked, console: &Console) -> Exit {
    let version = settings.fhir_version.unwrap_or(FhirVersion::Stu3);
    let typed = read(&arguments.file).map_err(|problem| vec![*problem]).and_then(|document| {
        Ok(Typed::new(document, Packages::open(&settings.packages)?.definitions(version)?.types()))
    });
    let typed = match typed {
        Ok(typed) => typed,
        Err(problems) => {
            console.tell_all(problems);
            return Exit::Usage;
        }
    };
    let source = Source { name: "expression".into(), text: Arc::from(arguments.expression.as_str()) };
    let parsed = Expression::parse(&arguments.expression).map_err(|error| {
        let diagnostic = wrong(&source, error.span, error.message.clone());
        match error.remedy {
            Some(remedy) => diagnostic.note(NoteKind::Remedy, remedy),
            None => diagnostic,
        }
    });
    let context = Context::new(&typed);
    let result = parsed.as_ref().map_err(Clone::clone).and_then(|expression| {
        expression.evaluate(&context).map_err(|error| wrong(&source, error.span(), error.message().to_owned()))
    });
    let (text, exit) = match (&result, arguments.format) {
        (Ok(items), Format::Text) => (lines(items), Exit::Passed),
        (Ok(items), Format::Json) => (json(&outcome(items)), Exit::Passed),
        (Err(_), Format::Text) => (String::new(), Exit::Usage),
        (Err(error), Format::Json) => {
            (json(&Outcome { error: Some(error.message.clone()), ..Outcome::default() }), Exit::Usage)
        }
    };
    if let Err(diagnostic) = result {
        console.tell(diagnostic);
    }
    console.ended(text, exit)
}

fn wrong(source: &Source, span: Span, message: String) -> Diagnostic {
    const CODE: Code = problem::EXPRESSION;
    problem::error(CODE, message).label(source, span, "")
}

fn read(path: &Path) -> Result<fhir::Document, Box<Diagnostic>> {
    let name = path.display().to_string();
    let text = if name == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(path)
    };
    let text =
        text.map_err(|error| Box::new(problem::error(problem::PATH, format!("`{name}` cannot be read: {error}"))))?;
    let syntax = Syntax::from_path(path).or_else(|| fhir::sniff(&text)).unwrap_or(Syntax::Json);
    let text: Arc<str> = text.into();
    fhir::read(text.clone(), syntax).map_err(|error| {
        let source = Source { name: name.into(), text };
        Box::new(problem::error(problem::DOCUMENT, error.message.clone()).label(&source, error.span, ""))
    })
}

fn outcome(items: &Collection<'_>) -> Outcome {
    Outcome {
        values: items.iter().take(VALUES).map(value).collect(),
        types: items.iter().take(VALUES).map(|item| item.type_name().to_owned()).collect(),
        count: items.len(),
        boolean: Some(items.to_boolean()),
        error: None,
    }
}

/// A primitive's text, `@` and the path of a complex element, nothing for a primitive without value.
fn value(item: &Item<'_>) -> Option<String> {
    let complex = match item {
        Item::Element(element) => element.typed().kind(element.node()) == Kind::Complex,
        Item::Value(_) => false,
    };
    match item.text() {
        Some(text) => Some(text.into_owned()),
        None if complex => item.path().map(|path| format!("@{path}")),
        None => None,
    }
}

fn json(outcome: &Outcome) -> String {
    // Texts, numbers and booleans: nothing in it that JSON cannot say.
    let mut text = serde_json::to_string(outcome).unwrap_or_default();
    text.push('\n');
    text
}

/// Every item on a line: type, value, and where it stands.
fn lines(items: &Collection<'_>) -> String {
    let width = items.iter().map(|item| item.type_name().chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for item in items.iter() {
        let shown = value(item).unwrap_or_default().replace(['\n', '\r'], " ");
        let _ = write!(text, "{:width$}  {shown}", item.type_name());
        if let Some(position) = item.node().map(|node| node.position()) {
            let _ = write!(text, "  ({}:{})", position.line, position.column);
        }
        text.push('\n');
    }
    text
}
