//! The same bytes give the same verdicts, and a run that was killed leaves what it knew.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use keur::record::{Event, Record};
use keur::simulator::DEFECTS;

use crate::tools::{Desk, Simulator, scripts, server};

/// Runs some scripts against a simulator with a defect; replays; compares every byte of what is told.
fn replays(defect: Option<&str>) {
    let simulator = Simulator::new(defect);
    let desk = Desk::new();
    let chosen = scripts(if defect == Some("slow-answer") { &["09"] } else { &["01", "09", "14", "29", "32"] });
    let reports = ["json", "junit", "terminal"];
    let said = |name: &str| reports.map(|kind| format!("{kind}={name}.{kind}"));
    let mut arguments = vec!["run", "--target", &simulator.url, "--timeout", "1s"];
    arguments.extend(chosen.iter().map(String::as_str));
    let first = said("run");
    arguments.extend(first.iter().flat_map(|report| ["--report", report]));
    let ran = desk.keur(&arguments);
    let run = desk.run();
    let second = said("replay");
    let mut arguments = vec!["replay", run.as_str()];
    arguments.extend(second.iter().flat_map(|report| ["--report", report]));
    let replayed = desk.keur(&arguments);
    assert_eq!(ran.code, replayed.code, "{defect:?}: {}\n{}", ran.stderr, replayed.stderr);
    for kind in reports {
        let (run, replay) = (desk.text(&format!("run.{kind}")), desk.text(&format!("replay.{kind}")));
        assert!(run == replay, "{defect:?}: the {kind} report of the replay is another");
        assert!(run.len() > 500, "{defect:?}: {run}");
    }
}

#[test]
fn fifty_runs_green_and_broken_replay_to_the_same_bytes() {
    let defects: Vec<Option<&str>> =
        std::iter::once(None).chain(DEFECTS.iter().map(|defect| Some(defect.name))).collect();
    assert!(defects.len() >= 50);
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(defect) = defects.get(next.fetch_add(1, Ordering::Relaxed)) {
                    replays(*defect);
                }
            });
        }
    });
}

#[test]
fn other_scripts_are_a_what_if_and_what_was_not_asked_is_not_evaluated() {
    let simulator = Simulator::new(None);
    let desk = Desk::new();
    let asked = scripts(&["01"]);
    desk.keur(&["run", &asked[0], "--target", &simulator.url]).with(0);
    let run = desk.run();
    desk.keur(&["replay", &run, &asked[0]]).with(0);
    let other = scripts(&["09"]);
    let ended = desk.keur(&["replay", &run, &other[0], "--report", "json=-"]).with(3);
    assert!(ended.stdout.contains("KEUR2161") && ended.stdout.contains("\"pass\": 0"), "{}", ended.stdout);
    // An edited script is judged by the answers that were recorded.
    let text = std::fs::read_to_string(&asked[0]).unwrap();
    let edited = text.replace("birthDate = @1958-04-12", "birthDate = @1958-04-13");
    assert_ne!(text, edited);
    let folder = desk.path("what-if/testscripts/bgz-3.0/serving");
    std::fs::create_dir_all(&folder).unwrap();
    let shared = std::path::Path::new(&asked[0]).ancestors().nth(3).unwrap().join("_shared");
    std::fs::create_dir_all(desk.path("what-if/testscripts/_shared")).unwrap();
    for entry in std::fs::read_dir(shared).unwrap().flatten() {
        std::fs::copy(entry.path(), desk.path("what-if/testscripts/_shared").join(entry.file_name())).unwrap();
    }
    std::fs::write(folder.join("01-patient.yaml"), edited).unwrap();
    let ended = desk.keur(&["replay", &run, "what-if", "--report", "json=-"]).with(1);
    assert!(ended.stdout.contains("\"not_evaluated\": 0"), "{}", ended.stdout);
}

#[test]
fn a_body_that_was_changed_stops_the_replay() {
    let simulator = Simulator::new(None);
    let desk = Desk::new();
    desk.keur(&["run", &scripts(&["09"])[0], "--target", &simulator.url]).with(0);
    let bodies = desk.path(".keur/runs").join(desk.run()).join("bodies");
    let body = std::fs::read_dir(bodies).unwrap().next().unwrap().unwrap().path();
    let mut bytes = std::fs::read(&body).unwrap();
    bytes[0] ^= 1;
    std::fs::write(&body, bytes).unwrap();
    let ended = desk.keur(&["replay", &desk.run()]).with(2);
    assert!(ended.stderr.contains("is not what was recorded"), "{}", ended.stderr);
}

/// Kills a run in the middle and reads what it left.
#[test]
fn a_run_that_is_killed_leaves_a_log_up_to_its_last_complete_event() {
    let answered = std::sync::Arc::new(AtomicUsize::new(0));
    let counter = answered.clone();
    let url = server(move |_, _| {
        counter.fetch_add(1, Ordering::Relaxed);
        std::thread::sleep(Duration::from_millis(20));
        (200, String::new(), r#"{"resourceType":"Bundle","type":"searchset","total":0}"#.to_owned())
    });
    let desk = Desk::new();
    let mut process = desk.command(&["run", "bgz-3.0", "--target", &url]).spawn().expect("keur runs");
    let patience = Instant::now();
    while answered.load(Ordering::Relaxed) < 12 && patience.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(5));
    }
    process.kill().expect("it runs");
    process.wait().expect("it ended");
    let run = desk.run();
    let record = Record::open(&desk.path(".keur/runs").join(&run)).expect("it reads");
    assert!(!record.finished());
    let exchanges: Vec<_> = record
        .events()
        .iter()
        .filter_map(|event| match event {
            Event::Exchanged(exchange) => exchange.response.as_ref(),
            _ => None,
        })
        .collect();
    // What was answered before the last request is there, bodies and all.
    assert!(exchanges.len() >= 10, "{}", exchanges.len());
    for response in exchanges {
        let hash = response.body.as_deref().expect("a body");
        assert!(record.body(hash).expect("it reads").is_some());
    }
    let ended = desk.keur(&["replay", &run, "--report", "json=-"]);
    assert!(matches!(ended.code, Some(1 | 3 | 130)), "{:?} {}", ended.code, ended.stderr);
    assert!(!ended.stderr.contains("KEUR6001"), "{}", ended.stderr);
    assert!(ended.stdout.contains("\"finished\": \"\""));
    // However the last line broke off, what stands before it is read.
    let log = std::fs::read(desk.path(".keur/runs").join(&run).join("events.jsonl")).unwrap();
    for cut in (0..log.len()).rev().step_by(log.len() / 40 + 1) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("events.jsonl"), &log[..cut]).unwrap();
        let complete = log[..cut].iter().filter(|byte| **byte == b'\n').count();
        let record = Record::open(folder.path()).expect("it reads");
        assert!(record.events().len() == complete || record.events().len() == complete + 1);
    }
}
