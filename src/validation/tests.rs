//! Small resources against the embedded definitions: what is asked of an authority, and what an issue says
//! beside its message.

use std::sync::{Arc, Mutex};

use super::*;
use crate::definitions::Definitions;
use crate::definitions::terminology::{Answer, Question};
use crate::diagnostic::{Language, Severity};
use crate::fhir::{FhirVersion, Format};

fn validator(release: FhirVersion) -> Validator {
    let definitions = Definitions::embedded(release);
    let (types, profiles) = (definitions.types(), definitions.profiles());
    Validator::new(types, profiles, definitions.terminology(), Policy::default())
}

fn judge(validator: &Validator, text: &str) -> Outcome {
    let document = crate::fhir::read(text.to_owned(), Format::Json).unwrap();
    validator.validate(&Typed::new(document, validator.types()), &[])
}

fn issue(outcome: &Outcome, code: crate::diagnostic::Code) -> &Issue {
    outcome.issues.iter().find(|i| i.code == code).unwrap_or_else(|| panic!("{:?}", outcome.issues))
}

/// An authority that gives one answer to everything and keeps what it was asked.
struct Always(Answer, Mutex<Vec<String>>);

impl Authority for Always {
    fn ask(&self, question: &Question<'_>) -> Answer {
        assert!(question.definition.is_some_and(|d| d.starts_with("{\"resourceType\":\"ValueSet\"")), "{question:?}");
        self.1.lock().unwrap().push(format!("{} {} {}", question.system, question.code, question.whole));
        self.0.clone()
    }
}

fn asked(answer: Answer) -> (Outcome, Vec<String>) {
    let authority = Arc::new(Always(answer, Mutex::default()));
    let validator = validator(FhirVersion::Stu3).asking(Some(authority.clone()));
    // The body site is one of a part of SNOMED CT, the status and the category are decided by what is loaded.
    let outcome = judge(
        &validator,
        r#"{"resourceType": "Observation", "status": "final",
            "meta": {"profile": ["http://nictiz.nl/fhir/StructureDefinition/zib-PainScore"]},
            "code": {"coding": [{"system": "http://snomed.info/sct", "code": "225908003"}]},
            "bodySite": {"coding": [{"system": "http://snomed.info/sct", "code": "302539009"}]}}"#,
    );
    let asked = authority.1.lock().unwrap().clone();
    (outcome, asked)
}

#[test]
fn an_authority_is_asked_only_what_nothing_loaded_decides_and_its_word_counts() {
    let about = vec!["http://snomed.info/sct 302539009 false".to_owned()];
    let not_in_set = |outcome: &Outcome| outcome.issues.iter().any(|i| i.message.contains("302539009"));

    let (outcome, questions) = asked(Answer::Member);
    assert_eq!(questions, about);
    assert!(outcome.codes.not_checkable.is_empty() && !not_in_set(&outcome), "{outcome:?}");
    let checked = outcome.codes.checked;

    let (outcome, _) = asked(Answer::NotMember);
    assert!(outcome.codes.not_checkable.is_empty() && not_in_set(&outcome), "{outcome:?}");
    assert_eq!(outcome.codes.checked, checked);

    let (outcome, _) = asked(Answer::Unknown("it sleeps".to_owned()));
    assert!(!not_in_set(&outcome));
    let reasons: Vec<(&str, u64)> = outcome.codes.not_checkable.iter().map(|(why, n)| (why.as_str(), *n)).collect();
    assert_eq!(reasons, [("hierarchy of http://snomed.info/sct is not at hand; it sleeps", 1)]);
    assert_eq!(outcome.codes.checked, checked - 1);
}

#[test]
fn an_issue_says_where_its_profile_speaks_of_the_element() {
    let outcome = judge(
        &validator(FhirVersion::Stu3),
        r#"{"resourceType": "Observation", "status": "final",
            "meta": {"profile": ["http://nictiz.nl/fhir/StructureDefinition/zib-BloodPressure"]},
            "category": [{"coding": [{"system": "http://hl7.org/fhir/observation-category", "code": "vital-signs"}]}],
            "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]},
            "component": [
                {"code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]}, 
                 "valueQuantity": {"value": 1, "system": "http://unitsofmeasure.org", "code": "mmHg"}}
            ]}"#,
    );
    let defined = |code| {
        let defined = issue(&outcome, code).defined.as_ref().unwrap();
        format!("{} {}..{}", defined.path, defined.min, defined.max)
    };
    assert_eq!(defined(code::SLICE_MINIMUM), "Observation.component:DiastolicBP 1..1");
    let missing: Vec<&str> = outcome
        .issues
        .iter()
        .filter(|i| i.code == code::MINIMUM)
        .filter_map(|i| i.defined.as_ref().map(|d| d.path.as_str()))
        .collect();
    assert!(missing.contains(&"Observation.subject") && missing.contains(&"Observation.effective[x]"), "{missing:?}");
    assert_eq!(defined(code::FIXED), "Observation.component:SystolicBP.value[x]:valueQuantity.code 0..1");
}

#[test]
fn an_invariant_is_said_in_words_of_both_languages_with_its_expression_beside() {
    let outcome =
        judge(&validator(FhirVersion::Stu3), r#"{"resourceType": "Patient", "telecom": [{"value": "0612345678"}]}"#);
    let issue = issue(&outcome, code::INVARIANT);
    assert_eq!(
        issue.said(Language::En),
        "breaks cpt-2: a contact point with a value says its `system` (phone, email …)"
    );
    assert_eq!(
        issue.said(Language::Nl),
        "tegen cpt-2: een contactgegeven met een waarde noemt zijn `system` (phone, email …)"
    );
    let broken = issue.invariant.as_ref().unwrap();
    assert_eq!((&*broken.key, &*broken.expression), ("cpt-2", "value.exists() implies system.exists()"));
}

#[test]
fn a_code_that_no_code_of_the_zib_leads_to_is_worth_knowing_and_no_error() {
    let patient = |gender: &str, status: &str| {
        format!(
            r#"{{"resourceType": "Condition", "clinicalStatus": "{gender}", "verificationStatus": "{status}",
                "meta": {{"profile": ["http://nictiz.nl/fhir/StructureDefinition/zib-Problem"]}}}}"#
        )
    };
    let validator = validator(FhirVersion::Stu3);
    // One map runs from FHIR to the zib, the other from the zib to FHIR.
    for (text, wanted) in [
        (patient("active", "confirmed"), vec![]),
        (patient("remission", "unknown"), vec![]),
        (patient("active", "entered-in-error"), vec!["Condition.verificationStatus"]),
    ] {
        let outcome = judge(&validator, &text);
        let said: Vec<&Issue> = outcome.issues.iter().filter(|i| i.code == code::NOT_MAPPED).collect();
        assert_eq!(said.iter().map(|i| i.path.as_str()).collect::<Vec<_>>(), wanted, "{text}");
        assert!(said.iter().all(|i| i.severity == Severity::Information));
    }
}

#[test]
fn an_extension_may_stand_only_where_its_context_holds() {
    let item = |kind: &str, extension: &str| {
        format!(
            r#"{{"resourceType": "Questionnaire", "status": "draft", "item": [{{"linkId": "1", "text": "a",
                "type": "{kind}", "extension": [{{"url": "http://hl7.org/fhir/StructureDefinition/{extension}"}}]}}]}}"#
        )
    };
    let unit = r#"questionnaire-unit", "valueCoding": {"system": "http://unitsofmeasure.org", "code": "kg"}, "id": "x"#;
    let most = r#"questionnaire-maxOccurs", "valueInteger": 1, "id": "x"#;
    let more = r#"questionnaire-maxOccurs", "valueInteger": 2, "id": "x"#;
    for release in [FhirVersion::Stu3, FhirVersion::R4] {
        let validator = validator(release);
        for (kind, extension, holds) in [
            ("decimal", unit, true),
            ("integer", unit, true),
            ("string", unit, false),
            ("string", most, true),
            ("string", more, false),
            ("display", most, false),
        ] {
            let outcome = judge(&validator, &item(kind, extension));
            let broken: Vec<&Issue> = outcome.issues.iter().filter(|i| i.code == code::EXTENSION_CONTEXT).collect();
            assert_eq!(broken.is_empty(), holds, "{release} {kind} {extension}: {broken:?}");
        }
    }
}

#[test]
fn names_that_are_nearly_right_are_named() {
    for (text, near) in [
        (r#"{"resourceType": "Patient", "identifer": [{"value": "1"}]}"#, "`identifier` is"),
        (r#"{"resourceType": "Patient", "Gender": "male"}"#, "`gender` is"),
        (r#"{"resourceType": "Patient", "deceasedBolean": true}"#, "`deceasedBoolean` is"),
        (r#"{"resourceType": "Observation", "valeuQuantity": {"value": 1}}"#, "`valueQuantity` is"),
        (r#"{"resourceType": "Patient", "name": [{"fmaily": "x"}]}"#, "`family` is"),
        (r#"{"resourceType": "Patient", "shoeSize": 44}"#, "is not an element of Patient"),
    ] {
        let outcome = judge(&validator(FhirVersion::Stu3), text);
        let said = &issue(&outcome, code::UNKNOWN_ELEMENT).message;
        assert!(said.ends_with(near), "{said}");
    }
    let address = r#"{"resourceType": "Patient", "address": [{"_line": [{"extension": [
        {"url": "http://hl7.org/fhir/StructureDefinition/iso21090-ADXP-houseNumbers", "valueString": "1"}]}]}]}"#;
    let outcome = judge(&validator(FhirVersion::Stu3), address);
    let said = issue(&outcome, code::NO_SUCH_EXTENSION);
    assert!(said.message.ends_with("`iso21090-ADXP-houseNumber` is one"), "{}", said.message);
    assert!(said.path.ends_with(".url"), "{}", said.path);
}
