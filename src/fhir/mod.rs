//! FHIR as bytes and as a tree, whatever the version: readers, writers, primitives, references.
//!
//! Nothing in this room knows what an element means; that is `definitions`' work. What comes in from
//! outside (an answer, a fixture, a script) becomes a [`Document`] here or is refused with a
//! [`ReadError`] that says where.

pub mod json;
pub mod limits;
mod members;
pub mod narrative;
pub mod primitive;
pub mod reference;
pub mod shape;
#[cfg(test)]
mod tests;
mod tree;
mod version;
pub mod xml;
pub mod yaml;

pub use crate::diagnostic::{LineIndex, Position, Span};
pub use limits::Limits;
pub use shape::Shape;
pub use tree::{Builder, Children, Document, Irregularity, IrregularityKind, Kind, NameId, NodeId, NodeRef};
pub use version::FhirVersion;

/// How a tree is written down.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Format {
    /// <http://hl7.org/fhir/STU3/json.html>
    Json,
    /// <http://hl7.org/fhir/STU3/xml.html>
    Xml,
    /// JSON's shape in YAML, for scripts written by hand.
    Yaml,
}

impl Format {
    /// The format a media type or `_format` value asks for (`application/fhir+json`, `xml`, …).
    pub fn from_media_type(media_type: &str) -> Option<Format> {
        let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        // A `+` in a query string arrives as a space when decoded as a form.
        match essence.replace(' ', "+").as_str() {
            "json" | "application/json" | "application/fhir+json" | "application/json+fhir" | "text/json" => {
                Some(Format::Json)
            }
            "xml" | "application/xml" | "application/fhir+xml" | "application/xml+fhir" | "text/xml" => {
                Some(Format::Xml)
            }
            _ => None,
        }
    }

    /// The format a file name's extension names.
    pub fn from_path(path: &std::path::Path) -> Option<Format> {
        match path.extension()?.to_str()? {
            "json" => Some(Format::Json),
            "xml" => Some(Format::Xml),
            "yaml" | "yml" => Some(Format::Yaml),
            _ => None,
        }
    }

    /// The FHIR media type, without parameters.
    pub fn media_type(self) -> &'static str {
        match self {
            Format::Json => "application/fhir+json",
            Format::Xml => "application/fhir+xml",
            Format::Yaml => "application/yaml",
        }
    }
}

/// Why a text is not a tree: what is wrong and at which byte.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ReadError {
    /// What is wrong, in a sentence fragment without a full stop.
    pub message: String,
    /// The bytes concerned.
    pub span: Span,
    /// Line and column of their start.
    pub position: Position,
}

impl ReadError {
    pub(crate) fn new(source: &str, span: Span, message: impl Into<String>) -> Self {
        let position = LineIndex::default().position(source, span.start());
        ReadError { message: message.into(), span, position }
    }
}

/// Reads a text in a known format, with the default [`Limits`].
pub fn read(source: impl Into<std::sync::Arc<str>>, format: Format) -> Result<Document, ReadError> {
    read_within(source.into(), format, &Limits::default())
}

/// Reads a text in a known format.
pub fn read_within(source: std::sync::Arc<str>, format: Format, limits: &Limits) -> Result<Document, ReadError> {
    limits.admit(&source)?;
    match format {
        Format::Json => json::read(source, limits),
        Format::Xml => xml::read(source, limits),
        Format::Yaml => yaml::read(source, limits),
    }
}

/// Guesses JSON or XML from the first character that is not white space.
pub fn sniff(source: &str) -> Option<Format> {
    match source.trim_start_matches('\u{feff}').trim_start().chars().next()? {
        '{' => Some(Format::Json),
        '<' => Some(Format::Xml),
        _ => None,
    }
}
