//! Faults of the answer as HTTP.

use bytes::Bytes;

use crate::exchange::{Headers, Response};
use crate::fhir::Format;
use crate::simulator::reply::outcome;

/// Replaces a header field, or takes it away.
fn set(response: &mut Response, name: &str, value: Option<&str>) {
    let kept = response.headers.iter().filter(|(n, _)| !n.eq_ignore_ascii_case(name));
    let mut headers: Headers = kept.collect();
    if let Some(value) = value {
        headers.push(name, value);
    }
    response.headers = headers;
}

fn failed(response: &mut Response, status: u16, code: &str, diagnostics: &str) {
    let format = response.headers.get("Content-Type").and_then(Format::from_media_type).unwrap_or(Format::Json);
    response.status = status;
    response.body = outcome(format, "error", code, diagnostics).into();
    let content_type = format!("{}; charset=utf-8", format.media_type());
    set(response, "Content-Type", Some(&content_type));
}

pub(super) fn status_500(response: &mut Response) {
    failed(response, 500, "exception", "the server failed");
}

pub(super) fn not_found(response: &mut Response) {
    failed(response, 404, "not-found", "there is nothing here");
}

pub(super) fn unauthorized(response: &mut Response) {
    failed(response, 401, "login", "the access token has expired");
    set(response, "WWW-Authenticate", Some("Bearer realm=\"keur\", error=\"invalid_token\""));
}

pub(super) fn ok_for_error(response: &mut Response) {
    if response.status >= 400 {
        response.status = 200;
    }
}

pub(super) fn redirect(response: &mut Response) {
    response.status = 302;
    response.body = Bytes::new();
    set(response, "Location", Some("http://127.0.0.1:9/login"));
    set(response, "Content-Type", None);
}

pub(super) fn html(response: &mut Response) {
    response.body =
        Bytes::from_static(b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Sign in</body></html>\n");
    set(response, "Content-Type", Some("text/html; charset=utf-8"));
}

pub(super) fn truncated(response: &mut Response) {
    response.body.truncate(response.body.len() / 2);
}

pub(super) fn empty(response: &mut Response) {
    response.body = Bytes::new();
}

pub(super) fn invalid_utf8(response: &mut Response) {
    let mut body = response.body.to_vec();
    // In the middle of the first text there is.
    if let Some(at) = body.iter().rposition(|b| b.is_ascii_alphanumeric()) {
        body[at] = 0xff;
    }
    response.body = body.into();
}

pub(super) fn wrong_content_type(response: &mut Response) {
    set(response, "Content-Type", Some("text/plain; charset=utf-8"));
}

pub(super) fn no_content_type(response: &mut Response) {
    set(response, "Content-Type", None);
}
