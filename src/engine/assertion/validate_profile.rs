//! `validateProfileId`: the content conforms to a profile, and to those it claims itself.

use std::path::Path;

use crate::definitions::Typed;
use crate::diagnostic::Code;
use crate::record::{CodeCount, Issue, Verdict};

use super::{Case, Outcome};
use crate::engine::code;
use crate::engine::finding::Finding;

/// What is to be validated.
pub struct ProfileQuery<'q> {
    /// The resource.
    pub content: &'q Typed,
    /// Canonical of the profile.
    pub profile: &'q str,
    /// Path of the script that asks; what it is judged with may depend on its set.
    pub script: &'q Path,
    /// True when the resource is what was sent rather than what was answered.
    pub request: bool,
}

/// What came of a validation.
#[derive(Clone, Debug, PartialEq)]
pub enum ProfileOutcome {
    /// It was validated: valid when no issue is an error.
    Validated {
        /// What was found, worst first.
        issues: Vec<Issue>,
        /// Codes looked up.
        codes: CodeCount,
    },
    /// It was not, or not completely.
    NotEvaluated {
        /// Rule code.
        code: Code,
        /// Why not: a profile or package that is missing, by name.
        reason: String,
        /// What was found all the same; an error in it fails the assert.
        issues: Vec<Issue>,
        /// Codes looked up.
        codes: CodeCount,
    },
}

/// Validates resources for the engine, which does not know how.
pub trait ProfileValidator: Send + Sync {
    /// Validates a resource against a profile and against every profile that it and what it holds claim
    /// in `meta.profile`.
    fn validate(&self, query: &ProfileQuery<'_>) -> ProfileOutcome;
}

pub(super) fn judge(case: &Case<'_>, id: &str) -> Outcome {
    let declared = case.state.planned.script.profiles.iter().find(|p| p.id == id);
    let Some(profile) = declared else {
        return Ok(Finding::not_evaluated(
            code::NO_VALIDATION,
            format!("profile `{id}` is not declared in the script"),
        ));
    };
    let subject = case.subject()?;
    let content = subject.content()?;
    let Some(validator) = case.validator else {
        let message = format!("`{}` is not validated: there is no validator in this run", profile.canonical);
        return Ok(Finding::not_evaluated(code::NO_VALIDATION, message));
    };
    let outcome = validator.validate(&ProfileQuery {
        content: &content,
        profile: &profile.canonical,
        script: &case.state.planned.script.path,
        request: subject.is_request(),
    });
    let (issues, codes, gap) = match outcome {
        ProfileOutcome::Validated { issues, codes } => (issues, codes, None),
        ProfileOutcome::NotEvaluated { code, reason, issues, codes } => (issues, codes, Some((code, reason))),
    };
    let errors = issues.iter().filter(|i| matches!(i.severity.as_str(), "fatal" | "error")).count();
    let worst = issues.iter().find(|i| matches!(i.severity.as_str(), "fatal" | "error"));
    let mut finding = match (worst, gap) {
        (Some(issue), _) => {
            let more = if errors == 1 { String::new() } else { format!(" (and {} more)", errors - 1) };
            let message = format!("{}{more}", issue.message);
            Finding::fail(code::PROFILE, message)
                .expected(format!("conforms to {}", profile.canonical))
                .found(format!("{errors} errors"))
                .at(Some(issue.target.clone()))
        }
        (None, Some((code, reason))) => Finding::not_evaluated(code, reason),
        (None, None) => Finding::pass(),
    };
    debug_assert!(finding.verdict != Verdict::Pass || errors == 0);
    finding.codes = codes;
    finding.issues = issues;
    Ok(finding)
}
