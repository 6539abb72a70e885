//! A party while it is watched: its station, and its folder of the record.

use std::collections::HashSet;
use std::io::Write as _;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::connectathon::Station;
use crate::connectathon::proxy::Passed;
use crate::diagnostic::Language;
use crate::engine::awaiting::Notice;
use crate::exchange::{AccessToken, Headers, redaction};
use crate::record::{
    BodyHash, Event, EventSink, Exchanged, Record, RecordError, RecordedMessage, RunDirectory, RunStarted, new_run_id,
};

use super::super::awaiting::{file_name, of_party, told};
use super::super::console::Console;
use super::super::exit::Exit;
use super::super::run::finish;
use super::super::settings::Checked;

/// A party while it is watched.
pub(super) struct Watched {
    name: String,
    pub station: Station,
    pub directory: RunDirectory,
    /// Exchanges, where no scripts write them down.
    passed: AtomicU32,
    fault: Mutex<Option<RecordError>>,
}

impl Watched {
    /// A party of this name (or the only one, without); `tokens` are those that stand for test persons.
    pub fn new(name: &str, tokens: HashSet<AccessToken>, records: &Path, language: Language) -> Watched {
        let label = if name.is_empty() { String::new() } else { format!("{name}: ") };
        let say = move |notice: &Notice| {
            let line = format!("{label}{}", told(notice, language));
            let _ = std::io::stderr().write_all(line.as_bytes());
        };
        let id = new_run_id(jiff::Timestamp::now());
        let id = if name.is_empty() { id } else { format!("{id}-{}", file_name(name)) };
        Watched {
            name: name.to_owned(),
            station: Station::new(name, tokens, say),
            directory: RunDirectory::new(records, &id),
            passed: AtomicU32::new(0),
            fault: Mutex::default(),
        }
    }

    /// Ends a record that no scripts wrote.
    ///
    /// # Errors
    /// When it could not be written, now or before.
    pub fn close(&self) -> Result<(), RecordError> {
        if self.passed.load(Ordering::Relaxed) > 0 {
            let at = jiff::Timestamp::now().to_string();
            self.directory.event(&Event::RunFinished { at, interrupted: false })?;
        }
        self.fault.lock().ok().and_then(|mut fault| fault.take()).map_or(Ok(()), Err)
    }

    /// Reports of its record, and how they end.
    pub fn report(&self, checked: &Checked, console: &Console) -> Exit {
        if Record::open(self.directory.path()).is_err() {
            return Exit::NothingSelected;
        }
        if !self.name.is_empty() {
            console.error(&format!("\n{}\n", self.name));
        }
        let reports = checked.reports.iter().map(|report| of_party(report, &self.name)).collect();
        finish(self.directory.path(), &Checked { reports, ..checked.clone() }, console)
    }

    /// Writes an exchange down as it is.
    pub fn write(&self, passed: Passed, target: &str) {
        if let Err(error) = self.try_write(passed, target)
            && let Ok(mut fault) = self.fault.lock()
        {
            fault.get_or_insert(error);
        }
    }

    fn try_write(&self, passed: Passed, target: &str) -> Result<(), RecordError> {
        let exchange = passed.exchange;
        let number = self.passed.fetch_add(1, Ordering::SeqCst) + 1;
        if number == 1 {
            self.directory.event(&Event::RunStarted(RunStarted {
                format: 1,
                keur: env!("CARGO_PKG_VERSION").to_owned(),
                at: exchange.started.to_string(),
                target: redaction::recorded_url(target).into_owned(),
                simulated: false,
                fhir_version: String::new(),
                definitions: vec![],
                scripts: 0,
            }))?;
        }
        let message = |headers: &Headers, body: &[u8]| -> Result<RecordedMessage, RecordError> {
            let hash = BodyHash::of(body);
            if !body.is_empty() {
                self.directory.body(&hash, body)?;
            }
            let headers = headers.iter().map(|(n, v)| (n.to_owned(), redaction::recorded_header(n, v).into_owned()));
            let body = (!body.is_empty(), body.len() as u64);
            Ok(RecordedMessage { headers: headers.collect(), body: body.0.then(|| hash.to_string()), size: body.1 })
        };
        let (response, status, error) = match &exchange.result {
            Ok(r) => (Some(message(&r.headers, &r.body)?), Some(r.status), None),
            Err(error) => (None, None, Some((error.kind.code().to_owned(), error.detail.clone()))),
        };
        self.directory.event(&Event::from(Exchanged {
            exchange: number,
            script: 0,
            test: 0,
            request: message(&exchange.request.headers, &exchange.request.body)?,
            method: exchange.request.method.clone(),
            url: redaction::recorded_url(&exchange.request.url).into_owned(),
            response,
            status,
            error,
            at: exchange.started.to_string(),
            micros: exchange.elapsed.as_micros().try_into().unwrap_or(u64::MAX),
            renews: None,
        }))
    }
}
