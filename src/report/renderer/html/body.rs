//! Bodies on the page: each once, by its hash, laid out, with every element that something was found at
//! marked. A big one is cut to what is around the marks.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::ops::Range;

use crate::diagnostic::Words;
use crate::exchange::redaction;

use super::words::{both, escaped, push_escaped, say, size};
use crate::report::layout::{Layout, Line};
use crate::report::model::*;
use crate::report::phrase::number;
use crate::report::renderer::Material;

/// Most bytes of one body that are shown whole.
const WHOLE: usize = 256 * 1024;

/// Bytes of all bodies together after which the next ones are shown around their marks only.
const TOGETHER: usize = 16 * 1024 * 1024;

/// Lines before and after a mark that stay when a body is cut.
const AROUND: usize = 30;

/// Lines of one mark that are marked.
const MARKED: usize = 200;

const ANEW: Words = Words::new(
    "laid out anew; as received it has other lines",
    "opnieuw opgemaakt; zoals ontvangen heeft het andere regels",
);
const LEFT_OUT: Words = Words::new("lines left out", "regels weggelaten");
const NOT_TEXT: Words = Words::new("not text, not shown", "geen tekst, niet getoond");
const NOT_THERE: Words = Words::new("not in the record", "niet in de opname");
const SAME: Words = Words::new("the same bytes as in", "dezelfde bytes als in");
const TOO_MUCH: Words = Words::new(
    "not shown, the page would become too big; the record has it",
    "niet getoond, de pagina zou te groot worden; de opname heeft het",
);

/// A place in a body.
pub(super) type Bytes = Range<usize>;

/// The bodies of a page.
pub(super) struct Bodies<'r> {
    material: &'r dyn Material,
    marks: HashMap<&'r str, Vec<Bytes>>,
    /// Number of the exchange that shows it.
    shown: HashMap<&'r str, u32>,
    written: usize,
}

impl<'r> Bodies<'r> {
    /// Finds everything to mark.
    pub(super) fn of(report: &'r RunReport, material: &'r dyn Material) -> Bodies<'r> {
        let mut marks: HashMap<&str, Vec<Bytes>> = HashMap::new();
        for (_, action) in report.actions() {
            let Some(exchange) = action.exchange.and_then(|id| report.exchange(id)) else { continue };
            if !super::tells(action) {
                continue;
            }
            for target in super::targets(action).filter(|target| target.line > 0) {
                if let Some(hash) = hash_of(exchange, target.request) {
                    marks.entry(hash).or_default().push(target.span.0 as usize..target.span.1 as usize);
                }
            }
        }
        for marks in marks.values_mut() {
            marks.sort_by_key(|mark| (mark.start, mark.end));
            marks.dedup();
        }
        Bodies { material, marks, shown: HashMap::new(), written: 0 }
    }

    /// Where the first mark in the body of a message is, if it has one.
    pub(super) fn mark(&self, report: &RunReport, exchange: &ExchangeReport, request: bool) -> Option<String> {
        let marked = self.marks.contains_key(hash_of(exchange, request)?);
        if marked { mark_id(report, exchange, request) } else { None }
    }

    /// The body of a message.
    pub(super) fn write(&mut self, out: &mut String, exchange: &'r ExchangeReport, request: bool) {
        let Some(hash) = hash_of(exchange, request) else { return };
        if let Some(first) = self.shown.get(hash) {
            let _ = write!(out, "<p class=note>{} <a href=#x{first}>#{first}</a></p>", say(SAME));
            return;
        }
        self.shown.insert(hash, exchange.id);
        let Some(body) = self.material.body(hash) else {
            let _ = write!(out, "<p class=note>{}: sha256 {}</p>", say(NOT_THERE), escaped(hash));
            return;
        };
        let bytes = body.len();
        let Ok(text) = String::from_utf8(body) else {
            let _ = write!(out, "<p class=note>{}: {}</p>", say(NOT_TEXT), size(bytes as u64));
            return;
        };
        let text = redaction::mask_bsns(&text);
        let marks = self.marks.get(hash).cloned().unwrap_or_default();
        if marks.is_empty() && self.written > TOGETHER {
            let _ = write!(out, "<p class=note>{} (sha256 {})</p>", say(TOO_MUCH), escaped(hash));
            return;
        }
        let layout = Layout::of(&text);
        if layout.anew {
            let _ = write!(out, "<p class=note>{}</p>", say(ANEW));
        }
        let before = out.len();
        out.push_str("<pre class=body tabindex=0>");
        let cut = bytes > WHOLE || self.written > TOGETHER;
        let id = id(exchange, request);
        lines(out, &text, &layout, &marks, &id, cut);
        out.push_str("</pre>");
        self.written += out.len() - before;
    }
}

fn lines(out: &mut String, text: &str, layout: &Layout, marks: &[Bytes], id: &str, cut: bool) {
    let mut keep: Vec<Range<usize>> = vec![];
    if cut {
        let all = layout.lines.len();
        keep.push(0..AROUND.min(all));
        for lines in marks.iter().filter_map(|mark| layout.range(mark)) {
            let last = (lines.end).min(lines.start + MARKED) + AROUND;
            keep.push(lines.start.saturating_sub(AROUND)..last.min(all));
        }
    } else {
        keep.push(0..layout.lines.len());
    }
    keep.sort_by_key(|lines| lines.start);
    let mut at = 0;
    let mut first = true;
    for lines in keep {
        let from = lines.start.max(at);
        if from > at {
            left_out(out, from - at);
        }
        for line in layout.lines.get(from..lines.end.max(from)).unwrap_or_default() {
            // A link goes to the first mark.
            let anchor = (first && marks.iter().any(|mark| line.touches(mark))).then(|| {
                first = false;
                id.to_owned()
            });
            write_line(out, text, line, marks, anchor.as_deref());
            out.push('\n');
        }
        at = at.max(lines.end);
    }
    if at < layout.lines.len() {
        left_out(out, layout.lines.len() - at);
    }
}

fn left_out(out: &mut String, lines: usize) {
    let words = both(|language| format!("… {} {}", number(language, lines as u64), LEFT_OUT.get(language)));
    let _ = writeln!(out, "<span class=cut>{words}</span>");
}

/// The name of the first mark in a body.
fn id(exchange: &ExchangeReport, request: bool) -> String {
    format!("m{}{}", exchange.id, if request { "r" } else { "" })
}

/// The same for a body that an earlier exchange shows.
pub(super) fn mark_id(report: &RunReport, exchange: &ExchangeReport, request: bool) -> Option<String> {
    let hash = hash_of(exchange, request)?;
    report.exchanges.iter().find_map(|exchange| {
        let first = [true, false].into_iter().find(|request| hash_of(exchange, *request) == Some(hash))?;
        Some(id(exchange, first))
    })
}

/// The hash of the body of the request or the answer.
pub(super) fn hash_of(exchange: &ExchangeReport, request: bool) -> Option<&str> {
    match request {
        true => exchange.request_sha256.as_deref(),
        false => exchange.response_sha256.as_deref(),
    }
}

/// A line of a layout, with its marks.
pub(super) fn write_line(out: &mut String, text: &str, line: &Line, marks: &[Bytes], mut anchor: Option<&str>) {
    for _ in 0..line.indent {
        out.push_str("  ");
    }
    let mut open = false;
    // White space before a line is not of the element, also where the element goes on.
    let begin = line.bytes();
    let begin = begin.start + text.get(begin).map_or(0, |line| line.len() - line.trim_start().len());
    for piece in &line.pieces {
        if piece.is_empty() {
            out.push(' ');
            continue;
        }
        let mut at = piece.start;
        while at < piece.end {
            let within = |mark: &Bytes| mark.start <= at && at < mark.end.max(mark.start + 1);
            let inside = at >= begin && marks.iter().any(within);
            // The next byte at which that changes.
            let edges = marks.iter().flat_map(|mark| [mark.start, mark.end.max(mark.start + 1)]).chain([begin]);
            let next = edges.filter(|edge| *edge > at).min().unwrap_or(piece.end).min(piece.end);
            let next = ceiling(text, next);
            if inside != open {
                match (inside, anchor.take()) {
                    (true, Some(id)) => drop(write!(out, "<mark id={id}>")),
                    (true, None) => out.push_str("<mark>"),
                    (false, _) => out.push_str("</mark>"),
                }
                open = inside;
            }
            push_escaped(out, text.get(at..next).unwrap_or_default());
            at = next;
        }
    }
    if open {
        out.push_str("</mark>");
    }
}

fn ceiling(text: &str, mut at: usize) -> usize {
    while at < text.len() && !text.is_char_boundary(at) {
        at += 1;
    }
    at
}
