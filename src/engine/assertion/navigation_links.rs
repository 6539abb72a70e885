//! `navigationLinks`: the Bundle has links with relation first, last and next.

use super::{Case, Outcome};
use crate::engine::code;
use crate::engine::finding::{Finding, place_of};

/// The relations the assert asks for (<http://hl7.org/fhir/R5/testscript-definitions.html>).
const RELATIONS: [&str; 3] = ["first", "last", "next"];

pub(super) fn judge(case: &Case<'_>, wanted: bool) -> Outcome {
    let subject = case.subject()?;
    let content = subject.content()?;
    let root = content.root();
    let there: Vec<&str> = root.children_named("link").filter_map(|l| l.child_value("relation")).collect();
    let missing: Vec<&str> = RELATIONS.into_iter().filter(|r| !there.contains(r)).collect();
    if !wanted || missing.is_empty() {
        return Ok(Finding::pass());
    }
    let message = format!("the Bundle has no link with relation {}", missing.join(", "));
    let found = if there.is_empty() { "no links".to_owned() } else { there.join(", ") };
    let place = root.child("link").and_then(|link| place_of(link, link.path(), subject.is_request()));
    Ok(Finding::fail(code::NAVIGATION_LINKS, message).expected(RELATIONS.join(", ")).found(found).at(place))
}
