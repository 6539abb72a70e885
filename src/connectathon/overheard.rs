//! Exchanges between two parties, overheard: as they pass they are shown to the scripts of the client, and
//! kept for those of the server.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::engine::awaiting::{Arrival, Hall};
use crate::engine::{Call, Sending, Transport};
use crate::evidence::discretion::without;
use crate::exchange::{
    Client, Exchange, Headers, Request, Response, Secrets, TransportError, TransportErrorKind, redaction,
};
use crate::fhir::Format;
use crate::simulator::Reception;

use super::scenario::BASE;

/// An exchange with what tells for which request of a script it is.
struct Heard {
    asked: Arrival,
    exchange: Exchange,
    used: bool,
}

/// The exchanges of a cell so far. As a transport it answers the requests of the server's scripts with
/// what the client got for the same request; one that the client did not make has no answer.
#[derive(Default)]
pub struct Overheard(Mutex<Vec<Heard>>);

impl Overheard {
    /// Keeps an exchange; `asked` is its request seen from the base of the server.
    pub fn keep(&self, asked: Arrival, exchange: Exchange) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Heard { asked, exchange, used: false });
    }

    fn find(&self, request: &Request) -> Option<Exchange> {
        let wanted = Arrival::of(request);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |heard: &Heard| {
            same(&wanted, &heard.asked) && same_format(&request.headers, &heard.exchange.request.headers)
        };
        let at = all.iter().position(|heard| !heard.used && fits(heard)).or_else(|| all.iter().rposition(fits))?;
        let heard = all.get_mut(at)?;
        heard.used = true;
        Some(heard.exchange.clone())
    }
}

/// The same request: method, path, parameters in whatever order, token and type of the body.
fn same(a: &Arrival, b: &Arrival) -> bool {
    let sorted = |arrival: &Arrival| {
        let mut query = arrival.query.clone();
        query.sort();
        query
    };
    (&a.method, &a.segments, &a.token, &a.body) == (&b.method, &b.segments, &b.token, &b.body) && sorted(a) == sorted(b)
}

/// Whether the same format is asked for, where both say.
fn same_format(a: &Headers, b: &Headers) -> bool {
    let format = |headers: &Headers| headers.get("Accept").and_then(Format::from_media_type);
    match (format(a), format(b)) {
        (Some(a), Some(b)) => a == b,
        _ => true,
    }
}

impl Transport for Overheard {
    fn send<'t>(&'t self, request: Request, _: Call<'t>) -> Sending<'t> {
        let heard = self.find(&request).unwrap_or_else(|| {
            let url = redaction::shown_url(request.url.strip_prefix(BASE).unwrap_or(&request.url)).into_owned();
            let detail = format!("the client did not ask for `{} {url}`", request.method);
            nothing(request, TransportErrorKind::NotRecorded, detail)
        });
        Box::pin(std::future::ready(heard))
    }
}

fn nothing(request: Request, kind: TransportErrorKind, detail: String) -> Exchange {
    let result = Err(TransportError { kind, detail });
    Exchange { request, result, started: jiff::Timestamp::now(), elapsed: Duration::ZERO, refused: None }
}

/// The way of a played client to a server: everything that passes is overheard.
pub struct Way<'w> {
    /// Sends.
    pub client: &'w Client,
    /// Base URL of the server.
    pub server: &'w str,
    /// Scripts of the client wait here.
    pub hall: &'w Hall,
    /// Exchanges are kept here.
    pub overheard: &'w Overheard,
    /// What is not kept.
    pub secrets: &'w Secrets,
}

impl Way<'_> {
    async fn pass(&self, request: Request) -> Exchange {
        let below = request.url.strip_prefix(BASE).unwrap_or(&request.url);
        if below.split('?').next() == Some(Hall::STATUS) {
            // A server is not asked what keur's own waiting would tell: the client knows its scripts.
            let answer = Response { status: 404, headers: Headers::new(), body: bytes::Bytes::new() };
            let started = jiff::Timestamp::now();
            return Exchange { request, result: Ok(answer), started, elapsed: Duration::ZERO, refused: None };
        }
        let admission = self.hall.receive(&request);
        let asked = Arrival::of(&request);
        let url = format!("{}{below}", self.server);
        let exchange = without(self.client.send(Request { url, ..request }).await, self.secrets);
        self.overheard.keep(asked, exchange.clone());
        self.hall.answered(admission.ticket, exchange.clone());
        exchange
    }
}

impl Transport for Way<'_> {
    fn send<'t>(&'t self, request: Request, _: Call<'t>) -> Sending<'t> {
        Box::pin(self.pass(request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(url: &str, token: &str, accept: &str) -> Request {
        let headers = [("Authorization", format!("Bearer {token}")), ("Accept", accept.to_owned())];
        Request {
            method: "GET".into(),
            url: url.into(),
            headers: headers.into_iter().collect(),
            body: Default::default(),
        }
    }

    #[test]
    fn only_the_same_request_of_the_same_person_in_the_same_format_answers() {
        let overheard = Overheard::default();
        let asked = request(&format!("{BASE}/Condition?b=2&a=1"), "t", "application/fhir+json");
        let answer = Response { status: 200, headers: Headers::new(), body: "x".into() };
        let exchange = Exchange {
            request: Request { url: "https://server.example/fhir/Condition?b=2&a=1".into(), ..asked.clone() },
            result: Ok(answer),
            started: jiff::Timestamp::UNIX_EPOCH,
            elapsed: Duration::ZERO,
            refused: None,
        };
        overheard.keep(Arrival::of(&asked), exchange);
        for (url, token, accept, found) in [
            ("/Condition?a=1&b=2", "t", "application/fhir+json", true),
            ("/Condition?a=1&b=2&_format=json", "t", "*/*", true),
            ("/Condition?a=1&b=2", "other", "application/fhir+json", false),
            ("/Condition?a=1&b=2", "t", "application/fhir+xml", false),
            ("/Condition?a=1", "t", "application/fhir+json", false),
            ("/Flag?a=1&b=2", "t", "application/fhir+json", false),
        ] {
            let wanted = request(&format!("{BASE}{url}"), token, accept);
            assert_eq!(overheard.find(&wanted).is_some(), found, "{url} {token} {accept}");
        }
    }
}
