//! What a report says of asserts, as far as the play looks at it.

use serde::Deserialize;

#[derive(Deserialize)]
pub struct Report {
    pub scripts: Vec<Script>,
    pub exchanges: Vec<Exchange>,
}

#[derive(Deserialize)]
pub struct Script {
    pub path: String,
    pub tests: Vec<Test>,
}

#[derive(Deserialize)]
pub struct Test {
    pub id: String,
    pub actions: Vec<Action>,
}

#[derive(Deserialize)]
pub struct Action {
    pub kind: String,
    pub verdict: String,
    pub code: String,
    pub title: String,
    pub message: String,
}

#[derive(Deserialize)]
pub struct Exchange {
    pub method: String,
    pub status: Option<u16>,
}

/// Asserts by verdict.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    pub scripts: usize,
    pub asserts: usize,
    pub pass: usize,
    pub fail: usize,
    pub warning: usize,
    pub error: usize,
    pub skip: usize,
    pub not_evaluated: usize,
}

impl Counts {
    pub fn of(report: &Report) -> Counts {
        let mut counts = Counts { scripts: report.scripts.len(), ..Counts::default() };
        let actions = report.scripts.iter().flat_map(|s| &s.tests).flat_map(|t| &t.actions);
        for action in actions.filter(|action| action.kind == "assert") {
            counts.asserts += 1;
            *match action.verdict.as_str() {
                "pass" => &mut counts.pass,
                "fail" => &mut counts.fail,
                "warning" => &mut counts.warning,
                "error" => &mut counts.error,
                "skip" => &mut counts.skip,
                _ => &mut counts.not_evaluated,
            } += 1;
        }
        counts
    }

    pub fn add(&mut self, other: &Counts) {
        let parts = |c: &Counts| [c.scripts, c.asserts, c.pass, c.fail, c.warning, c.error, c.skip, c.not_evaluated];
        let (a, b) = (parts(self), parts(other));
        let sum: Vec<usize> = a.iter().zip(b).map(|(a, b)| a + b).collect();
        if let [scripts, asserts, pass, fail, warning, error, skip, not_evaluated] = sum[..] {
            *self = Counts { scripts, asserts, pass, fail, warning, error, skip, not_evaluated };
        }
    }
}

impl Report {
    /// True when the run may have left something behind in the server.
    pub fn wrote(&self) -> bool {
        let done = |e: &Exchange| e.method != "GET" && e.status.is_some_and(|status| status < 300);
        self.exchanges.iter().any(done)
    }
}
