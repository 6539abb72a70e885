//! Findings: what is wrong, by cause, with who has to mend it and how far that is.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::journal::{JournalError, Lines};
use super::outcome::{CellOutcome, CellVerdict, Failure, Key, Side};

/// How far a finding is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FindingState {
    /// Nobody has said anything.
    #[default]
    Open,
    /// Its owner is at it.
    Claimed,
    /// Its owner says that it is mended.
    Fixed,
    /// Its cells were run again and are green.
    Retested,
}

/// What is wrong: one cause, however many asserts it fails and cells it turns red.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Short, and the same for the same cause.
    pub id: String,
    /// Name of the party that has to mend it.
    pub owner: String,
    /// Whether it answers or asks.
    pub side: Side,
    /// Rule code.
    pub code: String,
    /// What the script calls it.
    pub title: String,
    /// What was found, in the first cell.
    pub message: String,
    /// Path of the element.
    pub path: String,
    /// Script and line.
    pub script: String,
    /// Line of the assert.
    pub line: u32,
    /// The cells it turns red.
    pub cells: Vec<Key>,
    /// Evidence: the run of the first cell.
    pub run: String,
    /// How far it is.
    pub state: FindingState,
    /// When the first cell turned red, RFC 3339.
    pub since: String,
    /// When its state changed last, RFC 3339; empty while it did not.
    #[serde(default)]
    pub changed: String,
}

/// What is known of a cause beside the cells.
#[derive(Clone, Debug, Default)]
struct Known {
    state: FindingState,
    changed: String,
    /// As it was last seen.
    last: Option<Finding>,
}

impl Known {
    fn turn(&mut self, state: FindingState) {
        self.state = state;
        self.changed = jiff::Timestamp::now().to_string();
    }
}

/// How many findings there were at a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// When, RFC 3339.
    pub at: String,
    /// Not retested yet.
    pub open: usize,
    /// Of those, said to be mended.
    pub fixed: usize,
    /// Retested.
    pub retested: usize,
}

/// A line of what is written down.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Line {
    /// A finding whose state changed.
    Finding(Box<Finding>),
    /// Their number changed.
    Count(Count),
}

/// The findings of a matrix.
#[derive(Default)]
pub struct Findings {
    known: Mutex<BTreeMap<String, Known>>,
    history: Mutex<Vec<Count>>,
    lines: Option<Lines>,
    fault: Mutex<Option<JournalError>>,
}

impl Findings {
    /// The name of the file in the folder of a matrix.
    pub const NAME: &str = "findings.jsonl";

    /// Those of a matrix, with what was said of them before it was stopped.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn open(folder: &Path) -> Result<Findings, JournalError> {
        let (lines, known) = Lines::open::<Line>(folder, Findings::NAME)?;
        let findings = Findings { lines: Some(lines), ..Findings::default() };
        for line in known {
            match line {
                Line::Finding(last) => {
                    let (state, changed) = (last.state, last.changed.clone());
                    findings.known().insert(last.id.clone(), Known { state, changed, last: Some(*last) });
                }
                Line::Count(count) => findings.counts().push(count),
            }
        }
        Ok(findings)
    }

    /// Why something was not written down, if that happened.
    pub fn fault(&self) -> Option<JournalError> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn write(&self, line: &Line) {
        if let Some(Err(error)) = self.lines.as_ref().map(|lines| lines.add(line)) {
            self.fault.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        }
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn counts(&self) -> MutexGuard<'_, Vec<Count>> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How their number went, for the burn-down.
    pub fn history(&self) -> Vec<Count> {
        self.counts().clone()
    }

    fn count(&self, all: &[Finding]) {
        let of = |state| all.iter().filter(|finding| finding.state == state).count();
        let (fixed, retested) = (of(FindingState::Fixed), of(FindingState::Retested));
        let open = all.len() - retested;
        let mut history = self.counts();
        let before = history.last().map_or((0, 0, 0), |last| (last.open, last.fixed, last.retested));
        if before != (open, fixed, retested) {
            let count = Count { at: jiff::Timestamp::now().to_string(), open, fixed, retested };
            self.write(&Line::Count(count.clone()));
            history.push(count);
        }
    }

    /// All of them as the cells stand now. One whose cells have turned green is retested.
    pub fn of(&self, cells: &[CellOutcome]) -> Vec<Finding> {
        let mut found: BTreeMap<String, Finding> = BTreeMap::new();
        for cell in cells.iter().filter(|cell| cell.verdict == CellVerdict::Failed) {
            for owner in [Side::Server, Side::Client] {
                let mine = |failure: &&Failure| failure.owner == owner && failure.verdict == CellVerdict::Failed;
                // What fails first in a cell is the cause; the rest follows from it, or is found next time.
                let Some(failure) = cell.failures.iter().find(mine) else { continue };
                let party = if owner == Side::Server { &cell.key.server } else { &cell.key.client };
                let id = id(party, owner, failure);
                let finding = found.entry(id.clone()).or_insert_with(|| Finding {
                    id,
                    owner: party.clone(),
                    side: owner,
                    code: failure.code.clone(),
                    title: failure.title.clone(),
                    message: failure.message.clone(),
                    path: failure.path.clone(),
                    script: failure.script.clone(),
                    line: failure.line,
                    cells: vec![],
                    run: cell.run.clone(),
                    state: FindingState::Open,
                    since: cell.at.clone(),
                    changed: String::new(),
                });
                finding.cells.push(cell.key.clone());
                if cell.at < finding.since {
                    finding.since.clone_from(&cell.at);
                }
            }
        }
        let mut known = self.known();
        for finding in found.values_mut() {
            let known = known.entry(finding.id.clone()).or_default();
            let came_back = known.state == FindingState::Retested;
            if came_back {
                known.turn(FindingState::Open);
            }
            finding.state = known.state;
            finding.changed.clone_from(&known.changed);
            known.last = Some(finding.clone());
            if came_back {
                self.write(&Line::Finding(Box::new(finding.clone())));
            }
        }
        for (id, known) in known.iter_mut() {
            if let (None, Some(last)) = (found.get(id), known.last.clone()) {
                let finished = |key: &Key| cells.iter().any(|cell| cell.key == *key);
                let closed = known.state != FindingState::Retested && last.cells.iter().all(finished);
                if closed {
                    known.turn(FindingState::Retested);
                }
                let finding = Finding { state: known.state, changed: known.changed.clone(), ..last };
                if closed {
                    self.write(&Line::Finding(Box::new(finding.clone())));
                }
                found.insert(id.clone(), finding);
            }
        }
        let mut all: Vec<Finding> = found.into_values().collect();
        all.sort_by_key(|finding| {
            (finding.state == FindingState::Retested, std::cmp::Reverse(finding.cells.len()), finding.id.clone())
        });
        drop(known);
        self.count(&all);
        all
    }

    /// Its owner says how far it is; false for a finding that is not known, and for what nobody may say.
    pub fn say(&self, id: &str, state: FindingState) -> bool {
        match self.known().get_mut(id) {
            Some(known) if state != FindingState::Retested => {
                known.turn(state);
                if let Some(last) = known.last.clone() {
                    self.write(&Line::Finding(Box::new(Finding { state, changed: known.changed.clone(), ..last })));
                }
                true
            }
            _ => false,
        }
    }
}

/// The same for the same cause: party, side, rule, place in the script, and the element without its numbers.
fn id(party: &str, side: Side, failure: &Failure) -> String {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    let path: String = failure.path.chars().filter(|c| !c.is_ascii_digit()).collect();
    let side = if side == Side::Server { "server" } else { "client" };
    let line = failure.line.to_string();
    // The same assert of a group in several scripts is one cause.
    for part in [party, side, &failure.code, &failure.title, &path, &line] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let digits: String = hash.finalize().iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("F-{digits}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn red(server: &str, scenario: &str, line: u32) -> CellOutcome {
        let failure = Failure {
            owner: Side::Server,
            verdict: CellVerdict::Failed,
            code: "KEUR2100".into(),
            title: "one self link".into(),
            message: "there are 0".into(),
            path: "Bundle.link[0]".into(),
            script: "a.yaml".into(),
            line,
            exchange: Some(1),
        };
        CellOutcome {
            key: Key { server: server.into(), client: "c".into(), scenario: scenario.into() },
            verdict: CellVerdict::Failed,
            planted_defect: None,
            server_verdict: CellVerdict::Failed,
            client_verdict: CellVerdict::Passed,
            run: "runs/x".into(),
            scripts: String::new(),
            attempts: 1,
            at: "2026-01-01T00:00:00Z".into(),
            millis: 1,
            counts: [0, 1, 0],
            failures: vec![failure],
        }
    }

    #[test]
    fn one_cause_is_one_finding_and_goes_from_open_to_retested() {
        let findings = Findings::default();
        let mut cells = vec![red("a", "one", 5), red("a", "two", 5), red("b", "one", 5)];
        let all = findings.of(&cells);
        assert_eq!(all.iter().map(|f| (f.owner.as_str(), f.cells.len())).collect::<Vec<_>>(), [("a", 2), ("b", 1)]);
        let id = all[0].id.clone();
        assert!(findings.say(&id, FindingState::Claimed) && findings.say(&id, FindingState::Fixed));
        assert!(!findings.say(&id, FindingState::Retested), "only a run says so");
        assert!(!findings.say("F-0", FindingState::Fixed));
        assert_eq!(findings.of(&cells)[0].state, FindingState::Fixed);
        for cell in &mut cells[..2] {
            cell.verdict = CellVerdict::Passed;
        }
        let state = |cells: &[CellOutcome]| findings.of(cells).into_iter().find(|f| f.id == id).map(|f| f.state);
        assert_eq!(state(&cells), Some(FindingState::Retested));
        cells[0] = red("a", "one", 5);
        assert_eq!(state(&cells), Some(FindingState::Open), "it came back");
    }

    #[test]
    fn what_was_said_outlives_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let cells = vec![red("a", "one", 5), red("b", "one", 5)];
        let opened = || Findings::open(folder.path()).unwrap();
        let before = opened();
        let ids: Vec<String> = before.of(&cells).into_iter().map(|finding| finding.id).collect();
        assert!(before.say(&ids[0], FindingState::Claimed));
        let told = before.of(&cells);
        let after = opened();
        assert_eq!((after.of(&cells), after.history()), (told.clone(), before.history()));
        // What was mended while keur was down is closed, and stays closed.
        assert!(after.say(&ids[0], FindingState::Fixed));
        let green = vec![CellOutcome { verdict: CellVerdict::Passed, ..cells[0].clone() }, cells[1].clone()];
        let states = |findings: &Findings| findings.of(&green).iter().map(|f| f.state).collect::<Vec<_>>();
        let expected = [FindingState::Open, FindingState::Retested];
        assert_eq!((states(&opened()), states(&opened())), (expected.to_vec(), expected.to_vec()));
        assert!(opened().of(&green)[1].changed > told[0].changed);
        assert_eq!(opened().history().len(), 2);
        assert!(opened().fault().is_none());
    }
}
