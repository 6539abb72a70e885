//! What the service answers, without a network.

use std::sync::Arc;

use proptest::prelude::*;

use super::access::TokenRegistry;
use super::reception::Bearing;
use super::search::Parameters;
use super::service::{Lapses, Service};
use super::store::Store;
use super::stored::Key;
use crate::definitions::{Definitions, Typed};
use crate::exchange::{Request, Response};
use crate::fhir::{Document, FhirVersion, Format, json, read};

mod searching;
mod writing;

/// Two persons with a little of everything; `b` is there to stay out of sight of `a`.
pub(super) const RESOURCES: &[&str] = &[
    r#"{"resourceType":"Patient","id":"a","meta":{"profile":["http://s.test/p"]},"name":[{"family":"Çelik-de Wilson","given":["Aïsha"]}],"birthDate":"1960-05","generalPractitioner":[{"reference":"Practitioner/gp"}],"active":true}"#,
    r#"{"resourceType":"Patient","id":"b","identifier":[{"system":"http://s.test/mrn","value":"7"}],"name":[{"family":"Bergzoon"}],"birthDate":"1971-01-31"}"#,
    r#"{"resourceType":"Practitioner","id":"gp","name":[{"family":"Arts"}]}"#,
    r#"{"resourceType":"Practitioner","id":"of-b","name":[{"family":"Dokter"}]}"#,
    r#"{"resourceType":"Organization","id":"nobodys","name":"Los"}"#,
    r#"{"resourceType":"Medication","id":"m","code":{"coding":[{"system":"http://s.test/drug","code":"d1"}]},"manufacturer":{"reference":"Organization/maker"}}"#,
    r#"{"resourceType":"Organization","id":"maker","name":"Maker"}"#,
    r#"{"resourceType":"MedicationRequest","id":"mr","status":"active","intent":"order","medicationReference":{"reference":"Medication/m"},"subject":{"reference":"Patient/a"},"extension":[{"url":"http://nictiz.nl/fhir/StructureDefinition/zib-Medication-PeriodOfUse","valuePeriod":{"start":"2024-01-01","end":"2024-02-01"}},{"url":"http://nictiz.nl/fhir/StructureDefinition/zib-Medication-MedicationTreatment","valueIdentifier":{"system":"urn:oid:1.2","value":"t1"}}]}"#,
    r#"{"resourceType":"Observation","id":"o1","status":"final","category":[{"coding":[{"system":"http://s.test/cat","code":"lab"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"8302-2"},{"system":"http://s.test/own","code":"len"}]},"subject":{"reference":"Patient/a","display":"Aïsha"},"effectiveDateTime":"2024-03-01T00:30:00+01:00","valueQuantity":{"value":182.0,"unit":"cm","system":"http://unitsofmeasure.org","code":"cm"},"context":{"reference":"Encounter/e"}}"#,
    r#"{"resourceType":"Observation","id":"o2","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8302-2"}]},"subject":{"reference":"Patient/a"},"effectivePeriod":{"start":"2024-05-01","end":"2024-05-03"},"valueQuantity":{"value":183,"unit":"cm","system":"http://unitsofmeasure.org","code":"cm"}}"#,
    r#"{"resourceType":"Observation","id":"o3","status":"preliminary","code":{"coding":[{"code":"bare"}],"text":"Los"},"subject":{"reference":"Patient/a"},"effectiveDateTime":"2023"}"#,
    r#"{"resourceType":"Observation","id":"o4","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8302-2"}]},"subject":{"reference":"Patient/b"},"performer":[{"reference":"Practitioner/of-b"}],"effectiveDateTime":"2024-06-01"}"#,
    r#"{"resourceType":"Encounter","id":"e","status":"finished","class":{"system":"http://hl7.org/fhir/v3/ActCode","code":"IMP"},"subject":{"reference":"Patient/a"},"episodeOfCare":[{"reference":"EpisodeOfCare/ep"}]}"#,
    r#"{"resourceType":"EpisodeOfCare","id":"ep","status":"active","patient":{"reference":"Patient/a"}}"#,
    r#"{"resourceType":"Provenance","id":"pv","target":[{"reference":"Observation/o4"}],"recorded":"2024-06-01T10:00:00Z","agent":[{"whoReference":{"reference":"Practitioner/of-b"}}]}"#,
    r#"{"resourceType":"Questionnaire","id":"q","url":"http://s.test/q/1","status":"draft"}"#,
];

const REGISTRY: &str = r#"[{"accessToken":"Bearer token-a","resourceId":"a","bsn":"999911120"},
    {"accessToken":"Bearer token-b","resourceId":"b","bsn":"999901382"}]"#;

pub(super) const BASE: &str = "http://s.test/fhir";

fn store(resources: &[&str]) -> Store {
    let definitions = Definitions::embedded(FhirVersion::Stu3);
    let parameters = Arc::new(Parameters::new(definitions.search_parameters(), definitions.types()));
    let identifiers = TokenRegistry::parse(REGISTRY).unwrap().identifiers();
    let mut store = Store::new(definitions.types(), parameters, BASE, identifiers);
    for text in resources {
        let document = read(*text, Format::Json).unwrap();
        let root = document.root();
        let key = Key::new(root.resource_type().unwrap(), root.child_value("id").unwrap());
        store.put(key, &document).unwrap();
    }
    store
}

pub(super) fn open(resources: &[&str]) -> Service {
    Service::new(store(resources), None, "http://s.test", "/fhir", 1 << 20)
}

fn guarded() -> Service {
    let registry = TokenRegistry::parse(REGISTRY).unwrap();
    Service::new(store(RESOURCES), Some(registry), "http://s.test", "/fhir", 1 << 20)
}

fn ask(service: &Service, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Response {
    let request = Request {
        method: method.into(),
        url: format!("{BASE}/{path}"),
        headers: headers.iter().copied().collect(),
        body: body.to_owned().into(),
    };
    service.answer(&request, Lapses::default(), &Bearing::Own)
}

pub(super) fn document(response: &Response) -> Document {
    let format = Format::from_media_type(response.headers.get("Content-Type").unwrap()).unwrap();
    read(std::str::from_utf8(&response.body).unwrap(), format).unwrap()
}

/// The ids of the entries in order, included ones with a `+`; or the status of a refusal.
fn found(response: &Response) -> Result<String, u16> {
    if response.status != 200 {
        assert_eq!(document(response).root().resource_type(), Some("OperationOutcome"));
        return Err(response.status);
    }
    let bundle = document(response);
    let ids = bundle.root().children_named("entry").map(|entry| {
        let id = entry.child("resource").and_then(|r| r.child_value("id")).unwrap_or("?");
        let mark = if entry.child("search").and_then(|s| s.child_value("mode")) == Some("match") { "" } else { "+" };
        format!("{mark}{id}")
    });
    Ok(ids.collect::<Vec<_>>().join(" "))
}

fn links(response: &Response) -> Vec<(String, String)> {
    let bundle = document(response);
    let value = |n: crate::fhir::NodeRef<'_>, name: &str| n.child_value(name).unwrap_or_default().to_owned();
    bundle.root().children_named("link").map(|l| (value(l, "relation"), value(l, "url"))).collect()
}

#[test]
fn a_token_gives_sight_of_one_person() {
    let service = guarded();
    let as_a = |path: &str| ask(&service, "GET", path, &[("Authorization", "Bearer token-a")], "");
    let table: &[(&str, Result<&str, u16>)] = &[
        ("Patient", Ok("a")),
        ("Observation", Ok("o1 o2 o3")),
        ("Observation?subject=Patient/b", Ok("")),
        ("Observation?patient.identifier=http://fhir.nl/fhir/NamingSystem/bsn|999901382", Ok("")),
        ("Observation?patient.identifier=http://fhir.nl/fhir/NamingSystem/bsn|999911120", Ok("o1 o2 o3")),
        ("Practitioner", Ok("gp")),
        ("Organization", Ok("nobodys maker")),
        ("Medication", Ok("m")),
        ("Provenance", Ok("")),
        ("Observation/$lastn?code=8302-2", Ok("o2")),
        ("Patient?_revinclude=Observation:subject", Ok("a +o1 +o2 +o3")),
        ("Patient?_id=b", Ok("")),
        ("Observation/o4", Err(404)),
        ("Patient/b", Err(404)),
        ("Practitioner/of-b", Err(404)),
        ("Provenance/pv", Err(404)),
    ];
    for (path, expected) in table {
        assert_eq!(found(&as_a(path)).as_deref().map_err(|s| *s), *expected, "{path}");
    }
    assert_eq!(as_a("Practitioner/gp").status, 200);
    assert_eq!(ask(&service, "GET", "metadata", &[], "").status, 200);
    for header in [None, Some("Bearer nobody"), Some("token-a")] {
        let headers: Vec<_> = header.map(|h| ("Authorization", h)).into_iter().collect();
        let response = ask(&service, "GET", "Patient", &headers, "");
        assert_eq!(response.status, 401);
        assert!(response.headers.get("WWW-Authenticate").is_some_and(|v| v.starts_with("Bearer")));
        // What exists is nobody's business either.
        assert_eq!(ask(&service, "GET", "Nonsense", &headers, "").status, 401);
    }
    // A link to a page of one person is worth nothing to another.
    let response = as_a("Observation?_count=1");
    let next = links(&response).into_iter().find(|(relation, _)| relation == "next").unwrap().1;
    let path = &next[BASE.len() + 1..];
    assert_eq!(as_a(path).status, 200);
    assert_eq!(ask(&service, "GET", path, &[("Authorization", "Bearer token-b")], "").status, 404);
    // Nor may one take away what is another's; storing it is how test data comes in.
    let json = [("Authorization", "Bearer token-a"), ("Content-Type", "application/fhir+json")];
    let foreign = RESOURCES[11].replace("\"o4\"", "\"o5\"");
    assert_eq!(ask(&service, "PUT", "Observation/o5", &json, &foreign).status, 201);
    assert_eq!(as_a("Observation/o5").status, 404);
    assert_eq!(ask(&service, "DELETE", "Observation/o4", &json, "").status, 404);
    assert_eq!(ask(&service, "POST", "Patient/b/$purge", &json, "").status, 403);
}

#[test]
fn lapses_show_more_than_a_token_should() {
    let service = guarded();
    let found_with = |lapses: Lapses, authorization: &str, path: &str| {
        let request = Request {
            method: "GET".into(),
            url: format!("{BASE}/{path}"),
            headers: [("Authorization", authorization)].into_iter().collect(),
            body: Default::default(),
        };
        found(&service.answer(&request, lapses, &Bearing::Own))
    };
    let leak = Lapses { leak: true, ..Default::default() };
    assert_eq!(found_with(leak, "Bearer token-a", "Patient"), Ok("a b".into()));
    assert_eq!(found_with(leak, "Bearer nobody", "Patient"), Err(401));
    let any = Lapses { any_token: true, ..Default::default() };
    assert_eq!(found_with(any, "Bearer nobody", "Patient"), Ok("a".into()));
    assert_eq!(found_with(any, "Bearer token-b", "Patient"), Ok("b".into()));
}

#[test]
fn json_and_xml_answers_are_the_same_tree() {
    let service = open(RESOURCES);
    let types = Definitions::embedded(FhirVersion::Stu3).types();
    for path in
        ["Observation?_include=Observation:subject", "Patient/a", "metadata", "Observation?x=1", "MedicationRequest"]
    {
        let [as_json, from_xml] = ["json", "xml"].map(|format| {
            let response = ask(&service, "GET", path, &[("Accept", &format!("application/fhir+{format}"))], "");
            let tree = Typed::new(document(&response), types.clone());
            let text = json::write(tree.root(), &tree, json::Layout::Compact);
            serde_json::from_str::<serde_json::Value>(&text).unwrap()
        });
        let plain = |mut v: serde_json::Value| {
            // Made anew for each answer.
            if v["resourceType"] == "Bundle" {
                v["id"] = "".into();
                v["meta"] = "".into();
            }
            v["date"] = "".into();
            v
        };
        assert_eq!(plain(as_json), plain(from_xml), "{path}");
    }
}

#[test]
fn a_document_holds_what_its_composition_refers_to() {
    let composition = r#"{"resourceType":"Composition","id":"c","status":"final","subject":{"reference":"Patient/a"},"author":[{"reference":"Practitioner/gp"}],"section":[{"entry":[{"reference":"MedicationRequest/mr"},{"reference":"Flag/gone"}]}]}"#;
    let service = open(&[RESOURCES, &[composition]].concat());
    let bundle = document(&ask(&service, "GET", "Composition/c/$document", &[], ""));
    assert_eq!(bundle.root().child_value("type"), Some("document"));
    let entries = bundle.root().children_named("entry").filter_map(|e| e.child("resource")?.child_value("id"));
    assert_eq!(entries.collect::<Vec<_>>(), ["c", "mr", "a", "gp", "m", "maker"]);
    assert_eq!(ask(&service, "GET", "Composition/none/$document", &[], "").status, 404);
}

#[test]
fn a_binary_is_also_served_as_what_it_is() {
    let service = open(&[
        r#"{"resourceType":"Binary","id":"b","contentType":"application/pdf","content":"JVBERi0="}"#,
        RESOURCES[0],
    ]);
    let table = [
        (None, "Binary/b", 200, "application/pdf"),
        (Some("application/pdf"), "Binary/b", 200, "application/pdf"),
        (Some("*/*"), "Binary/b", 200, "application/pdf"),
        (Some("application/fhir+xml"), "Binary/b", 200, "application/fhir+xml; charset=utf-8"),
        (Some("*/*"), "Binary/b?_format=json", 200, "application/fhir+json; charset=utf-8"),
        (Some("application/pdf"), "Binary/c", 404, "application/fhir+json; charset=utf-8"),
        (Some("application/pdf"), "Patient/a", 406, "application/fhir+json; charset=utf-8"),
        (None, "Patient/a", 200, "application/fhir+json; charset=utf-8"),
    ];
    for (accept, path, status, content_type) in table {
        let headers: Vec<_> = accept.map(|a| ("Accept", a)).into_iter().collect();
        let response = ask(&service, "GET", path, &headers, "");
        let seen = (response.status, response.headers.get("Content-Type").unwrap());
        assert_eq!(seen, (status, content_type), "{accept:?} {path}");
        assert_eq!(content_type == "application/pdf", &*response.body == b"%PDF-", "{accept:?} {path}");
    }
}

#[test]
fn every_interaction_that_metadata_names_is_known() {
    let service = open(&[]);
    let statement = document(&ask(&service, "GET", "metadata", &[], ""));
    let rest = statement.root().child("rest").unwrap();
    let resources: Vec<_> = rest.children_named("resource").collect();
    assert!(resources.len() > 100);
    for resource in resources {
        let name = resource.child_value("type").unwrap();
        for parameter in resource.children_named("searchParam") {
            let code = parameter.child_value("name").unwrap();
            let path = format!("{name}?{code}:missing=true");
            assert_eq!(ask(&service, "GET", &path, &[], "").status, 200, "{path}");
        }
        for include in resource.children_named("searchInclude").filter_map(|n| n.value()) {
            let path = format!("{name}?_include={include}");
            assert_eq!(ask(&service, "GET", &path, &[], "").status, 200, "{path}");
        }
    }
}

fn shared() -> &'static Service {
    static SERVICE: std::sync::OnceLock<Service> = std::sync::OnceLock::new();
    SERVICE.get_or_init(|| open(RESOURCES))
}

proptest! {
    #[test]
    fn any_request_is_answered_in_fhir(
        method in "GET|POST|PUT|DELETE|PATCH|[A-Z]{1,5}",
        path in r"(Observation|Patient|Nonsense|metadata|)(/[a-z$_]{0,8})?(/_history/[0-9a]{0,3})?",
        query in r"((code|date|subject|patient\.identifier|_include|_sort|_count|_page|value-quantity|_id|_format|family|[a-z_:.]{0,9})(:[a-zA-Z]{0,9})?=[ -~]{0,12}&){0,3}",
        accept in "application/fhir\\+(json|xml)|\\*/\\*|[ -~]{0,12}",
        body in "[ -~]{0,20}",
    ) {
        let headers = [("Accept", accept.as_str()), ("Content-Type", "application/fhir+json")];
        let response = ask(shared(), &method, &format!("{path}?{query}"), &headers, &body);
        prop_assert!(response.status < 500);
        if response.status != 304 && response.status != 204 {
            let resource_type = document(&response).root().resource_type().map(str::to_owned);
            prop_assert!(resource_type.is_some(), "{}", String::from_utf8_lossy(&response.body));
            if response.status >= 400 {
                prop_assert_eq!(resource_type.as_deref(), Some("OperationOutcome"));
            }
        }
    }
}
