//! The table that is printed at the end: per standard and side what its asserts came to.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use crate::outcome::Counts;

/// Rows by standard and side (`load`, `server`, …).
#[derive(Default)]
pub struct Table(Mutex<BTreeMap<(String, &'static str), Counts>>);

impl Table {
    pub fn add(&self, standard: &str, side: &'static str, counts: &Counts) {
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rows.entry((standard.to_owned(), side)).or_default().add(counts);
    }

    /// All rows of one side.
    pub fn of_side(&self, side: &str) -> Counts {
        let rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut total = Counts::default();
        rows.iter().filter(|((_, of), _)| *of == side).for_each(|(_, counts)| total.add(counts));
        total
    }

    pub fn total(&self) -> Counts {
        let rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut total = Counts::default();
        rows.values().for_each(|counts| total.add(counts));
        total
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heads = ["scripts", "asserts", "pass", "fail", "warning", "error", "skipped", "not-evaluated"];
        write!(f, "{:<31}", "standard")?;
        heads.iter().try_for_each(|head| write!(f, "{head:>14}"))?;
        let mut line = |name: &str, c: &Counts| {
            write!(f, "\n{name:<31}")?;
            let values = [c.scripts, c.asserts, c.pass, c.fail, c.warning, c.error, c.skip, c.not_evaluated];
            values.iter().try_for_each(|value| write!(f, "{value:>14}"))
        };
        let total = self.total();
        let rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for ((standard, side), counts) in rows.iter() {
            line(&format!("{standard} {side}"), counts)?;
        }
        line("total", &total)
    }
}
