//! Entries of `keur.toml` that come in tables: `[[known]]` failures and what people saw (`[[manual]]`).

use std::collections::BTreeMap;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::diagnostic::{Diagnostic, NoteKind, Source, Span};
use crate::report::{KnownFailure, Observation, Pattern, Picture};

use super::super::problem;

/// The tables and their fields.
pub(super) const TABLES: [(&str, &[&str]); 2] = [
    ("known", &["path", "test", "action", "reason", "reference", "expires"]),
    ("manual", &["requirement", "met", "text", "name", "date", "picture"]),
];

/// Media types of pictures by the first bytes of the file.
const PICTURES: [(&[u8], &str); 4] = [
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"RIFF", "image/webp"),
];

/// Most bytes of a picture.
const PICTURE: usize = 10 * 1024 * 1024;

/// An entry as it stands in the file.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Which table.
    pub(super) table: &'static str,
    /// Its fields.
    pub(super) fields: BTreeMap<String, (String, Span)>,
    /// The file.
    pub(super) source: Source,
    /// The entry.
    pub(super) span: Span,
}

impl Entry {
    fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(|(text, _)| text.trim()).filter(|text| !text.is_empty())
    }

    fn needed(&self, name: &str, problems: &mut Vec<Diagnostic>) -> String {
        let value = self.field(name).map(str::to_owned);
        if value.is_none() {
            let message = format!("an entry of `[[{}]]` has no `{name}`", self.table);
            problems.push(problem::error(problem::SETTING_VALUE, message).label(&self.source, self.span, ""));
        }
        value.unwrap_or_default()
    }

    fn wrong(&self, name: &str, expected: &str, problems: &mut Vec<Diagnostic>) {
        let Some((text, span)) = self.fields.get(name) else { return };
        let message = format!("`{name}` cannot be `{text}`");
        let diagnostic = problem::error(problem::SETTING_VALUE, message).label(&self.source, *span, "");
        problems.push(diagnostic.note(NoteKind::Expected, expected));
    }

    fn date(&self, name: &str, problems: &mut Vec<Diagnostic>) -> String {
        let text = self.needed(name, problems);
        let date = text.parse::<jiff::civil::Date>();
        if !text.is_empty() && date.is_err() {
            self.wrong(name, "a date such as `2027-01-31`", problems);
        }
        date.map(|date| date.to_string()).unwrap_or_default()
    }

    fn known(&self, problems: &mut Vec<Diagnostic>) -> KnownFailure {
        let pattern = |name| self.field(name).map_or(Pattern::any(), Pattern::new);
        if ["path", "test", "action"].iter().all(|name| self.field(name).is_none()) {
            let message = "an entry of `[[known]]` says nothing of `path`, `test` or `action`";
            problems.push(problem::error(problem::SETTING_VALUE, message).label(&self.source, self.span, ""));
        }
        KnownFailure {
            path: pattern("path"),
            test: pattern("test"),
            action: pattern("action"),
            reason: self.needed("reason", problems),
            reference: self.needed("reference", problems),
            expires: self.date("expires", problems),
        }
    }

    fn observation(&self, problems: &mut Vec<Diagnostic>) -> Observation {
        let met = self.needed("met", problems);
        if !matches!(met.as_str(), "true" | "false" | "") {
            self.wrong("met", "`true` or `false`", problems);
        }
        Observation {
            requirement: self.needed("requirement", problems),
            met: met == "true",
            text: self.needed("text", problems),
            name: self.needed("name", problems),
            date: self.date("date", problems),
            picture: self.field("picture").and_then(|path| self.picture(path, problems)),
        }
    }

    fn picture(&self, path: &str, problems: &mut Vec<Diagnostic>) -> Option<Picture> {
        // Beside the settings file, where it is not absolute.
        let folder = Path::new(&*self.source.name).parent().unwrap_or(Path::new(""));
        let bytes = match std::fs::read(folder.join(path)) {
            Ok(bytes) if bytes.len() <= PICTURE => bytes,
            Ok(_) => {
                self.wrong("picture", "a picture of at most 10 MB", problems);
                return None;
            }
            Err(error) => {
                self.wrong("picture", &format!("a file that can be read: {error}"), problems);
                return None;
            }
        };
        let Some((_, media_type)) = PICTURES.iter().find(|(first, _)| bytes.starts_with(first)) else {
            self.wrong("picture", "a PNG, JPEG, GIF or WebP picture", problems);
            return None;
        };
        let name = Path::new(path).file_name().map_or(path.into(), |name| name.to_string_lossy().into_owned());
        let sha256 = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        Some(Picture { name, sha256, media_type, bytes })
    }
}

/// The known failures.
pub(super) fn known(entries: &[Entry], problems: &mut Vec<Diagnostic>) -> Vec<KnownFailure> {
    entries.iter().filter(|entry| entry.table == "known").map(|entry| entry.known(problems)).collect()
}

/// What people saw.
pub(super) fn observations(entries: &[Entry], problems: &mut Vec<Diagnostic>) -> Vec<Observation> {
    entries.iter().filter(|entry| entry.table == "manual").map(|entry| entry.observation(problems)).collect()
}
