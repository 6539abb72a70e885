//! The declaration of conformity in the form that Nictiz' API takes: every code of the requirements, what
//! was seen of it, and `NOT_EVALUATED` for what cannot be seen from outside.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::check::catalogue::Check;
use crate::check::outcome::Outcome;
use crate::record::Verdict;

/// Version of the requirements.
pub const VERSION: &str = "1.2.0";

/// Longest remark, in characters.
pub const REMARK: usize = 1000;

/// A declaration.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Declaration {
    /// `1.2.0`.
    pub requirements_version: &'static str,
    /// By code.
    pub requirements: BTreeMap<String, Statement>,
}

/// What is stated about one requirement.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    /// Whether it is met.
    pub conformity_type: Conformity,
    /// Evidence, Markdown, at most a thousand characters.
    pub remarks: String,
}

/// Whether a requirement is met.
#[derive(Clone, Copy, Debug, Serialize, PartialEq, Eq)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Conformity {
    /// It is.
    Conformant,
    /// It is not.
    NotConformant,
    /// Nobody looked.
    NotEvaluated,
    /// It does not concern this API.
    NotApplicable,
}

/// Every code: `DR002.001-005` stands for five.
const CODES: &str = "DR001 DR002 DR002.001-005 DR003 DR003.001-014 DR004 DR005 DR005.001 DR006 DR006.001 DR007 \
    DR007.001-004 DR008 DR009 DR011 DR012 DR013 DR014 DR015 DR016 DR-S001 DR-S002 DR-R001 DR-R002 DR-R003 DR-R004 \
    DR-R004.001 DR-R005 DR-R006 DR-R007 DR-R007.001-002 DR-R008 DR-R008.001-002 \
    SC001 SC002 SC003 SC004 SC004.001 SC005 SC006 SC007 SC008 SC009 SC-S001 SC-S002 SC-R001 SC-R002 SC-R003 \
    SD001 SD001.001-017 SD002 SD002.001-003 SD003 SD003.001-002 SD004 SD004.001-004 SD005 SD005.001-002 SD006 \
    SD006.001-004 SD007 SD007.001-002 SD008 SD008.001 SD009 SD009.001-003 SD010 SD011 SD012 SD013 SD014 \
    LM001 LM001.001-004 LM002 LM002.001-003 LM003 LM003.001-004 LM004 LM004.001-003 LM005 LM005.001-003 LM006 \
    LM006.001-002 LM007 LM007.001-011 LM008 \
    TS001 TS001.001-007 DI001 DI001.001-003 DI002 DI002.001-004 DI003 DI003.001-004 \
    OB001 OB001.001-002 OB002 OB002.001 OB003 OB003.001-003 OB004 OB004.001-004 OB005 OB005.001-002 OB006 OB006.001 \
    AG001 AG001.001-018 AG002 AG002.001-004 AG003 AG003.001-003 AG004 AG004.001 IS001 IS002 IS003 IS003.001-002";

/// Which checks show something of a code, and whether they show all of it.
type Shown = (&'static str, &'static [&'static str], bool);

#[rustfmt::skip]
const SHOWN: &[Shown] = &[
    ("DR001", &["API-21"], false), ("DR002", &["API-11"], false), ("DR002.001", &["API-13"], true),
    ("DR002.002-005", &["API-12"], true), ("DR003", &["API-13", "API-14", "API-15"], false),
    ("DR003.001-002", &["API-13"], true), ("DR003.003-006", &["API-14"], true), ("DR003.010", &["API-15"], true),
    ("DR003.014", &["API-15"], true), ("DR004", &["API-16"], false), ("DR005", &["API-17"], false),
    ("DR005.001", &["API-17"], false), ("DR006", &["API-18"], false), ("DR006.001", &["API-18"], true),
    ("DR007", &["API-10"], true), ("DR007.001-004", &["API-10"], false), ("DR008", &["API-06", "API-07"], true),
    ("DR009", &["API-08"], true), ("DR011", &["API-09"], true), ("DR-R001", &["API-19"], true),
    ("DR-R002", &["API-19"], true), ("DR-R003", &["API-20"], false), ("DR-R004", &["API-01"], true),
    ("DR-R004.001", &["API-02"], true), ("DR-R007", &["API-03", "API-04"], true), ("DR-R007.002", &["API-03", "API-04"], true),
    ("DR-R008", &["API-05"], true), ("DR-R008.001", &["API-05"], true), ("SC002", &["API-24", "API-25"], false),
    ("SC003", &["API-23", "API-24", "API-25"], false), ("SC004", &["API-22", "API-23"], false),
    ("SC004.001", &["API-22"], false), ("SC005", &["API-36"], false), ("SC008", &["API-26"], false),
    ("SC009", &["API-34"], false), ("SC-R001", &["API-27"], false), ("SC-R002", &["API-28"], false),
    ("SC-R003", &["API-26"], false), ("SD001", &["API-32"], false), ("SD001.013", &["API-32"], false),
    ("SD008", &["API-29"], true), ("SD008.001", &["API-29"], true), ("SD012", &["API-18"], false),
    ("LM008", &["API-30"], false), ("LM001.003", &["API-30"], false), ("IS003", &["API-31"], false),
    ("IS003.001-002", &["API-31"], false), ("TS001.006", &["API-32"], false), ("DI001", &["API-33"], false),
    ("DI002", &["API-33"], false), ("DI003", &["API-33"], false),
];

/// What is said of a code whatever was seen.
#[rustfmt::skip]
const SAID: &[(&str, Conformity, &str)] = &[
    ("DR-S001", Conformity::NotApplicable, "This is a REST API."),
    ("DR-S002", Conformity::NotApplicable, "This is a REST API."),
    ("SC-S001", Conformity::NotApplicable, "This is a REST API."),
    ("SC-S002", Conformity::NotApplicable, "This is a REST API."),
    ("DR003.007-009", Conformity::NotEvaluated, "A conditional create is idempotent on purpose, so this cannot be judged by behaviour."),
    ("DR003.011-013", Conformity::NotEvaluated, "PATCH may be idempotent (RFC 5789), so this cannot be judged by behaviour."),
    ("IS002", Conformity::NotEvaluated, "A run of keur prepares for a formal qualification; it is none."),
];

/// Codes of a range: `DR002.001-005`.
fn expanded(text: &str) -> Vec<String> {
    let range = text.split_once('.').and_then(|(main, rest)| {
        let (from, to) = rest.split_once('-')?;
        Some((main, from.parse::<u32>().ok()?, to.parse::<u32>().ok()?))
    });
    match range {
        Some((main, from, to)) => (from..=to).map(|number| format!("{main}.{number:03}")).collect(),
        None => vec![text.to_owned()],
    }
}

/// Every code of the requirements.
pub fn codes() -> Vec<String> {
    CODES.split_whitespace().flat_map(expanded).collect()
}

/// The declaration that follows from what was seen.
pub fn of(outcomes: &[(&'static Check, Outcome)]) -> Declaration {
    let unseen = || Statement {
        conformity_type: Conformity::NotEvaluated,
        remarks: "Not observable from outside with what was supplied.".to_owned(),
    };
    let mut requirements: BTreeMap<String, Statement> = codes().into_iter().map(|code| (code, unseen())).collect();
    for (codes, conformity_type, remarks) in SAID {
        for code in expanded(codes) {
            requirements.insert(code, Statement { conformity_type: *conformity_type, remarks: (*remarks).to_owned() });
        }
    }
    for (codes, checks, whole) in SHOWN {
        let seen: Vec<&(&Check, Outcome)> = outcomes.iter().filter(|(check, _)| checks.contains(&check.id)).collect();
        if seen.is_empty() {
            continue;
        }
        for code in expanded(codes) {
            requirements.insert(code, stated(&seen, *whole && seen.len() == checks.len()));
        }
    }
    Declaration { requirements_version: VERSION, requirements }
}

fn stated(seen: &[&(&'static Check, Outcome)], whole: bool) -> Statement {
    let verdicts: Vec<Verdict> = seen.iter().map(|(_, outcome)| outcome.verdict()).collect();
    let failed = verdicts.iter().any(|verdict| matches!(verdict, Verdict::Fail | Verdict::Error));
    let held = verdicts.iter().all(|verdict| matches!(verdict, Verdict::Pass));
    // Security is stated by the party itself (SC001 to SC004): a finding is evidence, no conclusion.
    let conformity_type = match (whole, failed, held) {
        (true, true, _) => Conformity::NotConformant,
        (true, _, true) => Conformity::Conformant,
        _ => Conformity::NotEvaluated,
    };
    let mut lines = vec![format!("Seen from outside by keur {}:", env!("CARGO_PKG_VERSION"))];
    for (check, outcome) in seen {
        let said: Vec<&str> = outcome.findings.iter().map(|finding| finding.message.as_str()).collect();
        let verdict = match outcome.verdict() {
            Verdict::Pass => "no breach seen",
            Verdict::Fail | Verdict::Error => "breach seen",
            Verdict::Warning => "doubt",
            Verdict::Skip | Verdict::NotEvaluated => "not evaluated",
        };
        let said = if said.is_empty() { String::new() } else { format!(": {}", said.join("; ")) };
        lines.push(format!("- {} ({}): {verdict}{said}", check.id, check.title.en));
    }
    Statement { conformity_type, remarks: shortened(&lines.join("\n")) }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(REMARK) {
        None => text.to_owned(),
        Some(_) => text.chars().take(REMARK - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::catalogue::find;
    use crate::check::code;
    use crate::check::{Finding, Level};

    #[test]
    fn there_are_as_many_codes_as_the_requirements_have() {
        let codes = codes();
        let main = codes.iter().filter(|code| !code.contains('.')).count();
        assert_eq!((main, codes.len() - main), (78, 158));
        let mut sorted = codes.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), codes.len());
        for (shown, checks, _) in SHOWN {
            assert!(expanded(shown).iter().all(|code| codes.contains(code)), "{shown}");
            assert!(checks.iter().all(|check| find(check).is_some()), "{shown}");
        }
    }

    #[test]
    fn what_was_seen_is_stated_and_the_rest_is_not_evaluated() {
        let check = |id| find(id).unwrap();
        let long: Outcome = Finding::new(Level::Hard, code::CONTENT, "x".repeat(3000)).into();
        let outcomes = [
            (check("API-01"), Outcome::holds()),
            (check("API-06"), long),
            (check("API-07"), Outcome::holds()),
            (check("API-24"), Outcome::holds()),
        ];
        let declaration = of(&outcomes);
        let of = |code: &str| declaration.requirements[code].conformity_type;
        assert_eq!(of("DR-R004"), Conformity::Conformant);
        assert_eq!(of("DR008"), Conformity::NotConformant);
        assert_eq!(of("SC002"), Conformity::NotEvaluated);
        assert_eq!(of("DR001"), Conformity::NotEvaluated);
        assert_eq!(of("SC-S001"), Conformity::NotApplicable);
        assert!(declaration.requirements.values().all(|s| s.remarks.chars().count() <= REMARK));
    }
}
