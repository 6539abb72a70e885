//! A request as the simulator understands it: where it goes, what it asks, and how the answer shall look.

use super::binary::BINARY;
use super::refusal::{Reason, Refusal};
use super::search::{Handling, Pair, pairs};
use super::stored::{Key, is_id};
use crate::exchange::{Headers, Request};
use crate::fhir::{Document, FhirVersion, Format, read_within};

/// What comes back from a write (<http://hl7.org/fhir/STU3/http.html#return>).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Return {
    /// The resource as stored.
    #[default]
    Representation,
    /// Nothing.
    Minimal,
    /// What was done, in words.
    Outcome,
}

/// How an answer is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Presentation {
    pub format: Format,
    pub pretty: bool,
}

impl Default for Presentation {
    fn default() -> Self {
        Presentation { format: Format::Json, pretty: false }
    }
}

/// A request taken apart. Entries of a batch or transaction become calls of their own.
pub(super) struct Call {
    pub method: String,
    /// Below the base, decoded: `["Patient", "1"]`.
    pub segments: Vec<String>,
    /// Of the query, and of the body of a `_search`.
    pub pairs: Vec<Pair>,
    pub headers: Headers,
    /// The resource that was sent, once it has been read.
    pub document: Option<Document>,
    pub presentation: Presentation,
    /// The client names no FHIR format: content that is not FHIR may go to it as it is.
    pub native: bool,
    pub handling: Handling,
    pub returns: Return,
}

/// What a call asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Interaction {
    Metadata,
    Search(String),
    Read(Key),
    Version(Key, u64),
    LastN,
    Document(Key),
    Create(String),
    Update(Key),
    UpdateWhere(String),
    Delete(Key),
    DeleteWhere(String),
    Purge(Key),
    Bundle,
}

impl Interaction {
    /// True when it may change what is stored.
    pub fn writes(&self) -> bool {
        use Interaction::*;
        matches!(self, Create(_) | Update(_) | UpdateWhere(_) | Delete(_) | DeleteWhere(_) | Purge(_) | Bundle)
    }

    /// True when a FHIR resource is expected in the body.
    pub fn takes_resource(&self) -> bool {
        use Interaction::*;
        matches!(self, Create(_) | Update(_) | UpdateWhere(_) | Bundle)
    }
}

/// The operations, by the resource type they are on and whether they are on one of its instances.
const OPERATIONS: [(&str, &str, bool); 3] =
    [("Observation", "$lastn", false), ("Composition", "$document", true), ("Patient", "$purge", true)];

impl Call {
    /// Takes a request apart. `base_path` is what stands before the resource types.
    pub fn new(request: &Request, base_path: &str, version: FhirVersion) -> Result<Call, (Presentation, Refusal)> {
        let target = match request.url.split_once("://") {
            Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
            None => &request.url,
        };
        let target = target.split('#').next().unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let accept = request.headers.get("Accept");
        let fallback = presentation(&[], accept, version).unwrap_or_default();
        let fail = |refusal| (fallback, refusal);
        let mut pairs = pairs(query).map_err(fail)?;
        if is_form(request) {
            let body = std::str::from_utf8(&request.body)
                .map_err(|_| fail(Refusal::new(Reason::Invalid, "the form in the body is not UTF-8")))?;
            pairs.extend(self::pairs(body.trim()).map_err(fail)?);
        }
        let native = !pairs.iter().any(|p| p.name == "_format") && !names_fhir(accept);
        let presentation = match presentation(&pairs, accept, version) {
            Err(_) if native && path.contains(&format!("/{BINARY}/")) => Presentation::default(),
            presentation => presentation.map_err(fail)?,
        };
        let fail = |refusal| (presentation, refusal);
        let below = path.strip_prefix(base_path).filter(|rest| rest.is_empty() || rest.starts_with('/'));
        let below = below.ok_or_else(|| {
            fail(Refusal::new(Reason::NotFound, format!("this server's FHIR resources are under `{base_path}/`")))
        })?;
        let (handling, returns) = prefer(&request.headers).map_err(fail)?;
        Ok(Call {
            method: request.method.clone(),
            segments: segments(below).map_err(fail)?,
            pairs,
            headers: request.headers.clone(),
            document: None,
            presentation,
            native,
            handling,
            returns,
        })
    }

    /// What it asks for, or why that is not possible. `has_type` knows the release's resource types.
    pub fn interaction(&self, has_type: &dyn Fn(&str) -> bool) -> Result<Interaction, Refusal> {
        let segments: Vec<&str> = self.segments.iter().map(String::as_str).collect();
        let method = self.method.as_str();
        let (resource_type, rest) = match segments.as_slice() {
            [] if method == "POST" => return Ok(Interaction::Bundle),
            [] => return Err(allow(method, "a batch or transaction is posted to the base", "POST")),
            ["metadata"] if method == "GET" => return Ok(Interaction::Metadata),
            ["metadata"] => return Err(allow(method, "`metadata` is read", "GET")),
            [special, ..] if special.starts_with(['_', '$']) => {
                let message = format!("`{special}` on the whole server is not supported");
                return Err(Refusal::new(Reason::NotSupported, message));
            }
            [resource_type, rest @ ..] => (*resource_type, rest),
        };
        if !has_type(resource_type) {
            let message = format!("`{resource_type}` is not a resource type that this server has; case matters");
            return Err(Refusal::new(Reason::NoType, message));
        }
        let named = || resource_type.to_owned();
        let key = |id: &str| match is_id(id) {
            true => Ok(Key::new(resource_type, id)),
            false => Err(Refusal::new(Reason::NotFound, format!("`{id}` cannot be the id of a resource"))),
        };
        match (rest, method) {
            ([], "GET") => Ok(Interaction::Search(named())),
            ([], "POST") => Ok(Interaction::Create(named())),
            ([], "PUT") => Ok(Interaction::UpdateWhere(named())),
            ([], "DELETE") => Ok(Interaction::DeleteWhere(named())),
            ([], _) => Err(allow(method, "a resource type", "GET, POST, PUT, DELETE")),
            (["_search"], "POST") => Ok(Interaction::Search(named())),
            (["_search"], _) => Err(allow(method, "`_search`", "POST")),
            ([operation], _) if operation.starts_with('$') => self.operation(resource_type, operation, None),
            ([id], "GET") => Ok(Interaction::Read(key(id)?)),
            ([id], "PUT") => Ok(Interaction::Update(key(id)?)),
            ([id], "DELETE") => Ok(Interaction::Delete(key(id)?)),
            ([_], _) => Err(allow(method, "a resource", "GET, PUT, DELETE")),
            ([id, "_history", version], "GET") => {
                let message = format!("`{version}` is not a version of {resource_type}/{id}");
                let version = version.parse().map_err(|_| Refusal::new(Reason::NotFound, message))?;
                Ok(Interaction::Version(key(id)?, version))
            }
            ([id, operation], _) if operation.starts_with('$') => {
                self.operation(resource_type, operation, Some(key(id)?))
            }
            _ => {
                let message = format!("{method} `{}` is not an interaction of this server", segments.join("/"));
                Err(Refusal::new(Reason::NotSupported, message))
            }
        }
    }

    fn operation(&self, resource_type: &str, operation: &str, on: Option<Key>) -> Result<Interaction, Refusal> {
        if !matches!(self.method.as_str(), "GET" | "POST") {
            return Err(allow(&self.method, "an operation", "GET, POST"));
        }
        let at = OPERATIONS
            .iter()
            .position(|(t, name, instance)| *t == resource_type && *name == operation && *instance == on.is_some());
        match (at, on) {
            (Some(0), None) => Ok(Interaction::LastN),
            (Some(1), Some(key)) => Ok(Interaction::Document(key)),
            (Some(2), Some(key)) => Ok(Interaction::Purge(key)),
            _ => {
                let known: Vec<String> = OPERATIONS
                    .iter()
                    .map(|(t, name, instance)| format!("`{t}/{}{name}`", if *instance { "[id]/" } else { "" }))
                    .collect();
                let message = format!("there is no operation `{operation}` here; there are {}", known.join(", "));
                Err(Refusal::new(Reason::NotSupported, message))
            }
        }
    }

    /// A header field.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)
    }
}

fn allow(method: &str, what: &str, methods: &'static str) -> Refusal {
    Refusal::new(Reason::Method, format!("{method} is not possible here: {what} takes {methods}"))
        .header("Allow", methods)
}

pub(super) fn is_form(request: &Request) -> bool {
    let content_type = request.headers.get("Content-Type").unwrap_or_default();
    content_type.split(';').next().is_some_and(|t| t.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded"))
}

fn segments(path: &str) -> Result<Vec<String>, Refusal> {
    let decode = |s: &str| percent_encoding::percent_decode_str(s).decode_utf8().map(|s| s.into_owned());
    let parts = path.trim_matches('/').split('/').filter(|s| !s.is_empty()).map(decode);
    parts.collect::<Result<_, _>>().map_err(|_| Refusal::new(Reason::Invalid, "the path is not UTF-8"))
}

/// `_format` comes before Accept; without either it is JSON.
fn presentation(pairs: &[Pair], accept: Option<&str>, version: FhirVersion) -> Result<Presentation, Refusal> {
    let last = |name: &str| pairs.iter().rev().find(|p| p.name == name).map(|p| p.value.as_str());
    let pretty = match last("_pretty") {
        None | Some("false") => false,
        Some("true") => true,
        Some(other) => {
            let message = format!("`{other}` is not a value for `_pretty`: expected `true` or `false`");
            return Err(Refusal::new(Reason::Value, message));
        }
    };
    let format = match last("_format") {
        Some(asked) => Format::from_media_type(asked)
            .ok_or_else(|| Refusal::new(Reason::NotAcceptable, format!("`_format={asked}` is neither JSON nor XML")))?,
        None => accepted(accept.unwrap_or("*/*"), version)?,
    };
    Ok(Presentation { format, pretty })
}

fn names_fhir(accept: Option<&str>) -> bool {
    accept.is_some_and(|accept| accept.split(',').any(|range| Format::from_media_type(range).is_some()))
}

fn accepted(accept: &str, version: FhirVersion) -> Result<Format, Refusal> {
    let mut best: Option<(Format, f32)> = None;
    let mut other_version = false;
    for range in accept.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let media_type = parts.next().unwrap_or_default();
        let format = match media_type {
            "" | "*/*" | "application/*" => Some(Format::Json),
            named => Format::from_media_type(named),
        };
        let mut quality = 1.0;
        let mut right_version = true;
        for (name, value) in parts.filter_map(|p| p.split_once('=')) {
            let value = value.trim().trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                "q" => quality = value.parse().unwrap_or(0.0),
                "fhirversion" => right_version = FhirVersion::parse(value) == Some(version),
                _ => {}
            }
        }
        other_version |= format.is_some() && !right_version;
        if let Some(format) = format.filter(|_| right_version && quality > 0.0)
            && best.is_none_or(|(_, q)| quality > q)
        {
            best = Some((format, quality));
        }
    }
    let refusal = || match other_version {
        true => format!("this server speaks FHIR {} ({version}) only", version.number()),
        false => format!("`Accept: {accept}` has neither `application/fhir+json` nor `application/fhir+xml`"),
    };
    best.map(|(format, _)| format).ok_or_else(|| Refusal::new(Reason::NotAcceptable, refusal()))
}

fn prefer(headers: &Headers) -> Result<(Handling, Return), Refusal> {
    let (mut handling, mut returns) = (Handling::default(), Return::default());
    let prefers = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("Prefer"));
    for preference in prefers.flat_map(|(_, value)| value.split([',', ';'])) {
        // Unknown preferences are for the server to leave: https://www.rfc-editor.org/rfc/rfc7240#section-2.
        match preference.trim() {
            "handling=lenient" => handling = Handling::Lenient,
            "handling=strict" => handling = Handling::Strict,
            "return=minimal" => returns = Return::Minimal,
            "return=representation" => returns = Return::Representation,
            "return=OperationOutcome" => returns = Return::Outcome,
            _ => {}
        }
    }
    Ok((handling, returns))
}

/// Reads the resource in a body, by its Content-Type.
pub(super) fn body(request: &Request, limit: usize) -> Result<Document, Refusal> {
    if request.body.is_empty() {
        return Err(Refusal::new(Reason::Invalid, "the body is empty: a resource was expected"));
    }
    let content_type = request.headers.get("Content-Type").ok_or_else(|| {
        Refusal::new(
            Reason::MediaType,
            "there is no Content-Type: send `application/fhir+json` or `application/fhir+xml`",
        )
    })?;
    let format = Format::from_media_type(content_type).ok_or_else(|| {
        let message =
            format!("`{content_type}` cannot be read: send `application/fhir+json` or `application/fhir+xml`");
        Refusal::new(Reason::MediaType, message)
    })?;
    let text = std::str::from_utf8(&request.body)
        .map_err(|e| Refusal::new(Reason::Invalid, format!("the body is not UTF-8 from byte {}", e.valid_up_to())))?;
    let limits = crate::fhir::Limits { bytes: limit, ..Default::default() };
    read_within(text.into(), format, &limits).map_err(|e| {
        let at = e.position;
        Refusal::new(Reason::Invalid, format!("the body cannot be read: line {} column {}: {e}", at.line, at.column))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(method: &str, url: &str, accept: &str) -> Result<Call, (Presentation, Refusal)> {
        let headers = [("Accept", accept)].into_iter().collect();
        let request = Request { method: method.into(), url: url.into(), headers, body: Default::default() };
        Call::new(&request, "/fhir", FhirVersion::Stu3)
    }

    #[test]
    fn formats_are_negotiated() {
        let table = [
            ("", "application/fhir+xml", Ok(Format::Xml)),
            ("", "application/fhir+json; fhirVersion=3.0", Ok(Format::Json)),
            ("", "application/fhir+json; fhirVersion=4.0", Err(406)),
            ("", "text/html, application/xhtml+xml, */*;q=0.8", Ok(Format::Json)),
            ("", "application/fhir+xml;q=0.5, application/fhir+json", Ok(Format::Json)),
            ("", "text/csv", Err(406)),
            ("?_format=json", "application/fhir+xml", Ok(Format::Json)),
            ("?_format=application/fhir%2Bxml", "text/csv", Ok(Format::Xml)),
            ("?_format=application/fhir+xml", "*/*", Ok(Format::Xml)),
            ("?_format=ttl", "*/*", Err(406)),
            ("?_pretty=perhaps", "*/*", Err(400)),
        ];
        for (query, accept, expected) in table {
            let seen = call("GET", &format!("/fhir/Patient{query}"), accept);
            let seen = seen.map(|c| c.presentation.format).map_err(|(_, r)| r.status);
            assert_eq!(seen, expected, "{query} {accept}");
        }
    }

    #[test]
    fn paths_and_methods_say_what_is_asked() {
        let patient = || Key::new("Patient", "1");
        let table = [
            ("GET", "http://h:1/fhir/Patient", Ok(Interaction::Search("Patient".into()))),
            ("POST", "/fhir/Patient/_search", Ok(Interaction::Search("Patient".into()))),
            ("GET", "/fhir/Patient/1", Ok(Interaction::Read(patient()))),
            ("GET", "/fhir/Patient/1/_history/2", Ok(Interaction::Version(patient(), 2))),
            ("PUT", "/fhir/Patient/1", Ok(Interaction::Update(patient()))),
            ("DELETE", "/fhir/Patient/1", Ok(Interaction::Delete(patient()))),
            ("POST", "/fhir/Patient", Ok(Interaction::Create("Patient".into()))),
            ("POST", "/fhir", Ok(Interaction::Bundle)),
            ("POST", "/fhir/", Ok(Interaction::Bundle)),
            ("GET", "/fhir/metadata", Ok(Interaction::Metadata)),
            ("GET", "/fhir/Observation/$lastn", Ok(Interaction::LastN)),
            ("POST", "/fhir/Patient/1/$purge", Ok(Interaction::Purge(patient()))),
            ("GET", "/fhir/Patient/$", Err(400)),
            ("GET", "/fhir/Patient/$lastn", Err(400)),
            ("GET", "/fhir/Foo", Err(404)),
            ("GET", "/fhir/patient", Err(404)),
            ("GET", "/fhir/Patient/a%20b", Err(404)),
            ("PATCH", "/fhir/Patient/1", Err(405)),
            ("GET", "/fhir", Err(405)),
            ("GET", "/fhir/_history", Err(400)),
            ("GET", "/fhir/Patient/1/Observation", Err(400)),
            ("GET", "/fhirx/Patient", Err(404)),
            ("GET", "/", Err(404)),
        ];
        let has_type = |t: &str| matches!(t, "Patient" | "Observation" | "Composition");
        for (method, url, expected) in table {
            let seen = call(method, url, "*/*").map_err(|(_, r)| r).and_then(|c| c.interaction(&has_type));
            assert_eq!(seen.map_err(|r| r.status), expected, "{method} {url}");
        }
    }
}
