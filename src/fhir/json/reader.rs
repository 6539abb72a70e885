//! JSON text to element tree, in one pass over the bytes.
//!
//! `_name` properties are folded into the `name` nodes they extend. What is well-formed JSON but not
//! well-formed FHIR JSON is noted as an irregularity and kept.

use std::sync::Arc;

use crate::fhir::members::{Member, Members, fold_extensions};
use crate::fhir::tree::{Builder, Document, IrregularityKind, Kind, NodeId};
use crate::fhir::{Format, Limits, ReadError, Span};

/// Reads one JSON object. A byte-order mark is skipped; anything after the object is an error.
pub fn read(source: Arc<str>, limits: &Limits) -> Result<Document, ReadError> {
    let text = source.clone();
    let mut reader = Reader {
        text: &text,
        bytes: text.as_bytes(),
        at: 0,
        depth: 0,
        limits,
        builder: Builder::over(source, Format::Json),
        scratch: String::new(),
    };
    if text.starts_with('\u{feff}') {
        reader.at = '\u{feff}'.len_utf8();
    }
    reader.skip_space();
    if reader.peek() != Some(b'{') {
        return Err(reader.unexpected("a JSON object"));
    }
    let root = reader.builder.push("", Kind::Complex, Span::default());
    reader.object(root)?;
    reader.skip_space();
    if reader.at < reader.bytes.len() {
        return Err(reader.unexpected("the end of the document"));
    }
    Ok(reader.builder.finish())
}

struct Reader<'s> {
    text: &'s str,
    bytes: &'s [u8],
    at: usize,
    depth: usize,
    limits: &'s Limits,
    builder: Builder,
    scratch: String,
}

/// A string literal: its span without quotes, and whether it had escapes (then decoded in `scratch`).
struct Literal {
    span: Span,
    escaped: bool,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    fn error(&self, from: usize, to: usize, message: impl Into<String>) -> ReadError {
        ReadError::new(self.text, Span::new(from, to), message)
    }

    fn unexpected(&self, wanted: &str) -> ReadError {
        match self.text.get(self.at..).and_then(|rest| rest.chars().next()) {
            Some(c) => {
                let shown = if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
                self.error(self.at, self.at + c.len_utf8(), format!("expected {wanted}, found `{shown}`"))
            }
            None => self.error(self.at, self.at, format!("expected {wanted}, but the text ends here")),
        }
    }

    /// Reads an object whose node is open in the builder, and closes it.
    fn object(&mut self, node: NodeId) -> Result<(), ReadError> {
        let start = self.at;
        self.depth += 1;
        if self.depth > self.limits.depth {
            return Err(self.limits.too_deep(self.text, start));
        }
        self.at += 1;
        let mut members = Members::default();
        self.skip_space();
        if self.peek() == Some(b'}') {
            self.at += 1;
        } else {
            loop {
                self.skip_space();
                self.property(node, &mut members)?;
                self.skip_space();
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(b'}') => {
                        self.at += 1;
                        break;
                    }
                    _ => return Err(self.unexpected("`,` or `}`")),
                }
            }
        }
        let span = Span::new(start, self.at);
        self.builder.set_span(node, span);
        fold_extensions(&mut self.builder, node, &members);
        if !self.builder.has_children(node) && !self.builder.is_resource(node) {
            self.builder.irregular_at(IrregularityKind::EmptyObject, span, node);
        }
        self.builder.pop();
        self.depth -= 1;
        Ok(())
    }

    fn property(&mut self, object: NodeId, members: &mut Members) -> Result<(), ReadError> {
        if self.peek() != Some(b'"') {
            return Err(self.unexpected("a property name in double quotes"));
        }
        let key = self.string()?;
        let span = Span::new(key.span.start() - 1, key.span.end() + 1);
        let key_text = if key.escaped { &self.scratch[..] } else { &self.text[key.span.range()] };
        let is_resource_type = key_text == "resourceType";
        let extends = key_text.len() > 1 && key_text.starts_with('_');
        let name = self.builder.intern(if extends { &key_text[1..] } else { key_text });
        self.skip_space();
        if self.peek() != Some(b':') {
            return Err(self.unexpected("`:`"));
        }
        self.at += 1;
        self.skip_space();
        if is_resource_type && self.peek() == Some(b'"') && !self.builder.is_resource(object) {
            let value = self.string()?;
            let resource_type =
                if value.escaped { self.scratch.clone() } else { self.text[value.span.range()].to_owned() };
            self.builder.set_resource_type(object, &resource_type);
            if object.index() == 0 {
                self.builder.rename(object, &resource_type);
            }
            return Ok(());
        }
        if members.find(name, extends).is_some() {
            self.builder.irregular_at(IrregularityKind::DuplicateProperty, span, object);
        }
        let mut member = Member { name, extends, array: false, nodes: vec![], span };
        if self.peek() == Some(b'[') {
            member.array = true;
            self.array(object, &mut member)?;
        } else {
            self.item(object, &mut member)?;
        }
        members.push(member);
        Ok(())
    }

    fn array(&mut self, object: NodeId, member: &mut Member) -> Result<(), ReadError> {
        let start = self.at;
        self.at += 1;
        self.skip_space();
        if self.peek() == Some(b']') {
            self.at += 1;
            self.builder.irregular_named(IrregularityKind::EmptyArray, member.name, Span::new(start, self.at), object);
            return Ok(());
        }
        loop {
            self.skip_space();
            if self.peek() == Some(b'[') {
                self.depth += 1;
                if self.depth > self.limits.depth {
                    return Err(self.limits.too_deep(self.text, self.at));
                }
                let at = self.at;
                self.array(object, member)?;
                let span = Span::new(at, self.at);
                self.builder.irregular_named(IrregularityKind::NestedArray, member.name, span, object);
                self.depth -= 1;
            } else {
                self.item(object, member)?;
            }
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return Err(self.unexpected("`,` or `]`")),
            }
        }
    }

    /// Reads one value into a node of its own, linked unless it extends a primitive.
    fn item(&mut self, object: NodeId, member: &mut Member) -> Result<(), ReadError> {
        let start = self.at;
        let node = self.builder.push_detached(member.name, Kind::Complex, Span::new(start, start));
        if !member.extends {
            self.builder.attach(object, node);
        }
        if member.array {
            self.builder.set_in_array(node);
        }
        member.nodes.push(node);
        match self.peek() {
            Some(b'{') => {
                self.builder.open_existing(node);
                return self.object(node);
            }
            Some(b'"') => {
                let value = self.string()?;
                if value.escaped {
                    self.builder.set_decoded_value(node, Kind::Text, &self.scratch);
                } else {
                    self.builder.set_source_value(node, Kind::Text, value.span);
                }
            }
            Some(b'-' | b'0'..=b'9') => {
                let span = self.number()?;
                self.builder.set_source_value(node, Kind::Number, span);
            }
            _ if self.literal("true") || self.literal("false") => {
                self.builder.set_source_value(node, Kind::Boolean, Span::new(start, self.at));
            }
            _ if self.literal("null") => {
                self.builder.set_kind(node, Kind::Null);
                if !member.array {
                    let span = Span::new(start, self.at);
                    self.builder.irregular_named(IrregularityKind::NullValue, member.name, span, node);
                }
            }
            _ => return Err(self.unexpected("a JSON value")),
        }
        self.builder.set_span(node, Span::new(start, self.at));
        Ok(())
    }

    fn literal(&mut self, word: &str) -> bool {
        let found = self.bytes[self.at..].starts_with(word.as_bytes());
        if found {
            self.at += word.len();
        }
        found
    }

    fn number(&mut self) -> Result<Span, ReadError> {
        let start = self.at;
        let digits = |r: &mut Self| -> bool {
            let from = r.at;
            while matches!(r.peek(), Some(b'0'..=b'9')) {
                r.at += 1;
            }
            r.at > from
        };
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let leading_zero = self.peek() == Some(b'0');
        let int_start = self.at;
        let mut ok = digits(self) && !(leading_zero && self.at > int_start + 1);
        if ok && self.peek() == Some(b'.') {
            self.at += 1;
            ok = digits(self);
        }
        if ok && matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            ok = digits(self);
        }
        if ok { Ok(Span::new(start, self.at)) } else { Err(self.error(start, self.at, "not a JSON number")) }
    }

    /// Reads a string literal from its opening quote; decodes into `scratch` only where escapes ask for it.
    fn string(&mut self) -> Result<Literal, ReadError> {
        let open = self.at;
        self.at += 1;
        let start = self.at;
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Literal { span: Span::new(start, self.at - 1), escaped: false });
                }
                Some(b'\\') => break,
                Some(c) if c < 0x20 => return Err(self.error(self.at, self.at + 1, "control character in a string")),
                Some(_) => self.at += 1,
                None => return Err(self.error(open, self.at, "the string does not end")),
            }
        }
        self.scratch.clear();
        self.scratch.push_str(&self.text[start..self.at]);
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Literal { span: Span::new(start, self.at - 1), escaped: true });
                }
                Some(b'\\') => self.escape()?,
                Some(c) if c < 0x20 => return Err(self.error(self.at, self.at + 1, "control character in a string")),
                Some(_) => {
                    let from = self.at;
                    while matches!(self.peek(), Some(c) if c >= 0x20 && c != b'"' && c != b'\\') {
                        self.at += 1;
                    }
                    self.scratch.push_str(&self.text[from..self.at]);
                }
                None => return Err(self.error(open, self.at, "the string does not end")),
            }
        }
    }

    fn escape(&mut self) -> Result<(), ReadError> {
        let at = self.at;
        self.at += 2;
        let c = match self.bytes.get(at + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => self.unicode_escape(at)?,
            _ => return Err(self.error(at, (at + 2).min(self.bytes.len()), "unknown escape in a string")),
        };
        self.scratch.push(c);
        Ok(())
    }

    fn unicode_escape(&mut self, at: usize) -> Result<char, ReadError> {
        let first = self.hex4(at)?;
        let code = match first {
            0xD800..=0xDBFF => {
                if !self.bytes[self.at..].starts_with(b"\\u") {
                    return Err(self.error(at, self.at, "half of a surrogate pair"));
                }
                self.at += 2;
                let second = self.hex4(at)?;
                if !(0xDC00..=0xDFFF).contains(&second) {
                    return Err(self.error(at, self.at, "half of a surrogate pair"));
                }
                0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)
            }
            other => other,
        };
        char::from_u32(code).ok_or_else(|| self.error(at, self.at, "half of a surrogate pair"))
    }

    fn hex4(&mut self, at: usize) -> Result<u32, ReadError> {
        let digits = self.text.get(self.at..self.at + 4).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        let Some(code) = digits.and_then(|d| u32::from_str_radix(d, 16).ok()) else {
            return Err(self.error(at, self.at.min(self.bytes.len()), "`\\u` needs four hexadecimal digits"));
        };
        self.at += 4;
        Ok(code)
    }
}
