//! The official BgZ 3.0 sets against our simulator, served with their own fixtures and tokens.
//!
//! Needs official material (`KEUR_ASSETS`). Counts are those of the scripts; nothing may fail, and what
//! is not evaluated must be named.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use libtest_mimic::{Arguments, Failed, Trial};

const KEUR: &str = env!("CARGO_BIN_EXE_keur");

/// Folder of the set below `output/`, scripts, operations, asserts.
const SETS: [(&str, u64, usize, u64); 2] =
    [("STU3/BgZ-3-0/MedMij/Cert", 4, 112, 2_124), ("STU3/BgZ-3-0/MedMij/Test", 104, 104, 1_974)];

struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn of(material: &Path, set: &str) -> Result<Server, Failed> {
        let mut command = Command::new(KEUR);
        command.arg("serve").arg("--fixtures").arg(material.join("output").join(set).join("_reference/resources"));
        command.arg("--tokens").arg(material.join("Configuration/QualificationTokens.json"));
        command.args(["--listen", "127.0.0.1:0"]);
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut url = String::new();
        if let Some(stdout) = process.stdout.take() {
            BufReader::new(stdout).read_line(&mut url)?;
        }
        Ok(Server { process, url: url.trim().to_owned() })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn runs(material: &Path, set: &str, scripts: u64, operations: usize, asserts: u64) -> Result<(), Failed> {
    let server = Server::of(material, set)?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("report.json");
    let mut command = Command::new(KEUR);
    command.arg("run").arg(material.join("output").join(set).join("XIS-Server")).args(["--target", &server.url]);
    command.arg("--report").arg(format!("json={}", path.display()));
    command.arg("--record").arg(folder.path().join("runs"));
    let output = command.output()?;
    let text = std::fs::read_to_string(&path)
        .map_err(|e| format!("no report ({e}): {}", String::from_utf8_lossy(&output.stderr)))?;
    let report: serde_json::Value = serde_json::from_str(&text)?;
    let receipt = &report["receipt"];
    let list = |value: &serde_json::Value, key: &str| value[key].as_array().cloned().unwrap_or_default();
    let tests = list(&report, "scripts").into_iter().flat_map(|script| list(&script, "tests"));
    let actions: Vec<_> = tests.flat_map(|test| list(&test, "actions")).collect();
    let seen = (
        receipt["scripts"]["total"].as_u64(),
        actions.iter().filter(|a| a["kind"] == "operation").count(),
        receipt["asserts"]["total"].as_u64(),
    );
    println!("{set}: {} {}", receipt["scripts"], receipt["asserts"]);
    if seen != (Some(scripts), operations, Some(asserts)) {
        return Err(format!("scripts, operations, asserts are {seen:?}").into());
    }
    let count = |verdict: &str| receipt["asserts"][verdict].as_u64().unwrap_or(u64::MAX);
    if count("fail") + count("error") + count("skip") > 0 {
        return Err(format!("nothing may fail: {}", receipt["asserts"]).into());
    }
    // Without packages the profile asserts have no validator, and say so; everything else is evaluated.
    let open = actions.iter().filter(|a| a["verdict"] == "not-evaluated");
    match open.filter(|a| a["code"] != "KEUR2152").count() {
        0 => Ok(()),
        others => Err(format!("{others} asserts are not evaluated for another reason").into()),
    }
}

fn main() {
    let arguments = Arguments::from_args();
    let assets = std::env::var_os("KEUR_ASSETS").map_or_else(|| PathBuf::from("target/assets"), PathBuf::from);
    let material = assets.join("nictiz-testscripts");
    let absent = !material.is_dir();
    if absent {
        eprintln!("official scripts not found in `{}` (set KEUR_ASSETS)", assets.display());
    }
    let ignored = absent && std::env::var_os("KEUR_REQUIRE_ASSETS").is_none();
    let trial = |(set, scripts, operations, asserts): (&'static str, u64, usize, u64)| {
        let material = material.clone();
        Trial::test(set, move || runs(&material, set, scripts, operations, asserts)).with_ignored_flag(ignored)
    };
    libtest_mimic::run(&arguments, SETS.into_iter().map(trial).collect()).exit();
}
