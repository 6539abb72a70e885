//! What an evaluation starts from, and what it may ask of those around it.

use std::fmt;

use super::item::{Collection, Element, Item};
use super::tree::Variable;
use crate::definitions::Typed;
use crate::fhir::NodeId;

/// What an expression may ask beyond the document it works on. Every answer may be "not known".
pub trait Services: Sync {
    /// What a reference that does not resolve inside its own resource or Bundle refers to.
    fn resolve<'s>(&'s self, _reference: &str, _from: Element<'_>) -> Option<Element<'s>> {
        None
    }

    /// Whether a code, Coding, CodeableConcept or string is in a value set.
    fn is_member(&self, _item: &Item<'_>, _value_set: &str) -> Option<bool> {
        None
    }

    /// Whether an element conforms to a profile.
    fn conforms_to(&self, _element: Element<'_>, _profile: &str) -> Option<bool> {
        None
    }

    /// Something passed `trace()`.
    fn trace(&self, _name: &str, _items: &Collection<'_>) {}
}

/// Nobody to ask.
struct NoServices;

impl Services for NoServices {}

/// Where an evaluation starts: a document, an element of it, and what is around.
#[derive(Clone)]
pub struct Context<'a> {
    typed: &'a Typed,
    element: NodeId,
    asked_of: Option<NodeId>,
    services: &'a dyn Services,
    variables: Vec<(&'a str, Collection<'a>)>,
    now: Option<jiff::Zoned>,
    written_names: bool,
}

impl<'a> Context<'a> {
    /// The root of a document, with nobody to ask.
    pub fn new(typed: &'a Typed) -> Self {
        Context {
            typed,
            element: typed.root().id(),
            asked_of: None,
            services: &NoServices,
            variables: vec![],
            now: None,
            written_names: false,
        }
    }

    /// Starts at this element, which must be of the document.
    #[must_use]
    pub fn at(mut self, element: NodeId) -> Self {
        self.element = element;
        self
    }

    /// A part of an expression that was asked of this element: `%resource` stays what it was for the whole.
    #[must_use]
    pub fn asked_of(mut self, element: NodeId) -> Self {
        self.asked_of = Some(element);
        self
    }

    /// Who is asked for what the document does not say.
    #[must_use]
    pub fn with_services(mut self, services: &'a dyn Services) -> Self {
        self.services = services;
        self
    }

    /// Defines `%name`.
    #[must_use]
    pub fn with_variable(mut self, name: &'a str, value: Collection<'a>) -> Self {
        self.variables.push((name, value));
        self
    }

    /// Fixes what `now()` and `today()` say; otherwise they say the time of each evaluation.
    #[must_use]
    pub fn with_now(mut self, now: jiff::Zoned) -> Self {
        self.now = Some(now);
        self
    }

    /// Lets a choice be asked for by the name it is written under, too (`valueReference`): not FHIRPath, but
    /// invariants of official profiles rely on it.
    #[must_use]
    pub fn with_written_names(mut self) -> Self {
        self.written_names = true;
        self
    }

    pub(super) fn written_names(&self) -> bool {
        self.written_names
    }

    /// The document.
    pub fn typed(&self) -> &'a Typed {
        self.typed
    }

    pub(super) fn services(&self) -> &'a dyn Services {
        self.services
    }

    pub(super) fn now(&self) -> Option<&jiff::Zoned> {
        self.now.as_ref()
    }

    pub(super) fn element(&self) -> Option<Element<'a>> {
        Some(Element::new(self.typed, self.element))
    }

    /// The resource that holds the element that the whole was asked of.
    pub(super) fn resource(&self) -> Option<Element<'a>> {
        let resource = self.typed.node(self.asked_of.unwrap_or(self.element)).resource()?;
        Some(Element::new(self.typed, resource.id()))
    }

    /// The resource that holds the resource, where that is a contained one.
    pub(super) fn root_resource(&self) -> Option<Element<'a>> {
        container(self.resource()?)
    }

    pub(super) fn variable(&self, name: &str) -> Option<&Collection<'a>> {
        self.variables.iter().rev().find(|(n, _)| *n == name).map(|(_, value)| value)
    }
}

/// The resource itself or, for a contained one, the resource it is contained in.
pub(super) fn container(resource: Element<'_>) -> Option<Element<'_>> {
    let mut node = resource.node();
    while node.name() == "contained" {
        node = node.parent()?.resource()?;
    }
    Some(Element::new(resource.typed(), node.id()))
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Context({:?})", self.typed.node(self.element))
    }
}

/// Variables whose value is fixed (<http://hl7.org/fhirpath/N1/#environment-variables>,
/// <http://hl7.org/fhir/R4/fhirpath.html#variables>).
const CONSTANTS: [(&str, &str); 3] =
    [("sct", "http://snomed.info/sct"), ("loinc", "http://loinc.org"), ("ucum", "http://unitsofmeasure.org")];

/// Families of variables: what a name starts with, and what its value starts with.
const FAMILIES: [(&str, &str); 2] =
    [("vs-", "http://hl7.org/fhir/ValueSet/"), ("ext-", "http://hl7.org/fhir/StructureDefinition/")];

impl Variable {
    /// The variable with this name, without its `%`.
    pub(super) fn named(name: &str) -> Variable {
        match name {
            "context" => return Variable::Context,
            "resource" => return Variable::Resource,
            "rootResource" => return Variable::RootResource,
            _ => {}
        }
        if let Some((_, value)) = CONSTANTS.iter().find(|(n, _)| *n == name) {
            return Variable::Constant((*value).into());
        }
        let family = FAMILIES.iter().find_map(|(start, base)| Some((base, name.strip_prefix(start)?)));
        match family {
            Some((base, rest)) => Variable::Constant(format!("{base}{rest}").into()),
            None => Variable::Named(name.into()),
        }
    }
}
