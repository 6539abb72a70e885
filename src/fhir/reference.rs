//! References between resources, and what they refer to inside one document.
//!
//! <http://hl7.org/fhir/STU3/references.html> and, for resolution in a Bundle,
//! <http://hl7.org/fhir/STU3/bundle.html#references>.

use std::collections::HashMap;

use super::{Document, NodeId, NodeRef};

/// A reference, taken apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reference<'r> {
    /// `#id`: in the same resource; `#` alone is the resource itself.
    Contained(&'r str),
    /// `Patient/1`, `Patient/1/_history/2`, with `base` if it is absolute.
    Literal {
        /// What stands before the type, with its last `/`: `https://dva.example/fhir/`.
        base: Option<&'r str>,
        /// Resource type.
        resource_type: &'r str,
        /// Id.
        id: &'r str,
        /// Version, if named.
        version: Option<&'r str>,
    },
    /// `urn:uuid:…` or `urn:oid:…`.
    Urn(&'r str),
    /// Any other absolute URL.
    Other(&'r str),
    /// Not a reference: a bare id, white space, nothing.
    Malformed(&'r str),
}

impl<'r> Reference<'r> {
    /// Takes a reference apart.
    pub fn parse(text: &'r str) -> Reference<'r> {
        if let Some(id) = text.strip_prefix('#') {
            return Reference::Contained(id);
        }
        if text.starts_with("urn:uuid:") || text.starts_with("urn:oid:") {
            return Reference::Urn(text);
        }
        let absolute = text.split_once(':').is_some_and(|(scheme, _)| {
            !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
        });
        let (path, version) = match text.split_once("/_history/") {
            Some((path, version)) => (path, Some(version)),
            None => (text, None),
        };
        let mut parts = path.rsplitn(3, '/');
        let (id, resource_type) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let before = parts.next();
        let literal = super::primitive::fault("id", id).is_none()
            && resource_type.starts_with(|c: char| c.is_ascii_uppercase())
            && resource_type.bytes().all(|b| b.is_ascii_alphanumeric());
        match (literal, before) {
            (true, Some(_)) if absolute => {
                let base = path.get(..path.len() - resource_type.len() - id.len() - 1);
                Reference::Literal { base, resource_type, id, version }
            }
            (true, None) => Reference::Literal { base: None, resource_type, id, version },
            _ if absolute && !text.contains(char::is_whitespace) => Reference::Other(text),
            _ => Reference::Malformed(text),
        }
    }

    /// The resource type it names.
    pub fn resource_type(self) -> Option<&'r str> {
        match self {
            Reference::Literal { resource_type, .. } => Some(resource_type),
            _ => None,
        }
    }
}

/// What references of one document can refer to: the entries of its Bundles by fullUrl and by type and id.
/// Made once for a document, in time linear in its entries.
#[derive(Debug, Default)]
pub struct ReferenceIndex {
    by_url: HashMap<Box<str>, NodeId>,
    by_key: HashMap<Box<str>, NodeId>,
}

impl ReferenceIndex {
    /// Looks at the entries of the outermost Bundle. The first entry counts where two have one url.
    pub fn new(document: &Document) -> ReferenceIndex {
        let mut index = ReferenceIndex::default();
        let entries = document.root().children_named("entry");
        for entry in entries.filter(|_| document.root().resource_type() == Some("Bundle")) {
            let Some(resource) = entry.child("resource") else { continue };
            if let Some(url) = entry.child_value("fullUrl") {
                index.by_url.entry(url.into()).or_insert(resource.id());
            }
            if let (Some(kind), Some(id)) = (resource.resource_type(), resource.child_value("id")) {
                index.by_key.entry(format!("{kind}/{id}").into()).or_insert(resource.id());
            }
        }
        index
    }

    /// The resource that `reference`, standing at `from`, refers to within the document.
    pub fn resolve<'d>(&self, reference: &str, from: NodeRef<'d>) -> Option<NodeRef<'d>> {
        match Reference::parse(reference) {
            Reference::Contained(id) => contained(id, from),
            Reference::Literal { base, resource_type, id, .. } => {
                let url = base.map(|base| format!("{base}{resource_type}/{id}"));
                let found = match &url {
                    Some(url) => self.by_url.get(url.as_str()),
                    None => self.relative(resource_type, id, from),
                };
                found.map(|id| from.document().node(*id))
            }
            Reference::Urn(url) | Reference::Other(url) => self.by_url.get(url).map(|id| from.document().node(*id)),
            Reference::Malformed(_) => None,
        }
    }

    /// A relative reference counts from the base of the entry it stands in; failing that, by type and id.
    fn relative(&self, resource_type: &str, id: &str, from: NodeRef<'_>) -> Option<&NodeId> {
        let entry = std::iter::successors(Some(from), |n| n.parent()).find(|n| n.name() == "entry");
        let own = entry.and_then(|e| e.child_value("fullUrl")).map(Reference::parse);
        let same_base = match own {
            Some(Reference::Literal { base: Some(base), .. }) => {
                self.by_url.get(format!("{base}{resource_type}/{id}").as_str())
            }
            _ => None,
        };
        same_base.or_else(|| self.by_key.get(format!("{resource_type}/{id}").as_str()))
    }
}

/// The contained resource with this id, of the outermost resource around `from` that is not an entry's holder.
fn contained<'d>(id: &str, from: NodeRef<'d>) -> Option<NodeRef<'d>> {
    let resources = std::iter::successors(Some(from), |n| n.parent()).filter(|n| n.resource_type().is_some());
    let holder = resources.into_iter().find(|n| n.name() != "contained")?;
    if id.is_empty() {
        return Some(holder);
    }
    holder.children_named("contained").find(|c| c.child_value("id") == Some(id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fhir::{Format, read};

    #[test]
    fn references_are_taken_apart() {
        let literal = |base, resource_type, id, version| Reference::Literal { base, resource_type, id, version };
        for (text, expected) in [
            ("#p1", Reference::Contained("p1")),
            ("#", Reference::Contained("")),
            ("Patient/1", literal(None, "Patient", "1", None)),
            ("Patient/1/_history/2", literal(None, "Patient", "1", Some("2"))),
            ("https://a.example/fhir/Patient/x-1", literal(Some("https://a.example/fhir/"), "Patient", "x-1", None)),
            ("urn:uuid:c757873d", Reference::Urn("urn:uuid:c757873d")),
            ("https://a.example/form", Reference::Other("https://a.example/form")),
            ("patient/1", Reference::Malformed("patient/1")),
            ("Patient", Reference::Malformed("Patient")),
            ("Patient/a b", Reference::Malformed("Patient/a b")),
            ("a/Patient/1", Reference::Malformed("a/Patient/1")),
            ("", Reference::Malformed("")),
        ] {
            assert_eq!(Reference::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn references_are_resolved_in_a_bundle_and_in_a_resource() {
        let bundle = read(
            r##"{"resourceType": "Bundle", "entry": [
              {"fullUrl": "https://a/fhir/Observation/o", "resource": {"resourceType": "Observation", "id": "o",
                "contained": [{"resourceType": "Device", "id": "d", "owner": {"reference": "#"}}]}},
              {"fullUrl": "https://b/fhir/Patient/1", "resource": {"resourceType": "Patient", "id": "1", "active": false}},
              {"fullUrl": "https://a/fhir/Patient/1", "resource": {"resourceType": "Patient", "id": "1", "active": true}},
              {"fullUrl": "urn:uuid:u", "resource": {"resourceType": "Organization"}}]}"##,
            Format::Json,
        )
        .unwrap();
        let index = ReferenceIndex::new(&bundle);
        let observation = bundle.root().child("entry").and_then(|e| e.child("resource")).unwrap();
        let resolve = |reference| index.resolve(reference, observation);
        assert_eq!(resolve("Patient/1").and_then(|p| p.child_value("active")), Some("true"), "same base first");
        assert_eq!(resolve("https://b/fhir/Patient/1").and_then(|p| p.child_value("active")), Some("false"));
        assert_eq!(resolve("urn:uuid:u").and_then(NodeRef::resource_type), Some("Organization"));
        assert_eq!(resolve("#d").and_then(NodeRef::resource_type), Some("Device"));
        assert_eq!(resolve("Patient/2"), None);
        let device = resolve("#d").unwrap();
        assert_eq!(index.resolve("#", device), Some(observation));
    }
}
