//! The parties of a play, as processes: `keur serve`, and `keur run` against it.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use libtest_mimic::Failed;

use crate::material::{Goal, Material};
use crate::outcome::Report;

const KEUR: &str = env!("CARGO_BIN_EXE_keur");

/// A server, until it is dropped.
pub struct Server {
    process: Child,
    pub url: String,
}

/// What a server starts with.
#[derive(Default)]
pub struct Serving<'s> {
    /// The registry of tokens; without one everybody is let in.
    pub tokens: Option<PathBuf>,
    pub fixtures: &'s [PathBuf],
    /// Resource types that it does not have.
    pub without: &'s [&'s str],
}

impl Server {
    pub fn start(goal: &Goal, serving: &Serving<'_>) -> Result<Server, Failed> {
        let mut command = Command::new(KEUR);
        command.args(["serve", "--listen", "127.0.0.1:0", "--fhir-version", goal.fhir_version()]);
        if let Some(tokens) = &serving.tokens {
            command.arg("--tokens").arg(tokens);
        }
        // Fixtures leave the id of a Task to whoever sends it.
        command.args(["--var", "task-id=a-task"]);
        command.args(serving.fixtures.iter().flat_map(|f| ["--fixtures".as_ref(), f.as_os_str()]));
        command.args(serving.without.iter().flat_map(|name| ["--without", name]));
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut url = String::new();
        if let Some(stdout) = process.stdout.take() {
            BufReader::new(stdout).read_line(&mut url)?;
        }
        let server = Server { process, url: url.trim().to_owned() };
        if server.url.is_empty() { Err(format!("no server for {}", goal.name).into()) } else { Ok(server) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Runs scripts against a server, and reads the report.
pub fn run(material: &Material, scripts: &Path, url: &str, variables: &[(&str, String)]) -> Result<Report, Failed> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("report.json");
    let mut command = Command::new(KEUR);
    command.arg("run").arg(scripts).args(["--target", url]);
    command.arg("--package-dir").arg(&material.packages);
    command.arg("--report").arg(format!("json={}", path.display()));
    command.arg("--record").arg(folder.path().join("runs"));
    for (name, value) in variables {
        command.arg("--var").arg(format!("{name}={value}"));
    }
    let output = command.output()?;
    let text = std::fs::read_to_string(&path)
        .map_err(|e| format!("no report ({e}): {}", String::from_utf8_lossy(&output.stderr)))?;
    Ok(serde_json::from_str(&text)?)
}

/// Another server, that has one document for everybody.
pub fn elsewhere() -> &'static str {
    static URL: OnceLock<String> = OnceLock::new();
    URL.get_or_init(|| {
        let Ok(listener) = TcpListener::bind(("127.0.0.1", 0)) else { return String::new() };
        let url = listener.local_addr().map(|address| format!("http://{address}")).unwrap_or_default();
        std::thread::spawn(move || listener.incoming().flatten().for_each(|stream| drop(hand_out(stream))));
        url
    })
}

fn hand_out(mut stream: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        line.clear();
    }
    let body = "%PDF-1.7";
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\nConnection: close\r\n";
    write!(stream, "{head}Content-Length: {}\r\n\r\n{body}", body.len())
}
