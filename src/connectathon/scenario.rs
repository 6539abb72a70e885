//! A scenario: scripts that judge the client and scripts that judge the server, compiled once for all cells.

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::authorization::DEFAULT;
use crate::definitions::TypeTable;
use crate::diagnostic::{Diagnostic, Severity};
use crate::engine::play::Twins;
use crate::engine::{self, Plan, PlanSettings, Stance};
use crate::exchange::redaction;
use crate::fhir::FhirVersion;
use crate::record::{Files, RunInputs};
use crate::testscript::source::ScriptSource;
use crate::testscript::{Action, Interaction, Template, TestScript};

use super::code;

/// The base that plans are made for; every cell puts its server in its place.
pub(super) const BASE: &str = "http://keur.invalid";

/// Scripts of one side.
#[derive(Clone, Default)]
pub struct Judged {
    /// The scripts.
    pub scripts: Vec<Arc<TestScript>>,
    /// Ids of the tests that count; all when empty.
    pub tests: Vec<String>,
}

impl Judged {
    /// The scripts with those tests only.
    fn chosen(&self) -> Vec<Arc<TestScript>> {
        if self.tests.is_empty() {
            return self.scripts.clone();
        }
        let chosen = self.scripts.iter().filter_map(|script| {
            let mut script = TestScript::clone(script);
            script.tests.retain(|test| self.tests.contains(&test.id));
            (!script.tests.is_empty()).then(|| Arc::new(script))
        });
        chosen.collect()
    }
}

/// What the cells of a scenario are judged by, with the tokens that are used in it.
pub struct Plans {
    /// Waits for the client.
    pub(super) awaiting: Plan,
    /// Plays the client.
    pub(super) playing: Plan,
    /// Judges the server.
    pub(super) serving: Plan,
    /// Tokens that were given, and those of the scripts with what stands for them, in their recorded form.
    pub(super) tokens: [BTreeMap<String, String>; 2],
}

impl Plans {
    /// How many scripts judge.
    pub fn judges(&self) -> usize {
        self.awaiting.scripts.len() + self.serving.scripts.len()
    }

    /// Whether they wait for a client.
    pub fn awaits(&self) -> bool {
        !self.awaiting.scripts.is_empty()
    }
}

/// The tokens of a plan as records keep them.
fn recorded(settings: &PlanSettings) -> [BTreeMap<String, String>; 2] {
    let PlanSettings { tokens, aliases, .. } = settings;
    let default = tokens.default.as_ref().map(|token| (DEFAULT.to_owned(), token));
    let given = tokens.by_name.iter().map(|(name, token)| (name.clone(), token)).chain(default);
    [
        given.map(|(name, token)| (name, redaction::recorded_secret(token.expose()))).collect(),
        aliases.iter().map(|(known, own)| (known.clone(), redaction::recorded_secret(own))).collect(),
    ]
}

/// What the record of a cell keeps beside its events, so that it can be judged again.
#[derive(Clone, Default)]
pub struct Given {
    /// What the run was given; target, clock and chance are the cell's own.
    pub inputs: RunInputs,
    /// The texts it was made with.
    pub files: Files,
}

/// A scenario that is ready to run: everything in it is shared by its cells.
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// What its cells are judged by where the parties have no tokens of their own.
    pub plans: Plans,
    /// What the records of its cells keep.
    pub given: Given,
    pub(super) twins: Twins,
    /// Hash over its scripts.
    pub(super) scripts: String,
    /// Types of resources that its client scripts ask for.
    pub resource_types: Vec<String>,
    /// What a client has to ask, as its scripts have it: `GET Patient?_include=…`.
    pub requests: Vec<String>,
}

/// The scripts of both sides, with where their texts and types come from.
#[derive(Clone, Copy)]
pub struct Sides<'s> {
    /// What judges the client.
    pub client: &'s Judged,
    /// What judges the server.
    pub server: &'s Judged,
    /// Where fixtures are read.
    pub files: &'s dyn ScriptSource,
    /// Types of the FHIR versions, where there are definitions of them.
    pub types: &'s dyn Fn(FhirVersion) -> Option<Arc<TypeTable>>,
}

/// Those that wait for the client and those that judge the answers, with the tests that count.
type Chosen<'c> = (&'c [Arc<TestScript>], &'c [Arc<TestScript>]);

impl Sides<'_> {
    /// Compiles what cells are judged by; `settings` holds variables, tokens and release.
    ///
    /// # Errors
    /// All that is wrong with the scripts.
    pub fn plans(&self, settings: &PlanSettings) -> Result<Plans, Vec<Diagnostic>> {
        self.planned((&self.client.chosen(), &self.server.chosen()), settings)
    }

    fn planned(&self, (asking, answering): Chosen<'_>, settings: &PlanSettings) -> Result<Plans, Vec<Diagnostic>> {
        let plan = |scripts: &[Arc<TestScript>], stance| {
            let settings = PlanSettings { target: BASE.to_owned(), stance, ..settings.clone() };
            engine::plan(scripts, self.files, self.types, &settings)
        };
        let mut awaiting = plan(asking, Stance::Awaiting { server: false });
        awaiting.target = String::new();
        let (playing, serving) = (plan(asking, Stance::Playing), plan(answering, Stance::Asking));
        let planned = [(&awaiting, asking), (&serving, answering)].into_iter();
        let wrong = planned.filter(|(_, scripts)| !scripts.is_empty()).flat_map(|(plan, _)| &plan.problems);
        let wrong: Vec<Diagnostic> = wrong.filter(|p| p.severity <= Severity::Error).cloned().collect();
        if wrong.is_empty() { Ok(Plans { awaiting, playing, serving, tokens: recorded(settings) }) } else { Err(wrong) }
    }

    /// Compiles a scenario: both sides are judged, or it is none.
    ///
    /// # Errors
    /// All that is wrong with the scripts.
    pub fn scenario(&self, name: &str, settings: &PlanSettings) -> Result<Scenario, Vec<Diagnostic>> {
        let (asking, answering) = (self.client.chosen(), self.server.chosen());
        if asking.is_empty() || answering.is_empty() {
            let side = if asking.is_empty() { "client" } else { "server" };
            let message = format!("scenario `{name}` has no test that judges the {side}");
            return Err(vec![code::error(code::SCENARIO, message)]);
        }
        self.compiled(name, (&asking, &answering), settings)
    }

    /// The same for what only passes by: one of the sides may have no scripts.
    ///
    /// # Errors
    /// All that is wrong with the scripts.
    pub fn watching(&self, name: &str, settings: &PlanSettings) -> Result<Scenario, Vec<Diagnostic>> {
        self.compiled(name, (&self.client.chosen(), &self.server.chosen()), settings)
    }

    fn compiled(
        &self,
        name: &str,
        (asking, answering): Chosen<'_>,
        settings: &PlanSettings,
    ) -> Result<Scenario, Vec<Diagnostic>> {
        let plans = self.planned((asking, answering), settings)?;
        let mut hash = Sha256::new();
        for script in asking.iter().chain(answering) {
            hash.update(script.sha256.as_bytes());
        }
        self.client.tests.iter().chain(&self.server.tests).for_each(|test| hash.update(test.as_bytes()));
        let actions = || asking.iter().flat_map(|script| script.actions());
        let mut resource_types: Vec<String> = vec![];
        for action in actions() {
            if let Action::Operation(operation) = action
                && let Some(resource) = &operation.resource
                && !resource_types.contains(&resource.text)
            {
                resource_types.push(resource.text.clone());
            }
        }
        Ok(Scenario {
            name: name.to_owned(),
            plans,
            given: Given::default(),
            twins: Twins::of(asking, self.files),
            scripts: hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect(),
            resource_types,
            requests: actions().filter_map(request).collect(),
        })
    }
}

/// An operation for people.
fn request(action: &Action) -> Option<String> {
    let Action::Operation(operation) = action else { return None };
    let method = operation.method.as_deref().unwrap_or(match operation.interaction {
        Interaction::Create => "POST",
        Interaction::Update | Interaction::UpdateCreate => "PUT",
        Interaction::Delete => "DELETE",
        _ => "GET",
    });
    let text = |template: &Option<Template>| template.as_ref().map(|t| t.text.trim().to_owned()).unwrap_or_default();
    let (resource, params) = (text(&operation.resource), text(&operation.params));
    let mark = if params.is_empty() || params.starts_with(['?', '/']) { "" } else { "?" };
    Some(format!("{} {resource}{mark}{params}", method.to_ascii_uppercase()))
}
