//! The scripts of a suite on answers that are at hand: what the simulator gave once, and the same with one
//! defect in it.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use keur::definitions::Definitions;
use keur::engine::{
    Call, Plan, PlanSettings, ProfileOutcome, ProfileQuery, ProfileValidator, RunSettings, Sending, Transport, plan,
    run,
};
use keur::exchange::{Client, ClientSettings, Exchange, Request};
use keur::fhir::FhirVersion;
use keur::record::{ActionFinished, CodeCount, Event, Issue, MemoryRecord, TargetPlace, Verdict};
use keur::simulator::{Fixture, RunningSimulator, Settings, Simulator, TokenRegistry};
use keur::testscript::ScriptSet;
use keur::testscript::source::FileSystem;
use keur::validation::{Policy, Validator};
use libtest_mimic::Failed;
use serde_json::Value;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const SUITE: &str = "bgz-3.0";

/// What every zib needs: definitions, and a simulator that serves our persons.
pub struct Stage {
    definitions: Definitions,
    validator: Validator,
    runtime: tokio::runtime::Runtime,
    simulator: RunningSimulator,
}

/// Which action of a script asked: number of its test, setup counted, and its own.
type Place = (u32, u32);

fn place(call: Call<'_>) -> Place {
    (call.test, call.action)
}

/// One test of a script with the answers it got.
pub struct Scene {
    plan: Plan,
    answers: HashMap<Place, Exchange>,
    /// The action whose answer is in JSON and has entries, and that answer.
    pub served: (Place, Value),
}

impl Stage {
    pub fn new() -> Result<Stage, Failed> {
        let definitions = Definitions::embedded(FhirVersion::Stu3);
        let (types, profiles) = (definitions.types(), definitions.profiles());
        let validator = Validator::new(types, profiles, definitions.terminology(), Policy::default());
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let folder = PathBuf::from(ROOT).join("fixtures").join(SUITE);
        let tokens = folder.join("tokens.json");
        let mut fixtures = Fixture::read(&folder).map_err(|problems| format!("{problems:?}"))?;
        fixtures.retain(|fixture| fixture.name != tokens);
        let settings = Settings {
            fixtures,
            registry: TokenRegistry::parse(&std::fs::read_to_string(&tokens)?)?,
            require_token: true,
            ..Settings::new(definitions.clone())
        };
        let simulator = runtime.block_on(Simulator::start(settings)).map_err(|error| error.to_string())?;
        Ok(Stage { definitions, validator, runtime, simulator })
    }

    /// The tests of a script whose answers are in JSON, each with what it was answered; all of them hold.
    pub fn scenes(&self, script: &str) -> Result<Vec<Scene>, Failed> {
        let path = PathBuf::from(ROOT).join("testscripts").join(SUITE).join("serving").join(format!("{script}.yaml"));
        let set = ScriptSet::collect(&FileSystem, &[path]).map_err(|problems| format!("{problems:?}"))?;
        let loaded = set.load().pop().and_then(|loaded| loaded.script).ok_or("the script cannot be read")?;
        let mut scenes = vec![];
        for test in &loaded.tests {
            let mut alone = loaded.clone();
            alone.tests = vec![test.clone()];
            let types = |version| (version == FhirVersion::Stu3).then(|| self.definitions.types());
            let settings = PlanSettings { target: self.simulator.base_url.clone(), ..PlanSettings::default() };
            let plan = plan(&[Arc::new(alone)], &FileSystem, &types, &settings);
            let recorder = Recorder { client: Client::new(ClientSettings::default()), seen: Mutex::default() };
            let actions = self.runtime.block_on(play(&plan, &recorder, self))?;
            if let Some(bad) = actions.iter().find(|action| !matches!(action.verdict, Verdict::Pass | Verdict::Warning))
            {
                let name = test.name.as_deref().unwrap_or(&test.id);
                return Err(format!("without a defect, {name}: {} {}", bad.title, bad.message).into());
            }
            let answers = recorder.seen.into_inner().map_err(|e| e.to_string())?;
            // A setup asks too: what the test itself asks is what is spoilt.
            let own = answers.iter().max_by_key(|(place, _)| (place.0, std::cmp::Reverse(place.1)));
            let served = own.and_then(|(place, exchange)| Some((*place, bundle(exchange)?)));
            if let Some(served) = served {
                scenes.push(Scene { plan, answers, served });
            }
        }
        if scenes.is_empty() { Err("no answer in JSON".into()) } else { Ok(scenes) }
    }

    /// What the test comes to when this is served instead: every action that is not well.
    pub fn judged(&self, scene: &Scene, served: &Value) -> Result<Vec<ActionFinished>, Failed> {
        let replay = Replay { scene, body: served.to_string() };
        let actions = self.runtime.block_on(play(&scene.plan, &replay, self))?;
        Ok(actions.into_iter().filter(|action| matches!(action.verdict, Verdict::Fail | Verdict::Error)).collect())
    }
}

/// The Bundle of an answer in JSON.
fn bundle(exchange: &Exchange) -> Option<Value> {
    let response = exchange.result.as_ref().ok()?;
    let json = response.headers.get("Content-Type").is_some_and(|value| value.contains("json"));
    let body: Value = json.then(|| serde_json::from_slice(&response.body).ok())??;
    body["entry"].is_array().then_some(body)
}

async fn play(plan: &Plan, transport: &dyn Transport, stage: &Stage) -> Result<Vec<ActionFinished>, Failed> {
    let record = MemoryRecord::new();
    let settings = RunSettings { validator: Some(stage), simulated: true, ..RunSettings::default() };
    run(plan, transport, &record, &settings).await.map_err(|error| error.to_string())?;
    let finished = |event: &Event| match event {
        Event::ActionFinished(finished) => Some((**finished).clone()),
        _ => None,
    };
    Ok(record.into_record().events().iter().filter_map(finished).collect())
}

impl ProfileValidator for Stage {
    fn validate(&self, query: &ProfileQuery<'_>) -> ProfileOutcome {
        let outcome = self.validator.validate(query.content, &[query.profile]);
        let issue = |issue: &keur::validation::Issue| Issue {
            severity: format!("{:?}", issue.severity).to_lowercase(),
            code: issue.code.to_string(),
            message: issue.message.clone(),
            target: TargetPlace { path: issue.path.clone(), ..TargetPlace::default() },
            profile: issue.profile.to_string(),
            slices: vec![],
            asked: vec![],
        };
        let (issues, codes) = (outcome.issues.iter().map(issue).collect(), CodeCount::default());
        match outcome.unavailable.first() {
            None => ProfileOutcome::Validated { issues, codes },
            // As a run has it: with a profile that nobody has, nothing is certain.
            Some(missing) => ProfileOutcome::NotEvaluated {
                code: keur::engine::code::NO_VALIDATION,
                reason: missing.reason.to_string(),
                issues,
                codes,
            },
        }
    }
}

/// Asks the simulator, and keeps what it said.
struct Recorder {
    client: Client,
    seen: Mutex<HashMap<Place, Exchange>>,
}

impl Transport for Recorder {
    fn send<'t>(&'t self, request: Request, call: Call<'t>) -> Sending<'t> {
        Box::pin(async move {
            let exchange = self.client.send(request).await;
            if let Ok(mut seen) = self.seen.lock() {
                seen.insert(place(call), exchange.clone());
            }
            exchange
        })
    }
}

/// Says what the simulator said, one body excepted.
struct Replay<'s> {
    scene: &'s Scene,
    body: String,
}

impl Transport for Replay<'_> {
    fn send<'t>(&'t self, request: Request, call: Call<'t>) -> Sending<'t> {
        let mut exchange = self.scene.answers[&place(call)].clone();
        exchange.request = request;
        if let (true, Ok(response)) = (place(call) == self.scene.served.0, &mut exchange.result) {
            response.body = self.body.clone().into();
        }
        Box::pin(std::future::ready(exchange))
    }
}
