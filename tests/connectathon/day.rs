//! A whole day: 20 servers, 20 clients, 5 scenarios, three parties that go and come back, one that is stopped
//! in the middle, and all of it in little memory.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{cells, is_long, json, keur, memory, wait};

/// The finished cells in a journal.
fn finished(folder: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(folder.join("m/cells.jsonl")).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// A demonstration of this size, killed in the middle and begun again.
fn day(servers: &str, clients: &str, scenarios: &str, most: usize) {
    let folder = tempfile::tempdir().unwrap();
    let demo = |outages: &str| {
        let arguments =
            ["matrix", "demo", "--servers", servers, "--clients", clients, "--scenarios", scenarios, "--folder", "m"];
        let mut command = keur(folder.path(), &arguments);
        command.args(["--outages", outages, "--report", "json=r.json"]);
        command.stdout(Stdio::null()).stderr(Stdio::inherit()).spawn().expect("keur starts")
    };
    let all: usize = [servers, clients, scenarios].map(|count| count.parse::<usize>().unwrap()).iter().product();
    let clock = Instant::now();
    let mut first = demo("0");
    wait("a third", || (finished(folder.path()).len() > all / 3).then_some(()));
    Command::new("kill").args(["-KILL", &first.id().to_string()]).status().unwrap();
    first.wait().unwrap();
    let before = finished(folder.path());
    assert!(before.len() < all, "it was killed too late");
    let mut second = demo("3");
    let mut most_memory = 0;
    let exit = loop {
        if let Some(exit) = second.try_wait().unwrap() {
            break exit;
        }
        most_memory = most_memory.max(memory(second.id()).1);
        std::thread::sleep(Duration::from_millis(20));
    };
    let cells = cells(&json(&folder.path().join("r.json")));
    let red = cells.values().filter(|(verdict, _)| verdict == "failed").count();
    println!("{all} cells, {red} red, at most {most_memory} kB resident, {:?}", clock.elapsed());
    assert_eq!((exit.code(), cells.len()), (Some(0), all));
    for (key, (verdict, planted)) in &cells {
        assert_eq!(verdict, if planted.is_null() { "passed" } else { "failed" }, "{key:?} {planted}");
    }
    // Nothing that was finished is run again, and nothing is lost.
    let after = finished(folder.path());
    assert_eq!(after[..before.len()], before);
    let mut keys: Vec<String> =
        after.iter().map(|cell| format!("{} {} {}", cell["server"], cell["client"], cell["scenario"])).collect();
    keys.sort();
    keys.dedup();
    assert_eq!((keys.len(), after.len()), (all, all));
    assert!(after.iter().any(|cell| cell["attempts"].as_u64() > Some(1)), "nobody was gone");
    assert!(most_memory < most, "{most_memory} kB resident");
}

#[test]
fn parties_that_go_and_come_back_lose_nothing_and_a_killed_matrix_goes_on() {
    day("5", "6", "3", 400_000);
}

#[test]
fn day_of_two_thousand_cells() {
    if is_long() {
        day("20", "20", "5", 300 * 1024);
    }
}
