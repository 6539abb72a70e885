//! The two streams: data on standard output, everything else on standard error.

use std::collections::HashMap;
use std::io::{self, IsTerminal, Write};

use crate::diagnostic::{Code, Diagnostic, Language, NoteKind, Registry, Terminal, Words};

use super::exit::Exit;

/// Columns where the screen does not say.
const WIDTH: usize = 120;

/// Different problems that are written out.
const TOLD: usize = 20;

const LIKE_IT: Words = Words::new("more like it", "meer zoals deze");
const MORE: Words = Words::new(
    "more problems; `keur list --format json` has them all",
    "problemen meer; `keur list --format json` heeft ze allemaal",
);

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

    /// Says everything that is wrong, the same thing once: first what stops, then what warns. What scripts
    /// have in common would fill screens.
    pub fn tell_grouped(&self, diagnostics: Vec<Diagnostic>) {
        let mut groups: Vec<(Diagnostic, u64)> = vec![];
        let mut known: HashMap<(Code, String), usize> = HashMap::new();
        for diagnostic in diagnostics {
            let key = (diagnostic.code, diagnostic.message.clone());
            match known.get(&key) {
                Some(at) => groups[*at].1 += 1,
                None => {
                    known.insert(key, groups.len());
                    groups.push((diagnostic, 0));
                }
            }
        }
        groups.sort_by_key(|(diagnostic, _)| diagnostic.severity);
        let more = groups.len().saturating_sub(TOLD);
        for (diagnostic, others) in groups.into_iter().take(TOLD) {
            let also = format!("{others} {}", LIKE_IT.get(self.language));
            self.tell(if others > 0 { diagnostic.note(NoteKind::Also, also) } else { diagnostic });
        }
        if more > 0 {
            self.error(&format!("{more} {}\n", MORE.get(self.language)));
        }
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

    /// Writes what a verb comes to to standard output and ends with `exit`.
    pub fn ended(&self, data: impl AsRef<[u8]>, exit: Exit) -> Exit {
        match self.output(data.as_ref()) {
            Ok(()) => exit,
            Err(error) => {
                self.error(&format!("standard output: {error}\n"));
                Exit::Usage
            }
        }
    }

    /// The same for names with what each is about, a line each.
    pub fn listed<'r>(&self, rows: impl Iterator<Item = (&'r str, &'r str)> + Clone) -> Exit {
        let width = rows.clone().map(|(name, _)| name.len()).max().unwrap_or(0);
        let lines: String = rows.map(|(name, about)| format!("{name:width$}  {about}\n")).collect();
        self.ended(lines, Exit::Passed)
    }
}
