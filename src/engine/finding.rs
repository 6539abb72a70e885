//! What an action came to, before it is written down as an event.

use crate::diagnostic::Code;
use crate::fhir::NodeRef;
use crate::record::{CodeCount, Issue, Miss, TargetPlace, Verdict};

/// The outcome of one action.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The verdict, before `warningOnly` is considered.
    pub verdict: Verdict,
    /// Rule code; None for a plain pass.
    pub code: Option<Code>,
    /// What was found, in one line.
    pub message: String,
    /// What should have been there.
    pub expected: Option<String>,
    /// What was there.
    pub found: Option<String>,
    /// Where.
    pub target: Option<TargetPlace>,
    /// What is missed there.
    pub miss: Option<Miss>,
    /// Codes looked up.
    pub codes: CodeCount,
    /// Several faults, each with its place.
    pub issues: Vec<Issue>,
}

impl Finding {
    fn new(verdict: Verdict, code: Option<Code>, message: impl Into<String>) -> Finding {
        Finding {
            verdict,
            code,
            message: message.into(),
            expected: None,
            found: None,
            target: None,
            miss: None,
            codes: CodeCount::default(),
            issues: vec![],
        }
    }

    /// It holds.
    pub fn pass() -> Finding {
        Finding::new(Verdict::Pass, None, "")
    }

    /// It holds, and there is something to say.
    pub fn note(code: Code, message: impl Into<String>) -> Finding {
        Finding::new(Verdict::Pass, Some(code), message)
    }

    /// It does not hold.
    pub fn fail(code: Code, message: impl Into<String>) -> Finding {
        Finding::new(Verdict::Fail, Some(code), message)
    }

    /// It was not evaluated.
    pub fn not_evaluated(code: Code, message: impl Into<String>) -> Finding {
        Finding::new(Verdict::NotEvaluated, Some(code), message)
    }

    /// With what should have been there.
    #[must_use]
    pub fn expected(mut self, expected: impl Into<String>) -> Finding {
        self.expected = Some(expected.into());
        self
    }

    /// With what was there.
    #[must_use]
    pub fn found(mut self, found: impl Into<String>) -> Finding {
        self.found = Some(found.into());
        self
    }

    /// With where it is; None leaves it as it is.
    #[must_use]
    pub fn at(mut self, place: Option<TargetPlace>) -> Finding {
        self.target = place.or(self.target);
        self
    }

    /// With what is missed there.
    #[must_use]
    pub fn missing(mut self, miss: Option<Miss>) -> Finding {
        self.miss = miss;
        self
    }

    /// The same finding under `warningOnly`: a failure is a warning. What could not be decided stays
    /// undecided.
    #[must_use]
    pub fn softened(mut self) -> Finding {
        if self.verdict == Verdict::Fail {
            self.verdict = Verdict::Warning;
        }
        self
    }
}

/// Why something that an action needs is not there. Every action that needs it gets this verdict.
#[derive(Clone, Debug, PartialEq)]
pub struct Absence {
    /// `Error`, `NotEvaluated` or `Skip`.
    pub verdict: Verdict,
    /// Rule code.
    pub code: Code,
    /// What is the matter, in one line.
    pub message: String,
    /// Where reading stopped, for content that is there but cannot be read.
    pub target: Option<TargetPlace>,
}

impl Absence {
    /// Something broke.
    pub fn error(code: Code, message: impl Into<String>) -> Absence {
        Absence { verdict: Verdict::Error, code, message: message.into(), target: None }
    }

    /// It is not keur's to have, or was not given.
    pub fn not_evaluated(code: Code, message: impl Into<String>) -> Absence {
        Absence { verdict: Verdict::NotEvaluated, code, message: message.into(), target: None }
    }
}

impl Absence {
    /// What is not there because an action did not succeed.
    pub fn without(finding: &Finding) -> Absence {
        let verdict = match finding.verdict {
            Verdict::NotEvaluated | Verdict::Skip => finding.verdict,
            _ => Verdict::Error,
        };
        let code = finding.code.unwrap_or(super::code::NO_EXCHANGE);
        Absence { verdict, code, message: finding.message.clone(), target: None }
    }
}

impl From<Absence> for Finding {
    fn from(absence: Absence) -> Finding {
        Finding::new(absence.verdict, Some(absence.code), absence.message).at(absence.target)
    }
}

/// The place of a node in the body it was read from; None for one that was built.
pub fn place_of(node: NodeRef<'_>, path: String, request: bool) -> Option<TargetPlace> {
    if node.document().source().is_empty() {
        return None;
    }
    let (span, position) = (node.span(), node.position());
    let span = (span.start() as u32, span.end() as u32);
    Some(TargetPlace { request, line: position.line, column: position.column, path, span })
}
