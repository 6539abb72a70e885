//! Operations of the system under test: keur waits for their requests at the door of its simulator.

use std::sync::Arc;

use crate::record::{ActionKind, RecordError};
use crate::testscript::{Action, Operation, Test};

use super::super::awaiting::{self, Expectation, Opening, Seat};
use super::super::code;
use super::super::content::Kept;
use super::super::finding::{Absence, Finding};
use super::super::title::script_title;
use super::folders;
use super::script::{Doer, Done, ScriptRun};

impl<'r> ScriptRun<'r> {
    /// Lets the operations wait that the system under test may do now: from this action on, up to the next
    /// one that keur does.
    pub(super) fn open(&mut self, test: usize, action: usize) {
        let Some(seat) = self.portion.run.settings.awaiting else { return };
        let planned = self.planned;
        let mut openings = vec![];
        let mut operations = vec![];
        let tests = if planned.set_aside.is_some() { &[] } else { planned.script.tests.as_slice() };
        'tests: for (place, of) in tests.iter().enumerate().skip(test) {
            let skipped = if place == test { action } else { 0 };
            for action in of.actions.iter().skip(skipped) {
                let Action::Operation(operation) = action else { continue };
                if self.slots.iter().any(|(_, known, _)| std::ptr::eq(*known, &**operation)) {
                    continue;
                }
                let Doer::UnderTest = self.doer(operation, true) else { break 'tests };
                if let Some(id) = &operation.source_id {
                    self.state.prepare_fixture(id);
                }
                openings.push(Opening {
                    script: self.number,
                    room: self.room(),
                    title: script_title(&planned.script),
                    test: of.name.clone().unwrap_or_default(),
                    expectation: Expectation::of(operation, of, &self.state),
                    types: planned.types.clone(),
                });

                operations.push((of, &**operation));
            }
        }
        // A script that begins by notifying its party is open once the party knows.
        let waits = !openings.is_empty();
        let slots = seat.hall.open(seat.party, openings);
        self.slots.extend(operations.into_iter().zip(slots).map(|((test, operation), slot)| (test, operation, slot)));
        if !self.opened && waits {
            self.opened = true;
            seat.hall.script_opened(seat.party, &planned.script.sha256, self.state.values());
        }
    }

    /// An operation of the system under test: its request has come, or comes, or never does.
    pub(super) async fn awaited(
        &mut self,
        operation: &'r Operation,
        test: u32,
        place: (usize, usize),
    ) -> Result<Done, RecordError> {
        let ids = (operation.request_id.as_deref(), operation.response_id.as_deref());
        let done = |finding, exchange| Done { kind: ActionKind::Operation, finding, exchange };
        let Some(seat) = self.portion.run.settings.awaiting else {
            return Ok(done(Finding::not_evaluated(code::CLIENT_SIDE, "nobody waits for this request"), None));
        };
        let known = |slots: &[(&'r Test, &'r Operation, usize)]| {
            slots.iter().find(|(_, known, _)| std::ptr::eq(*known, operation)).map(|(test, _, slot)| (*test, *slot))
        };
        let left_out = self.left_out();
        if left_out.is_none() && known(&self.slots).is_none() {
            self.open(place.0, place.1);
        }
        let slot = known(&self.slots);
        let came = match (slot, &left_out) {
            (Some((_, slot)), None) => match seat.hall.recall(slot, (self.number, test, place.1 as u32)) {
                Some(recalled) => recalled,
                None => seat.hall.take(slot).await,
            },
            (Some((_, slot)), Some(_)) => {
                seat.hall.leave(slot);
                None
            }
            (None, _) => None,
        };
        let Some(came) = came else {
            let never = || {
                let expected =
                    slot.map(|(test, _)| Expectation::of(operation, test, &self.state).shown()).unwrap_or_default();
                Absence::not_evaluated(awaiting::code::NEVER_CAME, format!("`{expected}` never came"))
            };
            let why = left_out.unwrap_or_else(never);
            self.state.not_exchanged(&why, ids.0, ids.1);
            return Ok(done(why.into(), None));
        };
        for (name, value) in &came.caught {
            self.state.learn(name, value);
        }
        let exchange = self.portion.run.client.seen(came.exchange);
        let number = self.record(test, &exchange, None)?;
        let kept = Arc::new(Kept::new(number, exchange, self.planned.types.clone()));
        let finding = match kept.answered() {
            Err(absence) => absence.into(),
            Ok(_) if came.differences.is_empty() => Finding::pass(),
            Ok(_) => Finding::note(awaiting::code::NOT_AS_EXPECTED, came.differences.join(", ")),
        };
        self.state.exchanged(kept, ids.0, ids.1);
        self.refine(seat);
        Ok(done(finding, Some(number)))
    }

    /// The number of the script's folder among those of the plan.
    pub(super) fn room(&self) -> usize {
        let folder = self.planned.script.path.parent();
        folders(self.portion.plan).iter().position(|known| Some(*known) == folder).unwrap_or_default()
    }

    /// An exchange may have told what others expect.
    pub(super) fn refine(&self, seat: Seat<'_>) {
        for (test, operation, slot) in &self.slots {
            seat.hall.refine(*slot, || Expectation::of(operation, test, &self.state));
        }
    }
}
