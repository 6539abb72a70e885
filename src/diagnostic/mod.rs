//! What keur says to people: one diagnostic, many renderers.
//!
//! A [`Diagnostic`] says what is wrong, where (in one or more sources), and what to do. It is data until
//! a renderer (terminal, JSON, SARIF, …) writes it. Nothing here knows FHIR.

mod excerpt;
mod nearest;
mod position;
mod registry;
mod renderer;

use std::sync::Arc;

pub use excerpt::Excerpt;
pub use nearest::nearest;
pub use position::{LineIndex, Position, Span};
pub(crate) use registry::rules;
pub use registry::{Registry, Rule, Words};
pub use renderer::{SarifPlace, SarifResult, Terminal, sarif};

/// How bad it is, worst first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Severity {
    /// Nothing further could be looked at.
    Fatal,
    /// A rule is broken.
    Error,
    /// Probably not what was meant.
    Warning,
    /// Good to know.
    Information,
}

/// The language people are spoken to in. Messages from outside keep theirs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Dutch.
    Nl,
}

/// A rule code: `KEUR2104`. The [`Registry`] says what each means, in English and Dutch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Code(pub u16);

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KEUR{:04}", self.0)
    }
}

/// A text that labels point into, under the name people know it by (a path, `answer #7`).
#[derive(Clone, Debug)]
pub struct Source {
    /// Path or description.
    pub name: Arc<str>,
    /// The whole text.
    pub text: Arc<str>,
}

/// A marked place.
#[derive(Clone, Debug)]
pub struct Label {
    /// Where it stands.
    pub source: Source,
    /// Which bytes.
    pub span: Span,
    /// What to say beside the mark; may be empty.
    pub text: String,
}

/// The named lines under a diagnostic (`= expected: …`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoteKind {
    /// The rule that is broken, for a message in another language.
    Rule,
    /// What should have been there.
    Expected,
    /// What was there.
    Found,
    /// The request it was about, and what it was answered with.
    Exchange,
    /// What to do.
    Remedy,
    /// How to see it again, a command line.
    Reproduce,
    /// Where else the same thing was found.
    Also,
    /// Anything else worth saying.
    Note,
}

impl NoteKind {
    /// Every kind with its name.
    const ALL: [(NoteKind, Words); 8] = [
        (NoteKind::Rule, Words::new("rule", "regel")),
        (NoteKind::Expected, Words::new("expected", "verwacht")),
        (NoteKind::Found, Words::new("found", "gevonden")),
        (NoteKind::Exchange, Words::new("exchange", "uitwisseling")),
        (NoteKind::Remedy, Words::new("remedy", "oplossing")),
        (NoteKind::Reproduce, Words::new("reproduce", "naspelen")),
        (NoteKind::Also, Words::new("also", "ook")),
        (NoteKind::Note, Words::new("note", "opmerking")),
    ];

    /// What it is called before the line.
    pub fn name(self) -> Words {
        NoteKind::ALL[self as usize].1
    }
}

/// Something wrong (or worth knowing), with place and remedy.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// How bad.
    pub severity: Severity,
    /// The rule.
    pub code: Code,
    /// One line, no full stop, code in backticks.
    pub message: String,
    /// Marked places, the main one first.
    pub labels: Vec<Label>,
    /// Lines below, in order.
    pub notes: Vec<(NoteKind, String)>,
}

impl Diagnostic {
    /// A diagnostic without places or notes yet.
    pub fn new(severity: Severity, code: Code, message: impl Into<String>) -> Self {
        Diagnostic { severity, code, message: message.into(), labels: vec![], notes: vec![] }
    }

    /// Adds a marked place.
    #[must_use]
    pub fn label(mut self, source: &Source, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { source: source.clone(), span, text: text.into() });
        self
    }

    /// Adds a note.
    #[must_use]
    pub fn note(mut self, kind: NoteKind, text: impl Into<String>) -> Self {
        self.notes.push((kind, text.into()));
        self
    }

    /// The same with the title of its rule, where `language` is not that of messages.
    #[must_use]
    pub fn titled(mut self, registry: &Registry, language: Language) -> Self {
        let rule = registry.rule(self.code).filter(|_| language != Language::En);
        if let Some(rule) = rule {
            self.notes.insert(0, (NoteKind::Rule, rule.title.get(language).to_owned()));
        }
        self
    }

    /// The same with title and remedy of its rule in `language`, the remedy where it has none of its own.
    /// Rooms that find something do not know who reads it.
    #[must_use]
    pub fn in_language(self, registry: &Registry, language: Language) -> Self {
        let Some(rule) = registry.rule(self.code) else { return self };
        let mut titled = self.titled(registry, language);
        let remedy = rule.remedy.get(language);
        match titled.notes.iter_mut().find(|(kind, _)| *kind == NoteKind::Remedy) {
            Some((_, text)) if text == rule.remedy.en => remedy.clone_into(text),
            Some(_) => {}
            None if remedy.is_empty() => {}
            None => titled.notes.push((NoteKind::Remedy, remedy.to_owned())),
        }
        titled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_notes_are_in_the_order_of_their_kinds() {
        assert!(NoteKind::ALL.iter().enumerate().all(|(at, (kind, _))| *kind as usize == at));
    }
}
