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
///
/// A document may be one line of many megabytes, so characters are not counted from the start of the line:
/// how many bytes begin no character is known for every block.
#[derive(Default)]
pub struct LineIndex {
    found: OnceLock<Lines>,
}

struct Lines {
    starts: Vec<u32>,
    /// For each block of [`BLOCK`] bytes, bytes before it that begin no character.
    continuing: Vec<u32>,
}

/// Bytes that are counted anew for a column, at most twice.
const BLOCK: usize = 4096;

fn continuing(bytes: &[u8]) -> u32 {
    bytes.iter().filter(|b| **b & 0xC0 == 0x80).count() as u32
}

impl Lines {
    fn of(source: &str) -> Lines {
        let newlines = source.bytes().enumerate().filter(|(_, b)| *b == b'\n');
        let starts = std::iter::once(0).chain(newlines.map(|(i, _)| i as u32 + 1)).collect();
        let before = |sum: &mut u32, block: &[u8]| {
            let before = *sum;
            *sum += continuing(block);
            Some(before)
        };
        Lines { starts, continuing: source.as_bytes().chunks(BLOCK).scan(0, before).collect() }
    }

    /// Characters that begin before a byte offset.
    fn characters(&self, source: &str, offset: usize) -> u32 {
        let block = (offset / BLOCK).min(self.continuing.len().saturating_sub(1));
        let before = self.continuing.get(block).copied().unwrap_or_default();
        let rest = source.as_bytes().get(block * BLOCK..offset).unwrap_or_default();
        offset as u32 - before - continuing(rest)
    }
}

impl LineIndex {
    /// The place of a byte offset in `source`, which must be the same text at every call.
    pub fn position(&self, source: &str, offset: usize) -> Position {
        let lines = self.found.get_or_init(|| Lines::of(source));
        let offset = offset.min(source.len());
        let line = lines.starts.partition_point(|s| *s as usize <= offset);
        let start = lines.starts[line - 1] as usize;
        let column = lines.characters(source, offset) - lines.characters(source, start);
        Position { line: line as u32, column: column + 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_characters_in_lines_of_any_length() {
        let long = format!("{{\n{}é€{}", "ë".repeat(3 * BLOCK), "x".repeat(BLOCK));
        for (offset, c) in long.char_indices().chain([(long.len(), ' ')]) {
            let before = &long[..offset];
            let line = before.matches('\n').count() as u32 + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() as u32 + 1;
            // Counting from the start each time is slow: a few places of each kind will do.
            if offset % 997 < 3 || c != 'x' && offset % 61 < 3 || offset == long.len() {
                assert_eq!(LineIndex::default().position(&long, offset), Position { line, column });
            }
        }
    }
}
