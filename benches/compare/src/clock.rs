//! Time of a piece of work.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// Least time that is measured for a median.
const ENOUGH: Duration = Duration::from_millis(200);
/// Fewest and most rounds.
const ROUNDS: (usize, usize) = (5, 2000);

/// The median of rounds of this work, after one that is not counted.
pub fn median<T>(work: impl FnMut() -> T) -> Duration {
    median_within(ENOUGH, work)
}

/// The same, in about this time.
pub fn median_within<T>(enough: Duration, mut work: impl FnMut() -> T) -> Duration {
    black_box(work());
    let begin = Instant::now();
    let mut times = vec![];
    while times.len() < ROUNDS.0 || (begin.elapsed() < enough && times.len() < ROUNDS.1) {
        let start = Instant::now();
        black_box(work());
        times.push(start.elapsed());
    }
    times.sort_unstable();
    times[times.len() / 2]
}
