//! What the page is told, as JSON.

use serde_json::{Value, json};

use super::Shared;
use super::rights::Pass;
use crate::connectathon::finding::Finding;
use crate::connectathon::outcome::{CellOutcome, Key};
use crate::connectathon::progress::FeedItem;
use crate::connectathon::tournament::Tournament;
use crate::diagnostic::Language;

/// Parties, scenarios and cells by number, and how each cell stands.
pub fn state<'o>(
    tournament: &Tournament,
    standing: &dyn Fn(usize) -> (bool, Option<&'o CellOutcome>),
    feed: Vec<FeedItem>,
    language: Language,
) -> Value {
    let cells = tournament.cells.iter().enumerate().map(|(place, (server, client, scenario))| {
        let (running, outcome) = standing(place);
        let mut cell = json!({"s": server, "c": client, "n": scenario});
        if running {
            cell["running"] = true.into();
        }
        if let Some(outcome) = outcome {
            cell["verdict"] = json!(outcome.verdict);
            cell["attempts"] = outcome.attempts.into();
        }
        cell
    });
    let cells: Vec<Value> = cells.collect();
    json!({
        "lang": if language == Language::Nl { "nl" } else { "en" },
        "servers": tournament.servers.iter().map(|server| &server.name).collect::<Vec<_>>(),
        "clients": tournament.clients.iter().map(|client| &client.name).collect::<Vec<_>>(),
        "scenarios": tournament.scenarios.iter().map(|scenario| &scenario.name).collect::<Vec<_>>(),
        "cells": cells,
        "feed": feed,
    })
}

/// The whole, for who has this pass.
pub fn whole(shared: &Shared, pass: &Pass) -> Value {
    let stage = &shared.stage;
    let feed = stage.progress.feed().into_iter().map(|item| shown(item, shared, pass)).collect();
    let standing: Vec<(bool, Option<CellOutcome>)> =
        stage.progress.cells().iter().map(|cell| (cell.running, cell.outcome.clone())).collect();
    let of =
        |place: usize| standing.get(place).map_or((false, None), |(running, outcome)| (*running, outcome.as_ref()));
    let mut state = state(&stage.tournament, &of, feed, shared.settings.language);
    state["title"] = shared.settings.title.clone().into();
    // What cannot be done is not offered.
    state["acts"] = (*pass != Pass::Visitor).into();
    state
}

/// A cell that changed.
pub fn cell(shared: &Shared, place: usize) -> Value {
    let cells = shared.stage.progress.cells();
    let Some(cell) = cells.get(place) else { return Value::Null };
    let outcome = cell.outcome.as_ref();
    json!({
        "place": place,
        "running": cell.running,
        "verdict": outcome.map(|outcome| outcome.verdict),
        "attempts": outcome.map_or(0, |outcome| outcome.attempts),
        "at": outcome.map(|outcome| &outcome.at),
    })
}

/// What a cell came to; what was found is for its own parties.
pub fn outcome(shared: &Shared, place: usize, pass: &Pass) -> Option<Value> {
    let outcome = shared.stage.progress.cells().get(place)?.outcome.clone()?;
    let sees = pass.sees(&outcome.key, &shared.settings);
    let mut value = serde_json::to_value(&outcome).ok()?;
    if !sees {
        hide(&mut value);
    }
    Some(value)
}

/// What was found in a cell goes.
pub fn hide(outcome: &mut Value) {
    outcome["failures"] = json!([]);
    outcome["hidden"] = true.into();
}

/// What was found goes; that something was stays.
pub fn hide_finding(finding: &mut Finding) {
    finding.message = String::new();
    finding.path = String::new();
}

/// The findings, with what was found for those who may see it.
pub fn findings(shared: &Shared, pass: &Pass) -> Vec<Finding> {
    let stage = &shared.stage;
    let mut all = stage.findings.of(&stage.progress.outcomes());
    for finding in &mut all {
        if !finding.cells.iter().any(|key| pass.sees(key, &shared.settings)) {
            hide_finding(finding);
        }
    }
    all
}

/// An exchange in the feed; of others only what kind of request it was.
pub fn shown(item: FeedItem, shared: &Shared, pass: &Pass) -> FeedItem {
    let key = Key { server: item.server.clone(), client: item.client.clone(), scenario: String::new() };
    if pass.sees(&key, &shared.settings) {
        return item;
    }
    let end = item.text.find(['?', ':']).unwrap_or(item.text.len());
    let text = item.text.get(..end).unwrap_or_default().split('/').take(2).collect::<Vec<_>>().join("/");
    FeedItem { text, ..item }
}
