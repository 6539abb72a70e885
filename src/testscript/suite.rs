//! `suite.toml`: what a suite of our own is about, beside its scripts.
//!
//! ```toml
//! name = "bgz-3.0"
//! title.en = "Basic health data"
//! title.nl = "Basisgegevens zorg"
//! service = 48            # id of the MedMij data service; left out where there is none
//! vipp = ["5.3"]          # modules of the VIPP programme that ask for it
//! fhir_version = "3.0"
//! persons = "bgz-3.0"     # folder of its test persons under `fixtures`
//! ```
//! A suite has its scripts in a folder for each part: `serving` (the server is tested, with the suite's own
//! test persons), `any-person` (the same with whatever persons it has), `retrieving` (the client is).

use std::path::Path;

use serde::Deserialize;

use crate::diagnostic::{Diagnostic, NoteKind, Severity, Source, Span};
use crate::fhir::FhirVersion;

use super::problem::{self, unplaced};
use super::source::{Reason, ScriptSource};

/// The name of the file.
pub const FILE: &str = "suite.toml";

/// What `suite.toml` says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SuiteCard {
    /// Its name, that of its folder: `bgz-3.0`.
    pub name: String,
    /// What people call it.
    pub title: Title,
    /// Id of the MedMij data service, if it is one.
    pub service: Option<u32>,
    /// Modules of the VIPP programme that ask for it: `5.3`.
    pub vipp: Vec<String>,
    /// FHIR version of the exchange.
    pub fhir_version: FhirVersion,
    /// Folder of its test persons under `fixtures`.
    pub persons: Option<String>,
}

/// A name in both languages.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Title {
    /// English.
    pub en: String,
    /// Dutch.
    pub nl: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    title: Title,
    service: Option<u32>,
    #[serde(default)]
    vipp: Vec<String>,
    fhir_version: toml::Spanned<String>,
    persons: Option<String>,
}

impl SuiteCard {
    /// The card of a folder; None where there is none, the problem where it cannot be used.
    pub fn of(folder: &Path, files: &dyn ScriptSource) -> Option<Result<SuiteCard, Box<Diagnostic>>> {
        let path = folder.join(FILE);
        let text = match files.read(&path) {
            Ok(text) => text,
            Err(error) if matches!(error.reason, Reason::Absent) => return None,
            Err(error) => {
                return Some(Err(Box::new(unplaced(Severity::Error, problem::SUITE, error.to_string()))));
            }
        };
        Some(SuiteCard::parse(&Source { name: path.to_string_lossy().into(), text }))
    }

    fn parse(source: &Source) -> Result<SuiteCard, Box<Diagnostic>> {
        let wrong = |message: String, span: Option<std::ops::Range<usize>>| {
            let span = span.map_or(Span::default(), |span| Span::new(span.start, span.end));
            unplaced(Severity::Error, problem::SUITE, message).label(source, span, "")
        };
        let written: Written = toml::from_str(&source.text).map_err(|error| {
            let message = error.message().replace('\n', ", ");
            Box::new(wrong(format!("`{FILE}` cannot be used: {message}"), error.span()))
        })?;
        let number = written.fhir_version.get_ref();
        let fhir_version = FhirVersion::parse(number).ok_or_else(|| {
            let message = format!("`{number}` is not a FHIR version keur knows");
            let known: Vec<String> = FhirVersion::ALL.iter().map(|v| format!("`{}`", v.number())).collect();
            Box::new(wrong(message, Some(written.fhir_version.span())).note(NoteKind::Expected, known.join(" or ")))
        })?;
        let Written { name, title, service, vipp, persons, .. } = written;
        Ok(SuiteCard { name, title, service, vipp, fhir_version, persons })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testscript::source::Carried;

    const WHOLE: &str = "name = 'a-1.0'\ntitle.en = 'A'\ntitle.nl = 'Een A'\nservice = 48\nvipp = ['5.3']\nfhir_version = '4.0'\npersons = 'a'\n";

    fn card(text: &str) -> Option<Result<SuiteCard, Box<Diagnostic>>> {
        SuiteCard::of(Path::new("s/a-1.0"), &Carried::new([("s/a-1.0/suite.toml", text)]))
    }

    #[test]
    fn a_card_says_what_a_suite_is_about() {
        let wanted = SuiteCard {
            name: "a-1.0".into(),
            title: Title { en: "A".into(), nl: "Een A".into() },
            service: Some(48),
            vipp: vec!["5.3".into()],
            fhir_version: FhirVersion::R4,
            persons: Some("a".into()),
        };
        assert_eq!(card(WHOLE).expect("it is there").expect("it is good"), wanted);
        assert!(SuiteCard::of(Path::new("s/b"), &Carried::new([("s/a/suite.toml", WHOLE)])).is_none());
        let least = "name = 'a'\ntitle = {en = 'A', nl = 'A'}\nfhir_version = '3.0'";
        let least = card(least).expect("it is there").expect("it is good");
        assert_eq!((least.service, least.vipp.len(), least.persons), (None, 0, None));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (text, message, marked) in [
            (
                WHOLE.replace("48", "'x'"),
                "`suite.toml` cannot be used: invalid type: string \"x\", expected u32",
                "'x'",
            ),
            (WHOLE.replace("4.0", "R9"), "`R9` is not a FHIR version keur knows", "'R9'"),
            (format!("{WHOLE}x = 1\n"), "`suite.toml` cannot be used: unknown field `x`", "x"),
        ] {
            let problem = card(&text).expect("it is there").expect_err("it is wrong");
            assert!(problem.message.starts_with(message), "{}", problem.message);
            assert_eq!(&text[problem.labels[0].span.range()], marked, "{text}");
        }
    }
}
