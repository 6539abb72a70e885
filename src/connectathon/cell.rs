//! One cell: the client plays or comes itself, both sides are judged.

use std::collections::HashSet;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::engine::awaiting::{Closing, Hall, PartyAtTheDoor, Seat};
use crate::engine::play::{self, ActiveDefect, PlaySettings, Serving};
use crate::engine::{self, Interrupt, ProfileValidator, RunSettings, openings};
use crate::evidence::discretion::Hushed;
use crate::exchange::{AccessToken, Client as HttpClient, Secrets, redaction};
use crate::record::{CellInput, DefinitionUse, Exchanged, RecordError, RunDirectory, RunInputs};
use crate::simulator::TokenRegistry;
use crate::testscript::Circumstances;

use super::evidence::{Evidence, Judgement, Unanswered};
use super::gate::Visit;
use super::outcome::Side;
use super::overheard::{Overheard, Way};
use super::party::{Client, Server};
use super::progress::{FeedItem, Progress};
use super::scenario::{Plans, Scenario};
use super::station::{Monitor, below};

/// Held requests are given away at the end only: a played client says when it is done.
const QUIET: Duration = Duration::from_secs(3600);

/// What all cells are judged with.
pub struct Hands<'h> {
    /// Sends the requests of played clients.
    pub http: &'h HttpClient,
    /// Validates profiles.
    pub validator: &'h dyn ProfileValidator,
    /// Definitions that verdicts rest on.
    pub definitions: Vec<DefinitionUse>,
    /// Test persons.
    pub persons: &'h TokenRegistry,
}

impl Hands<'_> {
    /// How a side of a cell is judged.
    pub(super) fn settings<'r>(&'r self, circumstances: &Circumstances, awaiting: Option<Seat<'r>>) -> RunSettings<'r> {
        RunSettings {
            definitions: self.definitions.clone(),
            validator: Some(self.validator),
            circumstances: circumstances.again(),
            awaiting,
            ..RunSettings::default()
        }
    }
}

/// A run of a cell.
pub(super) struct Ran {
    pub judgement: Judgement,
    pub unanswered: Option<Unanswered>,
    pub millis: u64,
}

/// The parts of a cell with what it is judged by.
pub(super) type Parts<'t> = (&'t Server, &'t Client, &'t Scenario);

/// What every run of a cell has of its own.
struct Scene<'s> {
    parts: Parts<'s>,
    progress: &'s Progress,
    clock: Instant,
    circumstances: Circumstances,
}

impl<'s> Scene<'s> {
    fn new(parts: Parts<'s>, progress: &'s Progress) -> Scene<'s> {
        Scene { parts, progress, clock: Instant::now(), circumstances: Circumstances::live() }
    }

    /// The folder of its record, with what the run was given.
    fn directory(&self, folder: (&Path, &str), plans: &Plans) -> RunDirectory {
        let (server, _, scenario) = self.parts;
        let [tokens, aliases] = plans.tokens.clone();
        let cell = scenario.given.inputs.cell.clone().map(|cell| CellInput { aliases, ..cell });
        let inputs = RunInputs {
            target: redaction::recorded_url(&server.base).into_owned(),
            clock: self.circumstances.now().strftime("%Y-%m-%dT%H:%M:%S%.9f%:z").to_string(),
            seed: self.circumstances.seed(),
            tokens,
            cell,
            ..scenario.given.inputs.clone()
        };
        RunDirectory::new(folder.0, folder.1).with_inputs(inputs, scenario.given.files.clone())
    }

    fn item(&self, kind: &'static str, text: String) -> FeedItem {
        let (server, client, scenario) = self.parts;
        FeedItem { scenario: scenario.name.clone(), ..FeedItem::of(&server.name, &client.name, kind, text) }
    }

    fn exchanged(&self, exchange: &Exchanged) {
        let below = exchange.url.strip_prefix(&self.parts.0.base).unwrap_or(&exchange.url);
        let text = format!("{} {}", exchange.method, redaction::shown_url(below));
        let status = exchange.status.unwrap_or_default();
        self.progress.pass(FeedItem { status, micros: exchange.micros, ..self.item("exchange", text) });
    }

    fn ran(&self, evidence: Evidence<'_>) -> Result<Ran, RecordError> {
        let unanswered = evidence.unanswered();
        let judgement = evidence.finish(false)?;
        let millis = self.clock.elapsed().as_millis().try_into().unwrap_or(u64::MAX);
        Ok(Ran { judgement, unanswered, millis })
    }
}

/// Plays the client of a cell and writes its record to a new folder.
pub(super) async fn play(
    hands: &Hands<'_>,
    (parts, plans): (Parts<'_>, &Plans),
    faulty: bool,
    folder: (&Path, &str),
    progress: &Progress,
) -> Result<Ran, RecordError> {
    let (server, client, scenario) = parts;
    let scene = Scene::new(parts, progress);
    let directory = scene.directory(folder, plans);
    let none = Secrets::default();
    let secrets = server.access.as_ref().map_or(&none, |access| &access.secrets);
    let hushed = Hushed::new(&directory, secrets);
    let exchanged = |exchange: &Exchanged| scene.exchanged(exchange);
    let evidence = Evidence::new(&hushed, &server.base, plans.judges(), &exchanged);
    let overheard = Overheard::default();
    let http = server.access.as_ref().map_or(hands.http, |access| &access.http);
    {
        let mut tokens: HashSet<AccessToken> =
            hands.persons.persons().into_iter().map(|(token, _)| AccessToken::new(token)).collect();
        tokens.extend(server.access.iter().flat_map(|access| access.known.iter().cloned()));
        let party = PartyAtTheDoor { name: client.name.clone(), tokens };
        let hall = Hall::new(vec![party], 1, QUIET);
        let way = Way { client: http, server: &server.base, hall: &hall, overheard: &overheard, secrets };
        let sink = evidence.part(&plans.awaiting, Side::Client);
        let settings = hands.settings(&scene.circumstances, Some(Seat { hall: &hall, party: 0, base: &server.base }));
        let awaiting = engine::run(&plans.awaiting, hands.http, &sink, &settings);
        let playing = async {
            hall.opened(openings(&plans.awaiting)).await;
            let settings = PlaySettings {
                defect: client.defect.as_deref().filter(|_| faulty).and_then(ActiveDefect::parse),
                persons: hands.persons,
                twins: &scenario.twins,
                serving: &Serving::default(),
                circumstances: Circumstances::live(),
                interrupt: Interrupt::default(),
                patience: Duration::ZERO,
            };
            play::play(&plans.playing, &way, &settings, &|_| ()).await;
            hall.close(Closing::Done);
        };
        let (ran, ()) = futures_util::future::join(awaiting, playing).await;
        ran?;
        for stray in hall.strays() {
            let request = &stray.exchange.request;
            let asked = request.url.strip_prefix(&server.base).unwrap_or(&request.url);
            let text = format!("{} {}: {}", request.method, below(asked), stray.why);
            progress.pass(scene.item("unmatched", redaction::mask_bsns(&text).into_owned()));
        }
    }
    let sink = evidence.part(&plans.serving, Side::Server);
    engine::run(&plans.serving, &overheard, &sink, &hands.settings(&scene.circumstances, None)).await?;
    scene.ran(evidence)
}

/// Judges a cell whose client comes itself, on what passes, and writes its record to a new folder.
pub(super) async fn visit(
    hands: &Hands<'_>,
    (parts, plans): (Parts<'_>, &Plans),
    visit: &Visit,
    folder: (&Path, &str),
    progress: &Progress,
    interrupt: &Interrupt,
) -> Result<Ran, RecordError> {
    let scene = Scene::new(parts, progress);
    let directory = scene.directory(folder, plans);
    let hushed = Hushed::new(&directory, &visit.secrets);
    let exchanged = |exchange: &Exchanged| scene.exchanged(exchange);
    let evidence = Evidence::new(&hushed, &parts.0.base, plans.judges(), &exchanged);
    let monitor = Monitor { hands, plans, evidence: &evidence, circumstances: &scene.circumstances };
    visit.station.judge_client(&monitor, visit.over(interrupt)).await?;
    // What comes from here on is another visit.
    visit.leave();
    for stray in visit.station.strays() {
        progress.pass(scene.item("unmatched", stray));
    }
    visit.station.judge_server(&monitor).await?;
    scene.ran(evidence)
}
