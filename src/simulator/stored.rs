//! A resource as the simulator keeps it: its typed tree, what it refers to, and its bytes in both
//! formats, made once so that an answer is put together from ready pieces.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use crate::definitions::{TypeClass, TypeTable, Typed};
use crate::fhir::{Builder, Document, Format, NodeRef, json, xml};

/// `Observation/123`: where a resource lives on this server.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Key {
    pub resource_type: Arc<str>,
    pub id: Arc<str>,
}

impl Key {
    pub fn new(resource_type: impl Into<Arc<str>>, id: impl Into<Arc<str>>) -> Key {
        Key { resource_type: resource_type.into(), id: id.into() }
    }

    /// Reads `Observation/123`, also with `/_history/2` behind it and an absolute URL before it. What
    /// stands before is given back too, without its slash.
    pub fn parse(text: &str) -> Option<(&str, Key)> {
        let text = text.split_once("/_history/").map_or(text, |(before, _)| before);
        let (rest, id) = text.rsplit_once('/')?;
        let (base, resource_type) = rest.rsplit_once('/').unwrap_or(("", rest));
        (is_type_name(resource_type) && is_id(id)).then(|| (base, Key::new(resource_type, id)))
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.resource_type, self.id)
    }
}

fn is_type_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase()) && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// The `id` type: <http://hl7.org/fhir/STU3/datatypes.html#id>.
pub(super) fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
}

/// One version of a resource. Never changes.
pub(super) struct Stored {
    pub key: Key,
    pub version: u64,
    pub last_updated: jiff::Timestamp,
    pub tree: Typed,
    /// Everything it refers to by type and id, without duplicates.
    pub references: Vec<Key>,
    json: OnceLock<Bytes>,
    xml: OnceLock<Bytes>,
}

impl Stored {
    /// Gives a document its place, version and time. Version and time stand in `meta`, whatever the
    /// document said; the rest of it stays.
    pub fn new(key: Key, version: u64, document: &Document, types: &Arc<TypeTable>, base: &str) -> Stored {
        let last_updated = jiff::Timestamp::now();
        let tree = Typed::new(stamp(document, &key, version, last_updated), types.clone());
        let mut references: Vec<Key> = links(&tree).filter_map(|text| local(text, base)).collect();
        references.sort();
        references.dedup();
        Stored { key, version, last_updated, tree, references, json: OnceLock::new(), xml: OnceLock::new() }
    }

    /// Its bytes: JSON on one line, XML without the declaration.
    pub fn bytes(&self, format: Format) -> &Bytes {
        match format {
            Format::Xml => self.xml.get_or_init(|| write(&self.tree, Format::Xml).into()),
            _ => self.json.get_or_init(|| write(&self.tree, Format::Json).into()),
        }
    }

    /// Weak, as one version has two representations: <https://www.rfc-editor.org/rfc/rfc9110#section-8.8.1>.
    pub fn etag(&self) -> String {
        format!("W/\"{}\"", self.version)
    }

    /// The Patients it refers to itself; a Patient is its own. What links Patients to each other does
    /// not make one the business of the other.
    pub fn patients(&self) -> impl Iterator<Item = &Key> {
        let own = (&*self.key.resource_type == PATIENT).then_some(&self.key);
        let referred = self.references.iter().filter(move |k| own.is_none() && &*k.resource_type == PATIENT);
        own.into_iter().chain(referred)
    }
}

/// The resource type that a compartment is named after.
pub(super) const PATIENT: &str = "Patient";

/// Writes a tree as an answer holds it: JSON compact, XML without its declaration.
pub(super) fn write(tree: &Typed, format: Format) -> String {
    match format {
        Format::Xml => {
            let text = xml::write(tree.root(), tree);
            let start = text.find("?>").map_or(0, |at| at + 2);
            text[start..].trim().to_owned()
        }
        _ => json::write(tree.root(), tree, json::Layout::Compact),
    }
}

/// The texts in a tree that may lead to another resource: references, and URIs (an Attachment's).
fn links(tree: &Typed) -> impl Iterator<Item = &str> {
    tree.root().descendants_and_self().filter_map(|node| {
        let is_link = node.name() == "reference" || matches!(tree.type_name(node.id()), "uri" | "url");
        is_link.then(|| node.value()).flatten()
    })
}

/// A link to a resource of this server: relative, or absolute under its base.
pub(super) fn local(text: &str, base: &str) -> Option<Key> {
    let (before, key) = Key::parse(text)?;
    (before.is_empty() || before == base).then_some(key)
}

fn stamp(document: &Document, key: &Key, version: u64, last_updated: jiff::Timestamp) -> Document {
    let root = document.root();
    let mut builder = Builder::resource(&key.resource_type, document.format());
    builder.text("id", &key.id);
    builder.open("meta");
    builder.text("versionId", &version.to_string());
    builder.text("lastUpdated", &instant(last_updated));
    for child in root.children_named("meta").flat_map(NodeRef::children) {
        if !matches!(child.name(), "versionId" | "lastUpdated") {
            builder.graft(child.name(), child);
        }
    }
    builder.close();
    for child in root.children().filter(|c| !matches!(c.name(), "id" | "meta")) {
        builder.graft(child.name(), child);
    }
    builder.finish()
}

/// An `instant` to the millisecond.
pub(super) fn instant(at: jiff::Timestamp) -> String {
    format!("{at:.3}").replace('Z', "+00:00")
}

/// The names of the resource types that can have instances.
pub(super) fn resource_types(types: &TypeTable) -> impl Iterator<Item = &str> {
    types.types().filter(|(_, t)| t.class == TypeClass::Resource && !t.is_abstract).map(|(_, t)| &*t.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_from_references() {
        let table = [
            ("Patient/1", Some(("", "Patient/1"))),
            ("Patient/a-b.C/_history/3", Some(("", "Patient/a-b.C"))),
            ("https://x.test/fhir/Patient/1", Some(("https://x.test/fhir", "Patient/1"))),
            ("Patient/", None),
            ("Patient", None),
            ("#med", None),
            ("urn:uuid:0b4cb1c0-0000-0000-0000-000000000000", None),
            ("https://x.test/naming/lower", None),
            ("Patient/has space", None),
        ];
        for (text, expected) in table {
            let read = Key::parse(text).map(|(base, key)| (base, key.to_string()));
            assert_eq!(read.as_ref().map(|(b, k)| (*b, k.as_str())), expected, "{text}");
        }
    }

    #[test]
    fn an_instant_has_milliseconds_and_an_offset() {
        let at: jiff::Timestamp = "2024-05-06T07:08:09.12Z".parse().unwrap();
        assert_eq!(instant(at), "2024-05-06T07:08:09.120+00:00");
    }
}
