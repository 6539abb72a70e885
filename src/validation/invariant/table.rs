//! Invariants in our own words, by key.
//!
//! Some official expressions do not say what their text says (`ref-1` fails for a Reference that has no
//! `reference`, `con-4` asks whether a dateTime is false); what stands here is evaluated in their place.
//! A key may mean different things in different releases, so a row can be for one release only.

use crate::fhir::{FhirVersion, NodeRef};

/// How an invariant is judged.
#[derive(Clone, Copy)]
pub enum Test {
    /// A FHIRPath expression that must be true.
    Expression(&'static str),
    /// A question about the tree that is asked of nearly every element, so it is asked directly.
    Direct(fn(NodeRef<'_>) -> bool),
}

/// One invariant.
pub struct Row {
    /// Its key.
    pub key: &'static str,
    /// The release it is of; None for all of them.
    pub release: Option<FhirVersion>,
    /// What must hold.
    pub test: Test,
}

const fn any(key: &'static str, expression: &'static str) -> Row {
    Row { key, release: None, test: Test::Expression(expression) }
}

const fn stu3(key: &'static str, expression: &'static str) -> Row {
    Row { key, release: Some(FhirVersion::Stu3), test: Test::Expression(expression) }
}

/// All of them, by key.
pub static ROWS: &[Row] = &[
    // A boolean `false` says that the condition is not abated; every other value says that it is.
    stu3(
        "con-4",
        "abatement.exists() and (abatement is boolean and abatement = false).not() \
         implies clinicalStatus in ('inactive' | 'resolved' | 'remission')",
    ),
    // `'#' + id` is empty where there is no id, and R4 also lets a canonical or a contained `#` refer.
    any(
        "dom-3",
        "contained.all(id.exists() and (descendants().reference.where($this = '#').exists() \
         or ('#' + id) in %resource.descendants().where($this is string or $this is uri)))",
    ),
    // A value, or something else than an id.
    Row { key: "ele-1", release: None, test: Test::Direct(has_content) },
    // A reference may be only an identifier or a text; `#` alone is the resource around.
    any(
        "ref-1",
        "reference.exists() and reference.startsWith('#') and reference != '#' \
         implies reference.substring(1) in %rootResource.contained.id",
    ),
];

fn has_content(node: NodeRef<'_>) -> bool {
    node.value().is_some_and(|v| !v.is_empty()) || node.children().any(|c| c.name() != "id")
}

/// The row of a key in a release.
pub fn row(key: &str, release: FhirVersion) -> Option<&'static Row> {
    ROWS.iter().find(|r| r.key == key && r.release.is_none_or(|of| of == release))
}

#[cfg(test)]
mod tests {
    use super::{ROWS, Test, row};
    use crate::definitions::{Definitions, Typed};
    use crate::fhir::{FhirVersion, Format, read};
    use crate::fhirpath::{Context, Expression};

    /// Key, expected, resource and the element it is judged at.
    const CASES: &[(&str, bool, &str, &[&str])] = &[
        ("con-4", true, r#"{"resourceType": "Condition", "abatementBoolean": false, "clinicalStatus": "active"}"#, &[]),
        ("con-4", true, r#"{"resourceType": "Condition", "clinicalStatus": "active"}"#, &[]),
        (
            "con-4",
            true,
            r#"{"resourceType": "Condition", "abatementDateTime": "2020", "clinicalStatus": "resolved"}"#,
            &[],
        ),
        (
            "con-4",
            false,
            r#"{"resourceType": "Condition", "abatementDateTime": "2020", "clinicalStatus": "active"}"#,
            &[],
        ),
        ("con-4", false, r#"{"resourceType": "Condition", "abatementBoolean": true}"#, &[]),
        (
            "dom-3",
            true,
            r##"{"resourceType": "Observation", "contained": [{"resourceType": "Device", "id": "d"}],
                "device": {"reference": "#d"}}"##,
            &[],
        ),
        (
            "dom-3",
            true,
            r##"{"resourceType": "Observation", "contained":
                [{"resourceType": "Provenance", "id": "p", "target": [{"reference": "#"}]}]}"##,
            &[],
        ),
        (
            "dom-3",
            false,
            r#"{"resourceType": "Observation", "contained": [{"resourceType": "Device", "id": "d"}]}"#,
            &[],
        ),
        ("dom-3", false, r#"{"resourceType": "Observation", "contained": [{"resourceType": "Device"}]}"#, &[]),
        ("ele-1", true, r#"{"resourceType": "Patient", "name": [{"family": "B"}]}"#, &["name"]),
        ("ele-1", true, r#"{"resourceType": "Patient", "name": [{"family": "B"}]}"#, &["name", "family"]),
        ("ele-1", false, r#"{"resourceType": "Patient", "name": [{"id": "n"}]}"#, &["name"]),
        ("ref-1", true, r#"{"resourceType": "Flag", "subject": {"display": "B"}}"#, &["subject"]),
        ("ref-1", true, r#"{"resourceType": "Flag", "subject": {"reference": "Patient/1"}}"#, &["subject"]),
        (
            "ref-1",
            true,
            r##"{"resourceType": "Flag", "contained": [{"resourceType": "Patient", "id": "p"}],
                "subject": {"reference": "#p"}}"##,
            &["subject"],
        ),
        ("ref-1", false, r##"{"resourceType": "Flag", "subject": {"reference": "#p"}}"##, &["subject"]),
    ];

    #[test]
    fn every_row_lets_the_right_pass_and_stops_the_wrong() {
        let table = Definitions::embedded(FhirVersion::Stu3).types();
        for (key, expected, text, path) in CASES {
            let typed = Typed::new(read((*text).to_owned(), Format::Json).unwrap(), table.clone());
            let node = path.iter().fold(typed.root(), |at, name| at.child(name).unwrap());
            let found = match row(key, FhirVersion::Stu3).map(|r| r.test) {
                Some(Test::Expression(text)) => {
                    Expression::parse(text).unwrap().test(&Context::new(&typed).at(node.id())).unwrap()
                }
                Some(Test::Direct(test)) => test(node),
                None => panic!("no row for {key}"),
            };
            assert_eq!(found, *expected, "{key}: {text}");
        }
        for row in ROWS {
            for expected in [true, false] {
                assert!(CASES.iter().any(|c| c.0 == row.key && c.1 == expected), "{}: no {expected} case", row.key);
            }
        }
    }
}
