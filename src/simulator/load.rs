//! Fixtures into the store: files found, placeholders filled in, Bundles carried out.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::access::Access;
use super::call::{Call, Presentation, Return};
use super::code;
use super::search::Handling;
use super::searchset::Circumstances as Request;
use super::service::Lapses;
use super::store::Store;
use super::stored::{Key, is_id};
use super::transaction;
use crate::definitions::search::SearchParameters;
use crate::definitions::{TypeClass, TypeTable};
use crate::diagnostic::{Code, Diagnostic, Severity, Source, Span};
use crate::exchange::Headers;
use crate::fhir::{Document, Format, read, sniff};
use crate::testscript::{Circumstances, Scope, Variables, placeholders, series};

/// A resource to be served: where it came from and its text, placeholders and all.
#[derive(Clone, Debug)]
pub struct Fixture {
    /// Path or other name.
    pub name: PathBuf,
    /// JSON or XML.
    pub text: Arc<str>,
}

impl Fixture {
    /// Every `.json`, `.xml` and [series] file in a folder and its subfolders, or the one file given. Errors are
    /// all that cannot be read.
    pub fn read(path: &Path) -> Result<Vec<Fixture>, Vec<Diagnostic>> {
        let mut files = vec![];
        let mut problems = vec![];
        collect(path, true, &mut files, &mut problems);
        files.sort();
        let mut fixtures = vec![];
        for name in files {
            match std::fs::read_to_string(&name) {
                Ok(text) => fixtures.push(Fixture { name, text: text.into() }),
                Err(error) => problems.push(unreadable(&name, &error)),
            }
        }
        if fixtures.is_empty() && problems.is_empty() {
            let message = format!("`{}` holds no fixtures", path.display());
            problems.push(Diagnostic::new(Severity::Error, code::EMPTY, message));
        }
        if problems.is_empty() { Ok(fixtures) } else { Err(problems) }
    }

    fn source(&self) -> Source {
        Source { name: self.name.to_string_lossy().into(), text: self.text.clone() }
    }

    fn problem(&self, severity: Severity, code: Code, message: impl std::fmt::Display, span: Span) -> Diagnostic {
        let message = format!("fixture `{}`: {message}", self.name.display());
        Diagnostic::new(severity, code, message).label(&self.source(), span, "")
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Diagnostic {
    let message = format!("fixture `{}` cannot be read: {error}", path.display());
    Diagnostic::new(Severity::Error, code::UNREADABLE, message)
}

fn collect(path: &Path, given: bool, files: &mut Vec<PathBuf>, problems: &mut Vec<Diagnostic>) {
    let is_fixture = series::holds_resources(path);
    match path.metadata() {
        Err(error) => problems.push(unreadable(path, &error)),
        Ok(metadata) if metadata.is_dir() => match path.read_dir() {
            Err(error) => problems.push(unreadable(path, &error)),
            Ok(entries) => {
                for entry in entries {
                    match entry {
                        Err(error) => problems.push(unreadable(path, &error)),
                        Ok(entry) => collect(&entry.path(), false, files, problems),
                    }
                }
            }
        },
        Ok(_) if is_fixture || given => files.push(path.to_owned()),
        Ok(_) => {}
    }
}

/// What fixtures became.
#[derive(Default)]
pub(super) struct Read {
    ready: Vec<(Fixture, Document)>,
    /// Worth saying, no reason to stop.
    pub warnings: Vec<Diagnostic>,
    errors: Vec<Diagnostic>,
}

/// Fills placeholders in and parses. `T`, the day that dates are counted from, is today unless `values`
/// says otherwise.
pub(super) fn prepare(fixtures: Vec<Fixture>, values: &[(String, String)], types: &TypeTable) -> Read {
    let circumstances = Circumstances::live();
    let mut variables = Variables::new(&circumstances);
    variables.set("T", circumstances.now().date().to_string());
    values.iter().for_each(|(name, value)| variables.set(name, value.as_str()));
    let mut all = Read::default();
    for mut fixture in fixtures {
        let open = Open { known: &variables, missed: Mutex::default() };
        let format = match series::is_series(&fixture.name) {
            true => match series::expand(fixture.text.clone()) {
                Ok(batch) => {
                    fixture.text = batch.into();
                    Format::Json
                }
                Err(error) => {
                    all.errors.push(fixture.problem(Severity::Error, code::MALFORMED, &error, error.span));
                    continue;
                }
            },
            false => Format::from_path(&fixture.name).or_else(|| sniff(&fixture.text)).unwrap_or(Format::Xml),
        };
        let filled = match placeholders::substitute(&fixture.text, format, &open) {
            Ok(filled) => filled,
            Err(unresolved) => {
                for missing in &unresolved.missing {
                    all.errors.push(fixture.problem(Severity::Error, code::PLACEHOLDER, missing, missing.span));
                }
                continue;
            }
        };
        let missed = open.missed.into_inner().unwrap_or_else(PoisonError::into_inner);
        for name in &missed {
            let at = fixture.text.find(name.as_str()).unwrap_or_default();
            let message = format!("`{name}` has no value and stays as it is");
            let span = Span::new(at, at + name.len());
            all.warnings.push(fixture.problem(Severity::Warning, code::VARIABLE, message, span));
        }
        match read(filled, format) {
            Err(error) => {
                // The place is in the text with placeholders filled in.
                let at = error.position;
                let message = format!("line {} column {}: {error}", at.line, at.column);
                all.errors.push(fixture.problem(Severity::Error, code::MALFORMED, message, Span::default()));
            }
            Ok(document) => match is_resource(&document, types) {
                true => all.ready.push((fixture, document)),
                false => {
                    let name = document.root().name().to_owned();
                    let message = format!("`{name}` is no resource type of {}", types.version());
                    all.errors.push(fixture.problem(Severity::Error, code::NOT_A_RESOURCE, message, Span::default()));
                }
            },
        }
    }
    all
}

fn is_resource(document: &Document, types: &TypeTable) -> bool {
    let ty = document.root().resource_type().and_then(|t| types.type_named(t));
    ty.is_some_and(|t| types.get(t).class == TypeClass::Resource && !types.get(t).is_abstract)
}

/// Leaves what has no value as it is, and remembers it.
struct Open<'v> {
    known: &'v Variables<'v>,
    missed: Mutex<Vec<String>>,
}

impl Scope for Open<'_> {
    fn variable(&self, name: &str) -> Option<Cow<'_, str>> {
        if let Some(value) = self.known.get(name) {
            return Some(value.into());
        }
        let placeholder = format!("${{{name}}}");
        let mut missed = self.missed.lock().unwrap_or_else(PoisonError::into_inner);
        if !missed.contains(&placeholder) {
            missed.push(placeholder.clone());
        }
        Some(placeholder.into())
    }

    fn circumstances(&self) -> &Circumstances {
        self.known.circumstances()
    }
}

impl Read {
    /// The search parameters among the fixtures, over those the definitions have.
    pub fn parameters(&mut self, known: Arc<SearchParameters>) -> Arc<SearchParameters> {
        let mut own = self.ready.iter().filter(|(_, d)| d.root().resource_type() == Some("SearchParameter")).peekable();
        if own.peek().is_none() {
            return known;
        }
        let mut all = (*known).clone();
        for (fixture, document) in own {
            if let Err(reason) = all.define(document.root()) {
                let problem = fixture.problem(Severity::Warning, code::PARAMETER, reason, Span::default());
                self.warnings.push(problem);
            }
        }
        Arc::new(all)
    }

    /// Puts everything in the store: resources first, then the Bundles that are to be carried out, each in
    /// the order of the files. Gives the warnings, or everything that is wrong.
    pub fn store(mut self, store: &mut Store) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
        let mut loaded: HashMap<Key, usize> = HashMap::new();
        let ready = std::mem::take(&mut self.ready);
        for (at, (fixture, document)) in ready.iter().enumerate().filter(|(_, (_, d))| !is_carried_out(d)) {
            let Some(key) = self.key(fixture, document) else { continue };
            if let Some((other, before)) = loaded.insert(key.clone(), at).and_then(|before| ready.get(before))
                && before != document
            {
                let message = format!("{key} is also in `{}`, with other content", other.name.display());
                self.warnings.push(fixture.problem(Severity::Warning, code::TWICE, message, Span::default()));
            }
            store.put(key, document);
        }
        for (fixture, document) in ready.iter().filter(|(_, d)| is_carried_out(d)) {
            if waits(document) {
                let message = "where its entries go waits for a variable: it is left out";
                self.warnings.push(fixture.problem(Severity::Warning, code::VARIABLE, message, Span::default()));
            } else if let Err(message) = carry_out(store, document) {
                self.errors.push(fixture.problem(Severity::Error, code::BUNDLE, message, Span::default()));
            }
        }
        if self.errors.is_empty() { Ok(self.warnings) } else { Err(self.errors) }
    }

    fn key(&mut self, fixture: &Fixture, document: &Document) -> Option<Key> {
        let resource_type = document.root().resource_type()?;
        let id = document.root().child_value("id");
        if id.is_some_and(|id| id.contains("${")) {
            let message = "its id waits for a variable: it is left out";
            self.warnings.push(fixture.problem(Severity::Warning, code::VARIABLE, message, Span::default()));
            return None;
        }
        let stem = fixture.name.file_stem().map(|s| s.to_string_lossy().into_owned());
        match id.map(str::to_owned).or(stem).filter(|id| is_id(id)) {
            Some(id) => Some(Key::new(resource_type, id)),
            None => {
                let found = id.map_or("there is no id, and the file name cannot be one".into(), |id| {
                    format!("`{id}` cannot be an id")
                });
                self.errors.push(fixture.problem(Severity::Error, code::NO_ID, found, Span::default()));
                None
            }
        }
    }
}

fn is_carried_out(document: &Document) -> bool {
    let root = document.root();
    root.resource_type() == Some("Bundle") && matches!(root.child_value("type"), Some("transaction" | "batch"))
}

/// True when ids or addresses in a Bundle are still placeholders.
fn waits(bundle: &Document) -> bool {
    let mut places = bundle.root().descendants_and_self().filter(|n| matches!(n.name(), "id" | "url" | "fullUrl"));
    places.any(|n| n.value().is_some_and(|v| v.contains("${")))
}

fn carry_out(store: &mut Store, bundle: &Document) -> Result<(), String> {
    let call = Call {
        method: "POST".into(),
        segments: vec![],
        pairs: vec![],
        headers: Headers::new(),
        document: None,
        presentation: Presentation::default(),
        native: false,
        handling: Handling::default(),
        returns: Return::Minimal,
    };
    let base = store.base.clone();
    let request = Request { access: &Access::All, base: &base, lapses: Lapses::default(), read_only: false };
    let replies = transaction::carry_out_all(store, bundle, &call, &request).map_err(|r| r.diagnostics)?;
    let refused = replies.into_iter().find_map(|(at, reply)| Some((at, reply.err()?)));
    refused.map_or(Ok(()), |(at, refusal)| Err(format!("entry {}: {}", at + 1, refusal.diagnostics)))
}
