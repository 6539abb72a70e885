//! `children`, `descendants` (<http://hl7.org/fhirpath/N1/#tree-navigation>).

use super::Invocation;
use crate::fhirpath::evaluator::{Flow, Sink};
use crate::fhirpath::item::{Element, Item};

pub(super) fn children<'a>(call: &Invocation<'_, 'a>, sink: Sink<'_, 'a>) -> Flow {
    call.each(&mut |item| match item {
        Item::Element(element) => element.children().try_for_each(|child| sink(Item::Element(child))),
        Item::Value(_) => Flow::Continue(()),
    })
}

/// All that is below, in the order of the document.
pub(super) fn descendants<'a>(call: &Invocation<'_, 'a>, sink: Sink<'_, 'a>) -> Flow {
    call.each(&mut |item| match item {
        Item::Element(element) => below(element, sink),
        Item::Value(_) => Flow::Continue(()),
    })
}

/// Readers limit how deep a document nests, and with it this recursion.
fn below<'a>(element: Element<'a>, sink: Sink<'_, 'a>) -> Flow {
    for child in element.children() {
        sink(Item::Element(child))?;
        below(child, sink)?;
    }
    Flow::Continue(())
}
