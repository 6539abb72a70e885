use super::*;
use crate::simulator::Bearing;
use crate::simulator::tests::{BASE, RESOURCES, document, open};
use std::collections::HashSet;

fn served(path: &str, defect: Option<&str>, accept: &str) -> (Response, Delivery) {
    let service = open(RESOURCES);
    let active = defect.map(|name| ActiveDefect::parse(name).unwrap()).into_iter().collect();
    let defects = Defects::new(active, Duration::from_secs(9));
    let request = Request {
        method: "GET".into(),
        url: format!("{BASE}/{path}"),
        headers: [("Accept", accept)].into_iter().collect(),
        body: Default::default(),
    };
    let mut response = service.answer(&request, defects.lapses(&request, "/fhir"), &Bearing::Own);
    let types = crate::definitions::Definitions::embedded(crate::fhir::FhirVersion::Stu3).types();
    let delivery = defects.spoil(&request, "/fhir", &mut response, &types);
    (response, delivery)
}

/// A request that each defect shows on, besides the first.
const SHOWN_BY: [(&str, &str); 7] = [
    ("codeableconcept-without-display-and-text", "Observation?_id=o3"),
    ("200-for-error", "Observation?nonsense=1"),
    ("include-missing", "Patient?_include=Patient:general-practitioner"),
    ("include-marked-match", "Patient?_include=Patient:general-practitioner"),
    ("ignores-parameter", "Observation?code=bare"),
    ("lastn-not-latest", "Observation/$lastn?patient=a"),
    ("identifier-without-system", "Patient?identifier=7"),
];

#[test]
fn every_defect_shows() {
    let names: HashSet<&str> = DEFECTS.iter().map(|d| d.name).collect();
    assert_eq!(names.len(), DEFECTS.len());
    assert!(names.len() >= 34);
    for defect in &DEFECTS {
        // Seen in the tests of the service, which have tokens.
        if matches!(defect.name, "other-patient-leaks" | "accepts-any-token") {
            continue;
        }
        let shown = SHOWN_BY.iter().find(|(name, _)| *name == defect.name).map(|(_, path)| *path);
        let paths =
            shown.map_or(vec!["Observation?_id=o1", "Patient?identifier=7", "Patient?_id=a"], |path| vec![path]);
        for accept in ["application/fhir+json", "application/fhir+xml"] {
            let differs = paths.iter().any(|path| {
                let (good, _) = served(path, None, accept);
                let (bad, delivery) = served(path, Some(defect.name), accept);
                let same_body = plain(&good) == plain(&bad);
                !same_body || good.status != bad.status || delivery != Delivery::default() || {
                    good.headers.get("Content-Type") != bad.headers.get("Content-Type")
                }
            });
            assert!(differs, "{} {accept}", defect.name);
        }
    }
}

/// Without what is made anew for each answer.
fn plain(response: &Response) -> String {
    let text = String::from_utf8_lossy(&response.body).into_owned();
    let text = regex::Regex::new("[0-9a-f]{8}-[0-9a-f-]{27}").unwrap().replace_all(&text, "").into_owned();
    let text = regex::Regex::new(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00")
        .unwrap()
        .replace_all(&text, "")
        .into_owned();
    text.split_whitespace().collect()
}

type Shows = fn(NodeRef<'_>) -> bool;

#[test]
fn a_change_of_the_tree_changes_one_thing() {
    let table: &[(&str, &str, Shows)] = &[
        ("no-self-link", "Observation", |b| b.child("link").is_none()),
        ("wrong-total", "Observation?_id=o1", |b| b.child_value("total") == Some("2")),
        ("bundle-type-wrong", "Observation", |b| b.child_value("type") == Some("collection")),
        ("duplicate-entry", "Observation?_id=o1", |b| b.children_named("entry").count() == 2),
        ("first-entry-missing", "Observation?_id=o1", |b| b.child("entry").is_none()),
        ("operationoutcome-as-entry", "Observation?_id=o1", |b| {
            let types = b.children_named("entry").filter_map(|e| e.child("resource")?.resource_type());
            types.eq(["Observation", "OperationOutcome"])
        }),
        ("wrong-resource-type", "Observation?_id=o1", |b| {
            b.child("entry").and_then(|e| e.child("resource")?.resource_type()) == Some("Basic")
        }),
        ("fullurl-relative", "Observation?_id=o1", |b| {
            b.child("entry").and_then(|e| e.child_value("fullUrl")) == Some("Observation/o1")
        }),
        ("coding-without-system@Observation", "Observation?_id=o2", |b| {
            let coding = b.descendants_and_self().find(|n| n.name() == "coding");
            coding.is_some_and(|c| c.child("system").is_none() && c.child("code").is_some())
        }),
        ("coding-without-system@Patient", "Observation?_id=o2", |b| {
            b.descendants_and_self().find(|n| n.name() == "coding").is_some_and(|c| c.child("system").is_some())
        }),
        ("bsn-in-identifier", "Patient/a", |p| {
            p.child("identifier").and_then(|i| i.child_value("system")) == Some("http://fhir.nl/fhir/NamingSystem/bsn")
        }),
        ("id-missing", "Patient/a", |p| p.child("id").is_none()),
        ("date-in-future", "Observation?_id=o1", |b| {
            b.descendants_and_self().any(|n| n.value() == Some("2999-03-01T00:30:00+01:00"))
        }),
    ];
    for (name, path, shows) in table {
        for accept in ["application/fhir+json", "application/fhir+xml"] {
            let (response, _) = served(path, Some(name), accept);
            assert!(shows(document(&response).root()), "{name} {accept}: {}", String::from_utf8_lossy(&response.body));
        }
    }
}

#[test]
fn an_unknown_defect_is_refused_with_those_there_are() {
    let error = ActiveDefect::parse("no-such").unwrap_err();
    assert!(error.contains("`no-such`") && error.contains("no-self-link"));
}
