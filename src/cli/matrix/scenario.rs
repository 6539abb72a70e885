//! Scenarios as they are read: scripts of both sides, and what the records of their cells keep.

use std::path::PathBuf;
use std::sync::Arc;

use crate::connectathon::{Given, Judged, Plans, Scenario, Sides};
use crate::definitions::{Definitions, TypeTable};
use crate::diagnostic::Diagnostic;
use crate::engine::{PlanSettings, Tokens};
use crate::fhir::FhirVersion;
use crate::record::{CellInput, Gathering, RunInputs};
use crate::testscript::{Card, Circumstances, ScriptFile, ScriptSet, TestScript};

use super::super::choice::{Choices, Preference};
use super::super::console::Console;
use super::super::exit::Exit;
use super::super::given;
use super::super::packages::Packages;
use super::super::problem;
use super::super::settings::{Checked, Settings};
use super::super::suite::{Selection, Shelf};
use super::stage::Problem;

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

    fn sides<'s>(&'s self, types: &'s dyn Fn(FhirVersion) -> Option<Arc<TypeTable>>) -> Sides<'s> {
        Sides { client: &self.client, server: &self.server, files: &self.files, types }
    }

    fn scenario(
        &self,
        choices: &Choices,
        settings: &PlanSettings,
        (all, checked): (&Settings, &Checked),
    ) -> Result<Scenario, Vec<Diagnostic>> {
        let mut scenario = self.sides(&|version| choices.types(version)).scenario(&self.name, settings)?;
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
        self.sides(&|version| choices.types(version)).plans(settings)
    }
}

/// Scenarios that are ready to be played, with the packages that were chosen for them.
pub struct Compiled {
    /// The packages.
    pub choices: Choices,
    /// Those that simulators serve by.
    pub definitions: Definitions,
    /// What they were compiled with, for all parties.
    pub settings: PlanSettings,
    /// In the order in which they were read.
    pub scenarios: Vec<Scenario>,
}

/// Chooses packages for the scripts of all scenarios and compiles them.
///
/// # Errors
/// All that is wrong with them.
pub fn compile(reads: &[Read], given: (&Settings, &Checked), console: &Console) -> Result<Compiled, Problem> {
    let (_, checked) = given;
    let packages = Packages::open(&checked.packages)?;
    let scripts: Vec<_> = reads.iter().flat_map(Read::scripts).collect();
    let (choices, problems) = Choices::of(&Card::all(&scripts), &Preference::of(checked), &packages)?;
    console.tell_all(problems);
    let Some(first) = choices.all().first() else { return Err(Problem::Said(Exit::NothingSelected)) };
    let definitions = first.definitions.clone();
    let settings = PlanSettings { variables: checked.variables.iter().cloned().collect(), ..PlanSettings::default() };
    let scenarios: Result<_, _> = reads.iter().map(|read| read.scenario(&choices, &settings, given)).collect();
    Ok(Compiled { definitions, scenarios: scenarios?, choices, settings })
}
