//! What a whole process takes: time, processor, memory.
//!
//! The system tells of all children together, so each one is started by a copy of this program that has no other
//! ([`stand_in`]) and says what it was told.

use std::ffi::OsStr;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};

/// The first argument of the copy.
pub const STAND_IN: &str = "--one-process";

/// What one process took.
#[derive(Clone, Copy, Default)]
pub struct Taken {
    /// From start to end.
    pub wall: Duration,
    /// Of the processor, its own and the system's.
    pub cpu: Duration,
    /// Most memory at once, in bytes.
    pub resident: u64,
}

/// The medians of some runs of a program; its output is thrown away.
pub fn taken<A: AsRef<OsStr>>(program: impl AsRef<OsStr>, arguments: &[A], rounds: usize) -> Option<Taken> {
    let own = std::env::current_exe().ok()?;
    let once = || {
        let mut command = Command::new(&own);
        command.arg(STAND_IN).arg(program.as_ref()).args(arguments);
        let output = command.stderr(Stdio::null()).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        let figures: Vec<u64> = text.split_whitespace().filter_map(|figure| figure.parse().ok()).collect();
        let [wall, cpu, resident] = figures[..] else { return None };
        Some(Taken { wall: Duration::from_nanos(wall), cpu: Duration::from_nanos(cpu), resident })
    };
    let all: Vec<Taken> = (0..rounds).map(|_| once()).collect::<Option<_>>()?;
    Some(Taken {
        wall: median(all.iter().map(|one| one.wall)),
        cpu: median(all.iter().map(|one| one.cpu)),
        resident: median(all.iter().map(|one| one.resident)),
    })
}

fn median<T: Ord + Copy + Default>(of: impl Iterator<Item = T>) -> T {
    let mut all: Vec<T> = of.collect();
    all.sort_unstable();
    all.get(all.len() / 2).copied().unwrap_or_default()
}

/// What the copy does: runs the program and prints nanoseconds, nanoseconds and bytes.
pub fn stand_in(arguments: &[String]) {
    let Some((program, rest)) = arguments.split_first() else { return };
    let start = Instant::now();
    let status = Command::new(program).args(rest).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let wall = start.elapsed();
    let (Ok(_), Ok(usage)) = (status, getrusage(UsageWho::RUSAGE_CHILDREN)) else { return };
    let time = |of: nix::sys::time::TimeVal| of.tv_sec() as u64 * 1_000_000_000 + of.tv_usec() as u64 * 1_000;
    let cpu = time(usage.user_time()) + time(usage.system_time());
    println!("{} {cpu} {}", wall.as_nanos(), usage.max_rss() as u64 * 1024);
}

/// What this process has had at most so far, in bytes.
pub fn own_resident() -> u64 {
    getrusage(UsageWho::RUSAGE_SELF).map_or(0, |usage| usage.max_rss() as u64 * 1024)
}
