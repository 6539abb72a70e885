//! `contentType`: the Content-Type, as a media type or as `json` or `xml`.

use super::{Case, Outcome};
use crate::engine::code;
use crate::engine::compare;
use crate::engine::finding::Finding;
use crate::fhir::Format;
use crate::testscript::{Operator, Template};

pub(super) fn judge(case: &Case<'_>, content_type: &Template) -> Outcome {
    let wanted = case.state.text(content_type)?;
    let subject = case.subject()?;
    let found = subject.headers()?.get("Content-Type").unwrap_or_default();
    let essence = found.split(';').next().unwrap_or_default().trim();
    let formats = matches!(&*wanted, "json" | "xml");
    if formats && matches!(case.operator(), Operator::Equals | Operator::NotEquals) {
        let same = Format::from_media_type(essence).is_some()
            && Format::from_media_type(essence) == Format::from_media_type(&wanted);
        if same == (case.operator() == Operator::Equals) {
            return Ok(Finding::pass());
        }
        let expected = compare::expectation(case.operator(), &wanted);
        let message = format!("the Content-Type is `{found}`, expected {expected}");
        return Ok(Finding::fail(code::CONTENT_TYPE, message).expected(expected).found(found));
    }
    let shown = if wanted.contains(';') { found } else { essence };
    let found: Vec<String> = if shown.is_empty() { vec![] } else { vec![shown.to_owned()] };
    case.compared(code::CONTENT_TYPE, "the Content-Type", &found, &wanted)
}
