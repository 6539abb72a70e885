//! The invariants in our own words: that each says what it should, and the same as the official expression.

mod assets;
#[path = "invariants/cases.rs"]
mod cases;
#[path = "invariants/corpus.rs"]
mod corpus;
#[path = "invariants/official.rs"]
mod official;

use std::sync::Arc;

use keur::definitions::{Definitions, TypeId, TypeTable};
use keur::fhir::FhirVersion;
use keur::fhirpath::Expression;
use keur::validation::invariant::{Row, rows};
use libtest_mimic::{Arguments, Failed, Trial};

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = vec![];
    for release in FhirVersion::ALL {
        trials.push(Trial::test(format!("{release} expressions"), move || expressions(release)));
        trials.push(Trial::test(format!("{release} cases"), move || cases::run(release)));
        let name = format!("{release} official");
        trials.push(assets::trial(name, &["packages", "oracle"], move |assets| official::run(release, assets)));
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn types(release: FhirVersion) -> Arc<TypeTable> {
    Definitions::embedded(release).types()
}

/// The types an expression of a row starts at.
fn starts(row: &Row, table: &TypeTable) -> Vec<TypeId> {
    let by_path = |path: &str| {
        let (owner, name) = path.rsplit_once('.')?;
        let elements = table.elements_of(table.type_named(owner)?);
        let element = elements.map(|(_, e)| e).find(|e| &*e.path == path && path.ends_with(name))?;
        Some(element.types.iter().map(|(ty, _)| *ty).collect())
    };
    let of = |at: &&str| table.type_named(at).map(|ty| vec![ty]).or_else(|| by_path(at)).unwrap_or_default();
    row.at.iter().flat_map(of).collect()
}

/// Every expression parses, and the analysis has nothing to say about it at the places it is for.
fn expressions(release: FhirVersion) -> Result<(), Failed> {
    let table = types(release);
    let mut wrong = vec![];
    let mut elsewhere = 0;
    for row in rows(release) {
        let expression = match Expression::parse(row.expression) {
            Ok(expression) => expression,
            Err(error) => {
                wrong.push(format!("{}: {}", row.key, error.message));
                continue;
            }
        };
        let starts = starts(row, &table);
        elsewhere += usize::from(!row.at.is_empty() && starts.is_empty());
        for start in starts {
            // What is true of one type of a choice need not be of another.
            if row.at.iter().any(|at| at.ends_with("[x]")) {
                continue;
            }
            let findings = expression.check(&table, Some(start));
            let place = &table.get(start).name;
            wrong.extend(findings.iter().map(|f| format!("{} at {place}: {}", row.key, f.message)));
        }
    }
    println!(
        "{release}: {} rows, {elsewhere} of them at places that this release does not have",
        rows(release).count()
    );
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}
