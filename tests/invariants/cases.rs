//! For each row something that passes and something that fails.

use std::collections::BTreeMap;
use std::sync::Arc;

use keur::definitions::{TypeClass, TypeId, TypeTable, Typed};
use keur::fhir::{FhirVersion, Format, NodeRef, read};
use keur::fhirpath::{Context, Expression};
use keur::validation::invariant::{Row, rows};
use libtest_mimic::Failed;
use toml::{Table, Value};

/// The files of cases and the releases they are for, first the one they are written with.
const FILES: [(&str, &[FhirVersion]); 4] = [
    (include_str!("base.toml"), &[FhirVersion::Stu3, FhirVersion::R4]),
    (include_str!("r4.toml"), &[FhirVersion::R4]),
    (include_str!("zib.toml"), &[FhirVersion::Stu3]),
    (include_str!("zib2020.toml"), &[FhirVersion::R4]),
];

/// One case: a resource with an element at `place` of which the invariant does (or does not) hold.
pub struct Case {
    pub key: String,
    pub place: String,
    pub passes: bool,
    pub text: String,
    /// The release whose types it is written with.
    written_for: FhirVersion,
}

/// All cases of a release.
pub fn cases(release: FhirVersion, table: &Arc<TypeTable>) -> Result<Vec<Case>, Failed> {
    let mut cases = vec![];
    for (text, of) in FILES.iter().filter(|(_, of)| of.contains(&release)) {
        let places: Table = text.parse().map_err(|e| format!("{e}"))?;
        for (place, invariants) in &places {
            let Some(invariants) = invariants.as_table() else { continue };
            let frame = match invariants.get("in").and_then(Value::as_str) {
                Some(frame) => frame.to_owned(),
                None => match frame(place, table) {
                    Some(frame) => frame,
                    // Another release has it.
                    None => continue,
                },
            };
            for (key, both) in invariants.iter().filter(|(key, _)| *key != "in") {
                for (passes, side) in [(true, both.get(0)), (false, both.get(1))] {
                    let texts: Vec<&str> = match side {
                        Some(Value::String(one)) => vec![one],
                        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
                        _ => return Err(format!("{place} {key}: passing and failing are wanted").into()),
                    };
                    for text in texts {
                        let (key, place) = (key.clone(), place.clone());
                        let whole = match frame.strip_suffix('@') {
                            Some(head) => format!("{head}{}", text.trim_start_matches('{')),
                            None => frame.replacen('@', text, 1),
                        };
                        cases.push(Case { key, place, passes, text: whole, written_for: of[0] });
                    }
                }
            }
        }
    }
    // A file is written for its first release; where another has the same row, its cases serve there too, unless
    // they have something in them that this release does not know.
    let fits = |case: &Case, first: FhirVersion| {
        let Ok(document) = case.document(table) else { return true };
        let is_shared = |row: &Row| rows(first).any(|r| std::ptr::eq(r, row));
        let has_row = |n| rows(release).any(|r| r.key == case.key && r.applies(&document, n) && is_shared(r));
        let mut places = document.root().descendants_and_self().filter(|n| case.is_place(&document, *n));
        let known = |n: NodeRef<'_>| document.node_type(n.id()).ty != TypeId::UNKNOWN;
        places.next().is_some_and(has_row) && document.root().descendants_and_self().all(known)
    };
    cases.retain(|case| case.written_for == release || fits(case, case.written_for));
    Ok(cases)
}

/// A resource around the place, with `@` where its JSON comes; at the end, where that goes on with the
/// resource itself. Data types hang in an extension.
fn frame(place: &str, table: &TypeTable) -> Option<String> {
    let mut steps = place.split('.');
    let root = steps.next()?;
    let mut ty = table.type_named(root)?;
    let mut inner = "@".to_owned();
    let mut wraps = vec![];
    for step in steps {
        let (element, of) = table.child(ty, step)?;
        wraps.push((step, table.element_at(element).max != Some(1)));
        ty = of;
    }
    for (step, repeats) in wraps.iter().rev() {
        inner = if *repeats { format!(r#"{{"{step}": [{inner}]}}"#) } else { format!(r#"{{"{step}": {inner}}}"#) };
    }
    if table.get(table.type_named(root)?).class == TypeClass::Resource {
        // The resource says its type itself.
        return Some(match inner.strip_prefix('{') {
            Some(rest) => format!(r#"{{"resourceType": "{root}", {rest}"#),
            None => format!(r#"{{"resourceType": "{root}", @"#),
        });
    }
    if root == "Extension" {
        return Some(format!(r#"{{"resourceType": "Basic", "extension": [{inner}]}}"#));
    }
    let frame = match root {
        "Narrative" => format!(r#"{{"resourceType": "Basic", "text": {inner}}}"#),
        "ElementDefinition" => {
            format!(r#"{{"resourceType": "StructureDefinition", "snapshot": {{"element": [{inner}]}}}}"#)
        }
        _ => format!(r#"{{"resourceType": "Basic", "extension": [{{"url": "urn:a", "value{root}": {inner}}}]}}"#),
    };
    Some(frame)
}

impl Case {
    /// The resource, typed.
    pub fn document(&self, table: &Arc<TypeTable>) -> Result<Typed, Failed> {
        let document = read(self.text.clone(), Format::Json).map_err(|e| format!("{} {}: {e}", self.key, self.text))?;
        Ok(Typed::new(document, table.clone()))
    }

    /// True for the elements the case is about.
    fn is_place(&self, document: &Typed, node: NodeRef<'_>) -> bool {
        let path = document.element(node.id()).map(|e| &*e.path);
        document.type_name(node.id()) == self.place || path == Some(&self.place)
    }
}

pub fn run(release: FhirVersion) -> Result<(), Failed> {
    let table = super::types(release);
    let cases = cases(release, &table)?;
    let mut wrong = vec![];
    let mut seen: BTreeMap<(&str, &[&str]), [usize; 2]> = BTreeMap::new();
    for row in rows(release).filter(|r| r.at.is_empty() || !super::starts(r, &table).is_empty()) {
        seen.insert((row.key, row.at), [0, 0]);
    }
    for case in &cases {
        let document = case.document(&table)?;
        let places: Vec<NodeRef<'_>> =
            document.root().descendants_and_self().filter(|n| case.is_place(&document, *n)).collect();
        let about = |r: &&Row| r.key == case.key && places.first().is_some_and(|n| r.applies(&document, *n));
        let Some(row) = rows(release).find(about) else {
            wrong.push(format!("{} {}: no row or no such place in {}", case.place, case.key, case.text));
            continue;
        };
        if let Some(seen) = seen.get_mut(&(row.key, row.at)) {
            seen[usize::from(case.passes)] += 1;
        }
        let expression = Expression::parse(row.expression).map_err(|e| e.message)?;
        let mut holds = true;
        for node in places {
            let found = expression.test(&Context::new(&document).at(node.id()));
            holds &= found.as_ref().is_ok_and(|f| *f);
            if let Err(error) = found {
                wrong.push(format!("{}: {}", case.key, error.message()));
            } else if let Some(shortcut) = row.shortcut.and_then(|s| s(&document, node))
                && found.as_ref().is_ok_and(|f| *f != shortcut)
            {
                wrong.push(format!("{}: the shortcut says {shortcut} of {}", case.key, case.text));
            }
        }
        if holds != case.passes {
            let verb = if case.passes { "must pass" } else { "must fail" };
            wrong.push(format!("{} {verb}: {}", case.key, case.text));
        }
    }
    for ((key, at), [fail, pass]) in &seen {
        if *fail == 0 || *pass == 0 {
            wrong.push(format!("{key} at {at:?}: {pass} passing and {fail} failing cases"));
        }
    }
    println!("{release}: {} rows, {} cases", seen.len(), cases.len());
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}
