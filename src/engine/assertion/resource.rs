//! `resource`: the type of the resource in the content.

use crate::testscript::Template;

use super::{Case, Outcome};
use crate::engine::code;
use crate::engine::finding::place_of;

pub(super) fn judge(case: &Case<'_>, resource: &Template) -> Outcome {
    let wanted = case.state.text(resource)?;
    let subject = case.subject()?;
    let content = subject.content()?;
    let root = content.root();
    let found: Vec<String> = root.resource_type().map(str::to_owned).into_iter().collect();
    let finding = case.compared(code::RESOURCE, "the resource", &found, &wanted)?;
    match finding.code {
        // Where it begins, not the whole of it.
        Some(_) => Ok(finding.at(place_of(root, root.path(), subject.is_request()).map(|mut place| {
            place.span.1 = place.span.0 + 1;
            place
        }))),
        None => Ok(finding),
    }
}
