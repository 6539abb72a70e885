//! A cell of a matrix judged again: `keur replay CELL`, and what is made of it.

use std::sync::Arc;

use crate::connectathon::replay::{Rejudging, replay};
use crate::connectathon::{Judged, Sides};
use crate::diagnostic::Diagnostic;
use crate::engine::PlanSettings;
use crate::evidence::code;
use crate::record::{CellInput, DefinitionUse, Event, Record, RunInputs};
use crate::testscript::source::ScriptSource;
use crate::testscript::{Circumstances, TestScript};

use super::super::choice::Choices;
use super::super::given;
use super::super::judge::Judge;

/// The events that a cell comes to with its own scripts; `settings` are those of a run of its record.
///
/// # Errors
/// When its record has not all of it.
pub fn rejudged(
    record: &Record,
    (inputs, cell): (&RunInputs, &CellInput),
    scripts: Vec<Arc<TestScript>>,
    (choices, recorded): (&Choices, &[DefinitionUse]),
    files: &dyn ScriptSource,
    settings: PlanSettings,
) -> Result<Vec<Event>, Vec<Diagnostic>> {
    let wrong = |message: String| vec![code::error(code::RECORD, message)];
    let waiting = (cell.waiting as usize).min(scripts.len());
    let (client, server) = scripts.split_at(waiting);
    let client = Judged { scripts: client.to_vec(), tests: cell.client_tests.clone() };
    let server = Judged { scripts: server.to_vec(), tests: cell.server_tests.clone() };
    let aliases = cell.aliases.iter().map(|(known, own)| (known.clone(), own.clone())).collect();
    let settings = PlanSettings { aliases, ..settings };
    let sides = Sides { client: &client, server: &server, files, types: &|version| choices.types(version) };
    let plans = sides.plans(&settings)?;
    let now =
        given::clock(inputs).ok_or_else(|| wrong(format!("the clock of the cell `{}` is no moment", inputs.clock)))?;
    let judge = Judge::new(choices);
    let with = Rejudging {
        validator: &judge,
        definitions: recorded.to_vec(),
        circumstances: Circumstances::fixed(now, inputs.seed),
    };
    replay(record, &plans, &with).map_err(|error| wrong(error.to_string()))
}
