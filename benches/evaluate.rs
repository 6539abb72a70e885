//! FHIRPath: what one evaluation costs, from a name at the root to a walk over everything.
//! `cargo bench --bench evaluate`.
//!
//! The Bundle is made here: 70 laboratory results, as large as a BgZ answer.

use divan::black_box;
use keur::definitions::{Definitions, Typed};
use keur::fhir::{self, FhirVersion, Format};
use keur::fhirpath::{Context, Expression};

fn main() {
    divan::main();
}

const EXPRESSIONS: [&str; 8] = [
    "Patient.id",
    "Bundle.type",
    "Task.status = 'completed'",
    "Task.input.where(type.where(coding.where(system = 'http://snomed.info/sct' and code = '11171000146100'))).value",
    "Bundle.link.where(relation = 'self' and url.exists()).exists()",
    "Bundle.entry.count() = 2",
    "Bundle.entry.resource.ofType(Observation).where(code.coding.where(code = '14937-7').exists()).count()",
    "Bundle.descendants().where($this.is(Coding)).all(system.exists() and code.exists())",
];

#[divan::bench(args = EXPRESSIONS)]
fn evaluate(bencher: divan::Bencher, text: &str) {
    let (document, expression) = (bundle(70), Expression::parse(text).expect("FHIRPath"));
    bencher.bench(|| expression.evaluate(&Context::new(black_box(&document))).map(|found| found.len()));
}

fn bundle(entries: usize) -> Typed {
    let entry = |i: usize| {
        format!(
            r#"{{"fullUrl": "https://dva.example/fhir/Observation/lab-{i}", "search": {{"mode": "match"}}, "resource": {{
  "resourceType": "Observation", "id": "lab-{i}", "status": "final",
  "meta": {{"profile": ["http://nictiz.nl/fhir/StructureDefinition/zib-LaboratoryTestResult-Observation"]}},
  "category": [{{"coding": [{{"system": "http://snomed.info/sct", "code": "275711006", "display": "Laboratory test"}}]}}],
  "code": {{"coding": [{{"system": "http://loinc.org", "code": "14937-7", "display": "Ureum"}}]}},
  "subject": {{"reference": "Patient/1", "display": "A. de Tester"}}, "effectiveDateTime": "2026-03-01T08:30:00+01:00",
  "valueQuantity": {{"value": {i}.5, "unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"}}}}}}"#
        )
    };
    let entries: Vec<String> = (0..entries).map(entry).collect();
    let text = format!(
        r#"{{"resourceType": "Bundle", "type": "searchset", "total": 70,
  "link": [{{"relation": "self", "url": "https://dva.example/fhir/Observation"}}], "entry": [{}]}}"#,
        entries.join(",\n")
    );
    let types = Definitions::embedded(FhirVersion::Stu3).types();
    Typed::new(fhir::read(text, Format::Json).expect("generated"), types)
}
