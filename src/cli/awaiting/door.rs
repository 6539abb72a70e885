//! The simulator at whose door the scripts wait.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::cli::problem;
use crate::cli::serve::{fixtures, not_started, registry, registry_beside};
use crate::cli::suite::{Selection, Shelf};
use crate::diagnostic::Diagnostic;
use crate::engine;
use crate::engine::awaiting::{Hall, Material, Notice, PartyAtTheDoor};
use crate::exchange::AccessToken;
use crate::simulator::{Fixture, RunningSimulator, Simulator, TokenRegistry};
use crate::testscript::TestScript;

use super::party::{Party, party, used_tokens};
use super::{Flags, Waiting};

/// How long nothing shall have come before nearly right requests are given away.
const QUIET: Duration = Duration::from_millis(1500);

/// A simulator with scripts that wait at its door.
pub struct Door {
    /// The simulator.
    pub simulator: RunningSimulator,
    /// Where requests and scripts meet.
    pub hall: Arc<Hall>,
    /// Those that are judged.
    pub parties: Vec<Party>,
    /// Test persons, by the tokens of the scripts.
    pub persons: TokenRegistry,
}

impl Door {
    /// Starts the simulator with the material of the scripts and the hall at its door.
    ///
    /// # Errors
    /// All that keeps it from opening.
    pub async fn open(
        waiting: &Waiting<'_>,
        scripts: &[Arc<TestScript>],
        listen: SocketAddr,
        say: impl Fn(&Notice) + Send + Sync + 'static,
    ) -> Result<Door, Vec<Diagnostic>> {
        let Waiting { prepared, flags, definitions, checked, .. } = waiting;
        let first = definitions.all().first().map(|choice| &choice.definitions);
        let one = |version| definitions.all().iter().all(|choice| choice.definitions.version() == version);
        let Some(definitions) = first.filter(|first| one(first.version())) else {
            let message = "the scripts are of more than one FHIR version, and one address serves one";
            return Err(vec![problem::error(problem::SIMULATOR, message)]);
        };
        let (served, registry) = material(scripts, &prepared.selection, flags)?;
        let mut parties = vec![];
        let mut problems = vec![];
        for text in &flags.party {
            match party(text, &registry, scripts) {
                Ok(party) => parties.push(party),
                Err(problem) => problems.push(*problem),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let used = used_tokens(scripts, &registry);
        if parties.is_empty() {
            let tokens = used.iter().map(|token| AccessToken::new(token.as_str())).collect();
            parties.push(Party { name: String::new(), aliases: vec![], tokens });
        }
        let mut granted = registry.clone();
        for (known, token) in parties.iter().flat_map(|party| &party.aliases) {
            granted.alias(known, token);
        }
        let mut known: Vec<PartyAtTheDoor> = vec![];
        for party in &parties {
            known.push(PartyAtTheDoor { name: party.name.clone(), tokens: party.tokens.clone() });
        }
        let folders: BTreeSet<Option<&Path>> = scripts.iter().map(|script| script.path.parent()).collect();
        let hall = Arc::new(Hall::new(known, folders.len(), QUIET).listening(say));
        let settings = crate::simulator::Settings {
            listen,
            fixtures: served,
            variables: checked.variables.clone(),
            require_token: !used.is_empty(),
            registry: granted,
            rooms: hall.rooms(),
            reception: Some(hall.clone()),
            ..crate::simulator::Settings::new(definitions.clone())
        };
        let simulator = Simulator::start(settings).await.map_err(not_started)?;
        Ok(Door { simulator, hall, parties, persons: registry })
    }
}

/// Resources and test persons: those that were given, of the suite, or of the script set.
pub fn material(
    scripts: &[Arc<TestScript>],
    selection: &Selection,
    flags: &Flags,
) -> Result<(Vec<Fixture>, TokenRegistry), Vec<Diagnostic>> {
    let (found, mut problems) = Material::of(scripts, &Shelf);
    let suite = selection.fixtures();
    let folders = if flags.fixtures.is_empty() { &suite } else { &flags.fixtures };
    let served = match folders.is_empty() {
        true => found.fixtures.clone(),
        false => {
            problems.clear();
            fixtures(folders).map_err(|more| problems.extend(more)).unwrap_or_default()
        }
    };
    let listed = match (&flags.tokens, registry_beside(folders)) {
        (Some(path), _) => registry(path).map(Some),
        (None, Ok(None)) => found.registry.as_deref().map(registry).transpose(),
        (None, beside) => beside,
    };
    let listed = listed.map_err(|problem| problems.push(*problem));
    if served.is_empty() && problems.is_empty() {
        let message = "the script set brings no resources for the simulator to serve";
        problems.push(problem::warning(engine::awaiting::code::MATERIAL, message));
    }
    match problems.iter().any(crate::testscript::problem::forbids_running) {
        true => Err(problems),
        false => Ok((served, found.registry(listed.unwrap_or_default()))),
    }
}
