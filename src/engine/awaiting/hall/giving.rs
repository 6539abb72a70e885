//! Which operation a request is for, and why for none.

use std::cmp::Reverse;

use crate::exchange::AccessToken;

use super::super::arrival::Arrival;
use super::super::nearness::{Nearness, differences, nearness};
use super::super::settle::{Chance, settle};
use super::notice::{Notice, shown};
use super::{Fate, Hall, Slot, State, Ticket};

impl Hall {
    pub(super) fn is_known(&self, token: &AccessToken) -> bool {
        self.parties.iter().any(|party| party.tokens.contains(token))
    }

    /// Rule 1.
    pub(super) fn party_of(&self, arrival: &Arrival) -> Option<usize> {
        match self.parties.as_slice() {
            [_] => Some(0),
            parties => {
                let token = arrival.token.as_ref()?;
                parties.iter().position(|party| party.tokens.contains(token))
            }
        }
    }

    pub(super) fn nearness(&self, slot: &Slot, arrival: &Arrival) -> Nearness {
        let holds = |demand: &str| arrival.fulfils(demand, &slot.types, &self.expressions);
        nearness(&slot.expectation, arrival, &|token| self.is_known(token), &holds)
    }

    /// The nearest operation that still waits.
    pub(super) fn nearest(&self, state: &State, party: Option<usize>, arrival: &Arrival) -> Option<usize> {
        let waiting = state.slots.iter().enumerate().filter(|(_, s)| s.ticket.is_none() && !s.taken);
        let mine = waiting.filter(|(_, slot)| party == Some(slot.party));
        let near = mine.map(|(at, slot)| (at, slot, self.nearness(slot, arrival))).filter(|(.., n)| n.plausible);
        near.max_by_key(|(_, slot, n)| (n.points, Reverse(slot.order))).map(|(at, ..)| at)
    }

    pub(super) fn give_away(&self, state: &mut State, closing: bool) {
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
    pub(super) fn reason(&self, state: &State, ticket: &Ticket) -> String {
        if ticket.party.is_none() {
            return "its bearer token is none of those that the parties were given".to_owned();
        }
        let mine = state.slots.iter().filter(|slot| Some(slot.party) == ticket.party);
        let near = mine.map(|slot| (slot, self.nearness(slot, &ticket.arrival)));
        match near.max_by_key(|(slot, n)| (n.points, Reverse(slot.order))) {
            Some((slot, n)) if n.exact => format!("`{}` had its request already", slot.label),
            Some((slot, _)) => {
                let differences = differences(&slot.expectation, &ticket.arrival).join(", ");
                format!("nearest is `{}` ({}): {differences}", slot.label, slot.expectation.shown())
            }
            None => "no test was open".to_owned(),
        }
    }
}
