//! What the benches read: a searchset of laboratory results, as large as a BgZ answer, made here.

use keur::definitions::{Definitions, Typed};
use keur::fhir::{self, FhirVersion, Format};

/// A searchset with this many results.
pub fn searchset(entries: usize) -> String {
    let entry = |i: usize| {
        format!(
            r#"{{"fullUrl": "https://dva.example/fhir/Observation/lab-{i}", "search": {{"mode": "match"}}, "resource": {{
  "resourceType": "Observation", "id": "lab-{i}", "status": "final",
  "meta": {{"profile": ["http://nictiz.nl/fhir/StructureDefinition/zib-LaboratoryTestResult-Observation"]}},
  "category": [{{"coding": [{{"system": "http://snomed.info/sct", "code": "275711006", "display": "Laboratory test"}}]}}],
  "code": {{"coding": [{{"system": "http://loinc.org", "code": "14937-7", "display": "Urea \u2013 serum"}}], "text": "Ureum"}},
  "subject": {{"reference": "Patient/1", "display": "A. de Tester"}}, "effectiveDateTime": "2026-03-0{d}T08:30:00+01:00",
  "valueQuantity": {{"value": {i}.50, "unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"}},
  "referenceRange": [{{"low": {{"value": 2.5, "unit": "mmol/L"}}, "high": {{"value": 7.5, "unit": "mmol/L"}}}}]}}}}"#,
            d = i % 9 + 1
        )
    };
    let entries: Vec<String> = (0..entries).map(entry).collect();
    format!(
        r#"{{"resourceType": "Bundle", "type": "searchset",
  "link": [{{"relation": "self", "url": "https://dva.example/fhir/Observation"}}], "entry": [{}]}}"#,
        entries.join(",\n")
    )
}

/// Read and typed.
pub fn typed(text: &str) -> Typed {
    let types = Definitions::embedded(FhirVersion::Stu3).types();
    Typed::new(fhir::read(text, Format::Json).expect("generated"), types)
}
