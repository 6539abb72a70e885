//! The hall: requests come in, operations wait for them.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};

use crate::definitions::TypeTable;
use crate::exchange::{AccessToken, Exchange, Headers, Request, Response, redaction};
use crate::simulator::{Admission, Bearing, Reception};

use super::arrival::{Arrival, below_authority};
use super::expectation::{ABSTRACT, Expectation};
use super::nearness::{Nearness, differences, nearness};
use super::recall::{Recalled, Recollection};
use super::settle::{Chance, settle};
use crate::engine::expression::Expressions;

/// A party that is awaited.
#[derive(Clone, Debug, Default)]
pub struct PartyAtTheDoor {
    /// Its name; empty when it is the only one.
    pub name: String,
    /// The tokens it was given.
    pub tokens: HashSet<AccessToken>,
}

/// An operation that begins to wait.
pub struct Opening {
    /// Number of its script in the plan.
    pub script: u32,
    /// Number of its folder.
    pub room: usize,
    /// Title of its script.
    pub title: String,
    /// Name of its test.
    pub test: String,
    /// What it expects.
    pub expectation: Expectation,
    /// Types of its release.
    pub types: Arc<TypeTable>,
}

/// A request that came for an operation.
pub struct Came {
    /// The exchange.
    pub exchange: Exchange,
    /// Variables whose value only the request tells.
    pub caught: Vec<(String, String)>,
    /// What is not as expected; empty for an exact one.
    pub differences: Vec<String>,
}

/// Why the waiting ends before everything came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Closing {
    /// The time is over.
    Timeout,
    /// The user ended it.
    Stopped,
    /// The party has done all it does.
    Done,
}

/// What happens, as it happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A request was for this test.
    Matched {
        /// Its number, from 1.
        number: u64,
        /// Of which party.
        party: usize,
        /// `GET /Patient?…`, as it may be shown.
        request: String,
        /// Script and test.
        test: String,
        /// What differs from what was expected.
        differences: Vec<String>,
    },
    /// A request is held; this is what it comes nearest to.
    Held {
        /// Its number, from 1.
        number: u64,
        /// As it may be shown.
        request: String,
        /// Script and test.
        test: String,
        /// What differs.
        differences: Vec<String>,
    },
    /// A request matches nothing.
    Stray {
        /// Its number, from 1.
        number: u64,
        /// As it may be shown.
        request: String,
        /// Why.
        why: String,
    },
}

/// A request that matched nothing.
#[derive(Clone, Debug)]
pub struct Stray {
    /// Its number among all that came, from 1.
    pub number: u64,
    /// The party whose token it brought.
    pub party: Option<usize>,
    /// The exchange.
    pub exchange: Exchange,
    /// Why it matched nothing.
    pub why: String,
}

type Listener = Box<dyn Fn(&Notice) + Send + Sync>;

/// Where requests and operations meet. All of it can be used from any task.
pub struct Hall {
    state: Mutex<State>,
    parties: Vec<PartyAtTheDoor>,
    rooms: usize,
    listener: Option<Listener>,
    quiet: Duration,
    agent: String,
    /// Compiled demands.
    expressions: Expressions,
    /// How many openings there shall have been before clients are let in.
    ready: watch::Sender<usize>,
    /// Nothing comes any more: this is what came.
    recollection: Option<Recollection>,
}

#[derive(Default)]
struct State {
    slots: Vec<Slot>,
    tickets: Vec<Ticket>,
    /// Requests that are not keur's own.
    numbers: u64,
    last: Option<Instant>,
    closing: Option<Closing>,
    /// The store that answered last.
    room: usize,
    scripts: Vec<OpenScript>,
    /// How many scripts are over.
    over: usize,
}

/// What others may know of a script that waits (see [`Hall::STATUS`]).
struct OpenScript {
    party: usize,
    sha256: String,
    variables: Vec<(String, String)>,
}

struct Slot {
    party: usize,
    room: usize,
    /// Script order: script, then operation.
    order: (u32, usize),
    label: String,
    expectation: Expectation,
    types: Arc<TypeTable>,
    /// Requests from this ticket on may be for it.
    since: usize,
    ticket: Option<usize>,
    taken: bool,
    near: Vec<String>,
    notify: Arc<Notify>,
}

enum Fate {
    /// keur's own.
    Own,
    /// For this slot.
    For(usize),
    /// Not yet known.
    Held,
    /// Matches nothing.
    Stray(String),
}

struct Ticket {
    number: u64,
    party: Option<usize>,
    arrival: Arrival,
    exchange: Option<Exchange>,
    fate: Fate,
}

impl Hall {
    /// Where the state of the waiting is told, in JSON: which scripts are open, with the values of their
    /// variables. `keur play` uses it; it holds no tokens.
    pub const STATUS: &str = "/.well-known/keur-await";

    /// A hall for these parties, at least one. `quiet` is how long nothing shall have come before held
    /// requests are given away.
    ///
    /// The scripts of a folder see what they write, those of another folder do not: each has one of
    /// `rooms` stores of the simulator, for every party.
    pub fn new(parties: Vec<PartyAtTheDoor>, rooms: usize, quiet: Duration) -> Hall {
        let parties = if parties.is_empty() { vec![PartyAtTheDoor::default()] } else { parties };
        let agent = format!("keur/{} ({})", env!("CARGO_PKG_VERSION"), uuid::Uuid::new_v4());
        Hall {
            state: Mutex::default(),
            parties,
            rooms: rooms.max(1),
            listener: None,
            quiet,
            agent,
            expressions: Expressions::default(),
            ready: watch::channel(0).0,
            recollection: None,
        }
    }

    /// A hall in which all is over, for judging a record again: nobody is waited for.
    pub fn over(recollection: Recollection) -> Hall {
        Hall { recollection: Some(recollection), ..Hall::new(vec![], 1, Duration::ZERO) }
    }

    /// Tells what happens as it happens.
    #[must_use]
    pub fn listening(mut self, listener: impl Fn(&Notice) + Send + Sync + 'static) -> Hall {
        self.listener = Some(Box::new(listener));
        self
    }

    /// The `User-Agent` of keur's own requests in the name of a party: they are not awaited.
    pub(in crate::engine) fn agent(&self, party: usize, room: usize) -> String {
        format!("{} {}", self.agent, self.room(party, room))
    }

    /// How many stores the simulator needs.
    pub fn rooms(&self) -> usize {
        self.rooms * self.parties.len()
    }

    fn room(&self, party: usize, room: usize) -> usize {
        party * self.rooms + room.min(self.rooms - 1)
    }

    /// The parties.
    pub fn parties(&self) -> &[PartyAtTheDoor] {
        &self.parties
    }

    /// Ends the waiting: held requests are given away, what did not come will not.
    pub fn close(&self, closing: Closing) {
        let mut state = self.state();
        state.closing.get_or_insert(closing);
        self.give_away(&mut state, true);
        for slot in &state.slots {
            slot.notify.notify_one();
        }
    }

    /// Why the waiting ended, if it was ended.
    pub fn closed(&self) -> Option<Closing> {
        self.state().closing
    }

    /// Gives held requests away when it has been quiet. To be called now and then.
    pub fn tick(&self) {
        let mut state = self.state();
        if state.last.is_some_and(|last| last.elapsed() >= self.quiet) {
            self.give_away(&mut state, false);
        }
    }

    /// Waits until this many scripts have opened (in all).
    pub async fn opened(&self, scripts: usize) {
        let mut ready = self.ready.subscribe();
        // The sender lives as long as the hall.
        let _ = ready.wait_for(|opened| *opened >= scripts).await;
    }

    /// How many operations wait now.
    pub fn waiting(&self) -> usize {
        self.state().slots.iter().filter(|slot| slot.ticket.is_none() && !slot.taken).count()
    }

    /// What came and matched nothing; complete once all runs are over.
    pub fn strays(&self) -> Vec<Stray> {
        let state = self.state();
        let all = state.tickets.iter().filter_map(|ticket| {
            let why = match &ticket.fate {
                Fate::Stray(why) => why.clone(),
                Fate::Held => self.reason(&state, ticket),
                Fate::Own | Fate::For(_) => return None,
            };
            let exchange = ticket.exchange.clone()?;
            Some(Stray { number: ticket.number, party: ticket.party, exchange, why })
        });
        all.collect()
    }

    /// A script opened, or is over before it began.
    pub(in crate::engine) fn script_opened(&self, party: usize, sha256: &str, variables: Vec<(String, String)>) {
        let script = OpenScript { party, sha256: sha256.to_owned(), variables };
        self.state().scripts.push(script);
        self.ready.send_modify(|opened| *opened += 1);
    }

    /// A script is over.
    pub(in crate::engine) fn script_over(&self) {
        let mut state = self.state();
        state.over = (state.over + 1).min(state.scripts.len());
    }

    /// Operations begin to wait; gives their numbers.
    pub(in crate::engine) fn open(&self, party: usize, openings: Vec<Opening>) -> Vec<usize> {
        let mut state = self.state();
        let since = state.tickets.len();
        let slots = openings.into_iter().map(|opening| {
            let Opening { script, room, title, test, expectation, types } = opening;
            let label = if test.is_empty() || test == title { title } else { format!("{title} / {test}") };
            let at = state.slots.len();
            state.slots.push(Slot {
                party,
                room,
                order: (script, at),
                label,
                expectation,
                types,
                since,
                ticket: None,
                taken: false,
                near: vec![],
                notify: Arc::default(),
            });
            at
        });
        slots.collect()
    }

    /// More is known of what an operation expects.
    pub(in crate::engine) fn refine(&self, slot: usize, of: impl FnOnce() -> Expectation) {
        let open = {
            let state = self.state();
            state.slots.get(slot).is_some_and(|s| s.ticket.is_none() && !s.taken && !s.expectation.is_closed())
        };
        if open {
            let expectation = of();
            if let Some(slot) = self.state().slots.get_mut(slot) {
                slot.expectation = expectation;
            }
        }
    }

    /// Waits for the request of an operation; None when it does not come any more.
    pub(in crate::engine) async fn take(&self, slot: usize) -> Option<Came> {
        let notify = self.state().slots.get(slot)?.notify.clone();
        loop {
            {
                let mut state = self.state();
                let State { slots, tickets, closing, .. } = &mut *state;
                let slot = slots.get_mut(slot)?;
                let exchange = slot.ticket.and_then(|at| tickets.get(at)).and_then(|t| Some((t, t.exchange.clone()?)));
                if let Some((ticket, exchange)) = exchange {
                    slot.taken = true;
                    let caught = caught(&slot.expectation, &ticket.arrival);
                    return Some(Came { exchange, caught, differences: slot.near.clone() });
                }
                // A request that is being answered is waited for, whatever ends.
                if closing.is_some() && slot.ticket.is_none() {
                    slot.taken = true;
                    return None;
                }
            }
            notify.notified().await;
        }
    }

    /// Whether nothing comes any more.
    pub(in crate::engine) fn is_over(&self) -> bool {
        self.recollection.is_some()
    }

    /// What came for an operation, by a record; None where the hall has none: then it is waited for.
    pub(in crate::engine) fn recall(&self, slot: usize, at: (u32, u32, u32)) -> Option<Option<Came>> {
        let recalled = self.recollection.as_ref()?.get(&at).cloned();
        self.leave(slot);
        let state = self.state();
        Some(recalled.zip(state.slots.get(slot)).map(|(Recalled { exchange, differences }, slot)| {
            let caught = caught(&slot.expectation, &Arrival::of(&exchange.request));
            Came { exchange, caught, differences }
        }))
    }

    /// An operation does not wait any longer.
    pub(in crate::engine) fn leave(&self, slot: usize) {
        if let Some(slot) = self.state().slots.get_mut(slot) {
            slot.taken = true;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves nothing half done here.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, notice: Notice) {
        if let Some(listener) = &self.listener {
            listener(&notice);
        }
    }

    fn is_known(&self, token: &AccessToken) -> bool {
        self.parties.iter().any(|party| party.tokens.contains(token))
    }

    /// Rule 1.
    fn party_of(&self, arrival: &Arrival) -> Option<usize> {
        match self.parties.as_slice() {
            [_] => Some(0),
            parties => {
                let token = arrival.token.as_ref()?;
                parties.iter().position(|party| party.tokens.contains(token))
            }
        }
    }

    fn nearness(&self, slot: &Slot, arrival: &Arrival) -> Nearness {
        let holds = |demand: &str| arrival.fulfils(demand, &slot.types, &self.expressions);
        nearness(&slot.expectation, arrival, &|token| self.is_known(token), &holds)
    }

    /// The nearest operation that still waits.
    fn nearest(&self, state: &State, party: Option<usize>, arrival: &Arrival) -> Option<usize> {
        let waiting = state.slots.iter().enumerate().filter(|(_, s)| s.ticket.is_none() && !s.taken);
        let mine = waiting.filter(|(_, slot)| party == Some(slot.party));
        let near = mine.map(|(at, slot)| (at, slot, self.nearness(slot, arrival))).filter(|(.., n)| n.plausible);
        near.max_by_key(|(_, slot, n)| (n.points, std::cmp::Reverse(slot.order))).map(|(at, ..)| at)
    }

    fn give_away(&self, state: &mut State, closing: bool) {
        let mut chances = vec![];
        // In script order, so that of equals the first comes first.
        let mut waiting: Vec<usize> =
            (0..state.slots.len()).filter(|at| state.slots[*at].ticket.is_none() && !state.slots[*at].taken).collect();
        waiting.sort_by_key(|at| state.slots[*at].order);
        for (number, ticket) in state.tickets.iter().enumerate() {
            if !matches!(ticket.fate, Fate::Held) || ticket.exchange.is_none() {
                continue;
            }
            for (place, at) in waiting.iter().enumerate() {
                let slot = &state.slots[*at];
                if slot.since > number || ticket.party != Some(slot.party) {
                    continue;
                }
                let nearness = self.nearness(slot, &ticket.arrival);
                if nearness.plausible {
                    chances.push(Chance { ticket: number, slot: place, points: nearness.points });
                }
            }
        }
        for (ticket, place) in settle(&chances, closing) {
            let Some(at) = waiting.get(place).copied() else { continue };
            self.give(state, ticket, at);
        }
    }

    fn give(&self, state: &mut State, ticket: usize, at: usize) {
        let State { slots, tickets, .. } = state;
        let (Some(slot), Some(came)) = (slots.get_mut(at), tickets.get_mut(ticket)) else { return };
        slot.ticket = Some(ticket);
        came.fate = Fate::For(at);
        slot.near = differences(&slot.expectation, &came.arrival);
        slot.notify.notify_one();
        self.tell(Notice::Matched {
            number: came.number,
            party: slot.party,
            request: came.exchange.as_ref().map(|e| shown(&e.request)).unwrap_or_default(),
            test: slot.label.clone(),
            differences: slot.near.clone(),
        });
    }

    /// Why a request matches nothing.
    fn reason(&self, state: &State, ticket: &Ticket) -> String {
        if ticket.party.is_none() {
            return "its bearer token is none of those that the parties were given".to_owned();
        }
        let mine = state.slots.iter().filter(|slot| Some(slot.party) == ticket.party);
        let near = mine.map(|slot| (slot, self.nearness(slot, &ticket.arrival)));
        match near.max_by_key(|(slot, n)| (n.points, std::cmp::Reverse(slot.order))) {
            Some((slot, n)) if n.exact => format!("`{}` had its request already", slot.label),
            Some((slot, _)) => {
                let differences = differences(&slot.expectation, &ticket.arrival).join(", ");
                format!("nearest is `{}` ({}): {differences}", slot.label, slot.expectation.shown())
            }
            None => "no test was open".to_owned(),
        }
    }

    /// What [`Hall::STATUS`] answers.
    fn status(&self, state: &State) -> Response {
        let scripts: Vec<serde_json::Value> = state
            .scripts
            .iter()
            .map(|script| {
                let variables: serde_json::Map<_, _> =
                    script.variables.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
                let party = self.parties.get(script.party).map_or("", |party| party.name.as_str());
                serde_json::json!({"party": party, "sha256": script.sha256, "variables": variables})
            })
            .collect();
        let waiting = state.slots.iter().filter(|slot| slot.ticket.is_none() && !slot.taken).count();
        let busy = state.scripts.len() - state.over;
        let json = serde_json::json!({"waiting": waiting, "busy": busy, "open": scripts});
        let headers: Headers = [("Content-Type", "application/json")].into_iter().collect();
        Response { status: 200, headers, body: json.to_string().into() }
    }
}

fn caught(expectation: &Expectation, arrival: &Arrival) -> Vec<(String, String)> {
    let path = expectation.segments.iter().zip(&arrival.segments);
    let query = expectation.query.iter().filter_map(|(name, pattern)| {
        let value = arrival.query.iter().find(|(n, v)| n == name && pattern.fits(v));
        value.map(|(_, value)| (pattern, value))
    });
    let all = path.chain(query).filter_map(|(pattern, value)| pattern.caught(value));
    all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn shown(request: &Request) -> String {
    format!("{} {}", request.method, redaction::shown_url(below_authority(&request.url)))
}

impl Reception for Hall {
    fn receive(&self, request: &Request) -> Admission {
        let mut state = self.state();
        let ticket = state.tickets.len();
        let agent = request.headers.get("User-Agent").unwrap_or_default();
        let own = agent.strip_prefix(self.agent.as_str()).map(|rest| rest.trim().parse::<usize>().unwrap_or_default());
        let status = below_authority(&request.url) == Hall::STATUS;
        let arrival = Arrival::of(request);
        if own.is_some() || status {
            let known = arrival.token.as_ref().is_some_and(|token| self.is_known(token));
            let answer = status.then(|| self.status(&state));
            state.tickets.push(Ticket { number: 0, party: own, arrival, exchange: None, fate: Fate::Own });
            let bearing = if known { Bearing::Own } else { Bearing::Everything };
            return Admission { ticket: ticket as u64, room: own.unwrap_or_default(), bearing, answer };
        }
        state.numbers += 1;
        state.last = Some(Instant::now());
        let number = state.numbers;
        let party = self.party_of(&arrival);
        let waiting = state.slots.iter().enumerate().filter(|(_, s)| s.ticket.is_none() && !s.taken);
        let mine = waiting.filter(|(_, slot)| party == Some(slot.party));
        let exact = mine.map(|(at, slot)| (at, slot.order, self.nearness(slot, &arrival))).filter(|(.., n)| n.exact);
        let exact: Vec<(usize, (u32, usize), Nearness)> = exact.collect();
        // Rule 4: where the body tells several apart, it has to be right.
        let fulfilled = exact.iter().filter(|(.., n)| n.fulfilled || exact.len() == 1);
        let exact = fulfilled.min_by_key(|(_, order, _)| *order).map(|(at, ..)| *at);
        let near = exact.or_else(|| self.nearest(&state, party, &arrival));
        let wanted = near.and_then(|at| state.slots.get(at));
        let still = wanted.is_some_and(|slot| self.nearness(slot, &arrival).exact);
        let came_again = || {
            let mine = state.slots.iter().filter(|slot| party == Some(slot.party));
            !still && mine.filter(|s| s.ticket.is_some()).any(|slot| self.nearness(slot, &arrival).exact)
        };
        let fate = match exact {
            Some(at) => Fate::For(at),
            None if party.is_none() || came_again() => Fate::Stray(String::new()),
            None => Fate::Held,
        };
        let known = arrival.token.as_ref().is_some_and(|token| self.is_known(token));
        let room = wanted.map(|slot| self.room(slot.party, slot.room));
        let wanted = wanted.map(|slot| slot.expectation.token.clone());
        // Rule 7.
        let names = arrival.segments.get(1).is_some_and(|second| !second.starts_with('$'));
        let bearing = match (known, wanted) {
            (true, _) if exact.is_some() && names && arrival.method == "GET" => Bearing::Everything,
            (true, _) => Bearing::Own,
            (false, Some(Some(token))) => Bearing::Token(token.expose().to_owned()),
            (false, Some(None)) => Bearing::Everything,
            (false, None) if state.slots.iter().any(|slot| slot.expectation.token.is_some()) => Bearing::Own,
            (false, None) => Bearing::Everything,
        };
        let notifies = arrival.method == "POST" && arrival.segments.first().is_some_and(|first| first == ABSTRACT);
        let answer = (notifies && state.slots.iter().any(|slot| slot.expectation.is_notification()))
            .then(|| Response { status: 202, headers: Headers::new(), body: bytes::Bytes::new() });
        if let Some(slot) = exact.and_then(|at| state.slots.get_mut(at)) {
            slot.ticket = Some(ticket);
        }
        state.tickets.push(Ticket { number, party, arrival, exchange: None, fate });
        // What matches nothing goes on where the party was.
        let last = Some(state.room).filter(|room| party.is_none_or(|party| room / self.rooms == party));
        state.room = room.or(last).unwrap_or(party.unwrap_or_default() * self.rooms);
        Admission { ticket: ticket as u64, room: state.room, bearing, answer }
    }

    fn answered(&self, ticket: u64, exchange: Exchange) {
        let mut state = self.state();
        let Some(at) = usize::try_from(ticket).ok().filter(|at| *at < state.tickets.len()) else { return };
        state.last = Some(Instant::now());
        let request = shown(&exchange.request);
        state.tickets[at].exchange = Some(exchange);
        let came = &state.tickets[at];
        let number = came.number;
        let notice = match &came.fate {
            Fate::Own => return,
            Fate::For(slot) => state.slots.get(*slot).map(|slot| {
                slot.notify.notify_one();
                Notice::Matched { number, party: slot.party, request, test: slot.label.clone(), differences: vec![] }
            }),
            Fate::Held => match self.nearest(&state, came.party, &came.arrival).and_then(|at| state.slots.get(at)) {
                Some(slot) => {
                    let differences = differences(&slot.expectation, &came.arrival);
                    Some(Notice::Held { number, request, test: slot.label.clone(), differences })
                }
                None => Some(Notice::Stray { number, request, why: self.reason(&state, came) }),
            },
            Fate::Stray(_) => Some(Notice::Stray { number, request, why: self.reason(&state, came) }),
        };
        if let Fate::Stray(_) = state.tickets[at].fate {
            let why = self.reason(&state, &state.tickets[at]);
            state.tickets[at].fate = Fate::Stray(why);
        }
        let closing = state.closing.is_some();
        if closing {
            self.give_away(&mut state, true);
        }
        drop(state);
        if let Some(notice) = notice {
            self.tell(notice);
        }
    }
}
