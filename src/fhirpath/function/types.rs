//! `is`, `as`, `ofType`, `type` (<http://hl7.org/fhirpath/N1/#types>).

use super::Invocation;
use crate::fhirpath::evaluator::{Fallible, Flow, Sink, attempt};
use crate::fhirpath::item::Item;
use crate::fhirpath::value::Value;

/// As a function `is` gives nothing for several items; a type that nobody knows is never met. Case
/// matters, so `is(coding)` is false for a Coding. Official scripts have `is()` too, which asks for no
/// type: no item has it.
pub(super) fn is(call: &Invocation<'_, '_>) -> Fallible<Option<bool>> {
    if !call.has_argument(0) {
        let one = call.this().is_some() || matches!(call.first_of()?, (Some(_), 1));
        return Ok(one.then_some(false));
    }
    let slot = call.type_argument(0);
    if let Some(this) = call.this() {
        return Ok(Some(call.evaluator.is_type(this, slot)));
    }
    match call.first_of()? {
        (Some(item), 1) => Ok(Some(call.evaluator.is_type(&item, slot))),
        _ => Ok(None),
    }
}

/// `ofType` and, with the same meaning, `as`: STU3 scripts and invariants use it on several items.
pub(super) fn of_type<'a>(call: &Invocation<'_, 'a>, sink: Sink<'_, 'a>) -> Flow {
    let slot = call.type_argument(0);
    attempt(call.evaluator.demand_known(slot, call.call.span))?;
    call.each(&mut |item| if call.evaluator.has_type(&item, slot) { sink(item) } else { Flow::Continue(()) })
}

pub(super) fn type_<'a>(call: &Invocation<'_, 'a>) -> Fallible<Option<Item<'a>>> {
    Ok(call.single()?.map(|item| Item::Value(Value::Type(item.type_info()))))
}
