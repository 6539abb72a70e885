//! Byte ranges in a source and the lines and columns people use for them.

use std::sync::OnceLock;

/// A half-open byte range of a source text. Sources are limited to 4 GiB by the readers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// From `start` to before `end`, in bytes.
    pub fn new(start: usize, end: usize) -> Self {
        Span { start: start as u32, end: end as u32 }
    }

    /// First byte.
    pub fn start(self) -> usize {
        self.start as usize
    }

    /// One past the last byte.
    pub fn end(self) -> usize {
        self.end as usize
    }

    /// Length in bytes.
    pub fn len(self) -> usize {
        self.end.saturating_sub(self.start) as usize
    }

    /// True when it covers nothing.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The bytes as `std` takes them.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start()..self.end()
    }
}

/// A place in a text: line and column count from 1, columns in characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// Line starts of a source, found on first use: most documents are never asked.
#[derive(Default)]
pub struct LineIndex {
    starts: OnceLock<Vec<u32>>,
}

impl LineIndex {
    /// The place of a byte offset in `source`, which must be the same text at every call.
    pub fn position(&self, source: &str, offset: usize) -> Position {
        let starts = self.starts.get_or_init(|| {
            let newlines = source.bytes().enumerate().filter(|(_, b)| *b == b'\n');
            std::iter::once(0).chain(newlines.map(|(i, _)| i as u32 + 1)).collect()
        });
        let offset = offset.min(source.len());
        let line = starts.partition_point(|s| *s as usize <= offset);
        let start = starts[line - 1] as usize;
        let column = source.get(start..offset).map_or(offset - start, |text| text.chars().count());
        Position { line: line as u32, column: column as u32 + 1 }
    }
}
