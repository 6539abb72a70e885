//! The demonstration, its parts, and what is merged.

use serde_json::Value;

use super::{cells, json, keur, run};

#[test]
fn the_red_cells_of_a_demonstration_are_those_with_a_planted_defect_and_none_is_run_twice() {
    let folder = tempfile::tempdir().unwrap();
    let demo = |report: &str| {
        let arguments = ["matrix", "demo", "--servers", "4", "--clients", "4", "--scenarios", "2", "--folder", "m"];
        run(keur(folder.path(), &arguments).args(["--report", &format!("json={report}")]))
    };
    let (exit, output) = demo("one.json");
    assert_eq!(exit, 0, "{}", String::from_utf8_lossy(&output.stderr));
    let first = cells(&json(&folder.path().join("one.json")));
    assert_eq!(first.len(), 32);
    for (key, (verdict, planted)) in &first {
        assert_eq!(verdict == "failed", !planted.is_null(), "{key:?} {verdict} {planted}");
        assert!(verdict == "failed" || verdict == "passed", "{key:?} {verdict}");
    }
    assert!(first.values().any(|(verdict, _)| verdict == "failed"));
    // Stopped, with one line broken off: only that cell is run again.
    let journal = folder.path().join("m/cells.jsonl");
    let text = std::fs::read_to_string(&journal).unwrap();
    std::fs::write(&journal, &text[..text.len() - 40]).unwrap();
    assert_eq!(demo("two.json").0, 0);
    assert_eq!(cells(&json(&folder.path().join("two.json"))), first);
    let text = std::fs::read_to_string(&journal).unwrap();
    let finished = text.lines().filter(|line| serde_json::from_str::<Value>(line).is_ok()).count();
    assert_eq!(finished, 32, "31 were kept and one was run");
    let runs = std::fs::read_dir(folder.path().join("m/runs")).unwrap().count();
    assert_eq!(runs, 33);
}

#[test]
fn parts_make_the_whole_and_a_missing_one_is_incomplete() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    assert_eq!(run(&mut keur(at, &["matrix", "init", "m.toml"])).0, 0);
    assert_eq!(run(&mut keur(at, &["matrix", "init", "m.toml"])).0, 2, "nothing is written over");
    let (exit, output) = run(&mut keur(at, &["matrix", "m.toml", "--report", "json=whole.json"]));
    assert_eq!(exit, 1, "{}", String::from_utf8_lossy(&output.stderr));
    let whole = cells(&json(&at.join("whole.json")));
    assert_eq!(whole.len(), 8);
    for (key, (verdict, planted)) in &whole {
        assert_eq!(verdict == "failed", !planted.is_null(), "{key:?}");
    }
    let part = |number: &str| ["--folder", number, "--report"].map(str::to_owned);
    let one = run(keur(at, &["matrix", "m.toml", "--shard", "1/2"]).args(part("a")).arg("json=1.json"));
    assert_eq!(one.0, 1);
    // The second pod of an indexed job.
    let mut two = keur(at, &["matrix", "m.toml", "--shard", "/2"]);
    two.args(part("b")).arg("json=2.json").env("JOB_COMPLETION_INDEX", "1");
    assert_eq!(run(&mut two).0, 1);
    let mut nowhere = keur(at, &["matrix", "m.toml", "--shard", "/2"]);
    assert_eq!(run(&mut nowhere).0, 2, "without an index nobody knows which part");
    let manifest = run(&mut keur(at, &["matrix", "init", "--ci", "kubernetes"])).1.stdout;
    let manifest = String::from_utf8(manifest).unwrap();
    for part in ["completionMode: Indexed", "--shard /4", "$JOB_COMPLETION_INDEX", "not tried on a cluster"] {
        assert!(manifest.contains(part), "{part}");
    }
    let merge = |parts: &[&str], to: &str| {
        run(keur(at, &["report", "merge"]).args(parts).args(["--report", &format!("json={to}")])).0
    };
    assert_eq!(merge(&["1.json", "2.json"], "m.json"), 1);
    assert_eq!(merge(&["2.json", "1.json"], "n.json"), 1);
    assert_eq!(cells(&json(&at.join("m.json"))), whole);
    assert_eq!(json(&at.join("m.json")), json(&at.join("n.json")));
    merge(&["1.json"], "half.json");
    let half = json(&at.join("half.json"));
    assert_eq!((cells(&half).len(), half["total"].as_u64()), (4, Some(8)));
    // One green cell of many is no green matrix.
    let mut green = half.clone();
    green["cells"].as_array_mut().unwrap().retain(|cell| cell["verdict"] == "passed");
    std::fs::write(at.join("green.json"), green.to_string()).unwrap();
    assert_eq!(merge(&["green.json"], "g.json"), 3);
    assert_eq!(json(&at.join("g.json"))["verdict"], "incomplete");
    // Evidence is merged too, one part at a time or all at once.
    let bundle = |parts: &[&str], to: &str| {
        let arguments = ["--evidence", to, "--report", "json=e.json"];
        let (exit, output) = run(keur(at, &["report", "merge"]).args(parts).args(arguments));
        (exit, String::from_utf8_lossy(&output.stderr).into_owned())
    };
    for (parts, to) in [(&["a"][..], "a.zip"), (&["a.zip", "b"], "one.zip"), (&["b", "a"], "other.zip")] {
        let (exit, said) = bundle(parts, to);
        assert_eq!(exit, 1, "{said}");
    }
    assert_eq!(json(&at.join("e.json")), json(&at.join("m.json")));
    let open = |name: &str| keur::evidence::bundle::Container::open(&at.join(name)).unwrap();
    let (one, other) = (open("one.zip"), open("other.zip"));
    let names = |of: &keur::evidence::bundle::Container| -> Vec<String> {
        of.entries().iter().map(|entry| entry.name.clone()).collect()
    };
    assert_eq!((names(&one).len(), names(&one)), (9, names(&other)));
    assert_eq!(one.bytes("matrix.json").unwrap(), other.bytes("matrix.json").unwrap());
    for name in names(&one).iter().filter(|name| name.starts_with("cells/")) {
        std::fs::write(at.join("cell.keur"), one.bytes(name).unwrap().unwrap()).unwrap();
        let (exit, output) = run(&mut keur(at, &["evidence", "verify", "cell.keur"]));
        assert_eq!(exit, 0, "{}", String::from_utf8_lossy(&output.stderr));
    }
    // A report alone has no evidence, and that is said.
    let (_, said) = bundle(&["1.json", "b"], "half.zip");
    assert!(said.contains("is not there"), "{said}");
    assert_eq!(names(&open("half.zip")).len(), 5);
}
