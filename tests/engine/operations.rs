//! From operation to request, as the server sees it.

use keur::engine::RunSettings;
use keur::record::Verdict;
use keur::testscript::{Interaction, Operation};

use super::script::*;
use super::server::{Asked, Canned, Server};

const TASK: &str = r#"<Task xmlns="http://hl7.org/fhir"><id value="${task-id}"/><meta><versionId value="3"/></meta><status value="requested"/><intent value="order"/><restriction><repetitions value="2"/></restriction></Task>"#;

fn asked(operation: Operation) -> Result<Asked, String> {
    let mut script = script(vec![op(operation)]);
    script.fixtures = vec![fixture("task", "task.xml"), fixture("broken", "broken.json")];
    script.variables = vec![variable("task-id", Some("t-1")), variable("T", Some("2026-03-31"))];
    let server = Server::saying(Canned::json(200, "{\"resourceType\":\"Bundle\",\"type\":\"searchset\"}"));
    let files = vec![("task.xml", TASK), ("broken.json", "{\"resourceType\": ")];
    let setting = Setting { files, ..Default::default() };
    let ran = ran_with(&server.base, script, &setting, &RunSettings::default());
    match server.asked().first() {
        Some(asked) => Ok(asked.clone()),
        None => Err(format!("{:?}: {}", ran.last().verdict, ran.last().message)),
    }
}

#[test]
fn each_interaction_has_its_method_and_url() {
    use Interaction::*;
    let on = |interaction: Interaction, resource: &str, params: &str| Operation {
        resource: (!resource.is_empty()).then(|| t(resource)),
        params: (!params.is_empty()).then(|| t(params)),
        ..operation(interaction)
    };
    let of_task = |interaction: Interaction| Operation { source_id: Some("task".into()), ..operation(interaction) };
    let at_task = |interaction: Interaction| Operation { target_id: Some("task".into()), ..operation(interaction) };
    let url = |interaction: Interaction, url: &str| Operation { url: Some(t(url)), ..operation(interaction) };
    let rows = [
        (on(Search, "Patient", ""), "GET", "Patient"),
        (
            on(Search, "Patient", "?_include=Patient:general-practitioner"),
            "GET",
            "Patient?_include=Patient:general-practitioner",
        ),
        (
            on(Search, "Observation", "/$lastn?code=http://loinc.org|8302-2"),
            "GET",
            "Observation/$lastn?code=http://loinc.org%7C8302-2",
        ),
        (on(Search, "Observation", "?date=ge${DATE, T, D,-30}"), "GET", "Observation?date=ge2026-03-01"),
        (on(Read, "Task", "${task-id}"), "GET", "Task/t-1"),
        (on(Read, "Task", "/${task-id}"), "GET", "Task/t-1"),
        (on(Read, "Composition", "/c/$document"), "GET", "Composition/c/$document"),
        (at_task(Read), "GET", "Task/t-1"),
        (at_task(Vread), "GET", "Task/t-1/_history/3"),
        (at_task(History), "GET", "Task/t-1/_history"),
        (on(History, "Task", ""), "GET", "Task/_history"),
        (at_task(Delete), "DELETE", "Task/t-1"),
        (on(Delete, "Task", "/t-9"), "DELETE", "Task/t-9"),
        (of_task(Update), "PUT", "Task/t-1"),
        (on(UpdateCreate, "Task", "/t-2"), "PUT", "Task/t-2"),
        (on(Create, "Task", ""), "POST", "Task"),
        (of_task(Batch), "POST", ""),
        (of_task(Transaction), "POST", ""),
        (operation(Capabilities), "GET", "metadata"),
        (on(Purge, "Patient", "p-1/$purge"), "POST", "Patient/p-1/$purge"),
        (on(Http("HEAD"), "Patient", ""), "HEAD", "Patient"),
        (url(Http("GET"), "Binary/1"), "GET", "Binary/1"),
        (on(Search, "DocumentReference", "/$"), "GET", "DocumentReference/$"),
    ];
    for (operation, method, target) in rows {
        let what = format!("{:?} {:?}", operation.interaction, operation.params);
        let asked = asked(operation).expect(&what);
        let target = format!("/48/fhir{}{target}", if target.is_empty() { "" } else { "/" });
        assert_eq!((asked.method.as_str(), asked.target.as_str()), (method, target.as_str()), "{what}");
    }
}

#[test]
fn a_search_by_post_has_its_parameters_in_the_body() {
    let asked =
        asked(Operation { method: Some("post".into()), ..search("Observation", "?code=a|b&_count=1") }).expect("sent");
    assert_eq!((asked.method.as_str(), asked.target.as_str()), ("POST", "/48/fhir/Observation/_search"));
    assert_eq!(asked.body, "code=a%7Cb&_count=1");
    assert_eq!(asked.header("Content-Type"), Some("application/x-www-form-urlencoded"));
}

#[test]
fn accept_and_content_type_are_media_types_unless_none() {
    let with = |accept: Option<&str>, content_type: Option<&str>, source: Option<&str>| {
        let operation = Operation {
            resource: Some(t("Task")),
            accept: accept.map(t),
            content_type: content_type.map(t),
            source_id: source.map(str::to_owned),
            ..operation(Interaction::Create)
        };
        let asked = asked(operation).expect("sent");
        (asked.header("Accept").map(str::to_owned), asked.header("Content-Type").map(str::to_owned), asked.body)
    };
    let owned = |text: &str| Some(text.to_owned());
    assert_eq!(with(Some("xml"), None, None), (owned("application/fhir+xml"), None, String::new()));
    assert_eq!(with(Some("application/pdf"), None, None).0, owned("application/pdf"));
    assert_eq!(with(None, None, None).0, owned("*/*"));
    let (_, content_type, body) = with(None, None, Some("task"));
    assert_eq!(content_type, owned("application/fhir+xml"));
    assert_eq!(body, TASK.replace("${task-id}", "t-1"));
    assert_eq!(with(None, Some("none"), Some("task")).1, None);
    let (_, content_type, body) = with(None, Some("json"), Some("task"));
    assert_eq!(content_type, owned("application/fhir+json"));
    let sent: serde_json::Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!((&sent["resourceType"], &sent["id"]), (&"Task".into(), &"t-1".into()));
    // Numbers are numbers in JSON, which XML does not say and the types do.
    assert_eq!(sent["restriction"]["repetitions"], 2);
}

#[test]
fn what_cannot_be_sent_is_said() {
    for (operation, expected) in [
        (operation(Interaction::Other("dance".into())), "NotEvaluated: the operation `dance` is not known"),
        (operation(Interaction::Search), "NotEvaluated: the operation names no resource type, no params and no URL"),
        (
            Operation { source_id: Some("nothing".into()), ..operation(Interaction::Batch) },
            "NotEvaluated: nothing is kept under `nothing`, and no fixture has that id",
        ),
        (
            Operation {
                source_id: Some("broken".into()),
                content_type: Some(t("xml")),
                ..operation(Interaction::Batch)
            },
            "Error: fixture `broken` cannot be read",
        ),
        (
            Operation { url: Some(t("ftp://dva.example/x")), ..operation(Interaction::Read) },
            "Error: `ftp:` is not a scheme",
        ),
    ] {
        let said = asked(operation).expect_err(expected);
        assert!(said.starts_with(expected), "{said}");
    }
    // Broken JSON in its own format is sent as it is: some scripts want to see it refused.
    let asked = asked(Operation { source_id: Some("broken".into()), ..operation(Interaction::Batch) }).expect("sent");
    assert_eq!(asked.body, "{\"resourceType\": ");
}

#[test]
fn a_header_that_http_does_not_allow_is_an_error_and_not_a_crash() {
    let mut ask = search("Patient", "");
    ask.headers = vec![("X-Bad".into(), t("a\nb"))];
    let ran = ran("http://127.0.0.1:9/fhir", script(vec![op(ask)]));
    assert_eq!((ran.last().verdict, ran.last().code.as_str()), (Verdict::Error, "KEUR2100"));
}

#[test]
fn what_was_answered_can_be_sent_again_and_a_pdf_need_not_be_fhir() {
    let server = Server::start(|asked| match asked.method.as_str() {
        "GET" if asked.target.ends_with("pdf") => Canned::new(200, "application/pdf", "%PDF-1.4"),
        _ => Canned::json(200, "{\"resourceType\":\"Task\",\"id\":\"9\",\"status\":\"draft\"}"),
    });
    let read = Operation { response_id: Some("r".into()), ..search("Task", "/9") };
    let update = Operation { source_id: Some("r".into()), ..operation(Interaction::Update) };
    let pdf = Operation { url: Some(t("pdf")), accept: None, ..operation(Interaction::Http("GET")) };
    let ran = ran(&server.base, script(vec![op(read), op(update), op(pdf)]));
    assert_eq!(ran.verdicts(), [Verdict::Pass; 3], "{:#?}", ran.actions());
    let asked = &server.asked()[1];
    assert_eq!((asked.method.as_str(), asked.target.as_str()), ("PUT", "/48/fhir/Task/9"));
    assert_eq!(asked.body, "{\"resourceType\":\"Task\",\"id\":\"9\",\"status\":\"draft\"}");
}
