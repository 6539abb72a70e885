//! What checks read in a searchset: as JSON, without types, for it may be anything.

use std::collections::BTreeSet;

use serde_json::Value;

/// A member, if it is there and text.
pub fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name)?.as_str()
}

/// True for a Bundle of type searchset.
pub fn is_searchset(value: &Value) -> bool {
    text(value, "resourceType") == Some("Bundle") && text(value, "type") == Some("searchset")
}

/// The entries.
pub fn entries(bundle: &Value) -> &[Value] {
    bundle.get("entry").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The resources of the entries, without outcomes.
pub fn resources(bundle: &Value) -> impl Iterator<Item = &Value> {
    entries(bundle)
        .iter()
        .filter_map(|entry| entry.get("resource"))
        .filter(|r| text(r, "resourceType") != Some("OperationOutcome"))
}

/// How an entry came in: `match`, `include`, `outcome`.
pub fn mode(entry: &Value) -> Option<&str> {
    entry.get("search")?.get("mode")?.as_str()
}

/// How many entries match.
pub fn matches(bundle: &Value) -> usize {
    entries(bundle).iter().filter(|entry| mode(entry) == Some("match")).count()
}

/// The link with this relation.
pub fn link<'v>(bundle: &'v Value, relation: &str) -> Option<&'v str> {
    let links = bundle.get("link")?.as_array()?;
    links.iter().find(|link| text(link, "relation") == Some(relation)).and_then(|link| text(link, "url"))
}

/// `Type/id` of a resource.
pub fn key(resource: &Value) -> Option<String> {
    Some(format!("{}/{}", text(resource, "resourceType")?, text(resource, "id")?))
}

/// `Type/id` of every entry.
pub fn keys(bundle: &Value) -> BTreeSet<String> {
    resources(bundle).filter_map(key).collect()
}

/// `Type/id` at the end of a reference, its version left out.
pub fn referred(reference: &str) -> Option<String> {
    let reference = reference.split("/_history/").next().unwrap_or_default();
    let mut parts = reference.rsplit('/');
    let (id, kind) = (parts.next()?, parts.next()?);
    let named = kind.starts_with(|c: char| c.is_ascii_uppercase()) && kind.chars().all(|c| c.is_ascii_alphabetic());
    (named && !id.is_empty()).then(|| format!("{kind}/{id}"))
}

/// Every reference in a value, with the name of the member it stands under.
pub fn references<'v>(value: &'v Value, name: &'v str, into: &mut Vec<(&'v str, &'v str)>) {
    match value {
        Value::Object(members) => {
            if let Some(reference) = members.get("reference").and_then(Value::as_str) {
                into.push((name, reference));
            }
            for (member, value) in members {
                references(value, member, into);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, name, into)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read() {
        for (reference, expected) in [
            ("Patient/1", Some("Patient/1")),
            ("https://a/fhir/Patient/1/_history/2", Some("Patient/1")),
            ("#x", None),
            ("urn:uuid:1", None),
            ("patient/1", None),
        ] {
            assert_eq!(referred(reference).as_deref(), expected, "{reference}");
        }
    }
}
