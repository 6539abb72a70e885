//! XML text to element tree. DTDs and entities are refused by the XML parser.

use std::sync::Arc;

use crate::fhir::tree::{Builder, Document, IrregularityKind, Kind};
use crate::fhir::{Format, Limits, ReadError, Span};

/// The namespace of FHIR elements.
pub const FHIR: &str = "http://hl7.org/fhir";
/// The namespace of narrative.
pub const XHTML: &str = "http://www.w3.org/1999/xhtml";

/// Reads one FHIR XML document.
pub fn read(source: Arc<str>, limits: &Limits) -> Result<Document, ReadError> {
    let text = source.clone();
    let options = roxmltree::ParsingOptions { nodes_limit: u32::MAX, ..Default::default() };
    let parsed = roxmltree::Document::parse_with_options(&text, options).map_err(|e| refusal(&text, &e))?;
    let mut reader = Reader { text: &text, limits, builder: Builder::over(source, Format::Xml) };
    reader.element(parsed.root_element(), 1)?;
    Ok(reader.builder.finish())
}

fn refusal(text: &str, error: &roxmltree::Error) -> ReadError {
    let pos = error.pos();
    let line_start = text.split_inclusive('\n').take(pos.row.saturating_sub(1) as usize).map(str::len).sum::<usize>();
    let column = text[line_start..].char_indices().nth(pos.col.saturating_sub(1) as usize).map_or(0, |(i, _)| i);
    let at = (line_start + column).min(text.len());
    let said = error.to_string();
    // roxmltree ends its messages with the place, which a ReadError carries itself.
    let message = said.rfind(" at ").map_or(said.as_str(), |i| &said[..i]);
    ReadError::new(text, Span::new(at, at), format!("not well-formed XML: {message}"))
}

struct Reader<'s> {
    text: &'s str,
    limits: &'s Limits,
    builder: Builder,
}

impl Reader<'_> {
    fn element(&mut self, element: roxmltree::Node<'_, '_>, depth: usize) -> Result<(), ReadError> {
        let range = element.range();
        let span = Span::new(range.start, range.end);
        if depth > self.limits.depth {
            return Err(self.limits.too_deep(self.text, range.start));
        }
        let name = element.tag_name().name();
        let node = self.builder.push(name, Kind::Complex, span);
        if depth == 1 {
            self.builder.set_resource_type(node, name);
        }
        if element.tag_name().namespace() == Some(XHTML) {
            self.narrative(element, node);
            self.builder.pop();
            return Ok(());
        }
        if element.tag_name().namespace() != Some(FHIR) {
            self.builder.irregular(IrregularityKind::ForeignNamespace, name, span, node);
        }
        self.attributes(element, node);
        self.children(element, node, depth)?;
        self.builder.pop();
        Ok(())
    }

    fn attributes(&mut self, element: roxmltree::Node<'_, '_>, node: crate::fhir::NodeId) {
        for attribute in element.attributes() {
            let value = attribute.range_value();
            let span = Span::new(value.start, value.end);
            let as_is = self.text.get(value.clone()) == Some(attribute.value());
            match (attribute.namespace(), attribute.name()) {
                (None, "value") if as_is => self.builder.set_source_value(node, Kind::Text, span),
                (None, "value") => self.builder.set_decoded_value(node, Kind::Text, attribute.value()),
                // Element.id and Extension.url are attributes in XML and properties in JSON.
                (None, name @ ("id" | "url")) => {
                    let child = self.builder.push(name, Kind::Text, span);
                    if as_is {
                        self.builder.set_source_value(child, Kind::Text, span);
                    } else {
                        self.builder.set_decoded_value(child, Kind::Text, attribute.value());
                    }
                    self.builder.pop();
                }
                (Some("http://www.w3.org/2001/XMLSchema-instance"), "schemaLocation") => {}
                (_, name) => {
                    let range = attribute.range();
                    let span = Span::new(range.start, range.end);
                    self.builder.irregular(IrregularityKind::UnknownAttribute, name, span, node);
                }
            }
        }
    }

    fn children(
        &mut self,
        element: roxmltree::Node<'_, '_>,
        node: crate::fhir::NodeId,
        depth: usize,
    ) -> Result<(), ReadError> {
        for child in element.children() {
            let range = child.range();
            let span = Span::new(range.start, range.end);
            if child.is_element() && is_resource_name(child.tag_name().name()) {
                // `<resource><Patient>…`: the inner element names the type, the outer one is the node.
                if self.builder.is_resource(node) {
                    // A second resource in one container: kept as a sibling of the same name.
                    self.builder.irregular(IrregularityKind::DuplicateProperty, child.tag_name().name(), span, node);
                }
                self.builder.set_resource_type(node, child.tag_name().name());
                self.attributes(child, node);
                if depth + 1 > self.limits.depth {
                    return Err(self.limits.too_deep(self.text, range.start));
                }
                self.children(child, node, depth + 1)?;
            } else if child.is_element() {
                self.element(child, depth + 1)?;
            } else if child.is_text() && child.text().is_some_and(|t| !t.trim().is_empty()) {
                self.builder.irregular(IrregularityKind::StrayText, element.tag_name().name(), span, node);
            }
        }
        if self.builder.kind_of(node) == Kind::Complex
            && !self.builder.has_children(node)
            && !self.builder.is_resource(node)
        {
            let range = element.range();
            let span = Span::new(range.start, range.end);
            self.builder.irregular(IrregularityKind::EmptyObject, element.tag_name().name(), span, node);
        }
        Ok(())
    }

    /// Narrative is one value: its markup. JSON holds the same text, with the namespace on the `div`.
    fn narrative(&mut self, element: roxmltree::Node<'_, '_>, node: crate::fhir::NodeId) {
        let range = element.range();
        let text = &self.text[range.clone()];
        let declares = text.find('>').is_some_and(|end| text[..end].contains("xmlns="));
        if declares && text.starts_with("<div") {
            return self.builder.set_source_value(node, Kind::Xhtml, Span::new(range.start, range.end));
        }
        let mut markup = String::new();
        super::writer::xhtml(&mut markup, element, true);
        self.builder.set_decoded_value(node, Kind::Xhtml, &markup);
    }
}

/// Resource types begin with a capital, elements never do.
fn is_resource_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase())
}
