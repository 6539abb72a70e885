//! The page: three files that the binary carries, and the same in one file with what it shows.

use std::fmt::Write as _;

use serde_json::json;

use super::view;
use crate::connectathon::finding::Findings;
use crate::connectathon::outcome::{CellOutcome, Key, MatrixReport};
use crate::connectathon::tournament::Tournament;
use crate::diagnostic::Language;

pub(super) const PAGE: &str = include_str!("page.html");
pub(super) const STYLE: &str = include_str!("board.css");
pub(super) const SCRIPT: &str = include_str!("board.js");

/// The board as it stands, in one file that needs nothing else. It holds no bodies and no tokens; where
/// parties have tokens (`closed`) it shows what a visitor sees.
pub fn export(
    report: &MatrixReport,
    tournament: &Tournament,
    findings: &Findings,
    (language, closed): (Language, bool),
) -> Vec<u8> {
    let by_key: std::collections::HashMap<&Key, _> = report.cells.iter().map(|cell| (&cell.key, cell)).collect();
    let outcomes: Vec<_> = (0..tournament.cells.len())
        .map(|place| tournament.key(place).and_then(|key| by_key.get(&key).copied()))
        .collect();
    let state = view::state(tournament, &|place| (false, outcomes.get(place).copied().flatten()), vec![], language);
    let shown = |outcome: &CellOutcome| {
        let mut value = serde_json::to_value(outcome).unwrap_or_default();
        if closed {
            view::hide(&mut value);
        }
        value
    };
    let mut found = findings.of(&report.cells);
    if closed {
        found.iter_mut().for_each(view::hide_finding);
    }
    let snapshot = json!({
        "at": jiff::Timestamp::now().to_string(),
        "state": state,
        "outcomes": outcomes.iter().map(|outcome| outcome.map(shown)).collect::<Vec<_>>(),
        "findings": { "findings": found, "history": findings.history() },
    });
    // In a script no `<` may begin a tag.
    let snapshot = snapshot.to_string().replace('<', "\\u003c");
    let style = format!("<style>{STYLE}</style>");
    let script = format!("<script>window.KEUR_SNAPSHOT = {snapshot};</script>\n<script>{SCRIPT}</script>");
    let mut page = String::with_capacity(PAGE.len() + style.len() + script.len());
    for line in PAGE.lines() {
        let line = match line {
            "<link rel=\"stylesheet\" href=\"board.css\">" => &style,
            "<script src=\"board.js\"></script>" => &script,
            line => line,
        };
        let _ = writeln!(page, "{line}");
    }
    page.into_bytes()
}
