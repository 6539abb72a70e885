//! What is said of a run that waits: who is waited for, what comes, what matched nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::cli::console::Console;
use crate::diagnostic::{Language, Words};
use crate::engine::awaiting::{NOTIFICATIONS, Notice, Stray};
use crate::exchange::{AccessToken, redaction};
use crate::testscript::{Side, TestScript};

use super::door::Door;

const READY: [Words; 2] = [
    Words::new(
        "waiting for the requests of 1 script; Ctrl-C ends",
        "wacht op de verzoeken van 1 script; Ctrl-C eindigt",
    ),
    Words::new(
        "waiting for the requests of {} scripts; Ctrl-C ends",
        "wacht op de verzoeken van {} scripts; Ctrl-C eindigt",
    ),
];
const TOKENS: Words = Words::new("access tokens of the test persons", "toegangstokens van de testpersonen");
const NOTIFY: Words = Words::new("notifications are taken at", "notificaties worden aangenomen op");
const STRAYS: Words = Words::new("arrived but matched nothing:", "kwam binnen zonder bij een test te passen:");
const MATCHED: Words = Words::new("is for", "is voor");
const NEARLY: Words = Words::new("nearly:", "bijna:");
const HELD: Words = Words::new("is nearest to", "lijkt het meest op");
const STRAY: Words = Words::new("matches no test:", "past bij geen test:");

/// Tokens and endpoints, for the party that is to begin.
pub fn introduction(scripts: &[Arc<TestScript>], door: &Door, console: &Console) -> String {
    let words = |words: Words| words.get(console.language);
    let mut text = String::new();
    for party in &door.parties {
        let mut lines = BTreeSet::new();
        for (known, patients) in door.persons.persons() {
            let token = party.aliases.iter().find(|(from, _)| from == known).map_or(known, |(_, to)| to);
            if party.tokens.contains(&AccessToken::new(token)) {
                let patients: Vec<String> = patients.iter().map(|(id, _)| format!("Patient/{id}")).collect();
                lines.insert(format!("  {}  Bearer {token}\n", patients.join(", ")));
            }
        }
        if !lines.is_empty() {
            let name = if party.name.is_empty() { String::new() } else { format!(" ({})", party.name) };
            text.push_str(&format!("{}{name}:\n{}", words(TOKENS), lines.into_iter().collect::<String>()));
        }
    }
    if scripts.iter().any(|script| script.side() == Side::Both) {
        let endpoint = format!("{}/{}", door.simulator.base_url, NOTIFICATIONS);
        text.push_str(&format!("{} {endpoint}\n", words(NOTIFY)));
    }
    let ready = words(READY[usize::from(scripts.len() != 1)]).replace("{}", &scripts.len().to_string());
    text.push_str(&format!("{ready}\n"));
    text
}

/// What happens, as it happens.
pub fn told(notice: &Notice, language: Language) -> String {
    let words = |words: Words| words.get(language);
    let nearly = |differences: &[String]| match differences {
        [] => String::new(),
        all => format!(" ({} {})", words(NEARLY), redaction::mask_bsns(&all.join(", "))),
    };
    match notice {
        Notice::Matched { number, request, test, differences, .. } => {
            format!("#{number} {request} {} `{test}`{}\n", words(MATCHED), nearly(differences))
        }
        Notice::Held { number, request, test, differences } => {
            format!("#{number} {request} {} `{test}`{}\n", words(HELD), nearly(differences))
        }
        Notice::Stray { number, request, why } => {
            format!("#{number} {request} {} {}\n", words(STRAY), redaction::mask_bsns(why))
        }
    }
}

/// What matched nothing; empty when all did.
pub fn strays(strays: &[Stray], language: Language) -> String {
    if strays.is_empty() {
        return String::new();
    }
    let line = |stray: &Stray| {
        let request = &stray.exchange.request;
        let status = stray.exchange.result.as_ref().map_or_else(|_| "---".to_owned(), |r| r.status.to_string());
        let url = redaction::shown_url(&request.url);
        format!("  #{} {} {url} ({status}): {}\n", stray.number, request.method, redaction::mask_bsns(&stray.why))
    };
    format!("{}\n{}", STRAYS.get(language), strays.iter().map(line).collect::<String>())
}
