//! A table of requirements as text: requirement, checks, verdict, evidence.

use std::fmt::Write as _;

use crate::diagnostic::{Language, Words};

use super::super::diagnosis::one_line;
use super::super::model::RunReport;
use super::super::phrase::{Noun, Phrase, number};
use super::super::requirement::{RequirementVerdict, RequirementsReport};

/// Evidence that is named.
const NAMED: usize = 3;

/// Verdicts with what they are called.
const VERDICTS: [(RequirementVerdict, Words); 6] = [
    (RequirementVerdict::Met, Words::new("met", "voldaan")),
    (RequirementVerdict::NotMet, Words::new("NOT MET", "NIET VOLDAAN")),
    (RequirementVerdict::Accepted, Words::new("not met, accepted", "niet voldaan, aanvaard")),
    (RequirementVerdict::Open, Words::new("open", "open")),
    (RequirementVerdict::NotRun, Words::new("not run", "niet gedraaid")),
    (RequirementVerdict::Manual, Words::new("a person must look", "een mens moet kijken")),
];

/// What came of a requirement, in words.
pub(super) fn verdict(verdict: RequirementVerdict) -> Words {
    VERDICTS[verdict as usize].1
}

/// The lines of a table.
pub(super) fn write(out: &mut String, report: &RunReport, table: &RequirementsReport, language: Language) {
    let _ = writeln!(out, "{}", one_line(table.title.get(language)));
    let ids = table.rows.iter().map(|row| row.id.chars().count()).max().unwrap_or_default();
    let words =
        table.rows.iter().map(|row| verdict(row.verdict).get(language).chars().count()).max().unwrap_or_default();
    for row in &table.rows {
        let said = verdict(row.verdict).get(language);
        let _ = writeln!(out, "  {:ids$}  {said:words$}  {}", row.id, one_line(row.text.get(language)));
        let mut parts = vec![];
        if row.checks.total > 0 {
            let held = number(language, row.checks.pass + row.checks.warning);
            let of = Phrase::Of.with(language, &[&held, &number(language, row.checks.total)]);
            parts.push(format!("{of} {}", Noun::Assert.name(language, row.checks.total)));
        }
        let exchanges =
            row.evidence.iter().flat_map(|evidence| &evidence.exchanges).filter(|id| report.exchange(**id).is_some());
        let mut exchanges: Vec<u32> = exchanges.copied().collect();
        exchanges.sort_unstable();
        exchanges.dedup();
        if let [first, .., last] = exchanges[..] {
            parts.push(format!("#{first} … #{last}"));
        } else if let [only] = exchanges[..] {
            parts.push(format!("#{only}"));
        }
        for evidence in row.evidence.iter().take(NAMED) {
            parts.extend(report.scripts.get(evidence.script as usize).map(|script| script.path.clone()));
        }
        parts.dedup();
        if row.evidence.len() > NAMED {
            parts.push("…".to_owned());
        }
        if let Some(manual) = &row.manual {
            let seen = [&manual.text, &manual.name, &manual.date].into_iter().flatten().map(|text| one_line(text));
            let seen: Vec<String> = seen.collect();
            parts.push(if seen.is_empty() { one_line(manual.task.get(language)) } else { seen.join(", ") });
        }
        if !parts.is_empty() {
            let _ = writeln!(out, "  {:ids$}  {:words$}  {}", "", "", parts.join("; "));
        }
    }
    let _ = writeln!(out, "  {}\n", Phrase::OnlyThis.get(language));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_verdicts() {
        assert!(VERDICTS.iter().enumerate().all(|(at, (verdict, _))| *verdict as usize == at));
    }
}
