//! Our own suites for any person, on official fixtures: what they ask holds of persons that we did not make.
//!
//! A goal is loaded as its own scripts load it, and the suite is played with the token of every person of it that
//! the registry knows, the next one being the other. Every assert is evaluated: nothing is skipped, nothing is an
//! error, nothing stays unevaluated but for a profile that nobody has. What fails is in `own.toml`, with what is
//! wrong in the fixtures; a row that nothing needs fails the test.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use libtest_mimic::Failed;
use serde::Deserialize;

use crate::known::Register;
use crate::material::{Goal, Material};
use crate::outcome::{Action, Counts};
use crate::party::{Server, Serving, run};
use crate::table::Table;

/// A suite, and a goal whose fixtures it is played on.
pub struct Own {
    pub suite: &'static str,
    pub goal: &'static str,
    /// The state of the Tasks that a party has open for a person, part of the names of their fixtures; each person
    /// has a server then, as the Tasks of all have one id.
    tasks: Option<&'static str>,
}

pub const OWN: [Own; 22] = [
    on("bgz-3.0", "STU3/BgZ-3-0/MedMij/Cert"),
    on("bgz-3.0", "STU3/BgZ-3-0/MedMij/Test"),
    on("bgz-msz-2.0", "STU3/BgZ-MSZ-2-0/Cert"),
    on("bgz-msz-2.0", "STU3/BgZ-MSZ-2-0/Test"),
    on("gpdata-2.0", "STU3/GenPractData-2-0/MedMij/Cert"),
    on("laboratory-2.0", "STU3/LaboratoryResults-2-0/MedMij/Cert"),
    on("pdfa-3.0", "STU3/PDFA-3-0/MedMij/Cert"),
    on("pdfa-3.0", "STU3/PDFA-3-0/MedMij/Test"),
    on("selfmeasurements-2.0", "STU3/SelfMeasurements-2-0/MedMij/Cert"),
    on("selfmeasurements-2.0", "STU3/SelfMeasurements-2-0/MedMij/Test"),
    on("selfmeasurements-share-2.0", "STU3/SelfMeasurements-2-0/MedMij/Cert"),
    on("selfmeasurements-share-2.0", "STU3/SelfMeasurements-2-0/MedMij/Test"),
    on("medication-9.0.7", "STU3/Medication-9-0-7/MedMij/Cert"),
    on("medication-9.0.7", "STU3/Medication-9-0-7-test/MedMij/Test"),
    on("pregnancy-card-1.0", "STU3/Geboortezorg-2/MedMij/Cert"),
    on("vaccinations-1.0", "R4/Immunization-2-0/MedMij/Cert"),
    on("vaccinations-1.0", "R4/Immunization-2-0/MedMij/Test"),
    on("images-2.0", "STU3/Images-2-0/MedMij/Cert"),
    with_tasks("questionnaires-2.0", "STU3/Questionnaires-2-0/MedMij/Cert", "-REQUESTED"),
    with_tasks("questionnaires-2.0", "STU3/Questionnaires-2-0/MedMij/Test", "-REQUESTED"),
    with_tasks("eoverdracht-4.0", "STU3/eOverdracht/4.0/Cert", "-IN-PROGRESS"),
    with_tasks("eoverdracht-4.0", "STU3/eOverdracht/4.0/Test", "-IN-PROGRESS"),
];

const fn on(suite: &'static str, goal: &'static str) -> Own {
    Own { suite, goal, tasks: None }
}

const fn with_tasks(suite: &'static str, goal: &'static str, tasks: &'static str) -> Own {
    Own { suite, goal, tasks: Some(tasks) }
}

/// Somebody whom the registry knows and no fixture is about: the other where a goal has one person.
const NOBODY: &str = "Nictiz-internal-patient";

/// What an operator types in for a person: suite, person, variable, value with `{base}` for the server. The content
/// of this document stands on the internet, and here nothing is dialled there: the party has its own.
const INPUTS: [(&str, &str, &str, &str); 1] =
    [("pdfa-3.0", "example-pdfa-kwalificatie2", "pdf-url", "{base}/Binary/pdfa-binary4")];

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/official/own.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    wrong: Vec<Wrong>,
}

/// Something that is wrong in fixtures, and the assert that finds it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wrong {
    suite: String,
    goal: String,
    /// Start of its description.
    assert: String,
    /// Part of what it says.
    #[serde(default)]
    says: String,
    /// What is wrong in the fixtures.
    why: String,
}

/// Plays a suite on the fixtures of a goal, with every person of it.
pub fn play(material: &Material, own: &Own, register: &Register, table: &Table) -> Result<(), Failed> {
    let known: Known = toml::from_str(&std::fs::read_to_string(FILE)?)?;
    let rows: Vec<&Wrong> = known.wrong.iter().filter(|row| row.suite == own.suite && row.goal == own.goal).collect();
    let goals = material.goals();
    let goal = goals.iter().find(|goal| goal.name == own.goal).ok_or(format!("there is no `{}`", own.goal))?;
    let persons = persons(material, goal)?;
    let suite = PathBuf::from(format!("{}/any-person", own.suite));
    let (mut needed, mut wrong, mut running) = (BTreeSet::new(), BTreeMap::<String, usize>::new(), None);
    for (at, person) in persons.iter().enumerate().filter(|(_, person)| *person != NOBODY) {
        let other = persons.get((at + 1) % persons.len()).unwrap_or(person);
        let server = match running.take().filter(|_| own.tasks.is_none()) {
            Some(server) => server,
            None => serve(material, goal, &tasks(goal, person, own)?)?,
        };
        let report = run(material, &suite, &server.url, &variables(material, own, [person, other], &server.url)?)?;
        table.add(own.suite, "any person", &Counts::of(&report));
        let actions = report.scripts.iter().flat_map(|script| &script.tests).flat_map(|test| &test.actions);
        for action in actions.filter(|action| !is_right(action, register)) {
            let row = rows.iter().position(|row| row.is_about(action));
            needed.extend(row);
            if row.is_none() {
                let told = format!("{person}: {}: {}: {}", action.verdict, action.title, action.message);
                *wrong.entry(told).or_default() += 1;
            }
        }
        running = Some(server);
    }
    let vain: Vec<&str> =
        rows.iter().enumerate().filter(|(at, _)| !needed.contains(at)).map(|(_, row)| row.assert.as_str()).collect();
    match wrong.is_empty() && vain.is_empty() {
        true => Ok(()),
        false => Err(format!("not explained: {wrong:#?}; not needed: {vain:?}").into()),
    }
}

impl Wrong {
    fn is_about(&self, action: &Action) -> bool {
        let explains = !self.why.is_empty() && action.verdict == "fail";
        explains && action.title.starts_with(&self.assert) && action.message.contains(&self.says)
    }
}

fn is_right(action: &Action, register: &Register) -> bool {
    match action.verdict.as_str() {
        "pass" | "warning" => true,
        "not-evaluated" => register.is_absent(&action.message),
        _ => false,
    }
}

/// A server with what the scripts of the goal load, or the fixtures that are for all of its scripts where it has no
/// such scripts; and with these Tasks.
fn serve(material: &Material, goal: &Goal, tasks: &[PathBuf]) -> Result<Server, Failed> {
    let loader = goal.loader();
    let mut fixtures = if loader.is_some() { vec![] } else { files(&goal.folder.join("_reference"))? };
    fixtures.retain(|file| !file.to_string_lossy().contains("specific"));
    fixtures.extend_from_slice(tasks);
    let server = Server::start(goal, &Serving { tokens: Some(material.tokens()), fixtures: &fixtures, without: &[] })?;
    if let Some(loader) = loader {
        let counts = Counts::of(&run(material, &loader, &server.url, &[])?);
        if counts.pass == 0 || counts.fail + counts.error + counts.skip > 0 {
            return Err(format!("{} cannot be loaded: {counts:?}", goal.name).into());
        }
    }
    Ok(server)
}

/// The persons of a goal that have a token, and somebody else where there are fewer than two.
fn persons(material: &Material, goal: &Goal) -> Result<Vec<String>, Failed> {
    let mut patients = BTreeSet::new();
    for file in files(&goal.folder.join("_reference"))? {
        let text = std::fs::read_to_string(file)?;
        let patient = text.split_once("<Patient").and_then(|(_, rest)| rest.split_once("<id value=\""));
        patients.extend(patient.and_then(|(_, rest)| rest.split_once('"')).map(|(id, _)| id.to_owned()));
    }
    let mut persons: Vec<String> =
        patients.into_iter().filter(|id| material.of_person(id, "accessToken").is_ok()).collect();
    if persons.is_empty() {
        // Nothing is asked of what was there before: anybody will do.
        persons.extend(["XXX-Yong", "XXX-Smits"].map(str::to_owned));
    }
    if persons.len() == 1 {
        persons.push(NOBODY.to_owned());
    }
    Ok(persons)
}

/// The Tasks that are open for a person; not the ones with which clients are shown what is not there.
fn tasks(goal: &Goal, person: &str, own: &Own) -> Result<Vec<PathBuf>, Failed> {
    let Some(state) = own.tasks else { return Ok(vec![]) };
    let about = format!("Patient/{person}\"");
    let mut tasks = vec![];
    for file in files(&goal.folder.join("_reference"))? {
        let name = file.to_string_lossy();
        let open = name.contains(state) && name.ends_with(".xml") && !name.contains("invalid");
        if open && std::fs::read_to_string(&file)?.contains(&about) {
            tasks.push(file);
        }
    }
    Ok(tasks)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, Failed> {
    let (mut files, mut open) = (vec![], vec![folder.to_owned()]);
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() { open.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    Ok(files)
}

/// Whose tokens are used, and what else an operator would type in.
fn variables(
    material: &Material,
    own: &Own,
    [person, other]: [&String; 2],
    base: &str,
) -> Result<Vec<(&'static str, String)>, Failed> {
    let mut variables = vec![
        ("patient-token-PERSON", material.of_person(person, "accessToken")?),
        ("patient-token-OTHER", material.of_person(other, "accessToken")?),
    ];
    if let (Ok(bsn), Ok(others)) = (material.of_person(person, "bsn"), material.of_person(other, "bsn")) {
        variables.extend([("bsn", bsn), ("bsn-of-the-other", others)]);
    }
    let inputs = INPUTS.iter().filter(|(suite, of, ..)| *suite == own.suite && of == person);
    variables.extend(inputs.map(|(.., name, value)| (*name, value.replace("{base}", base))));
    Ok(variables)
}
