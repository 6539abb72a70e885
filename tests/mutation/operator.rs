//! The operators: one single defect each, for a shape of element in FHIR's JSON.

use serde_json::{Value, json};

/// What an element looks like, whatever it is called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    Coding,
    Concept,
    Quantity,
    Reference,
    /// The reference that tells whom a resource is about.
    Person,
    Period,
    Identifier,
    Extension,
    Moment,
    /// A code of FHIR itself: a status, an intent.
    FhirCode,
    /// Text for people.
    Words,
    Flag,
    Number,
    Resource,
}

/// What is done to an element.
#[derive(Clone, Copy)]
pub enum Edit {
    /// A member goes.
    Without(&'static str),
    /// A member is this JSON.
    With(&'static str, &'static str),
    /// The element becomes what the function makes of it; None where that is no change.
    Made(fn(&Value) -> Option<Value>),
    /// The entry at this place of the Bundle is changed.
    Entry(fn(&mut Vec<Value>, usize) -> Option<()>),
}

/// A row of the table.
pub struct Operator {
    pub name: &'static str,
    pub on: Shape,
    pub edit: Edit,
    /// Member of the element that the defect is about.
    pub member: &'static str,
}

const fn row(name: &'static str, on: Shape, edit: Edit, member: &'static str) -> Operator {
    Operator { name, on, edit, member }
}

const SNOMED: &str = "http://snomed.info/sct";
const LOINC: &str = "http://loinc.org";

pub const OPERATORS: &[Operator] = &[
    row("coding without code", Shape::Coding, Edit::Without("code"), "code"),
    row("coding without system", Shape::Coding, Edit::Without("system"), "system"),
    row("coding without display", Shape::Coding, Edit::Without("display"), "display"),
    row("coding of another system", Shape::Coding, Edit::Made(of_another_system), "system"),
    row("coding of no code system", Shape::Coding, Edit::With("system", "\"http://codes.keur.example\""), "system"),
    row("code system in words", Shape::Coding, Edit::With("system", "\"SNOMED CT\""), "system"),
    row("value set as system", Shape::Coding, Edit::With("system", "\"http://hl7.org/fhir/ValueSet/x\""), "system"),
    row("code in the form of no code", Shape::Coding, Edit::Made(formless), "code"),
    row("concept without words", Shape::Concept, Edit::Made(wordless), ""),
    row("concept with an empty coding", Shape::Concept, Edit::With("coding", "[{}]"), "coding"),
    row("quantity without value", Shape::Quantity, Edit::Without("value"), "value"),
    row("quantity without unit", Shape::Quantity, Edit::Without("unit"), "unit"),
    row("quantity without code", Shape::Quantity, Edit::Without("code"), "code"),
    row("quantity without system", Shape::Quantity, Edit::Without("system"), "system"),
    row("quantity in another unit", Shape::Quantity, Edit::Made(in_light_years), "code"),
    row("negative quantity", Shape::Quantity, Edit::With("value", "-7"), "value"),
    row("quantity in words", Shape::Quantity, Edit::With("value", "\"veel\""), "value"),
    row("reference without display", Shape::Reference, Edit::Without("display"), "display"),
    row("reference in words alone", Shape::Reference, Edit::Made(words_alone), "reference"),
    row("reference that is none", Shape::Reference, Edit::With("reference", "\"zie dossier\""), "reference"),
    row("reference to another type", Shape::Reference, Edit::Made(to_another_type), "reference"),
    row(
        "about another person",
        Shape::Person,
        Edit::With("reference", "\"Patient/keur-toetsema-patient\""),
        "reference",
    ),
    row("about nobody there is", Shape::Person, Edit::With("reference", "\"Patient/bestaat-niet\""), "reference"),
    row("period turned round", Shape::Period, Edit::Made(turned_round), "start"),
    row("period without ends", Shape::Period, Edit::Made(|_| Some(json!({"id": "p"}))), "start"),
    row("identifier without value", Shape::Identifier, Edit::Without("value"), "value"),
    row("identifier without system", Shape::Identifier, Edit::Without("system"), "system"),
    row("extension by another url", Shape::Extension, Edit::Made(of_another_url), "url"),
    row("extension without value", Shape::Extension, Edit::Made(without_value), "value"),
    row("not a date", Shape::Moment, Edit::Made(|_| Some(json!("12-03-2020"))), ""),
    row("date that does not exist", Shape::Moment, Edit::Made(|_| Some(json!("2021-02-30"))), ""),
    row("date long ago", Shape::Moment, Edit::Made(|_| Some(json!("0204-05-06"))), ""),
    row("code that FHIR does not know", Shape::FhirCode, Edit::Made(|_| Some(json!("onbekend"))), ""),
    row("empty text", Shape::Words, Edit::Made(|_| Some(json!(""))), ""),
    row("blank text", Shape::Words, Edit::Made(|_| Some(json!("   "))), ""),
    row("boolean in words", Shape::Flag, Edit::Made(|_| Some(json!("ja"))), ""),
    row("number in words", Shape::Number, Edit::Made(|_| Some(json!("veel"))), ""),
    row("without id", Shape::Resource, Edit::Without("id"), "id"),
    row("without profile", Shape::Resource, Edit::Without("meta"), "meta"),
    row("of another profile", Shape::Resource, Edit::With("meta", OTHER_PROFILE), "meta"),
    row("of another type", Shape::Resource, Edit::With("resourceType", "\"Basic\""), ""),
    row("with an element of nobody", Shape::Resource, Edit::With("keurmerk", "\"x\""), "keurmerk"),
    row("twice in the answer", Shape::Resource, Edit::Entry(twice), "fullUrl"),
    row("with the id of another", Shape::Resource, Edit::Entry(|entries, at| id_of_another(entries, at)), "fullUrl"),
];

/// A profile of no BgZ resource.
const OTHER_PROFILE: &str = r#"{"profile": ["http://nictiz.nl/fhir/StructureDefinition/zib-Bestaat-Niet"]}"#;

fn of_another_system(coding: &Value) -> Option<Value> {
    let mut coding = coding.clone();
    coding["system"] = json!(if coding["system"] == SNOMED { LOINC } else { SNOMED });
    Some(coding)
}

/// A code that cannot be one of its system; other systems have codes of any form.
fn formless(coding: &Value) -> Option<Value> {
    let mut coding = coding.clone();
    let formed = [SNOMED, LOINC, "http://www.whocc.no/atc"].iter().any(|system| coding["system"] == *system);
    coding["code"] = json!("x17");
    formed.then_some(coding)
}

fn wordless(concept: &Value) -> Option<Value> {
    let mut concept = concept.clone();
    concept.as_object_mut()?.remove("text");
    let codings = concept.get_mut("coding")?.as_array_mut()?;
    codings.iter_mut().filter_map(Value::as_object_mut).for_each(|coding| drop(coding.remove("display")));
    Some(concept)
}

fn in_light_years(quantity: &Value) -> Option<Value> {
    let mut quantity = quantity.clone();
    quantity["unit"] = json!("lichtjaar");
    quantity["code"] = json!("[ly]");
    Some(quantity)
}

fn words_alone(reference: &Value) -> Option<Value> {
    let mut reference = reference.clone();
    reference.as_object_mut()?.remove("reference")?;
    reference.as_object_mut()?.remove("extension");
    Some(reference)
}

fn to_another_type(reference: &Value) -> Option<Value> {
    let mut reference = reference.clone();
    let (_, id) = reference["reference"].as_str()?.split_once('/')?;
    reference["reference"] = json!(format!("Slot/{id}"));
    Some(reference)
}

fn turned_round(period: &Value) -> Option<Value> {
    let mut period = period.clone();
    match (period.get("start").cloned(), period.get("end").cloned()) {
        (Some(start), Some(end)) if start != end => {
            period["start"] = end;
            period["end"] = start;
        }
        (Some(_), _) => period["end"] = json!("1901-01-01"),
        _ => return None,
    }
    Some(period)
}

fn of_another_url(extension: &Value) -> Option<Value> {
    let mut extension = extension.clone();
    extension["url"] = json!(format!("{}-bestaat-niet", extension["url"].as_str()?));
    Some(extension)
}

fn without_value(extension: &Value) -> Option<Value> {
    let extension = extension.as_object()?;
    let left = extension.iter().filter(|(name, _)| !name.starts_with("value"));
    let left: serde_json::Map<_, _> = left.map(|(name, value)| (name.clone(), value.clone())).collect();
    (left.len() < extension.len()).then(|| left.into())
}

fn twice(entries: &mut Vec<Value>, at: usize) -> Option<()> {
    let entry = entries.get(at)?.clone();
    entries.push(entry);
    Some(())
}

fn id_of_another(entries: &mut [Value], at: usize) -> Option<()> {
    let kind = entries.get(at)?["resource"]["resourceType"].clone();
    let same = |(other, entry): &(usize, &Value)| *other != at && entry["resource"]["resourceType"] == kind;
    let (_, other) = entries.iter().enumerate().find(same)?;
    let (id, url) = (other["resource"]["id"].clone(), other["fullUrl"].clone());
    let entry = entries.get_mut(at)?;
    entry["resource"]["id"] = id;
    entry["fullUrl"] = url;
    Some(())
}

/// Names of elements whose value is a code of FHIR itself.
const FHIR_CODES: [&str; 12] = [
    "status",
    "clinicalStatus",
    "verificationStatus",
    "intent",
    "taken",
    "gender",
    "criticality",
    "severity",
    "periodUnit",
    "use",
    "type",
    "valueCode",
];

/// Names of elements that hold text for people.
const WORDS: [&str; 14] = [
    "text",
    "display",
    "unit",
    "description",
    "comment",
    "name",
    "family",
    "city",
    "valueString",
    "subscriberId",
    "lotNumber",
    "value",
    "postalCode",
    "title",
];

/// The shapes of an element by its name and value.
pub fn shapes(name: &str, value: &Value) -> Vec<Shape> {
    let has = |member: &str| value.get(member).is_some();
    match value {
        Value::Bool(_) => vec![Shape::Flag],
        Value::Number(_) => vec![Shape::Number],
        // A code may look like a year.
        Value::String(text) if name != "code" && is_moment(text) => vec![Shape::Moment],
        Value::String(_) if FHIR_CODES.contains(&name) => vec![Shape::FhirCode],
        Value::String(_) if WORDS.contains(&name) => vec![Shape::Words],
        Value::Object(_) if has("url") && name.to_ascii_lowercase().ends_with("extension") => vec![Shape::Extension],
        Value::Object(_) if name == "coding" || name == "class" || name == "valueCoding" => vec![Shape::Coding],
        Value::Object(_) if has("coding") => vec![Shape::Concept],
        Value::Object(_) if has("reference") && (name == "subject" || name == "patient" || name == "beneficiary") => {
            vec![Shape::Reference, Shape::Person]
        }
        Value::Object(_) if has("reference") => vec![Shape::Reference],
        Value::Object(_) if has("value") && has("unit") => vec![Shape::Quantity],
        Value::Object(_) if name.to_ascii_lowercase().ends_with("identifier") => vec![Shape::Identifier],
        Value::Object(_) if (has("start") || has("end")) && !has("resourceType") => vec![Shape::Period],
        _ => vec![],
    }
}

fn is_moment(text: &str) -> bool {
    let date = text.split('T').next().unwrap_or_default();
    let mut parts = date.split('-');
    parts.next().is_some_and(|year| year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit()))
        && date.len() <= 10
        && parts.all(|part| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit()))
}
