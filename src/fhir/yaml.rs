//! YAML with JSON's shape, for scripts and fixtures written by hand.
//!
//! A mapping is an object, a sequence an array, a scalar a primitive. Only what JSON can say is accepted:
//! one document, names that are scalars, no anchors, aliases or tags. A plain `true`, `false`, `null` or
//! JSON number is what it looks like; every other scalar is text, dates and version numbers with two
//! points included.

use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError};

use super::json::is_number;
use super::members::{Member, Members, fold_extensions};
use super::tree::{Builder, Document, IrregularityKind, Kind, NodeId};
use super::{Format, Limits, ReadError, Span};

/// Reads one YAML mapping.
pub fn read(source: Arc<str>, limits: &Limits) -> Result<Document, ReadError> {
    let text = source.clone();
    let skipped = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let content = text.get(skipped..).unwrap_or_default();
    let mut reader = Reader {
        text: &text,
        events: Parser::new_from_str(content),
        offsets: Offsets::new(content, skipped),
        end: skipped,
        depth: 0,
        limits,
        builder: Builder::over(source, Format::Yaml),
    };
    reader.document()?;
    Ok(reader.builder.finish())
}

/// From the parser's character counts to bytes of the source.
struct Offsets {
    /// One entry a character; None where characters are bytes.
    starts: Option<Vec<u32>>,
    skipped: usize,
    len: usize,
}

impl Offsets {
    fn new(content: &str, skipped: usize) -> Offsets {
        let starts = (!content.is_ascii()).then(|| content.char_indices().map(|(i, _)| i as u32).collect());
        Offsets { starts, skipped, len: content.len() }
    }

    fn byte(&self, chars: usize) -> usize {
        let at = match &self.starts {
            None => chars.min(self.len),
            Some(starts) => starts.get(chars).map_or(self.len, |b| *b as usize),
        };
        self.skipped + at
    }
}

struct Reader<'s> {
    text: &'s str,
    events: Parser<'s, saphyr_parser::StrInput<'s>>,
    offsets: Offsets,
    /// Where the last scalar or bracket ended: block collections end there, whatever white space follows.
    end: usize,
    depth: usize,
    limits: &'s Limits,
    builder: Builder,
}

impl<'s> Reader<'s> {
    fn error(&self, span: Span, message: impl Into<String>) -> ReadError {
        ReadError::new(self.text, span, message)
    }

    fn next(&mut self) -> Result<(Event<'s>, Span), ReadError> {
        match self.events.next() {
            Some(Ok((event, span))) => {
                let (start, end) = (self.offsets.byte(span.start.index()), self.offsets.byte(span.end.index()));
                Ok((event, Span::new(start, end.max(start))))
            }
            Some(Err(error)) => Err(self.refusal(&error)),
            None => Err(self.error(Span::new(self.text.len(), self.text.len()), "the text ends here")),
        }
    }

    fn refusal(&self, error: &ScanError) -> ReadError {
        let at = self.offsets.byte(error.marker().index());
        self.error(Span::new(at, at), format!("not well-formed YAML: {}", error.info()))
    }

    fn document(&mut self) -> Result<(), ReadError> {
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::MappingStart(anchor, tag) => {
                    self.plain_only(anchor, tag.is_some(), span)?;
                    let root = self.builder.push("", Kind::Complex, span);
                    self.mapping(root, span)?;
                    break;
                }
                Event::StreamStart | Event::DocumentStart(_) | Event::Nothing => {}
                Event::StreamEnd => return Err(self.error(span, "expected a mapping, but the text is empty")),
                _ => return Err(self.error(span, "expected a mapping")),
            }
        }
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => return Ok(()),
                Event::DocumentEnd | Event::Nothing => {}
                _ => return Err(self.error(span, "a second document in one file")),
            }
        }
    }

    /// Refuses what JSON has no word for.
    fn plain_only(&self, anchor: usize, tagged: bool, span: Span) -> Result<(), ReadError> {
        match (anchor, tagged) {
            (0, false) => Ok(()),
            (0, true) => Err(self.error(span, "a tag (`!…`), which is not read here")),
            _ => Err(self.error(span, "an anchor (`&…`), which is not read here")),
        }
    }

    fn deeper(&mut self, span: Span) -> Result<(), ReadError> {
        self.depth += 1;
        if self.depth > self.limits.depth {
            return Err(self.limits.too_deep(self.text, span.start()));
        }
        Ok(())
    }

    /// Reads a mapping whose node is open in the builder, and closes it.
    fn mapping(&mut self, node: NodeId, start: Span) -> Result<(), ReadError> {
        self.deeper(start)?;
        self.end = start.end();
        let mut members = Members::default();
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::MappingEnd => {
                    self.close_bracket(span);
                    break;
                }
                Event::Scalar(name, style, anchor, tag) => {
                    self.plain_only(anchor, tag.is_some(), span)?;
                    let span = self.scalar_span(span, style);
                    self.member(node, &name, span, &mut members)?;
                }
                Event::Alias(_) => return Err(self.error(span, "an alias (`*…`), which is not read here")),
                _ => return Err(self.error(span, "the name of a property must be a scalar")),
            }
        }
        let span = Span::new(start.start(), self.end);
        self.builder.set_span(node, span);
        fold_extensions(&mut self.builder, node, &members);
        if !self.builder.has_children(node) && !self.builder.is_resource(node) {
            self.builder.irregular_at(IrregularityKind::EmptyObject, span, node);
        }
        self.builder.pop();
        self.depth -= 1;
        Ok(())
    }

    /// A flow collection ends with its bracket; a block collection where its last item did.
    fn close_bracket(&mut self, span: Span) {
        if matches!(self.text.as_bytes().get(span.start()), Some(b'}' | b']')) && !span.is_empty() {
            self.end = span.start() + 1;
        }
    }

    fn member(&mut self, object: NodeId, name: &str, span: Span, members: &mut Members) -> Result<(), ReadError> {
        let (event, at) = self.next()?;
        if name == "resourceType"
            && !self.builder.is_resource(object)
            && let Event::Scalar(resource_type, style, 0, None) = &event
        {
            self.builder.set_resource_type(object, resource_type);
            if object.index() == 0 {
                self.builder.rename(object, resource_type);
            }
            self.end = self.scalar_span(at, *style).end();
            return Ok(());
        }
        let extends = name.len() > 1 && name.starts_with('_');
        let name = self.builder.intern(if extends { &name[1..] } else { name });
        if members.find(name, extends).is_some() {
            self.builder.irregular_at(IrregularityKind::DuplicateProperty, span, object);
        }
        let mut member = Member { name, extends, array: false, nodes: vec![], span };
        if let Event::SequenceStart(anchor, tag) = &event {
            self.plain_only(*anchor, tag.is_some(), at)?;
            member.array = true;
            self.sequence(object, &mut member, at)?;
        } else {
            self.item(object, &mut member, event, at)?;
        }
        members.push(member);
        Ok(())
    }

    /// Reads a sequence after its start; its items become siblings.
    fn sequence(&mut self, object: NodeId, member: &mut Member, start: Span) -> Result<(), ReadError> {
        self.deeper(start)?;
        self.end = start.end();
        let mut empty = true;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::SequenceEnd => {
                    self.close_bracket(span);
                    break;
                }
                Event::SequenceStart(anchor, tag) => {
                    self.plain_only(anchor, tag.is_some(), span)?;
                    self.sequence(object, member, span)?;
                    let span = Span::new(span.start(), self.end);
                    self.builder.irregular_named(IrregularityKind::NestedArray, member.name, span, object);
                }
                event => self.item(object, member, event, span)?,
            }
            empty = false;
        }
        if empty {
            let span = Span::new(start.start(), self.end);
            self.builder.irregular_named(IrregularityKind::EmptyArray, member.name, span, object);
        }
        self.depth -= 1;
        Ok(())
    }

    /// Makes a node of one value, linked unless it extends a primitive.
    fn item(&mut self, object: NodeId, member: &mut Member, event: Event<'s>, span: Span) -> Result<(), ReadError> {
        let node = self.builder.push_detached(member.name, Kind::Complex, span);
        if !member.extends {
            self.builder.attach(object, node);
        }
        if member.array {
            self.builder.set_in_array(node);
        }
        member.nodes.push(node);
        match event {
            Event::MappingStart(anchor, tag) => {
                self.plain_only(anchor, tag.is_some(), span)?;
                self.builder.open_existing(node);
                self.mapping(node, span)
            }
            Event::Scalar(value, style, anchor, tag) => {
                self.plain_only(anchor, tag.is_some(), span)?;
                self.scalar(node, member, &value, style, span);
                Ok(())
            }
            Event::Alias(_) => Err(self.error(span, "an alias (`*…`), which is not read here")),
            _ => Err(self.error(span, "expected a value")),
        }
    }

    fn scalar(&mut self, node: NodeId, member: &Member, value: &str, style: ScalarStyle, span: Span) {
        let span = self.scalar_span(span, style);
        self.end = span.end();
        self.builder.set_span(node, span);
        let written = self.text.get(span.range()).unwrap_or_default();
        let kind = match style {
            // Nothing at all is a null too; the parser gives it as `~`.
            ScalarStyle::Plain if written.is_empty() || matches!(value, "~" | "null") => Kind::Null,
            ScalarStyle::Plain if matches!(value, "true" | "false") => Kind::Boolean,
            ScalarStyle::Plain if is_number(value) => Kind::Number,
            _ => Kind::Text,
        };
        if kind == Kind::Null {
            self.builder.set_kind(node, Kind::Null);
            if !member.array {
                self.builder.irregular_named(IrregularityKind::NullValue, member.name, span, node);
            }
            return;
        }
        let inner = match style {
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted if span.len() >= 2 => {
                Span::new(span.start() + 1, span.end() - 1)
            }
            _ => span,
        };
        if self.text.get(inner.range()) == Some(value) {
            self.builder.set_source_value(node, kind, inner);
        } else {
            self.builder.set_decoded_value(node, kind, value);
        }
    }

    /// The bytes of a scalar, quotes included, without the white space and comments that the parser counts in.
    fn scalar_span(&self, span: Span, style: ScalarStyle) -> Span {
        let written = self.text.get(span.range()).unwrap_or_default();
        let len = match style {
            ScalarStyle::SingleQuoted => closing(written, b'\'', |rest| rest.starts_with(b"''").then_some(2)),
            ScalarStyle::DoubleQuoted => closing(written, b'"', |rest| rest.starts_with(b"\\").then_some(2)),
            _ => written.trim_end().len(),
        };
        Span::new(span.start(), span.start() + len)
    }
}

/// Length of a quoted scalar; `escape` says how many bytes an escape at this place has.
fn closing(written: &str, quote: u8, escape: impl Fn(&[u8]) -> Option<usize>) -> usize {
    let bytes = written.as_bytes();
    let mut at = 1;
    while let Some(rest) = bytes.get(at..).filter(|r| !r.is_empty()) {
        match escape(rest) {
            Some(n) => at += n,
            None if rest[0] == quote => return at + 1,
            None => at += 1,
        }
    }
    written.trim_end().len()
}

#[cfg(test)]
mod tests {
    use super::super::{Format, IrregularityKind, Kind, Limits, json, read, read_within, shape::AsRead};

    fn as_json(yaml: &str) -> String {
        let doc = read(yaml, Format::Yaml).unwrap_or_else(|e| panic!("{e} at {:?}: {yaml}", e.position));
        json::write(doc.root(), &AsRead, json::Layout::Compact)
    }

    #[test]
    fn yaml_says_what_json_says() {
        let table = [
            ("a: b", r#"{"a":"b"}"#),
            ("resourceType: Patient\nid: x", r#"{"resourceType":"Patient","id":"x"}"#),
            ("a: [1, two, true, null, 3.50]", r#"{"a":[1,"two",true,null,3.50]}"#),
            ("a:\n  - b: 1\n  - b: 2\n", r#"{"a":[{"b":1},{"b":2}]}"#),
            ("a:\n- b", r#"{"a":["b"]}"#),
            ("a: '1'\nb: \"true\"\nc: 'null'", r#"{"a":"1","b":"true","c":"null"}"#),
            (
                "a: 2020-01-01\nb: 1.2.3\nc: 007\nd: +1\ne: .5\nf: 0x1F\ng: yes\nh: True",
                r#"{"a":"2020-01-01","b":"1.2.3","c":"007","d":"+1","e":".5","f":"0x1F","g":"yes","h":"True"}"#,
            ),
            ("a: -1\nb: 1e3\nc: 0", r#"{"a":-1,"b":1e3,"c":0}"#),
            ("a: |\n  x\n  y\nb: >-\n  x\n  y\n", r#"{"a":"x\ny\n","b":"x y"}"#),
            ("a: 'it''s'  # why\nb: \"t\\tab\" # x\n", r#"{"a":"it's","b":"t\tab"}"#),
            ("# head\n---\na: b c # d\n...\n", r#"{"a":"b c"}"#),
            ("a: {b: [c], d: }", r#"{"a":{"b":["c"],"d":null}}"#),
            ("birthDate: 1970-01-01\n_birthDate: {id: x}", r#"{"birthDate":"1970-01-01","_birthDate":{"id":"x"}}"#),
            ("given: [a, null]\n_given: [null, {id: x}]", r#"{"given":["a",null],"_given":[null,{"id":"x"}]}"#),
            (
                "contained:\n  - resourceType: Patient\n    id: p",
                r#"{"contained":[{"resourceType":"Patient","id":"p"}]}"#,
            ),
            (
                "expression: Patient.name.where(use = 'official')",
                r#"{"expression":"Patient.name.where(use = 'official')"}"#,
            ),
            ("\u{feff}é: ü", r#"{"é":"ü"}"#),
        ];
        for (yaml, expected) in table {
            assert_eq!(as_json(yaml), expected, "{yaml}");
        }
    }

    #[test]
    fn spans_point_at_the_scalar_whatever_stands_before_it() {
        let text = "# één\nname: 'a b'   # c\nlist:\n  - \"x\\ny\"   # d\n  - plain é  \n  - k: v\n    l: |\n      one\n      two\n\n  - [p, q]\nlast: {r: s}\n";
        let doc = read(text, Format::Yaml).unwrap();
        let root = doc.root();
        let written = |n: super::super::NodeRef<'_>| &text[n.span().range()];
        assert_eq!(written(root.child("name").unwrap()), "'a b'");
        assert_eq!(&text[root.child("name").unwrap().value_span().range()], "a b");
        let list: Vec<&str> = root.children_named("list").map(written).collect();
        assert_eq!(list, ["\"x\\ny\"", "plain é", "k: v\n    l: |\n      one\n      two", "p", "q"]);
        assert_eq!(written(root.child("last").unwrap()), "{r: s}");
        let v = root.children_named("list").nth(2).unwrap().child("k").unwrap();
        assert_eq!((v.position().line, v.position().column), (6, 8));
        assert_eq!(written(root), text["# één\n".len()..].trim_end());
    }

    #[test]
    fn what_json_has_no_word_for_is_refused_with_its_place() {
        let table = [
            ("", "expected a mapping, but the text is empty", (1, 1)),
            ("- a", "expected a mapping", (1, 1)),
            ("a: &x b", "an anchor (`&…`), which is not read here", (1, 7)),
            ("a: !!str b", "a tag (`!…`), which is not read here", (1, 10)),
            ("a: 1\n---\nb: 2", "a second document in one file", (2, 1)),
            ("? [a]\n: b", "the name of a property must be a scalar", (1, 3)),
        ];
        for (yaml, message, at) in table {
            let error = read(yaml, Format::Yaml).unwrap_err();
            assert_eq!((&*error.message, (error.position.line, error.position.column)), (message, at), "{yaml}");
        }
        assert!(read("a: b: c", Format::Yaml).unwrap_err().message.starts_with("not well-formed YAML: "));
        assert!(read("a: *x", Format::Yaml).is_err());
        assert!(read("a:\n  b: 1\n c: 2", Format::Yaml).is_err());
    }

    #[test]
    fn nesting_is_bounded_in_block_and_in_flow() {
        let limits = Limits { depth: 20, ..Limits::default() };
        let block = |n: usize| (0..n).map(|i| format!("{}a:\n", " ".repeat(i))).collect::<String>();
        assert!(read_within(block(20).into(), Format::Yaml, &limits).is_ok());
        assert!(read_within(block(22).into(), Format::Yaml, &limits).is_err());
        for flow in ["[".repeat(100_000), "{a: ".repeat(100_000), "- ".repeat(100_000), "? ".repeat(100_000)] {
            assert!(read(format!("a: {flow}"), Format::Yaml).is_err());
            assert!(read(flow, Format::Yaml).is_err());
        }
    }

    #[test]
    fn irregularities_are_noted_and_kept() {
        let doc = read("a: 1\na: 2\nb: []\nc: {}\nd:\ne: [[1]]\n_a: x", Format::Yaml).unwrap();
        let kinds: Vec<IrregularityKind> = doc.irregularities().iter().map(|i| i.kind).collect();
        use IrregularityKind::*;
        assert_eq!(kinds, [DuplicateProperty, EmptyArray, EmptyObject, NullValue, NestedArray, MisplacedExtensions]);
        assert_eq!(doc.root().child("d").unwrap().kind(), Kind::Null);
    }
}
