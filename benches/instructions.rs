//! Instructions of the hot paths, counted by callgrind: a figure without the noise of a clock.
//! `cargo bench --bench instructions` compares with `benches/instructions.toml` and fails where a path takes
//! more than 5 % more; with `-- --bless` it writes the file. The counts are of one compiler and one processor
//! (libraries choose by its features): where the file is of others it only tells them.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::Path;
use std::process::{Command, ExitCode};

use keur::definitions::{Definitions, Typed};
use keur::fhir::{self, FhirVersion, Format, xml};
use keur::fhirpath::{Context, Expression};
use keur::validation::{Policy, Validator};
use serde::{Deserialize, Serialize};

/// How much more a path may take, in percent.
const MORE: f64 = 5.0;

/// The paths: each prepares what it needs and calls one of the functions that are counted.
const PATHS: [(&str, fn()); 5] = [
    ("read_json", || drop(black_box(counted::read(&bundle(), Format::Json)))),
    ("read_xml", || {
        let document = typed(&bundle());
        let text = xml::write(document.root(), &document);
        drop(black_box(counted::read(&text, Format::Xml)));
    }),
    ("compile_expression", || drop(black_box(counted::compile(WALK)))),
    ("evaluate_walk", || {
        let (document, expression) = (typed(&bundle()), Expression::parse(WALK).expect("FHIRPath"));
        // What is made once is made before.
        let _ = expression.evaluate(&Context::new(&document));
        black_box(counted::evaluate(&expression, &document));
    }),
    ("validate_warm", || {
        let definitions = Definitions::embedded(FhirVersion::Stu3);
        let (types, profiles) = (definitions.types(), definitions.profiles());
        let validator = Validator::new(types, profiles, definitions.terminology(), Policy::default());
        let document = typed(&observation(1));
        validator.validate(&document, &[]);
        black_box(counted::validate(&validator, &document));
    }),
];

const WALK: &str = "Bundle.descendants().where($this.is(Coding)).all(system.exists() and code.exists())";

/// What callgrind counts: these functions and all that they call.
mod counted {
    use super::*;

    #[inline(never)]
    pub fn read(text: &str, format: Format) -> Option<fhir::Document> {
        fhir::read(text, format).ok()
    }

    #[inline(never)]
    pub fn compile(text: &str) -> Option<Expression> {
        Expression::parse(text).ok()
    }

    #[inline(never)]
    pub fn evaluate(expression: &Expression, document: &Typed) -> usize {
        expression.evaluate(&Context::new(document)).map_or(0, |found| found.len())
    }

    #[inline(never)]
    pub fn validate(validator: &Validator, document: &Typed) -> usize {
        validator.validate(document, &[]).issues.len()
    }
}

fn typed(text: &str) -> Typed {
    let types = Definitions::embedded(FhirVersion::Stu3).types();
    Typed::new(fhir::read(text, Format::Json).expect("generated"), types)
}

fn bundle() -> String {
    let entries: Vec<String> = (0..70).map(|number| format!(r#"{{"resource":{}}}"#, observation(number))).collect();
    format!(r#"{{"resourceType":"Bundle","type":"searchset","entry":[{}]}}"#, entries.join(","))
}

fn observation(number: usize) -> String {
    format!(
        r#"{{"resourceType":"Observation","id":"lab-{number}","meta":{{"profile":["http://nictiz.nl/fhir/StructureDefinition/zib-LaboratoryTestResult-Observation"]}},"status":"final","category":[{{"coding":[{{"system":"http://snomed.info/sct","code":"275711006","display":"Laboratory test"}}]}}],"code":{{"coding":[{{"system":"http://loinc.org","code":"14937-7","display":"Ureum"}}]}},"subject":{{"reference":"Patient/1","display":"A. de Tester"}},"effectiveDateTime":"2026-03-01T08:30:00+01:00","valueQuantity":{{"value":{number}.5,"unit":"mmol/L","system":"http://unitsofmeasure.org","code":"mmol/L"}}}}"#
    )
}

/// The file of counts.
#[derive(Default, Serialize, Deserialize)]
struct Counts {
    rustc: String,
    processor: String,
    instructions: BTreeMap<String, u64>,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(name) = arguments.iter().position(|a| a == "--path").and_then(|at| arguments.get(at + 1)) {
        if let Some((_, path)) = PATHS.iter().find(|(known, _)| known == name) {
            path();
        }
        return ExitCode::SUCCESS;
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/instructions.toml");
    let before: Counts =
        std::fs::read_to_string(&file).ok().and_then(|text| toml::from_str(&text).ok()).unwrap_or_default();
    let mut now = Counts { rustc: rustc(), processor: processor(), ..Counts::default() };
    for (name, _) in PATHS {
        match count(name) {
            Ok(count) => drop(now.instructions.insert(name.to_owned(), count)),
            Err(why) => {
                eprintln!("{name}: {why}");
                return ExitCode::FAILURE;
            }
        }
    }
    let comparable = (&before.rustc, &before.processor) == (&now.rustc, &now.processor);
    let mut worse = false;
    for (name, count) in &now.instructions {
        let change = before.instructions.get(name).map(|old| (*count as f64 / *old as f64 - 1.0) * 100.0);
        worse |= comparable && change.is_some_and(|change| change > MORE);
        println!("{name:<20} {count:>12} {}", change.map_or("new".to_owned(), |change| format!("{change:+.1} %")));
    }
    if arguments.iter().any(|argument| argument == "--bless") {
        let text = toml::to_string(&now).expect("counts are a table");
        return match std::fs::write(&file, text) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{}: {error}", file.display());
                ExitCode::FAILURE
            }
        };
    }
    if !comparable {
        println!("the counts in benches/instructions.toml are of {} on {}", before.rustc, before.processor);
    }
    if worse { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// What callgrind counts in this program on one path.
fn count(name: &str) -> Result<u64, String> {
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=*instructions::counted::*"])
        .arg(own)
        .args(["--path", name])
        .output()
        .map_err(|error| format!("valgrind cannot be started: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    said.lines()
        .find_map(|line| line.split_once("Collected : ")?.1.split_whitespace().next()?.parse().ok())
        .filter(|count| *count > 0)
        .ok_or_else(|| format!("callgrind counted nothing: {said}"))
}

fn rustc() -> String {
    let output = Command::new("rustc").arg("--version").output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

fn processor() -> String {
    let facts = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = facts.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ").map(|(_, name)| name));
    model.unwrap_or_default().to_owned()
}
