//! Connectathons from outside: the demonstration, its parts, the board and the proxy.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

fn keur(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keur"));
    command.current_dir(folder).args(arguments).env_remove("JOB_COMPLETION_INDEX").env("NO_COLOR", "1");
    command
}

fn run(command: &mut Command) -> (i32, Output) {
    let output = command.output().expect("keur starts");
    (output.status.code().unwrap_or(-1), output)
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).expect("a report")).expect("JSON")
}

/// Verdict and planted defect by cell.
fn cells(report: &Value) -> BTreeMap<[String; 3], (String, Value)> {
    let text = |cell: &Value, name: &str| cell[name].as_str().expect(name).to_owned();
    let all = report["cells"].as_array().expect("cells").iter().map(|cell| {
        let key = ["server", "client", "scenario"].map(|name| text(cell, name));
        (key, (text(cell, "verdict"), cell["planted_defect"].clone()))
    });
    all.collect()
}

#[test]
fn the_red_cells_of_a_demonstration_are_those_with_a_planted_defect_and_none_is_run_twice() {
    let folder = tempfile::tempdir().unwrap();
    let demo = |report: &str| {
        let arguments = ["matrix", "demo", "--servers", "4", "--clients", "4", "--scenarios", "2", "--folder", "m"];
        run(keur(folder.path(), &arguments).args(["--report", &format!("json={report}")]))
    };
    let (exit, output) = demo("one.json");
    assert_eq!(exit, 0, "{}", String::from_utf8_lossy(&output.stderr));
    let first = cells(&json(&folder.path().join("one.json")));
    assert_eq!(first.len(), 32);
    for (key, (verdict, planted)) in &first {
        assert_eq!(verdict == "failed", !planted.is_null(), "{key:?} {verdict} {planted}");
        assert!(verdict == "failed" || verdict == "passed", "{key:?} {verdict}");
    }
    assert!(first.values().any(|(verdict, _)| verdict == "failed"));
    // Stopped, with one line broken off: only that cell is run again.
    let journal = folder.path().join("m/cells.jsonl");
    let text = std::fs::read_to_string(&journal).unwrap();
    std::fs::write(&journal, &text[..text.len() - 40]).unwrap();
    assert_eq!(demo("two.json").0, 0);
    assert_eq!(cells(&json(&folder.path().join("two.json"))), first);
    let text = std::fs::read_to_string(&journal).unwrap();
    let finished = text.lines().filter(|line| serde_json::from_str::<Value>(line).is_ok()).count();
    assert_eq!(finished, 32, "31 were kept and one was run");
    let runs = std::fs::read_dir(folder.path().join("m/runs")).unwrap().count();
    assert_eq!(runs, 33);
}

#[test]
fn parts_make_the_whole_and_a_missing_one_is_incomplete() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    assert_eq!(run(&mut keur(at, &["matrix", "init", "m.toml"])).0, 0);
    assert_eq!(run(&mut keur(at, &["matrix", "init", "m.toml"])).0, 2, "nothing is written over");
    let (exit, output) = run(&mut keur(at, &["matrix", "m.toml", "--report", "json=whole.json"]));
    assert_eq!(exit, 1, "{}", String::from_utf8_lossy(&output.stderr));
    let whole = cells(&json(&at.join("whole.json")));
    assert_eq!(whole.len(), 8);
    for (key, (verdict, planted)) in &whole {
        assert_eq!(verdict == "failed", !planted.is_null(), "{key:?}");
    }
    let part = |number: &str| ["--folder", number, "--report"].map(str::to_owned);
    let one = run(keur(at, &["matrix", "m.toml", "--shard", "1/2"]).args(part("a")).arg("json=1.json"));
    assert_eq!(one.0, 1);
    // The second pod of an indexed job.
    let mut two = keur(at, &["matrix", "m.toml", "--shard", "/2"]);
    two.args(part("b")).arg("json=2.json").env("JOB_COMPLETION_INDEX", "1");
    assert_eq!(run(&mut two).0, 1);
    let merge = |parts: &[&str], to: &str| {
        run(keur(at, &["report", "merge"]).args(parts).args(["--report", &format!("json={to}")])).0
    };
    assert_eq!(merge(&["1.json", "2.json"], "m.json"), 1);
    assert_eq!(merge(&["2.json", "1.json"], "n.json"), 1);
    assert_eq!(cells(&json(&at.join("m.json"))), whole);
    assert_eq!(json(&at.join("m.json")), json(&at.join("n.json")));
    merge(&["1.json"], "half.json");
    let half = json(&at.join("half.json"));
    assert_eq!((cells(&half).len(), half["total"].as_u64()), (4, Some(8)));
    // One green cell of many is no green matrix.
    let mut green = half.clone();
    green["cells"].as_array_mut().unwrap().retain(|cell| cell["verdict"] == "passed");
    std::fs::write(at.join("green.json"), green.to_string()).unwrap();
    assert_eq!(merge(&["green.json"], "g.json"), 3);
    assert_eq!(json(&at.join("g.json"))["verdict"], "incomplete");
}

/// A program that is stopped when the test is over.
struct Running(Child, String);

impl Running {
    fn start(command: &mut Command) -> Running {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("keur starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("stdout")).read_line(&mut line).expect("a base URL");
        let address = line.trim().trim_start_matches("http://").trim_end_matches('/').to_owned();
        Running(child, address)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A request over a connection of its own: status and everything that came.
fn ask(address: &str, method: &str, path: &str, token: Option<&str>) -> (u16, String) {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    let token = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    let request = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\n{token}Connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = vec![];
    stream.read_to_end(&mut text).unwrap();
    let text = String::from_utf8_lossy(&text).into_owned();
    (text.get(9..12).and_then(|status| status.parse().ok()).unwrap_or(0), text)
}

#[test]
fn a_party_sees_and_says_only_what_is_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    assert_eq!(run(&mut keur(at, &["matrix", "init", "m.toml"])).0, 0);
    let text = std::fs::read_to_string(at.join("m.toml")).unwrap();
    let with = |text: String, name: &str, variable: &str| {
        text.replace(&format!("name = \"{name}\"\n"), &format!("name = \"{name}\"\ntoken = \"env:{variable}\"\n"))
    };
    let text = with(with(with(text, "Kievit EPD", "KIEVIT"), "Duinrand EPD", "DUINRAND"), "Plevier PGO", "PLEVIER");
    std::fs::write(at.join("m.toml"), text).unwrap();
    let secrets = [("KIEVIT", "s-kievit"), ("DUINRAND", "s-duinrand"), ("PLEVIER", "s-plevier"), ("BOARD", "s-board")];
    let mut command = keur(at, &["matrix", "m.toml", "--board", "127.0.0.1:0", "--board-token", "env:BOARD", "--stay"]);
    let board = Running::start(command.envs(secrets));
    let address = board.1.as_str();
    let until = Instant::now() + Duration::from_secs(60);
    let state = loop {
        let (_, text) = ask(address, "GET", "/state.json", None);
        let state: Value = serde_json::from_str(text.split("\r\n\r\n").nth(1).unwrap_or_default()).unwrap();
        let done = state["cells"].as_array().unwrap().iter().all(|cell| cell["verdict"].is_string());
        if done {
            break state;
        }
        assert!(Instant::now() < until, "the matrix does not end");
        std::thread::sleep(Duration::from_millis(50));
    };
    assert_eq!(state["acts"], false, "a visitor is offered nothing");
    // The cell of Kievit and Plevier in which Kievit's fault shows.
    let place =
        state["cells"].as_array().unwrap().iter().position(|cell| {
            (&cell["s"], &cell["c"], &cell["n"]) == (&Value::from(1), &Value::from(0), &Value::from(1))
        });
    let place = place.expect("a cell");
    let (outcome, report) = (format!("/cell/{place}.json"), format!("/cell/{place}/report"));
    for (token, sees) in [
        (None, false),
        (Some("s-duinrand"), false),
        (Some("nobody's"), false),
        (Some("s-kievit"), true),
        (Some("s-plevier"), true),
        (Some("s-board"), true),
    ] {
        let (status, text) = ask(address, "GET", &outcome, token);
        assert_eq!((status, text.contains("\"message\"")), (200, sees), "{token:?} {text}");
        let (status, text) = ask(address, "GET", &report, token);
        assert_eq!(status, if sees { 200 } else { 403 }, "{token:?}");
        assert_eq!(text.contains("Condition"), sees, "{token:?}: bodies");
        for path in ["/state.json", "/findings.json", "/findings.csv", &outcome, &report, "/", "/board.js"] {
            let (_, text) = ask(address, "GET", path, token);
            assert!(secrets.iter().all(|(_, secret)| !text.contains(secret)), "{path} holds a token");
        }
    }
    let findings = |token| -> Value {
        let (_, text) = ask(address, "GET", "/findings.json", token);
        serde_json::from_str(text.split("\r\n\r\n").nth(1).unwrap_or_default()).unwrap()
    };
    let of = |all: &Value, owner: &str| -> Value {
        let found = all["findings"].as_array().unwrap().iter().find(|finding| finding["owner"] == owner);
        found.cloned().expect("a finding")
    };
    let finding = of(&findings(Some("s-kievit")), "Kievit EPD");
    assert_ne!(finding["message"], "");
    assert_eq!(of(&findings(Some("s-duinrand")), "Kievit EPD")["message"], "");
    let id = finding["id"].as_str().unwrap();
    for (what, token, expected) in [
        ("claim", None, 403),
        ("claim", Some("s-duinrand"), 403),
        ("fixed", Some("s-plevier"), 403),
        ("retest", Some("s-duinrand"), 403),
        ("claim", Some("s-kievit"), 200),
        ("nonsense", Some("s-kievit"), 404),
        ("fixed", Some("s-kievit"), 200),
    ] {
        let (status, text) = ask(address, "POST", &format!("/findings/{id}/{what}"), token);
        assert_eq!(status, expected, "{what} {token:?} {text}");
    }
    // The fault is mended; only the touched cells run again, and then the finding is closed.
    let touched = finding["cells"].as_array().unwrap().len();
    let before = std::fs::read_to_string(at.join(".keur/vipptathon/cells.jsonl")).unwrap().lines().count();
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(ask(address, "POST", &format!("/findings/{id}/retest"), Some("s-kievit")).0, 200);
    let until = Instant::now() + Duration::from_secs(60);
    while of(&findings(Some("s-kievit")), "Kievit EPD")["state"] != "retested" {
        assert!(Instant::now() < until, "the finding stays open");
        std::thread::sleep(Duration::from_millis(50));
    }
    let after = std::fs::read_to_string(at.join(".keur/vipptathon/cells.jsonl")).unwrap().lines().count();
    assert_eq!(after - before, touched);
}

/// A server that answers every request with a fixed answer and hands out what it got.
fn upstream(answer: Vec<u8>) -> (String, std::sync::mpsc::Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (send, got) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let (send, answer) = (send.clone(), answer.clone());
            std::thread::spawn(move || {
                let mut text: Vec<u8> = vec![];
                let mut byte = [0; 1];
                while stream.read(&mut byte).is_ok_and(|read| read == 1) {
                    text.push(byte[0]);
                    let Some(head) = text.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
                    let head_text = String::from_utf8_lossy(&text[..head]).to_ascii_lowercase();
                    let length = head_text.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
                    if text.len() == head + 4 + length.unwrap_or(0usize) {
                        let _ = send.send(std::mem::take(&mut text));
                        let _ = stream.write_all(&answer);
                    }
                }
            });
        }
    });
    (address, got)
}

#[test]
fn what_passes_the_proxy_is_what_was_sent() {
    let folder = tempfile::tempdir().unwrap();
    // Bytes that are no text, said to be gzip: nobody may unpack them.
    let body: Vec<u8> = (0..20_000u32).map(|n| (n * 7 % 251) as u8).collect();
    let mut answer = format!(
        "HTTP/1.1 207 Odd\r\nX-MiXed: One\r\nX-MiXed: Two\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    answer.extend_from_slice(&body);
    let (server, got) = upstream(answer.clone());
    let target = format!("http://{server}/base/fhir");
    let arguments = ["proxy", "--upstream", &target, "--listen", "127.0.0.1:0", "--party", "a", "--party", "b=env:B"];
    let proxy = Running::start(keur(folder.path(), &arguments).env("B", "secret-b"));
    // One connection carries them all.
    let mut stream = TcpStream::connect(&proxy.1).unwrap();
    for (asked, below, header) in [
        ("/a/Patient?_id=%7C1&b=a+b", "/Patient?_id=%7C1&b=a+b", "X-OwN: vaLue"),
        ("/a?x", "?x", "Accept-Encoding: gzip, br"),
        ("/Obs/%2F/1", "/Obs/%2F/1", "Authorization: Bearer secret-b"),
    ] {
        for sent in ["", "{\"a\":  1}\n"] {
            let head = format!("{header}\r\nX-Twice: 1\r\nX-Twice: 2\r\nContent-Length: {}\r\n", sent.len());
            let request = format!("POST {asked} HTTP/1.1\r\nHost: {}\r\nKeep-Alive: 5\r\n{head}\r\n{sent}", proxy.1);
            stream.write_all(request.as_bytes()).unwrap();
            let received = String::from_utf8(got.recv_timeout(Duration::from_secs(20)).unwrap()).unwrap();
            let direct = format!("POST /base/fhir{below} HTTP/1.1\r\nHost: {server}\r\n{head}\r\n{sent}");
            let lines = |text: &str| {
                let (head, body) = text.split_once("\r\n\r\n").unwrap();
                let mut fields: Vec<String> = head.split("\r\n").skip(1).map(str::to_owned).collect();
                // Fields of one name keep their order; that of different names says nothing (RFC 9110, 5.3).
                fields.sort_by_key(|field| field.split(':').next().unwrap_or_default().to_ascii_lowercase());
                (head.split("\r\n").next().unwrap_or_default().to_owned(), fields, body.to_owned())
            };
            assert_eq!(lines(&received), lines(&direct));
            let mut came = vec![0; answer.len()];
            stream.read_exact(&mut came[..12]).unwrap();
            assert_eq!(&came[..12], b"HTTP/1.1 207");
            let mut text = came[..12].to_vec();
            while !text.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                text.push(byte[0]);
            }
            let head = String::from_utf8(text).unwrap();
            for field in ["X-MiXed: One\r\n", "X-MiXed: Two\r\n", "Content-Encoding: gzip\r\n"] {
                assert!(head.contains(field), "{head}");
            }
            assert!(head.contains(&format!("Content-Length: {}", body.len())), "{head}");
            let mut whole = vec![0; body.len()];
            stream.read_exact(&mut whole).unwrap();
            assert!(whole == body, "the body is another one");
        }
    }
}

#[test]
fn what_is_recorded_of_one_party_is_not_with_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let (server, got) = upstream(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi".to_vec());
    let target = format!("http://{server}");
    let arguments = ["proxy", "--upstream", &target, "--listen", "127.0.0.1:0", "--party", "a", "--party", "b=env:B"];
    let mut proxy = Running::start(keur(folder.path(), &arguments).env("B", "secret-b"));
    ask(&proxy.1, "GET", "/a/only-a", None);
    ask(&proxy.1, "GET", "/only-b", Some("secret-b"));
    ask(&proxy.1, "GET", "/of-nobody", None);
    assert_eq!(got.iter().take(3).count(), 3);
    let stopped = Command::new("kill").args(["-INT", &proxy.0.id().to_string()]).status().unwrap();
    assert!(stopped.success());
    proxy.0.wait().unwrap();
    let runs = std::fs::read_dir(folder.path().join(".keur/runs")).unwrap();
    let mut logs: BTreeMap<char, String> = BTreeMap::new();
    for run in runs.map(|run| run.unwrap().path()) {
        let name = run.file_name().unwrap().to_string_lossy().chars().last().unwrap();
        logs.insert(name, std::fs::read_to_string(run.join("events.jsonl")).unwrap());
    }
    assert_eq!(logs.keys().collect::<String>(), "ab");
    assert!(logs[&'a'].contains("/only-a") && !logs[&'a'].contains("only-b"));
    assert!(logs[&'b'].contains("/only-b") && !logs[&'b'].contains("only-a"));
    assert!(logs.values().all(|log| !log.contains("of-nobody") && !log.contains("secret-b")));
}

#[test]
fn both_sides_are_judged_on_what_passes_the_proxy() {
    let folder = tempfile::tempdir().unwrap();
    let server = Running::start(&mut keur(
        folder.path(),
        &[
            "serve",
            "--fixtures",
            "fixtures/bgz-3.0",
            "--tokens",
            "fixtures/bgz-3.0/tokens.json",
            "--listen",
            "127.0.0.1:0",
        ],
    ));
    let target = format!("http://{}", server.1);
    let scripts = ["retrieving", "serving"].map(|role| format!("testscripts/bgz-3.0/{role}/12-alert.yaml"));
    let arguments = ["proxy", "--upstream", &target, "--listen", "127.0.0.1:0", "--report", "json=r.json"];
    let mut proxy = Running::start(keur(folder.path(), &arguments).args([
        "--scripts",
        &scripts[0],
        "--scripts",
        &scripts[1],
        "--tokens",
        "fixtures/bgz-3.0/tokens.json",
    ]));
    let base = format!("http://{}", proxy.1);
    let played = run(&mut keur(folder.path(), &["play", &scripts[0], "--target", &base]));
    assert_eq!(played.0, 0, "{}", String::from_utf8_lossy(&played.1.stderr));
    assert_eq!(proxy.0.wait().unwrap().code(), Some(3), "the client did not ask for everything");
    let report = json(&folder.path().join("r.json"));
    let scripts = report["scripts"].as_array().unwrap();
    assert_eq!(scripts[0]["verdict"], "passed", "the client");
    let tests = scripts[1]["tests"].as_array().unwrap();
    let verdict = |id: &str| tests.iter().find(|test| test["id"] == id).map(|test| test["verdict"].clone());
    assert_eq!(verdict("keurmeester-json"), Some("passed".into()));
    assert_eq!(verdict("keurmeester-xml"), Some("incomplete".into()), "nobody asked for XML");
}

#[test]
fn a_slow_reader_slows_the_server_down_and_takes_no_memory() {
    if std::env::var_os("KEUR_LONG").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = format!("http://{}", listener.local_addr().unwrap());
    let proxy = Running::start(&mut keur(folder.path(), &["proxy", "--upstream", &target, "--listen", "127.0.0.1:0"]));
    let written = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = written.clone();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = [0; 1024];
        let _ = stream.read(&mut head);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4000000000\r\n\r\n");
        let block = vec![1; 1 << 16];
        while stream.write_all(&block).is_ok() {
            count.fetch_add(block.len(), std::sync::atomic::Ordering::SeqCst);
        }
    });
    let mut stream = TcpStream::connect(&proxy.1).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut head = [0; 100];
    stream.read_exact(&mut head).unwrap();
    std::thread::sleep(Duration::from_secs(5));
    let status = std::fs::read_to_string(format!("/proc/{}/status", proxy.0.id())).unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse().ok());
    assert!(written.load(std::sync::atomic::Ordering::SeqCst) < 64 << 20, "the server was not slowed down");
    assert!(resident.unwrap_or(0usize) < 100_000, "{resident:?} kB");
}
