//! The proxy while it stands: it passes on, shows what passes to the scripts, and reports at the end.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::connectathon::proxy::{Passed, Proxy, Route, Settings as ProxySettings, Tls, Upstream};
use crate::connectathon::{Evidence as Both, Hands, Monitor, Scenario, code};
use crate::diagnostic::{Language, Words};
use crate::exchange::{AccessToken, Client, ClientSettings, redaction};
use crate::record::{Exchanged, RecordError};
use crate::simulator::TokenRegistry;
use crate::testscript::Circumstances;

use super::super::choice::Choices;
use super::super::console::Console;
use super::super::exit::Exit;
use super::super::judge::Judge;
use super::super::problem;
use super::super::settings::Checked;
use super::super::stop::Stop;
use super::watched::Watched;

const NOBODY: Words = Words::new("of no party:", "van geen partij:");
const READY: Words =
    Words::new("passes on to {}; Ctrl-C ends and reports", "geeft door aan {}; Ctrl-C eindigt en rapporteert");

/// Where it stands, and what is behind it.
pub(super) struct Gateway {
    pub listen: SocketAddr,
    pub tls: Option<Tls>,
    pub upstream: Upstream,
    /// Base URL of the server behind it.
    pub base: String,
    pub routes: Vec<Route>,
    /// How much of a body is kept, in bytes.
    pub keep: usize,
}

/// What stands between.
pub(super) struct Between<'b> {
    pub scenario: Scenario,
    pub definitions: &'b Choices,
    pub persons: TokenRegistry,
    /// Longest wait for what the scripts expect.
    pub patience: Option<Duration>,
}

impl Between<'_> {
    /// Stands there until every party has done what the scripts expect, or somebody ends it.
    pub(super) async fn stand(&self, gateway: Gateway, checked: &Checked, console: &Console) -> Exit {
        let names: Vec<String> = match gateway.routes.is_empty() {
            true => vec![String::new()],
            false => gateway.routes.iter().map(|route| route.name.clone()).collect(),
        };
        let persons: HashSet<AccessToken> =
            self.persons.persons().into_iter().map(|(token, _)| AccessToken::new(token)).collect();
        let language = console.language;
        let base = gateway.base.trim_end_matches('/').to_owned();
        let watched = |name: &String| {
            let mut tokens = persons.clone();
            tokens.extend(gateway.routes.iter().filter(|r| r.name == *name).filter_map(|r| r.token.clone()));
            Arc::new(Watched::new(name, tokens, &checked.record, language))
        };
        let parties: Vec<Arc<Watched>> = names.iter().map(watched).collect();
        let judges = self.scenario.plans.judges() > 0;
        let witness = {
            let (parties, alone, target) = (parties.clone(), gateway.routes.is_empty(), base.clone());
            move |passed: Passed| {
                let party = passed.party.or(alone.then_some(0)).and_then(|party| parties.get(party));
                match party {
                    None => say_nobody(&passed, language),
                    Some(party) if judges => party.station.heard(&passed.below, passed.exchange),
                    Some(party) => party.write(passed, &target),
                }
            }
        };
        let Gateway { listen, tls, upstream, routes, keep, .. } = gateway;
        let upstream = Some(Arc::new(upstream));
        let settings = ProxySettings { listen, upstream, tls, routes, limit: keep, witness: Arc::new(witness) };
        let proxy = match Proxy::start(settings).await {
            Ok(proxy) => proxy,
            Err(error) => {
                console.tell(code::error(code::LISTEN, format!("cannot listen on {listen}: {error}")));
                return Exit::Usage;
            }
        };
        let judge = Judge::new(self.definitions);
        let http = Client::new(ClientSettings { timeout: checked.timeout, ..ClientSettings::default() });
        let hands =
            Hands { http: &http, validator: &judge, definitions: self.definitions.used(), persons: &self.persons };
        // The line that others wait for.
        if console.output(format!("http://{}\n", proxy.address).as_bytes()).is_err() {
            return Exit::Usage;
        }
        console.error(&format!("{}\n", READY.get(language).replace("{}", &redaction::shown_url(&base))));
        let (stop, _) = tokio::sync::watch::channel(false);
        let ended = async {
            let mut asked = Stop::listen();
            match self.patience {
                None => asked.asked().await,
                Some(patience) => drop(tokio::time::timeout(patience, asked.asked()).await),
            }
            stop.send_replace(true);
            // Asked again, it stops at once.
            asked.asked().await;
        };
        let judged = async {
            let runs = parties.iter().map(|party| {
                let mut over = stop.subscribe();
                let until = async move { drop(over.wait_for(|over| *over).await) };
                self.watch(party, &hands, &base, judges, until)
            });
            futures_util::future::try_join_all(runs).await
        };
        let outcome = tokio::select! {
            outcome = judged => outcome,
            () = ended => return Exit::Interrupted,
        };
        drop(proxy);
        if let Err(error) = outcome {
            console.tell(problem::error(problem::RECORD, error.to_string()));
            return Exit::Usage;
        }
        let exits: Vec<Exit> = parties.iter().map(|party| party.report(checked, console)).collect();
        Exit::worst(&exits)
    }

    async fn watch(
        &self,
        party: &Watched,
        hands: &Hands<'_>,
        base: &str,
        judges: bool,
        until: impl Future<Output = ()>,
    ) -> Result<(), RecordError> {
        if !judges {
            until.await;
            return party.close();
        }
        let ignore = |_: &Exchanged| ();
        let evidence = Both::new(&party.directory, base, self.scenario.plans.judges(), &ignore);
        let (plans, circumstances) = (&self.scenario.plans, &Circumstances::live());
        party.station.judge(&Monitor { hands, plans, evidence: &evidence, circumstances }, until).await?;
        evidence.finish(false).map(|_| ())
    }
}

fn say_nobody(passed: &Passed, language: Language) {
    let request = &passed.exchange.request;
    let line = format!("{} {} {}\n", NOBODY.get(language), request.method, redaction::shown_url(&passed.below));
    let _ = std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes());
}
