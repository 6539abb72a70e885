//! `where`, `select`, `repeat` (<http://hl7.org/fhirpath/N1/#filtering-and-projection>).

use super::Invocation;
use crate::fhirpath::error::ErrorKind;
use crate::fhirpath::evaluator::{Flow, Sink, attempt, push};
use crate::fhirpath::item::{Collection, Item};
use crate::fhirpath::operator::Seen;

pub(super) fn where_<'a>(call: &Invocation<'_, 'a>, sink: Sink<'_, 'a>) -> Flow {
    let Some(criterion) = call.lambda(0) else { return Flow::Continue(()) };
    let mut index = 0;
    call.each(&mut |item| {
        let holds = attempt(call.holds(criterion, &item, index))?;
        index += 1;
        if holds { sink(item) } else { Flow::Continue(()) }
    })
}

pub(super) fn select<'a>(call: &Invocation<'_, 'a>, sink: Sink<'_, 'a>) -> Flow {
    let Some(projection) = call.lambda(0) else { return Flow::Continue(()) };
    let mut index = 0;
    call.each(&mut |item| {
        call.evaluator.each(projection, call.scope_of(&item, index), sink)?;
        index += 1;
        Flow::Continue(())
    })
}

/// Deeper than anything nests.
const MAX_ROUNDS: usize = 10_000;

/// Projects, and again what came out, until nothing new comes.
pub(super) fn repeat<'a>(call: &Invocation<'_, 'a>, sink: Sink<'_, 'a>) -> Flow {
    let Some(projection) = call.lambda(0) else { return Flow::Continue(()) };
    let mut round = attempt(call.input())?;
    let mut rounds = 0;
    let (mut elements, mut values) = (std::collections::HashSet::new(), Seen::default());
    while !round.is_empty() {
        let mut next = Collection::default();
        for (index, item) in round.iter().enumerate() {
            call.evaluator.each(projection, call.scope_of(item, index), &mut |found| {
                // Elements are the same when they are one, not when they look alike.
                let is_new = match &found {
                    Item::Element(element) => {
                        elements.insert((std::ptr::from_ref(element.typed()), element.node().id()))
                    }
                    Item::Value(_) => values.insert(&found),
                };
                if is_new { attempt(push(&mut next, found, call.call.span)) } else { Flow::Continue(()) }
            })?;
        }
        // Elements come to an end, computed values need not.
        rounds += 1;
        if rounds > MAX_ROUNDS {
            let message = format!("finds something new after {MAX_ROUNDS} rounds");
            return attempt(Err(call.error(ErrorKind::Value, &message)));
        }
        next.iter().try_for_each(|item| sink(item.clone()))?;
        round = next;
    }
    Flow::Continue(())
}
