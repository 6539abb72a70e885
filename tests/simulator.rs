//! The embedded server over HTTP: what clients of it may rely on, on fixtures of our own and on the
//! official ones. What official scripts say of it is in tests/official.rs.

mod assets;

use std::io::{Read, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use keur::definitions::{Definitions, Typed};
use keur::exchange::Exchange;
use keur::fhir::{Document, FhirVersion, Format, read};
use keur::simulator::{
    ActiveDefect, Bounds, Fixture, Inspector, RunningSimulator, Settings, Simulator, StartError, TokenRegistry,
};
use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let mut trials = vec![];
    for (name, test) in OWN {
        trials.push(Trial::test(*name, *test));
    }
    trials.push(assets::trial("every_official_bgz_request_is_answered", &["nictiz-testscripts"], bgz_requests));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

type Test = fn() -> Result<(), Failed>;

/// Tests on fixtures of our own.
const OWN: &[(&str, Test)] = &[
    ("a_server_answers_under_its_base_path", base_path),
    ("fixtures_are_loaded_from_a_folder", folder),
    ("everything_wrong_with_fixtures_is_said_at_once", wrong_fixtures),
    ("clients_are_kept_within_bounds", bounds),
    ("an_answer_under_way_is_finished_before_the_end", shutdown),
    ("defects_of_delivery_reach_the_client", delivery),
    ("an_observer_sees_every_exchange", observer),
    ("what_is_written_can_be_inspected", inspector),
    ("a_server_can_do_without_a_type", without),
    ("r4_is_served_by_the_same_rules", r4),
];

fn empty() -> Settings {
    Settings::new(Definitions::embedded(FhirVersion::Stu3))
}

const JSON: (&str, &str) = ("Content-Type", "application/fhir+json");

fn base_path() -> Result<(), Failed> {
    let server = Server::start(Settings { base_path: "/48/fhir/".into(), ..empty() })?;
    assert!(server.running.base_url.ends_with("/48/fhir"));
    assert_eq!(server.running.resources, 0);
    let created = server.send("PUT", "Patient/p", &[JSON], r#"{"resourceType":"Patient","id":"p"}"#)?;
    assert_eq!(created.status, 201);
    // Links lead back the way the client came.
    let port = server.running.address.port();
    let elsewhere = server.get(&format!("http://localhost:{port}/48/fhir/Patient?_id=p"))?;
    assert!(elsewhere.text.contains(&format!("\"http://localhost:{port}/48/fhir/Patient/p\"")), "{}", elsewhere.text);
    assert_eq!(server.get(&format!("http://localhost:{port}/Patient/p"))?.status, 404);
    assert_eq!(server.get("metadata")?.document()?.root().child_value("fhirVersion"), Some("3.0.2"));
    assert_eq!(server.get("Patient/p")?.headers["cache-control"], "no-store");
    let echoed = server.send("GET", "Patient/p", &[("MedMij-Request-ID", "11")], "")?;
    assert_eq!(echoed.headers["medmij-request-id"], "11");
    Ok(())
}

fn folder() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap_or(folder.path()))?;
        std::fs::write(path, text)
    };
    write("a.json", r#"{"resourceType":"Patient","id":"a","birthDate":"${DATE, T, Y, -30}"}"#)?;
    write("deep/b.xml", r#"<Patient xmlns="http://hl7.org/fhir"><active value="true"/></Patient>"#)?;
    write("notes.txt", "not a fixture")?;
    write(
        "bundle.json",
        r#"{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"resourceType":"Flag","id":"f","status":"active","subject":{"reference":"Patient/a"}},"request":{"method":"PUT","url":"Flag/f"}}]}"#,
    )?;
    write("kept.json", r#"{"resourceType":"Bundle","id":"kept","type":"collection"}"#)?;
    write("task.json", r#"{"resourceType":"Task","id":"${task-id}"}"#)?;
    write(
        "described.json",
        r#"{"resourceType":"Task","id":"t","description":"${words}","status":"draft","intent":"plan"}"#,
    )?;
    write("again/a.json", r#"{"resourceType":"Patient","id":"a","birthDate":"${DATE, T, Y, -31}"}"#)?;
    write(
        "parameter.json",
        r#"{"resourceType":"SearchParameter","id":"sp","code":"born","type":"date","base":["Patient"],"expression":"Patient.birthDate"}"#,
    )?;
    let mut settings = empty();
    settings.fixtures = Fixture::read(folder.path()).map_err(|e| format!("{e:?}"))?;
    settings.variables = vec![("T".into(), "2024-06-01".into())];
    let server = Server::start(settings)?;
    assert_eq!(server.running.resources, 6);
    let warnings: Vec<u16> = server.running.warnings.iter().map(|w| w.code.0).collect();
    assert_eq!(warnings, [3005, 3005, 3006, 3005], "{:?}", server.running.warnings);
    assert_eq!(server.get("Patient/a")?.document()?.root().child_value("birthDate"), Some("1993-06-01"));
    assert_eq!(server.get("Patient/b")?.document()?.root().child_value("active"), Some("true"));
    assert_eq!(server.get("Flag?patient=a")?.document()?.root().child_value("total"), Some("1"));
    assert_eq!(server.get("Patient?born=1993")?.document()?.root().child_value("total"), Some("1"));
    assert_eq!(server.get("Bundle/kept")?.status, 200);
    Ok(())
}

fn wrong_fixtures() -> Result<(), Failed> {
    let texts = [
        ("broken.json", "{", 3001),
        ("of-r6.json", r#"{"resourceType":"ActorDefinition","id":"x"}"#, 3002),
        ("no id here.json", r#"{"resourceType":"Patient"}"#, 3003),
        ("date.json", r#"{"resourceType":"Patient","id":"p","birthDate":"${DATE, U, D, 1}"}"#, 3004),
        (
            "bundle.json",
            r#"{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"PUT","url":"Patient/p"}}]}"#,
            3007,
        ),
    ];
    let fixture = |(name, text, _): &(&str, &str, u16)| Fixture { name: name.into(), text: (*text).into() };
    let settings = Settings { fixtures: texts.iter().map(fixture).collect(), ..empty() };
    let Err(StartError::Fixtures(problems)) = runtime().block_on(Simulator::start(settings)) else {
        return Err("it started".into());
    };
    let mut codes: Vec<u16> = problems.iter().map(|p| p.code.0).collect();
    codes.sort();
    assert_eq!(codes, texts.map(|(.., code)| code));
    for (name, ..) in texts {
        assert!(problems.iter().any(|p| p.message.contains(name)), "{name}");
    }
    let gone = Fixture::read(Path::new("no/such/folder")).expect_err("it is not there");
    assert_eq!(gone[0].code.0, 3000);
    let empty = tempfile::tempdir()?;
    assert_eq!(Fixture::read(empty.path()).expect_err("nothing in it")[0].code.0, 3009);
    Ok(())
}

fn bounds() -> Result<(), Failed> {
    let mut settings = empty();
    settings.bounds = Bounds { body: 200, head: Duration::from_millis(300), connections: 2, ..Bounds::default() };
    let server = Server::start(settings)?;
    let large = format!(r#"{{"resourceType":"Patient","id":"p","language":"{}"}}"#, "x".repeat(300));
    let answer = server.send("PUT", "Patient/p", &[JSON], &large)?;
    assert_eq!((answer.status, answer.document()?.root().resource_type()), (413, Some("OperationOutcome")));
    // Somebody who does not finish a sentence is not waited for, and does not keep others out.
    let mut slow: Vec<std::net::TcpStream> = vec![];
    for _ in 0..3 {
        let mut stream = std::net::TcpStream::connect(server.running.address)?;
        stream.write_all(b"GET /Patient HTTP/1.1\r\nHost: x\r\n")?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        slow.push(stream);
    }
    assert_eq!(server.get("Patient")?.status, 200);
    for mut stream in slow {
        let mut rest = vec![];
        stream.read_to_end(&mut rest)?;
        assert!(!String::from_utf8_lossy(&rest).contains("200 OK"));
    }
    Ok(())
}

fn shutdown() -> Result<(), Failed> {
    let mut settings = empty();
    settings.defects = vec![ActiveDefect::parse("slow-answer")?];
    settings.slow = Duration::from_millis(400);
    let Server { running, client } = Server::start(settings)?;
    let (url, address) = (format!("{}/Patient", running.base_url), running.address);
    runtime().block_on(async {
        let asked = tokio::spawn(client.get(url).send());
        tokio::time::sleep(Duration::from_millis(150)).await;
        running.shutdown().await;
        assert_eq!(asked.await??.status().as_u16(), 200);
        assert!(tokio::net::TcpStream::connect(address).await.is_err(), "it still listens");
        Ok(())
    })
}

fn delivery() -> Result<(), Failed> {
    let with = |names: &[&str]| -> Result<Server, Failed> {
        let defects = names.iter().map(|n| ActiveDefect::parse(n)).collect::<Result<_, _>>()?;
        Server::start(Settings { defects, slow: Duration::from_millis(300), ..empty() })
    };
    let started = Instant::now();
    assert_eq!(with(&["slow-answer"])?.get("Patient")?.status, 200);
    assert!(started.elapsed() >= Duration::from_millis(300));
    let closing = with(&["connection-closed@Patient", "status-500@Flag", "redirect@Goal", "no-content-type@Task"])?;
    assert!(closing.get("Patient").is_err());
    assert_eq!(closing.get("Flag")?.status, 500);
    assert_eq!(closing.get("Goal")?.status, 302);
    assert_eq!(closing.get("Task")?.headers.get("content-type"), None);
    assert_eq!(closing.get("Condition")?.status, 200);
    assert_eq!(closing.get("metadata")?.status, 200);
    Ok(())
}

fn observer() -> Result<(), Failed> {
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = seen.clone();
    let note = move |exchange: &Exchange| {
        let status = exchange.result.as_ref().map_or(0, |r| r.status);
        let request = &exchange.request;
        log.lock().expect("nobody panicked").push(format!("{} {} {status}", request.method, request.url));
    };
    let defects = vec![ActiveDefect::parse("connection-closed@Goal")?];
    let server = Server::start(Settings { observer: Some(Arc::new(note)), defects, ..empty() })?;
    server.get("Patient?x=1")?;
    server.send("DELETE", "Patient/p", &[], "")?;
    assert!(server.get("Goal").is_err());
    let base = &server.running.base_url;
    let mut expected = vec![
        format!("GET {base}/Patient?x=1 400"),
        format!("DELETE {base}/Patient/p 404"),
        format!("GET {base}/Goal 0"),
    ];
    let mut seen = seen.lock().expect("nobody panicked").clone();
    // A client may ask again when its connection is closed.
    seen.dedup();
    expected.dedup();
    assert_eq!(seen, expected);
    Ok(())
}

/// Takes no Patient without a birth date.
struct WithBirthDate;

impl Inspector for WithBirthDate {
    fn faults(&self, resource: &Typed) -> Vec<String> {
        let root = resource.root();
        let wrong = root.resource_type() == Some("Patient") && root.child("birthDate").is_none();
        wrong.then(|| "no birth date".to_owned()).into_iter().collect()
    }
}

fn inspector() -> Result<(), Failed> {
    let fixture = Fixture { name: "a.json".into(), text: r#"{"resourceType":"Patient","id":"a"}"#.into() };
    let settings = Settings { inspector: Some(Arc::new(WithBirthDate)), fixtures: vec![fixture], ..empty() };
    let server = Server::start(settings)?;
    // Fixtures are served right or wrong.
    assert_eq!(server.get("Patient/a")?.status, 200);
    let refused = server.send("PUT", "Patient/b", &[JSON], r#"{"resourceType":"Patient","id":"b"}"#)?;
    assert_eq!((refused.status, refused.text.contains("no birth date")), (422, true), "{}", refused.text);
    assert_eq!(server.get("Patient/b")?.status, 404);
    let right = r#"{"resourceType":"Patient","id":"b","birthDate":"1970-01-01"}"#;
    assert_eq!(server.send("PUT", "Patient/b", &[JSON], right)?.status, 201);
    // A transaction with one that is wrong changes nothing, a batch does what is right.
    let bundle = |kind: &str| {
        let entry = |id: &str, more: &str| {
            format!(
                r#"{{"resource":{{"resourceType":"Patient","id":"{id}"{more}}},"request":{{"method":"PUT","url":"Patient/{id}"}}}}"#
            )
        };
        let entries = [entry("c", r#","birthDate":"1971""#), entry("d", "")].join(",");
        format!(r#"{{"resourceType":"Bundle","type":"{kind}","entry":[{entries}]}}"#)
    };
    assert_eq!(server.send("POST", "", &[JSON], &bundle("transaction"))?.status, 422);
    assert_eq!(server.get("Patient/c")?.status, 404);
    assert_eq!(server.send("POST", "", &[JSON], &bundle("batch"))?.status, 200);
    assert_eq!((server.get("Patient/c")?.status, server.get("Patient/d")?.status), (200, 404));
    Ok(())
}

fn without() -> Result<(), Failed> {
    let server = Server::start(Settings { without: vec!["Flag".into()], ..empty() })?;
    let answer = server.get("Flag")?;
    let outcome = answer.document()?;
    let issue = outcome.root().child("issue").and_then(|issue| issue.child_value("code"));
    assert_eq!((answer.status, issue), (404, Some("not-supported")), "{}", answer.text);
    assert_eq!(server.get("Patient")?.status, 200);
    assert!(!server.get("metadata")?.text.contains("\"Flag\""));
    Ok(())
}

fn r4() -> Result<(), Failed> {
    let server = Server::start(Settings::new(Definitions::embedded(FhirVersion::R4)))?;
    let statement = server.get("metadata")?.document()?;
    assert_eq!(statement.root().child_value("fhirVersion"), Some("4.0.1"));
    assert!(statement.root().child("acceptUnknown").is_none());
    assert_eq!(server.get("ServiceRequest")?.status, 200);
    assert_eq!(server.get("ProcedureRequest")?.status, 404);
    let request = r#"{"resourceType":"MedicationRequest","id":"m","status":"active","intent":"order","subject":{"reference":"Patient/a"},"extension":[{"url":"http://nictiz.nl/fhir/StructureDefinition/ext-TimeInterval.Period","valuePeriod":{"extension":[{"url":"http://nictiz.nl/fhir/StructureDefinition/ext-TimeInterval.Duration","valueDuration":{"value":5,"code":"d"}}],"start":"2024-01-01"}}]}"#;
    assert_eq!(server.send("PUT", "MedicationRequest/m", &[JSON], request)?.status, 201);
    for (query, found) in [("ge2024-01-05", "1"), ("ge2024-01-07", "0"), ("le2023-12-31", "0")] {
        let bundle = server.get(&format!("MedicationRequest?period-of-use={query}"))?.document()?;
        assert_eq!(bundle.root().child_value("total"), Some(found), "{query}");
    }
    Ok(())
}

fn runtime() -> &'static tokio::runtime::Runtime {
    static RUNTIME: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
    })
}

/// A server and a client to ask it.
struct Server {
    running: RunningSimulator,
    client: reqwest::Client,
}

/// An answer, read.
struct Answer {
    status: u16,
    headers: reqwest::header::HeaderMap,
    text: String,
}

impl Server {
    fn start(settings: Settings) -> Result<Server, Failed> {
        let running = runtime().block_on(Simulator::start(settings)).map_err(|e| e.to_string())?;
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(Server { running, client })
    }

    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Result<Answer, Failed> {
        let url = match path.starts_with("http") {
            true => path.to_owned(),
            false => format!("{}/{path}", self.running.base_url),
        };
        let mut request = self.client.request(method.parse()?, url).body(body.to_owned());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        runtime().block_on(async {
            let response = request.send().await?;
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            Ok(Answer { status, headers, text: response.text().await? })
        })
    }

    fn get(&self, path: &str) -> Result<Answer, Failed> {
        self.send("GET", path, &[], "")
    }
}

impl Answer {
    fn document(&self) -> Result<Document, Failed> {
        let content_type = self.headers.get("Content-Type").and_then(|v| v.to_str().ok()).unwrap_or_default();
        let format = Format::from_media_type(content_type).ok_or_else(|| format!("`{content_type}`: {}", self.text))?;
        Ok(read(self.text.as_str(), format).map_err(|e| format!("{e}: {}", self.text))?)
    }
}

/// What the person of a token finds of the BgZ, one request of the data service after the other.
fn bgz_requests(root: &Path) -> Result<(), Failed> {
    let scripts = root.join("nictiz-testscripts");
    let facts = std::fs::read_to_string(root.join("facts/interactions.json"))?;
    let facts: serde_json::Value = serde_json::from_str(&facts)?;
    let requests = facts["BgZ-3-0"].as_array().into_iter().flatten().filter_map(|pair| pair[0].as_str());
    let requests: Vec<&str> = requests.filter_map(|r| r.strip_prefix("search ")).collect();
    assert_eq!(requests.len(), 28);
    let mut settings = Settings::new(Definitions::embedded(FhirVersion::Stu3));
    let resources = scripts.join("output/STU3/BgZ-3-0/MedMij/Cert/_reference/resources");
    settings.fixtures = Fixture::read(&resources).map_err(|e| format!("{e:?}"))?;
    settings.registry =
        TokenRegistry::parse(&std::fs::read_to_string(scripts.join("Configuration/QualificationTokens.json"))?)?;
    settings.require_token = true;
    let server = Server::start(settings)?;
    assert!(server.running.warnings.is_empty());
    // One person has all of the BgZ, the other is only there.
    let people = [
        ("93cde269-ce35-4077-a39d-19296670e949", "Patient/medmij-bgz-patient-ts-01", 1),
        ("6056a9eb-da6a-45dc-b557-e854e138af8f", "Patient/medmij-bgz-patient-ts-02", 0),
    ];
    for (token, patient, least) in people {
        let authorization = format!("Bearer {token}");
        for request in &requests {
            for accept in ["application/fhir+json", "application/fhir+xml"] {
                let headers = [("Authorization", authorization.as_str()), ("Accept", accept)];
                let answer = server.send("GET", request, &headers, "")?;
                assert_eq!(answer.status, 200, "{request}: {}", answer.text);
                let bundle = answer.document()?;
                let found = bundle.root().children_named("entry").count();
                let least = if request.starts_with("Patient") { 1 } else { least };
                assert!(least <= found && found < 10, "{request}: {found} entries");
                let references = bundle.root().descendants_and_self().filter(|n| n.name() == "reference");
                let foreign = references.filter_map(|n| n.value()).find(|v| v.contains("Patient/") && *v != patient);
                assert_eq!(foreign, None, "{request}");
            }
        }
        let answer = server.send("GET", "Condition", &[], "")?;
        assert_eq!(answer.status, 401);
    }
    Ok(())
}
