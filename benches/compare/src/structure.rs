//! Validation of structure: a JSON Schema of the elements of STU3 is the floor; keur does profiles, slices,
//! bindings and invariants as well.

use keur::definitions::{Definitions, Typed};
use keur::fhir::{self, FhirVersion, Format};
use keur::validation::{Policy, Validator};
use serde_json::{Value, json};

use super::clock::median;
use super::input;
use super::table::Results;

/// One laboratory result, read before.
pub fn measure(results: &mut Results) {
    let text = input::observation(1);
    let value: Value = serde_json::from_str(&text).expect("made here");
    let schema = jsonschema::validator_for(&schema()).expect("the schema is one");
    assert!(schema.is_valid(&value), "the result fits its schema");
    let floor = median(|| schema.iter_errors(&value).count());
    let definitions = Definitions::embedded(FhirVersion::Stu3);
    let (types, profiles) = (definitions.types(), definitions.profiles());
    let validator = Validator::new(types.clone(), profiles, definitions.terminology(), Policy::default());
    let document = Typed::new(fhir::read(text.as_str(), Format::Json).expect("made here"), types);
    let all = median(|| validator.validate(&document, &[]));
    let remark = "structure of an Observation alone, against zib profile, slices, bindings and invariants";
    results.row("one zib Observation, warm", "`jsonschema`", (all, floor), remark);
}

/// The elements of an Observation and of the types in it, as far as this one goes: names, types, how many.
fn schema() -> Value {
    let object = |properties: Value, required: &[&str]| json!({"type": "object", "additionalProperties": false, "properties": properties, "required": required});
    let many = |of: Value| json!({"type": "array", "minItems": 1, "items": of});
    let text = json!({"type": "string", "pattern": "^\\S(.*\\S)?$"});
    let number = json!({"type": "number"});
    let coding = object(
        json!({"system": text, "version": text, "code": text, "display": text, "userSelected": {"type": "boolean"}}),
        &[],
    );
    let concept = object(json!({"coding": many(coding), "text": text}), &[]);
    let reference = object(json!({"reference": text, "display": text}), &[]);
    let quantity = object(
        json!({"value": number, "comparator": {"enum": ["<", "<=", ">=", ">"]}, "unit": text, "system": text, "code": text}),
        &[],
    );
    let range = object(
        json!({"low": quantity, "high": quantity, "type": concept, "appliesTo": many(concept.clone()), "text": text}),
        &[],
    );
    let identifier = object(json!({"use": text, "type": concept, "system": text, "value": text}), &[]);
    object(
        json!({
            "resourceType": {"const": "Observation"}, "id": {"type": "string", "pattern": "^[A-Za-z0-9.-]{1,64}$"},
            "meta": object(json!({"profile": many(text.clone())}), &[]), "identifier": many(identifier),
            "status": {"enum": ["registered", "preliminary", "final", "amended", "corrected", "cancelled", "entered-in-error", "unknown"]},
            "category": many(concept.clone()), "code": concept, "subject": reference,
            "effectiveDateTime": {"type": "string", "pattern": "^\\d{4}(-\\d\\d(-\\d\\d(T\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?(Z|[+-]\\d\\d:\\d\\d))?)?)?$"},
            "valueQuantity": quantity, "referenceRange": many(range)
        }),
        &["resourceType", "status", "code"],
    )
}
