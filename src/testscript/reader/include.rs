//! `include` in scripts of our own: groups of actions kept in files of their own.
//!
//! A group is a mapping with `description`, `parameters` (name and what it is for) and `action`. Where it
//! is included, `with` gives each parameter a value; `${param:NAME}` is replaced by it as text, before
//! anything else is looked at.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::diagnostic::{NoteKind, Severity, Source, Span, nearest};
use crate::fhir::{Format, NodeRef};
use crate::testscript::model::{Action, Place};
use crate::testscript::problem::{self, problem};
use crate::testscript::source::resolve;

use super::reading::Reading;
use super::sheet::{Filled, Sheet};
use super::vocabulary;

/// How a parameter is written in a group, up to its name.
pub(super) const PARAMETER: &str = "${param:";

/// More inclusions than any script needs; groups that include each other twice grow without end.
const MOST: usize = 10_000;

/// The files included so far.
pub(super) struct Includes {
    /// Over the script and each included file, in the order in which they are first met.
    pub(super) hash: Sha256,
    /// The files being read, the script first.
    open: Vec<PathBuf>,
    seen: BTreeSet<PathBuf>,
    count: usize,
}

impl Includes {
    pub(super) fn of(script: &Path) -> Self {
        Includes { hash: Sha256::new(), open: vec![script.to_owned()], seen: BTreeSet::new(), count: 0 }
    }
}

impl Reading<'_> {
    /// Adds the actions of the group that an `include` names.
    pub(super) fn include(&mut self, sheet: &Sheet<'_>, node: NodeRef<'_>, into: &mut Vec<Action>) {
        let Some(group) = Reading::filled(node, "group") else {
            self.lacks(sheet, node, "`group`");
            return;
        };
        let place = sheet.place(group.value_span());
        let from = self.includes.open.last().cloned().unwrap_or_default();
        let path = resolve(&from, group.value().unwrap_or_default());
        if self.includes.open.contains(&path) {
            let chain = self.includes.open.iter().chain([&path]).map(|p| format!("`{}`", p.display()));
            let message = format!("group `{}` includes itself", path.display());
            let chain = chain.collect::<Vec<_>>().join(" → ");
            self.problems
                .push(problem(Severity::Error, problem::INCLUDE_CYCLE, message, &place).note(NoteKind::Note, chain));
            return;
        }
        self.includes.count += 1;
        if self.includes.count > MOST {
            if self.includes.count == MOST + 1 {
                let message = format!("the script includes more than {MOST} groups");
                self.problems.push(problem(Severity::Error, problem::INCLUDE_CYCLE, message, &place));
            }
            return;
        }
        let text = match self.reader.files.read(&path) {
            Ok(text) => text,
            Err(error) => {
                self.problems.push(problem(Severity::Error, problem::INCLUDE_UNREADABLE, error.to_string(), &place));
                return;
            }
        };
        if self.includes.seen.insert(path.clone()) {
            self.includes.hash.update(text.as_bytes());
        }
        self.includes.open.push(path.clone());
        self.group(sheet, node, &path, Source { name: path.to_string_lossy().into(), text }, into);
        self.includes.open.pop();
    }

    fn group(&mut self, sheet: &Sheet<'_>, node: NodeRef<'_>, path: &Path, source: Source, into: &mut Vec<Action>) {
        let given: Vec<NodeRef<'_>> = node.children_named("with").flat_map(NodeRef::children).collect();
        let filled = fill(&source.text, |name| given.iter().find(|g| g.name() == name).and_then(|g| g.value()));
        let format = Format::from_path(path).unwrap_or(Format::Yaml);
        let document = match crate::fhir::read(filled.text.as_str(), format) {
            Ok(document) => document,
            Err(error) => {
                let message = format!("group `{}` cannot be parsed: {}", path.display(), error.message);
                let place = Place::at(&source, filled.original(error.span));
                let included = sheet.place(node.span());
                self.problems.push(problem(Severity::Error, problem::INCLUDE_UNREADABLE, message, &place).label(
                    &included.source,
                    included.span,
                    "included here",
                ));
                return;
            }
        };
        let inner = Sheet::filled(&document, source, &filled);
        vocabulary::check(&inner, inner.root(), vocabulary::GROUP, "group", &mut self.problems);
        self.check_parameters(sheet, node, &given, &inner);
        self.actions(&inner, inner.root(), into);
    }

    /// What the group names, what it uses and what it is given must be the same.
    fn check_parameters(&mut self, sheet: &Sheet<'_>, node: NodeRef<'_>, given: &[NodeRef<'_>], group: &Sheet<'_>) {
        let source = group.source();
        let named: BTreeSet<&str> =
            group.root().children_named("parameters").flat_map(NodeRef::children).map(NodeRef::name).collect();
        let mut wrong = |message: String, place: &Place, meant: Option<&str>| {
            let mut diagnostic = problem(Severity::Error, problem::INCLUDE_PARAMETER, message, place);
            if let Some(name) = meant {
                diagnostic = diagnostic.note(NoteKind::Expected, format!("`{name}`"));
            }
            self.problems.push(diagnostic);
        };
        for name in named.iter().filter(|n| !given.iter().any(|g| g.name() == **n)) {
            let message = format!("group `{}` needs parameter `{name}`, which is not given", source.name);
            wrong(message, &sheet.place(node.span()), None);
        }
        for value in given {
            if !named.contains(value.name()) {
                let message = format!("group `{}` has no parameter `{}`", source.name, value.name());
                wrong(message, &sheet.place(value.span()), nearest(value.name(), named.iter().copied()));
            } else if value.value().is_none() {
                let message = format!("parameter `{}` takes a text or a number", value.name());
                wrong(message, &sheet.place(value.span()), None);
            }
        }
        for (name, span) in uses(&source.text).filter(|(name, _)| !named.contains(name)) {
            let message = format!("the group uses parameter `{name}`, which it does not name");
            wrong(message, &Place::at(source, span), nearest(name, named.iter().copied()));
        }
    }
}

/// Every `${param:NAME}` of a text: the name, and where the whole stands.
fn uses(text: &str) -> impl Iterator<Item = (&str, Span)> {
    text.match_indices(PARAMETER).filter_map(move |(at, open)| {
        let from = at + open.len();
        let length = text[from..].find('}')?;
        Some((text[from..from + length].trim(), Span::new(at, from + length + 1)))
    })
}

/// The text with parameters replaced; those without a value stay as they are.
fn fill<'v>(text: &str, value: impl Fn(&str) -> Option<&'v str>) -> Filled {
    let mut filled = Filled::default();
    let mut at = 0;
    for (name, span) in uses(text) {
        let Some(value) = value(name) else { continue };
        filled.text.push_str(&text[at..span.start()]);
        let start = filled.text.len();
        filled.text.push_str(value);
        filled.stretches.push((Span::new(start, filled.text.len()), span));
        at = span.end();
    }
    filled.text.push_str(&text[at..]);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_replaced_as_text() {
        let filled = fill("a: ${param:A}, ${T} ${param: B } ${param:C} ${param:", |name| match name {
            "A" => Some("long value"),
            "B" => Some(""),
            _ => None,
        });
        assert_eq!(filled.text, "a: long value, ${T}  ${param:C} ${param:");
        assert_eq!(filled.stretches.len(), 2);
        assert_eq!(filled.original(Span::new(15, 19)), Span::new(15, 19));
    }
}
