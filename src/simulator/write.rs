//! Creating, updating and deleting (<http://hl7.org/fhir/STU3/http.html>).

use std::sync::Arc;

use super::call::{Call, Interaction, Return};
use super::refusal::{Reason, Refusal};
use super::reply::{Reply, outcome, version_headers};
use super::search::{Handling, Plan, pairs};
use super::searchset::Circumstances;
use super::service::{only_presentation, seen};
use super::store::{Lookup, Store};
use super::stored::{Key, Stored, is_id};
use super::transaction;
use crate::definitions::Typed;
use crate::fhir::{Builder, Document};

/// Carries out an interaction that may change the store.
pub(super) fn perform(
    store: &mut Store,
    interaction: &Interaction,
    call: &Call,
    circumstances: &Circumstances<'_>,
) -> Result<Reply, Refusal> {
    use Interaction::{Bundle, Create, Delete, Purge, Update};
    if matches!(interaction, Create(_) | Update(_) | Delete(_) | Purge(_) | Bundle) {
        only_presentation(call)?;
    }
    match interaction {
        Interaction::Create(resource_type) => create(store, resource_type, call, circumstances),
        Interaction::Update(key) => {
            let id = document(call)?.root().child_value("id");
            if id != Some(&*key.id) {
                let found = id.map_or("no id".into(), |id| format!("the id `{id}`"));
                let message = format!("the resource for {key} has {found}: it shall have the id of the URL");
                return Err(Refusal::new(Reason::Invalid, message));
            }
            put(store, key.clone(), call, circumstances)
        }
        Interaction::UpdateWhere(resource_type) => {
            let own = document(call)?.root().child_value("id").map(str::to_owned);
            let key = match (one_match(store, resource_type, &call.pairs, circumstances)?, own) {
                (Some(found), Some(own)) if *found.key.id != *own => {
                    let message = format!("the match is {}, the resource says it is `{own}`", found.key);
                    return Err(Refusal::new(Reason::Invalid, message));
                }
                (Some(found), _) => found.key.clone(),
                (None, Some(own)) if is_id(&own) => Key::new(resource_type.as_str(), own),
                (None, _) => new_key(resource_type),
            };
            put(store, key, call, circumstances)
        }
        Interaction::Delete(key) => {
            if_match(store, key, call)?;
            match store.get(key) {
                Lookup::Found(_) => {
                    let resource = seen(store, key, circumstances.access)?;
                    deletable(circumstances, &resource)?;
                    store.delete(key);
                    Ok(Reply::empty(204))
                }
                // Deleting again is no failure: http://hl7.org/fhir/STU3/http.html#delete.
                Lookup::Gone => Ok(Reply::empty(204)),
                Lookup::Missing => Err(Refusal::new(Reason::NotFound, format!("there is no {key} here"))),
            }
        }
        Interaction::DeleteWhere(resource_type) => {
            if let Some(found) = one_match(store, resource_type, &call.pairs, circumstances)? {
                deletable(circumstances, &found)?;
                store.delete(&found.key);
            }
            Ok(Reply::empty(204))
        }
        Interaction::Purge(key) => purge(store, key, call, circumstances),
        Interaction::Bundle => transaction::perform(store, document(call)?, call, circumstances),
        _ => super::service::perform(store, interaction, call, circumstances),
    }
}

fn document(call: &Call) -> Result<&Document, Refusal> {
    call.document.as_ref().ok_or_else(|| Refusal::new(Reason::Invalid, "a resource is missing here"))
}

/// A key nobody has yet.
pub(super) fn new_key(resource_type: &str) -> Key {
    Key::new(resource_type, uuid::Uuid::new_v4().to_string())
}

fn create(
    store: &mut Store,
    resource_type: &str,
    call: &Call,
    circumstances: &Circumstances<'_>,
) -> Result<Reply, Refusal> {
    if let Some(condition) = call.header("If-None-Exist") {
        let condition = condition.split_once('?').map_or(condition, |(_, query)| query);
        if let Some(found) = one_match(store, resource_type, &pairs(condition)?, circumstances)? {
            return Ok(written(200, &found, call, circumstances));
        }
    }
    put(store, new_key(resource_type), call, circumstances)
}

fn put(store: &mut Store, key: Key, call: &Call, circumstances: &Circumstances<'_>) -> Result<Reply, Refusal> {
    if_match(store, &key, call)?;
    if call.header("If-None-Match").is_some_and(|t| t.trim() == "*") && matches!(store.get(&key), Lookup::Found(_)) {
        return Err(Refusal::new(Reason::Conflict, format!("`If-None-Match: *` does not hold: there is a {key}")));
    }
    let document = document(call)?;
    let status = place(store, key.clone(), document)?;
    match store.get(&key) {
        Lookup::Found(resource) => Ok(written(status, &resource, call, circumstances)),
        _ => Err(Refusal::new(Reason::NotFound, format!("there is no {key} here"))),
    }
}

/// Stores a document. The status says whether it is new (201) or not (200). A token limits what is seen
/// and taken away, not what is stored: test data of several persons is loaded with the token of one.
fn place(store: &mut Store, key: Key, document: &Document) -> Result<u16, Refusal> {
    let found = document.root().resource_type();
    if found != Some(&*key.resource_type) {
        let found = found.map_or("no resource".into(), |f| format!("`{f}`"));
        let message = format!("expected a `{}`, found {found}", key.resource_type);
        return Err(Refusal::new(Reason::Unprocessable, message));
    }
    if let Some(inspector) = &store.inspector {
        let faults = inspector.faults(&Typed::new(copy(document), store.types.clone()));
        if !faults.is_empty() {
            return Err(Refusal::new(Reason::Unprocessable, format!("{key} is not valid: {}", faults.join("; "))));
        }
    }
    let existed = matches!(store.get(&key), Lookup::Found(_));
    match store.put(key, document) {
        Some(_) => Ok(if existed { 200 } else { 201 }),
        None => Err(Refusal::new(Reason::NotFound, "resources of this type are not stored here")),
    }
}

/// The same document once more.
fn copy(document: &Document) -> Document {
    let root = document.root();
    let mut copy = Builder::resource(root.resource_type().unwrap_or_default(), document.format());
    for child in root.children() {
        copy.graft(child.name(), child);
    }
    copy.finish()
}

fn deletable(circumstances: &Circumstances<'_>, resource: &Stored) -> Result<(), Refusal> {
    if circumstances.access.may_delete(resource) {
        return Ok(());
    }
    let message = format!("{} is about somebody else than this token", resource.key);
    Err(Refusal::new(Reason::Forbidden, message))
}

fn if_match(store: &Store, key: &Key, call: &Call) -> Result<(), Refusal> {
    let Some(expected) = call.header("If-Match") else { return Ok(()) };
    let current = match store.get(key) {
        Lookup::Found(resource) => resource.etag(),
        _ => "none".into(),
    };
    if expected.trim() == current || expected.trim() == "*" && current != "none" {
        return Ok(());
    }
    Err(Refusal::new(Reason::Conflict, format!("`If-Match: {expected}` does not hold: the version is {current}")))
}

/// What a conditional interaction is about. Conditions must say something, and be understood whole.
pub(super) fn one_match(
    store: &Store,
    resource_type: &str,
    condition: &[super::search::Pair],
    circumstances: &Circumstances<'_>,
) -> Result<Option<Arc<Stored>>, Refusal> {
    let criteria: Vec<_> =
        condition.iter().filter(|p| !matches!(p.name.as_str(), "_format" | "_pretty")).cloned().collect();
    if criteria.is_empty() {
        let message = format!("this needs an id (`{resource_type}/[id]`) or search parameters to find one by");
        return Err(Refusal::new(Reason::Invalid, message));
    }
    let plan = Plan::parse(store, resource_type, &criteria, Handling::Strict)?;
    let matches = plan.matches(store, resource_type, circumstances.access);
    match matches.as_slice() {
        [] => Ok(None),
        [slot] => Ok(store.shelf(resource_type).and_then(|shelf| shelf.at(*slot).cloned())),
        several => {
            let message = format!("the condition finds {} resources of {resource_type}", several.len());
            Err(Refusal::new(Reason::MultipleMatches, message))
        }
    }
}

/// The answer to a write.
fn written(status: u16, resource: &Stored, call: &Call, circumstances: &Circumstances<'_>) -> Reply {
    let format = call.presentation.format;
    let mut headers = version_headers(resource);
    let location = format!("{}/{}/_history/{}", circumstances.base, resource.key, resource.version);
    headers.push(("Location", location));
    let body = match call.returns {
        Return::Minimal => None,
        Return::Representation => Some(resource.bytes(format).clone()),
        Return::Outcome => {
            let done = format!("stored {} as version {}", resource.key, resource.version);
            Some(outcome(format, "information", "informational", &done).into())
        }
    };
    Reply { status, headers, body, native: false }
}

/// `$purge`: takes away everything that belongs to one Patient alone, as if it had never been. On a
/// Patient who is not there it has nothing to do, which is no failure: test data is loaded that way.
fn purge(store: &mut Store, patient: &Key, call: &Call, circumstances: &Circumstances<'_>) -> Result<Reply, Refusal> {
    if let super::access::Access::Patients { keys } = circumstances.access
        && !keys.contains(patient)
    {
        return Err(Refusal::new(Reason::Forbidden, format!("{patient} is somebody else than this token's person")));
    }
    let is_theirs = |r: &Stored| r.patients.iter().all(|p| p == patient) && !r.patients.is_empty();
    let all = store.shelves().flat_map(|(_, shelf)| shelf.resources());
    let doomed: Vec<Key> = all.filter(|(_, r)| is_theirs(r)).map(|(_, r)| r.key.clone()).collect();
    doomed.iter().for_each(|key| store.erase(key));
    let done = format!("{} resources of {patient} were purged", doomed.len());
    Ok(Reply::new(200, outcome(call.presentation.format, "information", "informational", &done)))
}
