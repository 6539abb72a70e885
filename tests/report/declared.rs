//! What was declared before a run: known failures, and requirements.

use keur::diagnostic::Language;
use keur::record::Verdict;
use keur::report::{
    Conclusion, Fold, KnownFailure, KnownState, Observation, Pattern, RequirementVerdict, Requirements, RunReport,
    fold, renderer,
};

use super::sample::{self, Sample};

fn known(path: &str, test: &str, action: &str, expires: &str) -> KnownFailure {
    KnownFailure {
        path: Pattern::new(path),
        test: Pattern::new(test),
        action: Pattern::new(action),
        reason: "the laboratory sends it so".into(),
        reference: "ISSUE-1".into(),
        expires: expires.into(),
    }
}

fn knowing(sample: &Sample, entries: &[KnownFailure]) -> RunReport {
    let mut fold = Fold::knowing(entries);
    fold.push_all(&sample.events);
    fold.finish()
}

/// A run in which two scripts fail by one assert each, and nothing else is wrong.
fn failing() -> Sample {
    let mut sample = sample::mixed();
    for event in &mut sample.events {
        if let keur::record::Event::ActionFinished(action) = event
            && action.verdict == Verdict::NotEvaluated
        {
            action.verdict = Verdict::Pass;
        }
    }
    sample
}

#[test]
fn known_failures_do_not_fail_a_run_and_are_counted_all_the_same() {
    let sample = failing();
    let report = knowing(&sample, &[known("15-laboratory-*.yaml", "latest", "*UCUM*", "2026-01-02")]);
    assert_eq!(report.verdict, Conclusion::Passed);
    assert_eq!((report.receipt.asserts.fail, report.receipt.asserts.known), (2, 2));
    assert_eq!((report.known[0].state, report.known[0].failures), (KnownState::Known, 2));
    let cause = report.causes.iter().find(|cause| cause.known).unwrap();
    assert!(!cause.fails() && cause.actions.len() == 2);
    let sarif = renderer::sarif(&report, &Default::default(), Language::En);
    assert!(sarif.contains("suppressions") && sarif.contains("ISSUE-1"));
    let junit =
        String::from_utf8(renderer::junit(&report, &Default::default(), &sample, Language::En).unwrap()).unwrap();
    assert!(junit.contains("failures=\"0\"") && junit.contains("1 known: the laboratory sends it so (ISSUE-1)"));
    assert!(!renderer::github(&report).contains("::error"));
}

#[test]
fn an_entry_fails_the_run_when_it_has_expired_or_healed_and_only_then() {
    let sample = failing();
    let both = "15-laboratory-*.yaml";
    for (entry, state, verdict) in [
        (known(both, "*", "KEUR2104", "2026-01-02"), KnownState::Known, Conclusion::Passed),
        (known(both, "*", "KEUR2104", "2026-01-01"), KnownState::Expired, Conclusion::Failed),
        // Of one of the two scripts only: the other still fails.
        (known("15-laboratory-json.yaml", "*", "*", "2027-01-01"), KnownState::Known, Conclusion::Failed),
        (known("01-patient.xml", "read", "*", "2027-01-01"), KnownState::Healed, Conclusion::Failed),
        (known("01-patient.xml", "no such test", "*", "2027-01-01"), KnownState::Healed, Conclusion::Failed),
        (known("another/script.yaml", "*", "*", "2027-01-01"), KnownState::NotRun, Conclusion::Failed),
    ] {
        let report = knowing(&sample, std::slice::from_ref(&entry));
        assert_eq!((report.known[0].state, report.verdict), (state, verdict), "{entry:?}");
    }
    let passed = knowing(&sample::passed(), &[known("another/script.yaml", "*", "*", "2027-01-01")]);
    assert_eq!((passed.known[0].state, passed.verdict), (KnownState::NotRun, Conclusion::Passed));
    let cut = knowing(&sample::interrupted(), &[known("01-patient.xml", "*", "*", "2027-01-01")]);
    assert_eq!(cut.known[0].state, KnownState::NotRun);
}

#[test]
fn a_record_without_its_beginning_accepts_nothing() {
    let sample = failing();
    let mut fold = Fold::knowing(&[known("*", "*", "*", "2999-01-01")]);
    fold.push_all(&sample.events[1..]);
    let report = fold.finish();
    assert_eq!((report.known[0].state, report.verdict), (KnownState::Expired, Conclusion::Failed));
}

const TABLE: &str = r#"
id: own
title: {en: Own requirements, nl: Eigen eisen}
source: a test
note: {en: none, nl: geen}
requirements:
  - id: A
    text: {en: the laboratory, nl: het laboratorium}
    source: a
    checks: [{path: "15-*"}]
  - id: B
    text: {en: the patient, nl: de patiënt}
    source: b
    checks: [{path: "01-patient.xml", test: read}]
  - id: C
    text: {en: something else, nl: iets anders}
    source: c
    checks: [{test: MM-AUTH-01}]
  - id: D
    text: {en: the patient and something else, nl: de patiënt en iets anders}
    source: d
    checks: [{path: "01-patient.xml"}, {test: MM-AUTH-01}]
  - id: E
    text: {en: a letter, nl: een brief}
    source: e
    manual: {en: look, nl: kijk}
  - id: F
    text: {en: both, nl: beide}
    source: f
    checks: [{path: "15-*"}]
    manual: {en: look, nl: kijk}
"#;

#[test]
fn a_requirement_is_met_only_by_what_was_seen() {
    use RequirementVerdict::{Accepted, Manual, Met, NotMet, NotRun, Open};
    let table = Requirements::read(TABLE).unwrap();
    let verdicts = |report: &RunReport, seen: &[Observation]| -> Vec<RequirementVerdict> {
        table.judge(report, seen).rows.iter().map(|row| row.verdict).collect()
    };
    let seen = |id: &str, met| Observation { requirement: id.into(), met, text: "x".into(), ..Observation::default() };
    let mixed = fold(&sample::mixed().events);
    assert_eq!(verdicts(&mixed, &[]), [NotMet, Met, NotRun, Open, Manual, NotMet]);
    assert_eq!(verdicts(&mixed, &[seen("E", true), seen("F", true)]), [NotMet, Met, NotRun, Open, Met, NotMet]);
    assert_eq!(verdicts(&mixed, &[seen("E", false)])[4], NotMet);
    let accepted = knowing(&failing(), &[known("15-*", "*", "*UCUM*", "2027-01-01")]);
    assert_eq!(verdicts(&accepted, &[]), [Accepted, Met, NotRun, Open, Manual, Accepted]);
    assert_eq!(verdicts(&fold(&sample::interrupted().events), &[])[1], NotRun);
    let row = &table.judge(&mixed, &[]).rows[1];
    assert_eq!((row.checks.pass, row.evidence.len(), row.evidence[0].exchanges.as_slice()), (2, 1, &[3][..]));
}

#[test]
fn a_table_that_is_not_as_it_should_be_says_where() {
    for (from, to, expected) in [
        ("id: own\n", "", "`id` is missing"),
        ("source: a\n", "sources: a\n", "`sources` is not one of"),
        ("id: B", "id: A", "`A` is there twice"),
        ("    manual: {en: look, nl: kijk}\n  - id: F", "  - id: F", "`checks`, or a `manual` task"),
        (", nl: kijk}", "}", "`nl` is missing"),
        ("requirements:\n", "requirements: [\n", "line"),
    ] {
        let text = TABLE.replacen(from, to, 1);
        assert_ne!(text, TABLE, "{from}");
        let error = Requirements::read(&text).unwrap_err().to_string();
        assert!(error.contains(expected), "{from}: {error}");
    }
}

#[test]
fn the_tables_that_keur_carries_can_be_read_and_their_patterns_reach_the_suites() {
    let mut tables = 0;
    let scripts: Vec<&str> = keur::embedded::below("testscripts").iter().map(|file| file.path).collect();
    for file in keur::embedded::below("requirements").iter().filter(|file| file.path.ends_with(".yaml")) {
        let table = Requirements::read(file.text().unwrap()).unwrap_or_else(|error| panic!("{}: {error}", file.path));
        assert_eq!(format!("{}.yaml", table.id), file.name());
        tables += 1;
        for row in &table.rows {
            for check in row.checks.iter().filter(|check| check.path.as_str().starts_with("*bgz-3.0/")) {
                assert!(scripts.iter().any(|script| check.path.fits_path(script)), "{}: {:?}", row.id, check);
            }
        }
    }
    assert_eq!(tables, 5);
    let letters = "there are no scripts for correspondence between institutions";
    let third = keur::embedded::file("requirements/vipp5-module-3.yaml").and_then(|file| file.text()).unwrap();
    let row = Requirements::read(third).unwrap().rows.into_iter().find(|row| row.id == "V5-3-8").unwrap();
    assert!(row.checks.is_empty() && row.manual.is_some(), "{letters}");
}
