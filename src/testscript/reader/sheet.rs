//! A file being read: its tree, and the places of its nodes in the text people have before them.

use crate::diagnostic::{LineIndex, Source, Span};
use crate::fhir::{Document, Format, NodeRef};
use crate::testscript::model::Place;

/// A parsed file under its name.
pub(super) struct Sheet<'d> {
    document: &'d Document,
    source: Source,
    /// Set when the parsed text is not the text of the file.
    filled: Option<&'d Filled>,
    lines: LineIndex,
}

/// The text of a group with its parameters filled in, and where each came.
#[derive(Debug, Default)]
pub(super) struct Filled {
    /// What is parsed.
    pub text: String,
    /// Stretches that were put in: where they stand now, and the placeholder they stand for.
    pub stretches: Vec<(Span, Span)>,
}

impl Filled {
    /// The bytes of the file that bytes of the parsed text come from; a part of what was put in is
    /// the whole placeholder.
    pub(super) fn original(&self, span: Span) -> Span {
        let end = self.map(span.end(), false);
        Span::new(self.map(span.start(), true).min(end), end)
    }

    fn map(&self, at: usize, start: bool) -> usize {
        let mut shift: isize = 0;
        for (now, was) in &self.stretches {
            if at <= now.start() {
                break;
            }
            if at < now.end() {
                return if start { was.start() } else { was.end() };
            }
            shift = was.end() as isize - now.end() as isize;
        }
        at.saturating_add_signed(shift)
    }
}

impl<'d> Sheet<'d> {
    /// A file as it is.
    pub(super) fn new(document: &'d Document, name: &str) -> Self {
        let source = Source { name: name.into(), text: document.shared_source() };
        Sheet { document, source, filled: None, lines: LineIndex::default() }
    }

    /// A file with parameters filled in; `source` is the file itself.
    pub(super) fn filled(document: &'d Document, source: Source, filled: &'d Filled) -> Self {
        Sheet { document, source, filled: Some(filled), lines: LineIndex::default() }
    }

    /// The outermost element.
    pub(super) fn root(&self) -> NodeRef<'d> {
        self.document.root()
    }

    /// True where the short-hands of our own scripts are allowed: not in XML.
    pub(super) fn house(&self) -> bool {
        self.document.format() != Format::Xml
    }

    /// True for an included group.
    pub(super) fn is_group(&self) -> bool {
        self.filled.is_some()
    }

    /// How the file is written.
    pub(super) fn format(&self) -> Format {
        self.document.format()
    }

    /// Name and text of the file.
    pub(super) fn source(&self) -> &Source {
        &self.source
    }

    /// The place of bytes of the parsed text.
    pub(super) fn place(&self, span: Span) -> Place {
        let span = self.filled.map_or(span, |filled| filled.original(span));
        let position = match self.filled {
            Some(_) => self.lines.position(&self.source.text, span.start()),
            None => self.document.position(span.start()),
        };
        Place { source: self.source.clone(), span, position }
    }

    /// The name of an element where it stands: in an XML tag, before the value elsewhere; the element
    /// itself where there is no name beside it (the second item of an array).
    pub(super) fn name_span(&self, node: NodeRef<'_>) -> Span {
        let span = node.span();
        let (text, name) = (self.document.source(), node.name());
        let start = match self.document.format() {
            Format::Xml => text.get(span.start() + 1..).filter(|tag| tag.starts_with(name)).map(|_| span.start() + 1),
            Format::Json | Format::Yaml => text.get(..span.start()).and_then(|before| {
                let before = before.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '-' | '['));
                let before = before.strip_suffix(':')?.trim_end();
                let before = before.strip_suffix(['"', '\'']).unwrap_or(before);
                before.ends_with(name).then(|| before.len() - name.len())
            }),
        };
        match start {
            Some(start) if !name.is_empty() => Span::new(start, start + name.len()),
            _ => span,
        }
    }

    /// The bytes of the source that a stretch of a node's value comes from. Values written with escapes
    /// are followed escape by escape; what cannot be followed is the whole value.
    pub(super) fn within(&self, node: NodeRef<'_>, stretch: Span) -> Span {
        let Some(value) = node.value() else { return node.span() };
        let whole = node.value_span();
        let text = self.document.source();
        if text.get(whole.range()) == Some(value) {
            return Span::new(whole.start() + stretch.start(), whole.start() + stretch.end());
        }
        let written = match self.document.format() {
            Format::Xml => attribute(text, node.span()).map(|w| (w, &XML)),
            Format::Json => literal(text, whole).map(|w| (w, &JSON)),
            Format::Yaml => None,
        };
        let found = written.and_then(|(span, escape)| follow(text, span, value, stretch, escape));
        found.unwrap_or(whole)
    }
}

/// How long the escape at the start of a text is, and what it stands for; None where there is none.
type Escape = fn(&str) -> Option<(usize, char)>;

static XML: Escape = |text| {
    if text.starts_with("\r\n") {
        return Some((2, ' '));
    }
    if text.starts_with(['\n', '\r', '\t']) {
        return Some((1, ' '));
    }
    let name = text.strip_prefix('&')?.split(';').next()?;
    let code = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    let stands_for = match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        _ => match name.strip_prefix('#')? {
            hexadecimal if hexadecimal.starts_with(['x', 'X']) => code(&hexadecimal[1..], 16)?,
            decimal => code(decimal, 10)?,
        },
    };
    Some((name.len() + 2, stands_for))
};

static JSON: Escape = |text| {
    let after = text.strip_prefix('\\')?;
    let short =
        [('n', '\n'), ('t', '\t'), ('r', '\r'), ('b', '\u{8}'), ('f', '\u{c}'), ('"', '"'), ('\\', '\\'), ('/', '/')];
    let first = after.chars().next()?;
    if let Some((_, stands_for)) = short.iter().find(|(letter, _)| *letter == first) {
        return Some((2, *stands_for));
    }
    let unit = |text: &str| u32::from_str_radix(text.strip_prefix("\\u")?.get(..4)?, 16).ok();
    let high = unit(text)?;
    match char::from_u32(high) {
        Some(c) => Some((6, c)),
        None => {
            let low = unit(text.get(6..)?)?;
            let code = 0x10000 + ((high.checked_sub(0xd800)?) << 10) + low.checked_sub(0xdc00)?;
            Some((12, char::from_u32(code)?))
        }
    }
};

/// The `value` attribute of the XML element at a span, without its quotes.
fn attribute(text: &str, element: Span) -> Option<Span> {
    let tag = text.get(element.range())?;
    let mut rest = tag;
    loop {
        let at = rest.find("value")?;
        let before = rest[..at].ends_with(|c: char| c.is_whitespace());
        rest = &rest[at + "value".len()..];
        let after = rest.trim_start();
        let Some(after) = after.strip_prefix('=').filter(|_| before) else { continue };
        let after = after.trim_start();
        let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let inside = &after[1..];
        let start = element.start() + (tag.len() - inside.len());
        return Some(Span::new(start, start + inside.find(quote)?));
    }
}

/// A JSON string without its quotes.
fn literal(text: &str, span: Span) -> Option<Span> {
    let written = text.get(span.range())?;
    match written.starts_with('"') && written.ends_with('"') && written.len() >= 2 {
        true => Some(Span::new(span.start() + 1, span.end() - 1)),
        false => Some(span),
    }
}

/// Walks through the written text and the value side by side until the stretch is found.
fn follow(text: &str, written: Span, value: &str, stretch: Span, escape: &Escape) -> Option<Span> {
    let mut at = written.start();
    let (mut start, mut end) = (None, None);
    for (offset, c) in value.char_indices().chain(std::iter::once((value.len(), '\0'))) {
        if offset == stretch.start() {
            start = Some(at);
        }
        if offset == stretch.end() {
            end = Some(at);
            break;
        }
        let rest = text.get(at..written.end())?;
        let (length, stands_for) = match escape(rest) {
            Some(found) => found,
            None => rest.chars().next().map(|c| (c.len_utf8(), c))?,
        };
        if stands_for != c {
            return None;
        }
        at += length;
    }
    Some(Span::new(start?, end?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(text: &str, format: Format, stretch: &str) -> String {
        let document = crate::fhir::read(text, format).expect("well-formed");
        let sheet = Sheet::new(&document, "s");
        let node = document.root().child("expression").expect("it is there");
        let value = node.value().expect("it has a value");
        let at = value.find(stretch).expect("in the value");
        let span = sheet.within(node, Span::new(at, at + stretch.len()));
        text[span.range()].to_owned()
    }

    #[test]
    fn a_part_of_a_value_is_found_in_the_text_escapes_and_all() {
        let xml = |value: &str| format!("<A xmlns=\"http://hl7.org/fhir\"><expression id='value' value={value}/></A>");
        let json = |value: &str| format!("{{\"resourceType\":\"A\",\"expression\":\"{value}\"}}");
        for (text, format, stretch, wanted) in [
            (xml("\"a &lt; b\""), Format::Xml, "< b", "&lt; b"),
            (xml("\"plain b\""), Format::Xml, "b", "b"),
            (xml("'a &#39;&#x62;&apos; c'"), Format::Xml, "b' c", "&#x62;&apos; c"),
            (xml("'a\n b'"), Format::Xml, "  b", "\n b"),
            (json(r"a \\d b"), Format::Json, "\\d b", r"\\d b"),
            (json(r#"\u0061\"\ud83d\ude00 b"#), Format::Json, "\u{1f600} b", r"\ud83d\ude00 b"),
        ] {
            assert_eq!(marked(&text, format, stretch), wanted, "{text}");
        }
    }

    #[test]
    fn the_name_of_an_element_is_found_before_its_value() {
        let text = r#"{"resourceType": "A", "one" : "b", "many": [ {"c": 1}, {"c": 2}]}"#;
        let document = crate::fhir::read(text, Format::Json).expect("well-formed");
        let sheet = Sheet::new(&document, "s");
        let marked: Vec<&str> = document.root().children().map(|c| &text[sheet.name_span(c).range()]).collect();
        assert_eq!(marked, ["one", "many", r#"{"c": 2}"#]);
    }

    #[test]
    fn places_in_a_filled_text_are_places_in_the_file() {
        // a ${param:X} b   with X = "long value"
        let filled =
            Filled { text: "a long value b".into(), stretches: vec![(Span::new(2, 12), Span::new(2, 12 - 1))] };
        for (now, was) in
            [((0, 1), (0, 1)), ((2, 12), (2, 11)), ((4, 8), (2, 11)), ((13, 14), (12, 13)), ((0, 14), (0, 13))]
        {
            assert_eq!(filled.original(Span::new(now.0, now.1)), Span::new(was.0, was.1), "{now:?}");
        }
    }
}
