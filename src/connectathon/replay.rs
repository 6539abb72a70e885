//! A cell judged again, from its record and nothing else.

use std::collections::HashMap;

use futures_util::FutureExt as _;

use crate::engine::awaiting::code::NOT_AS_EXPECTED;
use crate::engine::awaiting::{Hall, Recalled, Recollection, Seat};
use crate::engine::{self, ProfileValidator, RunSettings};
use crate::evidence::replay::{Answers, Collected, ReplayError, at_its_time, in_its_order};
use crate::record::{ActionKind, DefinitionUse, Event, Exchanged, Record};
use crate::testscript::Circumstances;

use super::evidence::Evidence;
use super::outcome::Side;
use super::scenario::Plans;

/// What a cell is judged with again.
pub struct Rejudging<'r> {
    /// Validates profiles.
    pub validator: &'r dyn ProfileValidator,
    /// Definitions that verdicts rest on.
    pub definitions: Vec<DefinitionUse>,
    /// Clock and chance of the cell.
    pub circumstances: Circumstances,
}

/// The events that a cell comes to when its record tells what came. Nothing is sent, nobody is waited for.
///
/// # Errors
/// When the record has not all of it.
pub fn replay(record: &Record, plans: &Plans, with: &Rejudging<'_>) -> Result<Vec<Event>, ReplayError> {
    let answers = Answers::new(record, true);
    let waited = plans.awaiting.scripts.len() as u32;
    let hall = Hall::over(recollected(record, &answers, waited)?);
    let collected = Collected::default();
    let target = match record.events().first() {
        Some(Event::RunStarted(started)) => started.target.clone(),
        _ => return Err(ReplayError::NoStart),
    };
    let settings = |awaiting| RunSettings {
        validator: Some(with.validator),
        definitions: with.definitions.clone(),
        circumstances: with.circumstances.again(),
        awaiting,
        ..RunSettings::default()
    };
    {
        let ignore = |_: &Exchanged| ();
        let evidence = Evidence::new(&collected, &target, plans.judges(), &ignore);
        let sink = evidence.part(&plans.awaiting, Side::Client);
        let seat = Seat { hall: &hall, party: 0, base: &target };
        let settings_of = settings(Some(seat));
        // Answers are there at once, so a run never waits: one poll carries it to its end.
        let over = engine::run(&plans.awaiting, &answers, &sink, &settings_of).now_or_never();
        over.ok_or(ReplayError::Waited)?.map_err(|_| ReplayError::Waited)?;
        let sink = evidence.part(&plans.serving, Side::Server);
        let over = engine::run(&plans.serving, &answers, &sink, &settings(None)).now_or_never();
        over.ok_or(ReplayError::Waited)?.map_err(|_| ReplayError::Waited)?;
        evidence.finish(false).map_err(|_| ReplayError::Waited)?;
    }
    if let Some(fault) = answers.fault() {
        return Err(fault);
    }
    // Scripts that waited side by side are judged one after the other here.
    let events = in_its_order(record, renumbered(record, collected.into_events()));
    at_its_time(record, events, true)
}

/// What came for which operation of the scripts that waited.
fn recollected(record: &Record, answers: &Answers<'_>, waited: u32) -> Result<Recollection, ReplayError> {
    let mut exchanges: HashMap<u32, &Exchanged> = HashMap::new();
    let mut recollection = Recollection::new();
    for event in record.events() {
        match event {
            Event::Exchanged(exchange) => drop(exchanges.insert(exchange.exchange, exchange)),
            Event::ActionFinished(action) if action.kind == ActionKind::Operation && action.script < waited => {
                let Some(exchange) = action.exchange.and_then(|number| exchanges.get(&number)) else { continue };
                let differs = action.code == NOT_AS_EXPECTED.to_string();
                let recalled = Recalled {
                    exchange: answers.exchange(exchange)?,
                    differences: differs.then(|| action.message.clone()).into_iter().collect(),
                };
                recollection.insert((action.script, action.test, action.action), recalled);
            }
            _ => {}
        }
    }
    Ok(recollection)
}

/// With the numbers that exchanges have in the record.
fn renumbered(record: &Record, mut events: Vec<Event>) -> Vec<Event> {
    let asked = |events: &[Event]| -> HashMap<(u32, u32, u32), u32> {
        let all = events.iter().filter_map(|event| match event {
            Event::ActionFinished(action) if action.kind == ActionKind::Operation => {
                Some(((action.script, action.test, action.action), action.exchange?))
            }
            _ => None,
        });
        all.collect()
    };
    let known = asked(record.events());
    let numbers: HashMap<u32, u32> = asked(&events).iter().filter_map(|(at, n)| Some((*n, *known.get(at)?))).collect();
    let number = |number: u32| numbers.get(&number).copied().unwrap_or(number);
    for event in &mut events {
        match event {
            Event::Exchanged(exchange) => exchange.exchange = number(exchange.exchange),
            Event::ActionFinished(action) => action.exchange = action.exchange.map(number),
            _ => {}
        }
    }
    events
}
