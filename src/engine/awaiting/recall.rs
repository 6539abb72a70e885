//! A waiting that is over: what came for which operation is known from a record, and nothing is waited for.

use std::collections::HashMap;

use crate::exchange::Exchange;

/// A request that came for an operation, from a record.
#[derive(Clone, Debug)]
pub struct Recalled {
    /// The exchange as it was recorded.
    pub exchange: Exchange,
    /// What was not as expected; empty for an exact one.
    pub differences: Vec<String>,
}

/// What came, by script, test and action, numbered as the events of a run number them.
pub type Recollection = HashMap<(u32, u32, u32), Recalled>;
