//! A station: what passes between a party and a server is shown to the scripts of both sides.

use std::collections::HashSet;
use std::convert::Infallible;
use std::io::Read as _;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::{Either, select};

use crate::engine;
use crate::engine::awaiting::{Arrival, Closing, Hall, Notice, PartyAtTheDoor, Seat, Stray};
use crate::evidence::discretion::without;
use crate::exchange::{AccessToken, Exchange, Headers, Request, Response, Secrets, redaction};
use crate::record::RecordError;
use crate::simulator::Reception as _;
use crate::testscript::Circumstances;

use super::cell::Hands;
use super::evidence::Evidence;
use super::outcome::Side;
use super::overheard::Overheard;
use super::scenario::{BASE, Plans};

/// How long nothing shall have passed before nearly right requests are given away.
const QUIET: Duration = Duration::from_millis(1500);
/// The largest body that is unpacked to be looked at.
const UNPACKED: u64 = 64 * 1024 * 1024;

/// Where the exchanges of one party with one server are looked at.
pub struct Station {
    hall: Hall,
    overheard: Overheard,
    secrets: Secrets,
    last: Mutex<Instant>,
    /// What passed before the scripts of the client were open; None once they are.
    early: Mutex<Option<Vec<(Request, Exchange)>>>,
}

/// Who judges what passes, as the monitor of a connectathon does.
pub struct Monitor<'m> {
    /// With what.
    pub hands: &'m Hands<'m>,
    /// By which scripts.
    pub plans: &'m Plans,
    /// Where verdicts are written.
    pub evidence: &'m Evidence<'m>,
    /// At what time.
    pub circumstances: &'m Circumstances,
}

impl Station {
    /// For a party; `tokens` are those that stand for test persons.
    pub fn new(
        party: &str,
        tokens: HashSet<AccessToken>,
        listener: impl Fn(&Notice) + Send + Sync + 'static,
    ) -> Station {
        let mut secrets = Secrets::default();
        tokens.iter().for_each(|token| secrets.add(token.expose()));
        let party = PartyAtTheDoor { name: party.to_owned(), tokens };
        Station {
            hall: Hall::new(vec![party], 1, QUIET).listening(listener),
            overheard: Overheard::default(),
            secrets,
            last: Mutex::new(Instant::now()),
            early: Mutex::new(Some(vec![])),
        }
    }

    /// An exchange passed; `below` is what was asked below the base of the server.
    pub fn heard(&self, below: &str, exchange: Exchange) {
        let asked = Request { url: format!("{BASE}{below}"), ..exchange.request.clone() };
        let exchange = without(unpacked(exchange), &self.secrets);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        // Kept first: the scripts of the client may be over with it.
        self.overheard.keep(Arrival::of(&asked), exchange.clone());
        let mut early = self.early.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *early {
            Some(waiting) => waiting.push((asked, exchange)),
            None => self.admit(&asked, exchange),
        }
    }

    fn admit(&self, asked: &Request, exchange: Exchange) {
        let admission = self.hall.receive(asked);
        self.hall.answered(admission.ticket, exchange);
    }

    /// The request that begins a visit is there before any script waits for it: what came is let in when all
    /// of them are open.
    async fn let_in(&self, scripts: usize) -> Infallible {
        self.hall.opened(scripts).await;
        {
            let mut early = self.early.lock().unwrap_or_else(PoisonError::into_inner);
            for (asked, exchange) in early.take().into_iter().flatten() {
                self.admit(&asked, exchange);
            }
        }
        std::future::pending().await
    }

    /// Comes back when nothing has passed for so long.
    pub async fn quiet_for(&self, moment: Duration) {
        loop {
            let since = self.last.lock().unwrap_or_else(PoisonError::into_inner).elapsed();
            match moment.checked_sub(since) {
                None => return,
                Some(left) => tokio::time::sleep(left).await,
            }
        }
    }

    /// What came and no script of the client waited for, as it may be shown, with the reason.
    pub fn strays(&self) -> Vec<String> {
        let shown = |stray: &Stray| {
            let request = &stray.exchange.request;
            let text = format!("{} {}: {}", request.method, below(&request.url), stray.why);
            redaction::mask_bsns(&text).into_owned()
        };
        self.hall.strays().iter().map(shown).collect()
    }

    /// Judges both sides: the client's scripts as requests come, until all came or `until` is over; then the
    /// server's on what passed.
    ///
    /// # Errors
    /// When the record cannot be written.
    pub async fn judge(&self, monitor: &Monitor<'_>, until: impl Future<Output = ()>) -> Result<(), RecordError> {
        self.judge_client(monitor, until).await?;
        self.judge_server(monitor).await
    }

    /// Judges the client, as its requests come.
    ///
    /// # Errors
    /// When the record cannot be written.
    pub async fn judge_client(
        &self,
        monitor: &Monitor<'_>,
        until: impl Future<Output = ()>,
    ) -> Result<(), RecordError> {
        let Monitor { hands, plans, evidence, circumstances } = monitor;
        let sink = evidence.part(&plans.awaiting, Side::Client);
        let seat = Seat { hall: &self.hall, party: 0, base: evidence.target() };
        let settings = hands.settings(circumstances, Some(seat));
        let mut running = std::pin::pin!(async {
            let run = std::pin::pin!(engine::run(&plans.awaiting, hands.http, &sink, &settings));
            let opened = std::pin::pin!(self.let_in(engine::openings(&plans.awaiting)));
            match select(run, opened).await {
                Either::Left((ran, _)) => ran,
                Either::Right((never, _)) => match never {},
            }
        });
        let mut until = std::pin::pin!(until);
        if !plans.awaits() {
            until.await;
            return running.await.map(|_| ());
        }
        tokio::select! {
            ran = &mut running => {
                ran?;
                // More may come that only the server is judged by.
                tokio::select! {
                    () = self.quiet_for(QUIET) => {}
                    () = &mut until => {}
                }
            }
            () = &mut until => {
                self.hall.close(Closing::Done);
                running.await?;
            }
        }
        Ok(())
    }

    /// Judges the server on what passed.
    ///
    /// # Errors
    /// When the record cannot be written.
    pub async fn judge_server(&self, monitor: &Monitor<'_>) -> Result<(), RecordError> {
        let Monitor { hands, plans, evidence, circumstances } = monitor;
        let sink = evidence.part(&plans.serving, Side::Server);
        engine::run(&plans.serving, &self.overheard, &sink, &hands.settings(circumstances, None)).await.map(|_| ())
    }
}

/// A URL below the base of the server, as it may be shown.
pub(super) fn below(url: &str) -> String {
    redaction::shown_url(url.strip_prefix(BASE).unwrap_or(url)).into_owned()
}

/// With the body of a packed answer unpacked: what passed stays packed, what is judged is what was meant.
fn unpacked(mut exchange: Exchange) -> Exchange {
    if let Ok(response) = &mut exchange.result
        && response.headers.get("Content-Encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("gzip"))
    {
        let mut body = vec![];
        let mut reader = flate2::read::MultiGzDecoder::new(&*response.body).take(UNPACKED);
        // What cannot be unpacked is looked at as it came.
        if reader.read_to_end(&mut body).is_ok() {
            let kept = |(name, _): &(&str, &str)| !name.eq_ignore_ascii_case("Content-Encoding");
            let headers: Headers = response.headers.iter().filter(kept).collect();
            *response = Response { status: response.status, headers, body: body.into() };
        }
    }
    exchange
}
