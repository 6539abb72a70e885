//! The rules that official script sets bring along, done natively.
//!
//! A rule is a program beside the scripts. keur runs no foreign program: it recognises the published ones
//! by the hash of their file, or by their id where the file is not there, and does what they do. Any
//! other rule is not evaluated, by name.

mod assert_request_url_contains;
mod modify_task;
mod query_params_in_self_link;

use std::borrow::Cow;
use std::path::Path;

use crate::record::BodyHash;
use crate::testscript::{NativeRule, RuleCall};

use super::code;
use super::content::Document;
use super::finding::{Absence, Finding};
use super::state::{ScriptState, Subject};

/// What a rule is called with.
pub struct Call<'c> {
    /// Parameters, placeholders filled in.
    pub params: &'c [(&'c str, Cow<'c, str>)],
    /// The call as the script has it.
    pub call: &'c RuleCall,
    /// The state of the script.
    pub state: &'c ScriptState<'c>,
    /// What the assert looks at.
    pub subject: &'c dyn Fn() -> Result<Subject<'c>, Absence>,
}

impl Call<'_> {
    /// A parameter that the rule cannot do without.
    fn param(&self, name: &str) -> Result<&str, Absence> {
        self.optional(name).ok_or_else(|| {
            let message = format!("rule `{}` is called without its parameter `{name}`", self.call.rule_id);
            Absence::not_evaluated(code::UNKNOWN_RULE, message)
        })
    }

    fn optional(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(n, _)| *n == name).map(|(_, value)| value.as_ref())
    }
}

/// What a rule came to: a finding, and the document it made under the name that gets.
pub type Applied = Result<(Finding, Option<(String, Document)>), Absence>;

/// Does what a rule does.
pub fn apply(rule: NativeRule, call: &Call<'_>) -> Applied {
    match rule {
        NativeRule::QueryParamsInSelfLink => query_params_in_self_link::apply(call),
        NativeRule::TaskStatus => modify_task::apply(call),
        NativeRule::TaskAlternativeDate => modify_task::apply_alternative_date(call),
        NativeRule::RequestUrlContains => assert_request_url_contains::apply(call),
    }
}

/// A declared rule and what keur makes of it.
pub enum Binding {
    /// One that keur does.
    Known {
        /// Which.
        rule: NativeRule,
        /// True when its file is not there, so that only its name tells.
        by_name: bool,
    },
    /// One that keur does not do.
    Unknown(Absence),
}

impl Binding {
    /// Recognises a rule by its file (`text`; None when there is none), else by the name of that file or by
    /// its id.
    pub fn of(id: &str, path: &Path, text: Option<Result<&str, &str>>) -> Binding {
        let unknown = |message: String| Binding::Unknown(Absence::not_evaluated(code::UNKNOWN_RULE, message));
        match text {
            Some(Ok(text)) => {
                let hash = BodyHash::of(text.as_bytes()).to_string();
                match NativeRule::with_hash(&hash) {
                    Some(rule) => Binding::Known { rule, by_name: false },
                    None => {
                        unknown(format!("rule `{id}` is not one keur knows: its file has the hash `{}…`", &hash[..12]))
                    }
                }
            }
            Some(Err(why)) => unknown(format!("rule `{id}`: {why}")),
            None => match NativeRule::named(id, path) {
                Some(rule) => Binding::Known { rule, by_name: true },
                None => unknown(format!("rule `{id}` is not one keur knows, and its file is not there")),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_known_by_its_file_first() {
        let of = |id: &str, path: &str, text| {
            matches!(Binding::of(id, Path::new(path), text), Binding::Known { by_name: true, .. })
        };
        assert!(of("modifyTask", "", None));
        assert!(of("any", "../rules/rewrite-response-taskStatus.groovy", None));
        assert!(of("modifyTask", "../rules/other.groovy", None));
        assert!(!of("any", "../rules/other.groovy", None));
        assert!(!of("other", "", None));
        // A familiar name on another program is not the familiar rule.
        assert!(!of("modifyTask", "../rules/rewrite-response-taskStatus.groovy", Some(Ok("return true"))));
    }
}
