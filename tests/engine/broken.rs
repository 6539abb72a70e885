//! Answers that are none, or not FHIR: verdicts with a cause, never a crash.

use std::time::Duration;

use keur::engine::RunSettings;
use keur::record::Verdict;
use keur::testscript::Check;

use super::asserts::BUNDLE;
use super::script::*;
use super::server::{Canned, Server};

fn actions() -> Vec<keur::testscript::Action> {
    let mut warned = expression("Bundle.total.exists()");
    warned.warning_only = true;
    vec![
        op(search("Observation", "")),
        a(status("200")),
        a(assert(Check::Resource(t("Bundle")))),
        a(expression("Bundle.entry.exists()")),
        a(warned),
    ]
}

#[test]
fn what_is_broken_is_the_cause_of_every_verdict_that_depends_on_it() {
    use Verdict::{Error, Pass};
    let cut = Canned { breaks_after: Some(40), ..Canned::json(200, BUNDLE) };
    let html = "<!DOCTYPE html><html><body>Login</body></html>";
    let rows: Vec<(&str, Canned, &str, &str, [Verdict; 5])> = vec![
        (
            "slow",
            Canned::json(200, BUNDLE).after(Duration::from_millis(900)),
            "KEUR2104",
            "no answer within 300ms",
            [Error; 5],
        ),
        ("cut off", cut, "KEUR2105", "the answer broke off after", [Error; 5]),
        (
            "HTML",
            Canned::new(200, "text/html", html),
            "KEUR2108",
            "the answer is not FHIR: it is an HTML page, and its Content-Type is `text/html`",
            [Error, Pass, Error, Error, Error],
        ),
        (
            "XHTML",
            Canned::new(200, "application/xml", "<html xmlns=\"http://www.w3.org/1999/xhtml\"/>"),
            "KEUR2108",
            "the answer is not FHIR: it is an HTML page",
            [Error, Pass, Error, Error, Error],
        ),
        (
            "truncated",
            Canned::json(200, &BUNDLE[..200]),
            "KEUR2107",
            "the answer cannot be read:",
            [Error, Pass, Error, Error, Error],
        ),
        (
            "no FHIR",
            Canned::json(200, "{\"hello\": \"world\"}"),
            "KEUR2108",
            "the answer is not FHIR: it is JSON without `resourceType`",
            [Error, Pass, Error, Error, Error],
        ),
        (
            "unknown",
            Canned::json(200, "{\"resourceType\": \"Nonsense\"}"),
            "KEUR2108",
            "the answer is not FHIR: `Nonsense` is not a resource type of STU3",
            [Error, Pass, Error, Error, Error],
        ),
        (
            "not text",
            Canned::new(200, "application/fhir+json", vec![b'{', 0xff, b'}']),
            "KEUR2108",
            "the answer is not FHIR: byte 1 is not UTF-8 text",
            [Error, Pass, Error, Error, Error],
        ),
        (
            "plain",
            Canned::new(200, "text/plain", "ok"),
            "KEUR2108",
            "the answer is not FHIR: it is neither JSON nor XML, and its Content-Type is `text/plain`",
            [Error, Pass, Error, Error, Error],
        ),
        ("empty", Canned::json(200, ""), "KEUR2106", "the answer has no body", [Pass, Pass, Error, Error, Error]),
        (
            "500 page",
            Canned::new(500, "text/html", html),
            "KEUR2108",
            "the answer is not FHIR",
            [Pass, Verdict::Fail, Error, Error, Error],
        ),
    ];
    for (name, canned, code, message, verdicts) in rows {
        let server = Server::saying(canned);
        let setting = Setting { timeout: Some(Duration::from_millis(300)), ..Default::default() };
        let ran = ran_with(&server.base, script(actions()), &setting, &RunSettings::default());
        assert_eq!(ran.verdicts(), verdicts, "{name}: {:#?}", ran.actions());
        let blamed = ran.actions()[3];
        assert_eq!(blamed.code, code, "{name}");
        assert!(blamed.message.starts_with(message), "{name}: {}", blamed.message);
        assert_eq!(ran.actions()[4].message, blamed.message, "{name}: one cause, one message");
    }
}

#[test]
fn reading_stops_at_a_line_that_is_named() {
    let server = Server::saying(Canned::json(200, &BUNDLE[..200]));
    let ran = ran(&server.base, script(actions()));
    let target = ran.actions()[0].target.clone().expect("a place");
    assert!(target.line > 1 && ran.actions()[0].message.contains(&format!("line {}", target.line)));
}

#[test]
fn nobody_listening_is_a_verdict() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port();
    let ran = ran(&format!("http://127.0.0.1:{port}/fhir"), script(actions()));
    assert_eq!(ran.verdicts(), [Verdict::Error; 5]);
    assert!(ran.actions().iter().all(|a| a.code == "KEUR2102" && a.message.contains("refused")), "{}", ran.log());
    assert_eq!((ran.outcome.exchanges, ran.outcome.answered), (1, 0));
}

#[test]
fn an_operation_outcome_with_a_500_is_shown() {
    let outcome = r#"{"resourceType":"OperationOutcome","issue":[{"severity":"fatal","code":"exception","details":{"text":"database is down"}}]}"#;
    let server = Server::saying(Canned::json(500, outcome));
    let ran = ran(&server.base, script(actions()));
    use Verdict::{Fail, Pass, Warning};
    assert_eq!(ran.verdicts(), [Pass, Fail, Fail, Fail, Warning]);
    assert!(ran.actions()[1].message.ends_with("the answer says `database is down`"), "{}", ran.actions()[1].message);
    assert_eq!(ran.actions()[1].target.as_ref().map(|t| t.path.as_str()), Some("OperationOutcome.issue[0]"));
}

#[test]
fn tls_that_is_not_there_is_a_verdict() {
    let server = Server::saying(Canned::json(200, BUNDLE));
    let ran = ran(&server.base.replace("http:", "https:"), script(actions()));
    assert!(ran.actions().iter().all(|a| a.verdict == Verdict::Error && a.code == "KEUR2103"), "{}", ran.log());
}

#[test]
fn an_answer_larger_than_the_limit_is_refused() {
    let server = Server::saying(Canned::json(200, BUNDLE));
    let settings = keur::exchange::ClientSettings { max_body: 100, ..Default::default() };
    let client = keur::exchange::Client::new(settings);
    let request = keur::exchange::Request {
        method: "GET".into(),
        url: server.base.clone(),
        headers: Default::default(),
        body: Default::default(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let error = runtime.block_on(client.send(request)).result.expect_err("too large");
    assert_eq!(error.detail, "the answer is larger than the limit of 100 bytes");
}

#[test]
fn offline_dials_the_target_and_nobody_else() {
    use keur::exchange::{Client, ClientSettings, Reach, Request, TransportErrorKind};
    let server = Server::saying(Canned::json(200, BUNDLE));
    let reach = Reach::only_hosts_of([server.base.as_str()]);
    let client = Client::new(ClientSettings { reach, ..Default::default() });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let send = |url: &str| {
        let (headers, body) = (Default::default(), Default::default());
        runtime.block_on(client.send(Request { method: "GET".into(), url: url.into(), headers, body }))
    };
    assert_eq!(send(&server.base).result.expect("an answer").status, 200);
    for (url, kind) in [
        ("http://elsewhere.invalid/x", TransportErrorKind::Refused),
        ("ftp://127.0.0.1/x", TransportErrorKind::Url),
        ("no url", TransportErrorKind::Url),
    ] {
        assert_eq!(send(url).result.expect_err("refused").kind, kind, "{url}");
    }
}
