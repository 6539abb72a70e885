//! Expressions against the types of their release, and those that always come out the same.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::definitions::TypeId;
use crate::diagnostic::{Code, Diagnostic, NoteKind, Severity, Span};
use crate::fhirpath::{Constant, Expression, Finding, FindingKind};
use crate::testscript::model::{
    Action, Assert, Check, Direction, Interaction, Operator, Place, TestScript, VariableTake,
};
use crate::testscript::reader::with_values;
use crate::testscript::template::{Part, Template};

use super::{Linter, Release, code, problem};

/// What the analysis says of an expression; the same few are in thousands of scripts.
#[derive(Default)]
pub(super) struct Cache(Mutex<HashMap<Key, Option<Arc<Verdict>>>>);

/// Release, type it starts at, text.
type Key = (crate::fhir::FhirVersion, Option<TypeId>, Box<str>);

/// What is known of an expression before any document is there.
struct Verdict {
    findings: Vec<Finding>,
    constants: Vec<Constant>,
}

/// The rule and its weight of each sort of finding.
const KINDS: [(FindingKind, Code, Severity); 4] = [
    (FindingKind::UnknownType, code::UNKNOWN_TYPE, Severity::Error),
    (FindingKind::UnknownElement, code::UNKNOWN_ELEMENT, Severity::Warning),
    (FindingKind::ImpossibleType, code::IMPOSSIBLE_TYPE, Severity::Warning),
    (FindingKind::AlwaysTrue, code::NO_CRITERION, Severity::Warning),
];

/// Looks at the expressions of asserts and variables.
pub(super) fn check(linter: &Linter<'_>, script: &TestScript, release: &Release, problems: &mut Vec<Diagnostic>) {
    for variable in &script.variables {
        if let Some(VariableTake::Expression(template)) = variable.origin.as_ref().map(|origin| &origin.take)
            && let Some(verdict) = verdict(linter, release, template, None)
        {
            report_findings(&verdict, template, &variable.place, problems);
        }
    }
    let sections = script.tests.iter().map(|test| &test.actions);
    for actions in [&script.setup].into_iter().chain(sections).chain([&script.teardown]) {
        // What an assert that ends the test has made sure of, for those after it.
        let mut sure: Option<TypeId> = None;
        for action in actions {
            match action {
                Action::Operation(operation) => {
                    let bundle = matches!(operation.interaction, Interaction::Batch | Interaction::Transaction);
                    sure = release
                        .types
                        .type_named("Bundle")
                        .filter(|_| bundle && !script.origins.iter().any(|p| p.under_test));
                }
                Action::Assert(assert) => of_assert(linter, release, assert, &mut sure, problems),
            }
        }
    }
}

fn of_assert(
    linter: &Linter<'_>,
    release: &Release,
    assert: &Assert,
    sure: &mut Option<TypeId>,
    problems: &mut Vec<Diagnostic>,
) {
    let last = assert.source_id.is_none() && assert.direction == Direction::Response;
    match &assert.check {
        Check::Resource(name) if last && is_equal(assert) && assert.stop_test_on_fail && !assert.warning_only => {
            *sure = release.types.type_named(&name.text);
        }
        Check::Expression(template) => {
            let start = sure.filter(|_| last);
            let Some(verdict) = verdict(linter, release, template, start) else { return };
            report_findings(&verdict, template, &assert.check_place, problems);
            if is_truth(assert) {
                report_constants(&verdict, template, &assert.check_place, problems);
            }
        }
        _ => {}
    }
}

/// Whether an assert of a resource type asks for that type.
fn is_equal(assert: &Assert) -> bool {
    matches!(assert.operator, None | Some(Operator::Equals))
}

/// Whether the expression has to be true by itself; otherwise its value is compared.
fn is_truth(assert: &Assert) -> bool {
    match assert.operator {
        None => assert.value.is_none(),
        Some(operator) => operator == Operator::Eval,
    }
}

/// Whether the assert can never pass, as far as its expression tells.
pub(super) fn never_passes(linter: &Linter<'_>, release: Option<&Release>, assert: &Assert) -> bool {
    let (Check::Expression(template), Some(release), true) = (&assert.check, release, is_truth(assert)) else {
        return false;
    };
    verdict(linter, release, template, None).is_some_and(|known| known.constants.iter().any(|part| !part.holds))
}

fn verdict(linter: &Linter<'_>, release: &Release, template: &Template, start: Option<TypeId>) -> Option<Arc<Verdict>> {
    let key: Key = (release.types.version(), start, template.text.as_str().into());
    if let Some(known) = linter.expressions.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return known.clone();
    }
    let open: Vec<Span> = template
        .parts
        .iter()
        .filter_map(|part| match part {
            Part::Placeholder(_, span) => Some(*span),
            Part::Literal(_) => None,
        })
        .collect();
    // What does not parse the reader has said.
    let verdict = Expression::parse(&with_values(template)).ok().map(|expression| {
        let mut findings = expression.check(&release.types, start);
        findings.retain(|f| !open.iter().any(|open| open.start() < f.span.end() && f.span.start() < open.end()));
        let constants = expression.constants(&findings, &open);
        Arc::new(Verdict { findings, constants })
    });
    linter.expressions.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, verdict.clone());
    verdict
}

fn report_findings(verdict: &Verdict, template: &Template, place: &Place, problems: &mut Vec<Diagnostic>) {
    for finding in &verdict.findings {
        let Some((_, code, severity)) = KINDS.iter().find(|(kind, ..)| *kind == finding.kind) else { continue };
        let part = template.text.get(finding.span.range()).unwrap_or_default();
        let mut diagnostic = problem(*severity, *code, &finding.message, &narrowed(place, part));
        if let Some(remedy) = &finding.remedy {
            diagnostic.notes = vec![(NoteKind::Remedy, remedy.clone())];
        }
        problems.push(diagnostic);
    }
}

fn report_constants(verdict: &Verdict, template: &Template, place: &Place, problems: &mut Vec<Diagnostic>) {
    for constant in &verdict.constants {
        let part = template.text.get(constant.span.range()).unwrap_or_default();
        let shown = shortened(part);
        let (code, message) = match constant.holds {
            true => (code::NEVER_FAILS, format!("`{shown}` holds whatever the answer is")),
            false => (code::NEVER_PASSES, format!("`{shown}` holds for no answer")),
        };
        problems.push(problem(Severity::Error, code, message, &narrowed(place, part)));
    }
}

/// A part of an expression in one line.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 80;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

/// Where a part stands, if it is written once and as it is; else where the whole does.
fn narrowed(place: &Place, part: &str) -> Place {
    let whole = place.source.text.get(place.span.range()).unwrap_or_default();
    let mut found = whole.match_indices(part);
    let span = match (found.next(), found.next()) {
        (Some((at, _)), None) if !part.is_empty() => {
            let start = place.span.start() + at;
            Span::new(start, start + part.len())
        }
        _ => place.span,
    };
    // Only the span counts in a diagnostic; counting lines for each of thousands would take seconds.
    Place { source: place.source.clone(), span, position: place.position }
}
