//! Small changes to requests, for faults that are made on purpose.

use bytes::Bytes;

use crate::definitions::Typed;
use crate::exchange::{Headers, Request};
use crate::fhir::{self, Builder};

use super::defect::Outgoing;
use crate::engine::content::write;

/// Sets a header field, or takes it away; false when that changes nothing.
pub fn header(request: &mut Request, name: &str, value: Option<&str>) -> bool {
    let before = request.headers.get(name).map(str::to_owned);
    if before.as_deref() == value {
        return false;
    }
    let others = request.headers.iter().filter(|(n, _)| !n.eq_ignore_ascii_case(name));
    let mut headers: Headers = others.collect();
    if let Some(value) = value {
        headers.push(name, value);
    }
    request.headers = headers;
    true
}

/// The parameters of a URL as they stand in it, encoded.
pub fn parameters(url: &str) -> Vec<(String, String)> {
    let Some((_, query)) = url.split_once('?') else { return vec![] };
    let pair = |p: &str| p.split_once('=').map_or((p.to_owned(), String::new()), |(n, v)| (n.to_owned(), v.to_owned()));
    query.split('&').filter(|p| !p.is_empty()).map(pair).collect()
}

/// The URL with these parameters.
pub fn with_parameters(url: &str, parameters: &[(String, String)]) -> String {
    let path = url.split('?').next().unwrap_or_default();
    let query: Vec<String> = parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
    match query.is_empty() {
        true => path.to_owned(),
        false => format!("{path}?{}", query.join("&")),
    }
}

/// Changes the first parameter that `change` can do something with.
pub fn parameter(request: &mut Request, change: impl Fn(&str, &str) -> Option<Option<String>>) -> bool {
    let mut all = parameters(&request.url);
    let found = all.iter().enumerate().find_map(|(at, (name, value))| Some((at, change(name, value)?)));
    let Some((at, changed)) = found else { return false };
    match (changed, all.get_mut(at)) {
        (Some(value), Some(pair)) => pair.1 = value,
        _ => drop(all.remove(at)),
    }
    request.url = with_parameters(&request.url, &all);
    true
}

/// Puts another resource in the body: a Bundle with its first entry only, another resource with another
/// status (or without its last element).
pub fn body(outgoing: &mut Outgoing<'_>) -> bool {
    let Ok(text) = std::str::from_utf8(&outgoing.request.body) else { return false };
    let Some(format) = fhir::sniff(text) else { return false };
    let Ok(document) = fhir::read(text, format) else { return false };
    let root = document.root();
    let Some(resource_type) = root.resource_type() else { return false };
    let mut copy = Builder::resource(resource_type, format);
    let is_bundle = resource_type == "Bundle";
    let status = root.child("status").is_some();
    let count = root.children().count();
    let mut entries = 0;
    for (at, child) in root.children().enumerate() {
        let keep = match child.name() {
            "entry" if is_bundle => {
                entries += 1;
                entries == 1
            }
            "status" if !is_bundle => false,
            _ => is_bundle || status || at + 1 < count,
        };
        if keep {
            copy.graft(child.name(), child);
        }
    }
    if is_bundle && entries < 2 {
        return false;
    }
    if status && !is_bundle {
        copy.text("status", "entered-in-error");
    }
    let typed = Typed::new(copy.finish(), outgoing.types.clone());
    outgoing.request.body = Bytes::from(write(&typed, format));
    true
}
