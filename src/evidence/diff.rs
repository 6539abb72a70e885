//! What changed between two runs: action by action, by path, test and title.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::record::{ActionKind, Verdict};
use crate::report::{RunReport, verdict_code};

/// Where an action stands, whatever came before it: inserting one does not move the others.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct Place {
    /// Path of the script, without what all paths of a run begin with when two runs have nothing else in common.
    pub path: String,
    /// Id of the test.
    pub test: String,
    /// `operation` or `assert`, and what the script calls it.
    pub action: String,
    /// The how-manieth of that name in the test, from 1.
    pub nth: u32,
}

/// What an action came to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Outcome {
    /// Verdict, as reports write it.
    pub verdict: String,
    /// Rule code.
    pub code: String,
    /// What was found, in one line.
    pub message: String,
    /// The value, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// How long its request took, in microseconds; 0 for an assert.
    #[serde(skip_serializing_if = "is_zero")]
    pub micros: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// A run as far as a comparison needs it.
#[derive(Clone, Debug, Default)]
pub struct Outcomes {
    actions: BTreeMap<Place, Outcome>,
    /// Places in the order of the run.
    order: Vec<Place>,
}

/// How a place changed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It fails, and did not.
    NewlyFailing,
    /// It was evaluated, and is not any more; or it is gone.
    NewlySkipped,
    /// It failed or was not evaluated, and holds.
    Fixed,
    /// The verdict is as bad or as good, what was found is another.
    Changed,
    /// The request takes much longer.
    Slower,
}

impl Kind {
    /// Every kind, the worst first.
    pub const ALL: [Kind; 5] = [Kind::NewlyFailing, Kind::NewlySkipped, Kind::Fixed, Kind::Changed, Kind::Slower];
}

/// One change.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// How.
    pub kind: Kind,
    /// Where.
    #[serde(flatten)]
    pub place: Place,
    /// What it was; none when it is new.
    pub before: Option<Outcome>,
    /// What it is; none when it is gone.
    pub after: Option<Outcome>,
}

/// A request is slower when it takes more than twice as long and this much longer, in microseconds.
const NOTICEABLE: u64 = 100_000;

/// The JSON form of a report, as far as it is read here.
#[derive(Deserialize)]
struct JsonReport {
    schema: String,
    #[serde(default)]
    exchanges: Vec<JsonExchange>,
    scripts: Vec<JsonScript>,
}

#[derive(Deserialize)]
struct JsonExchange {
    id: String,
    micros: u64,
}

#[derive(Deserialize)]
struct JsonScript {
    path: String,
    tests: Vec<JsonTest>,
}

#[derive(Deserialize)]
struct JsonTest {
    id: String,
    actions: Vec<JsonAction>,
}

#[derive(Deserialize)]
struct JsonAction {
    kind: String,
    verdict: String,
    code: String,
    #[serde(default)]
    title: String,
    message: String,
    #[serde(default)]
    found: Option<String>,
    #[serde(default)]
    exchange: String,
}

/// The places of the actions of a test, in their order.
struct Places<'t> {
    path: &'t str,
    test: &'t str,
    seen: HashMap<String, u32>,
}

impl<'t> Places<'t> {
    fn of(path: &'t str, test: &'t str) -> Places<'t> {
        Places { path, test, seen: HashMap::new() }
    }

    /// Of the next action, which may have the name of one before it.
    fn next(&mut self, kind: &str, title: &str) -> Place {
        let action = format!("{kind} {title}");
        let nth = self.seen.entry(action.clone()).or_default();
        *nth += 1;
        Place { path: self.path.replace('\\', "/"), test: self.test.to_owned(), action, nth: *nth }
    }
}

impl Outcomes {
    /// Of a report.
    pub fn of(report: &RunReport) -> Outcomes {
        let mut outcomes = Outcomes::default();
        for script in &report.scripts {
            for test in &script.tests {
                let mut places = Places::of(&script.path, &test.id);
                for action in &test.actions {
                    let operation = action.kind == ActionKind::Operation;
                    let exchange = action.exchange.filter(|_| operation).and_then(|id| report.exchange(id));
                    let outcome = Outcome {
                        verdict: verdict_code(action.verdict).to_owned(),
                        code: action.code.clone(),
                        message: action.message.clone(),
                        found: action.found.clone(),
                        micros: exchange.map_or(0, |exchange| exchange.micros),
                    };
                    let kind = if operation { "operation" } else { "assert" };
                    outcomes.add(places.next(kind, &action.title), outcome);
                }
            }
        }
        outcomes
    }

    /// Of the JSON form of a report.
    pub fn of_json(bytes: &[u8]) -> Result<Outcomes, String> {
        let report: JsonReport = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if report.schema != crate::report::SCHEMA {
            return Err(format!("its form is `{}`, not `{}`", report.schema, crate::report::SCHEMA));
        }
        let times: HashMap<&str, u64> = report.exchanges.iter().map(|e| (e.id.as_str(), e.micros)).collect();
        let mut outcomes = Outcomes::default();
        for script in &report.scripts {
            for test in &script.tests {
                let mut places = Places::of(&script.path, &test.id);
                for action in &test.actions {
                    let exchange = times.get(action.exchange.as_str()).filter(|_| action.kind == "operation");
                    let outcome = Outcome {
                        verdict: action.verdict.clone(),
                        code: action.code.clone(),
                        message: action.message.clone(),
                        found: action.found.clone(),
                        micros: exchange.copied().unwrap_or(0),
                    };
                    outcomes.add(places.next(&action.kind, &action.title), outcome);
                }
            }
        }
        Ok(outcomes)
    }

    fn add(&mut self, place: Place, outcome: Outcome) {
        self.order.push(place.clone());
        self.actions.insert(place, outcome);
    }

    /// Only the scripts of these paths.
    pub fn only(&mut self, paths: &[String]) {
        self.order.retain(|place| paths.contains(&place.path));
        self.actions.retain(|place, _| paths.contains(&place.path));
    }

    /// Paths without the folders that all of them begin with.
    fn bare(&mut self) {
        let folders = |path: &str| path.rsplit_once('/').map(|(folder, _)| format!("{folder}/")).unwrap_or_default();
        let mut shared = self.order.first().map(|place| folders(&place.path)).unwrap_or_default();
        for place in &self.order {
            while !place.path.starts_with(&shared) {
                shared = folders(shared.trim_end_matches('/'));
            }
        }
        let bare =
            |place: Place| Place { path: place.path.get(shared.len()..).unwrap_or_default().to_owned(), ..place };
        self.order = std::mem::take(&mut self.order).into_iter().map(bare).collect();
        self.actions = std::mem::take(&mut self.actions).into_iter().map(|(p, o)| (bare(p), o)).collect();
    }
}

fn fails(outcome: &Outcome) -> bool {
    [Verdict::Fail, Verdict::Error].iter().any(|verdict| outcome.verdict == verdict_code(*verdict))
}

fn unevaluated(outcome: &Outcome) -> bool {
    [Verdict::Skip, Verdict::NotEvaluated].iter().any(|verdict| outcome.verdict == verdict_code(*verdict))
}

/// Every change from one run to another, the worst kind first, within a kind in the order of the run.
pub fn diff(mut before: Outcomes, mut after: Outcomes) -> Vec<Change> {
    if !before.order.iter().any(|place| after.order.iter().any(|other| other.path == place.path)) {
        before.bare();
        after.bare();
    }
    let mut changes = vec![];
    for place in &after.order {
        let Some(now) = after.actions.get(place) else { continue };
        let was = before.actions.get(place);
        for kind in kinds(was, now) {
            changes.push(Change { kind, place: place.clone(), before: was.cloned(), after: Some(now.clone()) });
        }
    }
    let gone = before.order.iter().filter(|place| !after.actions.contains_key(place));
    let gone = gone.filter_map(|place| Some((place, before.actions.get(place).filter(|was| !unevaluated(was))?)));
    changes.extend(gone.map(|(place, was)| Change {
        kind: Kind::NewlySkipped,
        place: place.clone(),
        before: Some(was.clone()),
        after: None,
    }));
    changes.sort_by_key(|change| change.kind);
    changes
}

fn kinds(was: Option<&Outcome>, now: &Outcome) -> Vec<Kind> {
    let mut kinds = vec![];
    let same = |was: &Outcome| {
        (&was.verdict, &was.code, &was.message, &was.found) == (&now.verdict, &now.code, &now.message, &now.found)
    };
    match was {
        _ if fails(now) && !was.is_some_and(fails) => kinds.push(Kind::NewlyFailing),
        Some(was) if unevaluated(now) && !unevaluated(was) => kinds.push(Kind::NewlySkipped),
        Some(was) if !fails(now) && !unevaluated(now) && (fails(was) || unevaluated(was)) => kinds.push(Kind::Fixed),
        Some(was) if !same(was) => kinds.push(Kind::Changed),
        _ => {}
    }
    if let Some(was) = was
        && was.micros > 0
        && now.micros > was.micros.saturating_mul(2)
        && now.micros - was.micros > NOTICEABLE
    {
        kinds.push(Kind::Slower);
    }
    kinds
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(path: &str, actions: &[(&str, &str, &str)]) -> Outcomes {
        let mut outcomes = Outcomes::default();
        let mut places = Places::of(path, "1");
        for (title, verdict, message) in actions {
            let micros = message.strip_suffix(" us").and_then(|m| m.parse().ok()).unwrap_or(0);
            let message = if micros > 0 { String::new() } else { (*message).to_owned() };
            let outcome = Outcome { verdict: (*verdict).into(), code: String::new(), message, found: None, micros };
            outcomes.add(places.next("assert", title), outcome);
        }
        outcomes
    }

    #[test]
    fn every_kind_of_change_is_told() {
        let before = report(
            "a/x/1.xml",
            &[
                ("a", "pass", ""),
                ("b", "fail", "1"),
                ("c", "fail", "1"),
                ("d", "pass", ""),
                ("e", "pass", "50 us"),
                ("f", "pass", ""),
                ("g", "pass", ""),
                ("g", "pass", ""),
            ],
        );
        let after = report(
            "b/1.xml",
            &[
                ("new", "pass", ""),
                ("a", "fail", "2"),
                ("b", "pass", ""),
                ("c", "fail", "2"),
                ("d", "skip", ""),
                ("e", "pass", "500000 us"),
                ("g", "pass", ""),
                ("g", "not-evaluated", ""),
                ("h", "error", ""),
            ],
        );
        let told: Vec<(Kind, String)> =
            diff(before, after).into_iter().map(|c| (c.kind, format!("{}{}", c.place.action, c.place.nth))).collect();
        use Kind::*;
        let expected = [
            (NewlyFailing, "assert a1"),
            (NewlyFailing, "assert h1"),
            (NewlySkipped, "assert d1"),
            (NewlySkipped, "assert g2"),
            (NewlySkipped, "assert f1"),
            (Fixed, "assert b1"),
            (Changed, "assert c1"),
            (Slower, "assert e1"),
        ];
        assert_eq!(told, expected.map(|(kind, place)| (kind, place.to_owned())));
    }

    #[test]
    fn what_is_no_report_is_refused() {
        assert!(Outcomes::of_json(b"{}").is_err());
        assert!(Outcomes::of_json(br#"{"schema":"x","scripts":[]}"#).unwrap_err().contains("urn:keur:run-report:1"));
    }
}
