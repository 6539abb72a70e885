//! `responseCode`: the HTTP status of the answer.

use crate::exchange::Response;
use crate::testscript::Template;

use super::{Case, Outcome};
use crate::engine::code;
use crate::engine::content::Kept;
use crate::engine::expression::shortened;
use crate::engine::finding::place_of;
use crate::testscript::Direction;

pub(super) fn judge(case: &Case<'_>, codes: &Template) -> Outcome {
    let codes = case.state.text(codes)?;
    judge_status(case, &codes)
}

/// Compares the status with a code or comma list of codes; says what the server says of a refusal.
pub(super) fn judge_status(case: &Case<'_>, codes: &str) -> Outcome {
    let subject = case.subject()?;
    let response = subject.response()?;
    let mut finding = case.compared(code::RESPONSE_CODE, "the status", &[response.status.to_string()], codes)?;
    if finding.code.is_none() {
        return Ok(finding);
    }
    finding.found = Some(named(response.status));
    if let Some(location) = redirect(response) {
        finding.message.push_str(&format!(" (redirected to `{location}`, which keur does not follow)"));
    }
    if let Some((said, place)) = subject.kept().and_then(outcome_text) {
        finding.message.push_str(&format!("; the answer says `{said}`"));
        finding.target = place;
    }
    Ok(finding)
}

fn redirect(response: &Response) -> Option<&str> {
    (300..400).contains(&response.status).then(|| response.headers.get("Location")).flatten()
}

/// The status with its name: `404 Not Found`.
fn named(status: u16) -> String {
    let reason = reqwest::StatusCode::from_u16(status).ok().and_then(|s| s.canonical_reason());
    reason.map_or(status.to_string(), |reason| format!("{status} {reason}"))
}

/// What the OperationOutcome in the answer says, if there is one.
fn outcome_text(kept: &Kept) -> Option<(String, Option<crate::record::TargetPlace>)> {
    let content = kept.content(Direction::Response).as_ref().ok()?;
    if content.root().resource_type() != Some("OperationOutcome") {
        return None;
    }
    let issue = content.root().child("issue")?;
    let details = issue.child("details");
    let text = issue.child_value("diagnostics").or_else(|| details?.child_value("text")).or_else(|| {
        let coding = details?.child("coding")?;
        coding.child_value("display").or_else(|| coding.child_value("code"))
    });
    let text = text.or_else(|| issue.child_value("code"))?;
    Some((shortened(text), place_of(issue, issue.path(), false)))
}
