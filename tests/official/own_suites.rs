//! Our own suites on official fixtures: what they ask of any data holds there too.
//!
//! The asserts about what our own persons have to say cannot hold for others: those stand in the scripts
//! themselves, or count. All other rules must hold; what does not is a contradiction in the fixtures, in the
//! table below, or our rule asks more than the standard does. Suites whose fixtures come about by scripts
//! (tasks of questionnaires and handoffs) or whose searches name a person by number have nothing to look at
//! here: their rules are played on our own persons alone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use libtest_mimic::Failed;

use crate::material::Material;
use crate::outcome::{Action, Counts};
use crate::party::{Server, Serving, run};
use crate::table::Table;

/// A suite, the goal whose fixtures it looks at, and their persons; ours are played by these in turn.
pub struct Own {
    pub suite: &'static str,
    goal: &'static str,
    persons: &'static [&'static str],
}

pub const OWN: [Own; 8] = [
    Own {
        suite: "bgz-3.0",
        goal: "STU3/BgZ-3-0/MedMij/Cert",
        persons: &["medmij-bgz-patient-ts-01", "medmij-bgz-patient-ts-02"],
    },
    Own { suite: "gpdata-2.0", goal: "STU3/GenPractData-2-0/MedMij/Cert", persons: &["gpdata-patient-kwalificatie1"] },
    Own {
        suite: "laboratory-2.0",
        goal: "STU3/LaboratoryResults-2-0/MedMij/Cert",
        persons: &["laboratoryresults-patient-kwalificatie1"],
    },
    Own {
        suite: "pdfa-3.0",
        goal: "STU3/PDFA-3-0/MedMij/Cert",
        persons: &["example-pdfa-kwalificatie1", "example-pdfa-kwalificatie2", "example-pdfa-kwalificatie3"],
    },
    Own {
        suite: "selfmeasurements-2.0",
        goal: "STU3/SelfMeasurements-2-0/MedMij/Cert",
        persons: &["selfmeasurement-patient-kwalificatie2", "selfmeasurement-patient-kwalificatie1"],
    },
    Own {
        suite: "medication-9.0.7",
        goal: "STU3/Medication-9-0-7/MedMij/Cert",
        persons: &["XXX-BOURGONJE", "XXX-GOBEE", "XXX-DIRKSZ", "XXX-STRENGERSZ"],
    },
    Own {
        suite: "pregnancy-card-1.0",
        goal: "STU3/Geboortezorg-2/MedMij/Cert",
        persons: &["KIMXXX-Zhanganak", "LINDAXXX-Hollanders"],
    },
    Own {
        suite: "vaccinations-1.0",
        goal: "R4/Immunization-2-0/MedMij/Test",
        persons: &["nl-core-Patient--XXX-Biezen", "nl-core-Patient--AnnemarieA-AnnavandeXXX-BeversdeBoomMSc-"],
    },
];

/// Groups whose asserts count what our persons have, or build on it.
const COUNTING: [&str; 12] = [
    "first-page.yaml",
    "format-wins.yaml",
    "id-of-another.yaml",
    "next-page.yaml",
    "nothing.yaml",
    "on-record.yaml",
    "page-of-another.yaml",
    "patient-of-another.yaml",
    "read-one.yaml",
    "read-refused.yaml",
    "record-of-the-other.yaml",
    "refused.yaml",
];

/// Asserts of other groups that count.
const COUNTS: [&str; 3] =
    ["The matches are the ", "Beside the matches the answer holds exactly ", "There is at least one match"];

/// What is wrong in the fixtures: suite, start of the assert's title, part of its message, and why.
const KNOWN: [(&str, &str, &str, &str); 4] = [
    (
        "gpdata-2.0",
        "The Bundle conforms to FHIR",
        "reserved for examples",
        "identifiers of allergies have a system at `example.org`",
    ),
    (
        "selfmeasurements-2.0",
        "All matches are about one and the same person",
        "",
        "measurements refer to their person by the address within the Bundle they were sent in",
    ),
    (
        "selfmeasurements-2.0",
        "The subject is a patient",
        "urn:oid:",
        "measurements refer to their person by the address within the Bundle they were sent in",
    ),
    (
        "pregnancy-card-1.0",
        "",
        "variable `record` has no value",
        "no record is on the same terms as that of our person, so nothing can be asked of it",
    ),
];

/// Plays a suite on official fixtures.
pub fn play(material: &Material, own: &Own, table: &Table) -> Result<(), Failed> {
    let goals = material.goals();
    let goal = goals.iter().find(|goal| goal.name == own.goal).ok_or(format!("there is no `{}`", own.goal))?;
    let fixtures = [goal.folder.join("_reference")];
    let serving = Serving { tokens: Some(material.tokens()), fixtures: &fixtures, without: &[] };
    let server = Server::start(goal, &serving)?;
    let variables = tokens(material, own)?;
    let variables: Vec<(&str, String)> = variables.iter().map(|(name, token)| (name.as_str(), token.clone())).collect();
    let report = run(material, Path::new(own.suite), &server.url, &variables)?;
    let counts = Counts::of(&report);
    table.add(own.suite, "own suite", &counts);
    let mut used = BTreeSet::new();
    let mut wrong: BTreeMap<String, usize> = BTreeMap::new();
    for action in report.scripts.iter().flat_map(|script| &script.tests).flat_map(|test| &test.actions) {
        if !matches!(action.verdict.as_str(), "pass" | "warning" | "skip") && !is_explained(own, action, &mut used) {
            *wrong.entry(format!("{}: {}: {}", action.verdict, action.title, action.message)).or_default() += 1;
        }
    }
    let gone: Vec<&str> = (0..KNOWN.len())
        .filter(|row| KNOWN[*row].0 == own.suite && !used.contains(row))
        .map(|row| KNOWN[row].1)
        .collect();
    if counts.pass == 0 || !gone.is_empty() {
        return Err(format!("{} pass; known and not seen: {gone:?}", counts.pass).into());
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(format!("{wrong:#?}").into()),
    }
}

fn is_explained(own: &Own, action: &Action, used: &mut BTreeSet<usize>) -> bool {
    let group = action.source.path.as_deref().and_then(|path| path.rsplit(['/', '\\']).next());
    let Some(group) = group else { return true };
    let row = KNOWN.iter().position(|(suite, title, message, _)| {
        *suite == own.suite && action.title.starts_with(title) && action.message.contains(message)
    });
    used.extend(row);
    let counts = COUNTING.contains(&group) || COUNTS.iter().any(|title| action.title.starts_with(title));
    row.is_some() || counts || action.message.contains("has no value")
}

/// The variables for the tokens of our persons, each with the token of one of theirs.
fn tokens(material: &Material, own: &Own) -> Result<Vec<(String, String)>, Failed> {
    const VARIABLE: &str = "name: patient-token-";
    let folder: PathBuf = [env!("CARGO_MANIFEST_DIR"), "testscripts", own.suite, "serving"].iter().collect();
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(folder)? {
        let text = std::fs::read_to_string(entry?.path())?;
        names.extend(text.lines().filter_map(|line| Some(line.split_once(VARIABLE)?.1.trim().to_owned())));
    }
    let last = own.persons.len().saturating_sub(1);
    let token = |(at, name): (usize, String)| {
        let person = own.persons.get(at.min(last)).ok_or("no persons")?;
        Ok((format!("patient-token-{name}"), material.of_person(person, "accessToken")?))
    };
    names.into_iter().enumerate().map(token).collect()
}
