//! `htmlChecks`: what narrative may contain (<http://hl7.org/fhir/STU3/narrative.html#Narrative>).

use super::Invocation;
use crate::fhir::narrative::faults;
use crate::fhirpath::evaluator::Fallible;
use crate::fhirpath::item::Item;

/// True when every `<div>` is markup that narrative may contain and has some content.
pub(super) fn html_checks(call: &Invocation<'_, '_>) -> Fallible<Option<bool>> {
    let input = call.input()?;
    if input.is_empty() {
        return Ok(None);
    }
    Ok(Some(input.iter().all(|item| match item {
        Item::Element(element) => element.node().value().is_some_and(|markup| faults(markup).is_empty()),
        Item::Value(_) => false,
    })))
}
