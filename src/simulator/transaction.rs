//! Batches and transactions: <http://hl7.org/fhir/STU3/http.html#transaction>.

use std::collections::HashMap;

use super::call::{Call, Interaction};
use super::refusal::{Reason, Refusal};
use super::reply::Reply;
use super::search::pairs;
use super::searchset::Circumstances;
use super::store::Store;
use super::stored::Key;
use super::wire::Wire;
use super::write::{new_key, one_match};
use crate::definitions::Typed;
use crate::exchange::Headers;
use crate::fhir::{Builder, Document, Format, NodeRef};

/// One entry of the Bundle, ready to be carried out.
struct Entry {
    call: Call,
    interaction: Interaction,
    /// Its place in the Bundle.
    at: usize,
}

/// Carries out a posted Bundle.
pub(super) fn perform(
    store: &mut Store,
    bundle: &Document,
    call: &Call,
    circumstances: &Circumstances<'_>,
) -> Result<Reply, Refusal> {
    let kind = if is_batch(bundle) { "batch-response" } else { "transaction-response" };
    let format = call.presentation.format;
    let replies = carry_out_all(store, bundle, call, circumstances)?.into_iter();
    let replies = replies.map(|(_, r)| r.unwrap_or_else(|refusal| Reply::refused(&refusal, format))).collect();
    Ok(answer(kind, replies, format))
}

fn is_batch(bundle: &Document) -> bool {
    bundle.root().child_value("type") == Some("batch")
}

/// What became of an entry, with its place in the Bundle.
type Outcome = (usize, Result<Reply, Refusal>);

/// The answers to the entries in their order. A transaction fails as
/// a whole.
pub(super) fn carry_out_all(
    store: &mut Store,
    bundle: &Document,
    call: &Call,
    circumstances: &Circumstances<'_>,
) -> Result<Vec<Outcome>, Refusal> {
    let root = bundle.root();
    if root.resource_type() != Some("Bundle") {
        return Err(Refusal::new(Reason::Invalid, "what is posted to the base shall be a Bundle"));
    }
    match root.child_value("type") {
        Some("batch") => {
            let entries = root.children_named("entry").enumerate();
            let replies = entries.map(|(at, entry)| {
                let ready = read_entry(store, entry, at, call, &HashMap::new());
                (at, ready.and_then(|entry| carry_out(store, &entry, circumstances)))
            });
            Ok(replies.collect())
        }
        Some("transaction") => {
            let replies = transaction(store, root, call, circumstances)?;
            Ok(replies.into_iter().map(|(at, reply)| (at, Ok(reply))).collect())
        }
        other => {
            let found = other.map_or("no type".into(), |t| format!("type `{t}`"));
            let message = format!("a Bundle with {found} is not carried out: expected `transaction` or `batch`");
            Err(Refusal::new(Reason::Invalid, message))
        }
    }
}

/// Deletes come first, then creates, updates and reads.
const ORDER: [&str; 4] = ["DELETE", "POST", "PUT", "GET"];

fn transaction(
    store: &mut Store,
    bundle: NodeRef<'_>,
    call: &Call,
    circumstances: &Circumstances<'_>,
) -> Result<Vec<(usize, Reply)>, Refusal> {
    let entries: Vec<NodeRef<'_>> = bundle.children_named("entry").collect();
    let place = |refusal: Refusal, at: usize| Refusal {
        diagnostics: format!("nothing was changed: entry {}: {}", at + 1, refusal.diagnostics),
        ..refusal
    };
    let mut identities = HashMap::new();
    for (at, entry) in entries.iter().enumerate() {
        if let Some((full_url, key)) = identity(store, *entry, circumstances).map_err(|r| place(r, at))?
            && let Some(other) = identities.insert(full_url, key)
        {
            let message = format!("its fullUrl is that of another entry ({other})");
            return Err(place(Refusal::new(Reason::Invalid, message), at));
        }
    }
    let mut ready = vec![];
    for (at, entry) in entries.iter().enumerate() {
        ready.push(read_entry(store, *entry, at, call, &identities).map_err(|r| place(r, at))?);
    }
    ready.sort_by_key(|e| ORDER.iter().position(|m| *m == e.call.method));
    let mut draft = store.clone();
    let mut replies: Vec<(usize, Reply)> = vec![];
    for entry in &ready {
        let reply = carry_out(&mut draft, entry, circumstances).map_err(|r| place(r, entry.at))?;
        replies.push((entry.at, reply));
    }
    *store = draft;
    replies.sort_by_key(|(at, _)| *at);
    Ok(replies)
}

/// Where the resource of an entry will live, for references by its fullUrl.
fn identity(
    store: &Store,
    entry: NodeRef<'_>,
    circumstances: &Circumstances<'_>,
) -> Result<Option<(String, Key)>, Refusal> {
    let Some(full_url) = entry.child_value("fullUrl") else { return Ok(None) };
    let Some((method, url)) = asked(entry) else { return Ok(None) };
    let key = match method {
        "PUT" => match Key::parse(url) {
            Some((_, key)) => key,
            None => return Ok(None),
        },
        "POST" => {
            let condition = entry.child("request").and_then(|r| r.child_value("ifNoneExist"));
            let existing = match condition {
                Some(condition) => one_match(store, url, &pairs(condition)?, circumstances)?,
                None => None,
            };
            existing.map_or_else(|| new_key(url), |found| found.key.clone())
        }
        _ => return Ok(None),
    };
    Ok(Some((full_url.to_owned(), key)))
}

fn asked(entry: NodeRef<'_>) -> Option<(&str, &str)> {
    let request = entry.child("request")?;
    Some((request.child_value("method")?, request.child_value("url")?))
}

/// The conditions an entry can state and the header fields they are otherwise.
const CONDITIONS: [(&str, &str); 3] =
    [("ifMatch", "If-Match"), ("ifNoneMatch", "If-None-Match"), ("ifNoneExist", "If-None-Exist")];

fn read_entry(
    store: &Store,
    entry: NodeRef<'_>,
    at: usize,
    outer: &Call,
    identities: &HashMap<String, Key>,
) -> Result<Entry, Refusal> {
    let missing = || Refusal::new(Reason::Invalid, "`request.method` and `request.url` are needed");
    let (method, url) = asked(entry).ok_or_else(missing)?;
    let url = url.strip_prefix(&*store.base).unwrap_or(url);
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let request = entry.child("request");
    let headers: Headers =
        CONDITIONS.iter().filter_map(|(element, header)| Some((*header, request?.child_value(element)?))).collect();
    let segments: Vec<String> = path.trim_matches('/').split('/').map(str::to_owned).collect();
    let mut call = Call {
        method: method.to_owned(),
        segments,
        pairs: pairs(query)?,
        headers,
        document: None,
        presentation: outer.presentation,
        native: false,
        handling: outer.handling,
        returns: outer.returns,
    };
    let mut interaction = call.interaction(&|t| store.has_type(t))?;
    if interaction == Interaction::Bundle {
        return Err(Refusal::new(Reason::Invalid, "a Bundle cannot be carried out inside a Bundle"));
    }
    if interaction.takes_resource() {
        let resource = entry.child("resource").filter(|r| r.resource_type().is_some());
        let resource = resource.ok_or_else(|| Refusal::new(Reason::Invalid, format!("{method} needs a `resource`")))?;
        // A new resource with an identity is put where references to it expect it.
        let own = entry.child_value("fullUrl").and_then(|url| identities.get(url));
        if let (Interaction::Create(_), Some(key), None) = (&interaction, own, call.headers.get("If-None-Exist")) {
            interaction = Interaction::Update(key.clone());
        }
        let id = match &interaction {
            Interaction::Update(key) if method == "POST" => Some(&*key.id),
            _ => None,
        };
        call.document = Some(resolved(resource, id, store, identities));
    }
    Ok(Entry { call, interaction, at })
}

fn carry_out(store: &mut Store, entry: &Entry, circumstances: &Circumstances<'_>) -> Result<Reply, Refusal> {
    match entry.interaction.writes() {
        true => super::write::perform(store, &entry.interaction, &entry.call, circumstances),
        false => super::service::perform(store, &entry.interaction, &entry.call, circumstances),
    }
}

/// A resource out of the Bundle, with links to other entries turned into where those will live, and with
/// another id if one is given.
fn resolved(resource: NodeRef<'_>, id: Option<&str>, store: &Store, identities: &HashMap<String, Key>) -> Document {
    let mut plain = Builder::resource(resource.resource_type().unwrap_or_default(), resource.document().format());
    if let Some(id) = id {
        plain.text("id", id);
    }
    for child in resource.children().filter(|c| id.is_none() || c.name() != "id") {
        plain.graft(child.name(), child);
    }
    if identities.is_empty() {
        return plain.finish();
    }
    let tree = Typed::new(plain.finish(), store.types.clone());
    let replaced = |node: NodeRef<'_>| {
        let is_link = node.name() == "reference" || matches!(tree.type_name(node.id()), "uri" | "url" | "oid" | "uuid");
        node.value().filter(|_| is_link).and_then(|v| identities.get(v)).map(Key::to_string)
    };
    super::edit::rebuild(&tree, &mut |node| match replaced(node) {
        Some(key) => super::edit::Edit::Value(key),
        None => super::edit::Edit::Keep,
    })
}

/// The Bundle that answers a Bundle.
fn answer(bundle_type: &str, replies: Vec<Reply>, format: Format) -> Reply {
    let body = Wire::resource(format, "Bundle", |w| {
        w.text("id", &uuid::Uuid::new_v4().to_string());
        w.text("type", bundle_type);
        w.objects("entry", &replies, |w, reply| {
            let header = |name: &str| reply.headers.iter().find(|(n, _)| *n == name).map(|(_, v)| v.as_str());
            let failed = reply.status >= 400;
            if let Some(body) = reply.body.as_ref().filter(|_| !failed) {
                w.ready("resource", body);
            }
            w.object("response", |w| {
                w.text("status", &status_line(reply.status));
                header("Location").map(below_base).into_iter().for_each(|location| w.text("location", location));
                header("ETag").into_iter().for_each(|etag| w.text("etag", etag));
                if let Some(body) = reply.body.as_ref().filter(|_| failed) {
                    w.ready("outcome", body);
                }
            });
        });
    });
    Reply::new(200, body)
}

/// `Type/id/_history/1`: in a Bundle a location is relative to the base it was posted to
/// (<http://hl7.org/fhir/STU3/http.html#transaction-response>).
fn below_base(location: &str) -> &str {
    let at = location.rmatch_indices('/').nth(3).map_or(0, |(at, _)| at + 1);
    location.get(at..).unwrap_or(location)
}

fn status_line(status: u16) -> String {
    match hyper::StatusCode::from_u16(status).ok().and_then(|s| s.canonical_reason()) {
        Some(reason) => format!("{status} {reason}"),
        None => status.to_string(),
    }
}
