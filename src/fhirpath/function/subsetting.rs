//! `first`, `skip`, `intersect` and their like (<http://hl7.org/fhirpath/N1/#subsetting>).

use super::Invocation;
use crate::fhirpath::evaluator::{Fallible, Flow, Sink, Stop, attempt, finish};
use crate::fhirpath::item::Item;
use crate::fhirpath::operator::{Seen, is_member};

pub(super) fn single<'a>(call: &Invocation<'_, 'a>) -> Fallible<Option<Item<'a>>> {
    call.single()
}

pub(super) fn first<'a>(call: &Invocation<'_, 'a>) -> Fallible<Option<Item<'a>>> {
    let mut first = None;
    call.try_each(|item| {
        first = Some(item);
        Flow::Break(Stop::Enough)
    })?;
    Ok(first)
}

pub(super) fn last<'a>(call: &Invocation<'_, 'a>) -> Fallible<Option<Item<'a>>> {
    let mut last = None;
    call.try_each(|item| {
        last = Some(item);
        Flow::Continue(())
    })?;
    Ok(last)
}

pub(super) fn tail<'a>(call: &Invocation<'_, 'a>, sink: Sink<'_, 'a>) -> Flow {
    from(call, 1, sink)
}

pub(super) fn skip<'a>(call: &Invocation<'_, 'a>, sink: Sink<'_, 'a>) -> Flow {
    match attempt(call.integer_argument(0))? {
        Some(count) => from(call, count, sink),
        None => Flow::Continue(()),
    }
}

fn from<'a>(call: &Invocation<'_, 'a>, count: i64, sink: Sink<'_, 'a>) -> Flow {
    let mut at = 0;
    call.each(&mut |item| {
        at += 1;
        if at > count { sink(item) } else { Flow::Continue(()) }
    })
}

pub(super) fn take<'a>(call: &Invocation<'_, 'a>, sink: Sink<'_, 'a>) -> Flow {
    let mut left = attempt(call.integer_argument(0))?.unwrap_or(0);
    if left <= 0 {
        return Flow::Continue(());
    }
    // Two may say that it is enough: whoever takes the items, whose word goes further up, and the count.
    let mut above = Flow::Continue(());
    attempt(finish(call.each(&mut |item| {
        above = sink(item);
        left -= 1;
        if above.is_break() || left == 0 { Flow::Break(Stop::Enough) } else { Flow::Continue(()) }
    })))?;
    above
}

pub(super) fn intersect<'a>(call: &Invocation<'_, 'a>, sink: Sink<'_, 'a>) -> Flow {
    let other = attempt(call.argument(0))?;
    let mut seen = Seen::default();
    call.each(&mut |item| {
        if is_member(&item, &other) && seen.insert(&item) { sink(item) } else { Flow::Continue(()) }
    })
}

pub(super) fn exclude<'a>(call: &Invocation<'_, 'a>, sink: Sink<'_, 'a>) -> Flow {
    let other = attempt(call.argument(0))?;
    call.each(&mut |item| if is_member(&item, &other) { Flow::Continue(()) } else { sink(item) })
}
