//! YAML with JSON's shape, for scripts and fixtures written by hand.

use std::sync::Arc;

use super::{Document, Limits, ReadError, Span};

/// Reads one YAML mapping.
pub fn read(source: Arc<str>, _limits: &Limits) -> Result<Document, ReadError> {
    Err(ReadError::new(&source, Span::default(), "YAML is not read yet"))
}
