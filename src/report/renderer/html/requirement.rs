//! The tables of requirements that were asked for.

use std::fmt::Write as _;

use crate::diagnostic::Words;

use super::words::{attributes, base64, both, escaped, prose, say};
use super::{ONLY_THIS, Page};
use crate::report::diagnosis::heading;
use crate::report::model::*;
use crate::report::phrase::{Noun, number};
use crate::report::requirement::{ManualReport, RequirementReport, RequirementVerdict};

/// Tests that are named as evidence of one requirement.
const NAMED: usize = 40;

const REQUIREMENT: Words = Words::new("Requirement", "Eis");
const CHECKS: Words = Words::new("Checks", "Toetsen");
const VERDICT: Words = Words::new("Verdict", "Oordeel");
const EVIDENCE: Words = Words::new("Evidence", "Bewijs");
const SEEN: Words = Words::new("Finding", "Bevinding");
const NAME: Words = Words::new("Name", "Naam");
const DATE: Words = Words::new("Date", "Datum");
const PICTURE: Words = Words::new("Picture", "Afbeelding");
const TABLE: Words = Words::new("Table", "Tabel");

/// Verdicts with class and name.
const VERDICTS: [(RequirementVerdict, &str, Words); 6] = [
    (RequirementVerdict::Met, "pass", Words::new("met", "voldaan")),
    (RequirementVerdict::NotMet, "fail", Words::new("not met", "niet voldaan")),
    (RequirementVerdict::Accepted, "known", Words::new("not met, accepted", "niet voldaan, aanvaard")),
    (RequirementVerdict::Open, "not-evaluated", Words::new("open", "open")),
    (RequirementVerdict::NotRun, "skip", Words::new("not run", "niet gedraaid")),
    (RequirementVerdict::Manual, "not-evaluated", Words::new("a person must look", "een mens moet kijken")),
];

/// Every table.
pub(super) fn write(out: &mut String, page: Page<'_>) {
    for table in &page.report.requirements {
        let _ = write!(
            out,
            "<section class=requirements id=\"r-{}\"><h2>{}</h2><p class=note>{}</p><p class=note>{}</p><p class=dim>{}</p><p class=tally>",
            escaped(&table.id),
            both(|language| escaped(table.title.get(language))),
            say(ONLY_THIS),
            both(|language| prose(table.note.get(language))),
            escaped(&table.source),
        );
        for (verdict, class, words) in VERDICTS {
            let count = table.rows.iter().filter(|row| row.verdict == verdict).count() as u64;
            if count > 0 {
                let _ = write!(out, "<span class=\"c {class}\">{} {}</span> ", both(|l| number(l, count)), say(words));
            }
        }
        out.push_str("</p><table class=cards><thead><tr>");
        for name in [REQUIREMENT, CHECKS, VERDICT, EVIDENCE] {
            let _ = write!(out, "<th scope=col>{}</th>", say(name));
        }
        out.push_str("</tr></thead><tbody>");
        for row in &table.rows {
            one(out, page, row);
        }
        let _ = writeln!(
            out,
            "</tbody></table><p class=dim>{}: sha256 <code class=hash>{}</code></p></section>",
            say(TABLE),
            escaped(&table.sha256)
        );
    }
}

fn one(out: &mut String, page: Page<'_>, row: &RequirementReport) {
    let (_, class, words) = VERDICTS[row.verdict as usize];
    let counts = &row.checks;
    let evaluated = match counts.total {
        0 => "–".to_owned(),
        total => {
            both(|language| format!("{} / {}", number(language, counts.pass + counts.warning), number(language, total)))
        }
    };
    let _ = write!(
        out,
        "<tr class=item data-v={class} id=\"q-{}\"><td {}><b>{}</b> {} <span class=dim>{}</span>",
        escaped(&row.id),
        attributes(REQUIREMENT),
        escaped(&row.id),
        both(|language| prose(row.text.get(language))),
        escaped(&row.source),
    );
    if let Some(manual) = &row.manual {
        slot(out, manual);
    }
    let _ = write!(
        out,
        "</td><td {}>{evaluated}</td><td {}><span class=\"tag {class}\">{}</span></td><td {}>",
        attributes(CHECKS),
        attributes(VERDICT),
        say(words),
        attributes(EVIDENCE),
    );
    evidence(out, page, row);
    out.push_str("</td></tr>");
}

fn evidence(out: &mut String, page: Page<'_>, row: &RequirementReport) {
    if row.evidence.is_empty() {
        out.push('–');
        return;
    }
    let tests = row.evidence.len() as u64;
    let _ = write!(out, "<details><summary>{}</summary><ul class=places>", both(|l| Noun::Test.count(l, tests)));
    for evidence in row.evidence.iter().take(NAMED) {
        let Some(script) = page.report.scripts.get(evidence.script as usize) else { continue };
        let Some(test) = script.tests.get(evidence.test as usize) else { continue };
        let place = ActionPlace { script: evidence.script, test: evidence.test, action: 0 };
        let _ = write!(out, "<li><a href=#{}>{}</a>", super::anchor(place), escaped(&heading(script, test)));
        for exchange in &evidence.exchanges {
            let _ = write!(out, " <a href=#x{exchange}>#{exchange}</a>");
        }
        out.push_str("</li>");
    }
    if row.evidence.len() > NAMED {
        out.push_str("<li>…</li>");
    }
    out.push_str("</ul></details>");
}

/// The slot of a requirement that a person judges: filled in, or to be filled in on paper.
fn slot(out: &mut String, manual: &ManualReport) {
    let _ = write!(out, "<div class=slot><p>{}</p><dl>", both(|language| prose(manual.task.get(language))));
    for (name, value) in [(SEEN, &manual.text), (NAME, &manual.name), (DATE, &manual.date)] {
        let value = value.as_deref().map_or("<span class=blank></span>".to_owned(), prose);
        let _ = write!(out, "<div><dt>{}</dt><dd>{value}</dd></div>", say(name));
    }
    let picture = match &manual.picture {
        None => "<span class=blank></span>".to_owned(),
        Some(picture) => format!(
            "<figure><img alt=\"{}\" src=\"data:{};base64,{}\"><figcaption>{} <code class=hash>{}</code></figcaption></figure>",
            escaped(&picture.name),
            picture.media_type,
            base64(&picture.bytes),
            escaped(&picture.name),
            escaped(&picture.sha256),
        ),
    };
    let _ = write!(out, "<div><dt>{}</dt><dd>{picture}</dd></div></dl></div>", say(PICTURE));
}
