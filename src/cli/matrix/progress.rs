//! How far a matrix is, on standard error: a line now and then.

use std::time::Duration;

use crate::connectathon::{CellVerdict, Findings, Progress};
use crate::diagnostic::Words;

use super::super::console::Console;

const STANDING: Words = Words::new("{} of {} cells, {} red, {} open", "{} van {} cellen, {} rood, {} open");

/// Between two lines.
const PAUSE: Duration = Duration::from_secs(5);

/// Says how far it is until it is dropped.
pub async fn tell(progress: &Progress, findings: &Findings, total: usize, console: &Console) {
    let mut before = usize::MAX;
    loop {
        tokio::time::sleep(PAUSE).await;
        let (done, line) = line(progress, total, console);
        if done != before {
            // Their number goes into the burn-down, whoever looks on.
            findings.of(&progress.outcomes());
            console.error(&format!("{line}\n"));
        }
        before = done;
    }
}

/// How far it is, and that as a line.
pub fn line(progress: &Progress, total: usize, console: &Console) -> (usize, String) {
    let outcomes = progress.outcomes();
    let count = |verdict| outcomes.iter().filter(|outcome| outcome.verdict == verdict).count();
    let (red, open) = (count(CellVerdict::Failed), count(CellVerdict::Incomplete));
    let numbers = [outcomes.len(), total, red, open];
    let words = STANDING.get(console.language).to_owned();
    let line = numbers.iter().fold(words, |line, number| line.replacen("{}", &number.to_string(), 1));
    (outcomes.len(), line)
}
