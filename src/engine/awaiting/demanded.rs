//! Parameters that a test demands by its asserts where the operation leaves them out.
//!
//! Some scripts say no more of a date in the URL than that it shall be one of a few; then the operation has
//! no such parameter and an assert on the request has: a query parameter that is one of a list, or a rule
//! that looks for one of two pieces of the URL.

use crate::engine::compare;
use crate::engine::state::ScriptState;
use crate::testscript::{Action, Assert, Check, Direction, Operation, Operator, Test};

/// A parameter that an assert demands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demanded {
    /// Its name.
    pub name: String,
    /// The first of the values that will do.
    pub value: String,
}

/// The parameters that the asserts after an operation demand, in their order.
pub fn demanded(of: &Operation, test: &Test, state: &ScriptState<'_>) -> Vec<Demanded> {
    let asserts = asserts_on(of, test).filter(|assert| assert.source_id.is_none());
    asserts.filter_map(|assert| of_assert(assert, state)).collect()
}

/// The asserts between an operation and the next.
pub fn asserts_on<'t>(of: &'t Operation, test: &'t Test) -> impl Iterator<Item = &'t Assert> {
    let is_it = move |action: &Action| matches!(action, Action::Operation(operation) if std::ptr::eq(&**operation, of));
    let after = test.actions.iter().skip_while(move |action| !is_it(action)).skip(1);
    after.map_while(|action| match action {
        Action::Assert(assert) => Some(&**assert),
        Action::Operation(_) => None,
    })
}

fn of_assert(assert: &Assert, state: &ScriptState<'_>) -> Option<Demanded> {
    match &assert.check {
        Check::QueryParameter(name) if assert.direction == Direction::Request => {
            let operator = assert.operator.unwrap_or(Operator::Equals);
            let wanted = state.text(assert.value.as_ref()?).ok()?;
            let value = compare::list(&wanted).next()?.to_owned();
            let positive = compare::holds(operator, std::slice::from_ref(&value), &wanted) == Some(true);
            (positive && !value.is_empty()).then(|| Demanded { name: name.clone(), value })
        }
        // A piece of a URL with a name and a value: whatever the rule is called, that is a parameter.
        Check::Rule(call) => call.params.iter().find_map(|(_, text)| {
            let text = state.text(text).ok()?;
            let (name, value) = text.split_once('=')?;
            let plain = |part: &str| part.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.:".contains(&b));
            (plain(name) && !name.is_empty() && !value.is_empty())
                .then(|| Demanded { name: name.to_owned(), value: value.to_owned() })
        }),
        _ => None,
    }
}
