//! Requirements that others wrote, and what this run shows of them.
//!
//! A table names its requirements, each with the scripts, tests and asserts that say something about it,
//! or with what a person has to look at. The report puts beside every one what was checked, what came of
//! it and where the evidence is. It never says more than that: nothing checked is open, and what a person
//! must judge stays open until one has.

mod read;

use serde::{Serialize, Serializer};

use crate::record::{ActionKind, Verdict};

use super::model::{Counts, RunReport};
use super::pattern::Pattern;

pub use read::{Localized, ReadRequirementsError, Requirement, Requirements};

/// What a person saw of a requirement that no machine can judge.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Observation {
    /// Id of the requirement.
    pub requirement: String,
    /// Whether it is met, in the eyes of the observer.
    pub met: bool,
    /// What was seen.
    pub text: String,
    /// By whom.
    pub name: String,
    /// On which day.
    pub date: String,
    /// A picture of it.
    pub picture: Option<Picture>,
}

/// A picture that goes with an observation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Picture {
    /// Name of the file.
    pub name: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// `image/png`, …
    #[serde(skip)]
    pub media_type: &'static str,
    /// Its bytes.
    #[serde(skip)]
    pub bytes: Vec<u8>,
}

/// A table of requirements with the verdict of each.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RequirementsReport {
    /// Name of the table.
    pub id: String,
    /// What it is about.
    #[serde(serialize_with = "write_localized")]
    pub title: Localized,
    /// Where the requirements are written.
    pub source: String,
    /// What to know when reading it.
    #[serde(serialize_with = "write_localized")]
    pub note: Localized,
    /// SHA-256 of the file.
    pub sha256: String,
    /// The requirements in the order of the table.
    pub rows: Vec<RequirementReport>,
}

/// A requirement and what this run shows of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RequirementReport {
    /// Its id.
    pub id: String,
    /// What it asks.
    #[serde(serialize_with = "write_localized")]
    pub text: Localized,
    /// Where it is written.
    pub source: String,
    /// What came of it.
    pub verdict: RequirementVerdict,
    /// Actions that say something about it, by verdict.
    pub checks: Counts,
    /// The tests they are in.
    pub evidence: Vec<Evidence>,
    /// For one that a person judges.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manual: Option<ManualReport>,
}

/// A test that says something about a requirement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// Number of the script in `scripts`, from 0.
    pub script: u32,
    /// Number of the test in its `tests`, from 0.
    pub test: u32,
    /// Exchanges that were looked at, as in `exchanges`.
    #[serde(serialize_with = "write_numbers")]
    pub exchanges: Vec<u32>,
}

/// What a person has to look at, and what one saw.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ManualReport {
    /// What to look at.
    #[serde(serialize_with = "write_localized")]
    pub task: Localized,
    /// What was seen.
    pub text: Option<String>,
    /// By whom.
    pub name: Option<String>,
    /// On which day.
    pub date: Option<String>,
    /// A picture of it.
    pub picture: Option<Picture>,
}

/// What came of a requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RequirementVerdict {
    /// Everything that was to be looked at was, and holds.
    Met,
    /// Something does not hold.
    NotMet,
    /// Something does not hold, and all of that is known and accepted.
    Accepted,
    /// Nothing fails, but not everything was evaluated.
    Open,
    /// Nothing in this run says anything about it.
    NotRun,
    /// A person has to look, and none has yet.
    Manual,
}

impl RequirementVerdict {
    fn of(checks: &Counts) -> RequirementVerdict {
        match checks {
            c if c.fail + c.error > c.known => RequirementVerdict::NotMet,
            c if c.known > 0 => RequirementVerdict::Accepted,
            c if c.evaluated == 0 && c.not_evaluated == 0 => RequirementVerdict::NotRun,
            c if c.not_evaluated + c.skip > 0 => RequirementVerdict::Open,
            _ => RequirementVerdict::Met,
        }
    }
}

impl Requirements {
    /// What this run shows of the table. Scripts that never began, or a run that was broken off, leave open
    /// what they would have shown.
    pub fn judge(&self, report: &RunReport, observed: &[Observation]) -> RequirementsReport {
        let rows = self.rows.iter().map(|row| row.judge(report, observed)).collect();
        RequirementsReport {
            id: self.id.clone(),
            title: self.title.clone(),
            source: self.source.clone(),
            note: self.note.clone(),
            sha256: self.sha256.clone(),
            rows,
        }
    }
}

impl Requirement {
    fn judge(&self, report: &RunReport, observed: &[Observation]) -> RequirementReport {
        let mut checks = Counts::default();
        let mut evidence: Vec<Evidence> = vec![];
        let mut shown = vec![false; self.checks.len()];
        let mut unfinished = false;
        for (number, script) in report.scripts.iter().enumerate() {
            let asking = self.checks.iter().enumerate().filter(|(_, check)| check.path.fits_path(&script.path));
            let asking: Vec<_> = asking.collect();
            if asking.is_empty() {
                continue;
            }
            unfinished |= report.interrupted;
            for (at, test) in script.tests.iter().enumerate() {
                let asking: Vec<_> =
                    asking.iter().filter(|(_, c)| c.test.fits(&test.id) || c.test.fits(&test.title)).collect();
                let mut found = Evidence { script: number as u32, test: at as u32, exchanges: vec![] };
                let mut any = false;
                for action in &test.actions {
                    let fits = |pattern: &Pattern| pattern.fits(&action.title) || pattern.fits(&action.code);
                    let mut of = asking.iter().filter(|(_, check)| fits(&check.action)).peekable();
                    // That a request could be made shows nothing by itself; that it could not does.
                    let tells = action.kind == ActionKind::Assert
                        || matches!(action.verdict, Verdict::Fail | Verdict::Error | Verdict::NotEvaluated);
                    if of.peek().is_none() || !tells {
                        continue;
                    }
                    of.for_each(|(check, _)| shown[*check] = true);
                    any = true;
                    checks.add_action(action);
                    if let Some(exchange) = action.exchange.filter(|id| !found.exchanges.contains(id)) {
                        found.exchanges.push(exchange);
                    }
                }
                if any {
                    evidence.push(found);
                }
            }
        }
        let mut verdict = RequirementVerdict::of(&checks);
        let silent = shown.iter().any(|shown| !shown) || unfinished;
        if verdict == RequirementVerdict::Met && silent {
            verdict = RequirementVerdict::Open;
        }
        let manual = self.manual.as_ref().map(|task| self.observed(task, observed, &mut verdict));
        RequirementReport {
            id: self.id.clone(),
            text: self.text.clone(),
            source: self.source.clone(),
            verdict,
            checks,
            evidence,
            manual,
        }
    }

    /// What was seen by a person; a machine that saw something fail is not overruled.
    fn observed(&self, task: &Localized, all: &[Observation], verdict: &mut RequirementVerdict) -> ManualReport {
        let seen = all.iter().rfind(|seen| seen.requirement == self.id);
        let failed = matches!(verdict, RequirementVerdict::NotMet | RequirementVerdict::Accepted);
        let undecided = !self.checks.is_empty() && *verdict != RequirementVerdict::Met;
        *verdict = match seen {
            _ if failed => *verdict,
            None => RequirementVerdict::Manual,
            Some(seen) if !seen.met => RequirementVerdict::NotMet,
            Some(_) if undecided => *verdict,
            Some(_) => RequirementVerdict::Met,
        };
        let said = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        ManualReport {
            task: task.clone(),
            text: seen.and_then(|seen| said(&seen.text)),
            name: seen.and_then(|seen| said(&seen.name)),
            date: seen.and_then(|seen| said(&seen.date)),
            picture: seen.and_then(|seen| seen.picture.clone()),
        }
    }
}

fn write_localized<S: Serializer>(text: &Localized, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Both<'t> {
        en: &'t str,
        nl: &'t str,
    }
    Both { en: &text.en, nl: &text.nl }.serialize(serializer)
}

fn write_numbers<S: Serializer>(numbers: &[u32], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(numbers.iter().map(ToString::to_string))
}
