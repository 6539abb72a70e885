//! A resource as the simulator keeps it: its typed tree, what it refers to, and its bytes in both
//! formats, made once so that an answer is put together from ready pieces.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use super::search::{Parameters, Target, select, target};
use crate::definitions::search::Found;
use crate::definitions::{TypeClass, TypeTable, Typed};
use crate::fhir::{Builder, Document, Format, NodeRef, json, primitive, reference::Reference, xml};

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
        match Reference::parse(text) {
            Reference::Literal { base, resource_type, id, .. } => {
                Some((base.unwrap_or_default().trim_end_matches('/'), Key::new(resource_type, id)))
            }
            _ => None,
        }
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.resource_type, self.id)
    }
}

/// The `id` type: <http://hl7.org/fhir/STU3/datatypes.html#id>.
pub(super) fn is_id(text: &str) -> bool {
    primitive::fault("id", text).is_none()
}

/// One version of a resource. Never changes.
pub(super) struct Stored {
    pub key: Key,
    pub version: u64,
    pub last_updated: jiff::Timestamp,
    pub tree: Typed,
    /// Everything it refers to by type and id, without duplicates.
    pub references: Vec<Key>,
    /// The Patients whose compartment it is in.
    pub patients: Vec<Key>,
    json: OnceLock<Bytes>,
    xml: OnceLock<Bytes>,
}

impl Stored {
    /// Gives a document its place, version and time. Version and time stand in `meta`, whatever the
    /// document said; the rest of it stays.
    pub fn new(
        key: Key,
        version: u64,
        document: &Document,
        types: &Arc<TypeTable>,
        parameters: &Parameters,
        base: &str,
    ) -> Stored {
        let last_updated = jiff::Timestamp::now();
        let tree = Typed::new(stamp(document, &key, version, last_updated), types.clone());
        let mut references: Vec<Key> = links(&tree).filter_map(|text| local(text, base)).collect();
        references.sort();
        references.dedup();
        let patients = patients(&key, &tree, &references, parameters, base);
        Stored { key, version, last_updated, tree, references, patients, json: OnceLock::new(), xml: OnceLock::new() }
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
}

/// The resource type that a compartment is named after.
pub(super) const PATIENT: &str = "Patient";

/// The Patients a resource is about, by the definition of their compartment; where that says nothing, any
/// Patient it refers to. A Patient is about itself: links between Patients do not make one the business
/// of the other.
fn patients(key: &Key, tree: &Typed, references: &[Key], parameters: &Parameters, base: &str) -> Vec<Key> {
    let is_patient = |key: &Key| &*key.resource_type == PATIENT;
    if is_patient(key) {
        return vec![key.clone()];
    }
    let found = parameters.compartment(PATIENT, &key.resource_type).flat_map(|p| select(p, tree));
    let nodes = found.flat_map(|found| match found {
        Found::Nodes(nodes) => nodes,
        Found::Boolean(_) => vec![],
    });
    let mut patients: Vec<Key> = nodes
        .filter_map(|node| match target(node, base) {
            Some(Target::Here(key)) if is_patient(&key) => Some(key),
            _ => None,
        })
        .collect();
    if patients.is_empty() {
        patients = references.iter().filter(|k| is_patient(k)).cloned().collect();
    }
    patients.sort();
    patients.dedup();
    patients
}

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
