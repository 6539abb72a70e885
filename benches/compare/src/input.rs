//! The Bundle that everybody gets: a searchset as large as the answer to a BgZ question.

use std::sync::Arc;

use keur::definitions::{Definitions, Typed};
use keur::fhir::{self, FhirVersion, Format, xml};

/// Entries of it.
const ENTRIES: usize = 70;

/// Laboratory results, conditions and medication by turns, of one patient.
pub fn bundle() -> Arc<str> {
    bundle_of(ENTRIES).into()
}

/// The same with this many entries.
pub fn bundle_of(entries: usize) -> String {
    let all: Vec<String> = (0..entries).map(entry).collect();
    format!(r#"{{"resourceType":"Bundle","type":"searchset","total":{entries},"entry":[{}]}}"#, all.join(","))
}

/// The same in XML.
pub fn xml_bundle() -> Arc<str> {
    let document = typed(&bundle());
    xml::write(document.root(), &document).into()
}

/// Read and typed.
pub fn typed(text: &str) -> Typed {
    let types = Definitions::embedded(FhirVersion::Stu3).types();
    Typed::new(fhir::read(text, Format::Json).expect("the Bundle is made here"), types)
}

fn entry(number: usize) -> String {
    let resource = match number % 3 {
        0 => observation(number),
        1 => condition(number),
        _ => statement(number),
    };
    format!(r#"{{"fullUrl":"https://dva.example/fhir/{number}","resource":{resource},"search":{{"mode":"match"}}}}"#)
}

/// The laboratory result of a number.
pub fn observation(number: usize) -> String {
    format!(
        r#"{{"resourceType":"Observation","id":"lab-{number}","meta":{{"profile":["http://nictiz.nl/fhir/StructureDefinition/zib-LaboratoryTestResult-Observation"]}},
"identifier":[{{"system":"https://dva.example/lab","value":"{number}"}}],"status":"final",
"category":[{{"coding":[{{"system":"http://snomed.info/sct","code":"275711006","display":"Laboratory test"}}]}}],
"code":{{"coding":[{{"system":"http://loinc.org","code":"14937-7","display":"Ureum"}}],"text":"Ureum"}},
"subject":{{"reference":"Patient/1","display":"A. de Tester"}},"effectiveDateTime":"2026-03-0{day}T08:30:00+01:00",
"valueQuantity":{{"value":{number}.50,"unit":"mmol/L","system":"http://unitsofmeasure.org","code":"mmol/L"}},
"referenceRange":[{{"low":{{"value":2.5,"unit":"mmol/L","system":"http://unitsofmeasure.org","code":"mmol/L"}},"high":{{"value":7.5,"unit":"mmol/L","system":"http://unitsofmeasure.org","code":"mmol/L"}}}}]}}"#,
        day = number % 9 + 1
    )
}

fn condition(number: usize) -> String {
    format!(
        r#"{{"resourceType":"Condition","id":"problem-{number}","clinicalStatus":"active","verificationStatus":"confirmed",
"category":[{{"coding":[{{"system":"http://snomed.info/sct","code":"282291009","display":"Diagnose"}}]}}],
"code":{{"coding":[{{"system":"http://snomed.info/sct","code":"195967001","display":"Astma"}}],"text":"Astma"}},
"subject":{{"reference":"Patient/1","display":"A. de Tester"}},"onsetDateTime":"2020-05","assertedDate":"2020-05-1{day}",
"note":[{{"text":"Vastgesteld door de longarts"}}]}}"#,
        day = number % 9
    )
}

fn statement(number: usize) -> String {
    format!(
        r#"{{"resourceType":"MedicationStatement","id":"use-{number}","status":"active","category":{{"coding":[{{"system":"urn:oid:2.16.840.1.113883.2.4.3.11.60.20.77.5.3","code":"6","display":"Medicatiegebruik"}}]}},
"medicationReference":{{"reference":"Medication/{number}","display":"Salbutamol 100 microgram"}},"effectivePeriod":{{"start":"2026-01-0{day}"}},
"subject":{{"reference":"Patient/1","display":"A. de Tester"}},"taken":"y",
"dosage":[{{"sequence":1,"text":"2 keer per dag 1 inhalatie","timing":{{"repeat":{{"frequency":2,"period":1,"periodUnit":"d"}}}},"doseQuantity":{{"value":1,"unit":"inhalatie"}}}}]}}"#,
        day = number % 9 + 1
    )
}
