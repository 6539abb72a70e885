//! The test persons of every suite: one with much, one with little, one with nothing, one at the edges; and
//! all they have is right by our own validator, placeholders filled in. What the suite asks of any person holds
//! of each of them.

use std::path::Path;
use std::process::Command;

use keur::fhir::Format;
use keur::testscript::{Circumstances, Variables, placeholders, series};
use libtest_mimic::{Failed, Trial};
use serde_json::Value;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Suites that only take what they are sent: their persons are as different as what is sent for them.
const SENDING: [&str; 3] = ["corrections-1.0", "images-2.0", "selfmeasurements-share-2.0"];

/// Suites whose records hold measurements or results: somebody has five hundred of them.
const MEASURING: [&str; 8] = [
    "bglz-3.0",
    "bgz-3.0",
    "bgz-msz-2.0",
    "ggz-2.0",
    "gpdata-2.0",
    "laboratory-2.0",
    "pregnancy-card-1.0",
    "selfmeasurements-2.0",
];

/// What the person at the edges has, everywhere.
const EDGES: [&str; 5] = ["contained", "first and last days", "long name", "midnight", "null flavour"];

/// One trial a suite.
pub fn trials() -> Vec<Trial> {
    let folders = std::fs::read_dir(Path::new(ROOT).join("testscripts")).into_iter().flatten().flatten();
    let mut suites: Vec<String> = folders.filter_map(|folder| folder.file_name().into_string().ok()).collect();
    suites.retain(|name| Path::new(ROOT).join("testscripts").join(name).join("suite.toml").is_file());
    suites.sort();
    let of = |name: String| {
        let right = name.clone();
        [
            Trial::test(format!("persons_of_{right}_are_right"), move || persons(&right)),
            Trial::test(format!("any_person_of_{name}_will_do"), move || any_person(&name)),
        ]
    };
    suites.into_iter().flat_map(of).collect()
}

/// What `suite.toml` says.
fn card(suite: &str) -> Result<toml::Table, Failed> {
    let path = Path::new(ROOT).join("testscripts").join(suite).join("suite.toml");
    Ok(toml::from_str(&std::fs::read_to_string(path)?)?)
}

/// The suite for any person holds of every person of ours, the next one being the other, all of it evaluated.
fn any_person(suite: &str) -> Result<(), Failed> {
    let card = card(suite)?;
    let folder = card.get("persons").and_then(toml::Value::as_str).unwrap_or_default();
    let tokens = Path::new(ROOT).join("fixtures").join(folder).join("tokens.json");
    let persons: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(tokens)?)?;
    let text = |person: &Value, what: &str| person[what].as_str().unwrap_or_default().to_owned();
    let mut wrong = vec![];
    for (at, person) in persons.iter().enumerate() {
        let other = persons.get((at + 1) % persons.len()).unwrap_or(person);
        let place = tempfile::tempdir()?;
        let report = place.path().join("report.json");
        let mut command = Command::new(env!("CARGO_BIN_EXE_keur"));
        command.current_dir(ROOT).args(["run", &format!("{suite}/any-person"), "--offline", "--record"]);
        command.arg(place.path().join("runs")).arg("--report").arg(format!("json={}", report.display()));
        for (variable, of, what) in [
            ("patient-token-PERSON", person, "accessToken"),
            ("patient-token-OTHER", other, "accessToken"),
            ("bsn", person, "bsn"),
            ("bsn-of-the-other", other, "bsn"),
        ] {
            command.arg("--var").arg(format!("{variable}={}", text(of, what)));
        }
        let output = command.output()?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let report: Value = serde_json::from_str(&std::fs::read_to_string(report).map_err(|_| said)?)?;
        let asserts = &report["receipt"]["asserts"];
        if output.status.code() != Some(0) || asserts["skip"] != 0 || asserts["evaluated"] != asserts["total"] {
            wrong.push(format!("{}: {asserts}", text(person, "familyName")));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// A person, all that is known of them read.
struct Person {
    name: String,
    files: Vec<(String, String)>,
    /// Resources beside the Patient, those within Bundles too.
    resources: usize,
    /// The Observations among them.
    observations: usize,
    edges: Vec<&'static str>,
}

fn persons(suite: &str) -> Result<(), Failed> {
    let card = card(suite)?;
    let text = |key: &str| card.get(key).and_then(toml::Value::as_str).unwrap_or_default().to_owned();
    let folder = Path::new(ROOT).join("fixtures").join(text("persons"));
    let mut persons = vec![];
    for entry in std::fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.is_dir() {
            persons.push(person(&path)?);
        }
    }
    persons.sort_by_key(|person| person.resources);
    let seen: Vec<String> =
        persons.iter().map(|p| format!("{} {}/{} {:?}", p.name, p.resources, p.observations, p.edges)).collect();
    println!("{suite}: {}", seen.join("; "));
    different(suite, &persons)?;
    valid(suite, &text("fhir_version"), &persons)
}

fn person(folder: &Path) -> Result<Person, Failed> {
    let circumstances = Circumstances::live();
    let mut variables = Variables::new(&circumstances);
    variables.set("T", circumstances.now().date().to_string());
    variables.set("server-base", "http://dva.example/fhir/");
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut person = Person { name, files: vec![], resources: 0, observations: 0, edges: vec![] };
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let mut text = std::fs::read_to_string(&path)?;
        if series::is_series(&path) {
            text = series::expand(text).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        let text = placeholders::substitute(&text, Format::Json, &variables)
            .map_err(|unresolved| format!("{}: {unresolved:?}", path.display()))?;
        let value: Value = serde_json::from_str(&text)?;
        let entries = value["entry"].as_array().into_iter().flatten().map(|entry| &entry["resource"]);
        let all: Vec<&Value> = if value["entry"].is_array() { entries.collect() } else { vec![&value] };
        person.resources += all.iter().filter(|resource| resource["resourceType"] != "Patient").count();
        person.observations += all.iter().filter(|resource| resource["resourceType"] == "Observation").count();
        person.edges.extend(edges(&value, &text));
        // A series is judged as the Bundle it stands for.
        let name = path.file_name().unwrap_or_default().to_string_lossy().replace(series::SUFFIX, ".series.json");
        person.files.push((name, text));
    }
    person.edges.sort_unstable();
    person.edges.dedup();
    Ok(person)
}

/// What makes data hard to handle.
fn edges(value: &Value, text: &str) -> Vec<&'static str> {
    let long = |name: &Value| name["family"].as_str().is_some_and(|family| family.chars().count() >= 28);
    let names = value["name"].as_array();
    let all = [
        (names.is_some_and(|names| names.iter().any(long)), "long name"),
        (value.get("contained").is_some(), "contained"),
        (
            ["v3/NullFlavor", "v3-NullFlavor", "data-absent-reason"].iter().any(|system| text.contains(system)),
            "null flavour",
        ),
        (["-01-01", "-12-31", "-02-29"].iter().any(|day| text.contains(day)), "first and last days"),
        (text.contains("T00:00") || text.contains("T23:59"), "midnight"),
    ];
    all.into_iter().filter(|(there, _)| *there).map(|(_, edge)| edge).collect()
}

/// One has nothing, one little, one much; and one has several things that are hard to handle.
fn different(suite: &str, persons: &[Person]) -> Result<(), Failed> {
    let told = |what: &str| -> Result<(), Failed> { Err(format!("{suite}: no person {what}").into()) };
    if persons.len() < 4 {
        return told("more than three");
    }
    if SENDING.contains(&suite) {
        return if persons.iter().any(|person| !person.edges.is_empty()) { Ok(()) } else { told("at the edges") };
    }
    let counts: Vec<usize> = persons.iter().map(|person| person.resources).collect();
    let most = counts.last().copied().unwrap_or_default();
    if counts.first() != Some(&0) {
        return told("without data");
    }
    if !counts.iter().any(|count| (1..=most / 2).contains(count)) {
        return told("with little");
    }
    if most < 4 {
        return told("with much");
    }
    let edge = persons.iter().find(|person| person.edges.contains(&"long name")).ok_or("nobody has a long name")?;
    let missing: Vec<&str> = EDGES.into_iter().filter(|wanted| !edge.edges.contains(wanted)).collect();
    if !missing.is_empty() {
        return told(&format!("at the edges: {} lacks {missing:?}", edge.name));
    }
    if MEASURING.contains(&suite) && edge.observations < 500 {
        return told(&format!("with 500 observations: {} has {}", edge.name, edge.observations));
    }
    Ok(())
}

/// Packages that the suite names; keur carries the facts of each.
fn packages(suite: &str) -> Vec<String> {
    let path = Path::new(ROOT).join("testscripts").join(suite).join("serving").join("properties.json");
    let Ok(text) = std::fs::read_to_string(path) else { return vec![] };
    let properties: Value = serde_json::from_str(&text).expect("properties are JSON");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let asked = properties["fhirPackage"].as_array().into_iter().flatten();
    asked.map(|package| format!("{}@{}", text(&package["name"]), text(&package["version"]))).collect()
}

fn valid(suite: &str, fhir_version: &str, persons: &[Person]) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    for person in persons {
        std::fs::create_dir(folder.path().join(&person.name))?;
        for (name, text) in &person.files {
            std::fs::write(folder.path().join(&person.name).join(name), text)?;
        }
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_keur"));
    command.arg("validate").arg(folder.path()).args(["--fhir-version", fhir_version, "--format", "json"]);
    for package in packages(suite) {
        command.arg("--package").arg(package);
    }
    let output = command.output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let report: Value = serde_json::from_slice(&output.stdout).map_err(|error| format!("{error}: {said}"))?;
    let files = &report["receipt"]["files"];
    if files["invalid"] == 0 && files["incomplete"] == 0 {
        return Ok(());
    }
    let mut wrong = vec![];
    for file in report["files"].as_array().into_iter().flatten() {
        let issues = file["issues"].as_array().into_iter().flatten();
        let bad = issues.filter(|issue| issue["severity"] == "error" || issue["severity"] == "fatal");
        let name = file["path"].as_str().unwrap_or_default().rsplit('/').take(2).collect::<Vec<_>>().join(" of ");
        wrong.extend(bad.map(|issue| format!("{name}: {} {}", issue["path"], issue["message"])));
    }
    Err(format!("{files}\n{}\n{said}", wrong.join("\n")).into())
}
