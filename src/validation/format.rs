//! What is written at all, whatever the profiles: names, values, representation. One pass over the tree.

use std::sync::Arc;

use super::code;
use super::ucum;
use super::walk::Walk;
use crate::definitions::{Element, TypeClass, TypeId};
use crate::diagnostic::{Severity, nearest};
use crate::fhir::{Format, IrregularityKind, Kind, NodeRef, Shape, narrative, primitive};

/// What to say of each way to bend the representation.
const REPRESENTATION: [(IrregularityKind, &str); 9] = [
    (IrregularityKind::DuplicateProperty, "stands twice in one object"),
    (IrregularityKind::EmptyArray, "is an empty array"),
    (IrregularityKind::EmptyObject, "is empty: it has neither value nor content"),
    (IrregularityKind::NullValue, "is null"),
    (IrregularityKind::NestedArray, "is an array in an array"),
    (IrregularityKind::MisplacedExtensions, "has id or extensions that do not line up with its values"),
    (IrregularityKind::StrayText, "holds text between its elements"),
    (IrregularityKind::UnknownAttribute, "is not an attribute that FHIR knows here"),
    (IrregularityKind::ForeignNamespace, "is not in the FHIR namespace"),
];

/// Code systems that are kept elsewhere (<http://hl7.org/fhir/STU3/terminologies-systems.html>).
const EXTERNAL_SYSTEMS: [&str; 3] = ["http://snomed.info/sct", "http://loinc.org", UCUM];

/// The system of units.
const UCUM: &str = "http://unitsofmeasure.org";

/// Domains that belong to nobody (<https://www.rfc-editor.org/rfc/rfc2606#section-3>).
const DOCUMENTATION_HOSTS: [&str; 3] = ["example.org", "example.com", "example.net"];

impl<'d> Walk<'_, 'd> {
    /// Judges the writing of the whole document.
    pub fn formats(&mut self) {
        let nothing: Arc<str> = "".into();
        for irregularity in self.document.irregularities() {
            let said = REPRESENTATION.iter().find(|(kind, _)| *kind == irregularity.kind).map_or("", |(_, said)| said);
            let message = format!("`{}` {said}", irregularity.name);
            let node = self.document.node(irregularity.node);
            let code =
                if irregularity.kind == IrregularityKind::EmptyObject { code::EMPTY } else { code::REPRESENTATION };
            self.report(node, Severity::Error, code, message, &nothing);
        }
        let in_xml = self.document.format() == Format::Xml;
        for node in self.document.root().descendants_and_self() {
            self.format(node, &nothing);
            if in_xml {
                self.order(node, &nothing);
            }
            match self.type_of(node) {
                "Coding" => {
                    self.absolute_system(node, &nothing);
                    self.known_code(node, &nothing);
                }
                "Identifier" => {
                    self.absolute_system(node, &nothing);
                    self.real_system(node, &nothing);
                }
                "Extension" => self.extension_place(node),
                // <http://hl7.org/fhir/STU3/datatypes.html#quantity>
                "Quantity" | "SimpleQuantity" | "Age" | "Count" | "Distance" | "Duration" | "Money" => {
                    self.unit(node, &nothing);
                }
                _ => {}
            }
        }
    }

    /// XML elements stand in the order of their definition (<http://hl7.org/fhir/STU3/xml.html>).
    fn order(&mut self, node: NodeRef<'d>, nothing: &Arc<str>) {
        let mut last = 0;
        for child in node.children() {
            let rank = self.document.rank(child);
            // Unknown ones have no place, and `id` and `url` may have been attributes.
            if rank == usize::MAX || matches!(child.name(), "id" | "url") {
                continue;
            }
            if rank < last {
                let message = format!("`{}` stands after an element that it must come before", child.name());
                self.report(child, Severity::Error, code::ORDER, message, nothing);
            }
            last = last.max(rank);
        }
    }

    /// What names a code system or a system of identifiers is a URI of its own, not a path on some server.
    fn absolute_system(&mut self, node: NodeRef<'d>, nothing: &Arc<str>) {
        let Some(system) = node.child_value("system") else { return };
        if !system.contains(':') {
            let message = format!("`system` must be an absolute URI, found `{}`", shortened(system));
            self.report(node, Severity::Error, code::RELATIVE_SYSTEM, message, nothing);
        }
    }

    /// A system of identifiers at a host that is there for documentation identifies nothing.
    fn real_system(&mut self, node: NodeRef<'d>, nothing: &Arc<str>) {
        let Some(system) = node.child("system") else { return };
        let host = system.value().and_then(|uri| uri.split_once("://")).map(|(_, rest)| rest);
        let host = host.and_then(|rest| rest.split(['/', ':', '?', '#']).next()).unwrap_or_default();
        let of_documentation =
            |domain: &&&str| host == **domain || host.strip_suffix(**domain).is_some_and(|h| h.ends_with('.'));
        if let Some(domain) = DOCUMENTATION_HOSTS.iter().find(of_documentation) {
            let message = format!("the system of an identifier is at `{domain}`, which is reserved for examples");
            self.report(system, self.policy().example_system, code::EXAMPLE_SYSTEM, message, nothing);
        }
    }

    /// The code of a quantity in UCUM has the form of one.
    fn unit(&mut self, node: NodeRef<'d>, nothing: &Arc<str>) {
        let Some(code) = node.child("code").filter(|_| node.child_value("system") == Some(UCUM)) else { return };
        let Some(text) = code.value() else { return };
        if let Some(why) = ucum::fault(text) {
            let message = format!("`{}` is not a code of UCUM: {why}", shortened(text));
            self.report(code, Severity::Warning, code::UNIT_FORM, message, nothing);
        }
    }

    /// A code that its code system, known as a whole, does not have.
    fn known_code(&mut self, coding: NodeRef<'d>, nothing: &Arc<str>) {
        let (Some(system), Some(code)) = (coding.child_value("system"), coding.child("code")) else { return };
        let Some(text) = code.value() else { return };
        let Some(known) = self.validator.terminology.code_system(system) else {
            return self.unknown_system(coding, system, nothing);
        };
        if known.has(text) == Some(false) {
            let message = format!("`{}` is not a code of {system}", shortened(text));
            self.report(code, Severity::Error, code::UNKNOWN_CODE, message, nothing);
        }
    }

    /// A code system that nobody defines, said once. Those that everybody knows and no package holds are not
    /// unknown.
    fn unknown_system(&mut self, coding: NodeRef<'d>, system: &'d str, nothing: &Arc<str>) {
        if !EXTERNAL_SYSTEMS.contains(&system) && self.unknown_systems.insert(system) {
            let message = format!("the code system `{}` is in none of the packages", shortened(system));
            self.report(coding, self.policy().unknown_code_system, code::UNKNOWN_CODE_SYSTEM, message, nothing);
        }
    }

    fn format(&mut self, node: NodeRef<'d>, nothing: &Arc<str>) {
        let known = self.document.node_type(node.id());
        let table = self.document.table();
        if known.ty == TypeId::UNKNOWN {
            return self.unknown(node, nothing);
        }
        match (table.get(known.ty).class, node.value()) {
            (TypeClass::Primitive, Some(text)) => self.primitive(node, text, nothing),
            (TypeClass::Primitive, None) if node.children().next().is_none() && node.kind() != Kind::Null => {
                let message = format!("`{}` has neither value nor extensions", node.name());
                self.report(node, Severity::Error, code::EMPTY, message, nothing);
            }
            (TypeClass::Primitive, _) => {}
            (_, Some(_)) => {
                let message = format!("`{}` is a {} and has no value of its own", node.name(), self.type_of(node));
                self.report(node, Severity::Error, code::SHAPE, message, nothing);
            }
            (_, None) => {}
        }
    }

    /// An element that the definitions do not have; what is below it is not looked at.
    fn unknown(&mut self, node: NodeRef<'d>, nothing: &Arc<str>) {
        let Some(parent) = node.parent() else { return };
        if self.document.node_type(parent.id()).ty == TypeId::UNKNOWN || node.resource_type().is_some() {
            return;
        }
        let mut message = format!("`{}` is not an element of {}", node.name(), self.type_of(parent));
        if let Some(near) = self.nearest_name(parent, node.name()) {
            message.push_str(&format!(", `{near}` is"));
        }
        self.report(node, Severity::Error, code::UNKNOWN_ELEMENT, message, nothing);
    }

    /// The element of the parent's type whose name, as it is written, is nearly this one.
    fn nearest_name(&self, parent: NodeRef<'d>, name: &str) -> Option<String> {
        let table = self.document.table();
        let elements = table.elements_of(self.document.node_type(parent.id()).ty);
        let names: Vec<String> = elements.flat_map(|(_, element)| written_names(element)).collect();
        nearest(name, names.iter().map(String::as_str)).map(str::to_owned)
    }

    fn type_of(&self, node: NodeRef<'d>) -> &'d str {
        self.document.type_name(node.id())
    }

    fn primitive(&mut self, node: NodeRef<'d>, text: &str, nothing: &Arc<str>) {
        let type_name = self.type_of(node);
        if type_name == "xhtml" {
            for fault in narrative::faults(text) {
                self.report(node, Severity::Error, code::NARRATIVE, fault.to_string(), nothing);
            }
            return;
        }
        if let Some(form) = primitive::fault(type_name, text) {
            let message = format!("`{}` is not a {type_name}: {form} is expected", shortened(text));
            return self.report(node, Severity::Error, code::PRIMITIVE, message, nothing);
        }
        // JSON says which primitives are numbers and booleans; XML has text only.
        let wanted = self.document.kind(node);
        if node.document().format() != Format::Xml && wanted != node.kind() && wanted != Kind::Xhtml {
            let form = match wanted {
                Kind::Number => "a JSON number",
                Kind::Boolean => "a JSON boolean",
                _ => "a JSON string",
            };
            let message = format!("`{}` must be {form}", node.name());
            self.report(node, Severity::Error, code::PRIMITIVE, message, nothing);
        }
    }
}

/// A value as a message shows it.
pub(super) fn shortened(text: &str) -> String {
    const LONGEST: usize = 60;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The names under which an element may stand: its own, or for a choice one for each type.
fn written_names(element: &Element) -> Vec<String> {
    let of_type = |code: &str| {
        let mut letters = code.chars();
        let first = letters.next().map(|c| c.to_ascii_uppercase());
        format!("{}{}{}", element.name, first.into_iter().collect::<String>(), letters.as_str())
    };
    match element.is_choice {
        true => element.types.iter().map(|(_, facts)| of_type(&facts.code)).collect(),
        false => vec![element.name.to_string()],
    }
}
