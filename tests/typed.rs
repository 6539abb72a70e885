//! The optional typed access (`--features fhir-sdk`): complete, or an error that says what would be lost.

use keur::definitions::{Definitions, Typed};
use keur::fhir::{self, FhirVersion, Format};
use keur::validation::typed::{TypedError, to_resource};

fn typed(json: &str) -> Typed {
    let types = Definitions::embedded(FhirVersion::Stu3).types();
    Typed::new(fhir::read(json, Format::Json).expect("test data is JSON"), types)
}

#[test]
fn a_complete_patient_comes_through() {
    let patient = typed(
        r#"{"resourceType": "Patient", "id": "p1", "birthDate": "1980-02-29",
            "_birthDate": {"extension": [{"url": "http://example.org/precision", "valueCode": "exact"}]},
            "name": [{"use": "official", "family": "de Vries", "given": ["Anna", "B."]}], "active": true}"#,
    );
    let fhir_sdk::stu3::resources::Resource::Patient(resource) = to_resource(&patient).expect("nothing is lost") else {
        panic!("a Patient stays a Patient");
    };
    assert_eq!(resource.name[0].as_ref().and_then(|n| n.family.as_deref()), Some("de Vries"));
    assert_eq!(resource.active, Some(true));
}

#[test]
fn decimals_keep_their_value() {
    let weight = typed(
        r#"{"resourceType": "Observation", "status": "final", "code": {"text": "weight"},
            "valueQuantity": {"value": 72, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"}}"#,
    );
    assert!(to_resource(&weight).is_ok());
}

#[test]
fn what_would_be_dropped_is_an_error() {
    for (json, path) in [
        (r#"{"resourceType": "Patient", "favouriteColour": "blue"}"#, "Patient.favouriteColour"),
        (r#"{"resourceType": "Patient", "name": [{"family": "X", "middle": "Y"}]}"#, "Patient.name[0].middle"),
        (
            r#"{"resourceType": "Observation", "status": "final", "code": {"text": "x"},
                "effectiveDateTime": "2020-01-01T10:00"}"#,
            "Observation.effectiveDateTime",
        ),
    ] {
        match to_resource(&typed(json)) {
            Err(TypedError::Lost { path: lost, .. }) => assert_eq!(lost, path),
            other => panic!("{path} should be lost, got {:?}", other.map(|_| "a resource")),
        }
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let refused = to_resource(&typed(r#"{"resourceType": "Patient", "gender": "vrouw"}"#));
    assert!(matches!(refused, Err(TypedError::Refused(message)) if message.contains("vrouw")));
}
