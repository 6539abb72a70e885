//! The piece of a source that is worth showing around a mark.

use std::ops::Range;

use super::Span;

/// The line of a source that a mark begins on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Excerpt<'s> {
    /// The line, without its end.
    pub line: &'s str,
    /// Its number in the source, from 1.
    pub number: usize,
    /// Bytes of `line` to mark; empty only when there is nothing to mark.
    pub mark: Range<usize>,
}

impl<'s> Excerpt<'s> {
    /// The first line of `span` in `source`, with at most `width` bytes of it marked.
    ///
    /// A mark over many lines is shown by its first: the rest of a Bundle entry tells no more. A span
    /// outside the source (a body that was not kept whole) is taken at its end.
    pub fn of(source: &'s str, span: Span, width: usize) -> Excerpt<'s> {
        let start = floor_boundary(source, span.start().min(source.len()));
        let end = span.end().clamp(start, source.len());
        let line_start = source[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let rest = &source[line_start..];
        let line = rest.split('\n').next().unwrap_or(rest).trim_end_matches('\r');
        let number = source.as_bytes()[..line_start].iter().filter(|b| **b == b'\n').count() + 1;

        let from = (start - line_start).min(line.len());
        let to = floor_boundary(line, (end - line_start).min(line.len()).min(from + width.max(1)));
        // What is missing is marked by the character that stands in its place.
        let first = line[from..].chars().next().map_or(0, char::len_utf8);
        Excerpt { line, number, mark: from..to.max(from + first) }
    }
}

fn floor_boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn excerpt<'s>(source: &'s str, marked: &str) -> (&'s str, usize, &'s str) {
        let start = source.find(marked).unwrap();
        let found = Excerpt::of(source, Span::new(start, start + marked.len()), 40);
        (found.line, found.number, &found.line[found.mark])
    }

    #[test]
    fn the_line_of_the_mark_is_shown() {
        let source = "{\n  \"id\": \"1\",\n  \"total\": 3\n}";
        assert_eq!(excerpt(source, "\"total\": 3"), ("  \"total\": 3", 3, "\"total\": 3"));
    }

    #[test]
    fn a_mark_over_many_lines_shows_its_first() {
        assert_eq!(excerpt("<a>\r\n <b>\r\n  <c/>\r\n </b>\r\n</a>", "<b>\r\n  <c/>\r\n </b>"), (" <b>", 2, "<b>"));
    }

    #[test]
    fn a_long_mark_is_kept_within_the_width() {
        let source = "x".repeat(10_000);
        assert_eq!(Excerpt::of(&source, Span::new(5, 9_000), 40).mark, 5..45);
    }

    #[test]
    fn nothing_is_marked_by_what_stands_there() {
        assert_eq!(Excerpt::of("{}", Span::new(1, 1), 80).mark, 1..2);
        assert_eq!(Excerpt::of("", Span::new(7, 9), 80).mark, 0..0);
    }

    proptest! {
        #[test]
        fn any_span_of_any_text_gives_a_mark_on_one_line(
            source in "[a-zé\n\r€ ]{0,200}", start in 0usize..220, len in 0usize..220, width in 0usize..60
        ) {
            let found = Excerpt::of(&source, Span::new(start, start + len), width);
            prop_assert!(found.line.get(found.mark.clone()).is_some());
            prop_assert!(!found.line.contains('\n'));
            prop_assert_eq!(source.lines().nth(found.number - 1).unwrap_or("").trim_end_matches('\r'), found.line);
        }
    }
}
