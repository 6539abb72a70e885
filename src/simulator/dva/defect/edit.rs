//! Tools that faults are made with: small changes of requests and answers, as text.

use crate::exchange::{Headers, Request, Response};
use crate::simulator::dva::answer::set;
use crate::simulator::dva::form::{Parameters, path};

/// The body as text.
pub(super) fn text(response: &Response) -> String {
    String::from_utf8_lossy(&response.body).into_owned()
}

/// Replaces the first occurrence of a text in the body.
pub(super) fn replace(response: &mut Response, from: &str, to: &str) {
    response.body = text(response).replacen(from, to, 1).into();
}

/// Replaces every occurrence.
pub(super) fn replace_all(response: &mut Response, from: &str, to: &str) {
    response.body = text(response).replace(from, to).into();
}

/// Replaces what stands between two texts, the first time they are there.
pub(super) fn replace_between(response: &mut Response, before: &str, after: &str, with: &str) {
    let body = text(response);
    let Some((head, rest)) = body.split_once(before) else { return };
    let Some((_, tail)) = rest.split_once(after) else { return };
    response.body = format!("{head}{before}{with}{after}{tail}").into();
}

/// Takes a header field away.
pub(super) fn without(response: &mut Response, name: &str) {
    set(response, name, None);
}

/// Sets a header field of a request, or takes it away.
pub(super) fn ask(request: &mut Request, name: &str, value: Option<&str>) {
    let kept = request.headers.iter().filter(|(n, _)| !n.eq_ignore_ascii_case(name));
    let mut headers: Headers = kept.collect();
    if let Some(value) = value {
        headers.push(name, value);
    }
    request.headers = headers;
}

/// Changes the JSON object of an answer.
pub(super) fn json(response: &mut Response, change: impl FnOnce(&mut serde_json::Map<String, serde_json::Value>)) {
    let Ok(serde_json::Value::Object(mut members)) = serde_json::from_slice(&response.body) else { return };
    change(&mut members);
    response.body = serde_json::Value::Object(members).to_string().into();
}

/// A value of the query.
pub(super) fn parameter(request: &Request, name: &str) -> Option<String> {
    Parameters::of_query(request).get(name).map(str::to_owned)
}

/// A value of the query or the form.
pub(super) fn form(request: &Request, name: &str) -> Option<String> {
    Parameters::of_form(request).get(name).map(str::to_owned)
}

/// Parts of the path: `["Patient", "1"]`.
pub(super) fn segments(request: &Request) -> Vec<&str> {
    path(&request.url).split('/').filter(|part| !part.is_empty()).collect()
}

/// The request is for one resource by its id.
pub(super) fn is_read(request: &Request) -> bool {
    matches!(segments(request).as_slice(), [kind, id] if is_type(kind) && !id.starts_with(['$', '_']))
}

/// The request is for a whole type.
pub(super) fn is_search(request: &Request) -> bool {
    matches!(segments(request).as_slice(), [kind, rest @ ..] if is_type(kind) && (rest.is_empty() || rest[0].starts_with(['$', '_'])))
}

fn is_type(segment: &str) -> bool {
    segment.starts_with(|c: char| c.is_ascii_uppercase())
}

/// The request is for the CapabilityStatement.
pub(super) fn is_metadata(request: &Request) -> bool {
    segments(request) == ["metadata"]
}

/// The answer is XML.
pub(super) fn is_xml(response: &Response) -> bool {
    response.headers.get("Content-Type").is_some_and(|kind| kind.contains("xml"))
}

/// Makes an answer an empty success.
pub(super) fn empty_success(response: &mut Response) {
    response.status = 200;
    set(response, "Content-Type", Some("application/fhir+json; charset=utf-8"));
    response.body = r#"{"resourceType":"Bundle","type":"searchset","total":0}"#.into();
}
