//! `keur diff A B`: what changed between two runs.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::diagnostic::{Diagnostic, Language, Words};
use crate::evidence::bundle;
use crate::evidence::code;
use crate::evidence::diff::{Change, Kind, Outcome, Outcomes, diff as compare};
use crate::report::fold;

use super::console::Console;
use super::exit::Exit;
use super::mask;
use super::replay::{opened, refused};
use super::settings::{Checked, Key, Said};

/// Flags of `diff`.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// The earlier run: its folder or id, a bundle, or a JSON report
    #[arg(value_name = "A")]
    before: PathBuf,
    /// The later run
    #[arg(value_name = "B")]
    after: PathBuf,
    /// How to write it
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Folder of run records [default: .keur/runs]
    #[arg(long, value_name = "FOLDER")]
    record: Option<String>,
}

/// Ways to write it.
#[derive(clap::ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Format {
    /// For people
    #[default]
    Text,
    /// JSON for programs
    Json,
}

const HEADINGS: [(Kind, Words); 5] = [
    (Kind::NewlyFailing, Words::new("newly failing", "nieuw gefaald")),
    (Kind::NewlySkipped, Words::new("newly skipped", "nieuw overgeslagen")),
    (Kind::Fixed, Words::new("fixed", "opgelost")),
    (Kind::Changed, Words::new("changed value", "andere waarde")),
    (Kind::Slower, Words::new("slower", "trager")),
];
const SAME: Words = Words::new("no differences", "geen verschillen");
const WAS: Words = Words::new("was", "was");
const IS: Words = Words::new("is", "is");
const GONE: Words = Words::new("gone", "weg");
const NEW: Words = Words::new("new", "nieuw");

impl Arguments {
    /// Flags that are settings too.
    pub fn settings(&self) -> Said {
        Said::default().one(Key::Record, &self.record)
    }
}

/// Carries it out.
pub fn diff(arguments: &Arguments, checked: &Checked, console: &Console) -> Exit {
    let mut problems = vec![];
    let mut read = |path: &Path| outcomes(path, checked).map_err(|more| problems.extend(more)).unwrap_or_default();
    let (before, after) = (read(&arguments.before), read(&arguments.after));
    if !problems.is_empty() {
        return refused(problems, console);
    }
    let changes = compare(before, after);
    show(&changes, arguments.format, console)
}

/// A run from its folder, a bundle or a JSON report, as others may see it.
fn outcomes(path: &Path, checked: &Checked) -> Result<Outcomes, Vec<Diagnostic>> {
    if path.is_file() && !bundle::is_bundle(path) {
        let wrong = |error: String| vec![code::error(code::COMPARE, format!("`{}`: {error}", path.display()))];
        let bytes = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
        return Outcomes::of_json(&bytes).map_err(wrong);
    }
    let opened = opened(path, None, checked)?;
    let record = match opened.masked {
        true => opened.record,
        false => mask::veiled(opened.record, checked).map_err(|problem| vec![*problem])?,
    };
    Ok(Outcomes::of(&fold(record.events())))
}

/// Writes changes to standard output and says how that ends: newly failing before newly skipped.
pub fn show(changes: &[Change], format: Format, console: &Console) -> Exit {
    let text = match format {
        Format::Text => text(changes, console.language),
        Format::Json => json(changes),
    };
    if let Err(error) = console.output(text.as_bytes()) {
        console.tell(code::error(code::WRITE, format!("standard output cannot be written: {error}")));
        return Exit::Usage;
    }
    let any = |kind: Kind| changes.iter().any(|change| change.kind == kind);
    match () {
        () if any(Kind::NewlyFailing) => Exit::Failed,
        () if any(Kind::NewlySkipped) => Exit::Incomplete,
        () => Exit::Passed,
    }
}

#[derive(Serialize)]
struct Document<'d> {
    schema: &'static str,
    summary: std::collections::BTreeMap<String, usize>,
    changes: &'d [Change],
}

fn json(changes: &[Change]) -> String {
    let count = |kind: Kind| changes.iter().filter(|change| change.kind == kind).count();
    let name =
        |kind: Kind| serde_json::to_value(kind).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default();
    let summary = Kind::ALL.into_iter().map(|kind| (name(kind), count(kind))).collect();
    let document = Document { schema: "urn:keur:diff:1", summary, changes };
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn text(changes: &[Change], language: Language) -> String {
    if changes.is_empty() {
        return format!("{}\n", SAME.get(language));
    }
    let mut out = String::new();
    let mut counts = vec![];
    for (kind, heading) in HEADINGS {
        let of: Vec<&Change> = changes.iter().filter(|change| change.kind == kind).collect();
        if of.is_empty() {
            continue;
        }
        let heading = heading.get(language);
        counts.push(format!("{} {heading}", of.len()));
        let _ = writeln!(out, "{heading} ({})", of.len());
        for change in of {
            let place = &change.place;
            let nth = if place.nth > 1 { format!(" ({})", place.nth) } else { String::new() };
            let _ = writeln!(out, "  {} / {}: {}{nth}", place.path, place.test, place.action);
            let was = change.before.as_ref().map_or(NEW.get(language).to_owned(), |was| told(was, kind));
            let is = change.after.as_ref().map_or(GONE.get(language).to_owned(), |is| told(is, kind));
            let _ = writeln!(out, "    {} {was}\n    {} {is}", WAS.get(language), IS.get(language));
        }
        out.push('\n');
    }
    let _ = writeln!(out, "{}", counts.join(", "));
    out
}

fn told(outcome: &Outcome, kind: Kind) -> String {
    if kind == Kind::Slower {
        return format!("{} ms", outcome.micros / 1000);
    }
    let code = if outcome.code.is_empty() { String::new() } else { format!("[{}]", outcome.code) };
    let message = if outcome.message.is_empty() { String::new() } else { format!(": {}", outcome.message) };
    format!("{}{code}{message}", outcome.verdict)
}
