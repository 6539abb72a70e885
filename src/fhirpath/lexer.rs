//! Text to tokens (<http://hl7.org/fhirpath/N1/#lexical-elements>).
//!
//! A token is a kind and a span; what it stands for (a string without its escapes, a number) is asked
//! for when the parser wants it.

use super::error::SyntaxError;
use crate::fhir::Span;

/// The kinds of token. Keywords are words: FHIRPath allows most of them as names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum TokenKind {
    /// A name or keyword.
    Word,
    /// A name between backticks.
    QuotedName,
    /// A string between single quotes.
    Text,
    /// Digits.
    Integer,
    /// Digits with a decimal part.
    Decimal,
    /// `@2015-02` or, with a `T`, a dateTime.
    DateTime,
    /// `@T14:30`.
    Time,
    /// `$this`, `$index`, `$total`.
    Special,
    /// An operator or bracket.
    Symbol(&'static str),
    /// After the last token.
    End,
}

/// A token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub kind: TokenKind,
    pub span: Span,
}

/// Operators and brackets, longer ones before their beginnings.
const SYMBOLS: [&str; 25] = [
    "!=", "!~", "<=", ">=", "(", ")", "[", "]", "{", "}", ".", ",", "+", "-", "*", "/", "&", "|", "=", "~", "<", ">",
    "%", ";", ":",
];

/// Splits an expression into tokens, [`TokenKind::End`] last.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, SyntaxError> {
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens = vec![];
    loop {
        lexer.skip_space_and_comments()?;
        let start = lexer.at;
        let kind = lexer.token()?;
        tokens.push(Token { kind, span: Span::new(start, lexer.at) });
        if kind == TokenKind::End {
            return Ok(tokens);
        }
    }
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip_while(&mut self, wanted: impl Fn(char) -> bool) -> usize {
        let rest = self.rest();
        let len = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        self.at += len;
        len
    }

    fn skip_space_and_comments(&mut self) -> Result<(), SyntaxError> {
        loop {
            self.skip_while(char::is_whitespace);
            if self.rest().starts_with("//") {
                self.skip_while(|c| c != '\n' && c != '\r');
            } else if let Some(comment) = self.rest().strip_prefix("/*") {
                let Some(len) = comment.find("*/") else {
                    let span = Span::new(self.at, self.text.len());
                    return Err(SyntaxError::new("the comment is not closed", span).remedy("end it with `*/`"));
                };
                self.at += len + 4;
            } else {
                return Ok(());
            }
        }
    }

    fn token(&mut self) -> Result<TokenKind, SyntaxError> {
        let start = self.at;
        let Some(first) = self.peek() else { return Ok(TokenKind::End) };
        match first {
            'a'..='z' | 'A'..='Z' | '_' => {
                self.skip_while(is_name_character);
                Ok(TokenKind::Word)
            }
            '0'..='9' => Ok(self.number()),
            '\'' => self.quoted('\'', "string").map(|()| TokenKind::Text),
            '`' => self.quoted('`', "name").map(|()| TokenKind::QuotedName),
            '@' => self.temporal(),
            '$' => {
                self.at += 1;
                self.skip_while(is_name_character);
                Ok(TokenKind::Special)
            }
            '"' => {
                let span = Span::new(start, start + 1);
                Err(SyntaxError::new("`\"` does not start anything in FHIRPath", span)
                    .remedy("write strings between `'` and names between backticks"))
            }
            _ => match SYMBOLS.into_iter().find(|s| self.rest().starts_with(s)) {
                Some(symbol) => {
                    self.at += symbol.len();
                    Ok(TokenKind::Symbol(symbol))
                }
                None => {
                    let span = Span::new(start, start + first.len_utf8());
                    Err(SyntaxError::new(format!("`{}` has no meaning in FHIRPath", first.escape_debug()), span))
                }
            },
        }
    }

    fn number(&mut self) -> TokenKind {
        self.skip_while(|c| c.is_ascii_digit());
        let fraction = self.rest().strip_prefix('.').is_some_and(|r| r.starts_with(|c: char| c.is_ascii_digit()));
        if !fraction {
            return TokenKind::Integer;
        }
        self.at += 1;
        self.skip_while(|c| c.is_ascii_digit());
        TokenKind::Decimal
    }

    fn quoted(&mut self, quote: char, what: &str) -> Result<(), SyntaxError> {
        let start = self.at;
        let mut escaped = false;
        for (i, c) in self.rest().char_indices().skip(1) {
            if escaped {
                escaped = false;
            } else if c == '\\' {
                escaped = true;
            } else if c == quote {
                self.at += i + 1;
                return Ok(());
            }
        }
        let span = Span::new(start, self.text.len());
        Err(SyntaxError::new(format!("the {what} is not closed"), span).remedy(format!("end it with `{quote}`")))
    }

    /// `@` and what follows it; whether the parts make a date is the value's business.
    fn temporal(&mut self) -> Result<TokenKind, SyntaxError> {
        let start = self.at;
        self.at += 1;
        let date = self.skip_while(|c| c.is_ascii_digit() || c == '-');
        let mut time = false;
        if self.rest().starts_with('T') {
            time = true;
            self.at += 1;
            let clock = self.skip_while(|c| c.is_ascii_digit() || c == ':');
            let fraction = self.rest().strip_prefix('.').is_some_and(|r| r.starts_with(|c: char| c.is_ascii_digit()));
            if fraction {
                self.at += 1;
                self.skip_while(|c| c.is_ascii_digit());
            }
            if clock > 0 && self.rest().starts_with('Z') {
                self.at += 1;
            } else if clock > 0 && self.rest().starts_with(['+', '-']) {
                self.at += 1;
                self.skip_while(|c| c.is_ascii_digit() || c == ':');
            }
        }
        match (date, time) {
            (0, false) => Err(SyntaxError::new("`@` must be followed by a date or time", Span::new(start, self.at))),
            (0, true) => Ok(TokenKind::Time),
            _ => Ok(TokenKind::DateTime),
        }
    }
}

fn is_name_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The text of a string or quoted name: without its quotes, escapes resolved
/// (<http://hl7.org/fhirpath/N1/#string>).
pub(super) fn unquote(text: &str, span: Span) -> Result<String, SyntaxError> {
    let quoted = text.get(span.range()).unwrap_or("");
    let inner = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or("");
    let mut result = String::with_capacity(inner.len());
    let mut chars = inner.char_indices();
    while let Some((i, c)) = chars.next() {
        if c != '\\' {
            result.push(c);
            continue;
        }
        let at = span.start() + 1 + i;
        let Some((_, escape)) = chars.next() else { break };
        match ESCAPES.iter().find(|(e, _)| *e == escape) {
            Some((_, character)) => result.push(*character),
            None if escape == 'u' => {
                let digits = inner.get(i + 2..i + 6).unwrap_or("");
                let hexadecimal = digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_hexdigit());
                let code = u32::from_str_radix(digits, 16).ok().filter(|_| hexadecimal).and_then(char::from_u32);
                let Some(character) = code else {
                    let message = "`\\u` must be followed by the four hexadecimal digits of a character";
                    return Err(SyntaxError::new(message, Span::new(at, at + 2)));
                };
                result.push(character);
                chars.by_ref().nth(3);
            }
            None => {
                let message = format!("`\\{}` is not an escape of FHIRPath", escape.escape_debug());
                return Err(SyntaxError::new(message, Span::new(at, at + 1 + escape.len_utf8()))
                    .remedy("a backslash itself is written `\\\\`"));
            }
        }
    }
    Ok(result)
}

const ESCAPES: [(char, char); 9] = [
    ('\'', '\''),
    ('"', '"'),
    ('`', '`'),
    ('r', '\r'),
    ('n', '\n'),
    ('t', '\t'),
    ('f', '\u{c}'),
    ('\\', '\\'),
    ('/', '/'),
];
