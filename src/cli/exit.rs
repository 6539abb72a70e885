//! Exit codes, all of them, here only.

use std::process::ExitCode;

use crate::report::{Conclusion, RunReport};

/// How `keur` ends. The numbers are a contract with CI.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// Everything was evaluated and holds.
    Passed,
    /// An assert failed.
    Failed,
    /// The command line, a setting or a script is wrong; nothing was sent.
    Usage,
    /// Nothing failed, but something was not evaluated.
    Incomplete,
    /// There is nothing to run.
    NothingSelected,
    /// No exchange got an HTTP answer.
    NoAnswer,
    /// No token was obtained.
    NoToken,
    /// Evidence is not what it says it is.
    NotVerified,
    /// keur itself went wrong.
    Bug,
    /// Ctrl-C.
    Interrupted,
}

/// The number of each, and what it means, for `--help`.
pub const CODES: [(Exit, u8, &str); 10] = [
    (Exit::Passed, 0, "passed"),
    (Exit::Failed, 1, "an assert failed"),
    (Exit::Usage, 2, "usage or configuration"),
    (Exit::Incomplete, 3, "incomplete: nothing failed, something was not evaluated"),
    (Exit::NothingSelected, 4, "no tests selected"),
    (Exit::NoAnswer, 5, "no exchange got an HTTP answer"),
    (Exit::NoToken, 6, "no token was obtained"),
    (Exit::NotVerified, 7, "evidence does not verify, or a replay differs"),
    (Exit::Bug, 70, "a bug in keur"),
    (Exit::Interrupted, 130, "interrupted"),
];

impl Exit {
    /// How a run with this report ends: what stopped the run first, then failed before incomplete.
    pub fn of(report: &RunReport) -> Exit {
        let exchanges = &report.receipt.exchanges;
        if report.interrupted {
            return Exit::Interrupted;
        }
        if exchanges.total > 0 && exchanges.answered == 0 {
            return Exit::NoAnswer;
        }
        Exit::concluded(report)
    }

    /// What the verdict of a report says by itself.
    pub fn concluded(report: &RunReport) -> Exit {
        match report.verdict {
            Conclusion::Passed => Exit::Passed,
            Conclusion::Failed => Exit::Failed,
            Conclusion::Incomplete => Exit::Incomplete,
        }
    }

    /// The worst of several, by the order of the numbers: failed before incomplete, what stopped before both.
    pub fn worst(exits: &[Exit]) -> Exit {
        const WORST: [Exit; 5] = [Exit::Usage, Exit::Interrupted, Exit::NoAnswer, Exit::Failed, Exit::Incomplete];
        WORST.into_iter().find(|exit| exits.contains(exit)).unwrap_or(Exit::Passed)
    }

    /// The number.
    pub fn code(self) -> u8 {
        CODES[self as usize].1
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

/// The list of codes for `--help`.
pub fn help() -> String {
    let lines = CODES.iter().map(|(_, code, words)| format!("  {code:>3}  {words}\n"));
    format!("Exit codes:\n{}", lines.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_exits() {
        assert!(CODES.iter().enumerate().all(|(at, (exit, ..))| *exit as usize == at));
    }
}
