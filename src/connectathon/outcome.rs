//! What a cell came to, and a matrix of them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// Verdict of a cell, or of one side of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CellVerdict {
    /// All evaluated, nothing failed.
    Passed,
    /// Nothing failed, something was not evaluated.
    Incomplete,
    /// Something failed.
    Failed,
}

/// One of the two parties of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Who answers.
    Server,
    /// Who asks.
    Client,
}

/// Which cell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    /// Name of the server.
    pub server: String,
    /// Name of the client.
    pub client: String,
    /// Name of the scenario.
    pub scenario: String,
}

/// Something that failed or could not be evaluated, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Whose it is.
    pub owner: Side,
    /// `failed` or `incomplete`.
    pub verdict: CellVerdict,
    /// Rule code.
    pub code: String,
    /// What the script calls it.
    pub title: String,
    /// What was found.
    pub message: String,
    /// Path of the element, where there is one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// File of the script.
    pub script: String,
    /// Line of the assert in it.
    pub line: u32,
    /// Number of the exchange in the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<u32>,
}

/// A finished cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellOutcome {
    /// Which.
    #[serde(flatten)]
    pub key: Key,
    /// Of both sides together.
    pub verdict: CellVerdict,
    /// The fault that was planted on purpose, in a demonstration.
    pub planted_defect: Option<String>,
    /// Of the answers.
    pub server_verdict: CellVerdict,
    /// Of the requests.
    pub client_verdict: CellVerdict,
    /// Its folder of evidence, below the folder of the matrix.
    pub run: String,
    /// Hash over the scripts of the scenario: with other scripts the cell is to be run again.
    pub scripts: String,
    /// How often it was begun: more than once only because there was no connection.
    pub attempts: u32,
    /// When it was over, RFC 3339.
    pub at: String,
    /// How long it took.
    pub millis: u64,
    /// Asserts and operations by verdict: pass, fail (and error), not evaluated.
    pub counts: [u32; 3],
    /// What failed, or could not be evaluated; the first few.
    #[serde(default)]
    pub failures: Vec<Failure>,
}

/// Which part of a matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Shard {
    /// Number, from 1.
    pub number: u32,
    /// Of how many.
    pub of: u32,
}

impl Shard {
    /// `1/4`; None for what is none.
    pub fn parse(text: &str) -> Option<Shard> {
        let (number, of) = text.split_once('/')?;
        let (number, of) = (number.trim().parse().ok()?, of.trim().parse().ok()?);
        (1 <= number && number <= of).then_some(Shard { number, of })
    }

    /// Whether the cell at this place belongs to it.
    pub fn has(self, place: usize) -> bool {
        place % self.of.max(1) as usize == (self.number.saturating_sub(1)) as usize
    }
}

/// A matrix as it is written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatrixReport {
    /// `urn:keur:matrix-report:1`.
    pub schema: String,
    /// Of all cells together: incomplete while some are missing.
    pub verdict: CellVerdict,
    /// How many cells the whole matrix has.
    pub total: usize,
    /// The parts that this holds; empty for the whole.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub shards: BTreeSet<Shard>,
    /// The cells, by server, client and scenario.
    pub cells: Vec<CellOutcome>,
}

impl MatrixReport {
    /// The name of the format.
    pub const SCHEMA: &str = "urn:keur:matrix-report:1";

    /// A report of these cells; `total` is how many there are in the whole matrix.
    pub fn new(cells: impl IntoIterator<Item = CellOutcome>, total: usize, shard: Option<Shard>) -> MatrixReport {
        let mut by_key: BTreeMap<Key, CellOutcome> = BTreeMap::new();
        for cell in cells {
            match by_key.get_mut(&cell.key) {
                // Of a cell that was run again the last one counts.
                Some(known) if known.at > cell.at => {}
                Some(known) => *known = cell,
                None => drop(by_key.insert(cell.key.clone(), cell)),
            }
        }
        let cells: Vec<CellOutcome> = by_key.into_values().collect();
        let worst = cells.iter().map(|cell| cell.verdict).max().unwrap_or(CellVerdict::Incomplete);
        let missing = if cells.len() < total { CellVerdict::Incomplete } else { CellVerdict::Passed };
        MatrixReport {
            schema: MatrixReport::SCHEMA.to_owned(),
            verdict: worst.max(missing),
            total,
            shards: shard.into_iter().collect(),
            cells,
        }
    }
}

/// Two reports of parts of one matrix as one: in whatever order and grouping, it comes to the same.
pub fn merge(a: MatrixReport, b: MatrixReport) -> MatrixReport {
    let total = a.total.max(b.total);
    let shards = a.shards.union(&b.shards).copied().collect();
    let merged = MatrixReport::new(a.cells.into_iter().chain(b.cells), total, None);
    MatrixReport { shards, ..merged }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(server: &str, verdict: CellVerdict, at: &str) -> CellOutcome {
        CellOutcome {
            key: Key { server: server.into(), client: "c".into(), scenario: "s".into() },
            verdict,
            planted_defect: None,
            server_verdict: verdict,
            client_verdict: CellVerdict::Passed,
            run: String::new(),
            scripts: String::new(),
            attempts: 1,
            at: at.into(),
            millis: 0,
            counts: [1, 0, 0],
            failures: vec![],
        }
    }

    #[test]
    fn merging_is_associative_and_a_missing_part_makes_it_incomplete() {
        use CellVerdict::{Failed, Incomplete, Passed};
        let part = |number: u32, cells: Vec<CellOutcome>| MatrixReport::new(cells, 3, Some(Shard { number, of: 3 }));
        let a = part(1, vec![cell("a", Passed, "1")]);
        let b = part(2, vec![cell("b", Passed, "1"), cell("a", Failed, "0")]);
        let c = part(3, vec![cell("c", Passed, "1")]);
        let left = merge(merge(a.clone(), b.clone()), c.clone());
        let right = merge(a.clone(), merge(b.clone(), c.clone()));
        assert_eq!(left, right);
        assert_eq!(merge(merge(c.clone(), b.clone()), a.clone()), left);
        assert_eq!((left.verdict, left.cells.len(), left.shards.len()), (Passed, 3, 3));
        assert_eq!(merge(a, c).verdict, Incomplete);
        assert_eq!(part(1, vec![cell("a", Failed, "1")]).verdict, Failed);
        assert_eq!(MatrixReport::new([], 0, None).verdict, Incomplete, "nothing shows nothing");
    }

    #[test]
    fn every_cell_is_in_one_shard() {
        for of in 1..5 {
            for place in 0..20 {
                assert_eq!((1..=of).filter(|number| Shard { number: *number, of }.has(place)).count(), 1);
            }
        }
        assert_eq!(Shard::parse("2/4"), Some(Shard { number: 2, of: 4 }));
        for wrong in ["0/4", "5/4", "x", "1", "1/0"] {
            assert_eq!(Shard::parse(wrong), None, "{wrong}");
        }
    }
}
