//! Bodies for requests of which the script does not say what is sent.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;

use crate::fhir::Format;
use crate::testscript::source::ScriptSource;
use crate::testscript::{Action, Circumstances, Operation, Scope, ScriptSet, Test, TestScript, Variables};

use super::{is_played, takes_body};
use crate::engine::content::Document;
use crate::engine::finding::Absence;
use crate::engine::state::ScriptState;
use crate::testscript::placeholders::substitute;

/// Scripts of a set that name what is sent, by what they demand of it.
#[derive(Default)]
pub struct Twins {
    by_demands: BTreeMap<Vec<String>, Vec<Twin>>,
}

/// A body that another script has.
#[derive(Clone)]
pub struct Twin {
    script: Arc<TestScript>,
    text: Arc<str>,
    format: Format,
}

/// How far above a script its twin may stand.
const LEVELS: usize = 2;

impl Twins {
    /// Looks for bodies where scripts need them: in the folders around those scripts. Nothing is read when
    /// every script names its own.
    pub fn of(scripts: &[Arc<TestScript>], files: &dyn ScriptSource) -> Twins {
        let mut twins = Twins::default();
        let needy = scripts.iter().filter(|script| played(script).any(|(_, _, operation)| is_needy(operation)));
        let around = needy.filter_map(|script| script.path.ancestors().nth(LEVELS).map(Path::to_owned));
        for folder in around.collect::<BTreeSet<_>>() {
            // A folder that cannot be read has no twins.
            let Ok(set) = ScriptSet::collect(files, &[folder]) else { continue };
            for script in set.load().into_iter().filter_map(|loaded| loaded.script) {
                twins.add(&Arc::new(script), files);
            }
        }
        twins
    }

    fn add(&mut self, script: &Arc<TestScript>, files: &dyn ScriptSource) {
        for (place, test, operation) in played(script) {
            let fixture = operation.source_id.as_ref().and_then(|id| script.fixtures.iter().find(|f| f.id == *id));
            let Some(fixture) = fixture.filter(|_| takes_body(operation)) else { continue };
            let Ok(text) = files.read(&fixture.path) else { continue };
            let format = Format::from_path(&fixture.path).or_else(|| crate::fhir::sniff(&text)).unwrap_or(Format::Xml);
            let twin = Twin { script: script.clone(), text, format };
            self.by_demands.entry(demands(place, test)).or_default().push(twin);
        }
    }

    /// The twin of a test: same place, same demands; of several the one whose file has the same name.
    pub(super) fn find(&self, script: &TestScript, place: usize) -> Option<&Twin> {
        let twins = self.by_demands.get(&demands(place, script.tests.get(place)?))?;
        twins.iter().find(|twin| twin.script.path.file_name() == script.path.file_name()).or(twins.first())
    }
}

fn is_needy(operation: &Operation) -> bool {
    takes_body(operation) && operation.source_id.is_none()
}

/// What the system under test sends.
fn played(script: &TestScript) -> impl Iterator<Item = (usize, &Test, &Operation)> {
    let tests = script.tests.iter().enumerate();
    tests.flat_map(move |(place, test)| {
        test.actions.iter().filter_map(move |action| match action {
            Action::Operation(operation) if is_played(script, operation) => Some((place, test, &**operation)),
            _ => None,
        })
    })
}

/// What a test demands, as text.
fn demands(place: usize, test: &Test) -> Vec<String> {
    let asserts = test.actions.iter().filter_map(|action| match action {
        Action::Assert(assert) => Some(format!("{:?} {:?} {:?}", assert.direction, assert.check, assert.value)),
        Action::Operation(_) => None,
    });
    std::iter::once(place.to_string()).chain(asserts).collect()
}

/// What the played script knows, and behind it the defaults of the twin.
struct Either<'s> {
    first: &'s ScriptState<'s>,
    own: &'s Variables<'s>,
}

impl Scope for Either<'_> {
    fn variable(&self, name: &str) -> Option<Cow<'_, str>> {
        self.first.variable(name).or_else(|| self.own.get(name).map(Cow::Borrowed))
    }

    fn circumstances(&self) -> &Circumstances {
        self.own.circumstances()
    }
}

impl Twin {
    /// The body with its placeholders filled in, and its media type.
    pub(super) fn body(&self, state: &ScriptState<'_>) -> Result<(Bytes, &'static str), Absence> {
        let own = Variables::of_script(&self.script, std::iter::empty(), state.circumstances());
        let text = substitute(&self.text, self.format, &Either { first: state, own: &own })
            .map_err(|e| Absence::not_evaluated(crate::engine::code::FIXTURE, e.to_string()))?;
        let document = Document::new(text, self.format);
        Ok((document.written(self.format, "twin", &state.planned.types)?, self.format.media_type()))
    }
}
