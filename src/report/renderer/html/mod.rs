//! The report as one page: nothing is loaded from anywhere, it reads in English and Dutch, on a phone, on
//! paper and without scripts.
//!
//! Everything is in the page when it arrives; the script only searches, switches language and colours, and
//! opens what a link goes to. What servers sent is escaped, and a policy in the page forbids every request
//! and every script but its own.

mod body;
mod cause;
mod exchange;
mod frame;
mod requirement;
mod script;
mod summary;
mod words;

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::diagnostic::{Language, Registry, Words};
use crate::record::Verdict;

use super::super::model::*;
use super::super::verdict::verdict_code;
use super::Material;
use words::{attributes, base64, escaped, say};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// What every part of the page needs.
#[derive(Clone, Copy)]
struct Page<'r> {
    report: &'r RunReport,
    registry: &'r Registry,
    material: &'r dyn Material,
}

/// Verdicts as the page names them, in the order in which they matter.
const VERDICTS: [(Verdict, Words); 6] = [
    (Verdict::Fail, Words::new("fail", "fout")),
    (Verdict::Error, Words::new("error", "niet te bepalen")),
    (Verdict::Warning, Words::new("warning", "waarschuwing")),
    (Verdict::NotEvaluated, Words::new("not evaluated", "niet beoordeeld")),
    (Verdict::Skip, Words::new("skipped", "overgeslagen")),
    (Verdict::Pass, Words::new("pass", "goed")),
];

const SEARCH: Words = Words::new("Search the report", "Zoek in het rapport");
const SKIP: Words = Words::new("Skip to the findings", "Naar de bevindingen");
const DUTCH: Words = Words::new("Nederlands", "English");
const THEME: Words = Words::new("Light or dark", "Licht of donker");
const ONLY_THIS: Words = Words::new(
    "This report says what keur saw in this run. It replaces neither the qualification by Nictiz nor the acceptance by MedMij.",
    "Dit rapport zegt wat keur in deze run zag. Het vervangt noch de kwalificatie door Nictiz, noch de acceptatie door MedMij.",
);

/// The report as an HTML page. `language` is the one it opens in.
pub fn html(report: &RunReport, registry: &Registry, material: &dyn Material, language: Language) -> Vec<u8> {
    let page = Page { report, registry, material };
    let lang = match language {
        Language::En => "en",
        Language::Nl => "nl",
    };
    let digest = base64(&Sha256::digest(SCRIPT.as_bytes()));
    let mut out = String::with_capacity(256 * 1024);
    let _ = write!(
        out,
        "<!doctype html>\n<html lang={lang}>\n<head>\n<meta charset=utf-8>\n\
         <meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'unsafe-inline'; \
         script-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'\">\n\
         <meta name=viewport content=\"width=device-width, initial-scale=1\">\n\
         <meta name=color-scheme content=\"light dark\">\n<meta name=referrer content=no-referrer>\n\
         <link rel=icon href=\"data:,\">\n\
         <title>{} · keur · {}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n",
        summary::verdict(report.verdict).get(language),
        escaped(&report.target),
    );
    let _ = write!(
        out,
        "<a class=jump href=#findings>{}</a>\n<div class=bar role=banner><span class=\"brand {}\">keur</span>\
         <div class=find role=search><input id=q type=search autocomplete=off spellcheck=false aria-label=\"{}\" \
         placeholder=\"{}\" {}><output id=hits aria-live=polite></output></div>\
         <button id=theme type=button title=\"{}\" aria-label=\"{}\" {}>◐</button>\
         <button id=lang type=button>{}</button></div>\n<main>\n",
        say(SKIP),
        summary::class(report.verdict),
        escaped(SEARCH.get(language)),
        escaped(SEARCH.get(language)),
        attributes(SEARCH),
        escaped(THEME.get(language)),
        escaped(THEME.get(language)),
        attributes(THEME),
        say(DUTCH),
    );
    summary::write(&mut out, page);
    cause::write(&mut out, page);
    requirement::write(&mut out, page);
    script::write(&mut out, page);
    exchange::write(&mut out, page);
    summary::receipt(&mut out, page);
    let _ = write!(
        out,
        "</main>\n<footer><p>{}</p><p>keur {}</p></footer>\n<script>{SCRIPT}</script>\n</body>\n</html>\n",
        say(ONLY_THIS),
        escaped(&report.keur)
    );
    out.into_bytes()
}

/// True for an action that a reader is told about: it is not a plain pass, or it has findings.
fn tells(action: &ActionReport) -> bool {
    !matches!(action.verdict, Verdict::Pass | Verdict::Skip)
}

/// Where something is wrong in the answer or request: the action's own place, and those of its issues that
/// are errors, or all of them where none is.
fn targets(action: &ActionReport) -> impl Iterator<Item = &TargetReport> {
    let broken = |issue: &&IssueReport| matches!(issue.severity.as_str(), "fatal" | "error");
    let any = action.issues.iter().any(|issue| broken(&issue));
    let issues = action.issues.iter().filter(move |issue| !any || broken(issue)).map(|issue| &issue.target);
    std::iter::once(&action.target).chain(issues).filter(|target| target.line > 0)
}

/// The class of an action.
fn class(action: &ActionReport) -> &'static str {
    if action.known.is_some() { "known" } else { verdict_code(action.verdict) }
}

/// The name of a verdict, in both languages.
fn verdict_words(verdict: Verdict) -> Words {
    VERDICTS.iter().find(|(known, _)| *known == verdict).map_or(Words::new("", ""), |(_, words)| *words)
}

/// Where an action stands on the page.
fn anchor(place: ActionPlace) -> String {
    format!("a{}-{}-{}", place.script, place.test, place.action)
}
