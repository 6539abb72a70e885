//! The official test suite of FHIRPath for R4.
//!
//! `expected-failures.tsv` lists the tests that we do not pass, each with a reason. It may only shrink:
//! a listed test that passes fails the run.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use keur::definitions::{TypeTable, Typed};
use keur::fhir::{Builder, FhirVersion, Format, read};
use keur::fhirpath::{Context, Expression, Item};
use libtest_mimic::Failed;

/// What the types come from.
pub const PACKAGE: &str = "packages/hl7.fhir.r4.core-4.0.1.tgz";

pub fn run(assets: &Path) -> Result<(), Failed> {
    let table = crate::types::load(&assets.join(PACKAGE), FhirVersion::R4)?;
    let folder = assets.join("fhirpath-tests");
    let text = std::fs::read_to_string(folder.join("tests-fhir-r4.xml"))?;
    let suite = roxmltree::Document::parse(&text).map_err(|e| e.to_string())?;
    let mut documents: HashMap<String, Typed> = HashMap::new();
    let mut results: BTreeMap<String, Result<(), String>> = BTreeMap::new();
    for test in suite.descendants().filter(|n| n.has_tag_name("test")) {
        let test = Test::new(test);
        if !documents.contains_key(test.input) {
            documents.insert(test.input.to_owned(), document(&folder, test.input, &table)?);
        }
        let mut key = test.name.to_owned();
        while results.contains_key(&key) {
            key.push('\'');
        }
        results.insert(key, test.run(&documents[test.input]));
    }
    verdict(&results)
}

fn document(folder: &Path, input: &str, table: &Arc<TypeTable>) -> Result<Typed, Failed> {
    let document = if input.is_empty() {
        Builder::resource("Basic", Format::Json).finish()
    } else {
        let path = folder.join(input);
        let format = Format::from_path(&path).ok_or("unknown format")?;
        read(std::fs::read_to_string(&path)?, format).map_err(|e| format!("{input}: {e}"))?
    };
    Ok(Typed::new(document, table.clone()))
}

/// Every failure must be listed, and nothing else.
fn verdict(results: &BTreeMap<String, Result<(), String>>) -> Result<(), Failed> {
    let listed: BTreeMap<&str, &str> = include_str!("expected-failures.tsv")
        .lines()
        .filter(|l| !l.starts_with('#') && !l.is_empty())
        .filter_map(|l| l.split_once('\t'))
        .collect();
    let passed = results.values().filter(|r| r.is_ok()).count();
    let share = 100.0 * passed as f64 / results.len() as f64;
    println!("suite: {passed} of {} passed ({share:.2} %)", results.len());
    let mut faults = vec![];
    for (name, result) in results {
        match (result, listed.get(name.as_str())) {
            (Err(reason), None) => faults.push(format!("{name}: {reason}")),
            (Ok(()), Some(_)) => faults.push(format!("{name} is listed as a failure and passes: take it off the list")),
            _ => {}
        }
    }
    faults.extend(
        listed.keys().filter(|n| !results.contains_key(**n)).map(|n| format!("{n} is listed and not in the suite")),
    );
    if share < 95.0 {
        faults.push(format!("{share:.2} % passed, which is less than 95 %"));
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n").into()) }
}

struct Test<'t> {
    name: &'t str,
    input: &'t str,
    expression: &'t str,
    invalid: bool,
    /// Wrong as the types are, which is for the analysis to find.
    semantic: bool,
    predicate: bool,
    ordered: bool,
    outputs: Vec<(Option<&'t str>, &'t str)>,
}

impl<'t> Test<'t> {
    fn new(node: roxmltree::Node<'t, 't>) -> Self {
        let expression = node.children().find(|n| n.has_tag_name("expression"));
        let outputs = node.children().filter(|n| n.has_tag_name("output"));
        Test {
            name: node.attribute("name").unwrap_or("?"),
            input: node.attribute("inputfile").unwrap_or(""),
            expression: expression.and_then(|e| e.text()).unwrap_or(""),
            invalid: expression.is_some_and(|e| e.attribute("invalid").is_some()),
            semantic: expression.is_some_and(|e| e.attribute("invalid") == Some("semantic")),
            predicate: node.attribute("predicate") == Some("true"),
            ordered: node.attribute("ordered") != Some("false"),
            outputs: outputs.map(|o| (o.attribute("type"), o.text().unwrap_or(""))).collect(),
        }
    }

    fn run(&self, document: &Typed) -> Result<(), String> {
        let shown = format!("`{}`", self.expression);
        let expression = match Expression::parse(self.expression) {
            Err(_) if self.invalid => return Ok(()),
            Err(error) => return Err(format!("{shown}: {error} at {:?}", error.span)),
            Ok(expression) => expression,
        };
        let root = document.node_type(document.root().id()).ty;
        if self.semantic && !expression.check(document.table(), Some(root)).is_empty() {
            return Ok(());
        }
        let result = match expression.evaluate(&Context::new(document)) {
            Err(_) if self.invalid => return Ok(()),
            Err(error) => return Err(format!("{shown}: {error} at {:?}", error.span())),
            Ok(result) => result,
        };
        if self.invalid {
            return Err(format!(
                "{shown} should be an error and gives {:?}",
                result.iter().map(text).collect::<Vec<_>>()
            ));
        }
        let mut found: Vec<(String, String)> = match self.predicate {
            true => vec![("boolean".into(), result.to_boolean().to_string())],
            false => result.iter().map(|i| (i.type_name().to_owned(), text(i))).collect(),
        };
        let mut expected: Vec<(String, String)> =
            self.outputs.iter().map(|(t, v)| (t.unwrap_or("").to_owned(), plain(v).to_owned())).collect();
        if !self.ordered {
            found.sort();
            expected.sort();
        }
        let same = found.len() == expected.len()
            && found.iter().zip(&expected).all(|(f, e)| (e.0.is_empty() || e.0 == f.0) && e.1 == f.1);
        if same { Ok(()) } else { Err(format!("{shown}: expected {expected:?}, found {found:?}")) }
    }
}

fn text(item: &Item<'_>) -> String {
    item.text().map(|t| t.into_owned()).or_else(|| item.path()).unwrap_or_default()
}

/// The suite writes dates as literals.
fn plain(output: &str) -> &str {
    let date = output.strip_prefix('@').unwrap_or(output);
    if date.len() == output.len() { output } else { date.strip_prefix('T').unwrap_or(date) }
}
