//! Every kind of assert, holding and not.

use keur::engine::{ProfileOutcome, ProfileQuery, ProfileValidator, RunSettings};
use keur::record::{CodeCount, Issue, Miss, TargetPlace, Verdict};
use keur::testscript::{Assert, Check, Operator};

use super::script::*;
use super::server::{Asked, Canned, Server};

pub const BUNDLE: &str = r#"{
  "resourceType": "Bundle",
  "type": "searchset",
  "total": 2,
  "link": [
    { "relation": "self", "url": "http://dva.example/Observation?code=http%3A%2F%2Floinc.org%7C8302-2" }
  ],
  "entry": [
    { "resource": { "resourceType": "Observation", "id": "a", "status": "final",
        "code": { "coding": [ { "system": "http://loinc.org", "code": "8302-2" } ] },
        "valueQuantity": { "value": 182, "unit": "cm" } } },
    { "resource": { "resourceType": "Observation", "id": "b", "status": "amended",
        "code": { "coding": [ { "code": "8302-2" } ] } } }
  ]
}"#;

fn answer(asked: &Asked) -> Canned {
    match asked.target.as_str() {
        target if target.contains("/Observation") => Canned::json(200, BUNDLE).header("ETag", "W/\"1\""),
        target if target.contains("/Patient") => {
            Canned::xml(200, "<Patient xmlns=\"http://hl7.org/fhir\"><id value=\"p\"/></Patient>")
        }
        _ => Canned::json(
            404,
            r#"{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"not-found","diagnostics":"no such thing"}]}"#,
        ),
    }
}

/// Judges one assert after a search on Observation.
fn judged(assert: Assert) -> (Verdict, String, Option<String>, Option<String>) {
    judged_after("Observation", "?code=http://loinc.org|8302-2", assert)
}

fn judged_after(resource: &str, params: &str, assert: Assert) -> (Verdict, String, Option<String>, Option<String>) {
    let server = Server::start(answer);
    let ran = ran(&server.base, script(vec![op(search(resource, params)), a(assert)]));
    let last = ran.last();
    assert_eq!(last.exchange, Some(1));
    (last.verdict, last.message.clone(), last.expected.clone(), last.found.clone())
}

#[test]
fn each_kind_of_assert_passes_and_fails() {
    use Operator::*;
    let rows: Vec<(Assert, Verdict, &str)> = vec![
        (status("200,201"), Verdict::Pass, ""),
        (status("201"), Verdict::Fail, "the status is `200`, expected one of 201"),
        (assert(Check::ResponseCode(t("200"))), Verdict::Pass, ""),
        (
            with(Check::ResponseCode(t("200,201")), NotIn, ""),
            Verdict::Fail,
            "the status is `200`, expected none of 200, 201",
        ),
        (assert(Check::Response("okay".into())), Verdict::Pass, ""),
        (assert(Check::Response("created".into())), Verdict::Fail, "the status is `200`, expected 201"),
        (assert(Check::Response("splendid".into())), Verdict::NotEvaluated, "keur does not check response `splendid`"),
        (assert(Check::Resource(t("Bundle"))), Verdict::Pass, ""),
        (assert(Check::Resource(t("Patient"))), Verdict::Fail, "the resource is `Bundle`, expected Patient"),
        (expression("Bundle.entry.resource.where(is(Observation)).count() = 2"), Verdict::Pass, ""),
        (
            expression("Bundle.total.exists().not()"),
            Verdict::Fail,
            "there is `Bundle.total` = `2`, which should not be there",
        ),
        (with(Check::Expression(t("Bundle.type")), Equals, "searchset"), Verdict::Pass, ""),
        (
            with(Check::Expression(t("Bundle.type")), Equals, "history"),
            Verdict::Fail,
            "`Bundle.type` is `searchset`, expected history",
        ),
        (with(Check::Expression(t("Bundle.type")), NotEquals, "history"), Verdict::Pass, ""),
        (with(Check::Expression(t("Bundle.entry.resource.id")), NotEmpty, ""), Verdict::Pass, ""),
        (
            with(Check::Expression(t("Bundle.signature")), NotEmpty, ""),
            Verdict::Fail,
            "`Bundle.signature` is nothing, expected something",
        ),
        (
            with(Check::Expression(t("Bundle.total")), GreaterThan, "10"),
            Verdict::Fail,
            "`Bundle.total` is `2`, expected more than 10",
        ),
        (with(Check::Expression(t("Bundle.total = 2")), Eval, ""), Verdict::Pass, ""),
        (
            with(Check::Expression(t("Bundle.total = 2")), ManualEval, ""),
            Verdict::NotEvaluated,
            "the script leaves this to a person",
        ),
        (with(Check::HeaderField("etag".into()), Equals, "W/\"1\""), Verdict::Pass, ""),
        (
            with(Check::HeaderField("ETag".into()), Equals, "W/\"2\""),
            Verdict::Fail,
            "header `ETag` is `W/\"1\"`, expected W/\"2\"",
        ),
        (
            with(Check::HeaderField("Location".into()), NotEmpty, ""),
            Verdict::Fail,
            "there is no header `Location`, expected something",
        ),
        (with(Check::HeaderField("Content-Type".into()), Equals, "application/fhir+json"), Verdict::Pass, ""),
        (of_request(with(Check::HeaderField("Accept".into()), Equals, "application/fhir+json")), Verdict::Pass, ""),
        (assert(Check::ContentType(t("json"))), Verdict::Pass, ""),
        (assert(Check::ContentType(t("application/fhir+json"))), Verdict::Pass, ""),
        (
            assert(Check::ContentType(t("xml"))),
            Verdict::Fail,
            "the Content-Type is `application/fhir+json;charset=UTF-8`, expected xml",
        ),
        (of_request(with(Check::RequestUrl(t("patient=")), NotContains, "")), Verdict::Pass, ""),
        (of_request(with(Check::RequestUrl(t("code=http://loinc.org|8302-2")), Contains, "")), Verdict::Pass, ""),
        (
            of_request(with(Check::RequestUrl(t("code=")), NotContains, "")),
            Verdict::Fail,
            "the request URL holds `code=`",
        ),
        (of_request(assert(Check::RequestMethod("get".into()))), Verdict::Pass, ""),
        (of_request(assert(Check::RequestMethod("post".into()))), Verdict::Fail, "the method is `get`, expected post"),
        (
            of_request(with(Check::QueryParameter("code".into()), In, "http://loinc.org|8302-2,other")),
            Verdict::Pass,
            "",
        ),
        (
            of_request(with(Check::QueryParameter("code".into()), In, "a,b")),
            Verdict::Fail,
            "parameter `code` is `http://loinc.org|8302-2`, expected one of a, b",
        ),
        (
            of_request(with(Check::QueryParameter("date".into()), In, "a,b")),
            Verdict::Fail,
            "the request has no parameter `date`, expected one of a, b",
        ),
        (assert(Check::NavigationLinks(false)), Verdict::Pass, ""),
        (assert(Check::NavigationLinks(true)), Verdict::Fail, "the Bundle has no link with relation first, last, next"),
        (
            assert(Check::Unknown("compareToSourcePath".into())),
            Verdict::NotEvaluated,
            "keur does not check compareToSourcePath",
        ),
        (
            assert(Check::ValidateProfile("nowhere".into())),
            Verdict::NotEvaluated,
            "profile `nowhere` is not declared in the script",
        ),
        (expression("Bundle.entry.where("), Verdict::NotEvaluated, "the expression is not FHIRPath"),
        (
            with(Check::Expression(t("Bundle.type")), Equals, ""),
            Verdict::NotEvaluated,
            "the assert gives no `value` for the operator `equals`",
        ),
    ];
    for (assert, verdict, message) in rows {
        let check = format!("{:?}", assert.check);
        let (found, said, ..) = judged(assert);
        assert_eq!(found, verdict, "{check}: {said}");
        match message {
            "" => assert_eq!(said, "", "{check}"),
            message => assert!(said.starts_with(message), "{check}: {said}"),
        }
    }
}

#[test]
fn a_failing_expression_points_at_the_element_that_decided() {
    let rows = [
        (
            "Bundle.entry.resource.code.coding.all(system.exists() and code.exists())",
            "`Bundle.entry[1].resource.code.coding[0]`: there is no `system`",
            (13, "Bundle.entry[1].resource.code.coding[0]"),
            ("`system`", "nothing"),
        ),
        (
            "Bundle.entry.resource.all(status = 'final')",
            "`Bundle.entry[1].resource`: `status` is `amended`, not `final`",
            (12, "Bundle.entry[1].resource.status"),
            ("`final`", "`amended`"),
        ),
        (
            "Bundle.entry.resource.where(id = 'b').empty()",
            "there is `Bundle.entry[1].resource`, which should not be there",
            (12, "Bundle.entry[1].resource"),
            ("nothing", "`Bundle.entry[1].resource`"),
        ),
        (
            "Bundle.link.where(relation = 'next').exists()",
            "`Bundle.link[0]` does not satisfy `relation = 'next'`",
            (6, "Bundle.link[0]"),
            ("`Bundle.link.where(relation = 'next')`", "nothing"),
        ),
        (
            "Bundle.entry.resource.all(id.startsWith($this.status))",
            "`Bundle.entry[0].resource` (and 1 more): `id` is `a`, not beginning with `final` (`$this.status`)",
            (9, "Bundle.entry[0].resource.id"),
            ("beginning with `final`", "`a`"),
        ),
        (
            // The part within `all` is asked of one entry, and `%resource` is the Bundle all the same.
            "Bundle.entry.resource.all(status in %resource.entry.resource.where(id = 'a').status)",
            "`Bundle.entry[1].resource`: `status` is `amended`, not in `final` (`%resource.entry.resource.where(id = 'a').status`)",
            (12, "Bundle.entry[1].resource.status"),
            ("in `final`", "`amended`"),
        ),
        ("Bundle.total = 3", "`Bundle.total` is `2`, not `3`", (4, "Bundle.total"), ("`3`", "`2`")),
        (
            "Bundle.total.exists() implies Bundle.total > 3",
            "`Bundle.total` is `2`, not > `3`",
            (4, "Bundle.total"),
            ("> `3`", "`2`"),
        ),
        (
            "Bundle.entry.count() = 3 or Bundle.entry.count() = 4",
            "`Bundle.entry.count()` is `2`, not `3`, and `Bundle.entry.count()` is `2`, not `4`",
            (0, ""),
            ("`true` for Bundle.entry.count() = 3 or Bundle.entry.count() = 4", "`false`"),
        ),
        (
            "Bundle.link.exists() = false",
            "there is `Bundle.link[0]`, which should not be there",
            (6, "Bundle.link[0]"),
            ("nothing", "`Bundle.link[0]`"),
        ),
        ("Bundle.signature.exists()", "there is no `Bundle.signature`", (0, ""), ("`Bundle.signature`", "nothing")),
        (
            "OperationOutcome.issue.exists()",
            "there is no `OperationOutcome.issue`",
            (0, ""),
            ("`OperationOutcome.issue`", "nothing"),
        ),
        ("false", "`false` is `false`", (0, ""), ("`true` for false", "`false`")),
    ];
    let server = Server::start(answer);
    for (text, message, (line, path), (expected, found)) in rows {
        let ran = ran(&server.base, script(vec![op(search("Observation", "")), a(expression(text))]));
        let last = ran.last();
        assert_eq!((last.verdict, &*last.message, &*last.code), (Verdict::Fail, message, "KEUR2004"), "{text}");
        let target = last.target.clone().unwrap_or_default();
        assert_eq!((target.line, &*target.path), (line, path), "{text}");
        assert_eq!((last.expected.as_deref(), last.found.as_deref()), (Some(expected), Some(found)), "{text}");
        if line > 0 {
            let (start, end) = (target.span.0 as usize, target.span.1 as usize);
            assert!(BUNDLE.get(start..end).is_some_and(|marked| !marked.is_empty()), "{text}");
        }
    }
}

#[test]
fn a_refusal_tells_what_the_server_said() {
    let (verdict, message, expected, found) = judged_after("Nothing", "", status("200"));
    assert_eq!(verdict, Verdict::Fail);
    assert_eq!(message, "the status is `404`, expected one of 200; the answer says `no such thing`");
    assert_eq!((expected.as_deref(), found.as_deref()), (Some("one of 200"), Some("404 Not Found")));
}

#[test]
fn a_redirect_is_an_answer_and_is_not_followed() {
    let server = Server::saying(Canned::new(302, "text/plain", "").header("Location", "https://elsewhere.example/"));
    let ran = ran(&server.base, script(vec![op(search("Patient", "")), a(status("200"))]));
    assert_eq!(ran.verdicts(), [Verdict::Pass, Verdict::Fail]);
    assert!(ran.last().message.contains("https://elsewhere.example/"), "{}", ran.last().message);
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn a_secret_header_is_compared_and_not_shown() {
    let server = Server::start(answer);
    let mut ask = search("Observation", "");
    ask.headers = vec![("Authorization".into(), t("Bearer secret-one"))];
    let holds = of_request(with(Check::HeaderField("Authorization".into()), Operator::Equals, "Bearer secret-one"));
    let fails = of_request(with(Check::HeaderField("Authorization".into()), Operator::Equals, "Bearer secret-two"));
    let ran = ran(&server.base, script(vec![op(ask), a(holds), a(fails)]));
    assert_eq!(ran.verdicts(), [Verdict::Pass, Verdict::Pass, Verdict::Fail]);
    assert_eq!(server.asked()[0].header("authorization"), Some("Bearer secret-one"));
    let log = ran.log();
    assert!(!log.contains("secret-one") && !log.contains("secret-two"), "{log}");
}

#[test]
fn the_minimum_is_held_against_the_content() {
    let files = vec![
        (
            "same.json",
            r#"{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"resourceType":"Observation","id":"b"}}]}"#,
        ),
        (
            "more.json",
            r#"{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"resourceType":"Observation","id":"c"}}]}"#,
        ),
        ("deep.json", r#"{"resourceType":"Bundle","link":[{"relation":"next"}]}"#),
    ];
    let server = Server::start(answer);
    let minimum = |id: &str| {
        let mut script = script(vec![op(search("Observation", "")), a(assert(Check::MinimumId(id.into())))]);
        script.fixtures = vec![fixture(id, &format!("{id}.json"))];
        let setting = Setting { files: files.clone(), ..Default::default() };
        let ran = ran_with(&server.base, script, &setting, &RunSettings::default());
        (ran.last().verdict, ran.last().message.clone())
    };
    assert_eq!(minimum("same").0, Verdict::Pass);
    let (verdict, message) = minimum("more");
    assert_eq!(verdict, Verdict::Fail);
    assert!(message.contains("`Bundle.entry"), "{message}");
    assert_eq!(minimum("deep").1, "`Bundle.link[0].relation` of the minimum `deep` is not in the content = `next`");
    assert_eq!(minimum("absent").0, Verdict::NotEvaluated);
}

/// What is missed of two ways is told only where it says all: a value would be that of one side alone.
#[test]
fn what_is_missed_of_two_ways_is_told_in_its_own_words() {
    let server = Server::start(answer);
    let missed = |text: &str| {
        let ran = ran(&server.base, script(vec![op(search("Observation", "")), a(expression(text))]));
        ran.last().miss.clone()
    };
    assert_eq!(missed("Bundle.entry[0].resource.id = 'x'"), Some(Miss::Value));
    assert_eq!(missed("Bundle.entry[0].resource.id = 'x' or Bundle.entry[0].resource.id = 'y'"), None);
    let element = missed("Bundle.signature.exists() or Bundle.entry[0].resource.id = 'y'");
    assert!(matches!(element, Some(Miss::Element(_))), "{element:?}");
}

struct Fixed(ProfileOutcome);

impl ProfileValidator for Fixed {
    fn validate(&self, query: &ProfileQuery<'_>) -> ProfileOutcome {
        assert_eq!(query.profile, "http://hl7.org/fhir/StructureDefinition/Bundle");
        assert_eq!(query.content.root().resource_type(), Some("Bundle"));
        self.0.clone()
    }
}

#[test]
fn profiles_are_for_the_validator_and_without_one_not_evaluated() {
    let server = Server::start(answer);
    let judged = |validator: Option<&dyn ProfileValidator>| {
        let mut script = script(vec![op(search("Observation", "")), a(assert(Check::ValidateProfile("b".into())))]);
        script.profiles = vec![profile("b", "http://hl7.org/fhir/StructureDefinition/Bundle")];
        let settings = RunSettings { validator, ..Default::default() };
        let ran = ran_with(&server.base, script, &Setting::default(), &settings);
        let last = ran.last().clone();
        (last.verdict, last.message, last.codes.checked, last.issues.len())
    };
    let issue = |severity: &str| Issue {
        severity: severity.into(),
        code: "KEUR3001".into(),
        message: "`system` is missing".into(),
        target: TargetPlace { line: 13, ..Default::default() },
        profile: String::new(),
        slices: vec![],
        asked: vec![],
    };
    let codes = CodeCount { checked: 7, not_checkable: 1 };
    let valid = Fixed(ProfileOutcome::Validated { issues: vec![issue("warning")], codes });
    let invalid = Fixed(ProfileOutcome::Validated { issues: vec![issue("error"), issue("error")], codes });
    let reason = "package `x` is missing".to_owned();
    let code = keur::engine::code::NO_VALIDATION;
    let open = |issues| Fixed(ProfileOutcome::NotEvaluated { code, reason: reason.clone(), issues, codes });
    assert_eq!(judged(Some(&valid)), (Verdict::Pass, String::new(), 7, 1));
    assert_eq!(judged(Some(&invalid)), (Verdict::Fail, "`system` is missing (and 1 more)".into(), 7, 2));
    assert_eq!(judged(Some(&open(vec![]))), (Verdict::NotEvaluated, reason.clone(), 7, 0));
    assert_eq!(judged(Some(&open(vec![issue("error")]))).0, Verdict::Fail);
    assert_eq!(judged(None).0, Verdict::NotEvaluated);
}
