//! Where and when the figures were seen.

use std::process::Command;

/// Processor, cores, system, compiler and day.
pub fn description() -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ").map(|(_, name)| name));
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let said = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    format!(
        "{}, {cores} cores, {}, {}, {}",
        model.unwrap_or("unknown processor"),
        said("uname", &["-sr"]).unwrap_or_default(),
        said("rustc", &["--version"]).unwrap_or_default(),
        said("date", &["+%Y-%m-%d"]).unwrap_or_default(),
    )
}
