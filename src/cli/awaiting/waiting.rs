//! A run that waits, from its door to its reports.

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::diagnostic::{Diagnostic, NoteKind, Words};
use crate::engine::awaiting::{Closing, Hall, Notice, Seat};
use crate::engine::{self, Interrupt, Plan, PlanSettings, RunSettings, Stance, openings};
use crate::evidence::discretion::{Discreet, Hushed};
use crate::exchange::{Client, ClientSettings, Reach, Secrets};
use crate::record::{Gathering, RecordError, RunDirectory, RunInputs, new_run_id};
use crate::testscript::{Circumstances, TestScript};

use super::super::choice::Choices;
use super::super::console::Console;
use super::super::exit::Exit;
use super::super::given;
use super::super::judge::Judge;
use super::super::play::{self, plays_itself};
use super::super::problem;
use super::super::run::{Prepared, finish};
use super::super::serve::address;
use super::super::settings::{self, Checked, Settings};
use super::super::stop::Stop;
use super::door::Door;
use super::party::{Party, file_name, of_party};
use super::told::{introduction, strays, told};
use super::{DEFAULT_TIMEOUT, Flags, awaited};

const PLAYS: Words = Words::new(
    "no `--target`: keur plays the client, against the built-in simulator at",
    "geen `--target`: keur speelt de client, tegen de ingebouwde simulator op",
);

const TIMED_OUT: Words = Words::new(
    "the time is over; what did not come is not evaluated",
    "de tijd is om; wat niet kwam is niet beoordeeld",
);
const STOPPING: Words = Words::new(
    "ended by Ctrl-C; what did not come is not evaluated; Ctrl-C again stops at once",
    "beëindigd met Ctrl-C; wat niet kwam is niet beoordeeld; nogmaals Ctrl-C stopt meteen",
);

/// What a run that waits is carried out with.
pub struct Waiting<'w> {
    /// Scripts and tokens.
    pub prepared: &'w Prepared<'w>,
    /// How to wait.
    pub flags: &'w Flags,
    /// The packages that were chosen.
    pub definitions: &'w Choices,
    /// Settings as they were given.
    pub settings: &'w Settings,
    /// The same, read.
    pub checked: &'w Checked,
    /// What was read so far, for the record.
    pub files: &'w Gathering<'w>,
    /// Where keur speaks.
    pub console: &'w Console,
}

/// What the run of a party has of its own: its folder, its secrets, its clock and chance.
struct PartyRun {
    directory: RunDirectory,
    secrets: Secrets,
    circumstances: Circumstances,
}

impl Waiting<'_> {
    /// Waits, judges, reports.
    pub async fn carry_out(&self) -> Exit {
        match self.wait().await {
            Ok(exit) | Err(exit) => exit,
        }
    }

    async fn wait(&self) -> Result<Exit, Exit> {
        let plays = plays_itself(self.prepared, self.checked) && !self.flags.awaits;
        let scripts = awaited(&self.prepared.scripts.all());
        if scripts.is_empty() {
            self.console.tell(problem::error(engine::code::NOTHING_TO_RUN, "no script waits for a client"));
            return Err(Exit::NothingSelected);
        }
        let timeout = self.timeout(if plays { DEFAULT_TIMEOUT } else { &self.flags.await_timeout })?;
        let listen = address(if plays { "127.0.0.1:0" } else { &self.flags.listen });
        let listen = listen.map_err(|problem| self.refused(vec![*problem]))?;
        let door = self.door(&scripts, listen, plays).await?;
        let plans = self.plans(&scripts, &door)?;
        let runs = self.runs(&scripts, &door)?;
        let base = door.simulator.base_url.as_str();
        let asked = async {
            door.hall.opened(plans.iter().map(openings).sum()).await;
            match plays {
                true => self.play(&door).await,
                false => self.announce(&scripts, &door),
            }
        };
        let judge = Judge::new(self.definitions);
        let judged = async {
            let parties = plans.iter().zip(&runs).enumerate();
            let judged = parties.map(|(party, (plan, run))| {
                let seat = Seat { hall: &door.hall, party, base };
                self.judge(plan, seat, run, &judge)
            });
            futures_util::future::try_join_all(judged).await
        };
        let outcome = tokio::select! {
            ((), outcome) = futures_util::future::join(asked, judged) => outcome.map(|_| ()),
            () = self.end(&door.hall, timeout) => Ok(()),
        };
        outcome.map_err(|error| self.refused(vec![problem::error(problem::RECORD, error.to_string())]))?;
        self.console.error(&strays(&door.hall.strays(), self.console.language));
        Ok(self.report(&door, &runs))
    }

    fn refused(&self, problems: Vec<Diagnostic>) -> Exit {
        self.console.tell_grouped(problems);
        Exit::Usage
    }

    fn timeout(&self, text: &str) -> Result<Duration, Exit> {
        settings::duration(text).ok_or_else(|| {
            let wrong = problem::error(problem::SETTING_VALUE, format!("`await-timeout` cannot be `{text}`"));
            self.refused(vec![wrong.note(NoteKind::Expected, "a duration such as `30s`, `500ms` or `2m`")])
        })
    }

    async fn door(&self, scripts: &[Arc<TestScript>], listen: SocketAddr, plays: bool) -> Result<Door, Exit> {
        let language = self.console.language;
        let say = move |notice: &Notice| {
            if !plays {
                let _ = std::io::stderr().write_all(told(notice, language).as_bytes());
            }
        };
        let mut door = Door::open(self, scripts, listen, say).await.map_err(|problems| self.refused(problems))?;
        self.console.tell_grouped(std::mem::take(&mut door.simulator.warnings));
        Ok(door)
    }

    /// A plan for each party.
    fn plans(&self, scripts: &[Arc<TestScript>], door: &Door) -> Result<Vec<Plan>, Exit> {
        let plan = |party: &Party| {
            let settings = PlanSettings {
                target: self.checked.target.clone().unwrap_or_else(|| door.simulator.base_url.clone()),
                fhir_version: self.checked.fhir_version,
                variables: self.checked.variables.iter().cloned().collect(),
                tokens: self.prepared.tokens.clone(),
                stance: Stance::Awaiting { server: self.checked.target.is_some() },
                aliases: party.aliases.clone(),
            };
            let mut plan = engine::plan(scripts, self.files, &|version| self.definitions.types(version), &settings);
            if self.checked.target.is_none() {
                // What asks a server under test has none.
                plan.target = String::new();
            }
            plan
        };
        let plans: Vec<Plan> = door.parties.iter().map(plan).collect();
        let mut problems: Vec<Diagnostic> = plans.iter().flat_map(|plan| plan.problems.iter().cloned()).collect();
        if door.parties.len() > 1 && door.parties.iter().any(|party| party.tokens.is_empty()) {
            let message = "the scripts use no tokens: requests of several parties cannot be told apart";
            problems.push(problem::error(problem::TOKENS, message));
        }
        let wrong = problems.iter().any(crate::testscript::problem::forbids_running);
        self.console.tell_grouped(problems);
        if wrong { Err(Exit::Usage) } else { Ok(plans) }
    }

    /// A record for each party.
    fn runs(&self, scripts: &[Arc<TestScript>], door: &Door) -> Result<Vec<PartyRun>, Exit> {
        let texts = self.files.files();
        let texts = texts.map_err(|error| self.refused(vec![problem::error(problem::RECORD, error.to_string())]))?;
        let Prepared { places, tokens, .. } = self.prepared;
        let target = self.checked.target.as_deref().unwrap_or(&door.simulator.base_url);
        let run = |party: &Party| {
            let id = new_run_id(jiff::Timestamp::now());
            let id = if party.name.is_empty() { id } else { format!("{id}-{}", file_name(&party.name)) };
            let circumstances = Circumstances::live();
            let inputs = given::inputs(target, places, tokens, self.settings, self.checked, &circumstances);
            let inputs = RunInputs { awaited: true, ..inputs };
            let mut secrets = given::secrets(tokens, self.checked);
            given::secrets_of_scripts(scripts, &mut secrets);
            party.tokens.iter().for_each(|token| secrets.add(token.expose()));
            let directory = RunDirectory::new(&self.checked.record, &id).with_inputs(inputs, texts.clone());
            PartyRun { directory, secrets, circumstances }
        };
        Ok(door.parties.iter().map(run).collect())
    }

    fn announce(&self, scripts: &[Arc<TestScript>], door: &Door) {
        self.console.error(&introduction(scripts, door, self.console));
        // The line that others wait for.
        if self.console.output(format!("{}\n", door.simulator.base_url).as_bytes()).is_err() {
            door.hall.close(Closing::Stopped);
        }
    }

    /// Plays the party that is awaited, in this process; what it does not send will not come.
    async fn play(&self, door: &Door) {
        let base = &door.simulator.base_url;
        self.console.error(&format!("{} {base}\n", PLAYS.get(self.console.language)));
        let party = play::Party {
            target: base.clone(),
            listed: None,
            defect: None,
            listen: None,
            interrupt: Interrupt::default(),
        };
        // Why it could not begin has been said.
        let _ = party.play(self.prepared, self.definitions, self.checked, self.console).await;
        door.hall.close(Closing::Done);
    }

    /// Comes back when the runs are not to be waited for any longer.
    async fn end(&self, hall: &Hall, timeout: Duration) {
        let mut stop = Stop::listen();
        let (words, closing) = tokio::select! {
            () = tokio::time::sleep(timeout) => (TIMED_OUT, Closing::Timeout),
            () = stop.asked() => (STOPPING, Closing::Stopped),
        };
        self.console.error(&format!("{}\n", words.get(self.console.language)));
        hall.close(closing);
        stop.asked().await;
    }

    async fn judge(&self, plan: &Plan, seat: Seat<'_>, party: &PartyRun, judge: &Judge<'_>) -> Result<(), RecordError> {
        let hosts = [plan.target.as_str(), seat.base];
        let reach = if self.checked.offline { Reach::only_hosts_of(hosts) } else { Reach::Anywhere };
        let client = Client::new(ClientSettings { timeout: self.checked.timeout, reach, ..ClientSettings::default() });
        let settings = RunSettings {
            validator: Some(judge),
            definitions: self.definitions.used(),
            circumstances: party.circumstances.again(),
            awaiting: Some(seat),
            ..RunSettings::default()
        };
        let sink = Hushed::new(&party.directory, &party.secrets);
        let client = Discreet::new(&client, &party.secrets);
        engine::run(plan, &client, &sink, &settings).await.map(|_| ())
    }

    /// Writes the reports of every party; the worst of them is how keur ends.
    fn report(&self, door: &Door, runs: &[PartyRun]) -> Exit {
        let exits = door.parties.iter().zip(runs).map(|(party, run)| {
            if !party.name.is_empty() {
                self.console.error(&format!("\n{}\n", party.name));
            }
            let reports = self.checked.reports.iter().map(|report| of_party(report, &party.name)).collect();
            finish(run.directory.path(), &Checked { reports, ..self.checked.clone() }, self.console)
        });
        Exit::worst(&exits.collect::<Vec<_>>())
    }
}
