//! Who sees and says what on the board.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Running, ask, keur, run};

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
    let mut command = keur(
        at,
        &[
            "matrix",
            "m.toml",
            "--board",
            "127.0.0.1:0",
            "--board-token",
            "env:BOARD",
            "--stay",
            "--report",
            "html=board.html",
        ],
    );
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
        for path in
            ["/state.json", "/findings.json", "/findings.csv", "/start.json", &outcome, &report, "/", "/board.js"]
        {
            let (_, text) = ask(address, "GET", path, token);
            assert!(secrets.iter().all(|(_, secret)| !text.contains(secret)), "{path} holds a token");
        }
    }
    // What happens is told to everybody: without what was asked for, and without tokens.
    let mut events = std::net::TcpStream::connect(address).unwrap();
    events.write_all(format!("GET /events HTTP/1.1\r\nHost: {address}\r\n\r\n").as_bytes()).unwrap();
    let (mut told, mut part) = (String::new(), [0; 4096]);
    events.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let read = events.read(&mut part).expect("a head");
    told.push_str(&String::from_utf8_lossy(&part[..read]));
    let (status, _) = ask(address, "POST", &format!("/cell/{place}/retest"), Some("s-plevier"));
    assert_eq!(status, 200);
    while !told.contains("\"running\":false") {
        let read = events.read(&mut part).expect("news");
        told.push_str(&String::from_utf8_lossy(&part[..read]));
    }
    assert!(told.contains("\"GET /Condition\""), "{told}");
    assert!(!told.contains("_include") && !told.contains("message"), "{told}");
    assert!(secrets.iter().all(|(_, secret)| !told.contains(secret)));
    for path in ["/runs", "/../cells.jsonl", "/cell/..%2f..%2fcells.jsonl/report", "/party.key", "/cells.jsonl"] {
        assert_eq!(ask(address, "GET", path, Some("s-board")).0, 404, "{path}");
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
    // The page that is left behind is for everybody who gets it.
    let mut board = board;
    let stopped = std::process::Command::new("kill").args(["-INT", &board.0.id().to_string()]).status().unwrap();
    assert!(stopped.success() && board.0.wait().is_ok());
    let page = std::fs::read_to_string(at.join("board.html")).unwrap();
    let shown = page.split("window.KEUR_SNAPSHOT = ").nth(1).and_then(|rest| rest.split(";</script>").next()).unwrap();
    let shown: Value = serde_json::from_str(shown).unwrap();
    assert!(shown["outcomes"].as_array().unwrap().iter().all(|cell| cell["failures"] == serde_json::json!([])));
    let found = shown["findings"]["findings"].as_array().unwrap();
    assert!(!found.is_empty() && found.iter().all(|finding| finding["message"] == "" && finding["path"] == ""));
    assert!(secrets.iter().all(|(_, secret)| !page.contains(secret)));
}
