//! `exists`, `all`, `count` and their like (<http://hl7.org/fhirpath/N1/#existence>).

use super::Invocation;
use crate::fhirpath::evaluator::{Fallible, Flow, Sink, Stop, attempt};
use crate::fhirpath::item::Item;
use crate::fhirpath::operator::{Seen, is_member};
use crate::fhirpath::value::Value;

pub(super) fn empty(call: &Invocation<'_, '_>) -> Fallible<Option<bool>> {
    Ok(Some(!any(call, |_, _| Ok(true))?))
}

pub(super) fn exists(call: &Invocation<'_, '_>) -> Fallible<Option<bool>> {
    let found = match call.lambda(0) {
        None => any(call, |_, _| Ok(true)),
        Some(criterion) => any(call, |item, index| call.holds(criterion, item, index)),
    };
    found.map(Some)
}

/// True on an empty input; a criterion that is empty for an item counts as false.
pub(super) fn all(call: &Invocation<'_, '_>) -> Fallible<Option<bool>> {
    let Some(criterion) = call.lambda(0) else { return Ok(None) };
    let counterexample = any(call, |item, index| Ok(!call.holds(criterion, item, index)?))?;
    Ok(Some(!counterexample))
}

/// Whether any item passes, looking no further than the first that does.
fn any<'a>(call: &Invocation<'_, 'a>, mut passes: impl FnMut(&Item<'a>, usize) -> Fallible<bool>) -> Fallible<bool> {
    let (mut found, mut index) = (false, 0);
    call.try_each(|item| {
        found = attempt(passes(&item, index))?;
        index += 1;
        if found { Flow::Break(Stop::Enough) } else { Flow::Continue(()) }
    })?;
    Ok(found)
}

fn any_is(call: &Invocation<'_, '_>, wanted: bool) -> Fallible<bool> {
    any(call, |item, _| Ok(item.truth() == wanted))
}

pub(super) fn all_true(call: &Invocation<'_, '_>) -> Fallible<Option<bool>> {
    Ok(Some(!any_is(call, false)?))
}

pub(super) fn any_true(call: &Invocation<'_, '_>) -> Fallible<Option<bool>> {
    Ok(Some(any_is(call, true)?))
}

pub(super) fn all_false(call: &Invocation<'_, '_>) -> Fallible<Option<bool>> {
    Ok(Some(!any_is(call, true)?))
}

pub(super) fn any_false(call: &Invocation<'_, '_>) -> Fallible<Option<bool>> {
    Ok(Some(any_is(call, false)?))
}

pub(super) fn subset_of(call: &Invocation<'_, '_>) -> Fallible<Option<bool>> {
    let all = call.argument(0)?;
    Ok(Some(!any(call, |item, _| Ok(!is_member(item, &all)))?))
}

pub(super) fn superset_of(call: &Invocation<'_, '_>) -> Fallible<Option<bool>> {
    let (all, some) = (call.input()?, call.argument(0)?);
    Ok(Some(some.iter().all(|item| is_member(item, &all))))
}

pub(super) fn count<'a>(call: &Invocation<'_, 'a>) -> Fallible<Option<Item<'a>>> {
    let count = match &call.call.receiver {
        Some(receiver) => call.evaluator.number(receiver, call.scope)?,
        None => usize::from(call.scope.this.is_some()),
    };
    Ok(Some(Item::Value(Value::Integer(count as i64))))
}

pub(super) fn distinct<'a>(call: &Invocation<'_, 'a>, sink: Sink<'_, 'a>) -> Flow {
    let mut seen = Seen::default();
    call.each(&mut |item| if seen.insert(&item) { sink(item) } else { Flow::Continue(()) })
}

pub(super) fn is_distinct(call: &Invocation<'_, '_>) -> Fallible<Option<bool>> {
    let mut seen = Seen::default();
    Ok(Some(!any(call, |item, _| Ok(!seen.insert(item)))?))
}

/// One item that is not a boolean counts as true, and so do several.
pub(super) fn not(call: &Invocation<'_, '_>) -> Fallible<Option<bool>> {
    let receiver = call.call.receiver.as_ref();
    let truth = match receiver {
        Some(receiver) => call.evaluator.truth(receiver, call.scope)?,
        None => call.scope.this.map(Item::truth),
    };
    Ok(truth.map(|t| !t))
}
