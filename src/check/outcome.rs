//! What a check found: nothing (it holds), findings each with their own level, or why it was not judged.

use crate::diagnostic::Code;
use crate::record::Verdict;

use super::catalogue::Level;
use super::code;

/// One thing that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What it does to the verdict.
    pub verdict: Verdict,
    /// Its kind.
    pub code: Code,
    /// One line.
    pub message: String,
    /// What should have been there.
    pub expected: Option<String>,
    /// What was there.
    pub found: Option<String>,
    /// The exchange it is about.
    pub exchange: Option<u32>,
}

impl Finding {
    /// A breach of a rule of this level.
    pub fn new(level: Level, code: Code, message: impl Into<String>) -> Finding {
        let verdict = level.verdict();
        Finding { verdict, code, message: message.into(), expected: None, found: None, exchange: None }
    }

    /// What should have been there.
    #[must_use]
    pub fn expected(mut self, text: impl Into<String>) -> Finding {
        self.expected = Some(text.into());
        self
    }

    /// What was there.
    #[must_use]
    pub fn found(mut self, text: impl Into<String>) -> Finding {
        self.found = Some(text.into());
        self
    }

    /// The exchange it is about.
    #[must_use]
    pub fn at(mut self, exchange: u32) -> Finding {
        self.exchange = Some(exchange);
        self
    }
}

/// What came of a check.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Everything found; none is a plain pass.
    pub findings: Vec<Finding>,
    /// The exchange that shows it holds, where nothing was found.
    pub exchange: Option<u32>,
}

impl Outcome {
    /// It holds.
    pub fn holds() -> Outcome {
        Outcome::default()
    }

    /// It holds, as this exchange shows.
    pub fn shown_by(exchange: u32) -> Outcome {
        Outcome { findings: vec![], exchange: Some(exchange) }
    }

    /// It was not judged.
    pub fn open(code: Code, message: impl Into<String>) -> Outcome {
        let finding = Finding { verdict: Verdict::NotEvaluated, ..Finding::new(Level::Note, code, message) };
        Outcome { findings: vec![finding], exchange: None }
    }

    /// Something has to work first.
    pub fn blocked(message: impl Into<String>) -> Outcome {
        Outcome::open(code::BLOCKED, message)
    }

    /// It belongs to another release.
    pub fn skipped(message: impl Into<String>) -> Outcome {
        let finding = Finding { verdict: Verdict::Skip, ..Finding::new(Level::Note, code::RELEASE, message) };
        Outcome { findings: vec![finding], exchange: None }
    }

    /// A note: it holds, and this is worth knowing.
    pub fn note(message: impl Into<String>) -> Outcome {
        Finding::new(Level::Note, code::NOTE, message).into()
    }

    /// Adds a finding.
    pub fn push(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Adds what another part found.
    pub fn add(&mut self, other: Outcome) {
        self.findings.extend(other.findings);
        self.exchange = self.exchange.or(other.exchange);
    }

    /// The worst verdict among the findings.
    pub fn verdict(&self) -> Verdict {
        const ORDER: [Verdict; 5] =
            [Verdict::Fail, Verdict::Error, Verdict::Warning, Verdict::NotEvaluated, Verdict::Skip];
        let has = |verdict: &Verdict| self.findings.iter().any(|finding| finding.verdict == *verdict);
        ORDER.into_iter().find(has).unwrap_or(Verdict::Pass)
    }
}

impl From<Finding> for Outcome {
    fn from(finding: Finding) -> Outcome {
        Outcome { findings: vec![finding], exchange: None }
    }
}

/// A check that cannot go on returns early with `?`.
pub type Judged = Result<Outcome, Outcome>;
