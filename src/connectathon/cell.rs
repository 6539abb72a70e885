//! One cell: the client plays, both sides are judged.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::engine::awaiting::{Closing, Hall, PartyAtTheDoor, Seat};
use crate::engine::play::{self, ActiveDefect, PlaySettings, Serving};
use crate::engine::{self, Interrupt, ProfileValidator, RunSettings, openings};
use crate::exchange::{AccessToken, Client as HttpClient, redaction};
use crate::record::{DefinitionUse, Exchanged, RecordError, RunDirectory};
use crate::simulator::TokenRegistry;
use crate::testscript::Circumstances;

use super::evidence::{Evidence, Judgement, Unanswered};
use super::outcome::Side;
use super::overheard::{Overheard, Way};
use super::progress::{FeedItem, Progress};
use super::scenario::Scenario;
use super::tournament::{Client, Server};

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

/// A run of a cell.
pub(super) struct Ran {
    pub judgement: Judgement,
    pub unanswered: Option<Unanswered>,
    pub millis: u64,
}

/// Runs a cell and writes its record to a new folder.
pub(super) async fn run(
    hands: &Hands<'_>,
    ((server, client, scenario), faulty): ((&Server, &Client, &Scenario), bool),
    folder: (&Path, &str),
    progress: &Progress,
) -> Result<Ran, RecordError> {
    let clock = Instant::now();
    let directory = RunDirectory::new(folder.0, folder.1);
    let item = |kind: &'static str, text: String| FeedItem {
        number: 0,
        at: jiff::Timestamp::now().to_string(),
        server: server.name.clone(),
        client: client.name.clone(),
        scenario: scenario.name.clone(),
        kind,
        text,
        status: 0,
        micros: 0,
    };
    let exchanged = |exchange: &Exchanged| {
        let below = exchange.url.strip_prefix(&server.base).unwrap_or(&exchange.url);
        let text = format!("{} {}", exchange.method, redaction::shown_url(below));
        let status = exchange.status.unwrap_or_default();
        progress.pass(FeedItem { status, micros: exchange.micros, ..item("exchange", text) });
    };
    let total = scenario.awaiting.scripts.len() + scenario.serving.scripts.len();
    let evidence = Evidence::new(&directory, &server.base, total, &exchanged);
    let overheard = Overheard::default();
    {
        let tokens = hands.persons.persons().into_iter().map(|(token, _)| AccessToken::new(token)).collect();
        let party = PartyAtTheDoor { name: client.name.clone(), tokens };
        let hall = Hall::new(vec![party], 1, QUIET);
        let way = Way { client: hands.http, server: &server.base, hall: &hall, overheard: &overheard };
        let sink = evidence.part(&scenario.awaiting, Side::Client);
        let settings = settings(hands, Some(Seat { hall: &hall, party: 0, base: &server.base }));
        let awaiting = engine::run(&scenario.awaiting, hands.http, &sink, &settings);
        let playing = async {
            hall.opened(openings(&scenario.awaiting)).await;
            let settings = PlaySettings {
                defect: client.defect.as_deref().filter(|_| faulty).and_then(ActiveDefect::parse),
                persons: hands.persons,
                twins: &scenario.twins,
                serving: &Serving::default(),
                circumstances: Circumstances::live(),
                interrupt: Interrupt::default(),
                patience: Duration::ZERO,
            };
            play::play(&scenario.playing, &way, &settings, &|_| ()).await;
            hall.close(Closing::Done);
        };
        let (ran, ()) = futures_util::future::join(awaiting, playing).await;
        ran?;
        for stray in hall.strays() {
            let request = &stray.exchange.request;
            let below = request.url.strip_prefix(&server.base).unwrap_or(&request.url);
            let text = format!("{} {}: {}", request.method, redaction::shown_url(below), stray.why);
            progress.pass(item("unmatched", redaction::mask_bsns(&text).into_owned()));
        }
    }
    let sink = evidence.part(&scenario.serving, Side::Server);
    engine::run(&scenario.serving, &overheard, &sink, &settings(hands, None)).await?;
    let unanswered = evidence.unanswered();
    let judgement = evidence.finish(false)?;
    Ok(Ran { judgement, unanswered, millis: clock.elapsed().as_millis().try_into().unwrap_or(u64::MAX) })
}

fn settings<'r>(hands: &'r Hands<'_>, awaiting: Option<Seat<'r>>) -> RunSettings<'r> {
    RunSettings {
        definitions: hands.definitions.clone(),
        validator: Some(hands.validator),
        awaiting,
        ..RunSettings::default()
    }
}
