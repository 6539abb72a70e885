//! The register of asserts that cannot pass against their own fixtures, and of profiles that nobody has.
//!
//! It is data for this test; the product never reads it. It may only shrink: an entry whose assert passes
//! fails the test, and there is a limit to how many there may be.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::material::Material;
use crate::outcome::Report;
use crate::table::Table;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/official/known.toml");

/// Of all asserts one in this many may be in the register.
const ONE_IN: usize = 100;

/// Asserts of one set that may be in it.
const LIMITS: [(&str, usize); 1] = [("STU3/BgZ-3-0/MedMij/Cert/", 12)];

/// The official material of these sides: scripts and asserts. Fewer were not all played.
const WHOLE: [(&str, usize, usize); 4] =
    [("server", 1_894, 79_376), ("load", 22, 3_378), ("client", 1_308, 20_799), ("two-sided", 87, 1_786)];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// Why asserts cannot pass, and which.
    known: Vec<Reason>,
    /// Profiles that scripts' fixtures claim and that no package has.
    absent: Vec<Absent>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reason {
    /// What is wrong: the simulator or the engine never is.
    class: Class,
    /// In words.
    why: String,
    /// A row of the oracle or a section of a specification.
    evidence: String,
    /// The verdict that they have instead of a pass.
    #[serde(default)]
    verdict: Verdict,
    /// `script # test # number of the action`.
    asserts: Vec<String>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
enum Class {
    Fixture,
    Script,
    Standard,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Default, Debug)]
#[serde(rename_all = "kebab-case")]
enum Verdict {
    #[default]
    Fail,
    NotEvaluated,
}

impl Verdict {
    fn code(self) -> &'static str {
        match self {
            Verdict::Fail => "fail",
            Verdict::NotEvaluated => "not-evaluated",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Absent {
    canonical: String,
    /// Where it was looked for.
    evidence: String,
}

/// The register.
pub struct Register {
    /// The verdict expected, by assert.
    known: BTreeMap<String, Verdict>,
    absent: BTreeSet<String>,
}

impl Register {
    pub fn read() -> Result<Register, String> {
        let text = std::fs::read_to_string(FILE).map_err(|e| format!("{FILE}: {e}"))?;
        let file: File = toml::from_str(&text).map_err(|e| format!("{FILE}: {e}"))?;
        let mut known = BTreeMap::new();
        for reason in &file.known {
            if reason.why.is_empty() || reason.evidence.is_empty() {
                return Err(format!("{FILE}: an entry of class {:?} has no reason or evidence", reason.class));
            }
            for assert in &reason.asserts {
                if known.insert(assert.clone(), reason.verdict).is_some() {
                    return Err(format!("{FILE}: `{assert}` is there twice"));
                }
            }
        }
        let absent = file.absent.into_iter().filter(|a| !a.evidence.is_empty()).map(|a| a.canonical).collect();
        Ok(Register { known, absent })
    }

    /// Everything in a report that the register does not explain, and every entry for its scripts that it
    /// does not need.
    pub fn settle(&self, material: &Material, report: &Report) -> Vec<String> {
        let mut wrong = vec![];
        for script in &report.scripts {
            let path = material.relative(&script.path);
            let mut needed: BTreeSet<&str> = BTreeSet::new();
            for test in &script.tests {
                // What follows a known fail that ends its test is left out with it.
                let mut stopped = false;
                for (number, action) in test.actions.iter().enumerate() {
                    let key = format!("{path} # {} # {number}", test.id);
                    let known = self.known.get_key_value(&key).filter(|(_, v)| v.code() == action.verdict);
                    if let Some((key, _)) = known {
                        needed.insert(key);
                        stopped |= action.verdict == "fail";
                        continue;
                    }
                    let fine = match action.verdict.as_str() {
                        "pass" | "warning" => true,
                        "skip" => stopped,
                        "not-evaluated" => self.is_absent(&action.message),
                        _ => false,
                    };
                    if !fine {
                        wrong.push(format!("{key}: {} {} {}", action.verdict, action.code, action.message));
                    }
                }
            }
            let of_script = self.known.keys().filter(|key| key.split(" # ").next() == Some(&path));
            let vain = of_script.filter(|key| !needed.contains(key.as_str()));
            wrong.extend(vain.map(|key| format!("{key}: is in the register and not needed there")));
        }
        wrong
    }

    /// A profile was not judged because no package has it.
    pub fn is_absent(&self, message: &str) -> bool {
        let named =
            message.strip_prefix("not validated completely: `").and_then(|rest| rest.split_once("` is in none"));
        named.is_some_and(|(canonical, _)| self.absent.contains(canonical))
    }

    /// Everything was played, and the register is not larger than it may be.
    pub fn within(&self, table: &Table) -> Result<(), String> {
        let (known, all) = (self.known.len(), table.total().asserts);
        println!("{known} asserts are in the register, at most {} may be", all / ONE_IN);
        if known * ONE_IN > all {
            return Err(format!("{known} of {all} asserts are in the register, more than one in {ONE_IN}"));
        }
        for (side, scripts, asserts) in WHOLE {
            let played = table.of_side(side);
            if (played.scripts, played.asserts) != (scripts, asserts) {
                return Err(format!("{side}: {played:?} played, there are {scripts} scripts with {asserts} asserts"));
            }
        }
        for (set, limit) in LIMITS {
            let of_set = self.known.keys().filter(|key| key.starts_with(set)).count();
            if of_set > limit {
                return Err(format!("{of_set} asserts of {set} are in the register, more than {limit}"));
            }
        }
        Ok(())
    }
}
