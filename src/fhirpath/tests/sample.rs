//! A toy release and a Bundle in it.

use std::sync::Arc;

use crate::definitions::{ElementFacts, StructureFacts, TypeClass, TypeFacts, TypeTable, Typed};
use crate::fhir::{FhirVersion, Format, read};

/// Kind, name, base, elements: `name types`, with `*` after the name of what repeats. Indented names
/// belong to the backbone element before them.
const TYPES: [(&str, &str, &str, &[&str]); 22] = [
    ("complex abstract", "Element", "", &["id string", "extension* Extension"]),
    ("complex", "BackboneElement", "Element", &["id string", "extension* Extension"]),
    ("primitive", "string", "Element", &["id string", "extension* Extension"]),
    ("primitive", "code", "string", &["id string", "extension* Extension"]),
    ("primitive", "id", "string", &["id string", "extension* Extension"]),
    ("primitive", "uri", "Element", &["id string", "extension* Extension"]),
    ("primitive", "boolean", "Element", &["id string", "extension* Extension"]),
    ("primitive", "unsignedInt", "Element", &["id string", "extension* Extension"]),
    ("primitive", "decimal", "Element", &["id string", "extension* Extension"]),
    ("primitive", "date", "Element", &["id string", "extension* Extension"]),
    ("primitive", "dateTime", "Element", &["id string", "extension* Extension"]),
    (
        "complex",
        "Extension",
        "Element",
        &["id string", "extension* Extension", "url uri", "value[x] string code boolean Coding Reference"],
    ),
    (
        "complex",
        "Coding",
        "Element",
        &["id string", "extension* Extension", "system uri", "code code", "display string"],
    ),
    ("complex", "CodeableConcept", "Element", &["id string", "extension* Extension", "coding* Coding", "text string"]),
    (
        "complex",
        "Quantity",
        "Element",
        &["id string", "extension* Extension", "value decimal", "unit string", "system uri", "code code"],
    ),
    ("complex", "Reference", "Element", &["id string", "extension* Extension", "reference string", "display string"]),
    ("complex", "Narrative", "Element", &["id string", "extension* Extension", "status code", "div string"]),
    ("resource abstract", "Resource", "", &["id id"]),
    (
        "resource abstract",
        "DomainResource",
        "Resource",
        &["id id", "text Narrative", "contained* Resource", "extension* Extension"],
    ),
    (
        "resource",
        "Patient",
        "DomainResource",
        &[
            "id id",
            "text Narrative",
            "contained* Resource",
            "extension* Extension",
            "active boolean",
            "birthDate date",
            "given* string",
            "managing Reference",
        ],
    ),
    (
        "resource",
        "Observation",
        "DomainResource",
        &[
            "id id",
            "text Narrative",
            "contained* Resource",
            "extension* Extension",
            "status code",
            "code CodeableConcept",
            "subject Reference",
            "effective[x] dateTime date",
            "value[x] Quantity string boolean CodeableConcept",
            "category* CodeableConcept",
        ],
    ),
    (
        "resource",
        "Bundle",
        "Resource",
        &[
            "id id",
            "type code",
            "total unsignedInt",
            "link* BackboneElement",
            " relation string",
            " url uri",
            "entry* BackboneElement",
            " fullUrl uri",
            " resource Resource",
        ],
    ),
];

pub fn table() -> Arc<TypeTable> {
    let structures: Vec<StructureFacts> = TYPES
        .iter()
        .map(|(kind, name, base, elements)| {
            let mut backbone = "";
            let elements = elements.iter().map(|line| {
                let mut words = line.split_whitespace();
                let written = words.next().unwrap_or_default();
                let element = written.trim_end_matches('*');
                let path = match line.starts_with(' ') {
                    true => format!("{name}.{backbone}.{element}"),
                    false => format!("{name}.{element}"),
                };
                if !line.starts_with(' ') {
                    backbone = element;
                }
                ElementFacts {
                    path: path.into(),
                    max: (!written.ends_with('*')).then_some(1),
                    types: words.map(|w| TypeFacts { code: w.into(), ..Default::default() }).collect(),
                    ..Default::default()
                }
            });
            StructureFacts {
                invariants: vec![],
                elements: elements.collect(),
                name: (*name).into(),
                base: (!base.is_empty()).then(|| (*base).into()),
                class: match kind.split(' ').next() {
                    Some("primitive") => TypeClass::Primitive,
                    Some("resource") => TypeClass::Resource,
                    _ => TypeClass::Complex,
                },
                is_abstract: kind.ends_with("abstract"),
            }
        })
        .collect();
    Arc::new(TypeTable::new(FhirVersion::Stu3, &structures))
}

const BUNDLE: &str = r##"{
  "resourceType": "Bundle",
  "type": "searchset",
  "total": 2,
  "link": [
    {"relation": "self", "url": "https://x.example/Patient?a=1"},
    {"relation": "next", "url": "https://x.example/Patient?page=2"}
  ],
  "entry": [
    {"fullUrl": "https://x.example/Patient/p1", "resource": {
      "resourceType": "Patient", "id": "p1", "active": true, "birthDate": "1980-02",
      "text": {"status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>P</p></div>"},
      "given": ["Ada", null, "Bo"],
      "_given": [null, {"extension": [{"url": "u:why", "valueCode": "masked"}]}, null]
    }},
    {"fullUrl": "urn:uuid:6f1b6c2e-1f5b-4a30-9d0c-2f6f7f0f2a11", "resource": {
      "resourceType": "Observation", "id": "o1", "status": "final",
      "code": {"coding": [
        {"system": "http://loinc.org", "code": "8302-2", "display": "Length"},
        {"system": "http://snomed.info/sct", "code": "123"}
      ]},
      "subject": {"reference": "Patient/p1", "display": "Ada"},
      "effectiveDateTime": "2020-05-01T10:00:00+02:00",
      "valueQuantity": {"value": 1.80, "unit": "m", "system": "http://unitsofmeasure.org", "code": "m"},
      "contained": [{"resourceType": "Patient", "id": "c1", "managing": {"reference": "#"}}],
      "category": [{"text": "line\nbreak"}, {"coding": [{"code": "x"}]}],
      "_status": {"extension": [{"url": "u:spec", "valueCodeableThing": 1}, {"url": "u:note", "valueString": "n"}]}
    }},
    {"fullUrl": "https://x.example/Observation/o2", "resource": {
      "resourceType": "Observation", "id": "o2",
      "subject": {"reference": "#c2"}, "valueBoolean": false,
      "contained": [{"resourceType": "Patient", "id": "c2", "active": false}]
    }},
    {"fullUrl": "https://x.example/none"}
  ]
}"##;

/// The Bundle, typed.
pub fn sample() -> Typed {
    match read(BUNDLE, Format::Json) {
        Ok(document) => Typed::new(document, table()),
        Err(error) => panic!("the sample is not JSON: {error}"),
    }
}
