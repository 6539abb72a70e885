//! The top of the page, what came of the run, and its foot, the receipt.

use std::fmt::Write as _;

use crate::diagnostic::Words;
use crate::record::Verdict;

use super::words::{attributes, both, escaped, prose, say};
use super::{Page, VERDICTS};
use crate::report::baseline::{KnownReport, KnownState};
use crate::report::model::*;
use crate::report::phrase::{Noun, Phrase, duration, number};
use crate::report::verdict::{Conclusion, verdict_code};

const CONCLUSIONS: [(Conclusion, Words, Words); 3] = [
    (Conclusion::Passed, Words::new("PASSED", "GESLAAGD"), Words::new("passed", "geslaagd")),
    (Conclusion::Failed, Words::new("FAILED", "GEZAKT"), Words::new("failed", "gezakt")),
    (Conclusion::Incomplete, Words::new("INCOMPLETE", "ONVOLLEDIG"), Words::new("incomplete", "onvolledig")),
];

const CLASSES: [&str; 3] = ["pass", "fail", "not-evaluated"];

const TARGET: Words = Words::new("Target", "Doel");
const BEGAN: Words = Words::new("Began", "Begon");
const TOOK: Words = Words::new("Took", "Duurde");
const RELEASE: Words = Words::new("FHIR", "FHIR");
const SCRIPTS: Words = Words::new("Scripts", "Scripts");
const REQUESTS: Words = Words::new("Requests answered", "Verzoeken beantwoord");
const ASSERTS: Words = Words::new("Asserts evaluated", "Toetsen beoordeeld");
const CODES: Words = Words::new("Codes checked", "Codes gecontroleerd");
const NOT_CHECKABLE: Words = Words::new("not checkable offline", "offline niet te controleren");
const TOKENS: Words = Words::new("Access tokens", "Toegangstokens");
const GIVEN: Words = Words::new("given beforehand, no login", "vooraf gegeven, geen login");
const LOGIN: Words = Words::new("by login", "door in te loggen");
const CERTIFICATE: Words = Words::new("Certificate of the server", "Certificaat van de server");
const VALID_UNTIL: Words = Words::new("valid until", "geldig tot en met");
const ASKED_BY: Words = Words::new("Asked for by", "Gevraagd door");
const SHOW_ONLY: Words = Words::new("show only these", "toon alleen deze");
const RECEIPT: Words = Words::new("Receipt", "Bon");
const RECEIPT_WHY: Words = Words::new(
    "With what this was judged: the same scripts, packages and answers give the same report.",
    "Waarmee dit is beoordeeld: dezelfde scripts, pakketten en antwoorden geven hetzelfde rapport.",
);
const PACKAGE: Words = Words::new("Package", "Pakket");
const VERSION: Words = Words::new("Version", "Versie");
const ORIGIN: Words = Words::new("Origin", "Herkomst");
const BASELINE: Words = Words::new("Known failures", "Bekende fouten");
const BASELINE_WHY: Words = Words::new(
    "Accepted beforehand by someone, for a reason, until a date. They are failures all the same and are counted as such; they do not make the run fail.",
    "Vooraf door iemand aanvaard, om een reden, tot een datum. Het blijven fouten en zo worden ze geteld; ze laten de run niet zakken.",
);
const WHICH: Words = Words::new("Which", "Welke");
const WHY: Words = Words::new("Reason", "Reden");
const UNTIL: Words = Words::new("Until", "Tot en met");
const FAILURES: Words = Words::new("Failures", "Fouten");
const STATE: Words = Words::new("State", "Stand");
const STATES: [(KnownState, &str, Words); 4] = [
    (KnownState::Known, "known", Words::new("known", "bekend")),
    (KnownState::Expired, "fail", Words::new("expired: fails the run", "verlopen: laat de run zakken")),
    (
        KnownState::Healed,
        "fail",
        Words::new("does not fail any more: remove it", "gaat niet meer fout: verwijder de regel"),
    ),
    (KnownState::NotRun, "skip", Words::new("not run", "niet gedraaid")),
];

/// The verdict of a run in capitals.
pub(super) fn verdict(conclusion: Conclusion) -> Words {
    CONCLUSIONS[conclusion as usize].1
}

/// The verdict of a script or test.
pub(super) fn concluded(conclusion: Conclusion) -> Words {
    CONCLUSIONS[conclusion as usize].2
}

/// Its class.
pub(super) fn class(conclusion: Conclusion) -> &'static str {
    CLASSES[conclusion as usize]
}

/// The verdict, the counts, and between which moments.
pub(super) fn write(out: &mut String, page: Page<'_>) {
    let report = page.report;
    let receipt = &report.receipt;
    let _ = write!(
        out,
        "<header class=\"top {}\"><h1>{}</h1><p class=lead>{}</p>",
        class(report.verdict),
        say(verdict(report.verdict)),
        both(|language| escaped(&sentence(report, language)))
    );
    if report.interrupted {
        let _ = write!(out, "<p class=lead>{}</p>", both(|l| escaped(Phrase::Interrupted.get(l))));
    }
    out.push_str("<dl class=facts>");
    let mut fact = |name: Words, value: String| {
        if !value.is_empty() {
            let _ = write!(out, "<div><dt>{}</dt><dd>{value}</dd></div>", say(name));
        }
    };
    let simulated = match report.simulated {
        true => format!(" ({})", both(|language| Phrase::Simulated.get(language).to_owned())),
        false => String::new(),
    };
    fact(TARGET, format!("{}{simulated}", escaped(&report.target)));
    fact(BEGAN, escaped(&moment(&report.started)));
    fact(TOOK, took(report).map_or(String::new(), |micros| both(|language| duration(language, micros))));
    fact(RELEASE, escaped(&report.fhir_version));
    let n = |count: u64| both(|language| number(language, count));
    let of = |part: u64, all: u64| both(|l| Phrase::Of.with(l, &[&number(l, part), &number(l, all)]));
    let scripts = &receipt.scripts;
    let parts = [(scripts.passed, 0), (scripts.failed, 1), (scripts.incomplete, 2)];
    let parts = parts.iter().filter(|(count, _)| *count > 0);
    let parts: Vec<String> =
        parts.map(|(count, at)| format!("{} {}", n(u64::from(*count)), say(CONCLUSIONS[*at].2))).collect();
    fact(SCRIPTS, parts.join(", "));
    fact(ASSERTS, of(receipt.asserts.evaluated, receipt.asserts.total));
    fact(REQUESTS, of(receipt.exchanges.answered, receipt.exchanges.total));
    let codes = match receipt.codes.not_checkable {
        0 => n(receipt.codes.checked),
        more => format!("{}, {} {}", n(receipt.codes.checked), n(more), say(NOT_CHECKABLE)),
    };
    fact(CODES, codes);
    fact(TOKENS, tokens(report));
    for server in &report.servers {
        let day = server.not_after.get(..10).unwrap_or_default();
        let (who, until) = (escaped(&server.subject), say(VALID_UNTIL));
        let text = format!(
            "{} <span class=dim>{who}; {until} {day}</span> <code class=hash>{}</code>",
            escaped(&server.origin),
            escaped(&server.sha256)
        );
        fact(CERTIFICATE, text);
    }
    out.push_str("</dl>");
    counts(out, report);
    out.push_str("</header>\n");
    known(out, report);
}

/// How tokens were come by: by whichever login, or given beforehand; nothing where none was used.
fn tokens(report: &RunReport) -> String {
    if let Some(token) = report.tokens.first() {
        return format!("{} ({})", say(LOGIN), escaped(&token.flow));
    }
    let carries = |name: &str| name.eq_ignore_ascii_case("Authorization");
    let mut fields = report.exchanges.iter().flat_map(|exchange| &exchange.request_headers);
    if fields.any(|(name, _)| carries(name)) { say(GIVEN) } else { String::new() }
}

/// One line that says how it went.
fn sentence(report: &RunReport, language: crate::diagnostic::Language) -> String {
    const NONE: Words = Words::new("Everything that was asked holds.", "Alles wat gevraagd is klopt.");
    const SOME: Words = Words::new("{} behind {}.", "{} achter {}.");
    const UNDECIDED: Words = Words::new(
        "Nothing failed, but not everything could be evaluated.",
        "Niets ging fout, maar niet alles kon worden beoordeeld.",
    );
    const ACCEPTED: Words = Words::new("{} known and accepted.", "{} bekend en aanvaard.");
    let failing: Vec<_> = report.causes.iter().filter(|cause| cause.fails()).collect();
    let actions = failing.iter().map(|cause| cause.actions.len() as u64).sum();
    let mut text = match (failing.len() as u64, report.verdict) {
        (0, Conclusion::Passed) => NONE.get(language).to_owned(),
        (0, Conclusion::Incomplete) => UNDECIDED.get(language).to_owned(),
        (0, Conclusion::Failed) => String::new(),
        (causes, _) => {
            const FAILURE: [Words; 2] = [Words::new("failure", "fout"), Words::new("failures", "fouten")];
            let noun = FAILURE[usize::from(actions != 1)].get(language);
            let failures = format!("{} {noun}", number(language, actions));
            SOME.get(language).replacen("{}", &Noun::Cause.count(language, causes), 1).replacen("{}", &failures, 1)
        }
    };
    let accepted = report.receipt.asserts.known + report.receipt.operations.known;
    if accepted > 0 {
        let said = ACCEPTED.get(language).replace("{}", &number(language, accepted));
        text = if text.is_empty() { said } else { format!("{text} {said}") };
    }
    text
}

/// A bar of the verdicts, and each with its count: a button that shows only those.
fn counts(out: &mut String, report: &RunReport) {
    // The page lists requests too.
    let mut counts = report.receipt.asserts;
    counts.add_all(&report.receipt.operations);
    let count = |verdict| match verdict {
        Verdict::Pass => counts.pass,
        Verdict::Fail => counts.fail - counts.known.min(counts.fail),
        Verdict::Warning => counts.warning,
        Verdict::Error => counts.error,
        Verdict::Skip => counts.skip,
        Verdict::NotEvaluated => counts.not_evaluated,
    };
    const KNOWN: Words = Words::new("known", "bekend");
    let mut all: Vec<(&str, Words, u64)> =
        VERDICTS.iter().map(|(verdict, words)| (verdict_code(*verdict), *words, count(*verdict))).collect();
    all.insert(2, ("known", KNOWN, counts.known));
    all.retain(|(.., count)| *count > 0);
    out.push_str("<div class=meter aria-hidden=true>");
    for (class, _, count) in &all {
        let _ = write!(out, "<i class={class} style=\"flex-grow:{count}\"></i>");
    }
    out.push_str("</div><div class=chips role=group>");
    for (class, words, count) in &all {
        let _ = write!(
            out,
            "<button type=button class=\"chip {class}\" data-only={class} aria-pressed=false {}><b>{}</b> {}</button>",
            attributes(SHOW_ONLY),
            both(|language| number(language, *count)),
            say(*words)
        );
    }
    out.push_str("</div>");
}

fn known(out: &mut String, report: &RunReport) {
    if report.known.is_empty() {
        return;
    }
    let _ = write!(
        out,
        "<section id=known><h2>{}</h2><p class=note>{}</p><table class=cards><thead><tr>",
        say(BASELINE),
        say(BASELINE_WHY)
    );
    for name in [WHICH, WHY, UNTIL, FAILURES, STATE] {
        let _ = write!(out, "<th scope=col>{}</th>", say(name));
    }
    out.push_str("</tr></thead><tbody>");
    for KnownReport { entry, state, failures } in &report.known {
        let (_, class, words) = STATES[*state as usize];
        let which = escaped(&entry.name());
        let _ = write!(
            out,
            "<tr><td {}><code>{which}</code></td><td {}>{} <span class=dim>{}</span></td><td {}>{}</td><td {}>{}</td>\
             <td {}><span class=\"tag {class}\">{}</span></td></tr>",
            attributes(WHICH),
            attributes(WHY),
            prose(&entry.reason),
            escaped(&entry.reference),
            attributes(UNTIL),
            escaped(&entry.expires),
            attributes(FAILURES),
            both(|language| number(language, *failures)),
            attributes(STATE),
            say(words)
        );
    }
    out.push_str("</tbody></table></section>\n");
}

/// With what it was judged.
pub(super) fn receipt(out: &mut String, page: Page<'_>) {
    let _ = write!(
        out,
        "<section id=receipt><h2>{}</h2><p class=note>{}</p><table class=cards><thead><tr>",
        say(RECEIPT),
        say(RECEIPT_WHY)
    );
    for name in [PACKAGE, VERSION, ORIGIN, ASKED_BY] {
        let _ = write!(out, "<th scope=col>{}</th>", say(name));
    }
    out.push_str("<th scope=col>SHA-256</th></tr></thead><tbody>");
    for definition in &page.report.receipt.definitions {
        let _ = write!(
            out,
            "<tr><td {}>{}</td><td {}>{}</td><td {}>{}</td><td {}>{}</td><td data-en=SHA-256 data-nl=SHA-256><code class=hash>{}</code></td></tr>",
            attributes(PACKAGE),
            escaped(&definition.package),
            attributes(VERSION),
            escaped(&definition.version),
            attributes(ORIGIN),
            escaped(&definition.origin),
            attributes(ASKED_BY),
            if definition.chosen_by.is_empty() { "–".to_owned() } else { escaped(&definition.chosen_by) },
            escaped(&definition.sha256)
        );
    }
    out.push_str("</tbody></table></section>\n");
}

/// `2026-11-22 03:59:23 UTC`.
fn moment(text: &str) -> String {
    match (text.get(..10), text.get(11..19), text.ends_with('Z')) {
        (Some(day), Some(time), true) => format!("{day} {time} UTC"),
        _ => text.to_owned(),
    }
}

/// From begin to end, in microseconds.
fn took(report: &RunReport) -> Option<u64> {
    let begin: jiff::Timestamp = report.started.parse().ok()?;
    let end: jiff::Timestamp = report.finished.parse().ok()?;
    u64::try_from(end.as_microsecond().checked_sub(begin.as_microsecond())?).ok()
}
