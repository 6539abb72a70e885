//! What a script did, as the log has it.

use std::iter::successors;
use std::sync::atomic::Ordering;

use crate::exchange::{Exchange, Headers, redaction};
use crate::record::{ActionFinished, BodyHash, Event, Exchanged, RecordError, RecordedMessage, ScriptPlace};
use crate::testscript::{Action, Place};

use super::super::title::{assert_title, operation_title};
use super::script::{Done, ScriptRun};

impl ScriptRun<'_> {
    /// Counts an exchange and writes it down, after the one whose refused token it renews; under the number it
    /// had where it comes from a record.
    pub(super) fn record(&self, test: u32, exchange: &Exchange, known: Option<u32>) -> Result<u32, RecordError> {
        let refused = successors(exchange.refused.as_deref(), |refused| refused.refused.as_deref()).count() as u32;
        // Their numbers follow each other, whoever else counts.
        let count = self.portion.run.exchanges.fetch_add(refused + 1, Ordering::Relaxed) + refused + 1;
        let number = known.unwrap_or(count);
        self.numbered(number, test, exchange)?;
        Ok(number)
    }

    fn numbered(&self, number: u32, test: u32, exchange: &Exchange) -> Result<(), RecordError> {
        let renews = exchange.refused.as_deref().map(|refused| (number.saturating_sub(1), refused));
        if let Some((before, refused)) = renews {
            self.numbered(before, test, refused)?;
        }
        if exchange.result.is_ok() {
            self.portion.run.answered.fetch_add(1, Ordering::Relaxed);
        }
        self.exchanged(number, test, exchange, renews.map(|(before, _)| before))
    }

    /// Writes an exchange down: bodies first, so that the event never refers to what is not there.
    fn exchanged(&self, number: u32, test: u32, exchange: &Exchange, renews: Option<u32>) -> Result<(), RecordError> {
        let Exchange { request, result, started, elapsed, .. } = exchange;
        let recorded_request = self.message(&request.headers, &request.body)?;
        let (response, status, error) = match result {
            Ok(response) => (Some(self.message(&response.headers, &response.body)?), Some(response.status), None),
            Err(error) => (None, None, Some((error.kind.code().to_owned(), error.detail.clone()))),
        };
        self.portion.run.sink.event(&Event::from(Exchanged {
            exchange: number,
            script: self.number,
            test,
            request: recorded_request,
            method: request.method.clone(),
            url: redaction::recorded_url(&request.url).into_owned(),
            response,
            status,
            error,
            at: started.to_string(),
            micros: elapsed.as_micros().try_into().unwrap_or(u64::MAX),
            renews,
        }))
    }

    fn message(&self, headers: &Headers, body: &[u8]) -> Result<RecordedMessage, RecordError> {
        let masked =
            |(name, value): (&str, &str)| (name.to_owned(), redaction::recorded_header(name, value).into_owned());
        let headers = headers.iter().map(masked).collect();
        if body.is_empty() {
            return Ok(RecordedMessage { headers, body: None, size: 0 });
        }
        let hash = BodyHash::of(body);
        self.portion.run.sink.body(&hash, body)?;
        Ok(RecordedMessage { headers, body: Some(hash.to_string()), size: body.len() as u64 })
    }

    pub(super) fn finished(&self, test: u32, number: u32, action: &Action, done: Done) -> Result<(), RecordError> {
        let Done { kind, finding, exchange } = done;
        let (title, place) = match action {
            Action::Operation(operation) => (operation_title(operation), &operation.place),
            Action::Assert(assert) => (assert_title(assert), &assert.check_place),
        };
        self.portion.run.sink.event(&Event::from(ActionFinished {
            script: self.number,
            test,
            action: number,
            kind,
            verdict: finding.verdict,
            code: finding.code.map(|c| c.to_string()).unwrap_or_default(),
            title,
            message: finding.message,
            expected: finding.expected,
            found: finding.found,
            source: self.script_place(place),
            exchange,
            target: finding.target,
            miss: finding.miss,
            codes: finding.codes,
            issues: finding.issues,
        }))
    }

    pub(super) fn script_place(&self, place: &Place) -> ScriptPlace {
        let own = *place.source.name == *self.planned.script.path.to_string_lossy();
        ScriptPlace {
            path: (!own).then(|| place.source.name.to_string()),
            line: place.position.line,
            column: place.position.column,
            span: (place.span.start() as u32, place.span.end() as u32),
        }
    }
}
