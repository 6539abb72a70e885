//! Answers that are no FHIR: pages, redirects, JSON.

use crate::exchange::{Headers, Response};

/// Header fields of everything on the frontchannel: pages that nobody frames, keeps or guesses at, and
/// whose address nobody learns.
const FRONT: [(&str, &str); 6] = [
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    ("Referrer-Policy", "no-referrer"),
    ("Strict-Transport-Security", "max-age=31536000"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
];

/// A page.
pub(super) fn page(status: u16, html: String) -> Response {
    let mut headers: Headers = FRONT.into_iter().collect();
    headers.push("Content-Type", "text/html; charset=utf-8");
    Response { status, headers, body: html.into() }
}

/// The user agent is sent on.
pub(super) fn redirect(location: &str) -> Response {
    let mut headers: Headers = FRONT.into_iter().collect();
    headers.push("Location", location);
    Response { status: 302, headers, body: Default::default() }
}

/// JSON that nobody keeps (RFC 6749 section 5.1).
pub(super) fn json(status: u16, value: &serde_json::Value) -> Response {
    let fields = [("Cache-Control", "no-store"), ("Pragma", "no-cache"), ("Content-Type", "application/json")];
    Response { status, headers: fields.into_iter().collect(), body: value.to_string().into() }
}

/// A refusal of a token endpoint (RFC 6749 section 5.2).
pub(super) fn token_error(error: &str, description: &str) -> Response {
    let status = if error == "invalid_client" { 401 } else { 400 };
    json(status, &serde_json::json!({ "error": error, "error_description": description }))
}

/// A document of this media type.
pub(super) fn document(media_type: &str, body: Vec<u8>) -> Response {
    Response { status: 200, headers: [("Content-Type", media_type)].into_iter().collect(), body: body.into() }
}

/// A plain refusal.
pub(super) fn refused(status: u16, why: &str) -> Response {
    let fields = [("Cache-Control", "no-store"), ("Content-Type", "text/plain; charset=utf-8")];
    Response { status, headers: fields.into_iter().collect(), body: format!("{why}\n").into() }
}

/// Replaces a header field, or takes it away.
pub(super) fn set(response: &mut Response, name: &str, value: Option<&str>) {
    let kept = response.headers.iter().filter(|(n, _)| !n.eq_ignore_ascii_case(name));
    let mut headers: Headers = kept.collect();
    if let Some(value) = value {
        headers.push(name, value);
    }
    response.headers = headers;
}
