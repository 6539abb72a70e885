//! Searches: what they find, what their links say, page by page.

use super::{BASE, RESOURCES, ask, document, found, links, open};

#[test]
fn searches_find_what_they_ask_for() {
    let service = open(RESOURCES);
    let table: &[(&str, Result<&str, u16>)] = &[
        // token
        ("Observation?code=http://loinc.org|8302-2", Ok("o1 o2 o4")),
        ("Observation?code=http%3A%2F%2Floinc.org%7C8302-2", Ok("o1 o2 o4")),
        ("Observation?code=8302-2", Ok("o1 o2 o4")),
        ("Observation?code=|bare", Ok("o3")),
        ("Observation?code=|8302-2", Ok("")),
        ("Observation?code=http://s.test/own|", Ok("o1")),
        ("Observation?code=http://loinc.org|9,http://s.test/own|len,bare", Ok("o1 o3")),
        ("Observation?code=http://loinc.org|8302-2&status=preliminary", Ok("")),
        ("Observation?status=final,preliminary", Ok("o1 o2 o3 o4")),
        ("Observation?status:not=final", Ok("o3")),
        ("Observation?code=a|b|c", Err(400)),
        ("Observation?code=|", Err(400)),
        ("Observation?code=", Err(400)),
        ("Encounter?class=http://hl7.org/fhir/v3/ActCode|IMP,http://hl7.org/fhir/v3/ActCode|ACUTE", Ok("e")),
        ("Patient?active=true", Ok("a")),
        ("Patient?identifier=http://s.test/mrn|7", Ok("b")),
        ("Patient?_id=a,b", Ok("a b")),
        ("MedicationRequest?medicationtreatment=urn:oid:1.2|t1", Ok("mr")),
        // date
        ("Observation?date=2024-03-01", Ok("o1")),
        ("Observation?date=ge2024-03-01", Ok("o1 o2 o4")),
        ("Observation?date=ge2024-03-01&date=lt2024-06-01", Ok("o1 o2")),
        ("Observation?date=2024", Ok("o1 o2 o4")),
        ("Observation?date=2023,2024-06", Ok("o3 o4")),
        ("Observation?date=sa2024-05-02", Ok("o4")),
        ("Observation?date=xx", Err(400)),
        ("Observation?date=ap2024", Err(400)),
        ("Patient?birthdate=le1960-12-31", Ok("a")),
        ("MedicationRequest?periodofuse=ge2024-01-15&periodofuse=le2024-01-20", Ok("mr")),
        ("MedicationRequest?periodofuse=gt2024-02-01", Ok("")),
        ("MedicationRequest?periodofuse=%20ge2024-01-15%20,ge2030", Ok("mr")),
        // string
        ("Patient?family=celik", Ok("a")),
        ("Patient?family=wilson", Ok("")),
        ("Patient?family:contains=wilson", Ok("a")),
        ("Patient?family:exact=celik-de wilson", Ok("")),
        ("Patient?family:exact=%C3%87elik-de%20Wilson", Ok("a")),
        ("Patient?name=a%C3%AFs,berg", Ok("a b")),
        // reference
        ("Observation?subject=Patient/b", Ok("o4")),
        ("Observation?subject=b", Ok("o4")),
        ("Observation?subject:Patient=b", Ok("o4")),
        ("Observation?subject=http://s.test/fhir/Patient/b", Ok("o4")),
        ("Observation?subject=http://elsewhere.test/fhir/Patient/b", Ok("")),
        ("Observation?patient=a", Ok("o1 o2 o3")),
        ("Observation?context=Encounter/e", Ok("o1")),
        // chains
        ("Observation?patient.identifier=http://s.test/mrn|7", Ok("o4")),
        ("Observation?patient.identifier=http://fhir.nl/fhir/NamingSystem/bsn|999911120", Ok("o1 o2 o3")),
        ("Observation?subject:Patient.family=berg", Ok("o4")),
        ("Observation?context:Encounter.episodeofcare=EpisodeOfCare/ep", Ok("o1")),
        ("MedicationRequest?medication.code=http://s.test/drug|d1", Ok("mr")),
        ("Observation?code.text=x", Err(400)),
        ("Observation?subject:Device.nonsense=x", Err(400)),
        ("Observation?patient.nonsense=x", Err(400)),
        // quantity, uri, missing
        ("Observation?value-quantity=182", Ok("o1")),
        ("Observation?value-quantity=gt182||cm", Ok("o2")),
        ("Observation?value-quantity=183|http://unitsofmeasure.org|m", Ok("")),
        ("Questionnaire?url=http://s.test/q/1", Ok("q")),
        ("Questionnaire?url:below=http://s.test/q", Ok("q")),
        ("Questionnaire?url=http://s.test/q", Ok("")),
        ("Observation?category:missing=true", Ok("o2 o3 o4")),
        ("Observation?category:missing=false", Ok("o1")),
        // include
        ("Patient?_include=Patient:general-practitioner", Ok("a b +gp")),
        ("MedicationRequest?_include=MedicationRequest:medication", Ok("mr +m")),
        (
            "MedicationRequest?_include=MedicationRequest:medication&_include:recurse=Medication:manufacturer",
            Ok("mr +m +maker"),
        ),
        ("MedicationRequest?_include=MedicationRequest:medication&_include=Medication:manufacturer", Ok("mr +m")),
        ("MedicationRequest?_include=MedicationRequest:medication:Medication", Ok("mr +m")),
        ("MedicationRequest?_include=MedicationRequest:medication:Patient", Err(400)),
        ("Observation?date=2024-06-01&_revinclude=Provenance:target", Ok("o4 +pv")),
        ("Patient?_include=*", Err(400)),
        ("Patient?_include=Patient:nonsense", Err(400)),
        ("Patient?_include=Patient", Err(400)),
        // order and size
        ("Observation?_sort=date", Ok("o3 o1 o2 o4")),
        ("Observation?_sort=-date", Ok("o4 o2 o1 o3")),
        ("Observation?_sort=status,-date", Ok("o4 o2 o1 o3")),
        ("Observation?_sort=nonsense", Err(400)),
        ("Observation?_summary=count", Ok("")),
        ("Observation?_summary=text", Err(400)),
        ("Observation?_count=x", Err(400)),
        // last
        ("Observation/$lastn", Ok("o4 o3")),
        ("Observation/$lastn?patient=a", Ok("o2 o3")),
        ("Observation/$lastn?patient=a&max=2", Ok("o2 o1 o3")),
        ("Observation/$lastn?code=http://loinc.org|8302-2&patient=a&_include=Observation:context", Ok("o2")),
        ("Observation/$lastn?max=0", Err(400)),
        ("Observation/$lastn?nonsense=1", Err(400)),
        ("Patient/$lastn", Err(400)),
        // refused
        ("Observation?nonsense=1", Err(400)),
        ("Observation?code:in=http://s.test/vs", Err(400)),
        ("Observation?code:nonsense=1", Err(400)),
        ("Observation?_has:Provenance:target:agent=x", Err(400)),
        ("Observation?code-value-quantity=a$b", Err(400)),
        ("Nonsense?a=b", Err(404)),
        ("Observation?a=%ff", Err(400)),
    ];
    for (path, expected) in table {
        let seen = found(&ask(&service, "GET", path, &[], ""));
        assert_eq!(seen.as_deref().map_err(|s| *s), *expected, "{path}");
    }
}

#[test]
fn the_self_link_says_what_was_applied() {
    let service = open(RESOURCES);
    let query = "Observation?code=http://loinc.org%7C8302-2&_count=10&_format=json&status=final";
    assert_eq!(links(&ask(&service, "GET", query, &[], "")), [("self".to_owned(), format!("{BASE}/{query}"))]);
    let query = "Observation?nonsense=1&code=8302-2&code:in=x";
    let response = ask(&service, "GET", query, &[("Prefer", "handling=lenient")], "");
    assert_eq!(links(&response)[0].1, format!("{BASE}/Observation?code=8302-2"));
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    let response = ask(&service, "POST", "Observation/_search", &form, "code=8302-2&status=final");
    assert_eq!(found(&response).unwrap(), "o1 o2 o4");
    assert_eq!(links(&response)[0].1, format!("{BASE}/Observation?code=8302-2&status=final"));
    // A value that cannot be read is a mistake, however lenient one asks to be.
    assert_eq!(ask(&service, "GET", "Observation?date=xx", &[("Prefer", "handling=lenient")], "").status, 400);
}

#[test]
fn pages_together_are_the_whole() {
    let service = open(RESOURCES);
    let mut path = "Observation?_sort=-date&_count=3".to_owned();
    let mut all = vec![];
    for _ in 0..5 {
        let response = ask(&service, "GET", &path, &[], "");
        all.push(found(&response).unwrap());
        assert_eq!(document(&response).root().child_value("total"), Some("4"));
        match links(&response).into_iter().find(|(relation, _)| relation == "next") {
            Some((_, url)) => path = url[BASE.len() + 1..].to_owned(),
            None => break,
        }
    }
    assert_eq!(all, ["o4 o2 o1", "o3"]);
    assert_eq!(links(&ask(&service, "GET", &path, &[], ""))[0].1, format!("{BASE}/{path}"));
    for bad in ["_page=x", "_page=1-9", "_page=99-0", "_page="] {
        assert!(ask(&service, "GET", &format!("Observation?{bad}"), &[], "").status >= 400, "{bad}");
    }
}
