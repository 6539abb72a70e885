//! How far a run is: a bar at a terminal, nothing elsewhere.

use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::diagnostic::{Language, Words};
use crate::record::{Event, EventSink, RecordError, Verdict};

const FAILING: Words = Words::new("failing", "fout");

/// Watches the events of a run.
pub struct Progress {
    bar: ProgressBar,
    failing: AtomicU64,
    word: &'static str,
}

impl Progress {
    /// A bar on standard error for a run of this many actions; hidden where there is no terminal.
    pub fn new(actions: u64, language: Language) -> Progress {
        let bar = ProgressBar::with_draw_target(Some(actions), ProgressDrawTarget::stderr());
        let template = "{bar:30} {pos}/{len} {msg}";
        bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
        Progress { bar, failing: AtomicU64::new(0), word: FAILING.get(language) }
    }

    /// Takes the bar away.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

impl EventSink for Progress {
    fn event(&self, event: &Event) -> Result<(), RecordError> {
        let Event::ActionFinished(action) = event else { return Ok(()) };
        if matches!(action.verdict, Verdict::Fail | Verdict::Error) {
            let failing = self.failing.fetch_add(1, Ordering::Relaxed) + 1;
            self.bar.set_message(format!("{failing} {}", self.word));
        }
        self.bar.inc(1);
        Ok(())
    }
}
