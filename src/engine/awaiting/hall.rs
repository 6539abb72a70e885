//! The hall: requests come in, operations wait for them.

mod door;
mod giving;
mod notice;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};

use crate::definitions::TypeTable;
use crate::exchange::{AccessToken, Exchange};

use super::arrival::Arrival;
use super::expectation::Expectation;
use super::recall::{Recalled, Recollection};
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

pub use notice::{Notice, Stray};

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
