//! Element tree to XML text.

use super::reader::{FHIR, XHTML};
use crate::fhir::shape::Shape;
use crate::fhir::tree::{Kind, NodeRef};

/// Writes the tree below (and with) `node` as one XML document, two spaces a level.
pub fn write(node: NodeRef<'_>, shape: &dyn Shape) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let tag = node.resource_type().unwrap_or(node.name());
    Writer { out: &mut out, shape }.element(node, tag, 0, true);
    out.push('\n');
    out
}

struct Writer<'w> {
    out: &'w mut String,
    shape: &'w dyn Shape,
}

impl Writer<'_> {
    fn element(&mut self, node: NodeRef<'_>, tag: &str, level: usize, root: bool) {
        self.out.push('<');
        self.out.push_str(tag);
        if root {
            self.out.push_str(&format!(" xmlns=\"{FHIR}\""));
        }
        let is_resource = node.resource_type().is_some();
        let is_attribute = |c: &NodeRef<'_>| {
            !is_resource
                && (c.name() == "id" || (c.name() == "url" && super::is_extension(node.name())))
                && c.value().is_some()
        };
        for child in node.children().filter(is_attribute) {
            self.attribute(child.name(), child.value().unwrap_or_default());
        }
        if let Some(value) = node.value() {
            self.attribute("value", value);
        }
        let mut children: Vec<NodeRef<'_>> = node.children().filter(|c| !is_attribute(c)).collect();
        children.sort_by_key(|c| self.shape.rank(*c));
        if children.is_empty() {
            self.out.push_str("/>");
            return;
        }
        self.out.push('>');
        for child in children {
            self.child(child, level + 1);
        }
        self.line(level);
        self.out.push_str("</");
        self.out.push_str(tag);
        self.out.push('>');
    }

    fn child(&mut self, node: NodeRef<'_>, level: usize) {
        // The place kept by a JSON `null` has nothing to say in XML.
        if node.kind() == Kind::Null && node.children().next().is_none() {
            return;
        }
        self.line(level);
        match (node.resource_type(), node.value()) {
            (Some(resource_type), _) => {
                self.out.push_str(&format!("<{}>", node.name()));
                self.line(level + 1);
                self.element(node, resource_type, level + 1, false);
                self.line(level);
                self.out.push_str(&format!("</{}>", node.name()));
            }
            (None, Some(markup)) if self.shape.kind(node) == Kind::Xhtml => self.narrative(markup),
            _ => self.element(node, node.name(), level, false),
        }
    }

    /// Narrative is written as it is. JSON may bring markup without its namespace, or text that is no
    /// XHTML at all: that becomes the text of a `div`, so that what is written is always XML.
    fn narrative(&mut self, markup: &str) {
        let bare = format!("<div xmlns=\"{XHTML}\"");
        let candidates = [markup.to_owned(), markup.replacen("<div", &bare, 1)];
        let is_narrative = |text: &&String| {
            let parsed = roxmltree::Document::parse(text);
            parsed.is_ok_and(|d| d.root_element().tag_name().namespace() == Some(XHTML)) && text.starts_with("<div")
        };
        match candidates.iter().find(is_narrative) {
            Some(text) => self.out.push_str(text),
            None => {
                self.out.push_str(&bare);
                self.out.push('>');
                escape_text(self.out, markup);
                self.out.push_str("</div>");
            }
        }
    }

    fn attribute(&mut self, name: &str, value: &str) {
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        escape_attribute(self.out, value);
        self.out.push('"');
    }

    fn line(&mut self, level: usize) {
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n("  ", level));
    }
}

/// Appends text for use between double quotes.
pub fn escape_attribute(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '"' => out.push_str("&quot;"),
            // Attribute values are normalised on reading: line breaks and tabs survive as references.
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            '\t' => out.push_str("&#9;"),
            c => escape_char(out, c),
        }
    }
}

/// Appends text for use between tags.
pub fn escape_text(out: &mut String, text: &str) {
    text.chars().for_each(|c| escape_char(out, c));
}

fn escape_char(out: &mut String, c: char) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        c => out.push(c),
    }
}

/// Writes parsed narrative again, with the namespace declared on its outermost element.
pub(super) fn xhtml(out: &mut String, element: roxmltree::Node<'_, '_>, outermost: bool) {
    let name = element.tag_name().name();
    out.push('<');
    out.push_str(name);
    if outermost {
        out.push_str(&format!(" xmlns=\"{XHTML}\""));
    }
    for attribute in element.attributes() {
        let prefix = if attribute.namespace() == Some("http://www.w3.org/XML/1998/namespace") { "xml:" } else { "" };
        out.push_str(&format!(" {prefix}{}=\"", attribute.name()));
        escape_attribute(out, attribute.value());
        out.push('"');
    }
    if !element.has_children() {
        out.push_str("/>");
        return;
    }
    out.push('>');
    for child in element.children() {
        if child.is_element() {
            xhtml(out, child, false);
        } else if child.is_text() {
            escape_text(out, child.text().unwrap_or_default());
        }
    }
    out.push_str(&format!("</{name}>"));
}
