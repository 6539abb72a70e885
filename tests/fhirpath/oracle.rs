//! The expressions of the official STU3 TestScripts, with the results that the FHIRPath engine of the
//! HL7 validator gives for them.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use keur::definitions::{TypeTable, Typed};
use keur::fhir::{FhirVersion, Format, read};
use keur::fhirpath::{Collection, Context, Expression};
use libtest_mimic::Failed;
use serde_json::Value;

/// What the types come from.
pub const PACKAGE: &str = "packages/hl7.fhir.r3.core-3.0.2.tgz";

struct Case {
    id: String,
    expression: String,
    values: Vec<Value>,
    types: Vec<String>,
    count: u64,
    boolean: bool,
    /// The first engine could not say; this is what the second says.
    second: bool,
}

pub fn run(assets: &Path) -> Result<(), Failed> {
    let table = crate::types::load(&assets.join(PACKAGE), FhirVersion::Stu3)?;
    let folder = assets.join("oracle/fhirpath");
    let cases = cases(&folder)?;
    let mut tally = Tally::default();
    let mut expressions: HashMap<String, Arc<Expression>> = HashMap::new();
    let started = Instant::now();
    for (input, cases) in &cases {
        let document = document(&folder, input, &table)?;
        for case in cases {
            let parsing = Instant::now();
            let expression = match expressions.get(&case.expression) {
                Some(expression) => expression.clone(),
                None => {
                    let parsed =
                        Expression::parse(&case.expression).map_err(|e| format!("{}: {e}", case.expression))?;
                    let parsed = Arc::new(parsed);
                    expressions.insert(case.expression.clone(), parsed.clone());
                    parsed
                }
            };
            tally.parsing += parsing.elapsed();
            tally.check(case, input, &expression, &document);
        }
    }
    tally.report(started.elapsed())
}

fn document(folder: &Path, input: &str, table: &Arc<TypeTable>) -> Result<Typed, Failed> {
    let text = std::fs::read_to_string(folder.join("inputs").join(format!("{input}.json")))?;
    let document = read(text, Format::Json).map_err(|e| format!("{input}: {e}"))?;
    Ok(Typed::new(document, table.clone()))
}

fn cases(folder: &Path) -> Result<BTreeMap<String, Vec<Case>>, Failed> {
    let text = std::fs::read_to_string(folder.join("cases.tsv"))?;
    let mut cases: BTreeMap<String, Vec<Case>> = BTreeMap::new();
    for line in text.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let json = |at: usize| serde_json::from_str::<Value>(columns[at]).map_err(|e| format!("{line}: {e}"));
        let second = !columns[5].is_empty();
        let answer = if second { json(8)? } else { Value::Null };
        let (values, types) =
            if second { (answer["values"].clone(), answer["types"].clone()) } else { (json(3)?, json(6)?) };
        let list = |v: &Value| v.as_array().cloned().unwrap_or_default();
        cases.entry(columns[1].to_owned()).or_default().push(Case {
            id: columns[0].to_owned(),
            expression: json(2)?.as_str().unwrap_or_default().to_owned(),
            values: list(&values),
            types: list(&types).iter().filter_map(|t| t.as_str().map(str::to_owned)).collect(),
            count: if second { answer["count"].as_u64().unwrap_or(0) } else { columns[7].parse()? },
            boolean: if second { answer["boolean"] == true } else { columns[4] == "true" },
            second,
        });
    }
    Ok(cases)
}

/// A known difference: a rule that tells which cases it covers, how many at most, and why.
struct Deviation {
    column: &'static str,
    most: usize,
    part: &'static str,
}

fn deviations() -> Vec<Deviation> {
    let lines = include_str!("deviations.tsv").lines().filter(|l| !l.starts_with('#') && !l.is_empty());
    let columns = lines.map(|l| l.split('\t').collect::<Vec<_>>());
    columns.map(|c| Deviation { column: c[0], most: c[1].parse().expect("a number"), part: c[2] }).collect()
}

#[derive(Default)]
struct Tally {
    cases: usize,
    booleans: usize,
    values: usize,
    types: usize,
    evaluating: Duration,
    parsing: Duration,
    disagreements: Vec<(&'static str, String, String)>,
}

impl Tally {
    fn check(&mut self, case: &Case, input: &str, expression: &Expression, document: &Typed) {
        self.cases += 1;
        let context = Context::new(document);
        let started = Instant::now();
        let result = expression.evaluate(&context);
        self.evaluating += started.elapsed();
        let (boolean, values, types) = match &result {
            Ok(items) => (items.to_boolean() == case.boolean, same_values(items, case), same_types(items, case)),
            Err(_) => (false, false, false),
        };
        let tested = expression.test(&context).ok();
        assert_eq!(tested, result.as_ref().ok().map(Collection::to_boolean), "{}", case.expression);
        self.booleans += usize::from(boolean);
        self.values += usize::from(values);
        self.types += usize::from(types);
        let column = match (boolean, values, types) {
            (true, true, true) => return,
            (false, ..) => "boolean",
            (true, false, _) => "values",
            (true, true, false) => "types",
        };
        let found = match &result {
            Ok(items) => format!("{:?}", items.iter().map(shown).collect::<Vec<_>>()),
            Err(error) => error.to_string(),
        };
        let engine = if case.second { "the STU3 engine" } else { "the engine" };
        let line = format!(
            "{} {column} on {input}: `{}`: {engine} gives {} {:?}, we {found}",
            case.id, case.expression, case.boolean, case.values
        );
        self.disagreements.push((column, case.expression.clone(), line));
    }

    /// Every disagreement must be covered by a deviation, and every deviation must be met.
    fn report(&self, total: Duration) -> Result<(), Failed> {
        let percent = |n: usize| 100.0 * n as f64 / self.cases as f64;
        println!(
            "oracle: {} cases; boolean {} ({:.3} %), values {} ({:.3} %), types {} ({:.3} %); {total:.1?} in all, of which {:.1?} evaluating, {:.1?} parsing",
            self.cases,
            self.booleans,
            percent(self.booleans),
            self.values,
            percent(self.values),
            self.types,
            percent(self.types),
            self.evaluating,
            self.parsing,
        );
        let mut faults = vec![];
        let deviations = deviations();
        let mut met = vec![0; deviations.len()];
        for (column, expression, line) in &self.disagreements {
            match deviations.iter().position(|d| d.column == *column && expression.contains(d.part)) {
                Some(at) => met[at] += 1,
                None => faults.push(line.clone()),
            }
        }
        for (deviation, met) in deviations.iter().zip(met) {
            if met == 0 || met > deviation.most {
                let Deviation { column, most, part } = deviation;
                faults.push(format!("the deviation `{part}` in {column} covers {met} cases, and {most} are allowed"));
            }
        }
        if percent(self.booleans) < 99.8 || percent(self.values) < 99.5 {
            faults.push("fewer cases agree than must".into());
        }
        faults.truncate(50);
        if faults.is_empty() { Ok(()) } else { Err(faults.join("\n").into()) }
    }
}

fn shown(item: &keur::fhirpath::Item<'_>) -> Value {
    match (item.text(), item.path()) {
        (Some(text), _) => Value::String(text.into_owned()),
        (None, Some(path)) => Value::String(format!("@{path}")),
        (None, None) => Value::Null,
    }
}

fn same_values(items: &Collection<'_>, case: &Case) -> bool {
    items.len() as u64 == case.count
        && items.iter().zip(&case.values).all(|(item, expected)| match expected {
            Value::Null => item.text().is_none(),
            expected => shown(item) == *expected,
        })
}

fn same_types(items: &Collection<'_>, case: &Case) -> bool {
    items.iter().zip(&case.types).all(|(item, expected)| item.type_name() == expected)
}
