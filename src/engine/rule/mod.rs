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
use crate::testscript::RuleCall;

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

/// A rule keur knows.
pub struct KnownRule {
    /// What scripts call it (`ruleId`).
    pub id: &'static str,
    /// Name of its file, without the extension.
    pub stem: &'static str,
    /// SHA-256 of its published files.
    pub files: &'static [&'static str],
    /// Does it.
    pub apply: fn(&Call<'_>) -> Applied,
}

/// Every rule keur knows. Their files differ between script sets in ways that do not matter.
static KNOWN: [KnownRule; 4] = [
    KnownRule {
        id: "assert-response-queryParamsInSelfLink",
        stem: "assert_response_queryParamsInSelfLink",
        files: &["11d6aa8d448e8a041136fa24de0a1383682a51695e16c033c1d9a97fa008d2db"],
        apply: query_params_in_self_link::apply,
    },
    KnownRule {
        id: "modifyTask",
        stem: "rewrite-response-taskStatus",
        files: &["e94553967c53246abcf5dfdc56c79e50e16ab2a8732dbeefc17881bc29447e09"],
        apply: modify_task::apply,
    },
    KnownRule {
        id: "taskWithAlternativeDate",
        stem: "rewrite-response-taskWithAlternativeDate",
        files: &[
            "1c2a374bfcc5c5b0467501e6cf61c6e9aff11534cc72f401aa1a917536889112",
            "1853d29d3acf8103eb708729facdf21a0d24d245aaba5387582f3a03483ae141",
        ],
        apply: modify_task::apply_alternative_date,
    },
    KnownRule {
        id: "assertRequestURLContains",
        stem: "assertRequestURLContains",
        files: &[
            "d170bb53dcd37c543829b1b1b76f2e6c659997139a19dbae159d0238fad8eb82",
            "869226cf2a4f495472b34cd514283909448ff8ac8493e9893a007877624b3753",
        ],
        apply: assert_request_url_contains::apply,
    },
];

/// A declared rule and what keur makes of it.
pub enum Binding {
    /// One that keur does.
    Known {
        /// Which.
        rule: &'static KnownRule,
        /// True when its file is not there, so that only its name tells.
        by_name: bool,
    },
    /// One that keur does not do.
    Unknown(Absence),
}

impl Binding {
    /// Recognises a rule by its file (`text`; None when there is none), else by the name of that file,
    /// and where the script names no file by its id.
    pub fn of(id: &str, path: &Path, text: Option<Result<&str, &str>>) -> Binding {
        let unknown = |message: String| Binding::Unknown(Absence::not_evaluated(code::UNKNOWN_RULE, message));
        match text {
            Some(Ok(text)) => {
                let hash = BodyHash::of(text.as_bytes()).to_string();
                match KNOWN.iter().find(|rule| rule.files.contains(&hash.as_str())) {
                    Some(rule) => Binding::Known { rule, by_name: false },
                    None => {
                        unknown(format!("rule `{id}` is not one keur knows: its file has the hash `{}…`", &hash[..12]))
                    }
                }
            }
            Some(Err(why)) => unknown(format!("rule `{id}`: {why}")),
            None => match KNOWN.iter().find(|rule| is_named(rule, id, path)) {
                Some(rule) => Binding::Known { rule, by_name: true },
                None => unknown(format!("rule `{id}` is not one keur knows, and its file is not there")),
            },
        }
    }
}

fn is_named(rule: &KnownRule, id: &str, path: &Path) -> bool {
    let unnamed = path.as_os_str().is_empty() || path == Path::new(".");
    if unnamed { rule.id == id } else { path.file_stem().is_some_and(|stem| stem == rule.stem) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hash_is_one_and_belongs_to_one_rule() {
        let hashes: Vec<&str> = KNOWN.iter().flat_map(|r| r.files).copied().collect();
        assert_eq!(hashes.len(), 6);
        assert!(hashes.iter().all(|h| BodyHash::parse(h).is_some()));
        assert!(hashes.iter().enumerate().all(|(i, h)| !hashes[..i].contains(h)));
    }

    #[test]
    fn a_rule_is_known_by_its_file_first() {
        let of = |id: &str, path: &str, text| {
            matches!(Binding::of(id, Path::new(path), text), Binding::Known { by_name: true, .. })
        };
        assert!(of("modifyTask", "", None));
        assert!(of("any", "../rules/rewrite-response-taskStatus.groovy", None));
        assert!(!of("modifyTask", "../rules/other.groovy", None));
        assert!(!of("other", "", None));
        // A familiar name on another program is not the familiar rule.
        assert!(!of("modifyTask", "../rules/rewrite-response-taskStatus.groovy", Some(Ok("return true"))));
    }
}
