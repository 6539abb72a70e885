//! An answer before it is put on the wire.

use bytes::Bytes;

use super::call::Presentation;
use super::refusal::Refusal;
use super::stored::{Stored, instant};
use super::wire::Wire;
use crate::definitions::{TypeTable, Typed};
use crate::exchange::Response;
use crate::fhir::{Format, json, read, xml};
use std::sync::Arc;

/// Status, header fields and a resource (XML without its declaration), or none.
pub(super) struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Option<Bytes>,
    /// The body is no FHIR and goes out as it is, under a Content-Type of its own.
    pub native: bool,
}

impl Reply {
    /// An answer with a resource that has just been written down.
    pub fn new(status: u16, body: String) -> Reply {
        Reply { status, headers: vec![], body: Some(body.into()), native: false }
    }

    /// An answer without a body.
    pub fn empty(status: u16) -> Reply {
        Reply { status, headers: vec![], body: None, native: false }
    }

    /// A resource with its version and time.
    pub fn stored(status: u16, resource: &Stored, format: Format) -> Reply {
        Reply { status, headers: version_headers(resource), body: Some(resource.bytes(format).clone()), native: false }
    }

    /// The OperationOutcome of a refusal.
    pub fn refused(refusal: &Refusal, format: Format) -> Reply {
        let body = outcome(format, "error", refusal.code, &refusal.diagnostics);
        Reply { status: refusal.status, headers: refusal.headers.clone(), body: Some(body.into()), native: false }
    }

    /// Puts it on the wire.
    pub fn into_response(self, presentation: Presentation, types: &Arc<TypeTable>) -> Response {
        let format = presentation.format;
        let mut headers: crate::exchange::Headers = self.headers.into_iter().collect();
        // Person data must not stay behind in caches: https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2.5.
        headers.push("Cache-Control", "no-store");
        let body = match self.body {
            None => Bytes::new(),
            Some(body) if self.native => body,
            Some(body) => {
                headers.push("Content-Type", format!("{}; charset=utf-8", format.media_type()));
                match (presentation.pretty, format) {
                    (true, _) => pretty(&body, format, types),
                    (false, Format::Xml) => [DECLARATION.as_bytes(), &body].concat().into(),
                    (false, _) => body,
                }
            }
        };
        Response { status: self.status, headers, body }
    }
}

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// The headers that say which version of a resource this is.
pub(super) fn version_headers(resource: &Stored) -> Vec<(&'static str, String)> {
    let modified = resource.last_updated.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    vec![("ETag", resource.etag()), ("Last-Modified", modified)]
}

fn pretty(body: &Bytes, format: Format, types: &Arc<TypeTable>) -> Bytes {
    let text = String::from_utf8_lossy(body);
    let Ok(document) = read(&*text, format) else { return body.clone() };
    let tree = Typed::new(document, types.clone());
    match format {
        Format::Xml => xml::write(tree.root(), &tree).into(),
        _ => json::write(tree.root(), &tree, json::Layout::Pretty).into(),
    }
}

/// An OperationOutcome with one issue.
pub(super) fn outcome(format: Format, severity: &str, code: &str, diagnostics: &str) -> String {
    Wire::resource(format, "OperationOutcome", |w| {
        w.objects("issue", [()], |w, ()| {
            w.text("severity", severity);
            w.text("code", code);
            w.text("diagnostics", diagnostics);
        });
    })
}

/// The time of an answer.
pub(super) fn now() -> String {
    instant(jiff::Timestamp::now())
}
