//! What came of it: a table by zib, and whether it is good enough.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use libtest_mimic::Failed;

/// Survivors that are known, one a line with why: `zib | defect | why`.
const KNOWN: &str = include_str!("survivors.txt");

/// A zib.
#[derive(Clone)]
pub struct Row {
    zib: &'static str,
    pub planted: u32,
    pub caught: u32,
    pub survivors: Vec<String>,
}

impl Row {
    pub fn new(zib: &'static str) -> Row {
        Row { zib, planted: 0, caught: 0, survivors: vec![] }
    }
}

#[derive(Default)]
pub struct Table(Mutex<Vec<Row>>);

/// Fewest defects a zib has.
const FEWEST: u32 = 8;

fn known() -> BTreeSet<(String, String)> {
    let rows = KNOWN.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    let row = |line: &str| {
        let mut parts = line.split(" | ").map(|part| part.trim().to_owned());
        Some((parts.next()?, parts.next()?)).filter(|_| parts.next().is_some_and(|why| !why.is_empty()))
    };
    rows.filter_map(row).collect()
}

impl Table {
    /// A zib is done. Errs when it had too few defects, or lets through one that is not in the list.
    pub fn add(&self, row: Row) -> Result<(), Failed> {
        let known = known();
        let new = |survivor: &&String| !known.contains(&(row.zib.to_owned(), (*survivor).clone()));
        let new: Vec<String> = row.survivors.iter().filter(new).map(|s| format!("{} | {s} | ", row.zib)).collect();
        let few = row.planted < FEWEST;
        let planted = row.planted;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(row);
        match (few, new.is_empty()) {
            (true, _) => Err(format!("only {planted} defects").into()),
            (_, false) => Err(format!("not in survivors.txt:\n{}", new.join("\n")).into()),
            _ => Ok(()),
        }
    }

    /// At least 95 % is caught; with all zibs run, no line of the list is of something that is caught.
    pub fn verdict(&self, all: bool) -> Result<(), String> {
        let rows = self.rows();
        let (planted, caught) = totals(&rows);
        if caught * 100 < planted * 95 {
            return Err(format!("{caught} of {planted} is less than 95 %"));
        }
        let survives =
            |(zib, defect): &(String, String)| rows.iter().any(|row| row.zib == zib && row.survivors.contains(defect));
        let gone: Vec<String> =
            known().into_iter().filter(|row| !survives(row)).map(|(zib, defect)| format!("{zib} | {defect}")).collect();
        if all && !gone.is_empty() {
            return Err(format!("in survivors.txt, and caught or not planted:\n{}", gone.join("\n")));
        }
        Ok(())
    }

    fn rows(&self) -> Vec<Row> {
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        rows.sort_by_key(|row| super::ZIBS.iter().position(|zib| zib.name == row.zib));
        rows
    }
}

fn totals(rows: &[Row]) -> (u32, u32) {
    rows.iter().fold((0, 0), |(planted, caught), row| (planted + row.planted, caught + row.caught))
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.rows();
        writeln!(f, "{:<62} planted  caught  survivors", "zib")?;
        for row in &rows {
            writeln!(f, "{:<62} {:>7}  {:>6}  {:>9}", row.zib, row.planted, row.caught, row.survivors.len())?;
        }
        let (planted, caught) = totals(&rows);
        let percentage = f64::from(caught) * 100.0 / f64::from(planted.max(1));
        write!(f, "{caught} of {planted} defects are caught: {percentage:.1} %")
    }
}
