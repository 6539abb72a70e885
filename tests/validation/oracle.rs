//! Every fixture the HL7 validator judged: do we agree on error or no error, and at the same elements?

use std::collections::BTreeMap;

use keur::fhir::Format;
use libtest_mimic::Failed;

use crate::disagreements;
use crate::location::Place;
use crate::setting::{Oracle, Setting, is_verbose, judge, percent, rows};

/// Bounds of the issue, in percent.
const OVER_ALL: f64 = 99.0;
const IN_EVERY_STANDARD: f64 = 97.0;
const AT_SAME_ELEMENT: f64 = 95.0;

/// Bounds that are *not* met, with the figure that is: it may rise, never fall. Two of 62 files of
/// Questionnaires-2-0 (`que-7` although there is an answer) and five of 99 errors: those two, and three of a
/// slicing by type that the other validator closes. The list says why it is not right there.
const REACHED: [(&str, f64); 2] = [("Questionnaires-2-0", 96.7), ("Stu3 at the same element", 94.9)];

fn bound(of: &str, usual: f64) -> f64 {
    REACHED.iter().find(|(name, _)| *name == of).map_or(usual, |(_, reached)| *reached)
}

#[derive(Default)]
struct Figures {
    files: usize,
    agreed: usize,
    their_errors: usize,
    at_same_element: usize,
}

pub fn compare(setting: &Setting, oracle: &Oracle) -> Result<(), Failed> {
    let folder = setting.assets.join(oracle.folder);
    let mut left_out: BTreeMap<String, Vec<Place>> = BTreeMap::new();
    for row in rows(&folder.join(oracle.classes))? {
        if oracle.left_out.contains(&&*row["class"]) {
            left_out.entry(row["file"].clone()).or_default().push(Place::parse(&row["location"]));
        }
    }
    let mut standards: Vec<String> = std::fs::read_dir(folder.join("inputs"))?
        .filter_map(|e| Some(e.ok()?.file_name().to_string_lossy().into_owned()))
        .collect();
    standards.sort();
    let mut total = Figures::default();
    let mut found = BTreeMap::new();
    let mut not_checked: BTreeMap<String, usize> = BTreeMap::new();
    let mut broken = vec![];
    for standard in standards {
        let validator = setting.validator(oracle.release, &(oracle.packages)(&standard))?;
        let mut figures = Figures::default();
        let mut files: Vec<_> =
            std::fs::read_dir(folder.join("inputs").join(&standard))?.filter_map(|e| Some(e.ok()?.path())).collect();
        files.sort();
        for file in files {
            let Some(format) = Format::from_path(&file) else { continue };
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let stem = name.rsplit_once('.').map_or(&*name, |(s, _)| s);
            let suffix = if format == Format::Json { "from-json.json" } else { "json" };
            let key = format!("{standard}/{stem}.{suffix}");
            let Ok(verdict) = std::fs::read_to_string(folder.join("verdicts").join(&key)) else { continue };
            let verdict: serde_json::Value = serde_json::from_str(&verdict)?;
            let out = left_out.get(&key).map(|o| &**o).unwrap_or_default();
            let theirs = their_errors(&verdict, out);
            let ours = judge(&validator, std::fs::read_to_string(&file)?, format).map_err(|e| format!("{key}: {e}"))?;
            for reason in ours.not_checked {
                *not_checked.entry(reason).or_default() += 1;
            }
            let ours: Vec<(Place, String)> = ours
                .paths
                .iter()
                .zip(&ours.errors)
                .map(|(p, i)| (Place::parse(p), format!("{} {p} {} [{}]", i.code, i.message, i.profile)))
                .filter(|(place, _)| !out.iter().any(|o| o.encloses(place)))
                .collect();
            figures.files += 1;
            figures.agreed += usize::from(ours.is_empty() == theirs.is_empty());
            figures.their_errors += theirs.len();
            let missing: Vec<&(Place, String)> =
                theirs.iter().filter(|(place, _)| !ours.iter().any(|(p, _)| p.is(place))).collect();
            figures.at_same_element += theirs.len() - missing.len();
            if is_verbose() && !missing.is_empty() {
                println!("  ELSEWHERE {key}: {:?}", missing.iter().map(|(_, t)| t).collect::<Vec<_>>());
                println!("    ours: {:?}", ours.iter().map(|(_, t)| t).collect::<Vec<_>>());
            }
            if ours.is_empty() != theirs.is_empty() {
                let side = if ours.is_empty() { "they" } else { "we" };
                let first = ours.iter().chain(&theirs).next().map(|(_, t)| t.clone()).unwrap_or_default();
                found.insert(key, format!("only {side}: {first}"));
            }
        }
        let agreement = percent(figures.agreed, figures.files);
        println!(
            "{standard}: {} of {} files agree ({agreement:.2} %), {} of {} of its errors have ours at the same element",
            figures.agreed, figures.files, figures.at_same_element, figures.their_errors
        );
        if agreement < bound(&standard, IN_EVERY_STANDARD) {
            broken.push(format!("{standard}: {agreement:.2} % is less than {IN_EVERY_STANDARD} %"));
        }
        total.files += figures.files;
        total.agreed += figures.agreed;
        total.their_errors += figures.their_errors;
        total.at_same_element += figures.at_same_element;
    }
    let (agreement, same) = (percent(total.agreed, total.files), percent(total.at_same_element, total.their_errors));
    println!(
        "{:?}: {} of {} files agree ({agreement:.2} %), {} of {} errors at the same element ({same:.2} %)",
        oracle.release, total.agreed, total.files, total.at_same_element, total.their_errors
    );
    println!("not checked: {not_checked:#?}");
    if is_verbose() {
        found.iter().for_each(|(w, detail)| println!("  DISAGREE {w} -- {detail}"));
    }
    if agreement < OVER_ALL {
        broken.push(format!("{agreement:.2} % of all files is less than {OVER_ALL} %"));
    }
    if same < bound(&format!("{:?} at the same element", oracle.release), AT_SAME_ELEMENT) {
        broken.push(format!("{same:.2} % at the same element is less than {AT_SAME_ELEMENT} %"));
    }
    if !broken.is_empty() {
        return Err(broken.join("\n").into());
    }
    disagreements::check(&format!("oracle {:?}", oracle.release), &found)
}

/// What the oracle holds against a file, without its artefacts: place and text of each error.
fn their_errors(verdict: &serde_json::Value, out: &[Place]) -> Vec<(Place, String)> {
    let issues = verdict["issue"].as_array().cloned().unwrap_or_default();
    let text = |i: &serde_json::Value, key: &str| i[key].as_str().unwrap_or_default().to_owned();
    let errors = issues.iter().filter(|i| matches!(i["severity"].as_str(), Some("error" | "fatal")));
    errors
        .map(|i| (Place::parse(&text(i, "location")), format!("{} {}", text(i, "messageId"), text(i, "location"))))
        .filter(|(place, _)| !out.iter().any(|o| o.encloses(place)))
        .collect()
}
