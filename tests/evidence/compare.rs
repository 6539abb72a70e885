//! Two runs beside each other, and a sample beside the evidence.

use crate::tools::{Desk, Simulator, scripts};

fn ran(desk: &Desk, defect: Option<&str>, report: &str) -> (String, Simulator) {
    let simulator = Simulator::new(defect);
    let before = desk.runs();
    let mut arguments = vec!["run".to_owned(), "--target".into(), simulator.url.clone()];
    arguments.extend(scripts(&["01", "09"]));
    arguments.extend(["--report".into(), format!("json={report}")]);
    desk.keur(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    let run = desk.runs().into_iter().find(|run| !before.contains(run)).expect("a new run");
    (run, simulator)
}

#[test]
fn a_diff_tells_what_fails_now_and_what_was_fixed_whatever_form_the_runs_have() {
    let desk = Desk::new();
    let (green, _one) = ran(&desk, None, "green.json");
    let (red, _two) = ran(&desk, Some("quantity-without-unit"), "red.json");
    desk.keur(&["diff", &green, "green.json"]).with(0);
    let json = desk.keur(&["diff", &green, &red, "--format", "json"]).with(1).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let failing = json["summary"]["newly_failing"].as_u64().unwrap();
    assert!(failing > 1 && json["summary"]["fixed"] == 0, "{}", json["summary"]);
    for (before, after) in [(green.as_str(), red.as_str()), ("green.json", "red.json"), (&green, "red.json")] {
        let told = desk.keur(&["diff", before, after]).with(1).stdout;
        assert!(told.starts_with(&format!("newly failing ({failing})")), "{told}");
        assert!(told.contains("is fail[KEUR2004]"), "{told}");
        let told = desk.keur(&["diff", after, before]).with(0).stdout;
        assert!(told.starts_with(&format!("fixed ({failing})")), "{told}");
    }
    let schema = serde_json::from_str(include_str!("../../src/cli/schema/diff-1.json")).unwrap();
    jsonschema::validator_for(&schema).unwrap().validate(&json).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(json["changes"][0]["kind"], "newly_failing");
    desk.keur(&["diff", &green, "nowhere"]).with(2);
    std::fs::write(desk.path("x.json"), "{}").unwrap();
    desk.keur(&["diff", &green, "x.json"]).with(2);
}

#[test]
fn a_sample_is_run_live_and_compared_with_what_was_handed_in() {
    let desk = Desk::new();
    let (green, good) = ran(&desk, None, "green.json");
    desk.keur(&["evidence", "pack", &green, "-o", "b.zip"]).with(0);
    let rerun = |url: &str, seed: &str| {
        desk.keur(&["evidence", "rerun", "b.zip", "--sample", "50%", "--seed", seed, "--target", url])
    };
    let told = rerun(&good.url, "1").with(0);
    assert!(told.stderr.contains("sample of 1 of 2 scripts"), "{}", told.stderr);
    let bad = Simulator::new(Some("status-500"));
    let told = rerun(&bad.url, "1").with(1);
    assert!(told.stdout.contains("newly failing"), "{}", told.stdout);
    let sampled = desk.runs().len();
    assert_eq!(sampled, 3);
    // A sample is a run like any other: it can be replayed.
    let last = desk.runs().into_iter().rfind(|run| *run != green).unwrap();
    assert!(!desk.keur(&["replay", &last]).stderr.contains("KEUR6"));
    desk.keur(&["evidence", "rerun", "b.zip"]).with(2);
}
