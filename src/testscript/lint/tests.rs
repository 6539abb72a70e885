//! Scripts with one mistake each, and what is said of it.

use super::*;
use crate::testscript::source::Carried;

/// Letter of the severity, code, marked text and message of everything the linter adds to the reader.
fn found(files: &[(&str, &str)]) -> Vec<String> {
    let carried = Carried::new(files.iter().copied());
    let set = ScriptSet::collect(&carried, &["s".into()]).expect("there are scripts");
    let definitions = FhirVersion::ALL.map(Definitions::embedded);
    let surroundings = Surroundings { definitions: &definitions, fhir_version: FhirVersion::Stu3 };
    let findings = lint(&set, &surroundings);
    let shown = |p: &Diagnostic| {
        let marked = p.labels.first().and_then(|l| l.source.text.get(l.span.range())).unwrap_or_default();
        let letter = ['F', 'E', 'W', 'I'][p.severity as usize];
        format!("{letter}{} [{}] {}", p.code.0, marked.split('\n').next().unwrap_or_default(), p.message)
    };
    findings.problems.iter().map(shown).collect()
}

const SEARCH: &str = "      - operation: {type: search, resource: Patient}\n";

/// A YAML script with this head and these actions.
fn script(head: &str, actions: &str) -> String {
    format!("resourceType: TestScript\n{head}test:\n  - id: one\n    action:\n{actions}")
}

/// What is said of one assert after a search.
fn of_assert(assert: &str) -> Vec<String> {
    let text = script("", &format!("{SEARCH}      - assert: {{{assert}}}\n"));
    found(&[("s/a.yaml", &text)])
}

#[test]
fn asserts_that_check_nothing_are_found() {
    let table: &[(&str, &[&str])] = &[
        ("expression: Patient.name.exists()", &[]),
        (
            "expression: Patient.name.exists() or Patient.name.empty()",
            &[
                "E1110 [Patient.name.exists() or Patient.name.empty()] `Patient.name.exists() or Patient.name.empty()` holds whatever the answer is",
            ],
        ),
        (
            "expression: Bundle.entry.count() >= 0",
            &["E1110 [Bundle.entry.count() >= 0] `Bundle.entry.count() >= 0` holds whatever the answer is"],
        ),
        // Compared with a value it is no truth.
        ("expression: Bundle.entry.count(), operator: equals, value: '2'", &[]),
        (
            "expression: Bundle.entry.count()",
            &["E1110 [Bundle.entry.count()] `Bundle.entry.count()` holds whatever the answer is"],
        ),
        ("expression: \"{} = {}\"", &["E1111 [{} = {}] `{} = {}` holds for no answer"]),
        (
            "expression: Patient.nam.all(given.exists())",
            &[
                "W1101 [.nam] `Patient` has no element `nam`: always empty",
                "E1110 [Patient.nam.all(given.exists())] `Patient.nam.all(given.exists())` holds whatever the answer is",
            ],
        ),
        (
            "expression: Bundle.descendants().where($this is coding).exists()",
            &[
                "E1100 [$this is coding] there is no type `coding` in STU3",
                "E1111 [Bundle.descendants().where($this is coding).exists()] `Bundle.descendants().where($this is coding).exists()` holds for no answer",
            ],
        ),
        (
            "expression: Patient.birthDate is Quantity",
            &[
                "W1102 [Patient.birthDate is Quantity] `date` can never be a `Quantity`",
                "E1111 [Patient.birthDate is Quantity] `Patient.birthDate is Quantity` holds for no answer",
            ],
        ),
        ("expression: Bundle.entry.where(count()).exists()", &["W1103 [count()] a Integer is true whatever its value"]),
        ("resource: Patients", &["E1104 [Patients] there is no resource type `Patients` in STU3"]),
        (
            "responseCode: '200', warningOnly: true, stopTestOnFail: true",
            &[
                "I1134 [{responseCode: '200', warningOnly: true, stopTestOnFail: true}] `stopTestOnFail` does nothing beside `warningOnly`",
            ],
        ),
    ];
    for (assert, wanted) in table {
        assert_eq!(of_assert(assert), *wanted, "{assert}");
    }
}

#[test]
fn a_placeholder_may_become_anything() {
    let head = "variable:\n  - {name: a, defaultValue: x}\n";
    for expression in ["\"'${a}' = 'b'\"", "\"Bundle.entry.count() >= ${a}\"", "\"Bundle.${a}.exists()\""] {
        let text = script(head, &format!("{SEARCH}      - assert: {{expression: {expression}}}\n"));
        assert_eq!(found(&[("s/a.yaml", &text)]), Vec::<String>::new(), "{expression}");
    }
}

#[test]
fn the_release_decides_what_exists() {
    let actions = "      - operation: {type: search, resource: MedicationUsage}\n      - assert: {expression: \"Bundle.entry.resource.ofType(ServiceRequest).exists()\"}\n";
    let text = script("", actions);
    let said = |version: &str| found(&[("s/a.yaml", &text), ("s/properties.json", version)]).join("\n");
    let stu3 = said("{}");
    assert!(stu3.contains("there is no type `ServiceRequest` in STU3"), "{stu3}");
    let r4 = said(r#"{"fhirVersion": "R4"}"#);
    assert!(!r4.contains("ServiceRequest") && r4.contains("`MedicationUsage` in R4"), "{r4}");
}

#[test]
fn what_is_in_the_wrong_order_is_found() {
    let table: &[(&str, &[&str])] = &[
        (
            "      - assert: {resource: Bundle}\n",
            &["E1130 [{resource: Bundle}] no operation stands before this assert, and it has no `sourceId`"],
        ),
        (
            "      - operation: {type: search, resource: Patient}\n      - assert: {sourceId: later, resource: Bundle}\n      - operation: {type: search, resource: Patient, responseId: later}\n",
            &["E1131 [{sourceId: later, resource: Bundle}] nothing is kept under `later` yet"],
        ),
        (
            "      - operation: {type: search, resource: Patient}\n      - assert: {expression: 'false', stopTestOnFail: true}\n      - assert: {resource: Bundle}\n",
            &[
                "E1111 [false] `false` holds for no answer",
                "E1132 [{resource: Bundle}] the test always ends before this",
            ],
        ),
        (
            "      - operation: {type: search, resource: Patient}\n      - assert: {responseCode: '200,201', operator: in}\n      - assert: {responseCode: '404'}\n      - operation: {type: search, resource: Patient}\n      - assert: {responseCode: '404'}\n",
            &["E1133 [404] the status cannot be both `200, 201` and `404`"],
        ),
        (
            "      - operation: {type: search, resource: Patient}\n      - assert: {response: okay}\n      - assert: {responseCode: '200'}\n      - assert: {response: notFound}\n",
            &["E1133 [notFound] the status cannot be both `200` and `404`"],
        ),
        (
            "      - operation: {type: search, resource: Patient}\n      - assert: {resource: Bundle}\n      - assert: {resource: Patient}\n      - assert: {resource: Patient, warningOnly: true}\n",
            &["E1133 [Patient] the resource cannot be both `Bundle` and `Patient`"],
        ),
    ];
    for (actions, wanted) in table {
        let found = found(&[("s/a.yaml", &script("", actions))]);
        assert_eq!(found, *wanted, "{actions}");
    }
}

#[test]
fn a_type_that_must_be_refused_may_not_exist() {
    let operation = "      - operation: {type: search, resource: Keuring}\n";
    for (assert, count) in
        [("responseCode: '404'", 0), ("responseCode: '200'", 1), ("response: notFound", 0), ("resource: Bundle", 1)]
    {
        let text = script("", &format!("{operation}      - assert: {{{assert}}}\n"));
        assert_eq!(found(&[("s/a.yaml", &text)]).len(), count, "{assert}");
    }
}

#[test]
fn what_is_declared_and_not_used_is_worth_a_note() {
    let head = "profile: ['http://hl7.org/fhir/StructureDefinition/Patient']\n_profile: [{id: p}]\n\
                fixture:\n  - {id: f, resource: {reference: f.json}}\n  - {id: g, resource: {reference: g.json}}\n\
                variable:\n  - {name: a, defaultValue: x}\n  - {name: b, defaultValue: '${a}'}\n  - {name: c, defaultValue: x}\n";
    let actions = "      - operation: {type: create, resource: Patient, sourceId: f}\n";
    let text = script(head, actions);
    let files = [
        ("s/a.yaml", text.as_str()),
        ("s/f.json", "{\"resourceType\": \"Patient\", \"id\": \"${c}\"}"),
        ("s/g.json", "{}"),
    ];
    let messages: Vec<String> =
        found(&files).iter().map(|f| f.split("] ").last().unwrap_or_default().to_owned()).collect();
    assert_eq!(messages, ["variable `b` is not used", "fixture `g` is not used", "profile `p` is not used"]);
}

#[test]
fn ids_are_looked_at_within_a_folder_and_within_a_script() {
    let head = "id: x\nfixture: [{id: one, resource: {reference: f.json}}]\n";
    let text = script(head, "      - operation: {type: create, resource: Patient, sourceId: one}\n");
    let other = script("id: x\n", SEARCH);
    let found = found(&[("s/a/f.json", "{}"), ("s/a/1.yaml", &text), ("s/a/2.yaml", &other), ("s/b/3.yaml", &other)]);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("W1141") && found[0].ends_with("id `one` is used twice"), "{found:?}");
    assert_eq!(found[1], "W1140 [] 2 scripts have the id `x`");
}

#[test]
fn profiles_and_packages_that_are_not_there_are_named() {
    let head = "profile: ['http://example.org/nobody', 'http://hl7.org/fhir/StructureDefinition/Patient']\n_profile: [{id: p}, {id: q}]\n";
    let actions =
        format!("{SEARCH}      - assert: {{validateProfileId: p}}\n      - assert: {{validateProfileId: q}}\n");
    let text = script(head, &actions);
    let properties = r#"{"fhirVersion": "STU3", "fhirPackage": [{"name": "nobody", "version": "1"}, {"name": "hl7.fhir.r3.core", "version": "0"}]}"#;
    let found = found(&[("s/a.yaml", &text), ("s/properties.json", properties)]);
    let messages: Vec<&str> = found.iter().map(|f| f.split("] ").last().unwrap_or_default()).collect();
    assert_eq!(
        messages,
        [
            "profile `http://example.org/nobody` is in no package",
            "package `hl7.fhir.r3.core` of version 0 is not there",
            "package `nobody` of version 1 is not there",
        ]
    );
}

#[test]
fn every_rule_is_in_the_range_of_the_linter_and_in_order() {
    assert!(code::RULES.windows(2).all(|pair| pair[0].code < pair[1].code));
    assert!(code::RULES.iter().all(|rule| (1100..1200).contains(&rule.code.0)));
}
