//! `$document`: a Composition and all it refers to, as a document Bundle
//! (<http://hl7.org/fhir/STU3/composition-operations.html#document>).

use std::collections::HashSet;
use std::sync::Arc;

use super::call::Call;
use super::refusal::Refusal;
use super::reply::{Reply, now};
use super::searchset::Circumstances;
use super::service::seen;
use super::store::{Lookup, Store};
use super::stored::{Key, Stored};
use super::wire::Wire;

/// How far references are followed from the Composition: its sections' resources, and what those need.
const DEPTH: usize = 4;

/// Puts the document together. The Composition comes first.
pub(super) fn document(
    store: &Store,
    key: &Key,
    call: &Call,
    circumstances: &Circumstances<'_>,
) -> Result<Reply, Refusal> {
    let composition = seen(store, key, circumstances.access)?;
    let mut entries: Vec<Arc<Stored>> = vec![composition];
    let mut known: HashSet<Key> = HashSet::from([key.clone()]);
    let mut from = 0;
    for _ in 0..DEPTH {
        let targets: Vec<Key> = entries[from..].iter().flat_map(|r| r.references.clone()).collect();
        from = entries.len();
        for target in targets {
            if known.insert(target.clone())
                && let Lookup::Found(resource) = store.get(&target)
                && circumstances.access.sees(store, &resource)
            {
                entries.push(resource);
            }
        }
    }
    let format = call.presentation.format;
    let id = uuid::Uuid::new_v4().to_string();
    let body = Wire::resource(format, "Bundle", |w| {
        w.text("id", &id);
        w.object("meta", |w| w.text("lastUpdated", &now()));
        w.object("identifier", |w| {
            w.text("system", "urn:ietf:rfc:3986");
            w.text("value", &format!("urn:uuid:{id}"));
        });
        w.text("type", "document");
        if has_timestamp(store) {
            w.text("timestamp", &now());
        }
        w.objects("entry", &entries, |w, resource| {
            w.text("fullUrl", &format!("{}/{}", circumstances.base, resource.key));
            w.ready("resource", resource.bytes(format));
        });
    });
    Ok(Reply::new(200, body))
}

/// Bundle.timestamp is an element of later releases; the definitions say.
fn has_timestamp(store: &Store) -> bool {
    store.types.type_named("Bundle").is_some_and(|bundle| store.types.child(bundle, "timestamp").is_some())
}
