//! Keeps the secrets of a run out of its record: a record never holds a token.
//!
//! Secrets leave an exchange before it is judged, so that what is recorded is what was judged and a replay
//! comes to the same. Only secret headers of the request stay as sent until they are written down:
//! scripts compare them with the tokens they were given.

use std::borrow::Cow;

use crate::engine::{Call, Sending, Transport};
use crate::exchange::{Exchange, Headers, Peer, Request, Secrets, redaction};
use crate::record::{ActionFinished, BodyHash, Event, EventSink, Exchanged, Miss, RecordError};

/// A transport whose exchanges hold no secrets where none belong.
pub struct Discreet<'t> {
    transport: &'t dyn Transport,
    secrets: &'t Secrets,
}

impl<'t> Discreet<'t> {
    /// Around another transport.
    pub fn new(transport: &'t dyn Transport, secrets: &'t Secrets) -> Self {
        Discreet { transport, secrets }
    }
}

impl Transport for Discreet<'_> {
    fn send<'t>(&'t self, request: Request, call: Call<'t>) -> Sending<'t> {
        Box::pin(async move { without(self.transport.send(request, call).await, self.secrets) })
    }

    fn seen(&self, exchange: Exchange) -> Exchange {
        without(self.transport.seen(exchange), self.secrets)
    }

    fn peers(&self) -> Vec<Peer> {
        self.transport.peers()
    }
}

/// An exchange without these secrets, and with secret headers of the answer as they are recorded.
pub fn without(mut exchange: Exchange, secrets: &Secrets) -> Exchange {
    let request = &mut exchange.request;
    request.url = secrets.text(&request.url).into_owned();
    request.body = secrets.body(&request.body);
    let kept = |name: &str, value: &str| match redaction::is_secret_header(name) {
        true => value.to_owned(),
        false => secrets.text(value).into_owned(),
    };
    request.headers = request.headers.iter().map(|(name, value)| (name.to_owned(), kept(name, value))).collect();
    match &mut exchange.result {
        Ok(response) => {
            response.body = secrets.body(&response.body);
            let recorded =
                |name: &str, value: &str| secrets.text(&redaction::recorded_header(name, value)).into_owned();
            let headers = response.headers.iter().map(|(name, value)| (name.to_owned(), recorded(name, value)));
            response.headers = headers.collect::<Headers>();
        }
        Err(error) => error.detail = secrets.text(&error.detail).into_owned(),
    }
    exchange.refused = exchange.refused.map(|refused| Box::new(without(*refused, secrets)));
    exchange
}

/// A sink that is told no secrets.
pub struct Hushed<'s> {
    sink: &'s dyn EventSink,
    secrets: &'s Secrets,
}

impl<'s> Hushed<'s> {
    /// Before another sink.
    pub fn new(sink: &'s dyn EventSink, secrets: &'s Secrets) -> Self {
        Hushed { sink, secrets }
    }

    fn action(&self, action: &ActionFinished) -> ActionFinished {
        let mut action = action.clone();
        let titled = self.secrets.text(&action.title).into_owned();
        rewrite(&mut action, &|text| self.secrets.text(text));
        action.title = titled;
        action
    }
}

/// Members of an issue that come from definitions, not over the wire.
const OWN_WORDS: [&str; 7] = ["severity", "code", "profile", "path", "slice", "discriminator", "expected"];

/// Rewrites every text of an action that can hold what came over the wire. Its title is the script's.
///
/// Issues are rewritten member by member, those that nobody thought of included: what is new in an event is
/// hidden until it is known to be harmless.
pub fn rewrite(action: &mut ActionFinished, with: &dyn Fn(&str) -> Cow<'_, str>) {
    let ActionFinished { message, expected, found, miss, issues, .. } = action;
    let missed = miss.as_mut().and_then(Miss::what_mut);
    for text in [message].into_iter().chain(expected.as_mut()).chain(found.as_mut()).chain(missed) {
        if let Cow::Owned(other) = with(text) {
            *text = other;
        }
    }
    for issue in issues {
        let Ok(mut value) = serde_json::to_value(&*issue) else { continue };
        if rewrite_value(&mut value, with)
            && let Ok(other) = serde_json::from_value(value)
        {
            *issue = other;
        }
    }
}

/// True when something was another.
fn rewrite_value(value: &mut serde_json::Value, with: &dyn Fn(&str) -> Cow<'_, str>) -> bool {
    match value {
        serde_json::Value::String(text) => {
            let other = match with(text) {
                Cow::Owned(other) => other,
                Cow::Borrowed(_) => return false,
            };
            *text = other;
            true
        }
        serde_json::Value::Array(values) => {
            values.iter_mut().fold(false, |changed, value| rewrite_value(value, with) | changed)
        }
        serde_json::Value::Object(members) => {
            let foreign = members.iter_mut().filter(|(name, _)| !OWN_WORDS.contains(&name.as_str()));
            foreign.fold(false, |changed, (_, value)| rewrite_value(value, with) | changed)
        }
        _ => false,
    }
}

impl EventSink for Hushed<'_> {
    fn event(&self, event: &Event) -> Result<(), RecordError> {
        match event {
            Event::ActionFinished(action) if !self.secrets.is_empty() => {
                self.sink.event(&Event::from(self.action(action)))
            }
            Event::Exchanged(exchanged) if !self.secrets.is_empty() => {
                let url = self.secrets.text(&exchanged.url).into_owned();
                self.sink.event(&Event::from(Exchanged { url, ..(**exchanged).clone() }))
            }
            _ => self.sink.event(event),
        }
    }

    fn body(&self, hash: &BodyHash, body: &[u8]) -> Result<(), RecordError> {
        self.sink.body(hash, body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn members_of_an_issue_that_nobody_thought_of_are_rewritten_and_those_of_definitions_are_not() {
        let mut value = json!({"code": "secret", "message": "a secret", "slices": [{"path": "secret", "found": "secret"}], "target": {"line": 3, "span": [1, 2]}});
        assert!(rewrite_value(&mut value, &|text| text.replace("secret", "…").into()));
        let expected = json!({"code": "secret", "message": "a …", "slices": [{"path": "secret", "found": "…"}], "target": {"line": 3, "span": [1, 2]}});
        assert_eq!(value, expected);
        assert!(!rewrite_value(&mut value, &|text| text.into()));
    }
    use crate::exchange::{Response, TransportError, TransportErrorKind};

    fn exchange(result: Result<Response, TransportError>) -> Exchange {
        let headers = [("Authorization", "Bearer secret-1"), ("X-Copy", "secret-1")].into_iter().collect();
        let request =
            Request { method: "GET".into(), url: "http://h/secret-1".into(), headers, body: "secret-1".into() };
        Exchange { request, result, started: jiff::Timestamp::UNIX_EPOCH, elapsed: Default::default(), refused: None }
    }

    #[test]
    fn a_secret_is_nowhere_in_an_exchange_but_in_the_header_it_was_sent_in() {
        let mut secrets = Secrets::default();
        secrets.add("secret-1");
        let headers = [("Set-Cookie", "a=b"), ("Location", "http://h/secret-1")].into_iter().collect();
        let answered = without(exchange(Ok(Response { status: 200, headers, body: "<secret-1>".into() })), &secrets);
        let response = answered.result.as_ref().unwrap();
        assert_eq!(response.body, "<********>");
        assert!(response.headers.get("Set-Cookie").unwrap().starts_with("…sha256:"));
        assert_eq!(answered.request.headers.get("Authorization"), Some("Bearer secret-1"));
        let error = TransportError { kind: TransportErrorKind::Broken, detail: "at secret-1".into() };
        for exchange in [answered, without(exchange(Err(error)), &secrets)] {
            assert_eq!(format!("{exchange:?}").matches("secret-1").count(), 1, "{exchange:?}");
        }
    }
}
