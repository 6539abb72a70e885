//! The findings: a card for each cause, with both ends of the failure, and a list of what is less.

use std::fmt::Write as _;

use crate::diagnostic::{Diagnostic, Language, NoteKind, Words};
use crate::record::{SliceMiss, Verdict};

use super::words::{attributes, both, escaped, prose, say};
use super::{Page, anchor, body, frame, verdict_words};
use crate::report::cause::Cause;
use crate::report::diagnosis::{Diagnosis, heading, one_line, place};
use crate::report::model::*;
use crate::report::phrase::number;
use crate::report::verdict::verdict_code;

/// Causes of one kind that are written out as cards; the others are in the list of scripts.
const CARDS: usize = 200;

/// Other places that are listed.
const PLACES: usize = 500;

/// Issues of one validation that are listed.
const ISSUES: usize = 50;

/// Which causes, under which anchor and title.
type Findings = (fn(&Cause) -> bool, &'static str, Words);

const FINDINGS: [Findings; 4] = [
    (Cause::fails, "failing", Words::new("What fails", "Wat fout gaat")),
    (|cause| cause.known, "accepted", Words::new("What fails and is accepted", "Wat fout gaat en is aanvaard")),
    (|cause| cause.verdict == Verdict::NotEvaluated, "open", Words::new("Not evaluated", "Niet beoordeeld")),
    (|cause| cause.verdict == Verdict::Warning, "warnings", Words::new("Warnings", "Waarschuwingen")),
];

const NOTHING: Words = Words::new(
    "Nothing failed, nothing was left unevaluated and there are no warnings.",
    "Niets ging fout, niets bleef onbeoordeeld en er zijn geen waarschuwingen.",
);
const MORE: Words =
    Words::new("more causes; they are in the list of scripts below", "oorzaken meer; zie de lijst van scripts");
const ELSEWHERE: Words = Words::new("all places with this cause", "alle plekken met deze oorzaak");
const COPY: Words = Words::new("copy", "kopieer");
const ISSUE_LIST: Words = Words::new("what the validation found", "wat de validatie vond");
const SLICES: Words = Words::new("why it is in no slice", "waarom het in geen slice zit");
const ELEMENT: Words = Words::new("Element", "Element");
const SLICE: Words = Words::new("Slice", "Slice");
const DISCRIMINATOR: Words = Words::new("Discriminator", "Discriminator");
const EXPECTED: Words = Words::new("Expected", "Verwacht");
const FOUND: Words = Words::new("Found", "Gevonden");

/// Every cause.
pub(super) fn write(out: &mut String, page: Page<'_>) {
    out.push_str("<div id=findings>");
    if page.report.causes.is_empty() {
        let _ = write!(out, "<p class=calm>{}</p>", say(NOTHING));
    }
    for (is, id, title) in FINDINGS {
        let causes: Vec<(usize, &Cause)> = page.report.causes.iter().enumerate().filter(|(_, c)| is(c)).collect();
        if causes.is_empty() {
            continue;
        }
        let count = causes.iter().map(|(_, cause)| cause.actions.len() as u64).sum();
        let _ = write!(
            out,
            "<section id={id}><h2>{} <span class=n>{}</span></h2>",
            say(title),
            both(|language| number(language, count))
        );
        for (at, cause) in causes.iter().take(CARDS) {
            card(out, page, *at, cause);
        }
        if let Some(more) = causes.len().checked_sub(CARDS).filter(|more| *more > 0) {
            let _ = write!(out, "<p class=note>{} {}</p>", both(|l| number(l, more as u64)), say(MORE));
        }
        out.push_str("</section>\n");
    }
    out.push_str("</div>");
}

fn card(out: &mut String, page: Page<'_>, at: usize, cause: &Cause) {
    let Some((script, test, action)) = cause.actions.first().and_then(|place| page.report.action(*place)) else {
        return;
    };
    let tell = |language| {
        let Page { report, registry, material } = page;
        Diagnosis { report, registry, material, language, tables: false }.of(cause)
    };
    let (Some(en), Some(nl)) = (tell(Language::En), tell(Language::Nl)) else { return };
    let of = |language: Language| if language == Language::En { &en } else { &nl };
    let class = if cause.known { "known" } else { verdict_code(cause.verdict) };
    let message = |language: Language| {
        let said = of(language).message.as_str();
        prose(said.strip_prefix(&heading(script, test)).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(said))
    };
    let times = match cause.actions.len() as u64 {
        1 => String::new(),
        count => format!(" <span class=times>× {}</span>", both(|language| number(language, count))),
    };
    let rule = page.registry.rule(en.code).map_or(String::new(), |rule| {
        let (title, why) = (say(rule.title), say(rule.explanation));
        format!("<details class=rule><summary><code>{}</code> {title}</summary><p>{why}</p></details>", cause.code)
    });
    let _ = write!(
        out,
        "<article class=\"card {class} item\" id=c{at} data-v={class}><h3><span class=\"tag {class}\">{}</span> {}{times}</h3>\
         <p class=where>{}</p><div class=ends>",
        say(verdict_words(cause.verdict)),
        both(message),
        escaped(&heading(script, test)),
    );
    frames(out, page.report, action, &en, &nl);
    out.push_str("</div>");
    slices(out, action);
    issues(out, page, action);
    notes(out, &en, &nl);
    out.push_str(&rule);
    if cause.actions.len() > 1 {
        let _ = write!(out, "<details><summary>{}</summary><ul class=places>", say(ELSEWHERE));
        for other in cause.actions.iter().take(PLACES) {
            let Some((script, test, action)) = page.report.action(*other) else { continue };
            let exchange = action.exchange.map_or(String::new(), |id| format!(" <a href=#x{id}>#{id}</a>"));
            let _ = write!(
                out,
                "<li><a href=#{}>{}</a>{exchange} <span class=dim>{}</span></li>",
                anchor(*other),
                escaped(&place(script, action)),
                escaped(&heading(script, test))
            );
        }
        if cause.actions.len() > PLACES {
            out.push_str("<li>…</li>");
        }
        out.push_str("</ul></details>");
    }
    out.push_str("</article>\n");
}

/// The line of the script and the elements of the answer.
fn frames(out: &mut String, report: &RunReport, action: &ActionReport, en: &Diagnostic, nl: &Diagnostic) {
    for (label, other) in en.labels.iter().zip(&nl.labels) {
        let said = match label.text == other.text {
            true => label.text.as_str(),
            // `here` and `this assert` say nothing that the mark does not.
            false => "",
        };
        let answer = label.source.name.contains('#');
        let exchange = action.exchange.filter(|_| answer).and_then(|id| report.exchange(id));
        let request = action.target.request || action.issues.iter().any(|issue| issue.target.request);
        let href = exchange.and_then(|e| body::mark_id(report, e, request)).map(|id| format!("#{id}"));
        frame::write(out, label, said, href.as_deref());
    }
}

fn notes(out: &mut String, en: &Diagnostic, nl: &Diagnostic) {
    out.push_str("<dl class=notes>");
    for ((kind, text), (_, dutch)) in en.notes.iter().zip(&nl.notes) {
        let name = say(kind.name());
        let write = |language| if language == Language::En { text } else { dutch };
        let said = match kind {
            NoteKind::Reproduce => format!(
                "<code class=line>{}</code> <button type=button class=copy data-copy=\"{}\">{}</button>",
                escaped(text),
                escaped(text),
                say(COPY)
            ),
            NoteKind::Exchange => both(|language| linked(write(language))),
            NoteKind::Expected | NoteKind::Found => both(|l| format!("<span class=value>{}</span>", prose(write(l)))),
            _ => both(|language| prose(write(language))),
        };
        let class = if *kind == NoteKind::Remedy { " class=remedy" } else { "" };
        let _ = write!(out, "<div{class}><dt>{name}</dt><dd>{said}</dd></div>");
    }
    out.push_str("</dl>");
}

/// `#7 GET …` with a link to the exchange.
fn linked(text: &str) -> String {
    let digits: String = text.strip_prefix('#').unwrap_or("").chars().take_while(char::is_ascii_digit).collect();
    match text.get(1 + digits.len()..) {
        Some(rest) if !digits.is_empty() => format!("<a href=#x{digits}>#{digits}</a>{}", escaped(rest)),
        _ => escaped(text),
    }
}

fn issues(out: &mut String, page: Page<'_>, action: &ActionReport) {
    if action.issues.is_empty() {
        return;
    }
    let _ = write!(
        out,
        "<details class=issues open><summary>{} <span class=n>{}</span></summary><ul>",
        say(ISSUE_LIST),
        action.issues.len()
    );
    let mut advised: Vec<&str> = vec![];
    for issue in action.issues.iter().take(ISSUES) {
        let class = match issue.severity.as_str() {
            "fatal" | "error" => "fail",
            "warning" => "warning",
            _ => "skip",
        };
        let line = match (issue.target.line, action.exchange) {
            (0, _) | (_, None) => String::new(),
            (line, Some(id)) => format!(" <a class=at href=#x{id}>#{id}:{line}:{}</a>", issue.target.column),
        };
        // What to do is said once.
        let new = !advised.contains(&issue.code.as_str());
        advised.push(&issue.code);
        let rule = issue.code.parse().ok().filter(|_| new).and_then(|code| page.registry.rule(code));
        let remedy =
            rule.map_or(String::new(), |rule| format!("<p class=dim>{}</p>", both(|l| prose(rule.remedy.get(l)))));
        let profile = match issue.profile.as_str() {
            "" => String::new(),
            profile => format!(" <span class=dim>{}</span>", escaped(profile)),
        };
        let _ = write!(
            out,
            "<li><span class=\"tag {class}\">{}</span> <code>{}</code> {} <code class=path>{}</code>{line}{profile}{remedy}</li>",
            escaped(&issue.severity),
            escaped(&issue.code),
            prose(&one_line(&issue.message)),
            escaped(&issue.target.path),
        );
    }
    if action.issues.len() > ISSUES {
        out.push_str("<li>…</li>");
    }
    out.push_str("</ul></details>");
}

/// Which elements are in no slice, and the first discriminator that says so.
fn slices(out: &mut String, action: &ActionReport) {
    let rows: Vec<&SliceMiss> = action.issues.iter().flat_map(|issue| &issue.slices).collect();
    if rows.is_empty() {
        return;
    }
    let _ = write!(out, "<details class=slices open><summary>{}</summary><table class=cards><thead><tr>", say(SLICES));
    for name in [ELEMENT, SLICE, DISCRIMINATOR, EXPECTED, FOUND] {
        let _ = write!(out, "<th scope=col>{}</th>", say(name));
    }
    out.push_str("</tr></thead><tbody>");
    for row in rows.into_iter().take(ISSUES) {
        let cells = [
            (ELEMENT, &row.path),
            (SLICE, &row.slice),
            (DISCRIMINATOR, &row.discriminator),
            (EXPECTED, &row.expected),
            (FOUND, &row.found),
        ];
        out.push_str("<tr>");
        for (name, text) in cells {
            let _ = write!(out, "<td {}><code>{}</code></td>", attributes(name), escaped(text));
        }
        out.push_str("</tr>");
    }
    out.push_str("</tbody></table></details>");
}
