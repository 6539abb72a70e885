//! A rule of the script set, as far as keur knows it.

use crate::testscript::RuleCall;

use super::Case;
use crate::engine::code;
use crate::engine::content::Document;
use crate::engine::finding::{Absence, Finding};
use crate::engine::rule::{Binding, Call, apply};
use crate::record::Verdict;

/// The finding, and the document the rule made under the name it gets.
type Ruling = (Finding, Option<(String, Document)>);

pub(super) fn judge(case: &Case<'_>, call: &RuleCall) -> Result<Ruling, Absence> {
    let binding = case.state.planned.rules.get(&call.rule_id);
    let (rule, by_name) = match binding {
        Some(Binding::Known { rule, by_name }) => (*rule, *by_name),
        Some(Binding::Unknown(absence)) => return Err(absence.clone()),
        None => {
            let message = format!("rule `{}` is not declared in the script", call.rule_id);
            return Err(Absence::not_evaluated(code::UNKNOWN_RULE, message));
        }
    };
    let params = call.params.iter().map(|(name, value)| Ok((name.as_str(), case.state.text(value)?)));
    let params = params.collect::<Result<Vec<_>, Absence>>()?;
    let subject = || case.subject();
    let call_made = Call { params: &params, call, state: case.state, subject: &subject };
    let (mut finding, output) = apply(rule, &call_made)?;
    if by_name && finding.verdict == Verdict::Pass && finding.code.is_none() {
        let message =
            format!("the file of rule `{}` is not there; the published rule of that name was applied", call.rule_id);
        finding = Finding::note(code::RULE_BY_NAME, message);
    } else if by_name {
        finding.message.push_str(" (rule recognised by its name)");
    }
    Ok((finding, output))
}
