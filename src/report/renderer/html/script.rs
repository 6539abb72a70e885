//! Every script with its tests and actions; what did not pass is open.

use std::fmt::Write as _;

use crate::diagnostic::Words;
use crate::record::{ActionKind, Verdict};

use super::words::{both, escaped, prose, say};
use super::{Page, anchor, class, summary, tells, verdict_words};
use crate::report::diagnosis::{one_line, place};
use crate::report::model::*;
use crate::report::phrase::{duration, number};
use crate::report::verdict::Conclusion;

const SCRIPTS: Words = Words::new("Scripts", "Scripts");
const NEVER: Words = Words::new("scripts never began", "scripts zijn nooit begonnen");
const CAUSE: Words = Words::new("cause", "oorzaak");
const EXPECTED: Words = Words::new("expected", "verwacht");
const FOUND: Words = Words::new("found", "gevonden");

/// All of them.
pub(super) fn write(out: &mut String, page: Page<'_>) {
    let report = page.report;
    let _ = write!(
        out,
        "<section id=scripts><h2>{} <span class=n>{}</span></h2>",
        say(SCRIPTS),
        both(|language| number(language, report.scripts.len() as u64))
    );
    let causes = causes(report);
    for (at, script) in report.scripts.iter().enumerate() {
        one(out, at as u32, script, &causes);
    }
    let never = u64::from(report.receipt.scripts.total).saturating_sub(report.scripts.len() as u64);
    if never > 0 {
        let _ = write!(out, "<p class=note>{} {}</p>", both(|language| number(language, never)), say(NEVER));
    }
    out.push_str("</section>\n");
}

/// The cause of every action that has one.
fn causes(report: &RunReport) -> std::collections::BTreeMap<ActionPlace, usize> {
    let all = report.causes.iter().enumerate();
    all.flat_map(|(at, cause)| cause.actions.iter().map(move |place| (*place, at))).collect()
}

fn one(out: &mut String, number_: u32, script: &ScriptReport, causes: &std::collections::BTreeMap<ActionPlace, usize>) {
    let title = if script.title.is_empty() { &script.path } else { &script.title };
    let mut counts = Counts::default();
    script.tests.iter().flat_map(|test| &test.actions).for_each(|action| counts.add_action(action));
    let _ = write!(
        out,
        "<details class=script><summary><span class=\"tag {}\">{}</span> <b>{}</b> {}<span class=dim>{}</span></summary>\
         <p class=dim>sha256 <code class=hash>{}</code></p>",
        summary::class(script.verdict),
        say(summary::concluded(script.verdict)),
        escaped(&one_line(title)),
        tally(&counts),
        escaped(&script.path),
        escaped(&script.sha256),
    );
    for (at, test) in script.tests.iter().enumerate() {
        let title = if test.title.is_empty() { &test.id } else { &test.title };
        let open = if test.verdict == Conclusion::Passed { "" } else { " open" };
        let _ = write!(
            out,
            "<details class=test{open}><summary><span class=\"dot {}\"></span> {} <span class=dim>{}</span></summary><ol>",
            summary::class(test.verdict),
            escaped(&one_line(title)),
            both(|language| duration(language, test.micros)),
        );
        for (action_at, action) in test.actions.iter().enumerate() {
            let here = ActionPlace { script: number_, test: at as u32, action: action_at as u32 };
            line(out, here, script, action, causes.get(&here).copied());
        }
        out.push_str("</ol></details>");
    }
    out.push_str("</details>\n");
}

/// `2 fail · 118 pass`, without what is not there.
fn tally(counts: &Counts) -> String {
    let parts = [
        (Verdict::Fail, counts.fail),
        (Verdict::Error, counts.error),
        (Verdict::Warning, counts.warning),
        (Verdict::NotEvaluated, counts.not_evaluated),
        (Verdict::Skip, counts.skip),
        (Verdict::Pass, counts.pass),
    ];
    let parts = parts.iter().filter(|(_, count)| *count > 0);
    let parts: Vec<String> = parts
        .map(|(verdict, count)| {
            let class = crate::report::verdict::verdict_code(*verdict);
            format!("<span class=\"c {class}\">{} {}</span>", both(|l| number(l, *count)), say(verdict_words(*verdict)))
        })
        .collect();
    format!("<span class=tally>{}</span> ", parts.join(" "))
}

fn line(out: &mut String, here: ActionPlace, script: &ScriptReport, action: &ActionReport, cause: Option<usize>) {
    let class = class(action);
    let title = one_line(&action.title);
    let title = if title.is_empty() { one_line(&action.message) } else { title };
    let kind = if action.kind == ActionKind::Operation { " op" } else { "" };
    let _ = write!(out, "<li class=\"item {class}{kind}\" data-v={class} id={}>", anchor(here));
    if action.verdict != Verdict::Pass {
        let _ = write!(out, "<span class=\"tag {class}\">{}</span> ", say(verdict_words(action.verdict)));
    }
    out.push_str(&prose(&title));
    if let Some(exchange) = action.exchange {
        let _ = write!(out, " <a href=#x{exchange}>#{exchange}</a>");
    }
    let _ = write!(out, " <span class=src>{}</span>", escaped(&place(script, action)));
    if tells(action) || !action.message.is_empty() {
        let _ = write!(out, "<p>{}", prose(&one_line(&action.message)));
        if let Some(cause) = cause {
            let _ = write!(out, " <a href=#c{cause}>{}</a>", say(CAUSE));
        }
        out.push_str("</p>");
        for (name, value) in [(EXPECTED, &action.expected), (FOUND, &action.found)] {
            if let Some(value) = value {
                let _ = write!(out, "<p class=dim>{}: {}</p>", say(name), prose(&one_line(value)));
            }
        }
    }
    out.push_str("</li>");
}
