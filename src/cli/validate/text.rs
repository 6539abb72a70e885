//! For people: every issue at its line, then what was checked and with what.

use std::collections::HashMap;
use std::fmt::Write as _;

use crate::diagnostic::{Code, Diagnostic, NoteKind, Severity, Source, Words};
use crate::report::slice_miss;
use crate::validation::Defined;

use super::super::console::Console;
use super::{Finding, Report, Verdict};

const FILE: Words = Words::new("file", "bestand");
const FILES: Words = Words::new("files", "bestanden");
const VERDICTS: [(Verdict, Words); 3] = [
    (Verdict::Valid, Words::new("valid", "geldig")),
    (Verdict::Invalid, Words::new("invalid", "ongeldig")),
    (Verdict::Incomplete, Words::new("incomplete", "onvolledig")),
];
const CODES: Words = Words::new("codes checked", "codes gecontroleerd");
const NOT_CHECKABLE: Words = Words::new("not checkable offline", "offline niet te controleren");
const DEFINITIONS: Words = Words::new("definitions", "definities");

const BY: Words = Words::new("by", "volgens");
const ASKED: Words = Words::new("as FHIRPath", "als FHIRPath");

const MORE: Words =
    Words::new("more places (`--format json` has them all)", "plaatsen meer (`--format json` geeft ze alle)");

/// Places that are named beside the first where one thing is wrong at many.
const NAMED: usize = 3;

/// Hexadecimal digits of a hash that people compare.
const SHORT: usize = 16;

/// The whole text.
pub fn write(report: &Report, console: &Console) -> String {
    let mut out = String::new();
    for file in &report.files {
        let source = Source { name: file.path.as_str().into(), text: file.text.clone() };
        for alike in grouped(&file.findings) {
            let _ = writeln!(out, "{}", shown(&alike, &source, console));
        }
    }
    receipt(&mut out, report, console);
    out
}

/// Findings that say the same of several elements, each group where its first stands.
fn grouped(findings: &[Finding]) -> Vec<Vec<&Finding>> {
    let mut groups: Vec<Vec<&Finding>> = vec![];
    let mut known: HashMap<(Severity, Code, &str, &str), usize> = HashMap::new();
    for finding in findings {
        let key = (finding.severity, finding.code, &*finding.message, &*finding.profile);
        let group = *known.entry(key).or_insert(groups.len());
        match groups.get_mut(group) {
            Some(group) => group.push(finding),
            None => groups.push(vec![finding]),
        }
    }
    groups
}

fn shown(alike: &[&Finding], source: &Source, console: &Console) -> String {
    let Some((finding, others)) = alike.split_first() else { return String::new() };
    let mut diagnostic =
        Diagnostic::new(finding.severity, finding.code, finding.said(console.language)).label(source, finding.span, "");
    let place = match (&*finding.path, &*finding.profile) {
        ("", _) => String::new(),
        (path, "") => format!("`{path}`"),
        (path, profile) => format!("`{path}`, {} {profile}", BY.get(console.language)),
    };
    let place = match &finding.defined {
        Some(Defined { path, min, max }) => format!("{place}: `{path}` {min}..{max}"),
        None => place,
    };
    for other in others.iter().take(NAMED) {
        let at = format!("`{}` ({}:{})", other.path, other.position.line, other.position.column);
        diagnostic = diagnostic.note(NoteKind::Also, at);
    }
    if let Some(more) = others.len().checked_sub(NAMED).filter(|more| *more > 0) {
        diagnostic = diagnostic.note(NoteKind::Also, format!("{more} {}", MORE.get(console.language)));
    }
    if !place.is_empty() {
        diagnostic = diagnostic.note(NoteKind::Note, place);
    }
    if let Some(broken) = finding.invariant.as_ref().filter(|broken| !finding.message.contains(&*broken.expression)) {
        diagnostic =
            diagnostic.note(NoteKind::Note, format!("{}: `{}`", ASKED.get(console.language), broken.expression));
    }
    for row in &finding.slices {
        diagnostic = diagnostic.note(NoteKind::Note, slice_miss(row, console.language));
    }
    console.output_frame().render(&diagnostic.in_language(&console.registry, console.language))
}

/// What was judged, with what, and what could not be decided.
pub fn receipt(out: &mut String, report: &Report, console: &Console) {
    let language = console.language;
    let counts = VERDICTS.iter().map(|(verdict, words)| format!("{} {}", report.count(*verdict), words.get(language)));
    let counts: Vec<String> = counts.collect();
    let noun = if report.files.len() == 1 { FILE } else { FILES };
    let _ = writeln!(out, "{} {}: {}", report.files.len(), noun.get(language), counts.join(", "));
    let codes = report.codes();
    let not_checkable: u64 = codes.not_checkable.values().sum();
    let _ = writeln!(out, "{} {}, {not_checkable} {}", codes.checked, CODES.get(language), NOT_CHECKABLE.get(language));
    for (reason, count) in &codes.not_checkable {
        let _ = writeln!(out, "  {count} {reason}");
    }
    let _ = writeln!(out, "{}:", DEFINITIONS.get(language));
    for used in &report.used {
        let hash = used.sha256.get(..SHORT).unwrap_or(&used.sha256);
        let _ = writeln!(out, "  {} {} ({}, sha256 {hash})", used.package, used.version, used.origin.code());
    }
}
