//! Two thousand exchanges of a hundred kilobytes. It takes a while: `KEUR_LONG=1`.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::tools::{Desk, script, server};

const EXCHANGES: usize = 2000;

/// Runs a command and gives its time and the most memory it had, in MB, where the system says so.
fn measured(desk: &Desk, arguments: &[&str]) -> (Duration, u64) {
    let started = Instant::now();
    let mut process = desk.command(arguments).stdout(Stdio::null()).spawn().expect("keur runs");
    let status = format!("/proc/{}/status", process.id());
    let mut most = 0;
    let code = loop {
        if let Ok(text) = std::fs::read_to_string(&status) {
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let now = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
            most = most.max(now.unwrap_or(0) / 1024);
        }
        match process.try_wait().expect("it runs") {
            Some(code) => break code,
            None => std::thread::sleep(Duration::from_millis(10)),
        }
    };
    assert!(matches!(code.code(), Some(0 | 1)), "{arguments:?}: {code}");
    (started.elapsed(), most)
}

#[test]
fn two_thousand_exchanges_are_packed_and_verified_in_bounded_memory() {
    if std::env::var_os("KEUR_LONG").is_none() {
        eprintln!("left out: set KEUR_LONG=1");
        return;
    }
    let url = server(|number, _| {
        let observation = |at: usize| {
            format!(
                r#"{{"resource":{{"resourceType":"Observation","id":"o{number}-{at}","status":"final","code":{{"coding":[{{"system":"http://snomed.info/sct","code":"27113001","display":"Body weight"}}]}},"subject":{{"reference":"Patient/1","display":"Willemijn Keurmeester"}},"valueQuantity":{{"value":{at}.5,"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"}}}}}}"#
            )
        };
        let entries: Vec<String> = (0..310).map(observation).collect();
        let body = format!(r#"{{"resourceType":"Bundle","type":"searchset","entry":[{}]}}"#, entries.join(","));
        (200, String::new(), body)
    });
    let desk = Desk::new();
    let checks: &[&str] = &["Bundle.type = 'searchset'"];
    for part in 0..20 {
        let params: Vec<String> = (0..EXCHANGES / 20).map(|at| format!("?_count={part}&_page={at}")).collect();
        let tests: Vec<(&str, &[&str])> = params.iter().map(|params| (params.as_str(), checks)).collect();
        std::fs::create_dir_all(desk.path("scripts")).unwrap();
        std::fs::write(desk.path(&format!("scripts/{part:02}.yaml")), script(&tests)).unwrap();
    }
    desk.keur(&["run", "scripts", "--target", &url, "--token", "ONE=abcdefgh", "--report", "json=r.json"]).with(0);
    let run = desk.run();
    let bodies = std::fs::read_dir(desk.path(".keur/runs").join(&run).join("bodies")).unwrap();
    let size: u64 = bodies.map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
    assert!(size > 180_000_000, "{size}");
    for arguments in [&["evidence", "pack", run.as_str(), "-o", "b.zip"][..], &["evidence", "verify", "b.zip"]] {
        let (time, memory) = measured(&desk, arguments);
        let speed = size as f64 / 1e6 / time.as_secs_f64();
        eprintln!("{}: {size} bytes in {time:?}, {speed:.0} MB/s, {memory} MB", arguments[1]);
        assert!(memory <= 200, "{memory} MB");
    }
}
