//! Waiting for a party's requests: tests in which the system under test is the client.
//!
//! The simulator answers; the [`Hall`] stands at its door and finds out for which test each request is
//! meant. The rule, by number:
//!
//! 1. **Party.** Where several parties are awaited, a request belongs to the party that its bearer token
//!    was given to, and counts for no other. With a token of nobody, and more than one party, it belongs to
//!    none: it is shown, and judged nowhere.
//! 2. **Candidates** are the operations of open tests that nothing came for yet. A script without setup is
//!    open from the start. Scripts with a setup or teardown prepare the simulator for their person, so they
//!    are open one at a time, in their order. Within a script every operation is open up to the next one
//!    that keur itself does.
//! 3. **Exact.** A request is exactly the one expected when token, method, path, parameters (in whatever
//!    order; `_format`, `_pretty` and `_count` are free) and the type of the resource in the body are.
//!    A `POST …/_search` counts as the `GET` with those parameters. What a script cannot know beforehand
//!    (an id from an earlier answer) may be anything. No expected token: any token will do.
//! 4. **At once.** An exact request is judged as it arrives. Where several tests expect the same, it is for
//!    the first of them in script order; the next such request is for the next. One that comes again when
//!    nobody expects it any more matches nothing.
//! 5. **Nearly right.** Any other request is held. It may be meant for an operation when (a) the type is
//!    the same and the path has the same form or the method differs, with the expected token, none, or one
//!    that is nobody's; or (b) all is as expected but the type, with the expected token; or (c) all is as
//!    expected but the token, which is another person's.
//! 6. **The nearest wins.** Points: token 8 as expected, 3 none or nobody's; type 6; parameters up to 6 by
//!    how many agree (half for the name alone); path 4; method 3; body 2. Of equals the earlier request
//!    goes to the earlier operation. Held requests are given away when nothing has come for a moment and
//!    there are as many of them as there are operations they can be meant for, or when the waiting ends:
//!    until then an exact request may still take the place.
//! 7. **Answers.** The simulator answers before it is known how a request will be judged. A request without
//!    a known token is answered as the person of the nearest operation, so that only the assert on the
//!    token fails; where there is none near, it is refused. An instance that a script names and that is
//!    read exactly so is given whoever's it is: the script decides who may read it.
//!
//! What never came is not evaluated (`KEUR2200`), what came and matched nothing is shown with the reason.

mod arrival;
pub mod code;
mod demanded;
mod expectation;
mod hall;
mod material;
mod nearness;
mod recall;
mod settle;

pub use arrival::Arrival;
pub use expectation::Expectation;
pub use hall::{Closing, Hall, Notice, PartyAtTheDoor, Stray};
pub use material::{Material, MaterialProblem};
pub use recall::{Recalled, Recollection};

pub(super) use arrival::{bearer, below_authority, segments};
pub(super) use demanded::{Demanded, demanded};
pub use expectation::ABSTRACT as NOTIFICATIONS;
pub(super) use expectation::ABSTRACT;
pub(super) use hall::Opening;

/// Where a run waits.
#[derive(Clone, Copy)]
pub struct Seat<'r> {
    /// The hall that requests come into.
    pub hall: &'r Hall,
    /// Number of the party whose run this is.
    pub party: usize,
    /// Base URL of the simulator.
    pub base: &'r str,
}
