//! Faults against the national API requirements.

use std::sync::atomic::{AtomicU64, Ordering};

use super::edit::{ask, is_metadata, is_read, is_search, is_xml, replace, replace_all, replace_between, without};
use super::{Fault, row};
use crate::exchange::{Request, Response};
use crate::simulator::dva::answer::set;
use crate::simulator::dva::policy::{Place, Rule};
use crate::simulator::dva::resource::encode;

use Place::{Resource, Sandbox, Wire};

#[rustfmt::skip]
pub(super) static FAULTS: &[Fault] = &[
    row("API-01", "XML is answered with JSON", |p| p.request(Resource, no_xml)),
    row("API-02", "XML has no birth date", |p| p.answer(Resource, xml_loses)),
    row("API-03", "of two formats the one that is liked less is given", |p| p.request(Resource, less_liked)),
    row("API-04", "a format that is not FHIR is answered with JSON", |p| p.request(Resource, any_accept)),
    row("API-05", "errors have no Content-Type", |p| p.answer(Resource, |_, a| if a.status >= 400 { without(a, "Content-Type") })),
    row("API-06", "gzip is not known", |p| p.codings = vec!["deflate"]),
    row("API-07", "deflate is not known", |p| p.codings = vec!["gzip"]),
    row("API-08", "answers are compressed for everybody", |p| p.answer(Wire, |_, a| if a.headers.get("Content-Encoding").is_none() { encode(a, "gzip") })),
    row("API-09", "the CapabilityStatement says twice of which kind it is", |p| p.answer(Resource, |r, a| if is_metadata(r) { replace(a, "\"kind\":\"instance\"", "\"kind\":\"instance\",\"kind\":\"instance\"") })),
    row("API-10", "there is no version", |p| p.answer(Resource, |r, a| if is_metadata(r) { no_version(a) })),
    row("API-11", "a made-up method is taken for GET", |p| p.request(Resource, |r| if !KNOWN_METHODS.contains(&r.method.as_str()) { r.method = "GET".to_owned() })),
    row("API-12", "what was created cannot be found", |p| p.answer(Sandbox, |r, a| if r.method == "POST" { a.status = 200; without(a, "Location"); without(a, "ETag") })),
    row("API-13", "every read makes a new version", |p| p.answer(Resource, |r, a| if is_read(r) || is_search(r) { version(a, READS.fetch_add(1, Ordering::Relaxed) + 2) })),
    row("API-14", "HEAD makes a new version", |p| p.answer(Resource, |r, a| if is_read(r) { let heads = if r.method == "HEAD" { HEADS.fetch_add(1, Ordering::Relaxed) + 1 } else { HEADS.load(Ordering::Relaxed) }; version(a, heads + 1) })),
    row("API-15", "deleting what is gone is too much for the server", |p| p.answer(Sandbox, |r, a| if r.method == "DELETE" && deleted_before(r) { a.status = 500 })),
    row("API-16", "there is a session", |p| p.answer(Resource, |_, a| a.headers.push("Set-Cookie", "SESSION=4f2a; Path=/; HttpOnly; Secure"))),
    row("API-18", "an operation is declared that is not there", |p| p.answer(Resource, |r, a| if is_metadata(r) { operation(a) })),
    row("API-19", "a resource is declared that FHIR does not know", |p| p.answer(Resource, |r, a| if is_metadata(r) { replace_all(a, "\"type\":\"Basic\"", "\"type\":\"Patienten\""); replace_all(a, "<type value=\"Basic\"/>", "<type value=\"Patienten\"/>") })),
    row("API-20", "the answer says what it is made with", |p| p.answer(Resource, |_, a| { set(a, "X-Powered-By", Some("ASP.NET")); set(a, "Server", Some("Apache/2.4.1 (Debian)")) })),
    row("API-22", "TLS 1.0 and 1.1 are on", |p| p.tls.old_versions = true),
    row("API-23", "plain HTTP is answered too", |p| p.tls.plain_http = true),
    row("API-24", "no token is needed", |p| p.skip(Rule::TokenGiven)),
    row("API-29", "the CapabilityStatement is of what is required, not of what is there", |p| p.answer(Resource, |r, a| if is_metadata(r) { replace(a, "\"kind\":\"instance\"", "\"kind\":\"requirements\""); replace(a, "<kind value=\"instance\"/>", "<kind value=\"requirements\"/>") })),
    row("API-31", "resources do not say which profile they follow", |p| p.fhir.push("missing-meta-profile")),
];

const KNOWN_METHODS: [&str; 7] = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"];

static READS: AtomicU64 = AtomicU64::new(0);
static HEADS: AtomicU64 = AtomicU64::new(0);

/// True from the second time that something is deleted.
fn deleted_before(request: &Request) -> bool {
    static GONE: std::sync::Mutex<Vec<String>> = std::sync::Mutex::new(vec![]);
    let Ok(mut gone) = GONE.lock() else { return false };
    let before = gone.contains(&request.url);
    if !before {
        gone.push(request.url.clone());
    }
    before
}

fn no_xml(request: &mut Request) {
    if let Some(accept) = request.headers.get("Accept").filter(|accept| accept.contains("xml")) {
        let accept = accept.replace("xml", "json");
        ask(request, "Accept", Some(&accept));
    }
}

fn any_accept(request: &mut Request) {
    let known = ["json", "xml", "*/*", "application/*"];
    if request.headers.get("Accept").is_some_and(|accept| !known.into_iter().any(|k| accept.contains(k))) {
        ask(request, "Accept", Some("*/*"));
    }
}

/// Of `xml;q=0.9, json;q=0.1` JSON is given.
fn less_liked(request: &mut Request) {
    let Some(accept) = request.headers.get("Accept").filter(|accept| accept.contains("q=")) else { return };
    let first = accept.split(',').next().unwrap_or_default();
    let other = if first.contains("xml") { "application/fhir+json" } else { "application/fhir+xml" };
    ask(request, "Accept", Some(other));
}

fn xml_loses(_: &Request, response: &mut Response) {
    if !is_xml(response) {
        return;
    }
    let body = super::edit::text(response);
    if let Some((head, rest)) = body.split_once("<birthDate ")
        && let Some((_, tail)) = rest.split_once("/>")
    {
        response.body = format!("{head}{tail}").into();
    }
}

fn no_version(response: &mut Response) {
    let body = super::edit::text(response);
    let version = env!("CARGO_PKG_VERSION");
    let json = format!(",\"version\":\"{version}\"");
    let xml = format!("<version value=\"{version}\"/>");
    response.body = body.replacen(&json, "", 1).replacen(&xml, "", 1).into();
}

/// Every resource gets this version.
fn version(response: &mut Response, version: u64) {
    if response.status != 200 {
        return;
    }
    let number = version.to_string();
    for (before, after) in [("\"versionId\":\"", "\""), ("\"versionId\": \"", "\""), ("<versionId value=\"", "\"")] {
        replace_between(response, before, after, &number);
    }
    if response.headers.get("ETag").is_some() {
        set(response, "ETag", Some(&format!("W/\"{number}\"")));
    }
}

fn operation(response: &mut Response) {
    let declared =
        "\"operation\":[{\"name\":\"$keuring\",\"definition\":{\"reference\":\"OperationDefinition/keuring\"}}]";
    replace(response, "\"mode\":\"server\",", &format!("\"mode\":\"server\",{declared},"));
}
