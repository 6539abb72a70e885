//! The published rules, done natively.

use keur::engine::RunSettings;
use keur::record::Verdict;
use keur::testscript::{Check, Interaction, Operation, RuleOutput};

use super::script::*;
use super::server::{Canned, Server};

const SELF_LINK: &str = "assert-response-queryParamsInSelfLink";

fn self_link(params: &str, link: Option<&str>) -> (Verdict, String) {
    let link = link.map_or(String::new(), |l| format!(r#","link":[{{"relation":"self","url":"{l}"}}]"#));
    let server = Server::saying(Canned::json(200, &format!(r#"{{"resourceType":"Bundle","type":"searchset"{link}}}"#)));
    let mut script = script(vec![op(search("Observation", params)), a(call(SELF_LINK, &[]))]);
    script.rules = vec![rule(SELF_LINK, "")];
    let ran = ran(&server.base, script);
    (ran.last().verdict, ran.last().message.clone())
}

#[test]
fn the_self_link_repeats_every_parameter() {
    let rows = [
        (
            "?code=http://loinc.org|1-8&_include=Observation:subject",
            Some("http://x/Observation?code=http%3A%2F%2Floinc.org%7C1-8&_include=Observation:subject"),
            true,
        ),
        ("?subject=Patient/1", Some("http://x/Observation?subject:Patient=1"), true),
        ("?family=de Boer", Some("http://x/Observation?family=de+Boer"), true),
        ("?code=a&date=ge2026-01-01", Some("http://x/Observation?code=a"), false),
        ("?code=a", Some("http://x/Observation?code=b"), false),
        ("?code=a", None, false),
        ("", Some("http://x/Observation"), true),
    ];
    for (params, link, holds) in rows {
        let (verdict, message) = self_link(params, link);
        assert_eq!(verdict == Verdict::Pass, holds, "{params} {link:?}: {message}");
        // Its file is not there, and the finding says so whatever the verdict.
        assert!(message.contains("name"), "{message}");
    }
    assert!(
        self_link("?code=a&date=1", Some("http://x?code=a")).1.starts_with("the self link does not repeat `date=1`")
    );
}

const TASK: &str = r#"{"resourceType":"Task","id":"9","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"},"status":"requested","intent":"order"}"#;

fn modified(
    answer: &'static str,
    rule_id: &str,
    path: &str,
    params: &[(&str, &str)],
) -> (Vec<Verdict>, String, String) {
    let server = Server::start(move |asked| match asked.method.as_str() {
        "GET" => Canned::json(200, answer),
        _ => Canned::json(200, "{\"resourceType\":\"Task\"}"),
    });
    let update = Operation { source_id: Some("new".into()), ..operation(Interaction::Update) };
    let mut rule_call = call(rule_id, params);
    if let Check::Rule(call) = &mut rule_call.check {
        call.outputs = vec![RuleOutput { name: "new".into(), content_type: Some("json".into()) }];
    }
    let mut script = script(vec![op(search("Task", "")), a(rule_call), op(update)]);
    script.rules = vec![rule(rule_id, path)];
    let ran = ran(&server.base, script);
    let body = server.asked().get(1).map(|a| a.body.clone()).unwrap_or_default();
    (ran.verdicts(), ran.actions()[1].message.clone(), body)
}

#[test]
fn a_task_is_rewritten_and_sent_back() {
    let params = [("newStatus", "completed"), ("fixtureId", "new")];
    let (verdicts, _, body) = modified(TASK, "modifyTask", "", &params);
    assert_eq!(verdicts, [Verdict::Pass; 3]);
    let task: serde_json::Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!((&task["status"], &task["id"], task.get("text")), (&"completed".into(), &"9".into(), None));

    let bundle = r#"{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient"}},{"resource":{"resourceType":"Task","id":"8","status":"requested"}}]}"#;
    let (_, _, body) = modified(bundle, "modifyTask", "", &params);
    assert!(body.contains("\"8\"") && body.contains("completed"), "{body}");

    for (answer, found) in [
        (r#"{"resourceType":"Bundle","entry":[]}"#, "none"),
        (r#"{"resourceType":"Patient"}"#, "a Patient"),
        (
            r#"{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Task"}},{"resource":{"resourceType":"Task"}}]}"#,
            "2 of them",
        ),
    ] {
        let (verdicts, message, _) = modified(answer, "modifyTask", "", &params);
        // Without a Task there is nothing to send, and nothing is sent.
        assert_eq!(verdicts, [Verdict::Pass, Verdict::Fail, Verdict::Error], "{answer}");
        assert!(message.contains(found), "{message}");
    }
    assert_eq!(modified(TASK, "modifyTask", "", &[("fixtureId", "new")]).0[1], Verdict::NotEvaluated);
}

#[test]
fn an_alternative_date_is_proposed() {
    let (verdicts, _, body) =
        modified(TASK, "taskWithAlternativeDate", "", &[("newDate", "2026-05-01"), ("fixtureId", "new")]);
    assert_eq!(verdicts, [Verdict::Pass; 3]);
    let task: serde_json::Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(task["status"], "on-hold");
    assert_eq!(task["output"][0]["type"]["coding"][0]["code"], "146851000146105");
    assert_eq!(task["output"][0]["valueDateTime"], "2026-05-01");
}

#[test]
fn the_request_url_holds_one_of_two() {
    let server = Server::saying(Canned::json(200, "{\"resourceType\":\"Bundle\"}"));
    let judged = |one: &str, two: &str| {
        let rule_call = of_request(call("assertRequestURLContains", &[("searchparam1", one), ("searchparam2", two)]));
        let mut script = script(vec![op(search("Observation", "?period=ge2026-01-01T00:00:00+01:00")), a(rule_call)]);
        script.rules = vec![rule("assertRequestURLContains", "")];
        ran(&server.base, script).last().verdict
    };
    assert_eq!(judged("period=ge2026", "period=gt2025"), Verdict::Pass);
    assert_eq!(judged("nothing", "00:00+01:00"), Verdict::Pass);
    assert_eq!(judged("nothing", "period=gt"), Verdict::Fail);
}

#[test]
fn an_unknown_rule_is_never_a_pass() {
    let server = Server::saying(Canned::json(200, TASK));
    for (id, path, files, message) in [
        ("homegrown", "", vec![], "rule `homegrown` is not one keur knows, and its file is not there"),
        (
            "modifyTask",
            "mine.groovy",
            vec![("mine.groovy", "return true")],
            "rule `modifyTask` is not one keur knows: its file has the hash `",
        ),
    ] {
        let mut script = script(vec![op(search("Task", "")), a(call(id, &[]))]);
        script.rules = vec![rule(id, path)];
        let setting = Setting { files, ..Default::default() };
        let ran = ran_with(&server.base, script, &setting, &RunSettings::default());
        assert_eq!((ran.last().verdict, ran.last().code.as_str()), (Verdict::NotEvaluated, "KEUR2151"));
        assert!(ran.last().message.starts_with(message), "{}", ran.last().message);
    }
    let undeclared = ran(&server.base, script(vec![op(search("Task", "")), a(call("x", &[]))]));
    assert_eq!(undeclared.last().message, "rule `x` is not declared in the script");
}
