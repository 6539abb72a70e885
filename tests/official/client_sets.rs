//! Sets whose system under test is a client, or both parties: `keur run --await` on one side of the wire,
//! `keur play` on the other.
//!
//! The sets of a goal are awaited all at once, as they are one script set; two-sided ones folder by folder,
//! where each side has to know the address of the other beforehand.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

use keur::testscript::Side;
use libtest_mimic::Failed;

use crate::known::Register;
use crate::material::{Goal, Material};
use crate::outcome::{Counts, Report};
use crate::table::Table;

const KEUR: &str = env!("CARGO_BIN_EXE_keur");

/// Longest wait of one side for the other; what did not come by then is not evaluated, and says so.
const PATIENCE: &str = "5m";

/// Plays every client set and every two-sided set of a goal; what does not end as it should is the error.
pub fn play(material: &Material, goal: &Goal, register: &Register, table: &Table) -> Result<(), Failed> {
    let standard = goal.standard();
    let mut wrong = vec![];
    let clients = folders(goal, Side::Client);
    if !clients.is_empty() {
        let report = one_way(material, &clients)?;
        table.add(&standard, "client", &Counts::of(&report));
        wrong.extend(register.settle(material, &report));
    }
    for folder in folders(goal, Side::Both) {
        let report = both_ways(material, folder)?;
        table.add(&standard, "two-sided", &Counts::of(&report));
        wrong.extend(register.settle(material, &report));
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(format!("{} asserts not as they should be:\n{}", wrong.len(), wrong.join("\n")).into()),
    }
}

/// True when a goal has sets for this module.
pub fn has_any(goal: &Goal) -> bool {
    !folders(goal, Side::Client).is_empty() || !folders(goal, Side::Both).is_empty()
}

fn folders(goal: &Goal, side: Side) -> Vec<PathBuf> {
    goal.sets(side).into_iter().map(|set| set.folder).collect()
}

/// A process, ended when it is dropped.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A `run --await` at work.
pub struct Waiting {
    process: Process,
    pub url: String,
    folder: tempfile::TempDir,
}

impl Waiting {
    pub fn start(material: &Material, scripts: &[PathBuf], listen: &str, more: &[String]) -> Result<Waiting, Failed> {
        let folder = tempfile::tempdir()?;
        let mut command = Command::new(KEUR);
        command.arg("run").args(scripts).args(["--await", "--await-timeout", PATIENCE, "--listen", listen]);
        command.arg("--package-dir").arg(&material.packages).args(more);
        command.arg("--report").arg(format!("json={}", folder.path().join("report.json").display()));
        command.arg("--record").arg(folder.path().join("runs"));
        let errors = std::fs::File::create(folder.path().join("stderr"))?;
        let mut child = command.stdout(Stdio::piped()).stderr(errors).stdin(Stdio::null()).spawn()?;
        let mut url = String::new();
        let stdout = child.stdout.take();
        let process = Process(child);
        if let Some(stdout) = stdout {
            let mut reader = BufReader::new(stdout);
            reader.read_line(&mut url)?;
            // What it reports is read from its file; nobody may wait for a full pipe.
            std::thread::spawn(move || std::io::copy(&mut reader, &mut std::io::sink()));
        }
        Ok(Waiting { process, url: url.trim().to_owned(), folder })
    }

    /// Waits until it is over.
    pub fn report(mut self) -> Result<Report, Failed> {
        self.process.0.wait()?;
        let said = std::fs::read_to_string(self.folder.path().join("stderr"))?;
        let text = std::fs::read_to_string(self.folder.path().join("report.json"))
            .map_err(|e| format!("no report ({e}): {said}"))?;
        Ok(serde_json::from_str(&text)?)
    }
}

/// The client asks, the server answers.
fn one_way(material: &Material, scripts: &[PathBuf]) -> Result<Report, Failed> {
    let waiting = Waiting::start(material, scripts, "127.0.0.1:0", &[])?;
    let mut command = Command::new(KEUR);
    command.arg("play").args(scripts).args(["--target", &waiting.url]);
    let output = command.stdin(Stdio::null()).output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("`play` ended with {:?}: {said}", output.status.code()).into());
    }
    waiting.report()
}

/// Both parties ask and answer.
fn both_ways(material: &Material, folder: PathBuf) -> Result<Report, Failed> {
    let (here, there) = (free_address()?, free_address()?);
    let mut command = Command::new(KEUR);
    command.arg("play").arg(&folder).arg("--target").arg(format!("http://{here}")).args(["--listen", &there]);
    let mut player = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let stderr = player.stderr.take();
    let _player = Process(player);
    if let Some(stderr) = stderr {
        let (mut reader, mut line) = (BufReader::new(stderr), String::new());
        while !line.contains("http://") && reader.read_line(&mut line)? > 0 {}
        std::thread::spawn(move || std::io::copy(&mut reader, &mut std::io::sink()));
    }
    // What an operator types in; the tokens are of nobody in particular. The sets ask for a version of their
    // package that is nowhere, and another version has the profile.
    let more = [
        "--nearest-package".to_owned(),
        "--target".to_owned(),
        format!("http://{there}"),
        "--var".to_owned(),
        format!("notificationEndpoint=http://{there}/notify"),
        "--var".to_owned(),
        "authorization-token-id=Bearer of-the-notification".to_owned(),
        "--var".to_owned(),
        "auth-token=Bearer of-any-person".to_owned(),
    ];
    Waiting::start(material, &[folder], &here, &more)?.report()
}

/// An address that nothing else in this process gets, its port below those that are handed out for port 0.
fn free_address() -> Result<String, Failed> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 12_000 + u16::try_from(std::process::id() % 150).unwrap_or_default() * 100;
    loop {
        let port = first + NEXT.fetch_add(1, Ordering::Relaxed);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(format!("127.0.0.1:{port}"));
        }
        if port > 30_000 {
            return Err("there is no free port".into());
        }
    }
}
