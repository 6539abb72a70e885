//! The run itself: the target or what stands in for it, the plan, the exchange of requests.

use std::collections::BTreeMap;

use crate::authorization::PATIENT_TOKEN;
use crate::cli::auth::session;
use crate::cli::awaiting::{self, Waiting};
use crate::cli::choice::{Choices, Preference};
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::judge::Judge;
use crate::cli::play::plays_itself;
use crate::cli::progress::Progress;
use crate::cli::serve::stand_in;
use crate::cli::settings::{Checked, Settings};
use crate::cli::stop::Stop;
use crate::cli::{given, persons, problem};
use crate::diagnostic::{Diagnostic, Words};
use crate::engine::{self, Announced, Interrupt, PlanSettings, Planner, RunSettings, Running, Transport};
use crate::evidence::discretion::{Discreet, Hushed};
use crate::evidence::privacy::Guarded;
use crate::exchange::{Client, ClientSettings, Reach, Secrets, redaction};
use crate::record::{EventSink, Gathering, RecordError, RunDirectory, Tee};
use crate::testscript::Circumstances;

use super::finish::finish;
use super::prepare::Prepared;
use super::tokens;

const RUNNING: [Words; 2] = [
    Words::new("running 1 script against", "1 script draait tegen"),
    Words::new("running {} scripts against", "{} scripts draaien tegen"),
];
const STAND_IN: Words = Words::new(
    "no `--target`: testing the built-in simulator at",
    "geen `--target`: de ingebouwde simulator wordt getest op",
);
const STOPPING: Words = Words::new(
    "stopping after the request under way; Ctrl-C again stops at once",
    "stopt na het lopende verzoek; nogmaals Ctrl-C stopt meteen",
);

/// Carries out what was prepared: against the target, the simulator that stands in for it, or waiting.
pub async fn carry_out(
    prepared: Prepared<'_>,
    flags: &awaiting::Flags,
    given_settings: &Settings,
    checked: &Checked,
    files: &Gathering<'_>,
    console: &Console,
) -> Exit {
    let definitions = match Choices::of(prepared.scripts.cards(), &Preference::of(checked), &prepared.packages) {
        Ok((choices, problems)) => {
            console.tell_all(problems);
            choices
        }
        Err(problems) => {
            console.tell_all(problems);
            return Exit::Usage;
        }
    };
    if flags.awaits || plays_itself(&prepared, checked) {
        let (prepared, definitions) = (&prepared, &definitions);
        let waiting = Waiting { prepared, flags, definitions, settings: given_settings, checked, files, console };
        return waiting.carry_out().await;
    }
    // It serves for as long as it is held.
    let simulator = match (&checked.target, definitions.all().first()) {
        (None, Some(first)) => {
            match stand_in(&prepared.selection, first.definitions.clone(), &checked.variables).await {
                Ok(simulator) => Some(simulator),
                Err(problems) => {
                    console.tell_grouped(problems);
                    return Exit::Usage;
                }
            }
        }
        _ => None,
    };
    if let Some(simulator) = &simulator {
        let words = STAND_IN.get(console.language);
        console.error(&format!("{words} {}\n", simulator.base_url));
    }
    let target = simulator.as_ref().map(|simulator| simulator.base_url.clone()).or(checked.target.clone());
    let plan = PlanSettings {
        target: target.unwrap_or_default(),
        fhir_version: checked.fhir_version,
        variables: checked.variables.iter().cloned().collect::<BTreeMap<_, _>>(),
        tokens: prepared.tokens.clone(),
        ..PlanSettings::default()
    };
    let planned = match look_ahead(&prepared, &plan, &definitions, checked, files, console) {
        Ok(planned) => planned,
        Err(exit) => return exit,
    };
    let circumstances = Circumstances::live();
    let inputs =
        given::inputs(&plan.target, &prepared.places, &prepared.tokens, given_settings, checked, &circumstances);
    if let Some(login) = &prepared.login {
        let problems = session::ready(login).await;
        if !problems.is_empty() {
            console.tell_all(problems);
            return Exit::NoToken;
        }
    }
    let directory = RunDirectory::new(&checked.record, &prepared.id);
    let simulated = simulator.is_some();
    let course = Course { prepared: &prepared, plan: &plan, definitions: &definitions, files, planned, simulated };
    let outcome = match directory.write_given(&inputs, files) {
        Ok(()) => course.run(&directory, circumstances, checked, console).await,
        Err(error) => Err(error),
    };
    let refused = match outcome {
        Ok(refused) => refused,
        Err(error) => {
            console.tell(problem::error(problem::RECORD, error.to_string()));
            return Exit::Usage;
        }
    };
    // Reports are made of the record alone: what the run needed makes room.
    drop((simulator, definitions, prepared));
    let exit = finish(directory.path(), checked, console);
    if refused { Exit::Usage } else { exit }
}

/// What is known of all scripts before the first request.
struct Planned {
    secrets: Secrets,
    /// Operations and asserts.
    actions: u64,
    scripts: usize,
    /// FHIR version of the first script.
    fhir_version: &'static str,
}

/// Plans everything, portion by portion, to say what is wrong; what can run is planned again in its turn.
fn look_ahead(
    prepared: &Prepared<'_>,
    settings: &PlanSettings,
    definitions: &Choices,
    checked: &Checked,
    files: &Gathering<'_>,
    console: &Console,
) -> Result<Planned, Exit> {
    let mut planner = Planner::new(files, settings);
    let mut missing = tokens::Missing::default();
    let secrets = given::secrets(&prepared.tokens, checked);
    let mut planned = Planned { secrets, actions: 0, scripts: 0, fhir_version: "" };
    for portion in prepared.scripts.iter() {
        let plan = planner.plan(&portion, &|version| definitions.types(version));
        missing.look(&plan);
        given::secrets_of_scripts(&portion, &mut planned.secrets);
        if let (0, Some(first)) = (planned.scripts, plan.scripts.first()) {
            planned.fhir_version = first.fhir_version.number();
        }
        planned.scripts += plan.scripts.len();
        planned.actions += plan.scripts.iter().map(|one| one.script.actions().count() as u64).sum::<u64>();
    }
    let found = planner.problems();
    let mut problems = missing.problems();
    let incomplete = !problems.is_empty();
    // The plan says of every open variable that something may stay unevaluated; tokens were said above.
    let said = |problem: &&Diagnostic| {
        let token = |variable: &&str| variable.starts_with(PATIENT_TOKEN);
        incomplete
            && problem.code == engine::code::INPUT
            && problem.message.split('`').nth(1).as_ref().is_some_and(token)
    };
    problems.extend(found.iter().filter(|problem| !said(problem)).cloned());
    console.tell_grouped(problems);
    if incomplete || !engine::is_runnable(&found) {
        let nothing = found.iter().any(|problem| problem.code == engine::code::NOTHING_TO_RUN);
        return Err(if nothing { Exit::NothingSelected } else { Exit::Usage });
    }
    Ok(planned)
}

/// A run with all that it takes along.
struct Course<'c> {
    prepared: &'c Prepared<'c>,
    plan: &'c PlanSettings,
    definitions: &'c Choices,
    files: &'c Gathering<'c>,
    planned: Planned,
    simulated: bool,
}

impl Course<'_> {
    /// Sends and judges; true when somebody refused to go on.
    async fn run(
        self,
        directory: &RunDirectory,
        circumstances: Circumstances,
        checked: &Checked,
        console: &Console,
    ) -> Result<bool, RecordError> {
        let Course { prepared, plan, definitions, planned, .. } = &self;
        let words = |words: Words| words.get(console.language);
        let running = words(RUNNING[usize::from(planned.scripts != 1)]).replace("{}", &planned.scripts.to_string());
        console.error(&format!("{running} {}\n", redaction::shown_url(&plan.target)));
        let login = prepared.login.as_ref();
        let reach = if checked.offline { Reach::only_hosts_of([plan.target.as_str()]) } else { Reach::Anywhere };
        let client = ClientSettings { timeout: checked.timeout, reach, ..ClientSettings::default() };
        let client = Client::new(session::client(login, &plan.target, &checked.variables, client));
        let interrupt = Interrupt::default();
        let judge = Judge::new(definitions);
        let settings = RunSettings {
            validator: Some(&judge),
            definitions: definitions.used(),
            simulated: self.simulated,
            circumstances,
            interrupt: interrupt.clone(),
            awaiting: None,
            jobs: checked.jobs,
        };
        let progress = Progress::new(planned.actions, console.language);
        let both = Tee(vec![directory, &progress]);
        let sinks = session::Noted { sink: &both, live: login.map(|login| &*login.live) };
        let sink = Hushed::new(&sinks, &planned.secrets);
        let decide = |what: &str| persons::may_go_on(what, checked, console);
        let client = Guarded::new(&client, interrupt.clone(), &decide);
        let guard = &client;
        let client = Discreet::new(&client, &planned.secrets);
        let outcome = tokio::select! {
            outcome = self.portions(&client, &sink, &settings) => outcome,
            () = broken_off(Stop::listen(), &interrupt, words(STOPPING), console) => Ok(()),
        };
        progress.clear();
        outcome.map(|()| guard.refused())
    }

    async fn portions(
        &self,
        client: &dyn Transport,
        sink: &dyn EventSink,
        settings: &RunSettings<'_>,
    ) -> Result<(), RecordError> {
        let Planned { scripts, fhir_version, .. } = self.planned;
        let target = self.plan.target.trim_end_matches('/');
        let mut running = Running::start(&Announced { target, fhir_version, scripts }, client, sink, settings)?;
        for portion in self.prepared.scripts.iter() {
            let types = |version| self.definitions.types(version);
            running.portion(&Planner::new(self.files, self.plan).plan(&portion, &types)).await?;
        }
        running.finish().map(|_| ())
    }
}

/// Raises the interrupt when keur is asked to stop, and ends when it is asked again.
async fn broken_off(mut stop: Stop, interrupt: &Interrupt, words: &str, console: &Console) {
    stop.asked().await;
    interrupt.raise();
    console.error(&format!("{words}\n"));
    stop.asked().await;
}
