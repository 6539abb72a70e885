//! Scenarios as they are read: scripts of both sides, and what the records of their cells keep.

use std::path::PathBuf;
use std::sync::Arc;

use crate::connectathon::{Given, Judged, Plans, Scenario};
use crate::diagnostic::Diagnostic;
use crate::engine::{PlanSettings, Tokens};
use crate::record::{CellInput, Gathering, RunInputs};
use crate::testscript::{Circumstances, ScriptFile, ScriptSet, TestScript};

use super::super::choice::Choices;
use super::super::given;
use super::super::problem;
use super::super::settings::{Checked, Settings};
use super::super::suite::{Selection, Shelf};

/// Paths of the scripts of a side, and ids of the tests that count; all when there are none.
pub type Wanted<'w> = (&'w [PathBuf], &'w [String]);

/// A scenario before it is compiled.
pub struct Read {
    name: String,
    client: Judged,
    server: Judged,
    places: Vec<ScriptFile>,
    files: Gathering<'static>,
}

impl Read {
    /// Reads the scripts of both sides: files, folders, suites, what keur carries.
    ///
    /// # Errors
    /// All that is wrong with them.
    pub fn new(name: &str, client: Wanted<'_>, server: Wanted<'_>) -> Result<Read, Vec<Diagnostic>> {
        let files = Gathering::new(&Shelf);
        let mut places = vec![];
        let mut side = |(paths, tests): Wanted<'_>| -> Result<Judged, Vec<Diagnostic>> {
            let selection = Selection::of(paths, &[])?;
            let set = ScriptSet::collect(&files, &selection.paths)?;
            let (mut scripts, mut problems) = (vec![], vec![]);
            for loaded in set.load() {
                scripts.extend(loaded.script.map(Arc::new));
                problems.extend(loaded.problems);
            }
            let broken = problems.iter().any(crate::testscript::problem::forbids_running);
            if broken || scripts.is_empty() {
                return Err(problems);
            }
            places.extend_from_slice(set.scripts());
            Ok(Judged { scripts, tests: tests.to_vec() })
        };
        let (client, server) = (side(client)?, side(server)?);
        Ok(Read { name: name.to_owned(), client, server, places, files })
    }

    /// The scripts of both sides.
    pub fn scripts(&self) -> impl Iterator<Item = Arc<TestScript>> {
        self.client.scripts.iter().chain(&self.server.scripts).cloned()
    }

    /// Compiles it.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn scenario(
        &self,
        choices: &Choices,
        settings: &PlanSettings,
        (all, checked): (&Settings, &Checked),
    ) -> Result<Scenario, Vec<Diagnostic>> {
        let types = |version| choices.types(version);
        let mut scenario =
            Scenario::new(self.name.as_str(), &self.client, &self.server, &self.files, &types, settings)?;
        let inputs = given::inputs("", &self.places, &Tokens::default(), all, checked, &Circumstances::live());
        let cell = CellInput {
            waiting: self.client.scripts.len() as u32,
            client_tests: self.client.tests.clone(),
            server_tests: self.server.tests.clone(),
            ..CellInput::default()
        };
        let files = self.files.files().map_err(|error| vec![problem::error(problem::RECORD, error.to_string())])?;
        scenario.given = Given { inputs: RunInputs { cell: Some(cell), ..inputs }, files };
        Ok(scenario)
    }

    /// Compiles it for parties with tokens of their own.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn plans(&self, choices: &Choices, settings: &PlanSettings) -> Result<Plans, Vec<Diagnostic>> {
        Plans::new(&self.client, &self.server, &self.files, &|version| choices.types(version), settings)
    }
}
