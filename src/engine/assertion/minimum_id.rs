//! `minimumId`: everything in the fixture occurs in the content, at the same place with the same value.

use crate::fhir::NodeRef;

use super::{Case, Outcome};
use crate::engine::code;
use crate::engine::expression::shortened;
use crate::engine::finding::{Finding, place_of};
use crate::engine::state::Source;

pub(super) fn judge(case: &Case<'_>, id: &str) -> Outcome {
    let minimum = match case.state.source(id)? {
        Source::Document(document, name) => document.content(&name, &case.state.planned.types).clone()?,
        Source::Exchange(kept, direction) => kept.content(direction).clone()?,
        Source::Missing(absence) => return Err(absence),
    };
    let subject = case.subject()?;
    let content = subject.content()?;
    let Some((wanted, near)) = missing(minimum.root(), content.root()) else { return Ok(Finding::pass()) };
    let value = wanted.value().map_or(String::new(), |v| format!(" = `{}`", shortened(v)));
    let expected = format!("{}{value}", wanted.path());
    let message = format!("`{}` of the minimum `{id}` is not in the content{value}", wanted.path());
    let place = place_of(near, near.path(), subject.is_request());
    Ok(Finding::fail(code::MINIMUM, message).expected(expected).found("nothing like it").at(place))
}

/// The first node of the minimum that has no counterpart, with the node of the content that should have
/// held it.
fn missing<'m, 'c>(minimum: NodeRef<'m>, content: NodeRef<'c>) -> Option<(NodeRef<'m>, NodeRef<'c>)> {
    if minimum.resource_type() != content.resource_type() || minimum.value() != content.value() {
        return Some((minimum, content));
    }
    for wanted in minimum.children() {
        let candidates: Vec<NodeRef<'c>> = content.children_named(wanted.name()).collect();
        if candidates.iter().any(|c| missing(wanted, *c).is_none()) {
            continue;
        }
        // With one candidate the fault is inside it; with more nobody can say in which.
        return match candidates.as_slice() {
            [only] => missing(wanted, *only),
            _ => Some((wanted, content)),
        };
    }
    None
}
