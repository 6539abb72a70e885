//! How much a reader accepts, so that no input can exhaust the machine.

use super::{ReadError, Span};

/// Bounds on one document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest source, in bytes.
    pub bytes: usize,
    /// Deepest nesting of elements.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        // A Bundle of 100,000 BgZ resources is about 300 MB; FHIR content nests some 20 deep.
        Limits { bytes: 512 * 1024 * 1024, depth: 200 }
    }
}

impl Limits {
    /// Refuses a source that is too large.
    pub fn admit(&self, source: &str) -> Result<(), ReadError> {
        // Spans are 32 bits wide.
        let limit = self.bytes.min(u32::MAX as usize - 1);
        if source.len() <= limit {
            return Ok(());
        }
        let message = format!("{} bytes is more than the limit of {limit} bytes", source.len());
        Err(ReadError::new("", Span::default(), message))
    }

    /// The refusal of a document that nests deeper than allowed.
    pub(super) fn too_deep(&self, source: &str, at: usize) -> ReadError {
        ReadError::new(source, Span::new(at, at), format!("nested deeper than the limit of {} levels", self.depth))
    }
}
