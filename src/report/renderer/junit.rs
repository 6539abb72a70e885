//! JUnit XML for CI.
//!
//! A suite is a script and a test case is a test of it, not an assert: a test is what people name, follow
//! over builds and mute, and a list of two thousand asserts is not read. The failure's text has every
//! failing assert with both its ends. A test of which something was not evaluated, and nothing failed, is
//! `skipped` with a text that says so: JUnit has no better word, and the exit code (3) says the rest.

use std::fmt::Write as _;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

use crate::diagnostic::{Language, Registry};
use crate::record::{ActionKind, Verdict};

use super::super::baseline::KnownReport;
use super::super::diagnosis::{Diagnosis, one_line, place};
use super::super::model::*;
use super::super::verdict::Conclusion;
use super::Material;
use crate::diagnostic;

/// The XML could not be written.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct JunitError(#[from] quick_junit::SerializeError);

/// Failing asserts of one test that are written out; the others are named by their line.
const WRITTEN_OUT: usize = 20;

/// The report as JUnit XML.
///
/// # Errors
/// When the XML cannot be serialised.
pub fn junit(
    report: &RunReport,
    registry: &Registry,
    material: &dyn Material,
    language: Language,
) -> Result<Vec<u8>, JunitError> {
    let diagnosis = Diagnosis { report, registry, material, language, tables: true };
    let mut document = Report::new(format!("keur {}", report.target));
    let mut total = Duration::ZERO;
    for script in &report.scripts {
        let mut suite = TestSuite::new(script.path.as_str());
        let mut time = Duration::ZERO;
        for test in &script.tests {
            let case = case(&diagnosis, script, test);
            time += case.time.unwrap_or_default();
            suite.add_test_case(case);
        }
        suite.set_time(time);
        suite.add_property(Property::new("sha256", script.sha256.as_str()));
        suite.add_property(Property::new("fhir_version", script.fhir_version.as_str()));
        total += time;
        document.add_test_suite(suite);
    }
    document.set_time(total);
    Ok(without_skipped(document.to_string()?).into_bytes())
}

/// Without the attribute `skipped` of the root, which the schema that Jenkins publishes does not have there.
fn without_skipped(xml: String) -> String {
    let root = xml.find("<testsuites").and_then(|start| Some((start, start + xml[start..].find('>')?)));
    let Some((start, end)) = root else { return xml };
    let Some(at) = xml[start..end].find(" skipped=\"").map(|at| start + at) else { return xml };
    let value = at + " skipped=\"".len();
    match xml[value..end].find('"') {
        Some(quote) => format!("{}{}", &xml[..at], &xml[value + quote + 1..]),
        None => xml,
    }
}

fn case(diagnosis: &Diagnosis<'_>, script: &ScriptReport, test: &TestReport) -> TestCase {
    let status = match test.verdict {
        Conclusion::Failed => failed(diagnosis, script, test),
        Conclusion::Incomplete => skipped(test, Verdict::NotEvaluated),
        Conclusion::Passed if all_skipped(test) => skipped(test, Verdict::Skip),
        Conclusion::Passed if test.actions.iter().any(|action| action.known.is_some()) => known(diagnosis, test),
        Conclusion::Passed => TestCaseStatus::success(),
    };
    let name = if test.title.is_empty() { &test.id } else { &test.title };
    let mut case = TestCase::new(one_line(name), status);
    case.set_classname(script.path.as_str());
    case.set_assertions(test.actions.iter().filter(|action| action.kind == ActionKind::Assert).count());
    case.set_time(Duration::from_micros(test.micros));
    case
}

fn all_skipped(test: &TestReport) -> bool {
    test.actions.iter().all(|action| action.verdict == Verdict::Skip)
}

fn failed(diagnosis: &Diagnosis<'_>, script: &ScriptReport, test: &TestReport) -> TestCaseStatus {
    let fails = |action: &&ActionReport| matches!(action.verdict, Verdict::Fail | Verdict::Error);
    let failing: Vec<&ActionReport> = test.actions.iter().filter(|a| fails(a) && a.known.is_none()).collect();
    // An error is a test that could not be decided: no answer, not FHIR.
    let broken = failing.iter().all(|action| action.verdict == Verdict::Error);
    let kind = if broken { NonSuccessKind::Error } else { NonSuccessKind::Failure };
    let mut status = TestCaseStatus::non_success(kind);
    if let Some(first) = failing.first() {
        let more = if failing.len() > 1 { format!(" (+{})", failing.len() - 1) } else { String::new() };
        status.set_message(format!("{}{more}", one_line(&first.message)));
        status.set_type(first.code.as_str());
    }
    let frame = diagnostic::Terminal { colour: false, width: 120, language: diagnosis.language };
    let mut text = String::new();
    for action in failing.iter().take(WRITTEN_OUT) {
        text.push_str(&frame.render(&diagnosis.action(script, test, action)));
        text.push('\n');
    }
    for action in failing.iter().skip(WRITTEN_OUT) {
        let _ = writeln!(text, "{} {}: {}", action.code, place(script, action), one_line(&action.message));
    }
    status.set_description(text);
    status
}

/// A test of which all that fails is known: not a success, and nothing to stop for.
fn known(diagnosis: &Diagnosis<'_>, test: &TestReport) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    let known = || test.actions.iter().filter_map(|action| diagnosis.report.known.get(action.known? as usize));
    let first = known()
        .next()
        .map(|KnownReport { entry, .. }| format!("{} ({})", one_line(&entry.reason), one_line(&entry.reference)));
    // As text: the schema that Jenkins publishes has no message here, and Jenkins reads both.
    status.set_description(format!("{} known: {}", known().count(), first.unwrap_or_default()));
    status
}

fn skipped(test: &TestReport, verdict: Verdict) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    let without: Vec<_> = test.actions.iter().filter(|action| action.verdict == verdict).collect();
    let word = super::super::verdict_code(verdict);
    let first = without.first().map(|action| one_line(&action.message)).unwrap_or_default();
    status.set_description(format!("{} of {} {word}: {first}", without.len(), test.actions.len()));
    status
}
