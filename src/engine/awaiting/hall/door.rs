//! The door of the hall: requests as the simulator hands them in, and what it is to do with them.

use std::time::Instant;

use crate::exchange::{Exchange, Headers, Request, Response};
use crate::simulator::{Admission, Bearing, Reception};

use super::super::arrival::{Arrival, below_authority};
use super::super::expectation::ABSTRACT;
use super::super::nearness::{Nearness, differences};
use super::notice::{Notice, shown};
use super::{Fate, Hall, State, Ticket};

impl Hall {
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
