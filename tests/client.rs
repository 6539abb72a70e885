//! Tests of clients, both sides played by keur: `run --await` on one, `play` on the other.
//!
//! On our own BgZ suite: what it comes to, what each defect of a party makes fail, and two parties at once.
//! The official sets are played in `tests/official`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};

use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;

const KEUR: &str = env!("CARGO_BIN_EXE_keur");
const SUITE: &str = "bgz-3.0/retrieving";

/// Verdicts of asserts and operations of a run, with what is not good about them.
struct Outcome {
    exit: Option<i32>,
    report: Value,
    errors: String,
}

impl Outcome {
    fn count(&self, verdict: &str) -> u64 {
        self.report["receipt"]["asserts"][verdict].as_u64().unwrap_or(u64::MAX)
    }

    /// Every action with its script's file name.
    fn actions(&self) -> Vec<(String, Value)> {
        let list = |value: &Value, key: &str| value[key].as_array().cloned().unwrap_or_default();
        let mut all = vec![];
        for script in list(&self.report, "scripts") {
            let path = script["path"].as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default().to_owned();
            let tests = list(&script, "tests").into_iter().flat_map(|test| list(&test, "actions"));
            all.extend(tests.map(|action| (path.clone(), action)));
        }
        all
    }

    /// Messages of the actions with this verdict, and in which scripts.
    fn with(&self, verdict: &str) -> Vec<(String, String, String)> {
        let text = |action: &Value, key: &str| action[key].as_str().unwrap_or_default().to_owned();
        let all = self.actions().into_iter().filter(|(_, action)| action["verdict"] == verdict);
        all.map(|(path, action)| (path, text(&action, "code"), text(&action, "message"))).collect()
    }
}

fn killed(process: &mut Child) {
    let _ = process.kill();
    let _ = process.wait();
}

/// A `run --await` at work; it is ended when it is dropped.
struct Waiting {
    process: Child,
    base: String,
    folder: tempfile::TempDir,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        killed(&mut self.process);
    }
}

impl Waiting {
    fn start(scripts: &[PathBuf], more: &[String]) -> Result<Waiting, Failed> {
        let folder = tempfile::tempdir()?;
        let mut command = Command::new(KEUR);
        command.arg("run").args(scripts).arg("--await").args(more);
        if !more.iter().any(|argument| argument == "--await-timeout") {
            command.args(["--await-timeout", "60s"]);
        }
        if !more.iter().any(|argument| argument == "--listen") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        command.arg("--report").arg(format!("json={}", folder.path().join("report.json").display()));
        command.arg("--record").arg(folder.path().join("runs"));
        let errors = std::fs::File::create(folder.path().join("stderr"))?;
        let mut process = command.stdout(Stdio::piped()).stderr(errors).stdin(Stdio::null()).spawn()?;
        let mut base = String::new();
        if let Some(stdout) = process.stdout.take() {
            let mut reader = BufReader::new(stdout);
            reader.read_line(&mut base)?;
            // What it reports is read from its file; nobody may wait for a full pipe.
            std::thread::spawn(move || std::io::copy(&mut reader, &mut std::io::sink()));
        }
        Ok(Waiting { process, base: base.trim().to_owned(), folder })
    }

    /// Waits until it is over.
    fn outcome(&mut self) -> Result<ExitStatus, Failed> {
        Ok(self.process.wait()?)
    }

    fn report(&self, name: &str, exit: ExitStatus) -> Result<Outcome, Failed> {
        let errors = std::fs::read_to_string(self.folder.path().join("stderr"))?;
        let path = self.folder.path().join(name);
        let text = std::fs::read_to_string(path).map_err(|e| format!("no report ({e}): {errors}"))?;
        Ok(Outcome { exit: exit.code(), report: serde_json::from_str(&text)?, errors })
    }
}

fn play(scripts: &[PathBuf], target: &str, more: &[String]) -> Result<(Option<i32>, String), Failed> {
    let mut command = Command::new(KEUR);
    command.arg("play").args(scripts).args(["--target", target]).args(more);
    let output = command.stdin(Stdio::null()).output()?;
    Ok((output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned()))
}

/// One party, one set.
fn played(scripts: &[PathBuf], waiting: &[String], playing: &[String]) -> Result<Outcome, Failed> {
    let mut side = Waiting::start(scripts, waiting)?;
    let base = side.base.clone();
    let (exit, said) = play(scripts, &base, playing)?;
    if exit != Some(0) {
        return Err(format!("`play` ended with {exit:?}: {said}").into());
    }
    let exit = side.outcome()?;
    side.report("report.json", exit)
}

fn own() -> Vec<PathBuf> {
    vec![SUITE.into()]
}

fn strings(all: &[&str]) -> Vec<String> {
    all.iter().map(|text| (*text).to_owned()).collect()
}

fn the_suite_plays_itself() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let record = format!("{}", folder.path().display());
    let output = Command::new(KEUR).args(["run", SUITE, "--record", &record, "--report", "json"]).output()?;
    let report: Value = serde_json::from_slice(&output.stdout)?;
    let asserts = &report["receipt"]["asserts"];
    let good = report["verdict"] == "passed" && report["receipt"]["scripts"]["total"] == 28;
    let whole = asserts["evaluated"] == asserts["total"];
    if output.status.code() == Some(0) && good && whole { Ok(()) } else { Err(format!("{asserts}").into()) }
}

/// What a defect makes fail in our suite, by a piece of the script's file name and of the messages; all
/// other asserts hold.
const DEFECTS: [(&str, &str, &[&str]); 14] = [
    ("no-token", "01-patient", &["Authorization"]),
    ("wrong-token", "01-patient", &["Authorization"]),
    ("token-without-scheme", "01-patient", &["Authorization"]),
    ("missing-accept", "01-patient", &["Accept"]),
    ("missing-header", "01-patient", &["MedMij-Request-ID"]),
    ("missing-include", "01-patient", &["_include=Patient:general-practitioner"]),
    ("bsn-in-url", "03-treatment", &["patient=", "NamingSystem/bsn"]),
    ("wrong-parameter", "03-treatment", &["category"]),
    ("missing-parameter", "03-treatment", &["category"]),
    ("wrong-code-system", "03-treatment", &["category"]),
    ("code-without-system", "03-treatment", &["category"]),
    ("extra-parameter", "01-patient", &["400"]),
    ("wrong-type", "01-patient", &["/Patient", "_include", "400"]),
    ("wrong-method", "01-patient", &["`put`", "`400`"]),
];

fn a_defect_is_found(defect: &str, script: &str, words: &[&str]) -> Result<(), Failed> {
    let outcome = played(&own(), &[], &strings(&["--defect", defect]))?;
    let failed = [outcome.with("fail"), outcome.with("error")].concat();
    let right = |(path, _, message): &&(String, String, String)| {
        path.contains(script) && words.iter().any(|word| message.contains(word))
    };
    let wrong: Vec<_> = failed.iter().filter(|failure| !right(failure)).collect();
    if failed.is_empty() || !wrong.is_empty() || outcome.count("not_evaluated") > 0 || outcome.exit != Some(1) {
        return Err(format!("failed: {failed:?}\n{}", outcome.errors).into());
    }
    Ok(())
}

/// What a client sends, broken: suite, defect, script, verdict and title of every action that is red.
type Sent = (&'static str, &'static str, &'static str, &'static [(&'static str, &'static str)]);

const SHARE: &str = "selfmeasurements-share-2.0/retrieving";
const QUESTIONNAIRES: &str = "questionnaires-2.0/retrieving";
const PDFA: &str = "pdfa-3.0/retrieving";

const SENT: [Sent; 14] = [
    (
        SHARE,
        "wrong-body",
        "01-blood-pressure",
        &[("fail", "There is at least one measurement"), ("fail", "It is a blood pressure, systolic and diastolic")],
    ),
    (SHARE, "empty-body", "01-blood-pressure", &[("error", "What is sent is a Bundle of the right type")]),
    (SHARE, "malformed-body", "01-blood-pressure", &[("error", "What is sent is a Bundle of the right type")]),
    (
        SHARE,
        "wrong-content-type",
        "01-blood-pressure",
        &[("fail", "What is sent is FHIR, as JSON or as XML"), ("fail", "What was sent can be taken")],
    ),
    (QUESTIONNAIRES, "wrong-body", "03-fill-in", &[("fail", "The task is accepted")]),
    (
        QUESTIONNAIRES,
        "empty-body",
        "03-fill-in",
        &[
            ("error", "The task is accepted"),
            ("error", "It is still the same task"),
            ("error", "It tells when it was changed"),
            ("fail", "The update succeeds"),
        ],
    ),
    (
        QUESTIONNAIRES,
        "malformed-body",
        "03-fill-in",
        &[
            ("error", "The task is accepted"),
            ("error", "It is still the same task"),
            ("error", "It tells when it was changed"),
            ("fail", "The update succeeds"),
        ],
    ),
    (
        QUESTIONNAIRES,
        "wrong-content-type",
        "03-fill-in",
        &[("fail", "What is sent is FHIR, as JSON or as XML"), ("fail", "The update succeeds")],
    ),
    (QUESTIONNAIRES, "wrong-id", "02-questionnaire", &[("fail", "The request can be answered")]),
    (
        PDFA,
        "wrong-body",
        "06-send-documents",
        &[
            ("fail", "Every reference points into the Bundle, or to what the server has"),
            ("fail", "The list names the documents in the Bundle"),
        ],
    ),
    (PDFA, "empty-body", "06-send-documents", &[("error", "What is sent is a Bundle of the right type")]),
    (PDFA, "malformed-body", "06-send-documents", &[("error", "What is sent is a Bundle of the right type")]),
    (
        PDFA,
        "wrong-content-type",
        "06-send-documents",
        &[("fail", "What is sent is FHIR, as JSON or as XML"), ("fail", "What was sent can be taken")],
    ),
    (PDFA, "wrong-id", "05-document-content", &[("fail", "The request can be answered")]),
];

/// A broken body makes exactly these asserts red; what is left out after them is in the same test, and only
/// where the server could not take what was sent.
fn what_is_sent_wrong_is_found(sent: &Sent) -> Result<(), Failed> {
    let (suite, defect, script, red) = sent;
    let outcome = played(&[PathBuf::from(suite)], &[], &strings(&["--defect", defect]))?;
    let text = |action: &Value, key: &str| action[key].as_str().unwrap_or_default().to_owned();
    let actions = outcome.actions();
    let not_well = actions.iter().filter(|(_, action)| action["verdict"] != "pass" && action["verdict"] != "skip");
    let mut found: Vec<(String, String)> = vec![];
    for (path, action) in not_well {
        if !path.starts_with(script) {
            return Err(format!("in {path}: {} {}", action["title"], action["message"]).into());
        }
        found.push((text(action, "verdict"), text(action, "title")));
    }
    let expected: Vec<(String, String)> = red.iter().map(|(v, t)| ((*v).to_owned(), (*t).to_owned())).collect();
    let unreadable = matches!(*defect, "empty-body" | "malformed-body");
    let mut skipped = actions.iter().filter(|(_, action)| action["verdict"] == "skip");
    let cause = |action: &Value| red.iter().any(|(_, title)| text(action, "message").contains(title));
    let skips_well = skipped.all(|(path, action)| unreadable && path.starts_with(script) && cause(action));
    if found == expected && skips_well && outcome.exit == Some(1) {
        return Ok(());
    }
    Err(format!("{:?}: {found:#?}\n{}", outcome.exit, outcome.report["receipt"]["asserts"]).into())
}

/// Faults of a client that its request is still known by. Where scripts begin with the same request, a fault in
/// that may count for another of them: then it is put into one of another type.
const FAULTS: [&str; 14] = [
    "missing-accept",
    "wrong-content-type",
    "wrong-body",
    "wrong-id",
    "wrong-parameter",
    "missing-include",
    "no-token@Composition",
    "no-token@Condition",
    "no-token@Observation",
    "no-token@Encounter",
    "no-token@Procedure",
    "no-token@ReferralRequest",
    "no-token@CareTeam",
    "no-token@DiagnosticReport",
];

/// Some fault of a client makes an assert of each script fail. A fault is put into one request of a play, so each
/// script is played by itself; those that have failed are played well after that.
fn every_script_can_fail(suite: &str) -> Result<(), Failed> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testscripts").join(suite);
    let entries = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, Failed>>()?;
    let mut scripts: Vec<PathBuf> =
        entries.into_iter().filter(|path| path.extension().is_some_and(|e| e == "yaml")).collect();
    scripts.sort();
    let name = |script: &PathBuf| script.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut green: BTreeSet<String> = scripts.iter().map(name).collect();
    for defect in FAULTS {
        let mut side = Waiting::start(&[suite.into()], &strings(&["--await-timeout", "3s"]))?;
        for script in &scripts {
            let fault = if green.contains(&name(script)) { strings(&["--defect", defect]) } else { vec![] };
            play(std::slice::from_ref(script), &side.base, &fault)?;
        }
        let exit = side.outcome()?;
        for (script, _) in side.report("report.json", exit)?.actions().iter().filter(|(_, a)| a["verdict"] == "fail") {
            green.remove(script);
        }
        if green.is_empty() {
            return Ok(());
        }
    }
    Err(format!("no assert fails, whatever is sent, in {green:?}").into())
}

/// Names of our suites for clients.
fn retrieving() -> Vec<String> {
    let output = Command::new(KEUR).args(["list", "--own", "--format", "json"]).output();
    let json: Value = output.map(|o| serde_json::from_slice(&o.stdout).unwrap_or_default()).unwrap_or_default();
    let suites = json["suites"].as_array().cloned().unwrap_or_default();
    let names = suites.iter().filter(|suite| suite["role"] == "retrieving");
    names.filter_map(|suite| Some(suite["name"].as_str()?.to_owned())).collect()
}

fn what_is_left_out_is_not_evaluated() -> Result<(), Failed> {
    let outcome = played(&own(), &strings(&["--await-timeout", "3s"]), &strings(&["--defect", "left-out@Flag"]))?;
    let open = outcome.with("not-evaluated");
    let right = |(path, code, message): &(String, String, String)| {
        path.contains("12-alert") && code == "KEUR2200" && message.contains("never came")
    };
    let good = !open.is_empty() && open.iter().all(right) && outcome.count("fail") == 0 && outcome.exit == Some(3);
    if good { Ok(()) } else { Err(format!("{:?} {open:?}", outcome.exit).into()) }
}

fn what_comes_twice_matches_nothing_the_second_time() -> Result<(), Failed> {
    let outcome = played(&own(), &[], &strings(&["--defect", "sent-twice"]))?;
    let told =
        outcome.errors.contains("arrived but matched nothing") && outcome.errors.contains("had its request already");
    if told && outcome.exit == Some(0) { Ok(()) } else { Err(outcome.errors.into()) }
}

fn two_parties_are_kept_apart() -> Result<(), Failed> {
    let tokens = include_str!("../fixtures/bgz-3.0/tokens.json");
    let folder = tempfile::tempdir()?;
    let mut files = BTreeMap::new();
    for party in ["noord", "zuid"] {
        let mut people: Vec<Value> = serde_json::from_str(tokens)?;
        for (number, person) in people.iter_mut().enumerate() {
            person["accessToken"] = format!("Bearer {party}-{number}").into();
        }
        let path = folder.path().join(format!("{party}.json"));
        std::fs::write(&path, serde_json::to_string(&people)?)?;
        files.insert(party, path.display().to_string());
    }
    let parties: Vec<String> =
        files.iter().flat_map(|(party, file)| ["--party".to_owned(), format!("{party}={file}")]).collect();
    let mut side = Waiting::start(&own(), &[parties, strings(&["--await-timeout", "8s"])].concat())?;
    let base = side.base.clone();
    // At the same time: one does all right, the other leaves something out and has one token wrong.
    let sides =
        [(files["noord"].clone(), strings(&[])), (files["zuid"].clone(), strings(&["--defect", "left-out@Flag"]))];
    let players = sides.map(|(tokens, more)| {
        let base = base.clone();
        std::thread::spawn(move || play(&own(), &base, &[vec!["--tokens".to_owned(), tokens], more].concat()))
    });
    for player in players {
        let (exit, said) = player.join().map_err(|_| "a player panicked")??;
        if exit != Some(0) {
            return Err(said.into());
        }
    }
    let exit = side.outcome()?;
    let noord = side.report("report-noord.json", exit)?;
    let zuid = side.report("report-zuid.json", exit)?;
    let all = noord.count("total");
    let good = noord.count("pass") == all && zuid.count("fail") == 0 && zuid.count("not_evaluated") > 0;
    let sum = zuid.count("pass") + zuid.count("not_evaluated") == all;
    if good && sum { Ok(()) } else { Err(format!("{}\n{}", noord.report["receipt"], zuid.report["receipt"]).into()) }
}

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = vec![
        Trial::test("the_suite_plays_itself", the_suite_plays_itself),
        Trial::test("what_is_left_out_is_not_evaluated", what_is_left_out_is_not_evaluated),
        Trial::test(
            "what_comes_twice_matches_nothing_the_second_time",
            what_comes_twice_matches_nothing_the_second_time,
        ),
        Trial::test("two_parties_are_kept_apart", two_parties_are_kept_apart),
    ];
    for (defect, script, words) in DEFECTS {
        trials.push(Trial::test(format!("defect/{defect}"), move || a_defect_is_found(defect, script, words)));
    }
    for sent in &SENT {
        let name = format!("sent/{}/{}", sent.0.trim_end_matches("/retrieving"), sent.1);
        trials.push(Trial::test(name, move || what_is_sent_wrong_is_found(sent)));
    }
    let suites = retrieving();
    assert!(suites.iter().any(|name| name == SUITE), "{suites:?}");
    for suite in suites {
        let name = format!("every script of {suite} can fail");
        trials.push(Trial::test(name, move || every_script_can_fail(&suite)));
    }
    libtest_mimic::run(&arguments, trials).exit();
}
