//! What a script knows while it runs: variables, the last exchange, and what it kept by name.
//!
//! All of it survives the border between tests, as the official scripts expect.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;

use crate::definitions::Typed;
use crate::exchange::{Headers, Response};
use crate::testscript::placeholders::substitute;
use crate::testscript::{
    Assert, Circumstances, Direction, Missing, Scope, Template, Unresolved, Variable, VariableTake, Variables, Why,
};

use super::code;
use super::content::{Document, Kept};
use super::expression::Expressions;
use super::finding::Absence;
use super::plan::PlannedScript;

/// Something kept under a name.
#[derive(Clone)]
pub enum Source {
    /// An exchange, seen from one side.
    Exchange(Arc<Kept>, Direction),
    /// A fixture or what a rule made.
    Document(Arc<Document>, Arc<str>),
    /// It should have been there.
    Missing(Absence),
}

/// The state of one script in one run.
pub struct ScriptState<'r> {
    /// The script and what it needs.
    pub planned: &'r PlannedScript,
    /// Expressions compiled so far in this run.
    pub expressions: &'r Expressions,
    variables: Variables<'r>,
    last: Option<Source>,
    kept: HashMap<String, Source>,
    documents: HashMap<String, Arc<Document>>,
    /// How many variables are being derived from one another.
    deriving: Cell<u8>,
}

/// A chain of variables longer than this is a circle.
const LONGEST_CHAIN: u8 = 16;

impl<'r> ScriptState<'r> {
    /// Before the first action.
    pub fn new(planned: &'r PlannedScript, expressions: &'r Expressions, circumstances: &'r Circumstances) -> Self {
        let given = planned.given.iter().map(|(n, v)| (n.as_str(), v.as_str()));
        ScriptState {
            planned,
            expressions,
            variables: Variables::of_script(&planned.script, given, circumstances),
            last: None,
            kept: HashMap::new(),
            documents: HashMap::new(),
            deriving: Cell::new(0),
        }
    }

    /// An exchange took place.
    pub fn exchanged(&mut self, kept: Arc<Kept>, request_id: Option<&str>, response_id: Option<&str>) {
        self.last = Some(Source::Exchange(kept.clone(), Direction::Response));
        for (id, direction) in [(request_id, Direction::Request), (response_id, Direction::Response)] {
            if let Some(id) = id {
                self.kept.insert(id.to_owned(), Source::Exchange(kept.clone(), direction));
            }
        }
    }

    /// An exchange did not take place: nothing may be judged by an older answer instead.
    pub fn not_exchanged(&mut self, why: &Absence, request_id: Option<&str>, response_id: Option<&str>) {
        self.last = Some(Source::Missing(why.clone()));
        for id in [request_id, response_id].into_iter().flatten() {
            self.kept.insert(id.to_owned(), Source::Missing(why.clone()));
        }
    }

    /// A rule made a document.
    pub fn keep_document(&mut self, name: &str, document: Document) {
        self.kept.insert(name.to_owned(), Source::Document(Arc::new(document), name.into()));
    }

    /// A rule made no document under this name.
    pub fn keep_nothing(&mut self, name: &str, why: Absence) {
        self.kept.insert(name.to_owned(), Source::Missing(why));
    }

    /// Prepares fixtures for [`ScriptState::source`], so that each is filled in once. One whose
    /// placeholders take their value from answers is filled in anew at every use.
    pub fn prepare_fixture(&mut self, id: &str) {
        if self.documents.contains_key(id) || self.kept.contains_key(id) {
            return;
        }
        let Some(Ok(fixture)) = self.planned.fixtures.get(id) else { return };
        let derived = |name: &str| self.declared(name).is_some_and(|v| v.origin.is_some());
        if Template::parse(&fixture.text).variables().any(|(name, _)| derived(name)) {
            return;
        }
        if let Ok(document) = self.filled(id) {
            self.documents.insert(id.to_owned(), document);
        }
    }

    fn filled(&self, id: &str) -> Result<Arc<Document>, Absence> {
        let fixture = match self.planned.fixtures.get(id) {
            Some(Ok(fixture)) => fixture,
            Some(Err(absence)) => return Err(absence.clone()),
            None => {
                let message = format!("nothing is kept under `{id}`, and no fixture has that id");
                return Err(Absence::not_evaluated(code::FIXTURE, message));
            }
        };
        let text = substitute(&fixture.text, fixture.format, self).map_err(|e| self.unresolved(&e))?;
        Ok(Arc::new(Document::new(text, fixture.format)))
    }

    /// What is kept under a name: a response, a request, a rule's output, a fixture.
    pub fn source(&self, id: &str) -> Result<Source, Absence> {
        match (self.kept.get(id), self.documents.get(id)) {
            (Some(Source::Missing(absence)), _) => Err(absence.clone()),
            (Some(source), _) => Ok(source.clone()),
            (None, Some(document)) => Ok(Source::Document(document.clone(), id.into())),
            (None, None) => Ok(Source::Document(self.filled(id)?, id.into())),
        }
    }

    /// The last exchange.
    pub fn last(&self) -> Result<Source, Absence> {
        match &self.last {
            Some(Source::Missing(absence)) => Err(absence.clone()),
            Some(source) => Ok(source.clone()),
            None => Err(Absence::error(code::NO_EXCHANGE, "no operation was done before this")),
        }
    }

    /// What an assert looks at.
    pub fn subject(&self, assert: &Assert) -> Result<Subject<'_>, Absence> {
        let source = match &assert.source_id {
            Some(id) => self.source(id)?,
            None => self.last()?,
        };
        let source = match source {
            // A name of a request means the request; one of a response leaves the choice.
            Source::Exchange(kept, Direction::Response) => Source::Exchange(kept, assert.direction),
            other => other,
        };
        Ok(Subject { source, state: self })
    }

    /// A text with its placeholders filled in.
    pub fn text<'t>(&self, template: &'t Template) -> Result<Cow<'t, str>, Absence> {
        template.resolve(self).map(|text| self.aliased(text)).map_err(|e| self.unresolved(&e))
    }

    /// A text with what the party was given instead.
    pub fn aliased<'t>(&self, text: Cow<'t, str>) -> Cow<'t, str> {
        let holds = |(known, _): &&(String, String)| text.contains(known.as_str());
        match self.planned.aliases.iter().find(holds) {
            Some((known, given)) => Cow::Owned(text.replace(known.as_str(), given)),
            None => text,
        }
    }

    /// A value that only a request told; what has a value keeps it.
    pub fn learn(&mut self, name: &str, value: &str) {
        let derived = self.declared(name).is_some_and(|variable| variable.origin.is_some());
        if !derived && self.variables.get(name).is_none() {
            self.variables.set(name, value);
            self.documents.clear();
        }
    }

    /// A value that the other side has; it wins over a default.
    pub fn assume(&mut self, name: &str, value: &str) {
        if !self.planned.given.contains_key(name) {
            self.variables.set(name, value);
            self.documents.clear();
        }
    }

    /// The values of the script's variables that hold no token.
    pub fn values(&self) -> Vec<(String, String)> {
        let secret = |name: &str| name.contains("token");
        let values = self.variables.iter().filter(|(name, value)| !secret(name) && !value.starts_with("Bearer "));
        values.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// The clock of the run.
    pub fn clock(&self) -> &jiff::Zoned {
        self.variables.circumstances().now()
    }

    fn declared(&self, name: &str) -> Option<&'r Variable> {
        self.planned.script.variables.iter().find(|v| v.name == name)
    }

    /// Why placeholders could not be filled in: the first one decides the verdict, all are named.
    fn unresolved(&self, unresolved: &Unresolved) -> Absence {
        let mut absences = unresolved.missing.iter().map(|m| self.absence(m));
        let first = absences.next();
        let mut first = first.unwrap_or_else(|| Absence::not_evaluated(code::INPUT, "a placeholder has no value"));
        for other in absences {
            if !first.message.contains(&other.message) {
                first.message = format!("{}; {}", first.message, other.message);
            }
        }
        first
    }

    fn absence(&self, missing: &Missing) -> Absence {
        if missing.why != Why::NoValue {
            return Absence::not_evaluated(code::INPUT, missing.to_string());
        }
        let name = &missing.name;
        let Some(variable) = self.declared(name) else {
            return Absence::not_evaluated(code::INPUT, format!("variable `{name}` is not declared in the script"));
        };
        match self.derived(variable) {
            Err(absence) => absence,
            Ok(_) => Absence::not_evaluated(code::INPUT, format!("variable `{name}` has no value, and none was given")),
        }
    }

    /// The value a variable takes from an answer or fixture; None when it is not of that kind.
    fn derived(&self, variable: &Variable) -> Result<Option<String>, Absence> {
        let Some(origin) = &variable.origin else { return Ok(None) };
        if self.deriving.get() >= LONGEST_CHAIN {
            let message = format!("variable `{}` depends on itself", variable.name);
            return Err(Absence::not_evaluated(code::INPUT, message));
        }
        self.deriving.set(self.deriving.get() + 1);
        let value = self.taken(variable, origin.source_id.as_deref(), &origin.take);
        self.deriving.set(self.deriving.get() - 1);
        value.map(Some)
    }

    fn taken(&self, variable: &Variable, source_id: Option<&str>, take: &VariableTake) -> Result<String, Absence> {
        let name = &variable.name;
        let source = match source_id {
            Some(id) => self.source(id)?,
            None => self.last()?,
        };
        let subject = Subject { source, state: self };
        match take {
            VariableTake::Path(path) => {
                let message = format!("variable `{name}` is taken by the path `{path}`, which is not FHIRPath");
                Err(Absence::not_evaluated(code::VARIABLE_PATH, message))
            }
            VariableTake::Header(header) => {
                let value = subject.headers()?.get(header).map(str::to_owned);
                let message = || format!("variable `{name}` has no value: there is no header `{header}`");
                value.ok_or_else(|| Absence::error(code::NO_VALUE, message()))
            }
            VariableTake::Expression(template) => {
                let expression = self.text(template)?;
                let content = subject.content()?;
                let value = self.expressions.first_text(&expression, &content, self.clock())?;
                let message = || format!("variable `{name}` has no value: `{expression}` finds nothing");
                value.ok_or_else(|| Absence::error(code::NO_VALUE, message()))
            }
        }
    }
}

impl Scope for ScriptState<'_> {
    /// What the user gave wins; then what the script takes from an answer; then the default.
    fn variable(&self, name: &str) -> Option<Cow<'_, str>> {
        if !self.planned.given.contains_key(name)
            && let Some(variable) = self.declared(name)
            && let Ok(Some(value)) = self.derived(variable)
        {
            return Some(Cow::Owned(value));
        }
        self.variables.get(name).map(Cow::Borrowed)
    }

    fn circumstances(&self) -> &Circumstances {
        self.variables.circumstances()
    }
}

/// What an assert, a variable or a rule looks at.
pub struct Subject<'s> {
    source: Source,
    state: &'s ScriptState<'s>,
}

impl Subject<'_> {
    /// The exchange, where it is one.
    pub fn kept(&self) -> Option<&Kept> {
        match &self.source {
            Source::Exchange(kept, _) => Some(kept),
            _ => None,
        }
    }

    /// True when it is the request that is looked at.
    pub fn is_request(&self) -> bool {
        matches!(self.source, Source::Exchange(_, Direction::Request))
    }

    /// The resource in it.
    pub fn content(&self) -> Result<Arc<Typed>, Absence> {
        match &self.source {
            Source::Exchange(kept, direction) => kept.content(*direction).clone(),
            Source::Document(document, name) => document.content(name, &self.state.planned.types).clone(),
            Source::Missing(absence) => Err(absence.clone()),
        }
    }

    /// The header fields.
    pub fn headers(&self) -> Result<&Headers, Absence> {
        match &self.source {
            Source::Exchange(kept, Direction::Request) => Ok(&kept.exchange.request.headers),
            Source::Exchange(kept, Direction::Response) => Ok(&kept.answered()?.headers),
            Source::Document(_, name) => {
                let message = format!("`{name}` is a fixture, which has no headers");
                Err(Absence::not_evaluated(code::UNKNOWN_ASSERT, message))
            }
            Source::Missing(absence) => Err(absence.clone()),
        }
    }

    /// The exchange, which a fixture is not.
    pub fn exchange(&self) -> Result<&Kept, Absence> {
        match &self.source {
            Source::Exchange(kept, _) => Ok(kept),
            Source::Document(_, name) => {
                let message = format!("`{name}` is a fixture, not an exchange");
                Err(Absence::not_evaluated(code::UNKNOWN_ASSERT, message))
            }
            Source::Missing(absence) => Err(absence.clone()),
        }
    }

    /// The answer.
    pub fn response(&self) -> Result<&Response, Absence> {
        self.exchange()?.answered()
    }
}
