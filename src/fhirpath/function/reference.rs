//! `resolve` (<http://hl7.org/fhir/R4/fhirpath.html#functions>).

use super::Invocation;
use crate::fhirpath::context::container;
use crate::fhirpath::evaluator::{Flow, Sink};
use crate::fhirpath::item::{Element, Item};

/// The resources that references (Reference elements, or texts that are one) refer to: contained ones,
/// entries of the same Bundle, and what the services of the context find. A reference that leads
/// nowhere is left out.
pub(super) fn resolve<'a>(call: &Invocation<'_, 'a>, sink: Sink<'_, 'a>) -> Flow {
    let context = call.evaluator.context;
    call.each(&mut |item| {
        let (from, text) = match &item {
            Item::Element(element) if element.is_primitive() => (*element, element.node().value()),
            Item::Element(element) => (*element, element.child_value("reference")),
            Item::Value(_) => match context.element() {
                Some(element) => (element, None),
                None => return Flow::Continue(()),
            },
        };
        let owned = if matches!(item, Item::Value(_)) { item.text() } else { None };
        let Some(reference) = text.or(owned.as_deref()) else { return Flow::Continue(()) };
        let found = local(from, reference).or_else(|| context.services().resolve(reference, from));
        match found {
            Some(resource) => sink(Item::Element(resource)),
            None => Flow::Continue(()),
        }
    })
}

/// Resolves without leaving the document.
fn local<'a>(from: Element<'a>, reference: &str) -> Option<Element<'a>> {
    let typed = from.typed();
    if let Some(id) = reference.strip_prefix('#') {
        let resource = container(Element::new(typed, from.node().resource()?.id()))?;
        if id.is_empty() {
            return Some(resource);
        }
        let contained = resource.node().children_named("contained").find(|c| c.child_value("id") == Some(id))?;
        return Some(Element::new(typed, contained.id()));
    }
    let mut node = from.node();
    // The nearest Bundle first; a Bundle may hold another.
    while let Some(resource) = node.resource() {
        if resource.resource_type() == Some("Bundle")
            && let Some(found) = in_bundle(Element::new(typed, resource.id()), reference)
        {
            return Some(found);
        }
        node = resource.parent()?;
    }
    None
}

/// The first entry whose fullUrl is the reference, or whose resource has the type and id it states.
fn in_bundle<'a>(bundle: Element<'a>, reference: &str) -> Option<Element<'a>> {
    let typed = bundle.typed();
    let stated = reference.split_once('/').filter(|(_, id)| !id.contains('/'));
    let (entry, full_url, resource) = (typed.name_id("entry")?, typed.name_id("fullUrl"), typed.name_id("resource")?);
    let entries = bundle.node().children().filter(|c| c.name_id() == entry);
    let found = entries.filter_map(|entry| {
        let (mut url, mut held) = (None, None);
        for child in entry.children() {
            if Some(child.name_id()) == full_url {
                url = child.value();
            } else if child.name_id() == resource {
                held = Some(child);
            }
        }
        Some((url, held?))
    });
    let mut matching = found.filter(|(url, held)| {
        let is_stated = |(ty, id)| held.resource_type() == Some(ty) && held.child_value("id") == Some(id);
        *url == Some(reference) || stated.is_some_and(is_stated)
    });
    matching.next().map(|(_, held)| Element::new(typed, held.id()))
}
