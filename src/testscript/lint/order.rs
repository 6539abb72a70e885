//! The order of actions: what has nothing to look at, what is never reached, what cannot both hold.

use std::collections::BTreeSet;

use crate::diagnostic::{Diagnostic, NoteKind, Severity};
use crate::testscript::model::{Action, Assert, Check, Direction, Operator, Place, TestScript};
use crate::testscript::status::status_named;

use super::{Linter, Release, code, expressions, problem};

/// Looks at the actions in the order they run.
pub(super) fn check(
    linter: &Linter<'_>,
    script: &TestScript,
    release: Option<&Release>,
    problems: &mut Vec<Diagnostic>,
) {
    let made = script.actions().flat_map(made_by).collect::<BTreeSet<&str>>();
    let mut state = State {
        made,
        there: script.fixtures.iter().map(|fixture| fixture.id.as_str()).collect(),
        exchanged: false,
        known: vec![],
        never_passes: &|assert| expressions::never_passes(linter, release, assert),
        problems,
    };
    state.section(&script.setup);
    for test in &script.tests {
        state.section(&test.actions);
    }
    state.section(&script.teardown);
}

/// The names under which an action keeps something.
fn made_by(action: &Action) -> Vec<&str> {
    match action {
        Action::Operation(operation) => {
            [&operation.request_id, &operation.response_id].into_iter().flatten().map(String::as_str).collect()
        }
        Action::Assert(assert) => match &assert.check {
            Check::Rule(call) => call.outputs.iter().map(|output| output.name.as_str()).collect(),
            _ => vec![],
        },
    }
}

struct State<'s, 'p> {
    /// Names that are kept somewhere in the script.
    made: BTreeSet<&'s str>,
    /// Names that are kept by now.
    there: BTreeSet<&'s str>,
    exchanged: bool,
    /// What asserts on the last answer demand.
    known: Vec<Demand<'s>>,
    never_passes: &'p dyn Fn(&Assert) -> bool,
    problems: &'p mut Vec<Diagnostic>,
}

/// What an answer must have for an assert to pass.
struct Demand<'s> {
    /// What is looked at: two demands on other things do not meet.
    subject: &'static str,
    /// The values, one of which it must be.
    values: Vec<&'s str>,
    place: Place,
}

impl<'s> State<'s, '_> {
    fn section(&mut self, actions: &'s [Action]) {
        self.known.clear();
        let mut ended: Option<&Place> = None;
        let mut told = false;
        for action in actions {
            if let (Some(by), false) = (ended, told) {
                let place = match action {
                    Action::Operation(operation) => &operation.place,
                    Action::Assert(assert) => &assert.place,
                };
                let message = "the test always ends before this";
                self.problems.push(problem(Severity::Error, code::UNREACHABLE, message, place).label(
                    &by.source,
                    by.span,
                    "this never passes and ends the test",
                ));
                told = true;
            }
            match action {
                Action::Operation(operation) => {
                    self.known.clear();
                    for id in [&operation.source_id, &operation.target_id].into_iter().flatten() {
                        self.used(id, &operation.place);
                    }
                    self.exchanged = true;
                }
                Action::Assert(assert) => {
                    self.assert(assert);
                    if assert.stop_test_on_fail && !assert.warning_only && (self.never_passes)(assert) {
                        ended = ended.or(Some(&assert.check_place));
                    }
                }
            }
            self.there.extend(made_by(action));
        }
    }

    /// A name that something is kept under later only. A name nobody keeps anything under is the reader's.
    fn used(&mut self, id: &str, place: &Place) {
        if self.made.contains(id) && !self.there.contains(id) {
            let message = format!("nothing is kept under `{id}` yet");
            self.problems.push(problem(Severity::Error, code::SOURCE_LATER, message, place));
        }
    }

    fn assert(&mut self, assert: &'s Assert) {
        match &assert.source_id {
            Some(id) => self.used(id, &assert.place),
            None if !self.exchanged => {
                let message = "no operation stands before this assert, and it has no `sourceId`";
                self.problems.push(problem(Severity::Error, code::NO_OPERATION, message, &assert.place));
            }
            None => {}
        }
        if assert.warning_only && assert.stop_test_on_fail {
            let message = "`stopTestOnFail` does nothing beside `warningOnly`";
            self.problems.push(problem(Severity::Information, code::STOP_WITHOUT_EFFECT, message, &assert.place));
        }
        if let Some(demand) = demanded(assert) {
            let meets = |known: &&Demand<'_>| {
                known.subject == demand.subject && !demand.values.iter().any(|value| known.values.contains(value))
            };
            if let Some(known) = self.known.iter().find(meets) {
                let message = format!("{} cannot be both `{}` and `{}`", demand.subject, list(known), list(&demand));
                self.problems.push(
                    problem(Severity::Error, code::CONTRADICTION, message, &demand.place)
                        .label(&known.place.source, known.place.span, "asked for here")
                        .note(NoteKind::Note, "both look at the same answer"),
                );
            }
            self.known.push(demand);
        }
    }
}

fn list(demand: &Demand<'_>) -> String {
    demand.values.join(", ")
}

/// What an assert demands of the last answer; None where that cannot be told, or where it only warns.
fn demanded(assert: &Assert) -> Option<Demand<'_>> {
    if assert.source_id.is_some() || assert.direction != Direction::Response || assert.warning_only {
        return None;
    }
    let asked = matches!(assert.operator, None | Some(Operator::Equals | Operator::In));
    let (subject, values) = match &assert.check {
        Check::ResponseCode(codes) if asked && codes.is_literal() => {
            ("the status", codes.text.split(',').map(str::trim).collect())
        }
        Check::Response(name) if asked => ("the status", vec![status_named(name)?]),
        Check::Resource(name) if asked && name.is_literal() => ("the resource", vec![name.text.as_str()]),
        Check::RequestMethod(method) if asked => ("the method", vec![method.as_str()]),
        _ => return None,
    };
    Some(Demand { subject, values, place: assert.check_place.clone() })
}
