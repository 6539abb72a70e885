//! Connectathons from outside: the demonstration and its parts, parties of their own, the board and the
//! proxy. What takes minutes runs with `KEUR_LONG=1`: `day` (20 servers, 20 clients, 5 scenarios), `browser`
//! (the board in Chromium; `KEUR_PICTURES=FOLDER` keeps the screenshots) and `latency` (the proxy).

#[path = "connectathon/board.rs"]
mod board;
#[path = "connectathon/browser.rs"]
mod browser;
#[path = "browser/chromium.rs"]
#[allow(dead_code)]
mod chromium;
#[path = "connectathon/day.rs"]
mod day;
#[path = "connectathon/demo.rs"]
mod demo;
#[path = "connectathon/message.rs"]
mod message;
#[path = "browser/page.rs"]
#[allow(dead_code)]
mod page;
#[path = "connectathon/party.rs"]
mod party;
#[path = "connectathon/proxy.rs"]
mod proxy;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Whether tests that take minutes run.
fn is_long() -> bool {
    let long = std::env::var_os("KEUR_LONG").is_some_and(|value| value == "1");
    if !long {
        eprintln!("ignored: KEUR_LONG=1 runs it");
    }
    long
}

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

/// The body of an answer as JSON.
fn body(text: &str) -> Value {
    serde_json::from_str(text.split_once("\r\n\r\n").map_or("", |(_, body)| body)).expect("JSON")
}

/// Waits until something is there.
fn wait<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + Duration::from_secs(120);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < until, "{what} does not come");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The resident memory of a process, in kB: now, and at most so far.
fn memory(process: u32) -> (usize, usize) {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let of = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
    };
    (of("VmRSS:"), of("VmHWM:"))
}
