//! Every exchange as HAR 1.2 (<http://www.softwareishard.com/blog/har-12-spec/>), for browsers and proxies
//! that read it. Secrets and BSNs are masked; what is not text is left out, and said to be.

use serde::Serialize;

use crate::exchange::redaction;

use super::super::model::{ExchangeReport, RunReport};
use super::Material;

#[derive(Serialize)]
struct Document<'r> {
    log: Log<'r>,
}

#[derive(Serialize)]
struct Log<'r> {
    version: &'static str,
    creator: Creator<'r>,
    entries: Vec<Entry<'r>>,
}

#[derive(Serialize)]
struct Creator<'r> {
    name: &'static str,
    version: &'r str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'r> {
    started_date_time: &'r str,
    time: f64,
    request: Request<'r>,
    response: Response<'r>,
    cache: Empty,
    timings: Timings,
    comment: String,
}

#[derive(Serialize)]
struct Empty {}

#[derive(Serialize)]
struct Timings {
    send: f64,
    wait: f64,
    receive: f64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'r> {
    method: &'r str,
    url: &'r str,
    http_version: &'static str,
    cookies: [Empty; 0],
    headers: Vec<Pair>,
    query_string: Vec<Pair>,
    #[serde(skip_serializing_if = "Option::is_none")]
    post_data: Option<PostData>,
    headers_size: i64,
    body_size: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PostData {
    mime_type: String,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Response<'r> {
    status: u16,
    status_text: &'static str,
    http_version: &'static str,
    cookies: [Empty; 0],
    headers: Vec<Pair>,
    content: Content,
    #[serde(rename = "redirectURL")]
    redirect_url: String,
    headers_size: i64,
    body_size: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<&'r str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Content {
    size: u64,
    mime_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<&'static str>,
}

#[derive(Serialize)]
struct Pair {
    name: String,
    value: String,
}

/// The record does not keep it.
const HTTP: &str = "unknown";

/// The size of what was not counted.
const UNKNOWN: i64 = -1;

/// Stands in for a body that is not text, or not in the record any more.
const LEFT_OUT: &str = "not text, or not in the record: left out";

/// The exchanges of a run as HAR.
///
/// # Errors
/// What `serde_json` says; an exchange holds nothing that JSON cannot.
pub fn har(report: &RunReport, material: &dyn Material) -> Result<Vec<u8>, serde_json::Error> {
    let entries = report.exchanges.iter().map(|exchange| entry(exchange, material)).collect();
    let creator = Creator { name: "keur", version: &report.keur };
    let mut bytes = serde_json::to_vec(&Document { log: Log { version: "1.2", creator, entries } })?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn entry<'r>(exchange: &'r ExchangeReport, material: &dyn Material) -> Entry<'r> {
    let time = exchange.micros as f64 / 1_000.0;
    let request_type = header(&exchange.request_headers, "content-type");
    let post_data = exchange.request_sha256.as_deref().map(|hash| {
        let text = text(hash, material);
        PostData {
            mime_type: request_type,
            comment: text.is_none().then_some(LEFT_OUT),
            text: text.unwrap_or_default(),
        }
    });
    let received = exchange.response_sha256.as_deref().map(|hash| text(hash, material));
    let (body, comment) = match received {
        None => (None, None),
        Some(None) => (None, Some(LEFT_OUT)),
        Some(text) => (text, None),
    };
    let error = exchange.error.as_ref();
    Entry {
        started_date_time: &exchange.at,
        time,
        request: Request {
            method: &exchange.method,
            url: &exchange.url,
            http_version: HTTP,
            cookies: [],
            headers: pairs(&exchange.request_headers),
            query_string: query(&exchange.url),
            post_data,
            headers_size: UNKNOWN,
            body_size: exchange.request_size,
        },
        response: Response {
            status: exchange.status.unwrap_or_default(),
            status_text: "",
            http_version: HTTP,
            cookies: [],
            headers: pairs(&exchange.response_headers),
            content: Content {
                size: exchange.response_size,
                mime_type: header(&exchange.response_headers, "content-type"),
                text: body,
                comment,
            },
            redirect_url: redaction::shown_url(&header(&exchange.response_headers, "location")).into_owned(),
            headers_size: UNKNOWN,
            body_size: if error.is_some() { UNKNOWN } else { i64::try_from(exchange.response_size).unwrap_or(UNKNOWN) },
            comment: error.map(|error| error.detail.as_str()),
        },
        cache: Empty {},
        // What was measured is the whole, until the last byte.
        timings: Timings { send: 0.0, wait: time, receive: 0.0 },
        comment: format!("#{}", exchange.id),
    }
}

fn text(hash: &str, material: &dyn Material) -> Option<String> {
    let body = String::from_utf8(material.body(hash)?).ok()?;
    Some(redaction::mask_bsns(&body).into_owned())
}

fn header(headers: &[(String, String)], name: &str) -> String {
    let found = headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.clone()).unwrap_or_default()
}

fn pairs(headers: &[(String, String)]) -> Vec<Pair> {
    let pair = |(name, value): &(String, String)| Pair {
        name: name.clone(),
        value: redaction::shown_header(name, value).into_owned(),
    };
    headers.iter().map(pair).collect()
}

fn query(url: &str) -> Vec<Pair> {
    let query = url.split_once('?').map_or("", |(_, query)| query).split('#').next().unwrap_or_default();
    let decoded = |text: &str| percent_encoding::percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into();
    let parts = query.split('&').filter(|part| !part.is_empty());
    let pair = |part: &str| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        Pair { name: decoded(name), value: decoded(value) }
    };
    parts.map(pair).collect()
}
