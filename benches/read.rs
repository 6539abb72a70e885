//! Reading: JSON and XML text to element tree, and typing it. `cargo bench --bench read`.
//!
//! The input is made here: a searchset of laboratory results, as large as a BgZ answer.

use divan::counter::BytesCount;
use keur::definitions::{Definitions, Typed};
use keur::fhir::{self, FhirVersion, Format, json, xml};

fn main() {
    divan::main();
}

fn searchset(entries: usize) -> String {
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
    format!(r#"{{"resourceType": "Bundle", "type": "searchset", "entry": [{}]}}"#, entries.join(",\n"))
}

fn typed(text: &str) -> Typed {
    let types = Definitions::embedded(FhirVersion::Stu3).types();
    Typed::new(fhir::read(text, Format::Json).expect("generated"), types)
}

#[divan::bench]
fn json_to_tree(bencher: divan::Bencher) {
    let text: std::sync::Arc<str> = searchset(70).into();
    bencher.counter(BytesCount::of_str(&*text)).bench(|| fhir::read(text.clone(), Format::Json));
}

#[divan::bench]
fn json_to_serde_value(bencher: divan::Bencher) {
    let text = searchset(70);
    bencher.counter(BytesCount::of_str(&*text)).bench(|| serde_json::from_str::<serde_json::Value>(&text));
}

#[divan::bench]
fn xml_to_tree(bencher: divan::Bencher) {
    let doc = typed(&searchset(70));
    let text: std::sync::Arc<str> = xml::write(doc.root(), &doc).into();
    bencher.counter(BytesCount::of_str(&*text)).bench(|| fhir::read(text.clone(), Format::Xml));
}

#[divan::bench]
fn typing(bencher: divan::Bencher) {
    let text = searchset(70);
    let types = Definitions::embedded(FhirVersion::Stu3).types();
    bencher
        .with_inputs(|| fhir::read(text.as_str(), Format::Json).expect("generated"))
        .bench_values(|doc| Typed::new(doc, types.clone()));
}

#[divan::bench]
fn tree_to_json(bencher: divan::Bencher) {
    let doc = typed(&searchset(70));
    bencher.bench(|| json::write(doc.root(), &doc, json::Layout::Compact));
}
