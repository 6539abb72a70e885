//! XML text to element tree. DTDs and entities are refused by the XML parser.

use std::sync::Arc;

use crate::fhir::tree::{Builder, Document, IrregularityKind, Kind, NodeId};
use crate::fhir::{Format, Limits, ReadError, Span};

/// The namespace of FHIR elements.
pub const FHIR: &str = "http://hl7.org/fhir";
/// The namespace of narrative.
pub const XHTML: &str = "http://www.w3.org/1999/xhtml";

/// Reads one FHIR XML document.
pub fn read(source: Arc<str>, limits: &Limits) -> Result<Document, ReadError> {
    let text = source.clone();
    check_tags(&text, limits)?;
    let options = roxmltree::ParsingOptions { nodes_limit: u32::MAX, ..Default::default() };
    let parsed = roxmltree::Document::parse_with_options(&text, options).map_err(|e| refusal(&text, &e))?;
    let mut reader = Reader { text: &text, limits, builder: Builder::over(source, Format::Xml) };
    reader.element(parsed.root_element(), 1)?;
    Ok(reader.builder.finish())
}

/// Attributes an element may have; FHIR's have three, narrative a dozen. The parser compares each with
/// all the others, so their number is bounded before it begins.
const ATTRIBUTES: usize = 500;

/// Refuses deep nesting and elements with very many attributes before anything is built. What is not
/// well-formed is left to the parser, which can say what is wrong.
fn check_tags(text: &str, limits: &Limits) -> Result<(), ReadError> {
    let bytes = text.as_bytes();
    let mut depth = 0usize;
    let mut at = 0;
    let find = |from: usize, pattern: &str| text.get(from..).and_then(|rest| rest.find(pattern)).map(|i| from + i);
    while let Some(open) = find(at, "<") {
        let rest = bytes.get(open..).unwrap_or_default();
        let end = if rest.starts_with(b"<!--") {
            find(open + 4, "-->")
        } else if rest.starts_with(b"<![CDATA[") {
            find(open + 9, "]]>")
        } else if rest.starts_with(b"<?") {
            find(open + 2, "?>")
        } else if rest.starts_with(b"</") {
            depth = depth.saturating_sub(1);
            find(open, ">")
        } else {
            let mut attributes = 0;
            let mut i = open + 1;
            loop {
                match bytes.get(i) {
                    None => break None,
                    Some(b'>') => {
                        let empty = bytes.get(i - 1) == Some(&b'/');
                        depth += usize::from(!empty);
                        break Some(i);
                    }
                    Some(quote @ (b'"' | b'\'')) => {
                        attributes += 1;
                        if attributes > ATTRIBUTES {
                            let message = format!("an element with more than {ATTRIBUTES} attributes");
                            return Err(ReadError::new(text, Span::new(open, i), message));
                        }
                        match find(i + 1, if *quote == b'"' { "\"" } else { "'" }) {
                            Some(close) => i = close + 1,
                            None => break None,
                        }
                    }
                    Some(_) => i += 1,
                }
            }
        };
        if depth > limits.depth + 1 {
            return Err(limits.too_deep(text, open));
        }
        match end {
            Some(end) => at = end + 1,
            None => break,
        }
    }
    Ok(())
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
        self.attributes(element, node, depth == 1);
        self.children(element, node, depth)?;
        self.builder.pop();
        Ok(())
    }

    fn attributes(&mut self, element: roxmltree::Node<'_, '_>, node: NodeId, resource: bool) {
        let tag = element.tag_name().name();
        for attribute in element.attributes() {
            let value = attribute.range_value();
            let span = Span::new(value.start, value.end);
            let as_is = self.text.get(value.clone()) == Some(attribute.value());
            match (attribute.namespace(), attribute.name()) {
                (None, "value") if as_is => self.builder.set_source_value(node, Kind::Text, span),
                (None, "value") => self.builder.set_decoded_value(node, Kind::Text, attribute.value()),
                // Element.id and Extension.url are attributes in XML and properties in JSON.
                (None, name @ ("id" | "url")) if is_allowed(name, tag, resource) => {
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

    fn children(&mut self, element: roxmltree::Node<'_, '_>, node: NodeId, depth: usize) -> Result<(), ReadError> {
        for child in element.children() {
            let range = child.range();
            let span = Span::new(range.start, range.end);
            let name = child.tag_name().name();
            if child.is_element() && is_resource_name(name) && !self.builder.is_resource(node) {
                // `<resource><Patient>…`: the inner element names the type, the outer one is the node.
                if child.tag_name().namespace() != Some(FHIR) {
                    self.builder.irregular(IrregularityKind::ForeignNamespace, name, span, node);
                }
                self.builder.set_resource_type(node, name);
                self.attributes(child, node, true);
                if depth + 1 > self.limits.depth {
                    return Err(self.limits.too_deep(self.text, range.start));
                }
                self.children(child, node, depth + 1)?;
            } else if child.is_element() {
                if is_resource_name(name) {
                    // A resource where one stands already: kept as an element of that name.
                    self.builder.irregular(IrregularityKind::DuplicateProperty, name, span, node);
                }
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
    fn narrative(&mut self, element: roxmltree::Node<'_, '_>, node: NodeId) {
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

/// `url` is an attribute of extensions alone, `id` of everything but resources, which have an element.
fn is_allowed(attribute: &str, tag: &str, resource: bool) -> bool {
    match attribute {
        "url" => super::is_extension(tag),
        _ => !resource,
    }
}

/// Resource types begin with a capital, elements never do.
fn is_resource_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase())
}
