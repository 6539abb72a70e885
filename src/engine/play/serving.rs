//! The server side of a played party: what a two-sided script asks of it.
//!
//! In such a script the party is told of something (or tells of it) and is then asked for it. The resource
//! it is asked for has an id that only the party knows; the script set has it as an example whose id is a
//! placeholder.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;

use crate::exchange::{Exchange, Headers, Request, Response};
use crate::fhir;
use crate::simulator::{Admission, Bearing, Fixture, Reception, TokenRegistry};
use crate::testscript::source::ScriptSource;
use crate::testscript::{Action, Check, Operation, Side, TestScript};

use crate::engine::awaiting::{Material, bearer, below_authority};

/// What a played party serves.
#[derive(Default)]
pub struct Serving {
    /// Resources, beside those of the set.
    pub fixtures: Vec<Fixture>,
    /// The ids it gave, by script: variable and value.
    pub values: BTreeMap<PathBuf, Vec<(String, String)>>,
}

impl Serving {
    /// Looks for an example of what every two-sided script reads from the party.
    pub fn of(scripts: &[Arc<TestScript>], persons: &TokenRegistry, files: &dyn ScriptSource) -> Serving {
        let mut serving = Serving::default();
        if !scripts.iter().any(|script| script.side() == Side::Both) {
            return serving;
        }
        let examples: Vec<Example> = Material::examples(scripts, files).into_iter().filter_map(Example::of).collect();
        for script in scripts.iter().filter(|script| script.side() == Side::Both) {
            serving.add(script, &examples, persons);
        }
        serving
    }

    fn add(&mut self, script: &TestScript, examples: &[Example], persons: &TokenRegistry) {
        let people: Vec<&str> = {
            let tokens = tokens_of(script);
            let known = persons.persons().into_iter().filter(|(token, _)| tokens.iter().any(|t| t == token));
            known.flat_map(|(_, people)| people.into_iter().map(|(id, _)| id)).collect()
        };
        let about =
            |example: &&Example| people.iter().any(|id| example.fixture.text.contains(&format!("Patient/{id}\"")));
        for (test, operation) in asked(script) {
            let Some(resource_type) = operation.resource.as_ref().map(|r| r.text.trim()) else { continue };
            let demands: Vec<&str> = test
                .iter()
                .filter_map(|action| match action {
                    Action::Assert(assert) => match &assert.check {
                        Check::Expression(template) if assert.operator.is_none() => Some(template.text.as_str()),
                        _ => None,
                    },
                    Action::Operation(_) => None,
                })
                .collect();
            let fits = |example: &&Example| {
                let open = script.variables.iter().any(|v| v.name == example.variable && v.origin.is_none());
                let free = script.variables.iter().all(|v| v.name != example.variable || v.default.is_none());
                example.resource_type == resource_type && open && free
            };
            // A script whose person is not known is about anybody.
            let about = |example: &&Example| people.is_empty() || about(example);
            let mut all: Vec<&Example> = examples.iter().filter(fits).filter(about).collect();
            // Of several the one that is as the test demands: its status for one.
            all.sort_by_key(|example| std::cmp::Reverse(demands.iter().filter(|d| example.says(d)).count()));
            let Some(example) = all.first() else { continue };
            let id = format!("keur-{}", uuid::Uuid::new_v4().simple());
            let text = example.fixture.text.replace(&format!("${{{}}}", example.variable), &id);
            let name = PathBuf::from(format!("{}#{id}", example.fixture.name.display()));
            self.fixtures.push(Fixture { name, text: text.into() });
            self.values.entry(script.path.clone()).or_default().push((example.variable.clone(), id));
            return;
        }
    }
}

/// A resource whose id is a placeholder.
struct Example {
    fixture: Fixture,
    resource_type: String,
    variable: String,
    status: String,
}

impl Example {
    fn of(fixture: Fixture) -> Option<Example> {
        let format = fhir::sniff(&fixture.text)?;
        let document = fhir::read(fixture.text.clone(), format).ok()?;
        let root = document.root();
        let variable = root.child_value("id")?.strip_prefix("${")?.strip_suffix('}')?.to_owned();
        let status = root.child_value("status").unwrap_or_default().to_owned();
        let resource_type = root.resource_type()?.to_owned();
        Some(Example { resource_type, variable, status, fixture })
    }

    /// Whether a demand names its status.
    fn says(&self, demand: &str) -> bool {
        demand.contains(&format!("status = '{}'", self.status))
    }
}

/// What the party is asked, test by test.
fn asked(script: &TestScript) -> impl Iterator<Item = (&[Action], &Operation)> {
    let is_party = |index: Option<u32>| script.destinations.iter().any(|p| Some(p.index) == index && p.under_test);
    script.tests.iter().flat_map(move |test| {
        test.actions.iter().filter_map(move |action| match action {
            Action::Operation(operation) if is_party(operation.destination) && operation.url.is_none() => {
                Some((test.actions.as_slice(), &**operation))
            }
            _ => None,
        })
    })
}

/// The tokens that a script uses, as they stand in it.
fn tokens_of(script: &TestScript) -> Vec<String> {
    let defaults = script.variables.iter().filter_map(|v| Some(v.default.as_ref()?.text.as_str()));
    let headers = script.actions().flat_map(|action| match action {
        Action::Operation(operation) => operation.headers.iter().map(|(_, value)| value.text.as_str()).collect(),
        Action::Assert(_) => vec![],
    });
    defaults.chain(headers).filter_map(bearer).map(|token| token.expose().to_owned()).collect()
}

/// Takes notifications: a `POST` without a body. Everything else is for the simulator, which keeps nothing
/// from anybody: whose token is asked with is the other side's affair.
#[derive(Clone, Copy, Debug, Default)]
pub struct Doorbell;

impl Reception for Doorbell {
    fn receive(&self, request: &Request) -> Admission {
        let rings = request.method == "POST"
            && request.body.is_empty()
            && below_authority(&request.url).trim_matches('/').contains(|c: char| c != '/');
        let accepted = || Response { status: 202, headers: Headers::new(), body: Bytes::new() };
        Admission { ticket: 0, room: 0, bearing: Bearing::Everything, answer: rings.then(accepted) }
    }

    fn answered(&self, _: u64, _: Exchange) {}
}
