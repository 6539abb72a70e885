//! Our own fixtures are valid, and each defect put into them gets the rule code that belongs to it, at its
//! element.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::Span;
use jiff::civil::date;
use keur::diagnostic::Code;
use keur::fhir::{FhirVersion, Format};
use keur::testscript::series;
use keur::validation::{Validator, code};
use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::setting::{STU3, Setting, judge};

/// The fewest kinds of defect and profiles that make the test worth something.
const KINDS: usize = 20;
const PROFILES: usize = 25;

pub fn fixtures(setting: &Setting) -> Result<(), Failed> {
    let validator = setting.validator(FhirVersion::Stu3, &(STU3.packages)("BgZ-3-0"))?;
    let mut wrong = vec![];
    let all = read()?;
    for (path, text) in &all {
        let ours = judge(&validator, text.clone(), Format::Json)?;
        for (issue, at) in ours.errors.iter().zip(&ours.paths) {
            wrong.push(format!("{}: {} {at} {}", path.display(), issue.code, issue.message));
        }
        wrong.extend(ours.not_checked.iter().map(|reason| format!("{}: not checked: {reason}", path.display())));
    }
    println!("{} fixtures, {} findings", all.len(), wrong.len());
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// The fixtures with their moments filled in.
fn read() -> Result<Vec<(PathBuf, String)>, Failed> {
    let mut all = vec![];
    for patient in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/bgz-3.0"))? {
        let patient = patient?.path();
        if !patient.is_dir() {
            continue;
        }
        for file in std::fs::read_dir(patient)? {
            let file = file?.path();
            let text = std::fs::read_to_string(&file)?;
            match series::is_series(&file) {
                true => all.push((file, filled_in(&first(&text)?)?)),
                false => all.push((file, filled_in(&text)?)),
            }
        }
    }
    all.sort();
    Ok(all)
}

/// The first resource of a series: the others differ in little, and the scripts' tests look at them all.
fn first(text: &str) -> Result<String, Failed> {
    let batch: Value = serde_json::from_str(&series::expand(text)?)?;
    Ok(batch["entry"][0]["resource"].to_string())
}

/// Replaces `${DATE, T, D, -90}` by a day, counted from a fixed T.
fn filled_in(text: &str) -> Result<String, Failed> {
    let mut parts = text.split("${DATE, T, ");
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (step, rest) = part.split_once('}').ok_or("a moment has no end")?;
        let (unit, count) = step.split_once(", ").ok_or("a moment has no unit")?;
        let count: i64 = count.trim().parse()?;
        let span = match unit {
            "Y" => Span::new().years(count),
            "M" => Span::new().months(count),
            "W" => Span::new().weeks(count),
            _ => Span::new().days(count),
        };
        filled.push_str(&date(2026, 11, 21).checked_add(span)?.to_string());
        filled.push_str(rest);
    }
    Ok(filled)
}

/// A kind of defect: what rule it breaks, and how it is put into a resource. The function gives the element
/// that is to blame; None where the resource has no place for it.
struct Defect {
    kind: &'static str,
    rule: Code,
    put: fn(&mut Value) -> Option<String>,
}

const fn defect(kind: &'static str, rule: Code, put: fn(&mut Value) -> Option<String>) -> Defect {
    Defect { kind, rule, put }
}

const DIV: &str = "http://www.w3.org/1999/xhtml";
const KNOWN_EXTENSION: &str = "http://hl7.org/fhir/StructureDefinition/humanname-own-name";

static DEFECTS: [Defect; 29] = [
    defect("unknown element", code::UNKNOWN_ELEMENT, |r| set(r, "remark", json!("x"))),
    defect("unknown element in a data type", code::UNKNOWN_ELEMENT, |r| in_identifier(r, "remark", json!("x"))),
    defect("unknown resource type", code::UNKNOWN_RESOURCE, |r| {
        r["resourceType"] = json!("Onzin");
        Some("Onzin".to_owned())
    }),
    defect("status left out", code::MINIMUM, |r| {
        let required =
            ["Observation", "Procedure", "MedicationStatement", "Consent", "Encounter", "Flag", "Immunization"];
        let name = type_of(r);
        required.contains(&&*name).then_some(())?;
        r.as_object_mut()?.remove("_status");
        r.as_object_mut()?.remove("status").map(|_| name)
    }),
    defect("status outside its value set", code::REQUIRED_BINDING, |r| status(r, json!("onzin"))),
    defect("status as a number", code::PRIMITIVE, |r| status(r, json!(12))),
    defect("status with white space", code::PRIMITIVE, |r| status(r, json!(" final"))),
    defect("id with white space", code::PRIMITIVE, |r| set(r, "id", json!("a b"))),
    defect("day that does not exist", code::PRIMITIVE, |r| {
        let names =
            ["effectiveDateTime", "birthDate", "authoredOn", "dateTime", "performedDateTime", "date", "dateAsserted"];
        let name = names.into_iter().find(|n| r.get(n).is_some())?;
        set(r, name, json!("2021-02-30"))
    }),
    defect("OID that is none", code::PRIMITIVE, |r| in_identifier(r, "system", json!("urn:oid:0123.4"))),
    defect("relative system", code::RELATIVE_SYSTEM, |r| {
        in_identifier(r, "system", json!("bsn")).map(|at| at.replace(".system", ""))
    }),
    defect("object without content", code::EMPTY, |r| in_identifier(r, "type", json!({}))),
    defect("empty array", code::REPRESENTATION, |r| {
        in_identifier(r, "extension", json!([])).map(|a| a.replace(".extension", ""))
    }),
    defect("null", code::REPRESENTATION, |r| in_identifier(r, "value", Value::Null)),
    defect("period that ends before it starts", code::INVARIANT, |r| {
        in_identifier(r, "period", json!({"start": "2020-02-01", "end": "2019"}))
    }),
    defect("subject twice", code::MAXIMUM, |r| {
        let subject = r.get("subject")?.clone();
        set(r, "subject", json!([subject, subject]))?;
        Some(type_of(r))
    }),
    defect("reference to another type", code::REFERENCE_TARGET, |r| reference(r, "Appointment/1")),
    defect("reference with white space", code::REFERENCE_FORM, |r| reference(r, "Patient/a b")),
    defect("reference to nothing contained", code::REFERENCE_UNRESOLVED, |r| reference(r, "#nergens")),
    defect("contained resource without id", code::CONTAINED_ID, |r| {
        set(r, "contained", json!([{"resourceType": "Basic", "code": {"text": "x"}}]))?;
        Some(format!("{}.contained[0]", type_of(r)))
    }),
    defect("contained resource that nothing refers to", code::INVARIANT, |r| {
        set(r, "contained", json!([{"resourceType": "Basic", "id": "b", "code": {"text": "x"}}]))?;
        Some(type_of(r))
    }),
    defect("extension that nobody knows", code::UNKNOWN_EXTENSION, |r| {
        extension(r, json!({"url": "https://keur.example/onbekend", "valueString": "x"}))
    }),
    defect("extension with a relative url", code::EXTENSION_URL, |r| {
        extension(r, json!({"url": "onbekend", "valueString": "x"}))
    }),
    defect("extension in another place", code::EXTENSION_CONTEXT, |r| {
        extension(r, json!({"url": KNOWN_EXTENSION, "valueString": "x"}))?;
        Some(type_of(r))
    }),
    defect("extension without value", code::INVARIANT, |r| extension(r, json!({"url": KNOWN_EXTENSION}))),
    defect("extension of another type", code::TYPE, |r| {
        Some(format!("{}.valueBoolean", extension(r, json!({"url": KNOWN_EXTENSION, "valueBoolean": true}))?))
    }),
    defect("extension among the modifiers", code::EXTENSION_MODIFIER, |r| {
        set(r, "modifierExtension", json!([{"url": KNOWN_EXTENSION, "valueString": "x"}]))?;
        Some(format!("{}.modifierExtension[0]", type_of(r)))
    }),
    defect("script in the narrative", code::NARRATIVE, |r| {
        let div = format!("<div xmlns=\"{DIV}\">x<script>x</script></div>");
        set(r, "text", json!({"status": "generated", "div": div}))?;
        Some(format!("{}.text.div", type_of(r)))
    }),
    defect("profile on another type", code::PROFILE_TYPE, |r| {
        let other = if type_of(r) == "Flag" { "zib-Problem" } else { "zib-Alert" };
        r["meta"]["profile"] = json!([format!("http://nictiz.nl/fhir/StructureDefinition/{other}")]);
        Some(type_of(r))
    }),
];

fn type_of(resource: &Value) -> String {
    resource["resourceType"].as_str().unwrap_or_default().to_owned()
}

fn set(resource: &mut Value, name: &str, value: Value) -> Option<String> {
    resource.as_object_mut()?.insert(name.to_owned(), value);
    Some(format!("{}.{name}", type_of(resource)))
}

fn status(resource: &mut Value, value: Value) -> Option<String> {
    resource.get("status")?;
    set(resource, "status", value)
}

fn in_identifier(resource: &mut Value, name: &str, value: Value) -> Option<String> {
    let of = type_of(resource);
    let (identifier, at) = match resource.get_mut("identifier")? {
        Value::Array(all) => (all.first_mut()?, "[0]"),
        one => (one, ""),
    };
    identifier.as_object_mut()?.insert(name.to_owned(), value);
    Some(format!("{of}.identifier{at}.{name}"))
}

fn reference(resource: &mut Value, to: &str) -> Option<String> {
    let name = ["subject", "patient"].into_iter().find(|n| resource.get(n).is_some_and(Value::is_object))?;
    resource[name]["reference"] = json!(to);
    Some(format!("{}.{name}", type_of(resource)))
}

fn extension(resource: &mut Value, extension: Value) -> Option<String> {
    let at = format!("{}.extension", type_of(resource));
    let all = resource.as_object_mut()?.entry("extension").or_insert_with(|| json!([])).as_array_mut()?;
    all.push(extension);
    Some(format!("{at}[{}]", all.len() - 1))
}

pub fn mutants(setting: &Setting) -> Result<(), Failed> {
    let validator = setting.validator(FhirVersion::Stu3, &(STU3.packages)("BgZ-3-0"))?;
    let mut by_profile: BTreeMap<String, Value> = BTreeMap::new();
    for (_, text) in read()? {
        let resource: Value = serde_json::from_str(&text)?;
        if let Some(profile) = resource["meta"]["profile"][0].as_str().map(str::to_owned) {
            by_profile.entry(profile).or_insert(resource);
        }
    }
    let (mut made, mut kinds, mut wrong) = (0, BTreeSet::new(), vec![]);
    for (profile, resource) in &by_profile {
        for defect in &DEFECTS {
            let mut mutant = resource.clone();
            let Some(at) = (defect.put)(&mut mutant) else { continue };
            made += 1;
            kinds.insert(defect.kind);
            if let Some(found) = other_than(&validator, &mutant, defect, &at)? {
                wrong.push(format!("{profile}, {}: {} at {at} is missing in {found:?}", defect.kind, defect.rule));
            }
        }
    }
    println!("{made} mutants of {} kinds over {} profiles, {} wrong", kinds.len(), by_profile.len(), wrong.len());
    assert!(kinds.len() >= KINDS && by_profile.len() >= PROFILES, "too few");
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// What was found instead of the rule at the element; None when that was found.
fn other_than(validator: &Validator, mutant: &Value, of: &Defect, at: &str) -> Result<Option<Vec<String>>, Failed> {
    let ours = judge(validator, mutant.to_string(), Format::Json)?;
    let found = ours.errors.iter().zip(&ours.paths);
    if found.clone().any(|(issue, path)| issue.code == of.rule && path == at) {
        return Ok(None);
    }
    Ok(Some(found.map(|(issue, path)| format!("{} {path}", issue.code)).collect()))
}
