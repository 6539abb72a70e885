//! Whose a failure is: who made the message that the assert looked at.
//!
//! An assert about a request is the client's, one about an answer the server's. A client that asks for the
//! wrong thing gets an answer that its scripts do not like: that is a consequence, and stays the client's.

use crate::engine::Plan;
use crate::testscript::{Action, Direction, TestScript};

use super::outcome::Side;

/// Whose an action is, by its numbers in the plan, when nothing else is known.
pub fn owner(plan: &Plan, script: u32, test: u32, action: u32, judged: Side) -> Side {
    let found = plan.scripts.get(script as usize).and_then(|planned| find(&planned.script, test, action));
    match found {
        Some(Action::Assert(assert)) => match assert.direction {
            Direction::Request => Side::Client,
            Direction::Response => Side::Server,
        },
        // What never came is for who was to send it.
        _ => judged,
    }
}

/// Tests are numbered with setup and teardown, where those have actions.
fn find(script: &TestScript, test: u32, action: u32) -> Option<&Action> {
    let setup = (!script.setup.is_empty()).then_some(&script.setup);
    let teardown = (!script.teardown.is_empty()).then_some(&script.teardown);
    let sections = setup.into_iter().chain(script.tests.iter().map(|test| &test.actions)).chain(teardown);
    sections.into_iter().nth(test as usize)?.get(action as usize)
}
