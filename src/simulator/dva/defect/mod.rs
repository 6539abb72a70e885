//! Faults of the DVA, by the id of the check that must find each. A fault is a row with a change of the
//! [`Policy`]; nothing else in the DVA knows of it.

mod api;
mod authorization;
mod edit;
mod list;
mod pull;
mod resource;
mod tls;
mod token;

use super::policy::Policy;

/// A fault that can be switched on.
pub struct Fault {
    /// The id of the check: `MM-TOK-07`.
    pub id: &'static str,
    /// What is wrong then, in a line.
    pub about: &'static str,
    change: fn(&mut Policy),
}

const fn row(id: &'static str, about: &'static str, change: fn(&mut Policy)) -> Fault {
    Fault { id, about, change }
}

/// Every fault, area by area.
pub static FAULTS: &[&[Fault]] =
    &[authorization::FAULTS, list::FAULTS, token::FAULTS, resource::FAULTS, tls::FAULTS, api::FAULTS, pull::FAULTS];

/// A fault that is on.
#[derive(Clone, Copy)]
pub struct ActiveFault(&'static Fault);

impl ActiveFault {
    /// The fault of this id, if there is one.
    pub fn named(id: &str) -> Option<ActiveFault> {
        FAULTS.iter().flat_map(|area| area.iter()).find(|fault| fault.id.eq_ignore_ascii_case(id)).map(ActiveFault)
    }

    /// Its id.
    pub fn id(&self) -> &'static str {
        self.0.id
    }
}

/// The rules that are kept with these faults.
pub(super) fn policy_of(faults: &[ActiveFault]) -> Policy {
    let mut policy = Policy::default();
    faults.iter().for_each(|fault| (fault.0.change)(&mut policy));
    policy
}
