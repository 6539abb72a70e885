//! What was declared before a run and decides, with its log, what its report says: known failures and tables
//! of requirements.
//!
//! The record keeps both as they were, so that a report of later is that of then, whatever became of
//! `keur.toml`. What people saw of manual requirements comes after a run and is not in here.

use std::borrow::Borrow;

use crate::record::{DeclaredInput, Event, KnownInput, Record};
use crate::report::{Fold, KnownFailure, Observation, Pattern, Requirements, RunReport};

/// Known failures and tables of requirements.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declared {
    /// Failures that are accepted.
    pub known: Vec<KnownFailure>,
    /// What the run is judged against.
    pub requirements: Vec<Requirements>,
}

impl Declared {
    /// As a record keeps it.
    pub fn written(&self) -> DeclaredInput {
        let known = |entry: &KnownFailure| KnownInput {
            path: entry.path.as_str().to_owned(),
            test: entry.test.as_str().to_owned(),
            action: entry.action.as_str().to_owned(),
            reason: entry.reason.clone(),
            reference: entry.reference.clone(),
            expires: entry.expires.clone(),
        };
        DeclaredInput {
            known: self.known.iter().map(known).collect(),
            requirements: self.requirements.iter().map(|table| table.text.clone()).collect(),
        }
    }

    /// What a record keeps; nothing where it is of a keur that did not keep it.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn recorded(record: &Record) -> Result<Option<Declared>, String> {
        let inputs = record.inputs().map_err(|error| error.to_string())?;
        inputs.and_then(|inputs| inputs.declared).map(|kept| Declared::read(&kept)).transpose()
    }

    fn read(kept: &DeclaredInput) -> Result<Declared, String> {
        let known = |entry: &KnownInput| KnownFailure {
            path: Pattern::new(&*entry.path),
            test: Pattern::new(&*entry.test),
            action: Pattern::new(&*entry.action),
            reason: entry.reason.clone(),
            reference: entry.reference.clone(),
            expires: entry.expires.clone(),
        };
        let tables = kept.requirements.iter().map(|text| Requirements::read(text));
        let requirements = tables.collect::<Result<_, _>>();
        let requirements =
            requirements.map_err(|error| format!("a table of requirements in the record cannot be read: {error}"))?;
        Ok(Declared { known: kept.known.iter().map(known).collect(), requirements })
    }

    /// The report of a log. Events that are given away make room one by one.
    pub fn report(&self, events: impl IntoIterator<Item: Borrow<Event>>, observed: &[Observation]) -> RunReport {
        let mut fold = Fold::knowing(&self.known);
        events.into_iter().for_each(|event| fold.push(event.borrow()));
        let mut report = fold.finish();
        report.requirements = self.requirements.iter().map(|table| table.judge(&report, observed)).collect();
        report
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_declared_is_written_and_read_back() {
        let table = "id: t\ntitle: {en: a, nl: b}\nsource: s\nnote: {en: a, nl: b}\nrequirements:\n  - {id: r, text: {en: a, nl: b}, source: s, checks: [{path: 'x/*'}]}\n";
        let known = KnownFailure {
            path: Pattern::new("serving/*"),
            test: Pattern::any(),
            action: Pattern::new("KEUR2104"),
            reason: "why".into(),
            reference: "where".into(),
            expires: "2027-01-31".into(),
        };
        let declared = Declared { known: vec![known], requirements: vec![Requirements::read(table).unwrap()] };
        assert_eq!(Declared::read(&declared.written()), Ok(declared.clone()));
        let mut kept = declared.written();
        kept.requirements.push("id: [".into());
        assert!(Declared::read(&kept).unwrap_err().contains("cannot be read"));
    }
}
