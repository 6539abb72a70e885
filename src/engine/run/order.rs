//! Which scripts of a plan run when: one after the other, or side by side.

use std::cmp::Reverse;
use std::num::NonZeroUsize;
use std::path::Path;

use futures_util::future::FutureExt as _;
use futures_util::stream::{FuturesUnordered, StreamExt as _};

use crate::record::RecordError;
use crate::testscript::{Action, Interaction, Operation, TestScript};

use super::super::awaiting::Seat;
use super::super::plan::{Plan, PlannedScript};
use super::Portion;
use super::script::ScriptRun;

/// A script with its number in the run.
type Numbered<'r> = (u32, &'r PlannedScript);

/// Runs the scripts of a portion.
pub(super) async fn run(portion: &Portion<'_>) -> Result<(), RecordError> {
    let number = |(at, planned)| (u32::try_from(portion.run.before + at).unwrap_or(u32::MAX), planned);
    let scripts = portion.plan.scripts.iter().enumerate().map(number);
    match portion.run.settings.awaiting {
        Some(seat) if !seat.hall.is_over() => all_that_wait(portion, scripts.collect(), seat).await,
        _ => side_by_side(portion, scripts, portion.run.settings.jobs).await,
    }
}

/// One script after the other.
async fn in_order<'r>(
    portion: &'r Portion<'r>,
    scripts: impl Iterator<Item = Numbered<'r>>,
) -> Result<(), RecordError> {
    for (number, planned) in scripts {
        if portion.run.settings.interrupt.is_raised() {
            break;
        }
        ScriptRun::new(portion, number, planned).script().await?;
    }
    Ok(())
}

/// As many as `jobs` at once. A script that writes runs by itself, when those before it are done: what it
/// leaves behind, those after it find, and none sees it halfway. Between those the longest begin first, so
/// that none is left over for the end.
async fn side_by_side<'r>(
    portion: &'r Portion<'r>,
    scripts: impl Iterator<Item = Numbered<'r>>,
    jobs: NonZeroUsize,
) -> Result<(), RecordError> {
    let mut scripts: Vec<Numbered<'r>> = scripts.collect();
    if jobs > NonZeroUsize::MIN {
        let both_read = |(_, a): &Numbered<'_>, (_, b): &Numbered<'_>| !writes(&a.script) && !writes(&b.script);
        for between in scripts.chunk_by_mut(both_read) {
            between.sort_by_key(|(_, planned)| Reverse(operations(&planned.script)));
        }
    }
    let mut under_way = FuturesUnordered::new();
    for (number, planned) in scripts {
        let alone = jobs == NonZeroUsize::MIN || writes(&planned.script);
        let room = if alone { 0 } else { jobs.get() - 1 };
        while under_way.len() > room {
            under_way.next().await.transpose()?;
        }
        let script = in_order(portion, std::iter::once((number, planned)));
        if alone {
            script.await?;
        } else {
            under_way.push(script);
        }
    }
    while let Some(over) = under_way.next().await {
        over?;
    }
    Ok(())
}

fn operations(script: &TestScript) -> usize {
    script.actions().filter(|action| matches!(action, Action::Operation(_))).count()
}

/// Whether a script changes anything at the target, as far as its requests tell.
fn writes(script: &TestScript) -> bool {
    let asks = |operation: &Operation| match (&operation.method, &operation.interaction) {
        (Some(method), _) => matches!(method.to_ascii_lowercase().as_str(), "get" | "head" | "options"),
        (None, Interaction::Http(method)) => matches!(*method, "GET" | "HEAD" | "OPTIONS"),
        (None, interaction) => matches!(
            interaction,
            Interaction::Read
                | Interaction::Vread
                | Interaction::Search
                | Interaction::History
                | Interaction::Capabilities
        ),
    };
    script.actions().any(|action| matches!(action, Action::Operation(operation) if !asks(operation)))
}

/// All scripts that wait at once, those that prepare something for their test person in their order
/// (rule 2 of [`super::super::awaiting`]).
async fn all_that_wait<'r>(
    portion: &'r Portion<'r>,
    scripts: Vec<Numbered<'r>>,
    seat: Seat<'r>,
) -> Result<(), RecordError> {
    let (chained, free): (Vec<_>, Vec<_>) = scripts.into_iter().partition(|(_, planned)| prepares(planned));
    let mut all: FuturesUnordered<_> = free
        .into_iter()
        .map(|script| in_order(portion, std::iter::once(script)).left_future())
        .chain([in_order(portion, chained.into_iter()).right_future()])
        .collect();
    let mut clock = tokio::time::interval(TICK);
    clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            over = all.next() => match over {
                Some(over) => over?,
                None => return Ok(()),
            },
            _ = clock.tick() => seat.hall.tick(),
        }
    }
}

/// How often held requests are looked at.
const TICK: std::time::Duration = std::time::Duration::from_millis(100);

fn prepares(planned: &PlannedScript) -> bool {
    !planned.script.setup.is_empty() || !planned.script.teardown.is_empty()
}

/// The folders that the scripts of a plan stand in: each has a store of its own while it waits.
pub fn folders(plan: &Plan) -> Vec<&Path> {
    let mut folders: Vec<_> = plan.scripts.iter().filter_map(|planned| planned.script.path.parent()).collect();
    folders.sort_unstable();
    folders.dedup();
    folders
}

/// How many scripts open before anything comes, for [`Hall::opened`](super::super::awaiting::Hall::opened).
pub fn openings(plan: &Plan) -> usize {
    let (chained, free): (Vec<_>, Vec<_>) = plan.scripts.iter().partition(|planned| prepares(planned));
    free.len() + usize::from(!chained.is_empty())
}
