//! Bodies as typed trees: read at most once, shared by every assert that looks at them.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use crate::definitions::{TypeClass, TypeTable, Typed};
use crate::exchange::{Exchange, Headers, TransportErrorKind};
use crate::fhir::{self, Format, Position, ReadError, Span};
use crate::record::TargetPlace;
use crate::testscript::Direction;

use super::code;
use super::finding::Absence;

/// A typed resource, or why there is none.
pub type Content = Result<Arc<Typed>, Absence>;

/// An exchange that a script made, with its bodies as trees once somebody asked for them.
pub struct Kept {
    /// Its number in the run, from 1.
    pub number: u32,
    /// The exchange.
    pub exchange: Exchange,
    types: Arc<TypeTable>,
    request: OnceLock<Content>,
    response: OnceLock<Content>,
}

impl Kept {
    /// Keeps an exchange whose bodies are of this release.
    pub fn new(number: u32, exchange: Exchange, types: Arc<TypeTable>) -> Kept {
        Kept { number, exchange, types, request: OnceLock::new(), response: OnceLock::new() }
    }

    /// The resource in one of its bodies.
    pub fn content(&self, direction: Direction) -> &Content {
        match direction {
            Direction::Request => self.request.get_or_init(|| {
                let request = &self.exchange.request;
                read(&request.body, &request.headers, &self.types, true)
            }),
            Direction::Response => self.response.get_or_init(|| match self.answered() {
                Ok(response) => read(&response.body, &response.headers, &self.types, false),
                Err(absence) => Err(absence),
            }),
        }
    }

    /// The answer, or why there is none.
    pub fn answered(&self) -> Result<&crate::exchange::Response, Absence> {
        self.exchange.result.as_ref().map_err(|error| {
            if error.kind == TransportErrorKind::NotRecorded {
                return Absence::not_evaluated(code::NOT_RECORDED, error.detail.clone());
            }
            let code = NO_ANSWER.iter().find(|(kind, _)| *kind == error.kind).map_or(code::BROKEN, |(_, code)| *code);
            Absence::error(code, error.detail.clone())
        })
    }
}

/// The codes of exchanges without an answer.
const NO_ANSWER: [(TransportErrorKind, crate::diagnostic::Code); 6] = [
    (TransportErrorKind::Url, code::UNSENDABLE),
    (TransportErrorKind::Refused, code::REFUSED),
    (TransportErrorKind::Connect, code::CONNECT),
    (TransportErrorKind::Tls, code::TLS),
    (TransportErrorKind::Timeout, code::TIMEOUT),
    (TransportErrorKind::Broken, code::BROKEN),
];

/// Reads a body as a resource. The Content-Type says the format; where it names none of FHIR's, the
/// first character does.
fn read(body: &Bytes, headers: &Headers, types: &Arc<TypeTable>, request: bool) -> Content {
    let whose = if request { "the request" } else { "the answer" };
    let media_type = headers.get("Content-Type");
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(Absence::error(code::NO_CONTENT, format!("{whose} has no body")));
    }
    let not_fhir = |what: String| Absence::error(code::NOT_FHIR, format!("{whose} is not FHIR: {what}"));
    let said = || media_type.map_or("it has no Content-Type".to_owned(), |m| format!("its Content-Type is `{m}`"));
    let text = std::str::from_utf8(body).map_err(|e| {
        let at = e.valid_up_to();
        not_fhir(format!("byte {at} is not UTF-8 text, and {}", said()))
    })?;
    let stated = media_type.and_then(Format::from_media_type);
    let looks = fhir::sniff(text);
    let Some(format) = looks.or(stated) else {
        return Err(not_fhir(format!("it is neither JSON nor XML, and {}", said())));
    };
    if is_html(text) {
        return Err(not_fhir(format!("it is an HTML page, and {}", said())));
    }
    let document = fhir::read(text, format).map_err(|error| {
        let message = format!("{whose} cannot be read: {error} (line {})", error.position.line);
        let mut absence = Absence::error(code::MALFORMED, message);
        absence.target = Some(place_of_error(&error, request));
        absence
    })?;
    let Some(resource_type) = document.root().resource_type() else {
        return Err(not_fhir("it is JSON without `resourceType`".to_owned()));
    };
    let known = |name: &str| types.type_named(name).is_some_and(|t| types.get(t).class == TypeClass::Resource);
    if !known(resource_type) {
        return Err(not_fhir(format!("`{resource_type}` is not a resource type of {}", types.version())));
    }
    Ok(Arc::new(Typed::new(document, types.clone())))
}

fn is_html(text: &str) -> bool {
    let start = text.trim_start_matches('\u{feff}').trim_start();
    let begins = |prefix: &str| start.get(..prefix.len()).is_some_and(|s| s.eq_ignore_ascii_case(prefix));
    begins("<!doctype html") || begins("<html")
}

fn place_of_error(error: &ReadError, request: bool) -> TargetPlace {
    let Position { line, column } = error.position;
    let span: Span = error.span;
    TargetPlace { request, line, column, path: String::new(), span: (span.start() as u32, span.end() as u32) }
}

/// A text that can be sent: a fixture with its placeholders filled in, or what a rule made.
pub struct Document {
    /// The text.
    pub text: Arc<str>,
    /// Its format.
    pub format: Format,
    typed: OnceLock<Content>,
}

impl Document {
    /// A text in a format.
    pub fn new(text: impl Into<Arc<str>>, format: Format) -> Document {
        Document { text: text.into(), format, typed: OnceLock::new() }
    }

    /// The resource in it; `name` is how the script calls it.
    pub fn content(&self, name: &str, types: &Arc<TypeTable>) -> &Content {
        self.typed.get_or_init(|| {
            let document = fhir::read(self.text.clone(), self.format).map_err(|error| {
                let line = error.position.line;
                Absence::error(code::REQUEST_BODY, format!("fixture `{name}` cannot be read: {error} (line {line})"))
            })?;
            Ok(Arc::new(Typed::new(document, types.clone())))
        })
    }

    /// The text in the wanted format: as it is, or converted by its types.
    pub fn written(&self, format: Format, name: &str, types: &Arc<TypeTable>) -> Result<Bytes, Absence> {
        if format == self.format {
            return Ok(Bytes::copy_from_slice(self.text.as_bytes()));
        }
        let typed = self.content(name, types).clone()?;
        Ok(Bytes::from(write(&typed, format)))
    }
}

/// A typed resource as text.
pub fn write(typed: &Typed, format: Format) -> String {
    match format {
        Format::Xml => fhir::xml::write(typed.root(), typed),
        Format::Json | Format::Yaml => fhir::json::write(typed.root(), typed, fhir::json::Layout::Pretty),
    }
}
