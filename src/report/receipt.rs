//! The receipt as people read it: what was evaluated, with what, and how to recognise it again.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::diagnostic::{Language, Words};

use super::diagnosis::one_line;
use super::model::*;
use super::phrase::{Noun, Phrase, duration, number};

/// Column at which values begin.
const VALUES: usize = 36;

/// Scripts that are named one by one; more are named by one hash.
const NAMED: usize = 5;

/// Hexadecimal digits of a hash that people compare.
const SHORT: usize = 16;

/// Verdicts of asserts below the line that counts them, with what they are called.
type Part = (fn(&Counts) -> u64, Words);
const PARTS: [Part; 6] = [
    (|counts| counts.pass, Words::new("pass", "goed")),
    (|counts| counts.fail, Words::new("fail", "fout")),
    (|counts| counts.warning, Words::new("warning", "waarschuwing")),
    (|counts| counts.error, Words::new("error (could not be decided)", "fout (niet te bepalen)")),
    (|counts| counts.skip, Words::new("skipped", "overgeslagen")),
    (|counts| counts.not_evaluated, Words::new("not evaluated", "niet beoordeeld")),
];

const ASSERTS: Words = Words::new("asserts evaluated", "toetsen beoordeeld");
const OPERATIONS: Words = Words::new("operations carried out", "aanvragen uitgevoerd");
const REQUESTS: Words = Words::new("requests answered", "verzoeken beantwoord");
const CODES: Words = Words::new("codes checked", "codes gecontroleerd");
const NOT_CHECKABLE: Words = Words::new("not checkable offline", "offline niet te controleren");
const LOGIN: Words = Words::new("login", "login");
const SCRIPTS: Words = Words::new("scripts", "scripts");
const DEFINITIONS: Words = Words::new("definitions", "definities");
const RECEIPT: Words = Words::new("Receipt", "Bon");

/// The lines of the receipt.
pub(super) fn lines(report: &RunReport, language: Language) -> String {
    let receipt = &report.receipt;
    let n = |count: u64| number(language, count);
    let of = |part: u64, all: u64| Phrase::Of.with(language, &[&n(part), &n(all)]);
    let mut out = Lines { text: String::new(), language };
    let _ = writeln!(out.text, "{}", RECEIPT.get(language));

    out.line(1, ASSERTS, &of(receipt.asserts.evaluated, receipt.asserts.total));
    out.parts(&receipt.asserts);
    let operations = &receipt.operations;
    if operations.evaluated < operations.total || operations.fail > 0 {
        out.line(1, OPERATIONS, &of(operations.pass, operations.total));
        out.parts(operations);
    }
    let codes = &receipt.codes;
    out.line(1, CODES, &n(codes.checked));
    if codes.not_checkable > 0 {
        out.line(2, NOT_CHECKABLE, &n(codes.not_checkable));
    }
    let exchanges = &receipt.exchanges;
    out.line(1, REQUESTS, &format!("{}{}", of(exchanges.answered, exchanges.total), times(report, language)));
    if let Some(logins) = logins(report) {
        out.line(1, LOGIN, &logins);
    }
    out.line(1, SCRIPTS, &scripts(report, language));
    for script in report.scripts.iter().filter(|_| report.scripts.len() <= NAMED) {
        let _ = writeln!(out.text, "    {} sha256 {}", script.path, short(&script.sha256));
    }
    if report.scripts.len() > NAMED {
        let count = Noun::Script.count(language, report.scripts.len() as u64);
        let text = Phrase::AllScripts.with(language, &[&count, short(&hash_of_all(report))]);
        let _ = writeln!(out.text, "    {text}");
    }
    for (at, definition) in receipt.definitions.iter().enumerate() {
        let text = format!(
            "{} {} ({}, sha256 {})",
            definition.package,
            definition.version,
            definition.origin,
            short(&definition.sha256)
        );
        match at {
            0 => out.line(1, DEFINITIONS, &text),
            _ => drop(writeln!(out.text, "{:VALUES$}{text}", "")),
        }
    }
    out.text
}

/// The flow, and how often a token was come by in which way: `medmij: 2 × login, 1 × refreshed`.
fn logins(report: &RunReport) -> Option<String> {
    let flow = &report.tokens.first()?.flow;
    let mut ways: Vec<(&str, usize)> = vec![];
    for token in &report.tokens {
        match ways.iter_mut().find(|(how, _)| *how == token.how) {
            Some((_, count)) => *count += 1,
            None => ways.push((&token.how, 1)),
        }
    }
    let ways: Vec<String> = ways.iter().map(|(how, count)| format!("{count} × {how}")).collect();
    Some(format!("{flow}: {}", ways.join(", ")))
}

/// Text with leaders, as on a till receipt.
struct Lines {
    text: String,
    language: Language,
}

impl Lines {
    fn line(&mut self, depth: usize, name: Words, value: &str) {
        let name = format!("{:depth$}{}", "", name.get(self.language), depth = depth * 2);
        let dots = VALUES.saturating_sub(name.chars().count() + 2).max(2);
        let _ = writeln!(self.text, "{name} {} {}", ".".repeat(dots), one_line(value));
    }

    fn parts(&mut self, counts: &Counts) {
        for (count, name) in PARTS {
            if count(counts) > 0 {
                let value = number(self.language, count(counts));
                self.line(2, name, &value);
            }
        }
    }
}

/// `, median 12 ms, slowest 41 ms (#7 GET)`.
fn times(report: &RunReport, language: Language) -> String {
    let mut micros: Vec<u64> = report.exchanges.iter().map(|exchange| exchange.micros).collect();
    micros.sort_unstable();
    let (Some(median), Some(slowest)) =
        (micros.get(micros.len() / 2), report.exchanges.iter().max_by_key(|exchange| exchange.micros))
    else {
        return String::new();
    };
    let (median, most) = (duration(language, *median), duration(language, slowest.micros));
    format!(", {}", Phrase::Slowest.with(language, &[&median, &most, &slowest.id.to_string(), &slowest.method]))
}

/// `4: 3 passed, 1 failed`.
fn scripts(report: &RunReport, language: Language) -> String {
    let counts = &report.receipt.scripts;
    let parts = [
        (counts.passed, Phrase::Passed),
        (counts.failed, Phrase::Failed),
        (counts.incomplete, Phrase::Incomplete),
        (counts.total.saturating_sub(report.scripts.len() as u32), Phrase::NeverBegan),
    ];
    let parts = parts.iter().filter(|(count, _)| *count > 0);
    let parts = parts.map(|(count, phrase)| {
        let count = number(language, u64::from(*count));
        format!("{count} {}", phrase.get(language))
    });
    format!("{}: {}", number(language, u64::from(counts.total)), parts.collect::<Vec<_>>().join(", "))
}

/// One hash for many scripts: SHA-256 over lines `hash  path` sorted, as
/// `sha256sum … | LC_ALL=C sort | sha256sum` gives it.
fn hash_of_all(report: &RunReport) -> String {
    let mut lines: Vec<String> =
        report.scripts.iter().map(|script| format!("{}  {}\n", script.sha256, script.path)).collect();
    lines.sort_unstable();
    let digest = Sha256::digest(lines.concat());
    digest.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn short(hash: &str) -> &str {
    hash.get(..SHORT).unwrap_or(hash)
}
