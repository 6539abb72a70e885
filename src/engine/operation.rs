//! From an operation of the script to the request that goes out.

use std::borrow::Cow;

use bytes::Bytes;

use crate::exchange::{Headers, Request};
use crate::fhir::Format;
use crate::testscript::{Direction, Interaction, Operation, Template};

use super::address;
use super::code;
use super::finding::Absence;
use super::state::{ScriptState, Source};

/// What stands between the resource type and the params of an interaction.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Aim {
    /// `[type]`, with params as they come.
    Type,
    /// `[type]/[id]`, the id from the params, the target or what is sent.
    Instance,
    /// `[type]/[id]/_history/[vid]`.
    Version,
    /// `[type]/[id]/_history` or `[type]/_history`.
    History,
    /// The base itself.
    Base,
    /// `metadata`.
    Capabilities,
    /// `[type]/[id]/$purge`, which the params spell out.
    Purge,
}

/// Method and aim of an interaction (<http://hl7.org/fhir/STU3/http.html>). The method of
/// `$purge` is not written anywhere; POST is that of operations that change something.
fn interaction(interaction: &Interaction) -> Result<(&'static str, Aim), Absence> {
    Ok(match interaction {
        Interaction::Read => ("GET", Aim::Instance),
        Interaction::Vread => ("GET", Aim::Version),
        Interaction::Search => ("GET", Aim::Type),
        Interaction::History => ("GET", Aim::History),
        Interaction::Create => ("POST", Aim::Type),
        Interaction::Update | Interaction::UpdateCreate => ("PUT", Aim::Instance),
        Interaction::Patch => ("PATCH", Aim::Instance),
        Interaction::Delete => ("DELETE", Aim::Instance),
        Interaction::Batch | Interaction::Transaction => ("POST", Aim::Base),
        Interaction::Capabilities => ("GET", Aim::Capabilities),
        Interaction::Http(method) => (method, Aim::Type),
        Interaction::Purge => ("POST", Aim::Purge),
        Interaction::Other(code) => {
            let message = format!("the operation `{code}` is not known");
            return Err(Absence::not_evaluated(code::UNKNOWN_OPERATION, message));
        }
    })
}

/// The HTTP method of an interaction; empty when it is not known.
pub fn method(of: &Interaction) -> &'static str {
    interaction(of).map_or("", |(method, _)| method)
}

/// The URL of an operation below the base, with a `/` before it, or absolute where it brings its own.
pub fn address(operation: &Operation, state: &ScriptState<'_>) -> Result<String, Absence> {
    let (_, aim) = interaction(&operation.interaction)?;
    url(operation, aim, state, "")
}

/// The request an operation asks for, or why it cannot be made.
pub fn request(operation: &Operation, state: &mut ScriptState<'_>, base: &str) -> Result<Request, Absence> {
    for id in [&operation.source_id, &operation.target_id].into_iter().flatten() {
        state.prepare_fixture(id);
    }
    let state = &*state;
    let (method, aim) = interaction(&operation.interaction)?;
    let method = operation.method.as_ref().map_or_else(|| method.to_owned(), |m| m.to_ascii_uppercase());
    let url = url(operation, aim, state, base)?;
    let mut headers = Headers::new();
    let own = |name: &str| operation.headers.iter().any(|(n, _)| n.eq_ignore_ascii_case(name));
    if let Some(accept) = media_type(operation.accept.as_ref(), state)?
        && !own("Accept")
    {
        headers.push("Accept", accept);
    }
    let (body, body_type) = body(operation, state)?;
    if let Some(content_type) = body_type.filter(|_| !own("Content-Type")) {
        headers.push("Content-Type", content_type);
    }
    for (name, value) in &operation.headers {
        let value = state.text(value)?;
        // A variable left empty on purpose leaves the header out.
        if !value.trim().is_empty() {
            headers.push(name, value.trim());
        }
    }
    let mut request = Request { method, url, headers, body };
    if aim == Aim::Type && operation.interaction == Interaction::Search && request.method == "POST" {
        as_form(&mut request);
    }
    Ok(request)
}

/// A search by POST: parameters in the body (<http://hl7.org/fhir/STU3/search.html>).
fn as_form(request: &mut Request) {
    let url = std::mem::take(&mut request.url);
    let (target, form) = url.split_once('?').unwrap_or((&url, ""));
    request.url = format!("{}/_search", target.trim_end_matches('/'));
    request.body = Bytes::from(form.to_owned());
    request.headers = request
        .headers
        .iter()
        .filter(|(name, _)| !name.eq_ignore_ascii_case("Content-Type"))
        .chain([("Content-Type", "application/x-www-form-urlencoded")])
        .collect();
}

fn url(operation: &Operation, aim: Aim, state: &ScriptState<'_>, base: &str) -> Result<String, Absence> {
    let encoded = operation.encode_request_url;
    if let Some(url) = &operation.url {
        return Ok(address::absolute(base, &state.text(url)?, encoded));
    }
    let resource = operation.resource.as_ref().map(|r| state.text(r)).transpose()?;
    let params = operation.params.as_ref().map(|p| state.text(p)).transpose()?;
    let (resource, params) = (resource.as_deref().map(str::trim), params.as_deref().map(str::trim));
    match aim {
        Aim::Base => return Ok(address::join(base, None, params, encoded)),
        Aim::Capabilities => return Ok(address::join(base, Some("metadata"), params, encoded)),
        _ => {}
    }
    let aimed = operation.target_id.as_ref().or(operation.source_id.as_ref().filter(|_| is_update(operation)));
    let needs_id = !matches!(aim, Aim::Type) && (operation.target_id.is_some() || params.is_none());
    let Some(aimed) = aimed.filter(|_| needs_id) else {
        if resource.is_none_or(str::is_empty) && params.is_none_or(str::is_empty) {
            let message = "the operation names no resource type, no params and no URL";
            return Err(Absence::not_evaluated(code::UNKNOWN_OPERATION, message));
        }
        if aim == Aim::History && params.is_none() {
            return Ok(address::join(base, resource, Some("/_history"), encoded));
        }
        return Ok(address::join(base, resource, params, encoded));
    };
    let (resource_type, id, version) = identity(aimed, state)?;
    let resource = resource.filter(|r| !r.is_empty()).unwrap_or(&resource_type);
    let mut path = format!("/{id}");
    match (aim, version) {
        (Aim::Version, Some(version)) => path.push_str(&format!("/_history/{version}")),
        (Aim::Version, None) => {
            let message = format!("`{aimed}` has no `meta.versionId` to read that version of");
            return Err(Absence::error(code::NO_VALUE, message));
        }
        (Aim::History, _) => path.push_str("/_history"),
        (Aim::Purge, _) => path.push_str("/$purge"),
        _ => {}
    }
    if let Some(params) = params {
        path.push_str(params);
    }
    Ok(address::join(base, Some(resource), Some(&path), encoded))
}

fn is_update(operation: &Operation) -> bool {
    matches!(operation.interaction, Interaction::Update | Interaction::UpdateCreate | Interaction::Patch)
}

/// Type, id and version of a kept resource.
fn identity(id: &str, state: &ScriptState<'_>) -> Result<(String, String, Option<String>), Absence> {
    let content = match state.source(id)? {
        Source::Exchange(kept, direction) => kept.content(direction).clone()?,
        Source::Document(document, name) => document.content(&name, &state.planned.types).clone()?,
        Source::Missing(absence) => return Err(absence),
    };
    let root = content.root();
    let version = root.child("meta").and_then(|m| m.child_value("versionId")).map(str::to_owned);
    match (root.resource_type(), root.child_value("id")) {
        (Some(resource_type), Some(id)) => Ok((resource_type.to_owned(), id.to_owned(), version)),
        _ => Err(Absence::error(code::NO_VALUE, format!("`{id}` has no `id` to make a URL with"))),
    }
}

/// The media type that `json`, `xml` or a whole one asks for; `none` asks for none.
fn media_type<'t>(template: Option<&'t Template>, state: &ScriptState<'_>) -> Result<Option<Cow<'t, str>>, Absence> {
    let Some(template) = template else { return Ok(None) };
    let text = state.text(template)?;
    Ok(match text.trim() {
        "" | "none" => None,
        "json" => Some(Cow::Borrowed(Format::Json.media_type())),
        "xml" => Some(Cow::Borrowed(Format::Xml.media_type())),
        _ => Some(text),
    })
}

/// What is sent and its Content-Type. A fixture goes in the format the operation asks for, else in its
/// own.
fn body(operation: &Operation, state: &ScriptState<'_>) -> Result<(Bytes, Option<String>), Absence> {
    let unsaid = operation.content_type.is_none();
    let asked = media_type(operation.content_type.as_ref(), state)?.map(Cow::into_owned);
    let Some(source_id) = &operation.source_id else { return Ok((Bytes::new(), asked)) };
    let wanted = asked.as_deref().and_then(Format::from_media_type);
    let (body, own) = match state.source(source_id)? {
        Source::Document(document, name) => {
            let format = wanted.unwrap_or(document.format);
            (document.written(format, &name, &state.planned.types)?, format)
        }
        Source::Exchange(kept, Direction::Request) => {
            let own = kept.content(Direction::Request).as_ref().map_or(Format::Json, |c| c.format());
            (kept.exchange.request.body.clone(), own)
        }
        Source::Exchange(kept, Direction::Response) => {
            let content = kept.content(Direction::Response).clone()?;
            match wanted {
                Some(format) if format != content.format() => {
                    (Bytes::from(super::content::write(&content, format)), format)
                }
                _ => (kept.answered()?.body.clone(), content.format()),
            }
        }
        Source::Missing(absence) => return Err(absence),
    };
    let content_type = if unsaid { Some(own.media_type().to_owned()) } else { asked };
    Ok((body, content_type))
}
