//! `keur.toml`.

use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostic::{Diagnostic, NoteKind, Source, Span, nearest};

use super::super::problem;
use super::entries::{Entry, TABLES};
use super::{DECLARATIONS, Given, Key, Origin, Shape};

/// What a file gives.
#[derive(Default)]
pub(super) struct Content {
    /// Settings, in its order.
    pub(super) given: Vec<(Key, Given)>,
    /// Entries of tables.
    pub(super) entries: Vec<Entry>,
}

/// Tables that other rooms read: how to log in is for `auth`.
pub(super) const ELSEWHERE: [&str; 2] = ["login", "terminology-login"];

/// The file as a source, where it can be read.
pub(super) fn source(path: &Path) -> Option<Source> {
    let text = std::fs::read_to_string(path).ok()?;
    Some(Source { name: path.display().to_string().into(), text: text.into() })
}

/// What the file gives; what is wrong with it goes to `problems`.
pub(super) fn read(path: &Path, problems: &mut Vec<Diagnostic>) -> Content {
    let name = path.display().to_string();
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            problems.push(problem::error(problem::SETTINGS, format!("`{name}` cannot be read: {error}")));
            return Content::default();
        }
    };
    let source = Source { name: name.into(), text: Arc::from(text.as_str()) };
    let table = match DeTable::parse(&text) {
        Ok(table) => table.into_inner(),
        Err(error) => {
            let span = error.span().map_or(Span::default(), |span| Span::new(span.start, span.end));
            let message = format!("`{}` is not TOML: {}", source.name, error.message().replace('\n', ", "));
            problems.push(problem::error(problem::SETTINGS, message).label(&source, span, ""));
            return Content::default();
        }
    };
    let mut reader = Reader { source, given: vec![], entries: vec![], problems };
    reader.table(&table);
    Content { given: reader.given, entries: reader.entries }
}

struct Reader<'p> {
    source: Source,
    given: Vec<(Key, Given)>,
    entries: Vec<Entry>,
    problems: &'p mut Vec<Diagnostic>,
}

impl Reader<'_> {
    fn table(&mut self, table: &DeTable<'_>) {
        // In the order of the file, which the map does not keep.
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(name, _)| name.span().start);
        for (name, value) in entries.into_iter().filter(|(name, _)| !ELSEWHERE.contains(&name.get_ref().as_ref())) {
            if let Some((table, fields)) = TABLES.iter().find(|(table, _)| *table == name.get_ref().as_ref()) {
                self.entries(table, fields, value);
                continue;
            }
            let Some(declaration) = DECLARATIONS.iter().find(|d| d.name == name.get_ref().as_ref()) else {
                let names = DECLARATIONS.iter().map(|declaration| declaration.name);
                self.unknown(name, &names.chain(TABLES.iter().map(|(table, _)| *table)).collect::<Vec<_>>());
                continue;
            };
            match (declaration.shape, value.get_ref()) {
                (Shape::Named, DeValue::Table(entries)) => {
                    let mut entries: Vec<_> = entries.iter().collect();
                    entries.sort_by_key(|(name, _)| name.span().start);
                    for (entry, value) in entries {
                        if let Some(text) = self.scalar(value) {
                            self.give(declaration.key, format!("{}={text}", entry.get_ref()), value);
                        }
                    }
                }
                (Shape::Many, DeValue::Array(values)) => {
                    for value in values {
                        if let Some(text) = self.scalar(value) {
                            self.give(declaration.key, text, value);
                        }
                    }
                }
                (Shape::Named, _) => self.wrong(value, "a table: `name = \"value\"` on lines of their own"),
                (Shape::Many | Shape::One, _) => {
                    if let Some(text) = self.scalar(value) {
                        self.give(declaration.key, text, value);
                    }
                }
            }
        }
    }

    /// The entries of a table of entries.
    fn entries(&mut self, table: &'static str, fields: &'static [&'static str], value: &Spanned<DeValue<'_>>) {
        let DeValue::Array(values) = value.get_ref() else {
            self.wrong(value, &format!("entries, each under `[[{table}]]`"));
            return;
        };
        for value in values {
            let DeValue::Table(given) = value.get_ref() else {
                self.wrong(value, &format!("an entry under `[[{table}]]`"));
                continue;
            };
            let span_of = span(value.span());
            let mut entry = Entry { table, fields: Default::default(), source: self.source.clone(), span: span_of };
            for (name, value) in given {
                if !fields.contains(&name.get_ref().as_ref()) {
                    self.unknown(name, fields);
                } else if let Some(text) = self.scalar(value) {
                    entry.fields.insert(name.get_ref().to_string(), (text, span(value.span())));
                }
            }
            self.entries.push(entry);
        }
    }

    fn give(&mut self, key: Key, text: String, value: &Spanned<DeValue<'_>>) {
        let origin = Origin::File(self.source.clone(), span(value.span()));
        self.given.push((key, Given { text, origin }));
    }

    /// A text, number or boolean as its text.
    fn scalar(&mut self, value: &Spanned<DeValue<'_>>) -> Option<String> {
        match value.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            DeValue::Integer(number) => Some(number.as_str().to_owned()),
            DeValue::Float(number) => Some(number.as_str().to_owned()),
            DeValue::Boolean(truth) => Some(truth.to_string()),
            DeValue::Datetime(moment) => Some(moment.to_string()),
            _ => {
                self.wrong(value, "a text, a number or a boolean");
                None
            }
        }
    }

    fn wrong(&mut self, value: &Spanned<DeValue<'_>>, expected: &str) {
        let message = format!("a value is {} where it cannot be", value.get_ref().type_str());
        let diagnostic = problem::error(problem::SETTING_VALUE, message);
        let diagnostic = diagnostic.label(&self.source, span(value.span()), "");
        self.problems.push(diagnostic.note(NoteKind::Expected, expected));
    }

    fn unknown(&mut self, name: &Spanned<std::borrow::Cow<'_, str>>, known: &[&str]) {
        let key = name.get_ref();
        let mut diagnostic = problem::warning(problem::SETTING_UNKNOWN, format!("there is no setting `{key}`"));
        let near = nearest(key, known.iter().copied());
        let text = near.map_or(String::new(), |near| format!("`{near}`?"));
        diagnostic = diagnostic.label(&self.source, span(name.span()), text);
        self.problems.push(diagnostic);
    }
}

fn span(range: std::ops::Range<usize>) -> Span {
    Span::new(range.start, range.end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Severity;

    fn problems(text: &str) -> Vec<Diagnostic> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keur.toml");
        std::fs::write(&path, text).unwrap();
        let mut problems = vec![];
        read(&path, &mut problems);
        problems
    }

    #[test]
    fn an_unknown_key_is_a_warning_with_the_nearest_one() {
        let found = problems("targett = \"http://x\"\n");
        assert_eq!((found[0].severity, found[0].code), (Severity::Warning, problem::SETTING_UNKNOWN));
        assert_eq!(found[0].labels[0].text, "`target`?");
        assert_eq!(found[0].labels[0].span, Span::new(0, 7));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (text, code, at) in [
            ("target = ", problem::SETTINGS, None),
            ("target = [1]", problem::SETTING_VALUE, Some(9)),
            ("token = \"x\"", problem::SETTING_VALUE, Some(8)),
            ("[var]\nx = {}", problem::SETTING_VALUE, Some(10)),
        ] {
            let found = problems(text);
            assert_eq!((found.len(), found[0].code, found[0].severity), (1, code, Severity::Error), "{text}");
            if let Some(at) = at {
                assert_eq!(found[0].labels[0].span.start(), at, "{text}");
            }
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_an_error() {
        let mut found = vec![];
        read(Path::new("no/such/keur.toml"), &mut found);
        assert_eq!(found[0].code, problem::SETTINGS);
    }
}
