//! `trace`, the clock, `aggregate` (<http://hl7.org/fhirpath/N1/#utility-functions>).

use super::Invocation;
use crate::fhirpath::evaluator::{Fallible, Flow, Scope, Sink, attempt};
use crate::fhirpath::item::{Collection, Item};
use crate::fhirpath::value::{Precision, Temporal, TemporalKind, Value};

/// Hands its input on as it is; the services of the context see it, or what the projection makes of it.
pub(super) fn trace<'a>(call: &Invocation<'_, 'a>, sink: Sink<'_, 'a>) -> Flow {
    let name = attempt(call.text_argument(0))?.unwrap_or_default();
    let input = attempt(call.input())?;
    let services = call.evaluator.context.services();
    match call.lambda(1) {
        None => services.trace(&name, &input),
        Some(projection) => {
            for (index, item) in input.iter().enumerate() {
                services.trace(&name, &attempt(call.evaluator.collect(projection, call.scope_of(item, index)))?);
            }
        }
    }
    input.into_iter().try_for_each(sink)
}

fn moment<'a>(call: &Invocation<'_, 'a>) -> Temporal {
    Temporal::now(call.evaluator.now())
}

pub(super) fn now<'a>(call: &Invocation<'_, 'a>) -> Fallible<Option<Item<'a>>> {
    Ok(Some(Item::Value(Value::Temporal(moment(call)))))
}

pub(super) fn today<'a>(call: &Invocation<'_, 'a>) -> Fallible<Option<Item<'a>>> {
    let today = moment(call).at_precision(Precision::Day).to_kind(TemporalKind::Date);
    Ok(today.map(|t| Item::Value(Value::Temporal(t))))
}

pub(super) fn time_of_day<'a>(call: &Invocation<'_, 'a>) -> Fallible<Option<Item<'a>>> {
    Ok(Some(Item::Value(Value::Temporal(moment(call).time_of_day()))))
}

/// `$total` starts as the second argument, or empty, and becomes what the first makes of each item.
pub(super) fn aggregate<'a>(call: &Invocation<'_, 'a>, sink: Sink<'_, 'a>) -> Flow {
    let Some(aggregator) = call.lambda(0) else { return Flow::Continue(()) };
    let mut total: Collection<'a> = attempt(call.argument(1))?;
    for (index, item) in attempt(call.input())?.iter().enumerate() {
        let scope = Scope { this: Some(item), index, total: Some(&total) };
        total = attempt(call.evaluator.collect(aggregator, scope))?;
    }
    total.into_iter().try_for_each(sink)
}
