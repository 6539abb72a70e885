//! The words of a fact file: names, quoted names, lists, canonicals.

use super::{CORE, FactsError};

/// Characters that end a name; a name that has one is quoted.
fn is_plain(c: char) -> bool {
    !matches!(c, ' ' | '"' | ',' | '(' | ')' | '[' | ']' | '{' | '}' | '=' | '\\') && !c.is_control()
}

/// Appends a name, quoted where it needs to be.
pub(super) fn name(out: &mut String, text: &str) {
    if !text.is_empty() && text != "-" && text.chars().all(is_plain) {
        out.push_str(text);
    } else {
        crate::fhir::json::escape(out, text);
    }
}

/// Appends a canonical, by its last part alone where it is one of FHIR's own.
pub(super) fn canonical(out: &mut String, canonical: &str, prefix: &str) {
    match canonical.strip_prefix(prefix) {
        // The short form has no colon: that is how the reader knows it.
        Some(last) if !last.is_empty() && !last.contains(':') => name(out, last),
        _ if canonical.contains(':') => name(out, canonical),
        _ => {
            // Neither: a relative reference. The quotes with a leading space say so.
            name(out, &format!(" {canonical}"));
        }
    }
}

/// Appends canonicals between brackets; nothing when there are none.
pub(super) fn list(out: &mut String, open: char, canonicals: &[impl AsRef<str>], close: char) {
    if canonicals.is_empty() {
        return;
    }
    out.push(open);
    for (i, one) in canonicals.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        canonical(out, one.as_ref(), CORE);
    }
    out.push(close);
}

/// Reads a file line by line into `all`: those about the whole, an empty one, those about its elements.
pub(super) fn sections<T>(
    file: &str,
    text: &str,
    all: &mut T,
    header: impl Fn(&mut T, &str) -> Result<(), String>,
    element: impl Fn(&mut T, &str) -> Result<(), String>,
) -> Result<(), FactsError> {
    let mut above = true;
    for (at, line) in text.lines().enumerate() {
        let read = match line {
            "" => {
                above = false;
                Ok(())
            }
            line if above => header(all, line),
            line => element(all, line),
        };
        read.map_err(|message| FactsError { file: file.to_owned(), line: at + 1, message })?;
    }
    Ok(())
}

/// One line while it is read.
pub(super) struct Line<'t> {
    rest: &'t str,
}

impl<'t> Line<'t> {
    pub fn new(line: &'t str) -> Self {
        Line { rest: line }
    }

    /// The next word up to a space, which is consumed. None where there is none.
    pub fn word(&mut self) -> Option<&'t str> {
        let (word, rest) = self.rest.split_once(' ').unwrap_or((self.rest, ""));
        self.rest = rest;
        (!word.is_empty()).then_some(word)
    }

    /// The name that is the rest of a header line.
    pub fn value(&mut self) -> Result<String, String> {
        let value = self.name()?;
        Ok(value.into())
    }

    pub fn end(&self) -> Result<(), String> {
        if self.rest.is_empty() { Ok(()) } else { Err(format!("unexpected `{}`", self.rest)) }
    }

    pub fn skip(&mut self, c: char) -> bool {
        match self.rest.strip_prefix(c) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// True when nothing is left.
    pub fn is_done(&self) -> bool {
        self.rest.is_empty()
    }

    /// True when what is left begins so.
    pub fn starts_with(&self, text: &str) -> bool {
        self.rest.starts_with(text)
    }

    /// The next character, not consumed.
    pub fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    /// The characters up to a space or one of `ends`, which is not consumed.
    pub fn until(&mut self, ends: &[char]) -> &'t str {
        let end = self.rest.find(|c| c == ' ' || ends.contains(&c)).unwrap_or(self.rest.len());
        let (found, rest) = self.rest.split_at(end);
        self.rest = rest;
        found
    }

    /// The words left, each a name.
    pub fn names(&mut self) -> Result<Vec<std::borrow::Cow<'t, str>>, String> {
        let mut all = vec![];
        while !self.is_done() {
            all.push(self.name()?);
            if !self.is_done() && !self.skip(' ') {
                return Err(format!("unexpected `{}`", self.rest));
            }
        }
        Ok(all)
    }

    /// A JSON object.
    pub fn object(&mut self) -> Result<&'t str, String> {
        let mut values = serde_json::Deserializer::from_str(self.rest).into_iter::<serde::de::IgnoredAny>();
        values.next().and_then(Result::ok).ok_or("the JSON does not end")?;
        let (object, rest) = self.rest.split_at_checked(values.byte_offset()).ok_or("the JSON does not end")?;
        self.rest = rest;
        Ok(object)
    }

    /// A path, and whether a comma followed it.
    pub fn until_comma(&mut self) -> (&'t str, bool) {
        let end = self.rest.find([',', ' ']).unwrap_or(self.rest.len());
        let (path, rest) = self.rest.split_at(end);
        self.rest = rest;
        (path, self.skip(','))
    }

    /// True when a property follows; an error when something else does.
    pub fn more(&mut self) -> Result<bool, String> {
        if self.rest.is_empty() {
            return Ok(false);
        }
        if self.skip(' ') { Ok(true) } else { Err(format!("unexpected `{}`", self.rest)) }
    }

    /// The name of a property, and its `=`.
    pub fn property(&mut self) -> Result<&'t str, String> {
        let (name, rest) = self.rest.split_once('=').ok_or_else(|| format!("`{}` has no `=`", self.rest))?;
        self.rest = rest;
        Ok(name)
    }

    /// A name, quoted or not.
    pub fn name(&mut self) -> Result<std::borrow::Cow<'t, str>, String> {
        if self.rest.starts_with('"') {
            return self.quoted().map(Into::into);
        }
        // Every character that ends a name is one byte.
        let ends = |b: u8| b.is_ascii() && !is_plain(char::from(b));
        let end = self.rest.bytes().position(ends).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        if name.is_empty() {
            return Err(format!("expected a name, found `{rest}`"));
        }
        self.rest = rest;
        Ok(name.into())
    }

    fn quoted(&mut self) -> Result<String, String> {
        let mut values = serde_json::Deserializer::from_str(self.rest).into_iter::<String>();
        let value = values.next().and_then(Result::ok).ok_or("the quoted name does not end")?;
        let end = values.byte_offset();
        self.rest = self.rest.get(end..).unwrap_or_default();
        Ok(value)
    }

    /// A canonical, put together again.
    pub fn canonical(&mut self, prefix: &str) -> Result<Box<str>, String> {
        let name = self.name()?;
        if let Some(relative) = name.strip_prefix(' ') {
            return Ok(relative.into());
        }
        if name.contains(':') {
            return Ok(name.into());
        }
        let mut whole = String::with_capacity(prefix.len() + name.len());
        whole.push_str(prefix);
        whole.push_str(&name);
        Ok(whole.into())
    }

    /// Canonicals between brackets; none when the bracket is not there.
    pub fn list(&mut self, open: char, close: char, prefix: &str) -> Result<Vec<Box<str>>, String> {
        let mut all = vec![];
        if !self.skip(open) {
            return Ok(all);
        }
        loop {
            all.push(self.canonical(prefix)?);
            if self.skip(close) {
                return Ok(all);
            }
            if !self.skip(',') {
                return Err(format!("expected `,` or `{close}`, found `{}`", self.rest));
            }
        }
    }
}
