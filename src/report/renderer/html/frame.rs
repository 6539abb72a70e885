//! A few lines of a source with the marked bytes in them: one end of a failure.

use std::fmt::Write as _;

use crate::diagnostic::{Label, LineIndex, Words};

use super::body::write_line;
use super::words::{escaped, prose, say};
use crate::report::layout::Layout;

/// Lines before the mark, and after it.
const BEFORE: usize = 3;
const AFTER: usize = 2;

/// Lines of the mark itself.
const MARKED: usize = 12;

/// Bytes of a source that are looked at around a mark: laying out the whole of a big one tells no more.
const NEAR: usize = 200_000;

/// Characters of a line that are shown.
const WIDTH: usize = 600;

const LINE: Words = Words::new("line", "regel");
const COLUMN: Words = Words::new("column", "kolom");

/// The lines around a label. `href` is where the whole source is.
pub(super) fn write(out: &mut String, label: &Label, said: &str, href: Option<&str>) {
    let text: &str = &label.source.text;
    let position = LineIndex::default().position(text, label.span.start().min(text.len()));
    let name = escaped(&label.source.name);
    let name = match href {
        Some(href) => format!("<a href=\"{}\">{name}</a>", escaped(href)),
        None => name,
    };
    let _ = write!(
        out,
        "<figure class=frame><figcaption>{name} <span class=at>{} {}, {} {}</span></figcaption><pre tabindex=0>",
        say(LINE),
        position.line,
        say(COLUMN),
        position.column
    );
    let whole = text.len() <= NEAR;
    let layout = if whole { Layout::of(text) } else { Layout::lines_of(text) };
    let mark = label.span.start()..label.span.end();
    let lines = layout.range(&mark).unwrap_or(0..0);
    let shown = lines.start.saturating_sub(BEFORE)..(lines.end.min(lines.start + MARKED) + AFTER);
    for (at, line) in layout.lines.iter().enumerate().skip(shown.start).take(shown.len()) {
        let number = if layout.anew { String::new() } else { (at + 1).to_string() };
        let class = if lines.contains(&at) { "l m" } else { "l" };
        let mut written = String::new();
        let bytes = line.bytes();
        if bytes.len() > WIDTH {
            // One long line: what is around the mark.
            let from = mark.start.clamp(bytes.start, bytes.end).saturating_sub(WIDTH / 4).max(bytes.start);
            let piece = floor(text, from)..floor(text, (from + WIDTH).min(bytes.end));
            let part = crate::report::layout::Line { indent: line.indent, pieces: vec![piece] };
            written.push('…');
            write_line(&mut written, text, &part, std::slice::from_ref(&mark), None);
            written.push('…');
        } else {
            write_line(&mut written, text, line, std::slice::from_ref(&mark), None);
        }
        let _ = write!(out, "<span class=\"{class}\" data-n=\"{number}\">{written}</span>");
    }
    out.push_str("</pre>");
    if !said.is_empty() {
        let _ = write!(out, "<p class=said>{}</p>", prose(said));
    }
    out.push_str("</figure>");
}

fn floor(text: &str, mut at: usize) -> usize {
    while at > 0 && !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
