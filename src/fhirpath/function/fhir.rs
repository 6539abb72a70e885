//! What FHIR adds (<http://hl7.org/fhir/R4/fhirpath.html#functions>), but for `resolve` and `htmlChecks`.

use super::Invocation;
use crate::fhirpath::error::{ErrorKind, EvaluationError};
use crate::fhirpath::evaluator::{Fallible, Flow, Sink, attempt};
use crate::fhirpath::item::Item;

pub(super) fn extension<'a>(call: &Invocation<'_, 'a>, sink: Sink<'_, 'a>) -> Flow {
    let Some(url) = attempt(call.text_argument(0))? else { return Flow::Continue(()) };
    call.each(&mut |item| {
        let Item::Element(element) = item else { return Flow::Continue(()) };
        // Most elements are primitives with nothing on them.
        if element.node().children().next().is_none() {
            return Flow::Continue(());
        }
        let extensions = element.children().filter(|c| c.step_name() == "extension");
        let mut wanted = extensions.filter(|e| e.child_value("url") == Some(&url));
        wanted.try_for_each(|e| sink(Item::Element(e)))
    })
}

/// Whether there is one item and it has a value; a complex element counts as its own value.
pub(super) fn has_value(call: &Invocation<'_, '_>) -> Fallible<Option<bool>> {
    Ok(Some(match call.first_of()? {
        (Some(Item::Element(element)), 1) => !element.is_primitive() || element.node().value().is_some(),
        (Some(Item::Value(_)), 1) => true,
        _ => false,
    }))
}

/// The System value of the one primitive.
pub(super) fn get_value<'a>(call: &Invocation<'_, 'a>) -> Fallible<Option<Item<'a>>> {
    Ok(match call.first_of()? {
        (Some(item), 1) => item.value().map(Item::Value),
        _ => None,
    })
}

fn not_evaluated(call: &Invocation<'_, '_>, what: String) -> EvaluationError {
    call.error(ErrorKind::NotEvaluated, &what)
}

pub(super) fn member_of(call: &Invocation<'_, '_>) -> Fallible<Option<bool>> {
    let (Some(item), Some(value_set)) = (call.single()?, call.text_argument(0)?) else { return Ok(None) };
    match call.evaluator.context.services().is_member(&item, &value_set) {
        Some(answer) => Ok(Some(answer)),
        None => Err(not_evaluated(call, format!("cannot be decided: value set `{value_set}` is not at hand"))),
    }
}

/// Something of another type than the one a base definition defines certainly does not conform.
pub(super) fn conforms_to(call: &Invocation<'_, '_>) -> Fallible<Option<bool>> {
    let (Some(item), Some(profile)) = (call.single()?, call.text_argument(0)?) else { return Ok(None) };
    let Item::Element(element) = item else { return Ok(Some(false)) };
    if let Some(answer) = call.evaluator.context.services().conforms_to(element, &profile) {
        return Ok(Some(answer));
    }
    let table = element.typed().table();
    let base = profile.strip_prefix("http://hl7.org/fhir/StructureDefinition/").and_then(|n| table.type_named(n));
    match base {
        Some(base) if !table.is_a(element.type_id(), base) => Ok(Some(false)),
        _ => Err(not_evaluated(call, format!("cannot be decided: profile `{profile}` is not at hand"))),
    }
}
