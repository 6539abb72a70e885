//! Creating, updating, deleting; batches and transactions.

use super::{ask, document, found, open};

#[test]
fn resources_are_read_written_and_deleted() {
    let service = open(&[]);
    let json =
        |extra: &'static [(&'static str, &'static str)]| [&[("Content-Type", "application/fhir+json")], extra].concat();
    let send =
        |method: &str, path: &str, headers: &[(&str, &str)], body: &str| ask(&service, method, path, headers, body);
    let text =
        r#"{"resourceType":"Patient","id":"p","meta":{"profile":["http://s.test/p"],"versionId":"9"},"active":true}"#;
    let created = send("PUT", "Patient/p", &json(&[]), text);
    assert_eq!((created.status, created.headers.get("ETag")), (201, Some("W/\"1\"")));
    assert_eq!(created.headers.get("Location"), Some("http://s.test/fhir/Patient/p/_history/1"));
    let meta = document(&created);
    let meta = meta.root().child("meta").unwrap();
    assert_eq!((meta.child_value("versionId"), meta.child_value("profile")), (Some("1"), Some("http://s.test/p")));
    let changed = text.replace("true", "false");
    assert_eq!(send("PUT", "Patient/p", &json(&[("If-Match", "W/\"7\"")]), &changed).status, 412);
    let minimal = send("PUT", "Patient/p", &json(&[("If-Match", "W/\"1\""), ("Prefer", "return=minimal")]), &changed);
    assert_eq!((minimal.status, minimal.body.len()), (200, 0));
    assert_eq!(document(&send("GET", "Patient/p", &[], "")).root().child_value("active"), Some("false"));
    assert_eq!(document(&send("GET", "Patient/p/_history/1", &[], "")).root().child_value("active"), Some("true"));
    assert_eq!(send("GET", "Patient/p/_history/3", &[], "").status, 404);
    assert_eq!(send("GET", "Patient/p", &[("If-None-Match", "W/\"2\"")], "").status, 304);
    assert_eq!(send("PUT", "Patient/p", &json(&[("If-None-Match", "*")]), &changed).status, 412);
    assert_eq!(send("DELETE", "Patient/p", &[], "").status, 204);
    assert_eq!(send("DELETE", "Patient/p", &[], "").status, 204);
    assert_eq!(send("GET", "Patient/p", &[], "").status, 410);
    assert_eq!(send("PUT", "Patient/p", &json(&[]), text).headers.get("ETag"), Some("W/\"4\""));
    assert_eq!(send("POST", "Patient/p/$purge", &[], "").status, 200);
    assert_eq!(send("GET", "Patient/p", &[], "").status, 404);
    assert_eq!(send("GET", "Patient/nobody/$purge", &[], "").status, 200);

    let posted = send("POST", "Patient", &json(&[("If-None-Exist", "active=true")]), text);
    assert_eq!(posted.status, 201);
    assert_eq!(send("POST", "Patient", &json(&[("If-None-Exist", "active=true")]), text).status, 200);
    assert_eq!(
        send("PUT", "Patient?active=true", &json(&[]), r#"{"resourceType":"Patient","active":true}"#).status,
        200
    );
    assert_eq!(send("POST", "Patient", &json(&[]), text).status, 201);
    assert_eq!(send("DELETE", "Patient?active=true", &[], "").status, 412);

    for (method, path, content_type, body, status) in [
        ("PUT", "Patient/q", "application/fhir+json", text, 400),
        ("PUT", "Observation/p", "application/fhir+json", text, 422),
        ("POST", "Patient", "application/fhir+json", "{", 400),
        ("POST", "Patient", "application/fhir+json", "", 400),
        ("POST", "Patient", "text/csv", "a,b", 415),
        ("POST", "Patient", "application/fhir+xml", text, 400),
        ("PUT", "Patient?nonsense=1", "application/fhir+json", text, 400),
        ("DELETE", "Patient", "", "", 400),
        ("DELETE", "Patient/p?nonsense=1", "", "", 400),
        ("POST", "Patient?active=true", "application/fhir+json", text, 400),
        ("POST", "", "application/fhir+json", text, 400),
        ("GET", "Patient/p?nonsense=1", "", "", 400),
        ("POST", "Observation/$lastn", "application/fhir+json", "{}", 415),
    ] {
        let headers: Vec<_> = Some(("Content-Type", content_type)).filter(|(_, v)| !v.is_empty()).into_iter().collect();
        let response = send(method, path, &headers, body);
        assert_eq!(response.status, status, "{method} {path} {body}");
        assert_eq!(document(&response).root().resource_type(), Some("OperationOutcome"));
    }
}

const TRANSACTION: &str = r#"{"resourceType":"Bundle","type":"transaction","entry":[
    {"fullUrl":"urn:uuid:11111111-1111-4111-8111-111111111111","resource":{"resourceType":"Observation","subject":{"reference":"urn:uuid:22222222-2222-4222-8222-222222222222"},"identifier":[{"value":"urn:uuid:22222222-2222-4222-8222-222222222222"}]},"request":{"method":"POST","url":"Observation"}},
    {"fullUrl":"urn:uuid:22222222-2222-4222-8222-222222222222","resource":{"resourceType":"Patient","id":"x"},"request":{"method":"POST","url":"Patient"}},
    {"resource":{"resourceType":"Organization","id":"org"},"request":{"method":"PUT","url":"Organization/org"}},
    {"request":{"method":"GET","url":"Organization/org"}}]}"#;

#[test]
fn a_transaction_is_carried_out_whole_or_not_at_all() {
    let service = open(&[]);
    let json = [("Content-Type", "application/fhir+json")];
    let response = ask(&service, "POST", "", &json, TRANSACTION);
    let bundle = document(&response);
    let root = bundle.root();
    assert_eq!((response.status, root.child_value("type")), (200, Some("transaction-response")));
    let statuses: Vec<_> =
        root.children_named("entry").filter_map(|e| e.child("response")?.child_value("status")).collect();
    assert_eq!(statuses, ["201 Created", "201 Created", "201 Created", "200 OK"]);
    let observation = document(&ask(&service, "GET", "Observation", &[], ""));
    let observation = observation.root().child("entry").unwrap().child("resource").unwrap();
    let reference = observation.child("subject").unwrap().child_value("reference").unwrap();
    assert!(reference.starts_with("Patient/"), "{reference}");
    assert_eq!(ask(&service, "GET", reference, &[], "").status, 200);
    let identifier = observation.child("identifier").unwrap().child_value("value").unwrap();
    assert!(identifier.starts_with("urn:uuid:"), "an identifier is no link");

    let service = open(&[]);
    let broken = TRANSACTION.replace("Organization/org\"}}]", "Organization/gone\"}}]");
    assert_eq!(ask(&service, "POST", "", &json, &broken).status, 404);
    assert_eq!(found(&ask(&service, "GET", "Patient", &[], "")).unwrap(), "");
    let batch = broken.replace("\"transaction\"", "\"batch\"");
    let bundle = document(&ask(&service, "POST", "", &json, &batch));
    let responses: Vec<_> = bundle.root().children_named("entry").filter_map(|e| e.child("response")).collect();
    assert_eq!(responses.len(), 4);
    assert_eq!(responses[3].child_value("status"), Some("404 Not Found"));
    assert_eq!(responses[3].child("outcome").and_then(|o| o.resource_type()), Some("OperationOutcome"));
}
