//! FHIRPath beside figures of the HL7 engine that were recorded before, on the same inputs: a table of input,
//! expression and microseconds that a user may have (`oracle/fhirpath` in `KEUR_ASSETS`).

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use keur::definitions::Typed;
use keur::fhirpath::{Context, Expression};

use super::bounds::Bounds;
use super::clock::median_within;
use super::input;
use super::table::Results;

const PEER: &str = "HL7 engine (recorded)";
/// Below this a figure of the peer is its clock rather than its work, in microseconds.
const WORK: f64 = 10.0;

/// Every row of the table, in two groups: what the peer works on, and what it is done with at once.
pub fn measure(assets: &Path, results: &mut Results, bounds: &mut Bounds) {
    let folder = assets.join("oracle/fhirpath");
    let Ok(table) = std::fs::read_to_string(folder.join("timings.tsv")) else {
        return results.absent(PEER, "the table is not there");
    };
    let mut inputs: HashMap<&str, Option<Typed>> = HashMap::new();
    let mut pairs: Vec<(Duration, f64)> = vec![];
    let mut lines = table.lines();
    let head: Vec<&str> = lines.next().unwrap_or_default().split('\t').collect();
    let column = |name: &str| head.iter().position(|column| *column == name);
    let (Some(input), Some(least), Some(expression)) = (column("input"), column("min_us"), column("expression")) else {
        return results.absent(PEER, "the table has other columns");
    };
    for line in lines {
        let cells: Vec<&str> = line.split('\t').collect();
        let cell = |at: usize| cells.get(at).copied().unwrap_or_default();
        let document = inputs.entry(cell(input)).or_insert_with_key(|name| {
            let text = std::fs::read_to_string(folder.join(format!("inputs/{name}.json"))).ok()?;
            Some(input::typed(&text))
        });
        let text: String = serde_json::from_str(cell(expression)).unwrap_or_default();
        let (Some(document), Ok(theirs), Ok(parsed)) = (document, cell(least).parse::<f64>(), Expression::parse(&text))
        else {
            continue;
        };
        let ours = median_within(Duration::from_millis(20), || {
            parsed.evaluate(&Context::new(document)).map(|found| found.len())
        });
        pairs.push((ours, theirs));
    }
    let (work, quick): (Vec<_>, Vec<_>) = pairs.into_iter().partition(|(_, theirs)| *theirs >= WORK);
    if !work.is_empty() {
        let mean = |of: &dyn Fn(&(Duration, f64)) -> f64| {
            Duration::from_secs_f64(
                (work.iter().map(|pair| of(pair).max(1e-9).ln()).sum::<f64>() / work.len() as f64).exp(),
            )
        };
        let times = (mean(&|pair| pair.0.as_secs_f64()), mean(&|pair| pair.1 / 1e6));
        let remark = format!("geometric means of {} rows, its least time", work.len());
        let times = results.row("FHIRPath, recorded expressions", PEER, times, remark);
        bounds.least("FHIRPath beside the recorded HL7 engine, geometric mean", Some(times), 20.0, "times as fast");
    }
    if let Some((slowest, theirs)) = quick.iter().max_by_key(|(ours, _)| *ours) {
        let what = "FHIRPath, the slowest of the recorded expressions that are done at once";
        bounds.most(what, Some(slowest.as_secs_f64() * 1e6), 0.3, "µs");
        let times = (*slowest, Duration::from_secs_f64(theirs / 1e6));
        results.row("FHIRPath, the slowest of the quick ones", PEER, times, format!("of {} rows", quick.len()));
    }
}
