//! Faults of the resource server.

use super::edit::{
    ask, empty_success, is_metadata, is_read, is_search, is_xml, json, parameter, replace, replace_all, text,
};
use super::{Fault, row};
use crate::exchange::{Request, Response};
use crate::simulator::dva::answer::set;
use crate::simulator::dva::policy::{Place, Rule};
use crate::simulator::search::PAGE;

use Place::Resource;

#[rustfmt::skip]
pub(super) static FAULTS: &[Fault] = &[
    row("MM-RES-01", "Bundles are a `collection`", |p| p.fhir.push("bundle-type-wrong")),
    row("MM-RES-02", "no token is needed", |p| p.skip(Rule::TokenGiven)),
    row("MM-RES-03", "a token may come in any way", |p| p.skip(Rule::TokenByBearer)),
    row("MM-RES-04", "any token is good", |p| p.skip(Rule::TokenKnown)),
    row("MM-RES-05", "the end of a token is not looked at", |p| p.skip(Rule::TokenWhole)),
    row("MM-RES-06", "a token does not expire", |p| p.skip(Rule::TokenFresh)),
    row("MM-RES-07", "a token in the query is good", |p| p.skip(Rule::TokenInHeader)),
    row("MM-RES-08", "what is asked for by id is given, whoever it is about", |p| p.lapses.push(|r, l| l.leak |= is_read(r) || names_person(r))),
    row("MM-RES-09", "searches find everybody", |p| p.lapses.push(|r, l| l.leak |= is_search(r) && !names_person(r) && parameter(r, "identifier").is_none())),
    row("MM-RES-10", "a citizen service number in the query finds its owner", |p| { p.skip(Rule::NoCitizenNumber); p.lapses.push(|r, l| l.leak |= parameter(r, "identifier").is_some() || parameter(r, "patient.identifier").is_some()) }),
    row("MM-RES-11", "resources have a citizen service number", |p| p.fhir.push("bsn-in-identifier")),
    row("MM-RES-12", "a token is good for every service", |p| p.skip(Rule::TokenService)),
    row("MM-RES-13", "a token is good for every provider", |p| p.skip(Rule::TokenProvider)),
    row("MM-RES-18", "data can be changed", |p| p.skip(Rule::ReadOnly)),
    row("MM-RES-19", "a format that is not FHIR is answered with JSON", |p| p.request(Resource, any_accept)),
    row("MM-RES-20", "XML is answered with JSON", |p| p.request(Resource, no_xml)),
    row("MM-RES-21", "Accept goes before _format", |p| p.request(Resource, accept_first)),
    row("MM-RES-22", "another FHIR version is taken for this one", |p| p.request(Resource, any_version)),
    row("MM-RES-23", "a request without Accept is refused", |p| p.answer(Resource, accept_needed)),
    row("MM-RES-24", "an unknown parameter is said to have been applied", |p| p.answer(Resource, unknown_in_self)),
    row("MM-RES-25", "an invalid value is too much for the server", |p| p.answer(Resource, value_fails)),
    row("MM-RES-26", "an unknown type is found empty", |p| p.answer(Resource, |r, a| if a.status == 404 && !is_read(r) { empty_success(a) })),
    row("MM-RES-27", "an unknown id is found empty", |p| p.answer(Resource, |r, a| if matches!(a.status, 404 | 410) && is_read(r) { empty_success(a) })),
    row("MM-RES-28", "errors have a severity that does not exist", |p| p.answer(Resource, |_, a| if a.status >= 400 { replace_all(a, "\"severity\":\"error\"", "\"severity\":\"fout\""); replace_all(a, "severity value=\"error\"", "severity value=\"fout\"") })),
    row("MM-RES-29", "errors show where in the program they come from", |p| p.answer(Resource, |_, a| if a.status >= 400 { replace(a, "\"diagnostics\":\"", "\"diagnostics\":\"java.lang.NullPointerException at nl.keur.fhir.SearchService.find(SearchService.java:42): ") })),
    row("MM-RES-30", "the next page is not there", |p| p.answer(Resource, next_fails)),
    row("MM-RES-31", "a next page can be followed with another person's token", |p| p.lapses.push(|_, l| l.any_page = true)),
    row("MM-RES-32", "Bundles have no self link", |p| p.fhir.push("no-self-link")),
    row("MM-RES-33", "`total` is 1 more than there are matches", |p| p.fhir.push("wrong-total")),
    row("MM-RES-34", "entries do not say whether they match", |p| p.fhir.push("search-mode-missing")),
    row("MM-RES-35", "references to anything but the person lead nowhere", |p| p.answer(Resource, references_broken)),
    row("MM-RES-36", "`$lastn` gives the oldest", |p| p.fhir.push("lastn-not-latest")),
    row("MM-RES-37", "what was to be included is not there", |p| p.fhir.push("include-missing")),
    row("MM-RES-38", "answers come after 61 seconds", |p| p.resource_delay = 61),
    row("MM-RES-40", "more than four requests at once are refused", |p| p.resource_limit = Some(4)),
    row("MM-RES-42", "the charset is said to be ISO-8859-1", |p| p.answer(Resource, |_, a| if let Some(kind) = a.headers.get("Content-Type").map(|k| k.replace("utf-8", "iso-8859-1")) { set(a, "Content-Type", Some(&kind)) })),
    row("MM-RES-43", "answers may be kept for an hour", |p| p.answer(Resource, |_, a| set(a, "Cache-Control", Some("public, max-age=3600")))),
    row("MM-RES-45", "nothing found is 404", |p| p.answer(Resource, empty_is_missing)),
];

/// A parameter names a person or a resource by its id.
fn names_person(request: &Request) -> bool {
    ["patient", "_id", "subject"].into_iter().any(|name| parameter(request, name).is_some())
}

fn fhir(accept: &str) -> bool {
    ["json", "xml", "*/*", "application/*"].into_iter().any(|known| accept.contains(known))
}

fn any_accept(request: &mut Request) {
    if request.headers.get("Accept").is_some_and(|accept| !fhir(accept)) {
        ask(request, "Accept", Some("*/*"));
    }
}

fn no_xml(request: &mut Request) {
    if let Some(accept) = request.headers.get("Accept").filter(|accept| accept.contains("xml")) {
        let accept = accept.replace("xml", "json");
        ask(request, "Accept", Some(&accept));
    }
}

/// The query without `_format`, where Accept asks for FHIR too.
fn accept_first(request: &mut Request) {
    let asked = request.headers.get("Accept").is_some_and(|accept| accept.contains("fhir"));
    if let (true, Some((head, query))) = (asked, request.url.split_once('?')) {
        let kept: Vec<&str> = query.split('&').filter(|pair| !pair.starts_with("_format=")).collect();
        request.url = if kept.is_empty() { head.to_owned() } else { format!("{head}?{}", kept.join("&")) };
    }
}

fn any_version(request: &mut Request) {
    if let Some((range, _)) = request.headers.get("Accept").and_then(|accept| accept.split_once("; fhirVersion=4")) {
        let range = range.to_owned();
        ask(request, "Accept", Some(&range));
    } else if let Some((range, _)) =
        request.headers.get("Accept").and_then(|accept| accept.split_once(";fhirVersion=4"))
    {
        let range = range.to_owned();
        ask(request, "Accept", Some(&range));
    }
}

fn accept_needed(request: &Request, response: &mut Response) {
    let any = request.headers.get("Accept").is_none_or(|accept| accept.trim() == "*/*");
    if any && response.status == 200 && !is_metadata(request) {
        response.status = 406;
        set(response, "Content-Type", Some("application/fhir+json; charset=utf-8"));
        response.body = outcome("not-supported", "say which format you want").into();
    }
}

fn outcome(code: &str, diagnostics: &str) -> String {
    crate::simulator::reply::outcome(crate::fhir::Format::Json, "error", code, diagnostics)
}

/// The self link gets the parameters that it has lost.
fn unknown_in_self(request: &Request, response: &mut Response) {
    if response.status != 400 || !text(response).contains("is not a search parameter") {
        return;
    }
    empty_success(response);
    let link = serde_json::json!([{ "relation": "self", "url": request.url }]);
    json(response, |members| drop(members.insert("link".to_owned(), link)));
}

fn value_fails(request: &Request, response: &mut Response) {
    if response.status == 400 && is_search(request) && text(response).contains("\"value\"") {
        response.status = 500;
    }
}

fn next_fails(request: &Request, response: &mut Response) {
    if parameter(request, PAGE).is_some() && response.status == 200 {
        response.status = 404;
        response.body = outcome("not-found", "this page is not there").into();
    }
}

/// References in JSON and XML, but those to a Patient, get an id that nothing has.
fn references_broken(_: &Request, response: &mut Response) {
    let before = if is_xml(response) { "<reference value=\"" } else { "\"reference\":\"" };
    let body = text(response);
    let mut parts = body.split(before);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(before);
        let (reference, rest) = part.split_once('"').unwrap_or((part, ""));
        let local = !reference.contains("Patient/") && !reference.starts_with('#');
        match reference.rsplit_once('/').filter(|_| local) {
            Some((head, _)) => out.push_str(&format!("{head}/bestaat-niet\"{rest}")),
            None => out.push_str(part),
        }
    }
    response.body = out.into();
}

fn empty_is_missing(request: &Request, response: &mut Response) {
    let empty = |body: &str| body.contains("\"total\":0") || body.contains("<total value=\"0\"/>");
    if is_search(request) && response.status == 200 && empty(&text(response)) {
        response.status = 404;
        set(response, "Content-Type", Some("application/fhir+json; charset=utf-8"));
        response.body = outcome("not-found", "nothing was found").into();
    }
}
