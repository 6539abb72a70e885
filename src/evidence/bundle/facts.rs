//! What the record says about the run and the server: the part of a manifest that can be checked again.

use crate::fhir::{self, Format};
use crate::record::{DefinitionUse, Event, Exchanged, Record, RunInputs};
use crate::report::RunReport;

use super::manifest::{Hashed, Run, Target};

/// The run, but for who ran it and its id.
pub fn run(report: &RunReport, inputs: Option<&RunInputs>) -> Run {
    let verdict = serde_json::to_value(report.verdict).ok();
    Run {
        id: String::new(),
        verdict: verdict.and_then(|verdict| verdict.as_str().map(str::to_owned)).unwrap_or_default(),
        started: report.started.clone(),
        finished: report.finished.clone(),
        clock: inputs.map(|inputs| inputs.clock_source.clone()).unwrap_or_default(),
        operator: None,
        keur: report.keur.clone(),
        exchanges: report.receipt.exchanges.total,
    }
}

/// The scripts by hash.
pub fn scripts(events: &[Event]) -> Vec<Hashed> {
    let script = |event: &Event| match event {
        Event::ScriptStarted(script) => Some(Hashed { path: script.path.clone(), sha256: script.sha256.clone() }),
        _ => None,
    };
    events.iter().filter_map(script).collect()
}

/// The packages that verdicts rest on.
pub fn packages(events: &[Event]) -> Vec<DefinitionUse> {
    match events.first() {
        Some(Event::RunStarted(started)) => started.definitions.clone(),
        _ => vec![],
    }
}

/// The server, as far as its answers tell.
pub fn target(record: &Record) -> Target {
    let mut target = Target::default();
    for event in record.events() {
        match event {
            Event::RunStarted(started) => {
                target.url.clone_from(&started.target);
                target.simulated = started.simulated;
            }
            Event::ServerSeen(server) if !target.certificates.contains(&server.sha256) => {
                target.certificates.push(server.sha256.clone());
            }
            Event::Exchanged(exchange) => {
                let headers = exchange.response.as_ref().map(|response| &response.headers);
                let server = headers.into_iter().flatten().find(|(name, _)| name.eq_ignore_ascii_case("Server"));
                target.server = target.server.take().or_else(|| server.map(|(_, value)| value.clone()));
                if target.software.is_none() && is_capabilities(exchange) {
                    target.software = software(record, exchange);
                }
            }
            _ => {}
        }
    }
    target
}

fn is_capabilities(exchange: &Exchanged) -> bool {
    let path = exchange.url.split(['?', '#']).next().unwrap_or_default();
    exchange.status == Some(200) && path.ends_with("/metadata")
}

/// `name version` of the software in a CapabilityStatement.
fn software(record: &Record, exchange: &Exchanged) -> Option<String> {
    let hash = exchange.response.as_ref()?.body.as_deref()?;
    let body = record.body(hash).ok()??;
    let text = std::str::from_utf8(&body).ok()?;
    let document = fhir::read(text.to_owned(), fhir::sniff(text).unwrap_or(Format::Json)).ok()?;
    let software = document.root().child("software")?;
    let parts = ["name", "version"].map(|name| software.child_value(name).map(str::to_owned));
    let said: Vec<String> = parts.into_iter().flatten().collect();
    (!said.is_empty()).then(|| said.join(" "))
}
