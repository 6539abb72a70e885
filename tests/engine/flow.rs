//! What happens from action to action and from test to test.

use std::collections::BTreeMap;

use keur::engine::{Interrupt, RunSettings, Tokens};
use keur::exchange::AccessToken;
use keur::record::{Event, EventSink, MemoryRecord, RecordError, Verdict};
use keur::testscript::{Check, Interaction, Operation, Operator, Party, VariableTake};

use super::asserts::BUNDLE;
use super::script::*;
use super::server::{Canned, Server};

fn bundles() -> Server {
    Server::start(|asked| match asked.target.as_str() {
        target if target.contains("/Patient/404") => Canned::json(404, r#"{"resourceType":"OperationOutcome"}"#),
        _ => Canned::json(200, BUNDLE).header("X-Version", "7"),
    })
}

#[test]
fn a_failure_that_stops_the_test_skips_the_rest_of_that_test_only() {
    let mut stops = status("404");
    stops.stop_test_on_fail = true;
    let mut script = server_script();
    script.tests = vec![
        test("1", vec![op(search("Patient", "")), a(stops), a(expression("true")), op(search("Patient", ""))]),
        test("2", vec![op(search("Patient", "")), a(status("200"))]),
    ];
    let server = bundles();
    let ran = ran(&server.base, script);
    use Verdict::{Fail, Pass, Skip};
    assert_eq!(ran.verdicts(), [Pass, Fail, Skip, Skip, Pass, Pass]);
    assert_eq!(server.asked().len(), 2);
    assert_eq!(ran.actions()[2].code, "KEUR2181");
    assert!(ran.actions()[2].message.contains("status"), "{}", ran.actions()[2].message);
}

#[test]
fn a_warning_does_not_stop_the_test() {
    let mut warned = status("404");
    warned.stop_test_on_fail = true;
    warned.warning_only = true;
    let ran = ran(&bundles().base, script(vec![op(search("Patient", "")), a(warned), a(expression("true"))]));
    assert_eq!(ran.verdicts(), [Verdict::Pass, Verdict::Warning, Verdict::Pass]);
}

#[test]
fn a_setup_that_stops_skips_the_tests_but_not_the_teardown() {
    let mut stops = status("404");
    stops.stop_test_on_fail = true;
    let mut script = script(vec![op(search("Patient", "")), a(expression("true"))]);
    script.setup = vec![op(search("Patient", "")), a(stops)];
    script.teardown = vec![op(search("Patient", "?x=teardown"))];
    let server = bundles();
    let ran = ran(&server.base, script);
    use Verdict::{Fail, Pass, Skip};
    assert_eq!(ran.verdicts(), [Pass, Fail, Skip, Skip, Pass]);
    assert!(server.asked()[1].target.ends_with("x=teardown"));
    let started = |e: &Event| if let Event::TestStarted(test) = e { Some(test.id.clone()) } else { None };
    let ids: Vec<String> = ran.record.events().iter().filter_map(started).collect();
    assert_eq!(ids, ["setup", "1", "teardown"]);
}

#[test]
fn the_last_answer_and_variables_survive_from_test_to_test() {
    let first = Operation { response_id: Some("first".into()), ..search("Observation", "") };
    let by_name = keur::testscript::Assert { source_id: Some("first".into()), ..expression("Bundle.total = 2") };
    let mut script = server_script();
    script.variables = vec![
        taken(
            "id",
            "first",
            VariableTake::Expression(t("Bundle.entry.where(resource.status = '${wanted}').resource.id")),
        ),
        variable("wanted", Some("amended")),
        taken("version", "", VariableTake::Header("X-Version".into())),
    ];
    script.tests = vec![
        test("ask", vec![op(first)]),
        test("CheckContent", vec![a(expression("Bundle.entry.exists()"))]),
        test(
            "again",
            vec![
                op(search("Observation", "/${id}?v=${version}")),
                a(expression("Bundle.entry.where(resource.id = '${id}').count() = 1")),
            ],
        ),
        test("named", vec![a(by_name)]),
    ];
    let server = bundles();
    let ran = ran(&server.base, script);
    assert_eq!(ran.verdicts(), [Verdict::Pass; 5], "{:#?}", ran.actions());
    assert_eq!(server.asked()[1].target, "/48/fhir/Observation/b?v=7");
    assert_eq!(ran.last().exchange, Some(1));
}

#[test]
fn an_operation_that_was_not_done_leaves_nothing_to_judge() {
    let named = Operation { response_id: Some("second".into()), ..search("Patient", "?identifier=${bsn}") };
    let by_name = keur::testscript::Assert { source_id: Some("second".into()), ..status("200") };
    let mut script = script(vec![op(search("Patient", "")), op(named), a(status("200")), a(by_name)]);
    script.variables = vec![variable("bsn", None)];
    let server = bundles();
    let ran = ran(&server.base, script);
    use Verdict::{NotEvaluated, Pass};
    // Not judged by the first answer, which was 200.
    assert_eq!(ran.verdicts(), [Pass, NotEvaluated, NotEvaluated, NotEvaluated]);
    assert!(ran.actions()[1..].iter().all(|a| a.message.contains("`bsn`") && a.code == "KEUR2150"), "{}", ran.log());
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn a_variable_that_the_answer_should_give_is_an_error_that_names_it() {
    let mut script = script(vec![op(search("Observation", "")), op(search("Task", "/${task-id}")), a(status("200"))]);
    script.variables = vec![taken("task-id", "", VariableTake::Expression(t("Task.id")))];
    let ran = ran(&bundles().base, script);
    assert_eq!(ran.verdicts(), [Verdict::Pass, Verdict::Error, Verdict::Error]);
    assert_eq!(ran.last().message, "variable `task-id` has no value: `Task.id` finds nothing");
}

#[test]
fn undeclared_and_circular_variables_are_named() {
    let mut script = script(vec![
        op(search("Observation", "")),
        a(expression("${x} = 1")),
        a(expression("${y} = 1")),
        a(expression("${z} = 1")),
    ]);
    script.variables = vec![
        taken("y", "", VariableTake::Expression(t("${y}"))),
        taken("z", "", VariableTake::Path("Bundle/id".into())),
    ];
    let ran = ran(&bundles().base, script);
    let said: Vec<(Verdict, &str)> = ran.actions()[1..].iter().map(|a| (a.verdict, a.message.as_str())).collect();
    assert_eq!(
        said,
        [
            (Verdict::NotEvaluated, "variable `x` is not declared in the script"),
            (Verdict::NotEvaluated, "variable `y` depends on itself"),
            (Verdict::NotEvaluated, "variable `z` is taken by the path `Bundle/id`, which is not FHIRPath"),
        ]
    );
}

#[test]
fn what_the_user_gives_wins_and_tokens_go_by_their_short_name() {
    let ask = |name: &str| {
        let mut ask = search("Patient", "?d=${T}");
        ask.headers = vec![("Authorization".into(), t(&format!("${{{name}}}"))), ("X-Empty".into(), t("${empty}"))];
        op(ask)
    };
    let mut script = script(vec![ask("patient-token-A"), ask("patient-token-B"), ask("patient-token-C")]);
    script.variables = ["A", "B", "C"].map(|n| variable(&format!("patient-token-{n}"), Some("Bearer default"))).into();
    script.variables.push(variable("T", Some("2020-01-01")));
    script.variables.push(variable("empty", None));
    let token = |text: &str| AccessToken::new(text);
    let by_name = BTreeMap::from([("A".to_owned(), token("a")), ("patient-token-B".to_owned(), token("Bearer b"))]);
    let setting = Setting {
        variables: BTreeMap::from([("T".into(), "2021-02-03".into()), ("empty".into(), String::new())]),
        tokens: Tokens { by_name, default: Some(token("other")), ..Tokens::default() },
        ..Default::default()
    };
    let server = bundles();
    ran_with(&server.base, script, &setting, &RunSettings::default());
    let sent: Vec<String> =
        server.asked().iter().map(|a| a.header("Authorization").unwrap_or_default().to_owned()).collect();
    assert_eq!(sent, ["Bearer a", "Bearer b", "Bearer other"]);
    assert!(server.asked().iter().all(|a| a.target.ends_with("?d=2021-02-03") && a.header("X-Empty").is_none()));
}

#[test]
fn what_is_missing_is_said_before_the_first_request() {
    let mut script = script(vec![
        op(Operation { source_id: Some("f".into()), ..operation(Interaction::Batch) }),
        a(expression("Bundle.entry.where(")),
        a(call("r", &[])),
    ]);
    script.variables = vec![variable("BSN", None)];
    script.fixtures = vec![fixture("f", "absent.xml"), fixture("unused", "absent-too.xml")];
    script.rules = vec![rule("r", "unknown.groovy")];
    let setting = Setting { variables: BTreeMap::from([("typo".into(), "1".into())]), ..Default::default() };
    let plan = planned("http://localhost:1/fhir", script, &setting);
    let mut codes: Vec<String> = plan.problems.iter().map(|p| p.code.to_string()).collect();
    codes.sort();
    assert_eq!(codes, ["KEUR2150", "KEUR2151", "KEUR2157", "KEUR2158", "KEUR2192"]);
    assert!(plan.is_runnable());
}

#[test]
fn a_target_that_is_no_base_url_and_an_empty_script_stop_the_plan() {
    for (target, script, code) in [
        ("dva.example/fhir", script(vec![op(search("Patient", ""))]), "KEUR2190"),
        ("ftp://dva.example", script(vec![op(search("Patient", ""))]), "KEUR2190"),
        ("https://dva.example/fhir?x=1", script(vec![op(search("Patient", ""))]), "KEUR2190"),
        ("https://dva.example/fhir/", server_script(), "KEUR2191"),
    ] {
        let plan = planned(target, script, &Setting::default());
        assert!(!plan.is_runnable(), "{target}");
        assert_eq!(plan.problems[0].code.to_string(), code);
    }
}

#[test]
fn a_script_whose_client_is_tested_is_set_aside_action_by_action() {
    let mut script = script(vec![op(search("Patient", "")), a(status("200"))]);
    script.origins = vec![Party { index: 1, under_test: true }];
    script.destinations = vec![Party { index: 1, under_test: false }];
    let server = bundles();
    let ran = ran(&server.base, script);
    assert_eq!(ran.verdicts(), [Verdict::NotEvaluated; 2]);
    assert!(ran.actions().iter().all(|a| a.code == "KEUR2153"));
    assert!(server.asked().is_empty());
}

/// Raises the interrupt as soon as an exchange is written down.
struct Impatient<'m>(&'m MemoryRecord, Interrupt);

impl EventSink for Impatient<'_> {
    fn event(&self, event: &Event) -> Result<(), RecordError> {
        if matches!(event, Event::Exchanged(_)) {
            self.1.raise();
        }
        self.0.event(event)
    }
}

#[test]
fn an_interrupt_ends_the_run_after_the_request_it_is_at() {
    let server = bundles();
    let plan = planned(
        &server.base,
        script(vec![op(search("Patient", "")), a(status("200")), op(search("Patient", ""))]),
        &Setting::default(),
    );
    let interrupt = Interrupt::default();
    let (memory, settings) = (MemoryRecord::new(), RunSettings { interrupt: interrupt.clone(), ..Default::default() });
    let sink = Impatient(&memory, interrupt);
    let client = keur::exchange::Client::new(Default::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let outcome = runtime.block_on(keur::engine::run(&plan, &client, &sink, &settings)).expect("recorded");
    assert!(outcome.interrupted);
    assert_eq!(server.asked().len(), 1);
    let record = memory.into_record();
    let verdicts = record.events().iter().filter(|e| matches!(e, Event::ActionFinished(_))).count();
    assert_eq!(verdicts, 2, "what was asked is judged");
    assert!(matches!(record.events().last(), Some(Event::RunFinished { interrupted: true, .. })));
}

#[test]
fn a_run_can_be_moved_to_another_thread() {
    fn is_send<T: Send>(_: &T) {}
    let plan = planned("http://localhost:1/fhir", script(vec![op(search("Patient", ""))]), &Setting::default());
    let (client, memory, settings) =
        (keur::exchange::Client::new(Default::default()), MemoryRecord::new(), RunSettings::default());
    is_send(&keur::engine::run(&plan, &client, &memory, &settings));
}

#[test]
fn events_tell_the_run_from_start_to_end_and_bodies_are_kept() {
    let server = bundles();
    let ran = ran(
        &server.base,
        script(vec![
            op(search("Observation", "?code=a|b")),
            a(with(Check::ResponseCode(t("200")), Operator::Equals, "")),
        ]),
    );
    let names: Vec<String> = ran.log().lines().map(|l| l.split('"').nth(3).unwrap_or_default().to_owned()).collect();
    assert_eq!(
        names,
        [
            "run_started",
            "script_started",
            "test_started",
            "exchanged",
            "action_finished",
            "action_finished",
            "script_finished",
            "run_finished"
        ]
    );
    let Some(Event::Exchanged(exchanged)) = ran.record.events().get(3) else { panic!("an exchange") };
    assert_eq!((exchanged.exchange, exchanged.method.as_str(), exchanged.status), (1, "GET", Some(200)));
    assert_eq!(exchanged.url, format!("{}/Observation?code=a%7Cb", server.base));
    let hash = exchanged.response.as_ref().and_then(|r| r.body.as_deref()).expect("a body");
    assert_eq!(ran.record.body(hash).expect("readable").as_deref(), Some(BUNDLE.as_bytes()));
    assert_eq!(ran.last().source.line, 4);
    assert!(ran.actions()[0].code.is_empty() && ran.actions()[0].message.is_empty());
}
