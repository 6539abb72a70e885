//! The two streams: data on standard output, everything else on standard error.

use std::io::{self, IsTerminal, Write};

use crate::diagnostic::{Diagnostic, Language, Registry, Terminal};

/// Columns where the screen does not say.
const WIDTH: usize = 120;

/// Where keur speaks.
pub struct Console {
    /// The language it speaks.
    pub language: Language,
    /// What codes mean.
    pub registry: Registry,
    width: usize,
    plain: bool,
}

impl Console {
    /// For this process.
    pub fn new(language: Language, registry: Registry) -> Console {
        // https://no-color.org: present and not empty.
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let columns = || std::env::var("COLUMNS").ok()?.parse().ok();
        let width: usize = columns().unwrap_or(WIDTH);
        Console { language, registry, width: width.clamp(40, 200), plain: no_color || dumb }
    }

    /// How diagnostics are written on standard error.
    pub fn error_frame(&self) -> Terminal {
        self.frame(io::stderr().is_terminal())
    }

    /// How they are written on standard output.
    pub fn output_frame(&self) -> Terminal {
        self.frame(io::stdout().is_terminal())
    }

    /// How they are written where there is no screen.
    pub fn file_frame(&self) -> Terminal {
        Terminal { colour: false, width: WIDTH, language: self.language }
    }

    fn frame(&self, terminal: bool) -> Terminal {
        Terminal { colour: terminal && !self.plain, width: self.width, language: self.language }
    }

    /// Says what is wrong.
    pub fn tell(&self, diagnostic: Diagnostic) {
        let diagnostic = diagnostic.in_language(&self.registry, self.language);
        self.error(&format!("{}\n", self.error_frame().render(&diagnostic)));
    }

    /// Says everything that is wrong.
    pub fn tell_all(&self, diagnostics: impl IntoIterator<Item = Diagnostic>) {
        diagnostics.into_iter().for_each(|diagnostic| self.tell(diagnostic));
    }

    /// Writes to standard error; nobody there to read it is no reason to stop.
    pub fn error(&self, text: &str) {
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }

    /// Writes to standard output. A reader that went away (`keur list | head`) is no fault.
    pub fn output(&self, bytes: &[u8]) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            result => result,
        }
    }
}
