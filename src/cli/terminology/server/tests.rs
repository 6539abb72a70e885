//! A server of our own on loopback, in order and out of order, and what is made of what it says.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::diagnostic::Source;
use crate::exchange::{Client, ClientSettings, Reach};
use crate::fhir::FhirVersion;

use super::super::super::auth::Limits;
use super::super::Wanted;

/// What the server does with a request.
enum Does {
    Answers(u16, String),
    /// After so many milliseconds.
    Late(u64, u16, String),
    /// Takes it and never says anything.
    Hangs,
    HangsUp,
}

type Rule = fn(&str) -> Does;

/// A server that does as the rule says, and what it was asked.
struct Loopback {
    base: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Loopback {
    fn start(rule: Rule) -> Loopback {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let (kept, mut hanging) = (asked.clone(), vec![]);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                hanging.extend(serve(stream, rule, &kept));
            }
        });
        Loopback { base, asked }
    }

    fn asked(&self) -> Vec<String> {
        lock(&self.asked).clone()
    }

    fn server(&self, cache: Option<Cache>) -> Server {
        let settings = ClientSettings { timeout: Duration::from_millis(400), ..ClientSettings::default() };
        Server::new(self.base.clone(), None, Line::new(Client::new(settings)), cache)
    }
}

/// Gives back a connection that is to stay open.
fn serve(mut stream: TcpStream, rule: Rule, asked: &Mutex<Vec<String>>) -> Option<TcpStream> {
    let mut seen = vec![];
    let request = loop {
        let mut buffer = [0; 4096];
        let read = stream.read(&mut buffer).ok()?;
        seen.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&seen).into_owned();
        let length = text.lines().find_map(|l| l.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        let whole = text.split_once("\r\n\r\n").is_some_and(|(_, body)| body.len() >= length.unwrap_or(0));
        if whole || read == 0 {
            break text;
        }
    };
    let does = rule(&request);
    lock(asked).push(request);
    let (status, body) = match does {
        Does::Answers(status, body) => (status, body),
        Does::Late(wait, status, body) => {
            std::thread::sleep(Duration::from_millis(wait));
            (status, body)
        }
        Does::Hangs => return Some(stream),
        Does::HangsUp => return None,
    };
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all((head + &body).as_bytes());
    None
}

fn result(value: bool, more: &str) -> Does {
    let parameters = format!(
        r#"{{"resourceType": "Parameters", "parameter": [{{"name": "result", "valueBoolean": {value}}}{more}]}}"#
    );
    Does::Answers(200, parameters)
}

fn refusal(status: u16, said: &str) -> Does {
    let issue = format!(r#"{{"severity": "error", "code": "not-found", "diagnostics": "{said}"}}"#);
    Does::Answers(status, format!(r#"{{"resourceType": "OperationOutcome", "issue": [{issue}]}}"#))
}

const DEFINITION: &str =
    r#"{"resourceType":"ValueSet","url":"http://vs","compose":{"include":[{"system":"http://s"}]}}"#;

fn question(code: &str) -> Question<'_> {
    Question {
        release: FhirVersion::Stu3,
        value_set: "http://vs|2",
        system: "http://s",
        code,
        whole: true,
        definition: Some(DEFINITION),
    }
}

fn unknown(answer: Answer) -> String {
    match answer {
        Answer::Unknown(why) => why,
        decided => panic!("{decided:?} instead of no answer"),
    }
}

fn body(request: &str) -> serde_json::Value {
    serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap()
}

#[test]
fn a_member_is_one_and_what_is_not_is_not_and_each_is_asked_once() {
    let loopback = Loopback::start(|request| result(request.contains("\"valueCode\":\"1\""), ""));
    let server = loopback.server(None);
    for (code, wanted) in [("1", Answer::Member), ("2", Answer::NotMember), ("1", Answer::Member)] {
        assert_eq!(server.ask(&question(code)), wanted, "{code}");
    }
    let asked = loopback.asked();
    assert_eq!(asked.len(), 2);
    assert!(asked[0].starts_with("POST /ValueSet/$validate-code HTTP/1.1"), "{}", asked[0]);
    let parameters = serde_json::json!([
        {"name": "url", "valueUri": "http://vs"}, {"name": "system", "valueUri": "http://s"},
        {"name": "code", "valueCode": "1"}
    ]);
    assert_eq!(body(&asked[0])["parameter"], parameters, "STU3 has no parameter for the version");
}

#[test]
fn the_version_of_the_value_set_goes_along_where_the_release_has_a_parameter_for_it() {
    let loopback = Loopback::start(|_| result(true, ""));
    let of_r4 = Question { release: FhirVersion::R4, ..question("1") };
    assert_eq!(loopback.server(None).ask(&of_r4), Answer::Member);
    assert_eq!(
        body(&loopback.asked()[0])["parameter"][1],
        serde_json::json!({"name": "valueSetVersion", "valueString": "2"})
    );
}

#[test]
fn a_server_that_does_not_know_the_value_set_is_given_it_and_then_asked_about_the_system() {
    let by_definition = Loopback::start(|request| match request.contains("\"compose\"") {
        true => result(true, ""),
        false => refusal(404, "no such value set"),
    });
    assert_eq!(by_definition.server(None).ask(&question("1")), Answer::Member);
    assert_eq!(by_definition.asked().len(), 2);
    let by_system = Loopback::start(|request| match request.starts_with("POST /CodeSystem/") {
        true => result(false, ""),
        false => refusal(422, "no such value set"),
    });
    assert_eq!(by_system.server(None).ask(&question("1")), Answer::NotMember);
    assert_eq!(body(&by_system.asked()[2])["parameter"][0]["valueUri"], "http://s");
    // A part of a system says nothing of the whole, and what is not here cannot be given.
    let part = Question { whole: false, definition: None, ..question("1") };
    let said = unknown(by_system.server(None).ask(&part));
    assert_eq!(said, "the terminology server cannot say: it said `no such value set`");
}

#[test]
fn no_is_no_only_from_a_server_that_has_the_system() {
    let lacking = |_: &str| result(false, r#", {"name": "x-caused-by-unknown-system", "valueCanonical": "http://s"}"#);
    let said = unknown(Loopback::start(lacking).server(None).ask(&question("1")));
    assert_eq!(said, "the terminology server cannot say: it lacks the code system http://s");
    let issues = |_: &str| {
        let issue = r#"{"severity": "error", "code": "not-found", "details": {"coding": [{"code": "not-found"}]}}"#;
        let issues = format!(r#"{{"resourceType": "OperationOutcome", "issue": [{issue}]}}"#);
        result(false, &format!(r#", {{"name": "issues", "resource": {issues}}}"#))
    };
    unknown(Loopback::start(issues).server(None).ask(&question("1")));
}

#[test]
fn whatever_goes_wrong_is_no_answer_and_never_a_yes() {
    let cases: [(Rule, &str); 9] = [
        (|_| Does::Answers(500, String::new()), "it answered 500"),
        (|_| Does::Answers(503, "<html>busy</html>".to_owned()), "it answered 503"),
        (|_| Does::Answers(401, String::new()), "it answered 401"),
        (|_| Does::Answers(302, String::new()), "it answered 302"),
        (|_| Does::Answers(200, "<html>welcome</html>".to_owned()), "its answer is not FHIR JSON"),
        (|_| Does::Answers(200, r#"{"resourceType": "Bundle"}"#.to_owned()), "it answered with a Bundle"),
        (|_| Does::Answers(200, r#"{"resourceType": "Parameters"}"#.to_owned()), "its answer has no `result`"),
        (|_| Does::Hangs, "no answer within 400ms"),
        (|_| Does::HangsUp, ""),
    ];
    for (rule, reason) in cases {
        let said = unknown(Loopback::start(rule).server(None).ask(&question("1")));
        assert!(said.starts_with("no answer from the terminology server: ") && said.contains(reason), "{said}");
    }
    // A text is no truth.
    let as_text = |_: &str| {
        let text = r#"{"resourceType": "Parameters", "parameter": [{"name": "result", "valueString": "true"}]}"#;
        Does::Answers(200, text.to_owned())
    };
    unknown(Loopback::start(as_text).server(None).ask(&question("1")));
}

#[test]
fn a_slow_answer_is_an_answer() {
    let slow = |_: &str| match result(true, "") {
        Does::Answers(status, body) => Does::Late(150, status, body),
        other => other,
    };
    assert_eq!(Loopback::start(slow).server(None).ask(&question("1")), Answer::Member);
}

#[test]
fn a_server_that_is_out_is_left_alone_and_what_it_said_before_stays() {
    let folder = tempfile::tempdir().unwrap();
    let cache = || Some(Cache::at(folder.path()));
    let sound = Loopback::start(|request| result(request.contains("\"valueCode\":\"1\""), ""));
    let before = sound.server(cache());
    assert_eq!((before.ask(&question("1")), before.ask(&question("2"))), (Answer::Member, Answer::NotMember));
    // The same server, as far as the cache knows, and now it is broken.
    let broken = Loopback::start(|_| Does::Answers(500, String::new()));
    let after = Server { base: sound.base.clone(), ..broken.server(cache()) };
    assert_eq!((after.ask(&question("1")), after.ask(&question("2"))), (Answer::Member, Answer::NotMember));
    assert_eq!((sound.asked().len(), broken.asked().len()), (2, 0));
    let out = broken.server(cache());
    for code in ["3", "4", "5", "6", "7"] {
        assert_eq!(unknown(out.ask(&question(code))), "no answer from the terminology server: it answered 500");
    }
    assert_eq!(broken.asked().len(), PATIENCE as usize, "no more is asked of a server that is out");
}

#[test]
fn many_threads_ask_at_once() {
    let loopback = Loopback::start(|request| result(request.contains("\"valueCode\":\"1"), ""));
    let server = loopback.server(None);
    std::thread::scope(|scope| {
        for code in ["1", "10", "11", "2", "20"] {
            let server = &server;
            scope.spawn(move || {
                let wanted = if code.starts_with('1') { Answer::Member } else { Answer::NotMember };
                assert_eq!(server.ask(&question(code)), wanted, "{code}");
            });
        }
    });
}

#[test]
fn a_server_that_wants_a_token_gets_that_of_its_client() {
    let loopback = Loopback::start(|request| {
        if request.starts_with("POST /token ") {
            let sound = request.contains("grant_type=client_credentials");
            return Does::Answers(
                if sound { 200 } else { 400 },
                r#"{"access_token": "opaque", "token_type": "bearer", "expires_in": 3600}"#.to_owned(),
            );
        }
        match request.to_ascii_lowercase().contains("authorization: bearer opaque") {
            true => result(true, ""),
            false => Does::Answers(401, String::new()),
        }
    });
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("secret"), "s3cret").unwrap();
    let wanted = |text: String| Wanted {
        url: loopback.base.clone(),
        file: Some(Source { name: folder.path().join("keur.toml").display().to_string().into(), text: text.into() }),
        limits: Limits { timeout: Duration::from_secs(2), offline: false },
        reach: Reach::Anywhere,
        cache: None,
    };
    let said = unknown(wanted(String::new()).open().unwrap().ask(&question("1")));
    assert_eq!(said, "no answer from the terminology server: it answered 401");
    let login = format!(
        "[terminology-login]\ntoken-endpoint = \"{}/token\"\nclient-id = \"keur\"\nclient-secret = \"@secret\"\nstore = \"tokens.json\"\n",
        loopback.base
    );
    assert_eq!(wanted(login.clone()).open().unwrap().ask(&question("1")), Answer::Member);
    let with_person = login + "flow = \"medmij\"\n";
    let problems = wanted(with_person).open().err().unwrap();
    assert!(problems[0].message.contains("`flow` of `[terminology-login]` cannot be `medmij`"), "{problems:?}");
}
