//! `union`, `combine` (<http://hl7.org/fhirpath/N1/#combining>).

use super::Invocation;
use crate::fhirpath::evaluator::{Flow, Sink, attempt};
use crate::fhirpath::operator::Seen;

pub(super) fn union<'a>(call: &Invocation<'_, 'a>, sink: Sink<'_, 'a>) -> Flow {
    let mut seen = Seen::default();
    call.each(&mut |item| if seen.insert(&item) { sink(item) } else { Flow::Continue(()) })?;
    for item in attempt(call.argument(0))? {
        if seen.insert(&item) {
            sink(item)?;
        }
    }
    Flow::Continue(())
}

/// Both, duplicates kept.
pub(super) fn combine<'a>(call: &Invocation<'_, 'a>, sink: Sink<'_, 'a>) -> Flow {
    call.each(sink)?;
    attempt(call.argument(0))?.into_iter().try_for_each(sink)
}
