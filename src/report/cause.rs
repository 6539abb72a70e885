//! What lies behind verdicts: a token that expired fails forty asserts and is one cause.
//!
//! Two actions have one cause when the exchange they looked at was refused or not answered in the same
//! way, or when they found the same thing. Grouping hides nothing: every action is in exactly one cause.

use std::collections::HashMap;

use serde::Serialize;

use crate::diagnostic::Code;
use crate::engine::code;
use crate::record::Verdict;

use super::diagnosis::found_status;
use super::model::{ActionPlace, ActionReport, ExchangeReport, RunReport};
use super::verdict::verdict_code;

/// Something behind one or more verdicts that are not a pass.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cause {
    /// What they have in common.
    pub kind: CauseKind,
    /// The worst verdict it led to.
    #[serde(serialize_with = "write_verdict")]
    pub verdict: Verdict,
    /// Rule code of the first action.
    pub code: String,
    /// Message of the first action.
    pub message: String,
    /// The actions, in the order of the run; never empty.
    pub actions: Vec<ActionPlace>,
    /// How many actions were skipped because of them.
    pub skipped: u32,
    /// True when these failures were known and are accepted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub known: bool,
}

impl Cause {
    /// True when it makes the run fail.
    pub fn fails(&self) -> bool {
        !self.known && matches!(self.verdict, Verdict::Fail | Verdict::Error)
    }
}

/// What the actions of a cause have in common.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CauseKind {
    /// Their requests got no answer, for the same reason.
    NoAnswer,
    /// Their requests were refused with the same HTTP status.
    Status,
    /// They found the same thing.
    Finding,
}

/// Findings about an answer as a whole: how exactly it is unreadable differs from answer to answer.
const UNREADABLE: [Code; 3] = [code::NO_CONTENT, code::MALFORMED, code::NOT_FHIR];

/// By what actions are grouped.
#[derive(PartialEq, Eq, Hash)]
enum Key<'r> {
    NoAnswer(Class, &'r str),
    Status(Class, u16),
    Unreadable(Class, &'r str),
    Finding(Class, &'r str, &'r str, String),
}

/// Verdicts that can share a cause.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Class {
    Failing,
    Known,
    Warning,
    NotEvaluated,
}

impl Class {
    fn of(verdict: Verdict, known: bool) -> Option<Class> {
        match verdict {
            Verdict::Fail | Verdict::Error if known => Some(Class::Known),
            Verdict::Fail | Verdict::Error => Some(Class::Failing),
            Verdict::Warning => Some(Class::Warning),
            Verdict::NotEvaluated => Some(Class::NotEvaluated),
            Verdict::Pass | Verdict::Skip => None,
        }
    }
}

/// The causes of a report: failing ones first, then warnings, then what was not evaluated; within those
/// what concerns whole exchanges first, then in the order of the run. Known failures come after the others.
pub(super) fn of(report: &RunReport) -> Vec<Cause> {
    let refused = refused_exchanges(report);
    let unanswered: HashMap<&str, &str> =
        report.exchanges.iter().filter_map(|e| e.error.as_ref()).map(|e| (&*e.detail, &*e.kind)).collect();
    let mut causes: Vec<Cause> = vec![];
    let mut by_key: HashMap<Key<'_>, usize> = HashMap::new();
    // The cause that later actions of the same test were skipped for.
    let mut failed: Option<(u32, u32, usize)> = None;
    for (place, action) in report.actions() {
        let Some(class) = Class::of(action.verdict, action.known.is_some()) else {
            if let (Verdict::Skip, Some((script, test, cause))) = (action.verdict, failed)
                && (script, test) == (place.script, place.test)
            {
                causes[cause].skipped += 1;
            }
            continue;
        };
        let exchange = action.exchange.and_then(|id| report.exchange(id));
        let key = match unanswered.get(action.message.as_str()) {
            // What could not be asked because another request was not answered.
            Some(kind) if exchange.is_none() => Key::NoAnswer(class, kind),
            _ => key(class, action, exchange, &refused),
        };
        let kind = key.kind();
        let at = *by_key.entry(key).or_insert_with(|| {
            causes.push(Cause {
                kind,
                verdict: action.verdict,
                code: action.code.clone(),
                message: action.message.clone(),
                actions: vec![],
                skipped: 0,
                known: class == Class::Known,
            });
            causes.len() - 1
        });
        let cause = &mut causes[at];
        cause.actions.push(place);
        if action.verdict == Verdict::Fail {
            cause.verdict = Verdict::Fail;
        }
        if matches!(class, Class::Failing | Class::Known) {
            failed = Some((place.script, place.test, at));
        }
    }
    causes.sort_by_key(|cause| (Class::of(cause.verdict, cause.known), cause.kind, cause.actions[0]));
    causes
}

impl Key<'_> {
    fn kind(&self) -> CauseKind {
        match self {
            Key::NoAnswer(..) => CauseKind::NoAnswer,
            Key::Status(..) => CauseKind::Status,
            Key::Unreadable(..) | Key::Finding(..) => CauseKind::Finding,
        }
    }
}

fn key<'r>(
    class: Class,
    action: &'r ActionReport,
    exchange: Option<&'r ExchangeReport>,
    refused: &HashMap<u32, u16>,
) -> Key<'r> {
    if let Some(exchange) = exchange {
        if let Some(error) = &exchange.error {
            return Key::NoAnswer(class, &error.kind);
        }
        if let Some(status) = refused.get(&exchange.id) {
            return Key::Status(class, *status);
        }
    }
    if UNREADABLE.iter().any(|code| action.code.parse() == Ok(*code)) {
        return Key::Unreadable(class, &action.code);
    }
    // An assert that could not be decided, or is not known, has the same cause whatever it is called.
    let title = if matches!(action.verdict, Verdict::Fail | Verdict::Warning) { &*action.title } else { "" };
    Key::Finding(class, &action.code, title, essence(&action.message))
}

/// Exchanges with a status that an action found wrong. A script may well expect a refusal: then what else
/// fails on that answer has its own cause.
fn refused_exchanges(report: &RunReport) -> HashMap<u32, u16> {
    let mut refused = HashMap::new();
    for (_, action) in report.actions() {
        if !matches!(action.verdict, Verdict::Fail | Verdict::Error) {
            continue;
        }
        let Some(exchange) = action.exchange.and_then(|id| report.exchange(id)) else { continue };
        let Some(status) = exchange.status.filter(|status| *status >= 400) else { continue };
        if found_status(action) == Some(status) {
            refused.insert(exchange.id, status);
        }
    }
    refused
}

/// What was found, without where and how often: `entry[12]` and `entry[3]` are the same finding in another
/// entry, a `total` of 2 and one of 7 the same miscount, and so is one in three elements and one in five.
fn essence(message: &str) -> String {
    let message = without_numbers(message).replace(" (and # more)", "");
    // A message that begins with the element: `Bundle.entry[#].resource.value`: there is no `unit`.
    let rest =
        message.strip_prefix('`').and_then(|rest| rest.split_once('`')).and_then(|(_, rest)| rest.strip_prefix(": "));
    rest.map_or(message.clone(), str::to_owned)
}

fn without_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '0'..='9' if out.ends_with('#') => {}
            '0'..='9' => out.push('#'),
            c => out.push(c),
        }
    }
    out
}

fn write_verdict<S: serde::Serializer>(verdict: &Verdict, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(verdict_code(*verdict))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn place_and_number_do_not_tell_findings_apart() {
        for (text, expected) in [
            ("`Bundle.entry[12].resource` is wrong", "`Bundle.entry[#].resource` is wrong"),
            ("`total` is `10`, there are 7", "`total` is `#`, there are #"),
            ("`Bundle.entry[1].resource.value` (and 14 more): there is no `unit`", "there is no `unit`"),
            ("`x` is not in the value set (and 2 more)", "`x` is not in the value set"),
            ("`a`: `b`: c", "`b`: c"),
            ("", ""),
        ] {
            assert_eq!(essence(text), expected);
        }
    }
}
