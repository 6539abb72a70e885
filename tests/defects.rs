//! Breaking the served data breaks the verdict.
//!
//! Each row serves our own test persons with one defect, runs our own BgZ suite against that server and
//! demands that the assert which is about this defect fails (or, where there is no FHIR to judge, is an
//! error with its cause). A defect that leaves the run green is the worst thing a harness can have.
//!
//! And every script of every suite can fail: served badly enough, each has an assert that says so.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use libtest_mimic::{Arguments, Failed, Trial};

const KEUR: &str = env!("CARGO_BIN_EXE_keur");
const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Defect, verdict of the assert, and the assert's description (or the start of it).
const DEFECTS: &[(&str, &str, &str)] = &[
    ("no-self-link", "fail", "One link says which search was done"),
    ("self-link-without-parameters", "warning", ""),
    ("bsn-in-self-link", "fail", "No link carries a BSN"),
    ("wrong-total", "fail", "The total is the number of matches"),
    ("no-total", "fail", "The total of an answer without matches is 0"),
    ("bundle-type-wrong", "fail", "The Bundle is the result of a search"),
    ("missing-fullurl", "fail", "Every entry has an absolute address"),
    ("fullurl-mismatch", "fail", "The address of an entry ends in the id of its resource"),
    ("fullurl-relative", "fail", "Every entry has an absolute address"),
    ("search-mode-missing", "fail", "There is at least one match"),
    ("include-missing", "fail", "Every reference that was to be included is found in the answer"),
    ("include-marked-match", "fail", "Every match is a MedicationStatement"),
    ("match-marked-include", "fail", "There is at least one match"),
    ("duplicate-entry", "fail", "No resource is in the answer twice"),
    ("first-entry-missing", "fail", "The matches are the 2 that this person has and the search asks for"),
    ("no-entries", "fail", "There is at least one match"),
    ("operationoutcome-as-entry", "fail", "Every match is a Observation"),
    ("wrong-resource-type", "fail", "Every match is a Consent"),
    ("next-link-broken", "fail", "An answer without matches has no next page"),
    ("coding-without-system", "fail", "Every Coding has a system and a code"),
    ("coding-without-code", "fail", "Every Coding has a system and a code"),
    ("valueset-as-system", "fail", "The system of a Coding is a code system, not the value set of a zib"),
    ("codeableconcept-without-display-and-text", "fail", "Every coded concept can be read by a person"),
    ("identifier-without-value", "fail", "Every identifier has a value, and a system or a type that makes it unique"),
    ("identifier-without-system", "fail", "Every identifier has a value, and a system or a type that makes it unique"),
    ("bsn-in-identifier", "fail", "No resource carries a BSN"),
    ("reference-without-display", "fail", "Every reference tells in words what it points to"),
    ("reference-broken", "fail", "Every reference that was to be included is found in the answer"),
    ("other-subject", "fail", "PayerPerson: the person pays for one coverage herself"),
    ("id-missing", "fail", "Every entry holds a resource with an id"),
    ("missing-meta-profile", "fail", "Every resource declares a profile of the Dutch core or of a zib"),
    ("unknown-meta-profile", "fail", "Every resource declares a profile of the Dutch core or of a zib"),
    ("status-value-wrong", "fail", "The status of every Observation is a FHIR one"),
    ("status-missing", "fail", "OrderStatus: only active orders are given"),
    ("code-missing", "fail", "ProblemName (ProbleemNaam) is a coded concept"),
    ("date-in-future", "fail", "The moment of measuring is not in the future"),
    ("date-malformed", "error", "DateOfBirth (Geboortedatum) is not in the future"),
    ("quantity-without-unit", "fail", "Every quantity has a unit code"),
    ("unknown-element", "fail", "The Bundle conforms to FHIR"),
    ("status-500", "fail", "The search succeeds"),
    ("not-found", "fail", "The search succeeds"),
    ("unauthorized", "fail", "The search succeeds"),
    ("200-for-error", "fail", "The status is one of 401,403,404"),
    ("redirect", "fail", "The search succeeds"),
    ("html-instead-of-fhir", "error", "The body is a Bundle"),
    ("truncated-json", "error", "The body is a Bundle"),
    ("empty-body", "error", "The body is a Bundle"),
    ("invalid-utf8", "error", "The body is a Bundle"),
    ("wrong-content-type", "fail", "The body is FHIR in the format that was asked for"),
    ("no-content-type", "fail", "The body is FHIR in the format that was asked for"),
    ("accepts-any-token", "fail", "The status is one of 401,403"),
    ("slow-answer", "error", "The search succeeds"),
    ("connection-closed", "error", "The search succeeds"),
    ("other-patient-leaks", "fail", "All matches are about one and the same person"),
    ("ignores-parameter", "fail", "OrderStatus: only active orders are given"),
    ("lastn-not-latest", "fail", "Walking is the last one seen, slightly limited"),
];

/// A server that is stopped when the test is over, however it ends.
struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn with(defect: Option<&str>) -> Result<Server, Failed> {
        Server::of("bgz-3.0", "3.0", defect)
    }

    /// The test persons of a folder below `fixtures`.
    fn of(persons: &str, fhir_version: &str, defect: Option<&str>) -> Result<Server, Failed> {
        let folder = format!("fixtures/{persons}");
        let mut command = Command::new(KEUR);
        command.current_dir(ROOT).args(["serve", "--fixtures", &folder, "--listen", "127.0.0.1:0"]);
        command.args(["--tokens", &format!("{folder}/tokens.json"), "--fhir-version", fhir_version]);
        if let Some(defect) = defect {
            command.args(["--defect", defect]);
        }
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

/// One script, for the defect that makes every request take until the time-out.
const ONE_SCRIPT: &str = "testscripts/bgz-3.0/serving/01-patient.yaml";

/// Runs our suite and gives exit code and report.
fn run_suite(url: &str, scripts: &str) -> Result<(Option<i32>, serde_json::Value), Failed> {
    let folder = tempfile::tempdir()?;
    let report = folder.path().join("report.json");
    let mut command = Command::new(KEUR);
    command.current_dir(ROOT).args(["run", scripts, "--target", url, "--timeout", "1s", "--report"]);
    command.arg(format!("json={}", report.display())).arg("--record").arg(folder.path().join("runs"));
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    let text = std::fs::read_to_string(&report).map_err(|e| format!("exit {status}, no report: {e}"))?;
    Ok((status.code(), serde_json::from_str(&text)?))
}

/// Title and verdict of every action.
fn actions(report: &serde_json::Value) -> Vec<(String, String)> {
    let list = |value: &serde_json::Value, key: &str| value[key].as_array().cloned().unwrap_or_default();
    let text = |value: &serde_json::Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let scripts = list(report, "scripts");
    let tests = scripts.iter().flat_map(|script| list(script, "tests"));
    let actions = tests.flat_map(|test| list(&test, "actions"));
    actions.map(|action| (text(&action, "title"), text(&action, "verdict"))).collect()
}

fn breaks(defect: &str, verdict: &str, title: &str) -> Result<(), Failed> {
    let server = Server::with(Some(defect))?;
    let scripts = if defect == "slow-answer" { ONE_SCRIPT } else { "bgz-3.0" };
    let (exit, report) = run_suite(&server.url, scripts)?;
    let expected_exit = match (verdict, defect) {
        ("warning", _) => 0,
        // Nobody ever answered.
        (_, "slow-answer" | "connection-closed") => 5,
        _ => 1,
    };
    if exit != Some(expected_exit) {
        return Err(format!("exit {exit:?}, expected {expected_exit}: {}", report["receipt"]["asserts"]).into());
    }
    let actions = actions(&report);
    if actions.iter().any(|(t, v)| v == verdict && t.starts_with(title)) {
        return Ok(());
    }
    let red: Vec<_> = actions.iter().filter(|(_, v)| v == "fail" || v == "error").take(5).collect();
    Err(format!("no {verdict} of `{title}`; the first that are red: {red:?}").into())
}

fn without_defect() -> Result<(), Failed> {
    let server = Server::with(None)?;
    let (exit, report) = run_suite(&server.url, "bgz-3.0")?;
    match exit {
        Some(0) => Ok(()),
        other => Err(format!("exit {other:?}: {}", report["receipt"]["asserts"]).into()),
    }
}

/// Ways to serve that no script may accept, the next one tried for scripts that accept the one before.
const DAMAGES: [&str; 6] =
    ["not-found", "no-entries", "200-for-error", "accepts-any-token", "other-patient-leaks", "status-500"];

/// Every script of a suite has an assert that fails when the suite's own data is served badly.
fn every_script_can_fail(suite: &str) -> Result<(), Failed> {
    let folder = suite.split('/').next().unwrap_or(suite);
    let card = std::fs::read_to_string(format!("{ROOT}/testscripts/{folder}/suite.toml"))?;
    let card: toml::Table = toml::from_str(&card)?;
    let text = |key: &str| card.get(key).and_then(toml::Value::as_str).unwrap_or_default().to_owned();
    let mut green: Option<Vec<String>> = None;
    for damage in DAMAGES {
        let server = Server::of(&text("persons"), &text("fhir_version"), Some(damage))?;
        let (_, report) = run_suite(&server.url, suite)?;
        let fails = |script: &serde_json::Value| {
            actions(&serde_json::json!({ "scripts": [script] })).iter().any(|(_, verdict)| verdict == "fail")
        };
        let scripts = report["scripts"].as_array().cloned().unwrap_or_default();
        let path = |script: &serde_json::Value| script["path"].as_str().unwrap_or_default().to_owned();
        let here: Vec<String> = scripts.iter().filter(|script| !fails(script)).map(path).collect();
        let left = match green {
            None => here,
            Some(before) => before.into_iter().filter(|script| here.contains(script)).collect(),
        };
        if left.is_empty() && !scripts.is_empty() {
            return Ok(());
        }
        green = Some(left);
    }
    Err(format!("no assert fails, whatever is served, in {:?}", green.unwrap_or_default()).into())
}

/// Names and roles of our suites.
fn suites() -> Vec<(String, String)> {
    let output = Command::new(KEUR).current_dir(ROOT).args(["list", "--own", "--format", "json"]).output();
    let json: serde_json::Value =
        output.map(|o| serde_json::from_slice(&o.stdout).unwrap_or_default()).unwrap_or_default();
    let text = |suite: &serde_json::Value, key: &str| suite[key].as_str().unwrap_or_default().to_owned();
    let suites = json["suites"].as_array().cloned().unwrap_or_default();
    suites.iter().map(|suite| (text(suite, "name"), text(suite, "role"))).collect()
}

fn main() {
    let arguments = Arguments::from_args();
    let trial = |(defect, verdict, title): &(&'static str, &'static str, &'static str)| {
        let (defect, verdict, title) = (*defect, *verdict, *title);
        Trial::test(format!("{defect} is seen"), move || breaks(defect, verdict, title))
    };
    let mut trials: Vec<Trial> = DEFECTS.iter().map(trial).collect();
    trials.push(Trial::test("without a defect all is well", without_defect));
    let suites = suites();
    assert!(suites.iter().any(|(name, _)| name == "bgz-3.0"), "{suites:?}");
    for (name, role) in suites {
        // A client's script fails by what a client sends: tests/client.rs.
        if role == "serving" {
            let title = format!("every script of {name} can fail");
            trials.push(Trial::test(title, move || every_script_can_fail(&name)));
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}
