//! Two trees of one resource, from JSON and XML: the same elements with the same values, whatever the order
//! of different elements.

use std::collections::BTreeMap;

use crate::fhir::NodeRef;

/// The path of the first difference.
pub fn difference(first: NodeRef<'_>, second: NodeRef<'_>) -> Option<String> {
    if first.resource_type() != second.resource_type() {
        return Some(first.path());
    }
    let (one, other) = (first.value(), second.value());
    if first.name() == "div" {
        return (bare(one.unwrap_or_default()) != bare(other.unwrap_or_default())).then(|| first.path());
    }
    if one != other {
        return Some(first.path());
    }
    let (ones, others) = (grouped(first), grouped(second));
    if let Some(name) = ones
        .keys()
        .find(|name| !others.contains_key(*name))
        .or_else(|| others.keys().find(|name| !ones.contains_key(*name)))
    {
        return Some(format!("{}.{name}", first.path()));
    }
    for (name, one) in &ones {
        let other = &others[name];
        if one.len() != other.len() {
            return Some(format!("{}.{name}", first.path()));
        }
        if let Some(path) = one.iter().zip(other).find_map(|(one, other)| difference(*one, *other)) {
            return Some(path);
        }
    }
    None
}

fn grouped<'d>(node: NodeRef<'d>) -> BTreeMap<&'d str, Vec<NodeRef<'d>>> {
    let mut groups: BTreeMap<&str, Vec<NodeRef<'_>>> = BTreeMap::new();
    for child in node.children() {
        groups.entry(child.name()).or_default().push(child);
    }
    groups
}

/// Narrative without what may differ between serialisations: white space and the quotes of attributes.
fn bare(div: &str) -> String {
    div.replace('\'', "\"").replace(" />", "/>").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fhir::{Format, read};

    #[test]
    fn order_does_not_matter_and_values_do() {
        let json = |text: &str| read(text, Format::Json).unwrap();
        let xml =
            |text: &str| read(format!("<Patient xmlns=\"http://hl7.org/fhir\">{text}</Patient>"), Format::Xml).unwrap();
        let one =
            json(r#"{"resourceType": "Patient", "name": [{"family": "A", "given": ["B", "C"]}], "active": true}"#);
        let same = xml(r#"<active value="true"/><name><family value="A"/><given value="B"/><given value="C"/></name>"#);
        assert_eq!(difference(one.root(), same.root()), None);
        for (text, path) in [
            (
                r#"<active value="false"/><name><family value="A"/><given value="B"/><given value="C"/></name>"#,
                "active",
            ),
            (r#"<active value="true"/><name><family value="A"/><given value="C"/><given value="B"/></name>"#, "given"),
            (r#"<name><family value="A"/><given value="B"/><given value="C"/></name>"#, "active"),
        ] {
            let found = difference(one.root(), xml(text).root());
            assert!(found.as_deref().is_some_and(|found| found.contains(path)), "{found:?}");
        }
    }
}
