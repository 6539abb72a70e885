//! The outermost properties of a JSON resource, without reading what is inside it.
//!
//! A core package is 40 MB of JSON of which a run uses a few files; this scan is why opening it costs
//! little. It checks only what it has to understand: strings, brackets, and the end of the text.

use crate::fhir::{Position, ReadError, Span};

/// What the outermost properties of a conformance resource say. Empty or None where it does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// `resourceType`.
    pub resource_type: Box<str>,
    /// `id`.
    pub id: Option<Box<str>>,
    /// `url`, the canonical.
    pub url: Option<Box<str>>,
    /// `version`.
    pub version: Option<Box<str>>,
    /// `name`.
    pub name: Option<Box<str>>,
    /// `type`: of a StructureDefinition, the type it defines or constrains.
    pub ty: Option<Box<str>>,
    /// `kind` of a StructureDefinition.
    pub kind: Option<Box<str>>,
    /// `derivation` of a StructureDefinition.
    pub derivation: Option<Box<str>>,
    /// `baseDefinition` of a StructureDefinition.
    pub base_definition: Option<Box<str>>,
}

impl Outline {
    /// Scans one JSON object.
    pub fn scan(text: &str) -> Result<Outline, ReadError> {
        let mut scan = Scan { bytes: text.as_bytes(), at: if text.starts_with('\u{feff}') { 3 } else { 0 } };
        scan.object(text).ok_or_else(|| {
            let span = Span::new(scan.at, scan.at);
            let position: Position = crate::fhir::LineIndex::default().position(text, scan.at);
            ReadError { message: "not a JSON object".into(), span, position }
        })
    }

    fn field(&mut self, name: &str) -> Option<&mut Option<Box<str>>> {
        Some(match name {
            "id" => &mut self.id,
            "url" => &mut self.url,
            "version" => &mut self.version,
            "name" => &mut self.name,
            "type" => &mut self.ty,
            "kind" => &mut self.kind,
            "derivation" => &mut self.derivation,
            "baseDefinition" => &mut self.base_definition,
            _ => return None,
        })
    }
}

/// The bytes that matter inside an object or array, outside strings.
const STRUCTURE: [bool; 256] = {
    let mut table = [false; 256];
    let bytes = *b"\"{}[]";
    let mut at = 0;
    while at < bytes.len() {
        table[bytes[at] as usize] = true;
        at += 1;
    }
    table
};

struct Scan<'t> {
    bytes: &'t [u8],
    at: usize,
}

impl Scan<'_> {
    fn object(&mut self, text: &str) -> Option<Outline> {
        let mut outline = Outline::default();
        self.expect(b'{')?;
        if self.space()? == b'}' {
            self.at += 1;
            return self.space().is_none().then_some(outline);
        }
        loop {
            let key = self.string()?;
            self.expect(b':')?;
            match self.space()? {
                b'"' => {
                    let value = self.string()?;
                    // Names and canonicals with escapes are read in full when they are asked for.
                    let value = text.get(value).filter(|v| !v.contains('\\'));
                    match text.get(key) {
                        Some("resourceType") => outline.resource_type = value.unwrap_or_default().into(),
                        Some(key) => {
                            if let Some(field) = outline.field(key) {
                                *field = value.map(Into::into);
                            }
                        }
                        None => {}
                    }
                }
                _ => self.skip_value()?,
            }
            match self.space()? {
                b',' => self.at += 1,
                b'}' => break,
                _ => return None,
            }
        }
        self.at += 1;
        self.space().is_none().then_some(outline)
    }

    /// The next byte that is not white space, not consumed.
    fn space(&mut self) -> Option<u8> {
        while matches!(self.bytes.get(self.at)?, b' ' | b'\n' | b'\r' | b'\t') {
            self.at += 1;
        }
        self.bytes.get(self.at).copied()
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.space()? == byte).then(|| self.at += 1)
    }

    /// A string literal: the range between its quotes.
    fn string(&mut self) -> Option<std::ops::Range<usize>> {
        self.expect(b'"')?;
        let start = self.at;
        loop {
            match self.bytes.get(self.at)? {
                b'"' => {
                    self.at += 1;
                    return Some(start..self.at - 1);
                }
                b'\\' => self.at += 2,
                _ => self.at += memchr::memchr2(b'"', b'\\', self.bytes.get(self.at..)?)?,
            }
        }
    }

    /// Skips a number, a literal, an object or an array.
    fn skip_value(&mut self) -> Option<()> {
        let start = self.at;
        let mut depth = 0usize;
        loop {
            match self.bytes.get(self.at)? {
                b'"' if depth > 0 => {
                    self.string()?;
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' if depth > 0 => {
                    depth -= 1;
                    if depth == 0 {
                        self.at += 1;
                        return Some(());
                    }
                }
                _ if depth > 0 => {
                    // Nearly all bytes of a package go by here.
                    let rest = self.bytes.get(self.at..)?;
                    self.at += rest.iter().position(|byte| STRUCTURE[usize::from(*byte)])?;
                    continue;
                }
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'+' | b'.' => {}
                _ => return (self.at > start).then_some(()),
            }
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Outline;

    #[test]
    fn the_outermost_properties_are_found_whatever_stands_between_them() {
        let text = r#"{ "x": {"id": "inner", "a": ["}", {"b": "\"]"}]}, "resourceType": "StructureDefinition",
            "n": -1.5, "t": true, "id":"outer" , "url" : "http://x/y", "type": "Observation", "e": [] }"#;
        let outline = Outline::scan(text).unwrap();
        assert_eq!(&*outline.resource_type, "StructureDefinition");
        assert_eq!(outline.id.as_deref(), Some("outer"));
        assert_eq!(outline.url.as_deref(), Some("http://x/y"));
        assert_eq!(outline.ty.as_deref(), Some("Observation"));
        assert_eq!(outline.version, None);
    }

    #[test]
    fn what_is_not_an_object_is_refused() {
        for text in ["", "[]", "{", r#"{"a""#, r#"{"a":1"#, r#"{"a":{"b":1}"#, "{} x", r#"{"a":1 "b":2}"#, r#"{"a\"#] {
            assert!(Outline::scan(text).is_err(), "{text}");
        }
        assert_eq!(Outline::scan("{}").unwrap(), Outline::default());
    }
}
