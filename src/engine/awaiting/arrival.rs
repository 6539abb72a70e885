//! A request that came in, as far as it tells for which test it is meant.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::definitions::{TypeTable, Typed};
use crate::exchange::{AccessToken, Request};
use crate::fhir::{self, Document};

use crate::engine::address;
use crate::engine::expression::Expressions;

/// Parameters that say how an answer is written or cut up, not what is asked.
const FREE: [&str; 3] = ["_format", "_pretty", "_count"];

/// A request taken apart.
pub struct Arrival {
    /// `GET`, …; a search by `POST` is a `GET` here.
    pub method: String,
    /// Below the base, decoded.
    pub segments: Vec<String>,
    /// Of the query (and the form of a search), decoded; those that change nothing in what is asked are
    /// left out.
    pub query: Vec<(String, String)>,
    /// The bearer token.
    pub token: Option<AccessToken>,
    /// Type of the resource in the body, where there is one that can be read.
    pub body: Option<String>,
    content: Content,
}

/// The body as a tree, for what tests demand of it, and what has been found out.
#[derive(Default)]
struct Content {
    /// Until it is needed with its types.
    document: Mutex<Option<Document>>,
    typed: OnceLock<Option<Typed>>,
    found: Mutex<HashMap<Box<str>, bool>>,
}

impl Arrival {
    /// Takes a request apart.
    pub fn of(request: &Request) -> Arrival {
        let target = below_authority(&request.url);
        let (path, _) = target.split_once('?').unwrap_or((target, ""));
        let mut segments: Vec<String> = segments(path);
        let mut query = address::query(target);
        let mut method = request.method.clone();
        let text = std::str::from_utf8(&request.body).unwrap_or_default();
        let mut document = None;
        if method == "POST" && segments.last().is_some_and(|last| last == "_search") {
            segments.pop();
            method = "GET".to_owned();
            query.extend(address::query(&format!("?{}", text.trim().replace('+', "%20"))));
        } else if let Some(format) = fhir::sniff(text) {
            document = fhir::read(text, format).ok();
        }
        let body = document.as_ref().and_then(|d| d.root().resource_type().map(str::to_owned));
        query.retain(|(name, _)| !FREE.contains(&name.as_str()));
        let token = request.headers.get("Authorization").and_then(bearer);
        Arrival {
            method,
            segments,
            query,
            token,
            body,
            content: Content { document: Mutex::new(document), ..Content::default() },
        }
    }

    /// Whether an expression is true of the body; looked at once.
    pub(super) fn fulfils(&self, demand: &str, types: &Arc<TypeTable>, expressions: &Expressions) -> bool {
        let typed = self.content.typed.get_or_init(|| {
            let document = self.content.document.lock().unwrap_or_else(PoisonError::into_inner).take();
            Some(Typed::new(document?, types.clone()))
        });
        let Some(typed) = typed else { return false };
        let mut found = self.content.found.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = found.get(demand) {
            return *found;
        }
        let holds = expressions.test(demand, typed, &jiff::Zoned::now()).unwrap_or(false);
        found.insert(demand.into(), holds);
        holds
    }
}

/// The token of an Authorization header.
pub fn bearer(header: &str) -> Option<AccessToken> {
    let (scheme, token) = header.trim().split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("Bearer") && !token.is_empty()).then(|| AccessToken::new(token))
}

/// What stands behind `http://host:port`, or the whole when there is none.
pub fn below_authority(url: &str) -> &str {
    match url.split_once("://") {
        Some((scheme, rest)) if !scheme.contains(['/', '?', '=']) => rest.find(['/', '?']).map_or("", |at| &rest[at..]),
        _ => url,
    }
}

/// The parts of a path, decoded.
pub fn segments(path: &str) -> Vec<String> {
    path.split('/').filter(|part| !part.is_empty()).map(address::decode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, url: &str, body: &str) -> Request {
        Request {
            method: method.into(),
            url: url.into(),
            headers: [("Authorization", "bearer t-1")].into_iter().collect(),
            body: body.to_owned().into(),
        }
    }

    #[test]
    fn a_search_by_post_is_the_same_search() {
        let get = Arrival::of(&request("GET", "http://h:1/Observation?code=a%7Cb&_format=json", ""));
        let post = Arrival::of(&request("POST", "http://h:1/Observation/_search", "code=a%7Cb"));
        assert_eq!((&get.method, &get.segments, &get.query), (&post.method, &post.segments, &post.query));
        assert_eq!(get.query, [("code".to_owned(), "a|b".to_owned())]);
        assert_eq!(get.token, Some(AccessToken::new("t-1")));
    }

    #[test]
    fn a_body_tells_its_type_and_rubbish_tells_nothing() {
        for (body, expected) in [
            (r#"{"resourceType":"Bundle"}"#, Some("Bundle")),
            (r#"<Task xmlns="http://hl7.org/fhir"/>"#, Some("Task")),
            ("", None),
            ("{", None),
            ("no", None),
        ] {
            assert_eq!(Arrival::of(&request("POST", "http://h/", body)).body.as_deref(), expected, "{body}");
        }
        assert!(Arrival::of(&request("POST", "http://h", "")).segments.is_empty());
        assert_eq!(below_authority("/Flag?code=http://a|b"), "/Flag?code=http://a|b");
    }
}
