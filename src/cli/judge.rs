//! The validator of a run: what `validateProfileId` asks is answered here, script set by script set.
//!
//! A script set may name the packages it wants to be judged with, and each is judged with its own. Where
//! another version of one is loaded, nothing is judged with the wrong one: the assert is not evaluated and
//! says what is missing.

use std::path::Path;
use std::sync::OnceLock;

use crate::definitions::Definitions;
use crate::diagnostic::Severity;
use crate::engine::{ProfileOutcome, ProfileQuery, ProfileValidator, code};
use crate::record::{CodeCount, Issue, SliceMiss, TargetPlace};
use crate::validation::{self, Policy, Validator};

use super::choice::{Choice, Choices};

/// A validator for each choice of packages in the run, made when it is first needed.
pub struct Judge<'c> {
    choices: &'c Choices,
    validators: Vec<OnceLock<Validator>>,
}

impl<'c> Judge<'c> {
    /// Nothing is read yet.
    pub fn new(choices: &'c Choices) -> Judge<'c> {
        Judge { choices, validators: choices.all().iter().map(|_| OnceLock::new()).collect() }
    }

    fn of(&self, script: &Path) -> Option<(&Choice, &Validator)> {
        let at = self.choices.at(script)?;
        let (choice, validator) = (self.choices.all().get(at)?, self.validators.get(at)?);
        let make = || {
            let definitions = &choice.definitions;
            let (types, profiles) = (definitions.types(), definitions.profiles());
            Validator::new(types, profiles, definitions.terminology(), Policy::default())
                .asking(self.choices.authority())
        };
        Some((choice, validator.get_or_init(make)))
    }
}

impl ProfileValidator for Judge<'_> {
    fn validate(&self, query: &ProfileQuery<'_>) -> ProfileOutcome {
        let not_evaluated = |reason: String, issues: Vec<Issue>, codes: CodeCount| ProfileOutcome::NotEvaluated {
            code: code::NO_VALIDATION,
            reason,
            issues,
            codes,
        };
        let Some((choice, validator)) = self.of(query.script) else {
            let reason = format!("no definitions are loaded for `{}`", query.script.display());
            return not_evaluated(reason, vec![], CodeCount::default());
        };
        if let Some(reason) = other_version(&choice.definitions, &choice.wanted) {
            return not_evaluated(reason, vec![], CodeCount::default());
        }
        let outcome = validator.validate(query.content, &[query.profile]);
        let codes =
            CodeCount { checked: outcome.codes.checked, not_checkable: outcome.codes.not_checkable.values().sum() };
        let mut issues: Vec<Issue> = outcome.issues.iter().map(|issue| recorded(issue, query.request)).collect();
        issues.sort_by_key(|issue| SEVERITIES.iter().position(|(_, code)| *code == issue.severity));
        match outcome.unavailable.first() {
            None => ProfileOutcome::Validated { issues, codes },
            Some(first) => {
                let more = outcome.unavailable.len() - 1;
                let others = if more == 0 { String::new() } else { format!(" (and {more} more)") };
                not_evaluated(format!("not validated completely: {}{others}", first.reason), issues, codes)
            }
        }
    }
}

/// A package that the script set wants in another version than is loaded.
fn other_version(definitions: &Definitions, wanted: &[(String, String)]) -> Option<String> {
    if wanted.is_empty() {
        return None;
    }
    let used = definitions.used();
    wanted.iter().find_map(|(name, version)| {
        let mut loaded = used.iter().filter(|u| u.package == *name).peekable();
        let first = loaded.peek()?.version.clone();
        let missing = loaded.all(|u| u.version != *version);
        missing.then(|| format!("the script set asks for {name} {version}, loaded is {first}"))
    })
}

const SEVERITIES: [(Severity, &str); 4] = [
    (Severity::Fatal, "fatal"),
    (Severity::Error, "error"),
    (Severity::Warning, "warning"),
    (Severity::Information, "information"),
];

fn recorded(issue: &validation::Issue, request: bool) -> Issue {
    let severity = SEVERITIES.iter().find(|(s, _)| *s == issue.severity).map_or("", |(_, code)| code);
    Issue {
        severity: severity.to_owned(),
        code: issue.code.to_string(),
        message: issue.message.clone(),
        target: TargetPlace {
            request,
            line: issue.position.line,
            column: issue.position.column,
            path: issue.path.clone(),
            span: (issue.span.start() as u32, issue.span.end() as u32),
        },
        profile: issue.profile.to_string(),
        slices: issue.slices.iter().map(miss).collect(),
    }
}

/// A row of the table of slices, as the record keeps it.
pub fn miss(row: &validation::SliceMismatch) -> SliceMiss {
    SliceMiss {
        path: row.path.clone(),
        slice: row.slice.to_string(),
        discriminator: row.discriminator.clone(),
        expected: row.expected.clone(),
        found: row.found.clone(),
    }
}
