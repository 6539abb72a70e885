//! A body as people can read it: lines, with the places to mark.
//!
//! What was sent on a few long lines is laid out anew, JSON and XML alike; nothing but white space between
//! tokens changes, and marks stay on the bytes they were on. What has lines already keeps them, with their
//! numbers. This looks at tokens only, so broken documents are laid out as far as they go.

use std::ops::Range;

/// Most bytes on a line that people are asked to read as it is.
const LONG: usize = 400;

/// Deepest indentation that is shown.
const DEEP: usize = 24;

/// A text in lines.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// The lines in order.
    pub(super) lines: Vec<Line>,
    /// True when they are not the lines of the source.
    pub(super) anew: bool,
}

/// A line: pieces of the source, one after the other.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// Levels of indentation to put before it.
    pub(super) indent: usize,
    /// Bytes of the source; an empty range stands for a space.
    pub(super) pieces: Vec<Range<usize>>,
}

impl Line {
    /// Where in the source it begins and ends.
    pub(super) fn bytes(&self) -> Range<usize> {
        let start = self.pieces.iter().find(|piece| !piece.is_empty()).map_or(0, |piece| piece.start);
        let end = self.pieces.iter().rev().find(|piece| !piece.is_empty()).map_or(start, |piece| piece.end);
        start..end
    }

    /// Whether some of these bytes are on it.
    pub(super) fn touches(&self, bytes: &Range<usize>) -> bool {
        self.pieces.iter().any(|piece| piece.start < bytes.end.max(bytes.start + 1) && bytes.start < piece.end)
    }
}

impl Layout {
    /// Lays a text out.
    pub(super) fn of(text: &str) -> Layout {
        let readable = text.lines().nth(1).is_some() && text.lines().all(|line| line.len() <= LONG);
        let first = text.trim_start_matches('\u{feff}').trim_start().chars().next();
        match first {
            _ if readable => as_it_is(text),
            Some('{' | '[') => Setter::new(text).json(),
            Some('<') => Setter::new(text).xml(),
            _ => as_it_is(text),
        }
    }

    /// The lines of a text as they are.
    pub(super) fn lines_of(text: &str) -> Layout {
        as_it_is(text)
    }

    /// The lines on which these bytes are: the first of them, to past the last.
    pub(super) fn range(&self, bytes: &Range<usize>) -> Option<Range<usize>> {
        let first = self.lines.iter().position(|line| line.touches(bytes))?;
        // Empty lines within it are on it too.
        let more = self.lines[first..].iter().take_while(|line| line.touches(bytes) || line.pieces.is_empty());
        let empty = more.clone().fold(0, |empty, line| if line.pieces.is_empty() { empty + 1 } else { 0 });
        Some(first..first + more.count() - empty)
    }
}

fn as_it_is(text: &str) -> Layout {
    let mut lines = vec![];
    let mut at = 0;
    for line in text.split('\n') {
        let end = at + line.trim_end_matches('\r').len();
        let whole = (at < end).then_some(at..end);
        lines.push(Line { indent: 0, pieces: Vec::from_iter(whole) });
        at += line.len() + 1;
    }
    Layout { lines, anew: false }
}

/// Sets tokens on lines.
struct Setter<'t> {
    bytes: &'t [u8],
    at: usize,
    lines: Vec<Line>,
    depth: usize,
}

impl<'t> Setter<'t> {
    fn new(text: &'t str) -> Setter<'t> {
        Setter { bytes: text.as_bytes(), at: 0, lines: vec![Line::default()], depth: 0 }
    }

    fn finish(mut self) -> Layout {
        self.lines.retain(|line| !line.pieces.is_empty());
        Layout { lines: self.lines, anew: true }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(|b| b.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn line(&mut self) {
        if self.lines.last().is_none_or(|line| !line.pieces.is_empty()) {
            self.lines.push(Line::default());
        }
        if let Some(line) = self.lines.last_mut() {
            line.indent = self.depth.min(DEEP);
        }
    }

    /// Puts bytes on the current line; next to the last ones where they follow them.
    fn put(&mut self, bytes: Range<usize>) {
        let Some(line) = self.lines.last_mut() else { return };
        match line.pieces.last_mut() {
            Some(last) if last.start < last.end && last.end == bytes.start => last.end = bytes.end,
            _ => line.pieces.push(bytes),
        }
    }

    fn space(&mut self) {
        if let Some(line) = self.lines.last_mut() {
            line.pieces.push(0..0);
        }
    }

    fn json(mut self) -> Layout {
        loop {
            self.skip_space();
            let Some(byte) = self.peek() else { return self.finish() };
            let start = self.at;
            self.at += 1;
            match byte {
                b'{' | b'[' => {
                    self.put(start..self.at);
                    self.skip_space();
                    // What is empty stays on its line.
                    if self.peek() == Some(byte + 2) {
                        self.put(self.at..self.at + 1);
                        self.at += 1;
                    } else {
                        self.depth += 1;
                        self.line();
                    }
                }
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    self.line();
                    self.put(start..self.at);
                }
                b',' => {
                    self.put(start..self.at);
                    self.line();
                }
                b':' => {
                    self.put(start..self.at);
                    self.space();
                }
                b'"' => {
                    self.string();
                    self.put(start..self.at);
                }
                _ => {
                    while self.peek().is_some_and(|b| !b.is_ascii_whitespace() && !b"{}[],:\"".contains(&b)) {
                        self.at += 1;
                    }
                    self.put(start..self.at);
                }
            }
        }
    }

    /// To past the quote that ends a string.
    fn string(&mut self) {
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'\\' => self.at = (self.at + 1).min(self.bytes.len()),
                b'"' => return,
                _ => {}
            }
        }
        // A backslash at the very end must not leave us inside a character.
        self.at = self.bytes.len();
    }

    fn xml(mut self) -> Layout {
        // Whether text stands right before, so that a tag belongs on its line; and whether that was a start tag.
        let (mut inline, mut opened) = (false, false);
        loop {
            let start = self.at;
            let end =
                |at: usize, bytes: &[u8]| bytes[at..].iter().position(|b| *b == b'<').map_or(bytes.len(), |n| at + n);
            let text_end = end(self.at, self.bytes);
            if self.bytes[start..text_end].iter().any(|b| !b.is_ascii_whitespace()) {
                self.put(start..text_end);
                inline = true;
            }
            self.at = text_end;
            if self.peek().is_none() {
                return self.finish();
            }
            let start = self.at;
            self.tag();
            let tag = &self.bytes[start..self.at];
            let closes = tag.starts_with(b"</");
            let leaf = tag.ends_with(b"/>") || tag.starts_with(b"<?") || tag.starts_with(b"<!");
            if closes {
                self.depth = self.depth.saturating_sub(1);
            }
            if !(inline || closes && opened) {
                self.line();
            }
            self.put(start..self.at);
            if !closes && !leaf {
                self.depth += 1;
            }
            opened = !closes && !leaf;
            inline = inline && !closes;
        }
    }

    /// To past the `>` that ends a tag, a comment or the like.
    fn tag(&mut self) {
        let rest = &self.bytes[self.at..];
        let special: [(&[u8], &[u8]); 3] = [(b"<!--", b"-->"), (b"<![CDATA[", b"]]>"), (b"<?", b"?>")];
        if let Some((_, close)) = special.iter().find(|(open, _)| rest.starts_with(open)) {
            let found = rest.windows(close.len()).position(|window| window == *close);
            self.at = found.map_or(self.bytes.len(), |n| self.at + n + close.len());
            return;
        }
        let mut quote = None;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match (quote, byte) {
                (None, b'>') => return,
                (None, b'"' | b'\'') => quote = Some(byte),
                (Some(open), _) if open == byte => quote = None,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn laid(text: &str) -> String {
        let layout = Layout::of(text);
        let line = |line: &Line| {
            let pieces = line.pieces.iter().map(|p| if p.is_empty() { " " } else { &text[p.clone()] });
            format!("{}{}\n", "  ".repeat(line.indent), pieces.collect::<String>())
        };
        layout.lines.iter().map(line).collect()
    }

    #[test]
    fn json_on_one_line_is_laid_out() {
        assert_eq!(
            laid(r#"{"a":[{"b":1.50,"c":"x: {\"}"}],"d":[],"e":{ }}"#),
            "{\n  \"a\": [\n    {\n      \"b\": 1.50,\n      \"c\": \"x: {\\\"}\"\n    }\n  ],\n  \"d\": [],\n  \"e\": {}\n}\n"
        );
    }

    #[test]
    fn xml_on_one_line_is_laid_out_and_text_stays_whole() {
        assert_eq!(
            laid(
                r#"<?xml version="1.0"?><P a=">"><id value="1"/><text><div>a <b>b</b> c</div></text><!-- x --><e></e></P>"#
            ),
            "<?xml version=\"1.0\"?>\n<P a=\">\">\n  <id value=\"1\"/>\n  <text>\n    <div>a <b>b</b> c</div>\n  </text>\n  <!-- x -->\n  <e></e>\n</P>\n"
        );
    }

    #[test]
    fn what_has_lines_keeps_them() {
        let layout = Layout::of("{\r\n  \"a\": 1\n}");
        assert!(!layout.anew);
        assert_eq!(layout.lines[1].bytes(), 3..11);
        assert_eq!(layout.range(&(5..8)), Some(1..2));
    }

    #[test]
    fn a_mark_is_found_again() {
        let text = r#"{"low":{"value":3.5},"high":{"value":5}}"#;
        let layout = Layout::of(text);
        let at = text.find("{\"value\":3.5}").unwrap();
        assert_eq!(layout.range(&(at..at + 13)), Some(1..4));
        assert_eq!(layout.range(&(900..910)), None);
    }

    proptest! {
        #[test]
        fn no_text_is_lost_and_none_makes_it_panic(text in "[\\[\\]{}:,\"\\\\<>/!?=' a-zé\n-]{0,300}", open in "[{<]?") {
            let text = format!("{open}{text}");
            let layout = Layout::of(&text);
            let kept: String = layout.lines.iter().flat_map(|l| &l.pieces).filter(|p| !p.is_empty())
                .map(|p| text[p.clone()].to_owned()).collect();
            let bare = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(bare(&kept), bare(&text));
        }
    }
}
