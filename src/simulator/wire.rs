//! Writes what the simulator itself has to say (Bundles, outcomes) in either format, around bytes of
//! resources that are ready. Elements must be written in the order of their definition.

use crate::fhir::{Format, json, xml};

/// FHIR's XML namespace.
const NAMESPACE: &str = "http://hl7.org/fhir";

/// A resource being written.
pub(super) struct Wire {
    format: Format,
    out: String,
}

impl Wire {
    /// Writes one resource; XML without its declaration.
    pub fn resource(format: Format, resource_type: &str, content: impl FnOnce(&mut Wire)) -> String {
        let mut wire = Wire { format, out: String::with_capacity(1024) };
        match format {
            Format::Xml => {
                wire.out.push_str(&format!("<{resource_type} xmlns=\"{NAMESPACE}\">"));
                content(&mut wire);
                wire.out.push_str(&format!("</{resource_type}>"));
            }
            _ => {
                wire.out.push_str(&format!("{{\"resourceType\":\"{resource_type}\""));
                content(&mut wire);
                wire.out.push('}');
            }
        }
        wire.out
    }

    /// A primitive that JSON writes in quotes.
    pub fn text(&mut self, name: &str, value: &str) {
        match self.format {
            Format::Xml => {
                self.out.push('<');
                self.out.push_str(name);
                self.out.push_str(" value=\"");
                xml::escape_attribute(&mut self.out, value);
                self.out.push_str("\"/>");
            }
            _ => {
                self.key(name);
                json::escape(&mut self.out, value);
            }
        }
    }

    /// A number or a boolean.
    pub fn bare(&mut self, name: &str, value: impl std::fmt::Display) {
        let value = value.to_string();
        match self.format {
            Format::Xml => self.text(name, &value),
            _ => {
                self.key(name);
                self.out.push_str(&value);
            }
        }
    }

    /// A complex element that does not repeat.
    pub fn object(&mut self, name: &str, content: impl FnOnce(&mut Wire)) {
        if self.format != Format::Xml {
            self.key(name);
        }
        self.item(name, content);
    }

    /// Complex elements that repeat. Nothing is written for none.
    pub fn objects<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        mut content: impl FnMut(&mut Wire, T),
    ) {
        let mut items = items.into_iter().peekable();
        if items.peek().is_none() {
            return;
        }
        if self.format == Format::Xml {
            return items.for_each(|item| self.item(name, |wire| content(wire, item)));
        }
        self.key(name);
        self.out.push('[');
        for item in items {
            self.comma();
            self.item(name, |wire| content(wire, item));
        }
        self.out.push(']');
    }

    /// Texts that repeat. Nothing is written for none.
    pub fn texts<'t>(&mut self, name: &str, items: impl IntoIterator<Item = &'t str>) {
        let mut items = items.into_iter().peekable();
        if items.peek().is_none() {
            return;
        }
        if self.format == Format::Xml {
            return items.for_each(|item| self.text(name, item));
        }
        self.key(name);
        self.out.push('[');
        for item in items {
            self.comma();
            json::escape(&mut self.out, item);
        }
        self.out.push(']');
    }

    /// A resource inside this one, already written in this format.
    pub fn ready(&mut self, name: &str, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        match self.format {
            Format::Xml => {
                self.out.push_str(&format!("<{name}>"));
                self.out.push_str(&text);
                self.out.push_str(&format!("</{name}>"));
            }
            _ => {
                self.key(name);
                self.out.push_str(&text);
            }
        }
    }

    fn item(&mut self, name: &str, content: impl FnOnce(&mut Wire)) {
        match self.format {
            Format::Xml => {
                self.out.push('<');
                self.out.push_str(name);
                self.out.push('>');
                content(self);
                self.out.push_str("</");
                self.out.push_str(name);
                self.out.push('>');
            }
            _ => {
                self.out.push('{');
                content(self);
                self.out.push('}');
            }
        }
    }

    fn key(&mut self, name: &str) {
        self.comma();
        self.out.push('"');
        self.out.push_str(name);
        self.out.push_str("\":");
    }

    /// Values are written whole, so what ends in an opening bracket is empty so far.
    fn comma(&mut self) {
        if !self.out.ends_with(['{', '[']) {
            self.out.push(',');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(format: Format) -> String {
        Wire::resource(format, "Bundle", |w| {
            w.text("type", "a \"b\" <c>");
            w.bare("total", 1);
            w.objects("link", ["x", "y"], |w, url| w.text("url", url));
            w.objects("none", Vec::<u8>::new(), |_, _| {});
            w.object("o", |w| w.texts("t", ["1", "2"]));
            w.objects("entry", [1], |w, _| w.ready("resource", b"{}"));
        })
    }

    #[test]
    fn json_and_xml() {
        assert_eq!(
            sample(Format::Json),
            r#"{"resourceType":"Bundle","type":"a \"b\" <c>","total":1,"link":[{"url":"x"},{"url":"y"}],"o":{"t":["1","2"]},"entry":[{"resource":{}}]}"#
        );
        assert_eq!(
            sample(Format::Xml),
            "<Bundle xmlns=\"http://hl7.org/fhir\"><type value=\"a &quot;b&quot; &lt;c&gt;\"/><total value=\"1\"/><link><url value=\"x\"/></link><link><url value=\"y\"/></link><o><t value=\"1\"/><t value=\"2\"/></o><entry><resource>{}</resource></entry></Bundle>"
        );
    }
}
