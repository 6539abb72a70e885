//! Failures that are known: accepted by someone, for a reason, until a date.
//!
//! A known failure stays a failure and is counted as one; it does not make the run fail. The list cannot
//! grow old unseen: an entry past its date, and one that nothing fails by any more, fail the run.

use serde::Serialize;

use crate::record::Verdict;

use super::model::{ActionReport, ScriptReport, TestReport};
use super::pattern::Pattern;

/// An entry: which failures, and who accepted them until when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KnownFailure {
    /// Path of the script, or its end.
    pub path: Pattern,
    /// Id or title of the test.
    pub test: Pattern,
    /// Title, message or rule code of the action.
    pub action: Pattern,
    /// Why it is accepted.
    pub reason: String,
    /// Where that was agreed: an issue, a letter.
    pub reference: String,
    /// Last day on which it is accepted: `2027-01-31`.
    pub expires: String,
}

/// An entry and what it came to in this run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KnownReport {
    /// The entry.
    #[serde(flatten)]
    pub entry: KnownFailure,
    /// How it stands.
    pub state: KnownState,
    /// Failures that it describes.
    pub failures: u64,
}

/// How an entry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum KnownState {
    /// What it describes fails, and is accepted.
    Known,
    /// Its date has passed: its failures count.
    Expired,
    /// What it describes was run and does not fail.
    Healed,
    /// What it describes was not run, or not to its end.
    NotRun,
}

impl KnownState {
    /// True when the entry itself fails the run.
    pub fn fails(self) -> bool {
        matches!(self, KnownState::Expired | KnownState::Healed)
    }
}

/// Marks the known failures of a run that began on `day` (`2026-11-22…`). `complete` says of each script
/// whether it came to its end.
pub(super) fn mark(
    entries: &[KnownFailure],
    day: &str,
    scripts: &mut [ScriptReport],
    complete: &[bool],
) -> Vec<KnownReport> {
    entries.iter().enumerate().map(|(at, entry)| entry.mark(at as u32, day, scripts, complete)).collect()
}

impl KnownFailure {
    /// Which failures, in one line.
    pub fn name(&self) -> String {
        [&self.path, &self.test, &self.action].map(|pattern| pattern.as_str()).join(" / ")
    }

    fn mark(&self, number: u32, day: &str, scripts: &mut [ScriptReport], complete: &[bool]) -> KnownReport {
        // Without a day nothing can be said to be accepted.
        let expired = day.get(..10).is_none_or(|day| day > self.expires.as_str());
        let (mut failures, mut open, mut seen) = (0, 0, 0);
        for (script, complete) in scripts.iter_mut().zip(complete) {
            if !self.path.fits_path(&script.path) {
                continue;
            }
            seen += 1;
            open += u64::from(!complete);
            for test in &mut script.tests {
                if !self.names_test(test) {
                    continue;
                }
                for action in &mut test.actions {
                    if !self.names_action(action) {
                        continue;
                    }
                    match action.verdict {
                        Verdict::Fail | Verdict::Error => {
                            failures += 1;
                            if !expired && action.known.is_none() {
                                action.known = Some(number);
                            }
                        }
                        // What was left out or not decided has not healed.
                        Verdict::Skip | Verdict::NotEvaluated => open += 1,
                        Verdict::Pass | Verdict::Warning => {}
                    }
                }
            }
        }
        let state = match (expired, failures, seen, open) {
            (true, ..) => KnownState::Expired,
            (_, 1.., ..) => KnownState::Known,
            (_, _, 1.., 0) => KnownState::Healed,
            _ => KnownState::NotRun,
        };
        KnownReport { entry: self.clone(), state, failures }
    }

    fn names_test(&self, test: &TestReport) -> bool {
        self.test.fits(&test.id) || self.test.fits(&test.title)
    }

    fn names_action(&self, action: &ActionReport) -> bool {
        [&action.title, &action.message, &action.code].iter().any(|text| self.action.fits(text))
    }
}
