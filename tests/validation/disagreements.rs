//! The list of disagreements that remain, and the check that it is exact.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use libtest_mimic::Failed;
use serde::Deserialize;

const FILE: &str = "tests/validation/disagreements.toml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    #[serde(default)]
    disagreement: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// The test it belongs to.
    test: String,
    /// What disagrees: a file, a mutant, an example with its issue.
    what: Vec<String>,
    /// `keur`, `hl7` or `neither`.
    right: String,
    /// Why.
    why: String,
}

/// Compares what was found with what is listed for a test: each must be in the other.
pub fn check(test: &str, found: &BTreeMap<String, String>) -> Result<(), Failed> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    let listed: Listed = toml::from_str(&std::fs::read_to_string(path)?)?;
    let mut known = BTreeSet::new();
    for entry in listed.disagreement.iter().filter(|e| e.test == test) {
        assert!(["keur", "hl7", "neither"].contains(&&*entry.right), "{}: nobody can be right", entry.right);
        assert!(entry.why.len() > 20, "{:?}: no reason", entry.what);
        for what in &entry.what {
            assert!(known.insert(what.clone()), "{what} is listed twice");
        }
    }
    let unlisted: Vec<String> =
        found.iter().filter(|(w, _)| !known.contains(*w)).map(|(w, detail)| format!("{w} -- {detail}")).collect();
    let settled: Vec<&String> = known.iter().filter(|w| !found.contains_key(*w)).collect();
    if unlisted.is_empty() && settled.is_empty() {
        return Ok(());
    }
    Err(format!("not in {FILE}:\n  {}\nlisted there but agreed on:\n  {settled:?}", unlisted.join("\n  ")).into())
}
