//! Diagnostics for people at a terminal: code frames with carets, notes below.
//!
//! Colour only repeats what the words already say.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::super::excerpt::Excerpt;
use super::super::{Diagnostic, Language, Severity, Words};

/// Writes diagnostics as text.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    /// Whether escape codes may be used.
    pub colour: bool,
    /// Columns of the screen.
    pub width: usize,
    /// The language of the frame's own words.
    pub language: Language,
}

const SEVERITIES: [(Severity, Level<'static>, Words); 4] = [
    (Severity::Fatal, Level::ERROR, Words::new("error", "fout")),
    (Severity::Error, Level::ERROR, Words::new("error", "fout")),
    (Severity::Warning, Level::WARNING, Words::new("warning", "waarschuwing")),
    (Severity::Information, Level::INFO, Words::new("note", "opmerking")),
];

impl Terminal {
    /// The diagnostic as lines of text, a newline at the end.
    pub fn render(&self, diagnostic: &Diagnostic) -> String {
        let word = SEVERITIES[diagnostic.severity as usize].2.get(self.language);
        self.render_as(word, diagnostic)
    }

    /// The same under another word than that of its severity, such as `FAIL`.
    pub fn render_as(&self, word: &str, diagnostic: &Diagnostic) -> String {
        let level = SEVERITIES[diagnostic.severity as usize].1.clone().with_name(word);
        let code = diagnostic.code.to_string();
        let mut group = Group::with_title(level.primary_title(&diagnostic.message).id(&code));
        for label in &diagnostic.labels {
            let excerpt = Excerpt::of(&label.source.text, label.span, self.width / 2);
            let snippet = Snippet::source(excerpt.line).line_start(excerpt.number).path(label.source.name.as_ref());
            let text = Some(label.text.as_str()).filter(|text| !text.is_empty());
            group = group.element(snippet.annotation(AnnotationKind::Primary.span(excerpt.mark).label(text)));
        }
        for (kind, text) in &diagnostic.notes {
            let name = kind.name().get(self.language);
            group = group.element(Level::NOTE.with_name(name).message(text.as_str()));
        }
        let renderer = if self.colour { Renderer::styled() } else { Renderer::plain() };
        let mut text = renderer.term_width(self.width).render(&[group]);
        text.push('\n');
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Code, NoteKind, Source, Span};

    const PLAIN: Terminal = Terminal { colour: false, width: 100, language: Language::En };

    fn source(name: &str, text: &str) -> Source {
        Source { name: name.into(), text: text.into() }
    }

    fn mark(source: &Source, text: &str) -> Span {
        let start = source.text.find(text).unwrap();
        Span::new(start, start + text.len())
    }

    fn both_ends() -> Diagnostic {
        let script = source("bgz/15-laboratory.yaml", "test:\n  - assert:\n      expression: low.unit.exists()\n");
        let answer = source("answer #7", "{\n  \"low\": { \"value\": 3.5 }\n}");
        Diagnostic::new(Severity::Error, Code(2104), "`Observation.referenceRange` has no unit")
            .label(&script, mark(&script, "expression"), "this assert")
            .label(&answer, mark(&answer, "{ \"value\": 3.5 }"), "no `unit`")
            .note(NoteKind::Expected, "a Quantity with UCUM code")
            .note(NoteKind::Remedy, "fill `code` with the unit of the result")
    }

    #[test]
    fn a_diagnostic_shows_both_ends() {
        insta::assert_snapshot!(PLAIN.render_as("FAIL", &both_ends()));
    }

    #[test]
    fn the_frame_speaks_dutch() {
        let text = Terminal { language: Language::Nl, ..PLAIN }.render(&both_ends());
        for word in ["fout[KEUR2104]", "= verwacht: ", "= oplossing: "] {
            assert!(text.contains(word), "{word} in\n{text}");
        }
    }

    #[test]
    fn an_answer_in_one_long_line_does_not_flood_the_screen() {
        let long = format!("{{\"entry\":[{}]}}", "{\"resource\":{\"a\":1}},".repeat(10_000) + "{\"total\":7}");
        let answer = source("answer #1", &long);
        let diagnostic = Diagnostic::new(Severity::Error, Code(2000), "wrong `total`").label(
            &answer,
            mark(&answer, "\"total\":7"),
            "here",
        );
        let text = PLAIN.render(&diagnostic);
        assert!(text.lines().all(|line| line.chars().count() <= 110), "{text}");
        assert!(text.contains("answer #1:1:210012"), "{text}");
        insta::assert_snapshot!(text);
    }

    #[test]
    fn without_colour_there_are_no_escapes_and_with_it_the_words_are_the_same() {
        let plain = PLAIN.render(&both_ends());
        let coloured = Terminal { colour: true, ..PLAIN }.render(&both_ends());
        assert!(!plain.contains('\u{1b}'));
        assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), plain);
    }

    #[test]
    fn the_table_is_in_the_order_of_the_severities() {
        assert!(SEVERITIES.iter().enumerate().all(|(at, (severity, ..))| *severity as usize == at));
    }
}
