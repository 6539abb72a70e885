//! The official TestScripts, all of them: each loads without an error, and there are as many as were
//! counted by hand.
//!
//! The scripts are not part of this repository: they are looked for in `$KEUR_ASSETS`
//! (`target/assets` by default). Without them the tests count as ignored, or fail when
//! `KEUR_REQUIRE_ASSETS=1`.

mod assets;
#[path = "scripts/persons.rs"]
mod persons;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Instant;

use keur::diagnostic::{Code, Diagnostic};
use keur::testscript::problem::{self, forbids_running};
use keur::testscript::source::FileSystem;
use keur::testscript::{Census, Folder, ScriptSet};
use libtest_mimic::{Arguments, Failed, Trial};

/// A standard and what it holds: scripts, tests, operations, asserts.
type Counted = (&'static str, [usize; 4]);

/// Counted in release 2026.22 of the official scripts.
const STANDARDS: &[Counted] = &[
    ("R4/Immunization-2-0", [22, 104, 114, 1246]),
    ("R4/MP9-3-0-0-beta/MO", [1835, 1835, 2732, 29637]),
    ("R4/MP9-3-0-0-beta/MedMij", [667, 667, 1564, 11316]),
    ("R4/PatientCorrections-1-0", [13, 13, 17, 253]),
    ("STU3/AllergyIntolerance-3-0", [16, 16, 57, 257]),
    ("STU3/BgLZ-3-0", [15, 127, 175, 2207]),
    ("STU3/BgZ-3-0", [164, 326, 451, 4888]),
    ("STU3/BgZ-MSZ-1-2-2", [22, 908, 790, 13817]),
    ("STU3/BgZ-MSZ-2-0", [64, 2560, 2214, 34316]),
    ("STU3/GGZ-2-0", [7, 109, 158, 1637]),
    ("STU3/Geboortezorg-1-0", [16, 91, 242, 1917]),
    ("STU3/Geboortezorg-2", [26, 583, 443, 8936]),
    ("STU3/GenPractData-2-0", [22, 22, 143, 443]),
    ("STU3/Images-2-0", [6, 6, 6, 136]),
    ("STU3/LaboratoryResults-2-0", [4, 4, 11, 52]),
    ("STU3/Medication-9-0-7", [598, 598, 1514, 13138]),
    ("STU3/Medication-9-0-7-test", [125, 125, 260, 2598]),
    ("STU3/PDFA-3-0", [162, 220, 270, 2682]),
    ("STU3/Questionnaires-2-0", [59, 153, 224, 1586]),
    ("STU3/SelfMeasurements-2-0", [134, 221, 285, 3634]),
    ("STU3/eAppointment-2-0", [19, 19, 40, 286]),
    ("STU3/eOverdracht/4.0", [83, 291, 569, 1885]),
    ("STU3/eOverdracht/4.1", [7, 22, 61, 162]),
    ("STU3/eOverdracht/4.2", [38, 134, 392, 981]),
];

/// Scripts in the part of the release that the assets hold.
const SCRIPTS_HERE: usize = 3311;

/// The older extension for ending a test contradicts the element in every MP9 client script that sends;
/// a fixture of eight questionnaire scripts needs a variable that only the other scripts declare.
const KNOWN_WARNINGS: [(Code, usize); 2] = [(problem::UNDEFINED_VARIABLE, 8), (problem::STOP_DISAGREES, 584)];

/// Scripts that cannot be run as they are: `resource.is()` lacks its type. The list may only shrink.
const KNOWN_ERRORS: [(&str, Code); 0] = [];

/// The official scripts.
const OFFICIAL: &str = "nictiz-testscripts/output";

fn main() {
    let arguments = Arguments::from_args();
    let trial = |name: &str, test: fn(&Path) -> Result<(), Failed>| {
        assets::trial(name, &[OFFICIAL], move |assets| test(&assets.join(OFFICIAL)))
    };
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("testscripts");
    let own_absent = !own.is_dir();
    let mut trials = vec![
        Trial::test("own_scripts_load_without_a_problem", move || own_scripts_are_clean(&own))
            .with_ignored_flag(own_absent),
        Trial::test("own_scripts_are_clean_to_the_linter", own_scripts_lint),
        Trial::test("a_new_suite_is_clean_and_passes", a_new_suite_passes),
        Trial::test("the_example_of_the_guide_is_true", the_guide_is_true),
        Trial::test("services_together_have_all_their_persons", services_together_pass),
        trial("every_official_script_loads_without_an_error", every_script_loads),
        trial("counts_per_standard_are_those_of_the_inventory", counts_agree),
        trial("every_expression_compiles", every_expression_compiles),
        trial("warnings_are_those_that_are_known", warnings_are_known),
    ];
    trials.extend(persons::trials());
    libtest_mimic::run(&arguments, trials).exit();
}

/// All scripts, counted once for all tests.
fn census(output: &Path) -> &'static Census {
    static CENSUS: OnceLock<Census> = OnceLock::new();
    CENSUS.get_or_init(|| {
        let start = Instant::now();
        let paths = [output.to_owned()];
        let set = match ScriptSet::collect(&FileSystem, &paths) {
            Ok(set) => set,
            Err(problems) => panic!("{problems:#?}"),
        };
        let census = Census::of(&set);
        println!("loaded {} scripts in {:.1} s", census.scripts, start.elapsed().as_secs_f64());
        census
    })
}

fn every_script_loads(output: &Path) -> Result<(), Failed> {
    let census = census(output);
    let errors = census.problems.iter().filter(|p| forbids_running(p) && !is_known(p));
    let errors: Vec<String> = errors.map(shown).collect();
    if !errors.is_empty() {
        return Err(format!("{} errors:\n{}", errors.len(), errors[..errors.len().min(20)].join("\n")).into());
    }
    if census.scripts != SCRIPTS_HERE {
        return Err(format!("{} scripts instead of {SCRIPTS_HERE}", census.scripts).into());
    }
    Ok(())
}

fn every_expression_compiles(output: &Path) -> Result<(), Failed> {
    let expressions = census(output).expressions;
    println!("{} expressions, {} different", expressions.total, expressions.distinct);
    let faults = census(output).problems.iter().filter(|p| p.code == problem::EXPRESSION_SYNTAX);
    let faults: Vec<String> = faults.filter(|p| !is_known(p)).map(shown).collect();
    if expressions.invalid > KNOWN_ERRORS.len() || !faults.is_empty() {
        let list = faults[..faults.len().min(20)].join("\n");
        return Err(format!("{} expressions do not compile:\n{list}", expressions.invalid).into());
    }
    Ok(())
}

/// A standard that the assets hold in part, or not at all, is not compared.
fn counts_agree(output: &Path) -> Result<(), Failed> {
    let census = census(output);
    let mut found: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
    let mut elsewhere = vec![];
    for folder in &census.folders {
        let inside = folder.path.strip_prefix(output).unwrap_or(&folder.path);
        match STANDARDS.iter().find(|(name, _)| inside.starts_with(name)) {
            Some((name, _)) => add(found.entry(name).or_default(), folder),
            None => elsewhere.push(inside.display().to_string()),
        }
    }
    if !elsewhere.is_empty() {
        return Err(format!("folders of no known standard: {elsewhere:?}").into());
    }
    let mut differ = vec![];
    let mut sum = [0; 4];
    for (name, counted) in STANDARDS {
        match found.get(name) {
            Some(here) if here == counted => println!("{name}: {here:?} as counted"),
            Some(here) => differ.push(format!("{name}: {here:?}, counted {counted:?}")),
            None => println!("{name}: not here"),
        }
        for (total, count) in sum.iter_mut().zip(found.get(name).copied().unwrap_or_default()) {
            *total += count;
        }
    }
    println!("scripts, tests, operations, asserts: {sum:?}");
    if sum != [census.scripts, census.tests, census.operations, census.asserts] {
        differ.push(format!("folders sum to {sum:?}, the census says otherwise"));
    }
    if differ.is_empty() { Ok(()) } else { Err(differ.join("\n").into()) }
}

fn add(counts: &mut [usize; 4], folder: &Folder) {
    let more = [folder.scripts, folder.tests, folder.operations, folder.asserts];
    for (count, more) in counts.iter_mut().zip(more) {
        *count += more;
    }
}

/// A new kind of warning on official scripts is a fault of theirs worth knowing, or of ours.
fn warnings_are_known(output: &Path) -> Result<(), Failed> {
    let census = census(output);
    let mut kinds: BTreeMap<_, usize> = BTreeMap::new();
    for problem in census.problems.iter().filter(|p| !forbids_running(p)) {
        *kinds.entry(problem.code).or_default() += 1;
    }
    println!("warnings by code: {kinds:?}");
    let known = BTreeMap::from(KNOWN_WARNINGS);
    if kinds == known {
        return Ok(());
    }
    let unexpected = census.problems.iter().find(|p| !forbids_running(p) && !known.contains_key(&p.code));
    let example = unexpected.map(shown).unwrap_or_default();
    Err(format!("warnings {kinds:?} instead of {known:?} {example}").into())
}

/// How `keur` ends in a folder, and what it says on standard output.
fn keur(folder: &Path, arguments: &[&str]) -> Result<(Option<i32>, String), Failed> {
    let output = Command::new(env!("CARGO_BIN_EXE_keur")).args(arguments).current_dir(folder).output()?;
    let said = [output.stdout, output.stderr].concat();
    Ok((output.status.code(), String::from_utf8_lossy(&said).into_owned()))
}

/// Fails unless it ends so and says this.
fn demand(folder: &Path, arguments: &[&str], code: i32, text: &str) -> Result<(), Failed> {
    let (exit, said) = keur(folder, arguments)?;
    match exit == Some(code) && said.contains(text) {
        true => Ok(()),
        false => Err(format!("keur {arguments:?}: exit {exit:?} instead of {code} with `{text}`\n{said}").into()),
    }
}

fn own_scripts_lint() -> Result<(), Failed> {
    demand(Path::new(env!("CARGO_MANIFEST_DIR")), &["lint", "testscripts", "--all"], 0, "nothing to say of")
}

fn a_new_suite_passes() -> Result<(), Failed> {
    for version in ["3.0", "4.0"] {
        let folder = tempfile::tempdir()?;
        demand(folder.path(), &["new", "mine-1.0", "--fhir-version", version], 0, "suite.toml")?;
        demand(folder.path(), &["lint", "mine-1.0", "--all"], 0, "nothing to say of 1 script")?;
        demand(folder.path(), &["run", "mine-1.0", "--offline"], 0, "PASSED  1 script")?;
    }
    Ok(())
}

/// Suites by service number, several at once, on one simulator with the persons of all of them; both sides.
fn services_together_pass() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    demand(folder.path(), &["run", "--service", "46,51,54", "--offline"], 0, "PASSED  25 scripts")?;
    let both = ["run", "laboratory-2.0/retrieving", "allergies-2.0/retrieving"];
    demand(folder.path(), &both, 0, "PASSED  4 scripts")
}

/// The files that the guide shows, made, linted and run; and the one change it speaks of.
fn the_guide_is_true() -> Result<(), Failed> {
    let guide = include_str!("../testscripts/README.md");
    let example = guide.split("## ").find(|part| part.starts_with("A worked example")).ok_or("no worked example")?;
    let folder = tempfile::tempdir()?;
    // Every other part between fences is a file; the paths stand in the text before them, in order.
    let mut paths: Vec<&str> = vec![];
    let mut files = BTreeMap::new();
    for (at, part) in example.split("```").enumerate() {
        if at % 2 == 0 {
            let quoted = part.split('`').skip(1).step_by(2);
            paths.extend(quoted.filter(|text| ["testscripts/", "fixtures/"].iter().any(|root| text.starts_with(root))));
            continue;
        }
        let (_, text) = part.split_once('\n').ok_or("a fence without text")?;
        let path = *paths.get(files.len()).ok_or("more files than paths")?;
        let _ = files.insert(path, text);
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().ok_or("no folder")?)?;
        std::fs::write(path, text)?;
    }
    if files.len() != 6 || paths.len() != 6 {
        return Err(format!("the guide shows {} files under {paths:?}", files.len()).into());
    }
    demand(folder.path(), &["lint", "weight-1.0", "--all"], 0, "nothing to say of 1 script")?;
    demand(folder.path(), &["run", "weight-1.0"], 0, "PASSED  1 script")?;
    let weight = "fixtures/weight-1.0/voorbeeld/weight.json";
    let broken = files[weight].replace(", \"code\": \"kg\"", "");
    if broken == files[weight] {
        return Err("the quantity has no code to take out".into());
    }
    std::fs::write(folder.path().join(weight), broken)?;
    demand(folder.path(), &["run", "weight-1.0"], 1, "WeightValue is in kilograms")
}

/// Our own scripts have no problem of any kind.
fn own_scripts_are_clean(scripts: &Path) -> Result<(), Failed> {
    let set = ScriptSet::collect(&FileSystem, &[scripts.to_owned()])
        .map_err(|problems| problems.iter().map(shown).collect::<Vec<_>>().join("\n"))?;
    let census = Census::of(&set);
    println!("own: {} scripts, {} asserts, {:?}", census.scripts, census.asserts, census.expressions);
    let problems: Vec<String> = census.problems.iter().map(shown).collect();
    match problems.len() {
        0 => Ok(()),
        count => Err(format!("{count} problems:\n{}", problems[..count.min(20)].join("\n")).into()),
    }
}

fn is_known(problem: &Diagnostic) -> bool {
    let name = problem.labels.first().map(|l| l.source.name.as_ref()).unwrap_or_default();
    KNOWN_ERRORS.iter().any(|(file, code)| *code == problem.code && name.ends_with(file))
}

fn shown(problem: &Diagnostic) -> String {
    let place = problem.labels.first().map(|label| format!("{}:{:?}", label.source.name, label.span));
    format!("{} {} ({})", problem.code, problem.message, place.unwrap_or_default())
}
