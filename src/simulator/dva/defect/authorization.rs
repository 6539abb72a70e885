//! Faults of the authorization endpoint.

use super::{Fault, row};
use crate::simulator::dva::policy::Rule;

pub(super) static FAULTS: &[Fault] = &[row("MM-AUTH-02", "an unknown client is let in", |p| p.skip(Rule::ClientKnown))];
