//! Reports: the fold of a record and its renderers, over the same hand-made records.

#[path = "report/declared.rs"]
mod declared;
#[path = "report/documents.rs"]
mod documents;
#[path = "report/sample.rs"]
mod sample;

use keur::diagnostic::{Code, Language, Registry, Rule, Words};
use keur::record::{Event, Verdict};
use keur::report::renderer::{self, Terminal};
use keur::report::{CauseKind, Conclusion, RunReport, fold};
use sample::Sample;

const RULES: &[Rule] = &[Rule {
    code: Code(2104),
    title: Words::new("The expression is false", "De expressie is onwaar"),
    explanation: Words::new("", ""),
    remedy: Words::new("fill in what is missing", "vul in wat ontbreekt"),
}];

type Case = (&'static str, fn() -> Sample);

const CASES: [Case; 6] = [
    ("mixed", sample::mixed),
    ("expired", sample::expired),
    ("unreachable", sample::unreachable),
    ("passed", sample::passed),
    ("interrupted", sample::interrupted),
    ("validated", sample::validated),
];

fn report(sample: &Sample) -> RunReport {
    fold(&sample.events)
}

fn terminal(sample: &Sample, language: Language, colour: bool) -> String {
    let frame = keur::diagnostic::Terminal { colour, width: 120, language };
    let registry = Registry::new(&[RULES]);
    Terminal { frame, registry: &registry, material: sample, causes: 20 }.render(&report(sample))
}

fn json(sample: &Sample) -> serde_json::Value {
    let bytes = renderer::json(&report(sample), &Registry::new(&[RULES]), Language::En).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[test]
fn every_record_reads_well_at_a_terminal() {
    for (name, make) in CASES {
        insta::assert_snapshot!(format!("terminal_{name}"), terminal(&make(), Language::En, false));
    }
    insta::assert_snapshot!("terminal_mixed_nl", terminal(&sample::mixed(), Language::Nl, false));
}

#[test]
fn colour_adds_nothing_but_colour() {
    for (name, make) in CASES {
        let coloured = terminal(&make(), Language::En, true);
        let plain = anstream::adapter::strip_str(&coloured).to_string();
        assert_eq!(plain, terminal(&make(), Language::En, false), "{name}");
    }
}

#[test]
fn every_record_is_junit() {
    for (name, make) in CASES {
        let sample = make();
        let xml = renderer::junit(&report(&sample), &Registry::new(&[RULES]), &sample, Language::En).unwrap();
        let xml = String::from_utf8(xml).unwrap();
        let document = roxmltree::Document::parse(&xml).unwrap();
        let root = document.root_element();
        assert_eq!(root.tag_name().name(), "testsuites");
        let suites = root.children().filter(|node| node.has_tag_name("testsuite")).count();
        assert_eq!(suites, report(&sample).scripts.len(), "{name}");
        insta::assert_snapshot!(format!("junit_{name}"), xml);
    }
}

#[test]
fn the_json_report_keeps_its_contract() {
    let schema = include_str!("../src/report/schema/run-report-1.json");
    let schema = serde_json::from_str(schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for (name, make) in CASES {
        let document = json(&make());
        let errors: Vec<String> =
            validator.iter_errors(&document).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert_eq!(errors, Vec::<String>::new(), "{name}");
    }
    let bytes = renderer::json(&report(&sample::mixed()), &Registry::new(&[RULES]), Language::En).unwrap();
    insta::assert_snapshot!("json_mixed", String::from_utf8(bytes).unwrap());
}

#[test]
fn the_schema_refuses_what_breaks_the_contract() {
    let schema = serde_json::from_str(include_str!("../src/report/schema/run-report-1.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let whole = json(&sample::mixed());
    assert!(validator.is_valid(&whole));
    for pointer in [
        "/schema",
        "/verdict",
        "/receipt/scripts/incomplete",
        "/receipt/asserts/not_evaluated",
        "/receipt/codes/checked",
        "/receipt/definitions/0/origin",
        "/scripts/0/sha256",
        "/scripts/0/tests/0/id",
        "/scripts/0/tests/0/actions/0/exchange",
        "/scripts/0/tests/0/actions/0/source/column",
        "/scripts/0/tests/0/actions/0/target/path",
    ] {
        let mut document = whole.clone();
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        let object = document.pointer_mut(parent).and_then(|value| value.as_object_mut()).unwrap();
        assert!(object.remove(field).is_some(), "{pointer}");
        assert!(!validator.is_valid(&document), "{pointer} may be left out");
    }
    for (pointer, wrong) in [("/verdict", "ok"), ("/scripts/0/tests/0/actions/0/verdict", "not_evaluated")] {
        let mut document = whole.clone();
        *document.pointer_mut(pointer).unwrap() = wrong.into();
        assert!(!validator.is_valid(&document), "{pointer} may be {wrong}");
    }
}

#[test]
fn the_counts_are_those_of_the_record() {
    let mixed = report(&sample::mixed());
    let asserts = mixed.receipt.asserts;
    assert_eq!((asserts.total, asserts.evaluated, asserts.pass), (12, 10, 6));
    assert_eq!((asserts.fail, asserts.warning, asserts.not_evaluated), (2, 2, 2));
    assert_eq!(mixed.verdict, Conclusion::Failed);
    assert_eq!((mixed.receipt.scripts.passed, mixed.receipt.scripts.failed), (1, 2));
    assert_eq!(report(&sample::passed()).verdict, Conclusion::Passed);
    let interrupted = report(&sample::interrupted());
    assert_eq!(interrupted.verdict, Conclusion::Incomplete);
    assert_eq!(interrupted.receipt.scripts.incomplete, 3);
}

#[test]
fn an_expired_token_is_one_cause() {
    let report = report(&sample::expired());
    assert_eq!(report.causes.len(), 1);
    let cause = &report.causes[0];
    assert_eq!((cause.kind, cause.actions.len(), cause.skipped), (CauseKind::Status, 16, 8));
}

#[test]
fn every_action_that_is_not_a_pass_or_skip_is_in_exactly_one_cause() {
    for (name, make) in CASES {
        let report = report(&make());
        let mut in_causes: Vec<_> = report.causes.iter().flat_map(|cause| cause.actions.clone()).collect();
        in_causes.sort();
        let telling = |verdict| !matches!(verdict, Verdict::Pass | Verdict::Skip);
        let expected: Vec<_> = report.actions().filter(|(_, a)| telling(a.verdict)).map(|(place, _)| place).collect();
        assert_eq!(in_causes, expected, "{name}");
    }
}

#[test]
fn a_refusal_that_the_script_expects_is_no_cause() {
    let mut run = Sample::run("https://dva.example", false, 1);
    run.begin("a.xml", "A", "<responseCode/><resource/>")
        .test("1", "")
        .answered("https://dva.example/DocumentReference/$", 400, "{}")
        .assert("<responseCode/>", sample::Came::pass())
        .assert("<resource/>", sample::Came::to(Verdict::Fail, "KEUR2102", "wrong type").between("Bundle", "nothing"))
        .end()
        .finish(false);
    assert_eq!(report(&run).causes[0].kind, CauseKind::Finding);
}

#[test]
fn a_log_that_was_cut_off_anywhere_is_folded_and_never_passes() {
    for (name, make) in CASES {
        let events = make().events;
        let whole = fold(&events).verdict;
        for end in 0..events.len() {
            let report = fold(&events[..end]);
            assert_ne!(report.verdict, Conclusion::Passed, "{name} cut at {end} of {whole:?}");
        }
    }
}

#[test]
fn a_log_in_any_order_is_folded_without_a_better_verdict() {
    for (name, make) in CASES {
        let mut events = make().events;
        let whole = fold(&events).verdict;
        for turn in 0..events.len() {
            events.rotate_left(1);
            if whole == Conclusion::Failed {
                assert_eq!(fold(&events).verdict, Conclusion::Failed, "{name} turned by {turn}");
            } else {
                fold(&events);
            }
        }
    }
}

#[test]
fn events_survive_their_written_form() {
    for (_, make) in CASES {
        for event in make().events {
            let line = serde_json::to_string(&event).unwrap();
            assert_eq!(serde_json::from_str::<Event>(&line).unwrap(), event);
        }
    }
}

#[test]
fn secrets_and_bsns_are_shown_nowhere() {
    for (name, make) in CASES {
        let text = terminal(&make(), Language::En, false);
        assert!(!text.contains("999911120") && !text.contains("sha256:1a2b3c4d"), "{name}\n{text}");
    }
}
