//! Every request with its answer, laid out, and what was asserted about it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::diagnostic::Words;
use crate::exchange::redaction;
use crate::record::Verdict;

use super::body::{Bodies, hash_of};
use super::words::{both, escaped, prose, say, size};
use super::{Page, anchor, class, tells, verdict_words};
use crate::report::diagnosis::one_line;
use crate::report::model::*;
use crate::report::phrase::{duration, number};
use crate::report::verdict::verdict_code;

const EXCHANGES: Words = Words::new("Requests and answers", "Verzoeken en antwoorden");
const REQUEST: Words = Words::new("Request", "Verzoek");
const ANSWER: Words = Words::new("Answer", "Antwoord");
const NO_ANSWER: Words = Words::new("no answer", "geen antwoord");
const ASSERTED: Words = Words::new("asserts looked at it", "toetsen keken ernaar");
const TO_MARK: Words = Words::new("to the marked element", "naar het gemarkeerde element");
const EMPTY: Words = Words::new("no body", "geen inhoud");

/// The order in which the verdict of an exchange is chosen.
const WORST: [Verdict; 5] = [Verdict::Fail, Verdict::Error, Verdict::Warning, Verdict::NotEvaluated, Verdict::Pass];

/// All of them.
pub(super) fn write(out: &mut String, page: Page<'_>) {
    let report = page.report;
    if report.exchanges.is_empty() {
        return;
    }
    let _ = write!(
        out,
        "<section id=exchanges><h2>{} <span class=n>{}</span></h2>",
        say(EXCHANGES),
        both(|language| number(language, report.exchanges.len() as u64))
    );
    let mut about: BTreeMap<u32, Vec<(ActionPlace, &ActionReport)>> = BTreeMap::new();
    for (place, action) in report.actions() {
        if let Some(exchange) = action.exchange {
            about.entry(exchange).or_default().push((place, action));
        }
    }
    let mut bodies = Bodies::of(report, page.material);
    for exchange in &report.exchanges {
        let asserts = about.get(&exchange.id).map(Vec::as_slice).unwrap_or_default();
        one(out, page, exchange, asserts, &mut bodies);
    }
    out.push_str("</section>\n");
}

fn one<'r>(
    out: &mut String,
    page: Page<'r>,
    exchange: &'r ExchangeReport,
    about: &[(ActionPlace, &ActionReport)],
    bodies: &mut Bodies<'r>,
) {
    let worst = WORST.into_iter().find(|verdict| about.iter().any(|(_, action)| action.verdict == *verdict));
    let class = worst.map_or("skip", verdict_code);
    let path = exchange.url.strip_prefix(page.report.target.as_str()).unwrap_or(&exchange.url);
    let status = match exchange.status {
        Some(status) => status.to_string(),
        None => say(NO_ANSWER),
    };
    let fine = exchange.status.is_some_and(|status| status < 400);
    let faults = about.iter().filter(|(_, a)| matches!(a.verdict, Verdict::Fail | Verdict::Error)).count() as u64;
    let badge = match faults {
        0 => String::new(),
        n => format!(" <span class=\"c fail\">{} {}</span>", both(|l| number(l, n)), say(verdict_words(Verdict::Fail))),
    };
    let _ = write!(
        out,
        "<details class=\"x item\" id=x{} data-v={class}><summary><span class=\"dot {class}\"></span> <span class=no>#{}</span> \
         <b>{}</b> <span class=url>{}</span> <span class=\"status{}\">{status}</span>{badge} <span class=dim>{}, {}</span></summary>",
        exchange.id,
        exchange.id,
        escaped(&exchange.method),
        escaped(path),
        if fine { "" } else { " bad" },
        both(|language| duration(language, exchange.micros)),
        size(exchange.response_size),
    );
    let marks = [true, false].into_iter().filter_map(|request| bodies.mark(page.report, exchange, request));
    for mark in marks.collect::<Vec<_>>() {
        let _ = write!(out, "<p><a href=#{mark}>{}</a></p>", say(TO_MARK));
    }
    told(out, about);
    let _ = writeln!(
        out,
        "<h4>{}</h4><pre class=head tabindex=0>{} {}",
        say(REQUEST),
        escaped(&exchange.method),
        escaped(&exchange.url)
    );
    headers(out, &exchange.request_headers);
    out.push_str("</pre>");
    bodies.write(out, exchange, true);
    let _ = write!(out, "<h4>{}</h4>", say(ANSWER));
    match &exchange.error {
        Some(error) => {
            let _ = write!(out, "<p>{}: {}</p>", say(NO_ANSWER), prose(&one_line(&error.detail)));
        }
        None => {
            let _ = writeln!(out, "<pre class=head tabindex=0>{status}");
            headers(out, &exchange.response_headers);
            out.push_str("</pre>");
            match hash_of(exchange, false) {
                Some(_) => bodies.write(out, exchange, false),
                None => drop(write!(out, "<p class=note>{}</p>", say(EMPTY))),
            }
        }
    }
    out.push_str("</details>\n");
}

/// What was asserted, without what passed.
fn told(out: &mut String, about: &[(ActionPlace, &ActionReport)]) {
    if about.is_empty() {
        return;
    }
    let _ =
        write!(out, "<p class=dim>{} {}</p><ul class=told>", both(|l| number(l, about.len() as u64)), say(ASSERTED));
    for (place, action) in about.iter().filter(|(_, action)| tells(action)) {
        let class = class(action);
        let _ = write!(
            out,
            "<li><span class=\"tag {class}\">{}</span> <a href=#{}>{}</a></li>",
            say(verdict_words(action.verdict)),
            anchor(*place),
            prose(&one_line(if action.message.is_empty() { &action.title } else { &action.message }))
        );
    }
    out.push_str("</ul>");
}

fn headers(out: &mut String, headers: &[(String, String)]) {
    for (name, value) in headers {
        let _ =
            writeln!(out, "<span class=h>{}:</span> {}", escaped(name), escaped(&redaction::shown_header(name, value)));
    }
}
