//! The JSON report (`schema/run-report-1.json`), with what the rules it names mean.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use crate::diagnostic::{Code, Language, Registry};

use super::super::model::RunReport;

#[derive(Serialize)]
struct Document<'r> {
    #[serde(flatten)]
    report: &'r RunReport,
    /// Every rule that the report names.
    rules: BTreeMap<String, RuleText>,
}

#[derive(Serialize)]
struct RuleText {
    title: &'static str,
    remedy: &'static str,
}

/// Writes the report as JSON, a newline at the end; that of a large run is many megabytes. `language` is that
/// of the rules' texts.
///
/// # Errors
/// What the writer says; a report holds nothing that JSON cannot.
pub fn write_json(report: &RunReport, registry: &Registry, language: Language, to: &mut dyn Write) -> io::Result<()> {
    let document = Document { report, rules: rules(report, registry, language) };
    serde_json::to_writer_pretty(&mut *to, &document)?;
    to.write_all(b"\n")
}

/// The same in memory.
///
/// # Errors
/// As for [`write_json`].
pub fn json(report: &RunReport, registry: &Registry, language: Language) -> io::Result<Vec<u8>> {
    let mut bytes = vec![];
    write_json(report, registry, language, &mut bytes)?;
    Ok(bytes)
}

fn rules(report: &RunReport, registry: &Registry, language: Language) -> BTreeMap<String, RuleText> {
    let own = report.actions().map(|(_, action)| action.code.as_str());
    let issues = report.actions().flat_map(|(_, action)| &action.issues).map(|issue| issue.code.as_str());
    let mut rules = BTreeMap::new();
    for code in own.chain(issues).filter(|code| !code.is_empty()) {
        if rules.contains_key(code) {
            continue;
        }
        if let Some(rule) = code.parse::<Code>().ok().and_then(|code| registry.rule(code)) {
            let text = RuleText { title: rule.title.get(language), remedy: rule.remedy.get(language) };
            rules.insert(code.to_owned(), text);
        }
    }
    rules
}
