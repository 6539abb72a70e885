//! Single-defect mutants: what the oracle rejects must get an issue that the unmutated file does not have.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use keur::fhir::{FhirVersion, Format};
use keur::validation::Validator;
use libtest_mimic::Failed;

use crate::disagreements;
use crate::location::Place;
use crate::setting::{Oracle, Setting, is_verbose, judge, percent, rows};

/// Bounds of the issue, in percent.
const CAUGHT: f64 = 99.0;
const AT_THE_ELEMENT: f64 = 95.0;
const REFUSED: f64 = 2.0;

/// An error: what it says, without indices in its path, so that one that only moved is not new.
type Said = (String, String);

pub fn compare(setting: &Setting, oracle: &Oracle) -> Result<(), Failed> {
    let folder = setting.assets.join(oracle.folder);
    let verdicts: BTreeMap<String, BTreeMap<String, String>> =
        rows(&folder.join("mutants/verdicts.tsv"))?.into_iter().map(|r| (r["id"].clone(), r)).collect();
    let mut validators: BTreeMap<String, Validator> = BTreeMap::new();
    let (mut rejected, mut caught, mut at_the_element, mut accepted, mut refused) = (0, 0, 0, 0, 0);
    let mut found = BTreeMap::new();
    for row in rows(&folder.join("mutants/index.tsv"))? {
        let Some(verdict) = verdicts.get(&row["id"]).filter(|v| v.get("weak").is_none_or(|w| w.is_empty())) else {
            continue;
        };
        let standard = &row["standard"];
        if !validators.contains_key(standard) {
            validators.insert(standard.clone(), setting.validator(oracle.release, &(oracle.packages)(standard))?);
        }
        let Some(validator) = validators.get(standard) else { continue };
        let before: BTreeSet<String> = errors(validator, folder.join("inputs").join(standard).join(&row["source"]))?
            .into_iter()
            .map(|(said, _)| said)
            .collect();
        let after = errors(validator, folder.join(format!("mutants/inputs/{}.xml", row["id"])))?;
        let new: Vec<&Said> = after.iter().filter(|(said, _)| !before.contains(said)).collect();
        let detail = format!("{} -- {} -- {new:?}", row["description"], verdict["new_errors"]);
        if verdict["verdict"] == "accepted" {
            accepted += 1;
            if !new.is_empty() {
                refused += 1;
                found.insert(row["id"].clone(), detail);
            }
            continue;
        }
        rejected += 1;
        if new.is_empty() {
            found.insert(row["id"].clone(), detail);
            continue;
        }
        caught += 1;
        let theirs: Vec<Place> = verdict["new_errors"]
            .split(" | ")
            .filter_map(|e| e.split_once(" @ "))
            .map(|(_, place)| Place::parse(place))
            .collect();
        // Where the oracle broke down (an exception) it names no element.
        let near = |(_, path): &&Said| {
            let ours = Place::parse(path);
            theirs.iter().any(|t| ours.encloses(t) || (t.is_markup && ours.parent().encloses(t)))
        };
        if theirs.is_empty() || new.iter().any(near) {
            at_the_element += 1;
        } else if is_verbose() {
            println!("  ELSEWHERE {} {detail}", row["id"]);
        }
    }
    println!(
        "{:?}: {caught} of {rejected} rejected mutants caught ({:.2} %), {at_the_element} at the element or around it \
         ({:.2} %), {refused} of {accepted} accepted ones refused",
        oracle.release,
        percent(caught, rejected),
        percent(at_the_element, caught)
    );
    if is_verbose() {
        found.iter().for_each(|(w, detail)| println!("  DISAGREE {w} -- {detail}"));
    }
    let most_refused = if oracle.release == FhirVersion::R4 { 1 } else { (accepted as f64 * REFUSED / 100.0) as usize };
    if percent(caught, rejected) < CAUGHT
        || percent(at_the_element, rejected) < AT_THE_ELEMENT
        || refused > most_refused
    {
        return Err("a bound is broken".into());
    }
    disagreements::check(&format!("mutants {:?}", oracle.release), &found)
}

/// What we hold against a file; a file that cannot be read is one error.
fn errors(validator: &Validator, path: PathBuf) -> Result<Vec<Said>, Failed> {
    let text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    let format = Format::from_path(&path).unwrap_or(Format::Xml);
    let Ok(ours) = judge(validator, text, format) else { return Ok(vec![("unreadable".to_owned(), String::new())]) };
    let said = ours.errors.iter().zip(ours.paths).map(|(issue, path)| {
        let plain: String = path.split('[').map(|p| p.split_once(']').map_or(p, |(_, rest)| rest)).collect();
        (format!("{} {plain} {}", issue.code, issue.message), path)
    });
    Ok(said.collect())
}
