//! Replay: the verdicts of a run, derived again from what was recorded.
//!
//! The engine runs as it did, with the clock and the chance of the run; its requests are answered from the
//! record. With the scripts and packages of the run the events are the same to the byte; with others they
//! say what would have been. A request that the record does not know is not evaluated, never guessed.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;

use crate::engine::{Call, Plan, RunSettings, Sending, Transport, run};
use crate::exchange::{Exchange, Headers, Peer, Request, Response, TransportError, TransportErrorKind, redaction};
use crate::record::{ActionKind, Event, EventSink, Exchanged, ReadRecordError, Record, RecordError, RecordedMessage};

/// Why a record cannot be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// A body is gone or was altered.
    #[error(transparent)]
    Record(#[from] ReadRecordError),
    /// A body is not there.
    #[error("the record has no body `{0}`")]
    NoBody(String),
    /// The log does not begin with the start of a run.
    #[error("the record does not begin with the start of a run")]
    NoStart,
    /// The engine waited for something that a record does not give.
    #[error("the run waited for more than a record can give")]
    Waited,
}

/// The events that a plan comes to when the record answers. `same` says that the scripts are those of the
/// record: then a run that broke off is replayed as far as it came.
pub fn replay(record: &Record, plan: &Plan, settings: &RunSettings<'_>, same: bool) -> Result<Vec<Event>, ReplayError> {
    let answers = Answers::new(record, same);
    let collected = Collected::default();
    {
        let running = std::pin::pin!(run(plan, &answers, &collected, settings));
        // Answers are there at once, so the run never waits: one poll carries it to its end.
        match running.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(_) => {}
            Poll::Pending => return Err(ReplayError::Waited),
        }
    }
    if let Some(fault) = answers.fault() {
        return Err(fault);
    }
    let events = collected.into_events();
    let events = at_its_time(record, events, same)?;
    Ok(if same { with_tokens(record, in_its_order(record, events)) } else { events })
}

/// With the logins of the record where they were: nobody logs in again.
fn with_tokens(record: &Record, events: Vec<Event>) -> Vec<Event> {
    let mut before: HashMap<Place, Vec<&Event>> = HashMap::new();
    let mut obtained = vec![];
    for event in record.events() {
        match event {
            Event::TokenObtained(_) => obtained.push(event),
            _ if obtained.is_empty() => {}
            other => before.entry(place(other)).or_default().append(&mut obtained),
        }
    }
    let mut whole = Vec::with_capacity(events.len());
    for event in events {
        whole.extend(before.remove(&place(&event)).into_iter().flatten().cloned());
        whole.push(event);
    }
    whole.extend(obtained.into_iter().cloned());
    whole
}

/// With the moments of the record, and, for the same scripts, as far as the record goes.
///
/// # Errors
/// When the record does not begin with the start of a run.
pub fn at_its_time(record: &Record, mut events: Vec<Event>, same: bool) -> Result<Vec<Event>, ReplayError> {
    let Some(Event::RunStarted(recorded)) = record.events().first() else { return Err(ReplayError::NoStart) };
    if let Some(Event::RunStarted(started)) = events.first_mut() {
        started.at.clone_from(&recorded.at);
        started.keur.clone_from(&recorded.keur);
        started.target.clone_from(&recorded.target);
        if same {
            started.scripts = recorded.scripts;
        }
    }
    let ended = matches!(record.events().last(), Some(Event::RunFinished { interrupted: false, .. }));
    if same && !ended {
        let reached: HashSet<Place> = record.events().iter().map(place).collect();
        events.retain(|event| reached.contains(&place(event)));
    }
    let finish = record.events().iter().rev().find(|event| matches!(event, Event::RunFinished { .. }));
    match (events.last_mut(), finish) {
        (Some(last @ Event::RunFinished { .. }), Some(finish)) => *last = finish.clone(),
        (Some(Event::RunFinished { .. }), None) if !same => drop(events.pop()),
        _ => {}
    }
    Ok(events)
}

/// What an event is about, as far as another run of the same scripts has it too.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Place {
    Run,
    Token,
    Server(String),
    Script(u32),
    Test(u32, u32),
    Exchange(u32),
    Action(u32, u32, u32),
    ScriptEnd(u32),
    End,
}

/// In the order of the record, which is another where scripts ran side by side; what it does not have stays where it is, after what came before it.
pub fn in_its_order(record: &Record, events: Vec<Event>) -> Vec<Event> {
    let known: HashMap<Place, usize> = record.events().iter().enumerate().map(|(at, e)| (place(e), at)).collect();
    let mut last = 0;
    let mut placed: Vec<(usize, Event)> = vec![];
    for event in events {
        last = known.get(&place(&event)).copied().unwrap_or(last);
        placed.push((last, event));
    }
    placed.sort_by_key(|(at, _)| *at);
    placed.into_iter().map(|(_, event)| event).collect()
}

fn place(event: &Event) -> Place {
    match event {
        Event::RunStarted(_) => Place::Run,
        Event::TokenObtained(_) => Place::Token,
        Event::ServerSeen(server) => Place::Server(server.sha256.clone()),
        Event::ScriptStarted(script) => Place::Script(script.script),
        Event::TestStarted(test) => Place::Test(test.script, test.test),
        Event::Exchanged(exchange) => Place::Exchange(exchange.exchange),
        Event::ActionFinished(action) => Place::Action(action.script, action.test, action.action),
        Event::ScriptFinished { script } => Place::ScriptEnd(*script),
        Event::RunFinished { .. } => Place::End,
    }
}

/// Events as they come.
#[derive(Default)]
pub struct Collected(Mutex<Vec<Event>>);

impl Collected {
    /// What came.
    pub fn into_events(self) -> Vec<Event> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EventSink for Collected {
    fn event(&self, event: &Event) -> Result<(), RecordError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(event.clone());
        Ok(())
    }
}

/// The recorded exchanges, as answers.
pub struct Answers<'r> {
    record: &'r Record,
    /// The scripts are those of the record: the action alone says which exchange it was.
    same: bool,
    /// By the action that sent them.
    placed: HashMap<(&'r str, u32, u32), &'r Exchanged>,
    /// By number.
    numbered: HashMap<u32, &'r Exchanged>,
    /// By method and URL, in the order of the run; with the path of their script.
    asked: HashMap<(&'r str, &'r str), Vec<(&'r str, &'r Exchanged)>>,
    /// Exchanges that were given as an answer by method and URL.
    used: Mutex<HashSet<u32>>,
    fault: Mutex<Option<ReplayError>>,
}

impl<'r> Answers<'r> {
    /// Of a record; `same` says that the scripts are those of the record.
    pub fn new(record: &'r Record, same: bool) -> Self {
        let mut scripts: HashMap<u32, &str> = HashMap::new();
        let mut numbered: HashMap<u32, &Exchanged> = HashMap::new();
        let renewed: HashSet<u32> = record.events().iter().filter_map(renews).collect();
        let mut placed = HashMap::new();
        let mut asked: HashMap<_, Vec<_>> = HashMap::new();
        for event in record.events() {
            match event {
                Event::ScriptStarted(script) => drop(scripts.insert(script.script, &script.path)),
                Event::Exchanged(exchange) => {
                    numbered.insert(exchange.exchange, exchange);
                    if renewed.contains(&exchange.exchange) {
                        // It comes back with the one after it.
                        continue;
                    }
                    let script = scripts.get(&exchange.script).copied().unwrap_or_default();
                    asked.entry((&*exchange.method, &*exchange.url)).or_default().push((script, &**exchange));
                }
                Event::ActionFinished(action) if action.kind == ActionKind::Operation => {
                    let exchange = action.exchange.and_then(|number| numbered.get(&number));
                    if let (Some(exchange), Some(script)) = (exchange, scripts.get(&action.script)) {
                        placed.insert((*script, action.test, action.action), *exchange);
                    }
                }
                _ => {}
            }
        }
        Answers { record, same, placed, numbered, asked, used: Mutex::default(), fault: Mutex::default() }
    }

    /// The exchange of this action, when it asked the same; else the next one that asked the same, of the same
    /// script before those of others.
    fn find(&self, request: &Request, call: Call<'_>) -> Option<&'r Exchanged> {
        let script = call.script.to_string_lossy();
        let url = as_recorded(&request.url);
        let same = |exchange: &&&Exchanged| {
            let alike = || redaction::mask_bsns(&exchange.url) == redaction::mask_bsns(&url);
            self.same || exchange.method == request.method && (exchange.url == url || alike())
        };
        if let Some(exchange) = self.placed.get(&(&*script, call.test, call.action)).filter(same) {
            return Some(exchange);
        }
        let all = self.asked.get(&(request.method.as_str(), url.as_str()))?;
        let token = authorization(request.headers.iter());
        let fits = |exchange: &Exchanged| {
            let headers = exchange.request.headers.iter();
            authorization(headers.map(|(name, value)| (name.as_str(), value.as_str()))) == token
        };
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let own = all.iter().filter(|(of, _)| *of == script);
        let others = all.iter().filter(|(of, _)| *of != script);
        let fitting: Vec<&Exchanged> = own.chain(others).map(|(_, exchange)| *exchange).filter(|e| fits(e)).collect();
        let fresh = fitting.iter().find(|exchange| !used.contains(&exchange.exchange));
        let found = fresh.or(fitting.last()).copied()?;
        used.insert(found.exchange);
        Some(found)
    }

    fn body(&self, message: &RecordedMessage) -> Result<Bytes, ReplayError> {
        let Some(hash) = &message.body else { return Ok(Bytes::new()) };
        self.record.body(hash)?.ok_or_else(|| ReplayError::NoBody(hash.clone()))
    }

    /// Why an answer could not be given, if that happened.
    pub fn fault(self) -> Option<ReplayError> {
        self.fault.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// A recorded exchange as it was.
    ///
    /// # Errors
    /// When a body is gone or was altered.
    pub fn exchange(&self, recorded: &Exchanged) -> Result<Exchange, ReplayError> {
        let headers = |message: &RecordedMessage| -> Headers { message.headers.iter().cloned().collect() };
        let request = Request {
            method: recorded.method.clone(),
            url: recorded.url.clone(),
            headers: headers(&recorded.request),
            body: self.body(&recorded.request)?,
        };
        let result = match (&recorded.response, recorded.status) {
            (Some(response), Some(status)) => {
                Ok(Response { status, headers: headers(response), body: self.body(response)? })
            }
            _ => {
                let (kind, detail) = recorded.error.clone().unwrap_or_default();
                let kind = TransportErrorKind::from_code(&kind).unwrap_or(TransportErrorKind::Broken);
                Err(TransportError { kind, detail })
            }
        };
        let started = recorded.at.parse().unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let refused =
            recorded.renews.filter(|before| *before < recorded.exchange).and_then(|number| self.numbered.get(&number));
        let refused = refused.map(|before| self.exchange(before).map(Box::new)).transpose()?;
        Ok(Exchange { request, result, started, elapsed: Duration::from_micros(recorded.micros), refused })
    }

    fn answer(&self, request: Request, call: Call<'_>) -> Exchange {
        let found = self.find(&request, call).map(|recorded| self.exchange(recorded)).transpose();
        let nothing = |request: Request| {
            let url = redaction::shown_url(&request.url).into_owned();
            let detail = format!("the record has no answer to `{} {url}`", request.method);
            let error = TransportError { kind: TransportErrorKind::NotRecorded, detail };
            Exchange {
                request,
                result: Err(error),
                started: jiff::Timestamp::UNIX_EPOCH,
                elapsed: Duration::ZERO,
                refused: None,
            }
        };
        found
            .unwrap_or_else(|fault| {
                self.fault.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(fault);
                None
            })
            .unwrap_or_else(|| nothing(request))
    }
}

impl Transport for Answers<'_> {
    fn send<'t>(&'t self, request: Request, call: Call<'t>) -> Sending<'t> {
        Box::pin(std::future::ready(self.answer(request, call)))
    }

    /// Scripts that ran side by side did not take their numbers in order.
    fn number(&self, call: Call<'_>) -> Option<u32> {
        let script = call.script.to_string_lossy();
        let recorded = self.placed.get(&(&*script, call.test, call.action)).filter(|_| self.same)?;
        Some(recorded.exchange)
    }

    /// Those of the record: nobody is asked who they are.
    fn peers(&self) -> Vec<Peer> {
        let seen = self.record.events().iter().filter_map(|event| match event {
            Event::ServerSeen(server) => Some(server.clone().into()),
            _ => None,
        });
        seen.collect()
    }
}

/// The exchange that an event renews.
fn renews(event: &Event) -> Option<u32> {
    match event {
        // A number after its own would lead in circles.
        Event::Exchanged(exchange) => exchange.renews.filter(|before| *before < exchange.exchange),
        _ => None,
    }
}

/// A URL as the client would have sent it and the engine recorded it.
fn as_recorded(url: &str) -> String {
    let sent = url::Url::parse(url).map_or_else(|_| url.to_owned(), String::from);
    redaction::recorded_url(&sent).into_owned()
}

/// Who asks: the answer to one test person is not that to another.
fn authorization<'h>(mut headers: impl Iterator<Item = (&'h str, &'h str)>) -> Option<String> {
    let (name, value) = headers.find(|(name, _)| name.eq_ignore_ascii_case("Authorization"))?;
    Some(redaction::recorded_header(name, value).into_owned())
}
