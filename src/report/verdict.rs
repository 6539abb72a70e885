//! How verdicts add up: actions to tests, tests to scripts, scripts to the run.

use serde::Serialize;

use crate::record::Verdict;

use super::model::Counts;

/// Verdict of a test, a script or a run.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Conclusion {
    /// Everything was evaluated and nothing failed.
    Passed,
    /// Something failed, whatever else was not evaluated.
    Failed,
    /// Nothing failed, but something was not evaluated.
    Incomplete,
}

impl Conclusion {
    /// Of the actions of a test. A test that was left out on purpose does not count against its script;
    /// one that asks nothing shows nothing. Failures that are known do not make it fail.
    pub fn of(counts: &Counts) -> Conclusion {
        match counts {
            c if c.fail + c.error > c.known => Conclusion::Failed,
            c if c.not_evaluated > 0 || c.total == 0 => Conclusion::Incomplete,
            _ => Conclusion::Passed,
        }
    }

    /// Of a script, or of all: the fold of its parts, and never passed where nothing was evaluated.
    pub fn of_all(parts: impl IntoIterator<Item = Conclusion>, evaluated: u64) -> Conclusion {
        let start = if evaluated == 0 { Conclusion::Incomplete } else { Conclusion::Passed };
        parts.into_iter().fold(start, Conclusion::and)
    }

    /// Of two parts together: failed before incomplete before passed.
    #[must_use]
    pub fn and(self, other: Conclusion) -> Conclusion {
        match (self, other) {
            (Conclusion::Failed, _) | (_, Conclusion::Failed) => Conclusion::Failed,
            (Conclusion::Incomplete, _) | (_, Conclusion::Incomplete) => Conclusion::Incomplete,
            _ => Conclusion::Passed,
        }
    }
}

const CODES: [(Verdict, &str); 6] = [
    (Verdict::Pass, "pass"),
    (Verdict::Fail, "fail"),
    (Verdict::Warning, "warning"),
    (Verdict::Error, "error"),
    (Verdict::Skip, "skip"),
    (Verdict::NotEvaluated, "not-evaluated"),
];

/// A verdict as reports write it.
pub fn verdict_code(verdict: Verdict) -> &'static str {
    CODES[verdict as usize].1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_verdicts() {
        assert!(CODES.iter().enumerate().all(|(at, (verdict, _))| *verdict as usize == at));
    }

    #[test]
    fn one_verdict_decides() {
        use Conclusion::{Failed, Incomplete, Passed};
        use Verdict::{Error, Fail, NotEvaluated, Pass, Skip, Warning};
        for (verdicts, expected) in [
            (&[Pass, Pass][..], Passed),
            (&[Pass, Warning], Passed),
            (&[Pass, Skip], Passed),
            (&[Pass, NotEvaluated], Incomplete),
            (&[NotEvaluated, Fail, Pass], Failed),
            (&[Pass, Error], Failed),
            (&[Skip, Skip], Passed),
            (&[], Incomplete),
        ] {
            let mut counts = Counts::default();
            verdicts.iter().for_each(|verdict| counts.add(*verdict));
            assert_eq!(Conclusion::of(&counts), expected, "{verdicts:?}");
        }
    }

    #[test]
    fn nothing_evaluated_is_not_passed() {
        assert_eq!(Conclusion::of_all([Conclusion::Passed], 0), Conclusion::Incomplete);
        assert_eq!(Conclusion::of_all([Conclusion::Passed; 2], 3), Conclusion::Passed);
        assert_eq!(Conclusion::of_all([Conclusion::Incomplete, Conclusion::Failed], 1), Conclusion::Failed);
    }
}
