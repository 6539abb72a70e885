//! Which packages script sets are judged with: a run over several sets picks for each its own.

use std::path::Path;
use std::process::Command;

use libtest_mimic::Failed;
use serde_json::Value;

const KEUR: &str = env!("CARGO_BIN_EXE_keur");

const PROFILE: &str = "http://example.org/StructureDefinition/";

/// Package, version, release, what it needs, the profile it defines.
const PACKAGES: [(&str, &str, &str, &str, &str); 6] = [
    ("x.stu3.zib", "1.3.19", "3.0.2", "", "A"),
    ("x.stu3.zib", "2.2.18", "3.0.2", "", "A"),
    ("x.stu3.bgz", "1.1.1", "3.0.2", "\"x.stu3.zib\": \"^2.0\"", "B"),
    ("x.stu3.other", "0.1.0", "3.0.2", "", "C"),
    ("x.stu3.aside", "0.1.0", "3.0.2", "", "D"),
    ("x.r4.other", "0.1.0", "4.0.1", "", "C"),
];

const SCRIPT: &str = r#"<TestScript xmlns="http://hl7.org/fhir"><id value="a"/><status value="active"/>
<origin><index value="1"/></origin><destination><extension
url="http://fhir.interoplab.eu/fhir/StructureDefinition/Interoplab-CL-ext-SUT"><valueBoolean value="true"/></extension>
<index value="1"/></destination><test id="t"><action><operation><type>
<system value="http://hl7.org/fhir/restful-interaction"/><code value="search"/></type><resource value="Patient"/>
<encodeRequestUrl value="true"/></operation></action></test></TestScript>"#;

fn write(root: &Path, name: &str, text: &str) -> Result<(), Failed> {
    let path = root.join(name);
    std::fs::create_dir_all(path.parent().ok_or("no folder")?)?;
    Ok(std::fs::write(path, text)?)
}

/// Package, version, who chose it.
type Row = (String, String, String);

/// What a run over sets says of its definitions, and on standard error.
fn chosen(root: &Path, sets: &[&str], more: &[&str]) -> Result<(Vec<Row>, String), Failed> {
    let report = root.join("report.json");
    let mut command = Command::new(KEUR);
    command.arg("run").args(sets.iter().map(|set| root.join("repository/output").join(set)));
    // Nobody is there; what is chosen is known before anything is asked.
    command.args(["--target", "http://127.0.0.1:9", "--timeout", "1s"]);
    command.arg("--package-dir").arg(root.join("packages")).args(more);
    command.arg("--report").arg(format!("json={}", report.display())).arg("--record").arg(root.join("runs"));
    let output = command.output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let text = std::fs::read_to_string(&report).map_err(|e| format!("{e}: {said}"))?;
    let report: Value = serde_json::from_str(&text)?;
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let definitions = report["receipt"]["definitions"].as_array().cloned().unwrap_or_default();
    let own = definitions.iter().filter(|d| text(d, "package").starts_with("x."));
    let rows = own.map(|d| (text(d, "package"), text(d, "version"), text(d, "chosen_by")));
    let short = |by: String| by.rsplit('/').next().unwrap_or_default().to_owned();
    Ok((rows.map(|(package, version, by)| (package, version, short(by))).collect(), said))
}

pub fn chosen_per_set() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let root = folder.path();
    for (name, version, release, needs, profile) in PACKAGES {
        let package = format!("packages/{name}#{version}/package");
        let manifest = format!(
            r#"{{"name": "{name}", "version": "{version}", "fhirVersions": ["{release}"], "dependencies": {{{needs}}}}}"#
        );
        write(root, &format!("{package}/package.json"), &manifest)?;
        let profile = format!(r#"{{"resourceType": "StructureDefinition", "url": "{PROFILE}{profile}"}}"#);
        write(root, &format!("{package}/p.json"), &profile)?;
    }
    write(
        root,
        "repository/Configuration/package.version.properties",
        "package.x.stu3.bgz = 1.1.1\npackage.x.stu3.zib = 2.2.18\npackage.x.r4.other = 0.1.0\npackage.x.stu3.gone = 4.0.0",
    )?;
    let zib = |version: &str| format!(r#"{{"fhirPackage": [{{"name": "x.stu3.zib", "version": "{version}"}}]}}"#);
    for (set, properties, claims) in [
        ("old/role", zib("1.3.19"), "A"),
        ("new/role", zib("2.2.18"), "A"),
        ("far/role", zib("1.3.0"), "A"),
        ("claims/role", "{}".to_owned(), "B"),
        ("besides/role", "{}".to_owned(), "C"),
        ("nobody/role", "{}".to_owned(), "Z"),
    ] {
        write(root, &format!("repository/output/{set}/properties.json"), &properties)?;
        write(root, &format!("repository/output/{set}/a.xml"), SCRIPT)?;
        let fixture = format!(r#"{{"resourceType": "Flag", "meta": {{"profile": ["{PROFILE}{claims}"]}}}}"#);
        let folder = set.trim_end_matches("/role");
        write(root, &format!("repository/output/{folder}/_reference/f.json"), &fixture)?;
    }
    let row = |package: &str, version: &str, by: &str| (package.to_owned(), version.to_owned(), by.to_owned());
    let nothing: &[&str] = &[];

    // Two versions of one package side by side, each for its own set.
    let (rows, said) = chosen(root, &["old", "new"], nothing)?;
    let properties = "properties.json";
    assert_eq!(rows, [row("x.stu3.zib", "1.3.19", properties), row("x.stu3.zib", "2.2.18", properties)], "{said}");

    // By what fixtures claim, with what that needs.
    let (rows, said) = chosen(root, &["claims"], nothing)?;
    let configuration = "package.version.properties";
    let needed = row("x.stu3.zib", "2.2.18", "needed by x.stu3.bgz@1.1.1");
    assert_eq!(rows, [row("x.stu3.bgz", "1.1.1", configuration), needed], "{said}");

    // What the configuration does not know is looked for on the shelf, of the same release; what it knows and
    // is not there is named.
    let (rows, said) = chosen(root, &["besides"], nothing)?;
    assert_eq!(rows, [row("x.stu3.other", "0.1.0", "defines profiles claimed by fixtures")], "{said}");
    assert!(said.contains("has no package `x.stu3.gone` of version 4.0.0"), "{said}");
    assert_eq!(chosen(root, &["nobody"], nothing)?.0, []);

    // A version that is not there is named, and the nearest is taken only when that is asked for.
    let (rows, said) = chosen(root, &["far"], nothing)?;
    assert_eq!(rows, [], "{said}");
    assert!(said.contains("of version 1.3.0") && said.contains("1.3.19, 2.2.18"), "{said}");
    let (rows, said) = chosen(root, &["far"], &["--nearest-package"])?;
    assert_eq!(rows, [row("x.stu3.zib", "1.3.19", "properties.json, nearest to 1.3.0")], "{said}");
    assert!(said.contains("`x.stu3.zib` is used in version 1.3.19, not 1.3.0"), "{said}");

    // What the set asks for goes before what the command line gives; where it asks for nothing that is used.
    let given = root.join("packages/x.stu3.zib#1.3.19").display().to_string();
    let (rows, said) = chosen(root, &["new"], &["--package", &given])?;
    assert_eq!(rows, [row("x.stu3.zib", "2.2.18", properties)], "{said}");
    let (rows, said) = chosen(root, &["nobody"], &["--package", &given])?;
    assert_eq!(rows, [row("x.stu3.zib", "1.3.19", "--package")], "{said}");
    Ok(())
}
