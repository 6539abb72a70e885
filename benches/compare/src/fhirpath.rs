//! FHIRPath: the distinct expressions of scripts on one Bundle, beside other engines.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use keur::fhirpath::{Context, Expression};
use keur::testscript::source::FileSystem;
use keur::testscript::{Action, Check, ScriptSet, Template};
use serde::Serialize;

use super::bounds::Bounds;
use super::clock::median_within;
use super::input;
use super::table::Results;

/// Time for an expression of ours.
const ENOUGH: Duration = Duration::from_millis(2);
/// Rounds that a peer does of an expression.
const ROUNDS: usize = 3;
/// Every so many-th expression is asked of the slowest peer.
const SAMPLE: usize = 20;

/// An expression that walks the whole Bundle.
const WALK: &str = "Bundle.descendants().where($this.is(Coding)).all(system.exists() and code.exists())";

#[derive(Serialize)]
struct Job<'j> {
    resource: serde_json::Value,
    expressions: &'j [&'j str],
    rounds: usize,
}

/// Ours, then each peer that can be had.
pub fn measure(here: &Path, results: &mut Results, bounds: &mut Bounds) {
    let text = input::bundle();
    let document = input::typed(&text);
    let resource: serde_json::Value = serde_json::from_str(&text).expect("made here");
    let (expressions, of) = expressions(here);
    let mut ours: Vec<(&str, Duration)> = vec![];
    for text in std::iter::once(WALK).chain(expressions.iter().map(String::as_str)) {
        let Ok(expression) = Expression::parse(text) else { continue };
        if expression.evaluate(&Context::new(&document)).is_ok() {
            let time = median_within(ENOUGH, || expression.evaluate(&Context::new(&document)).map(|found| found.len()));
            ours.push((text, time));
        }
    }
    println!("{} expressions of {of}", ours.len());
    let walk = ours.iter().find(|(text, _)| *text == WALK).map(|(_, time)| time.as_secs_f64() * 1e6);
    bounds.most("FHIRPath, a walk over a Bundle of 70 entries", walk, 200.0, "µs");
    for peer in [Peer::npm(here), Peer::pypi(here)] {
        let Peer { name, ready, command, every } = peer;
        if let Err(why) = ready {
            results.absent(name, &why);
            continue;
        }
        let asked: Vec<(&str, Duration)> = ours.iter().step_by(every).copied().collect();
        let texts: Vec<&str> = asked.iter().map(|(text, _)| *text).collect();
        let job = Job { resource: resource.clone(), expressions: &texts, rounds: ROUNDS };
        match run(here, &job, command) {
            Ok(theirs) => {
                let times = compare(name, &asked, &theirs, &of, results);
                if every == 1 {
                    bounds.least(&format!("FHIRPath beside {name}, geometric mean"), times, 20.0, "times as fast");
                }
            }
            Err(why) => results.absent(name, &why),
        }
    }
}

fn compare(
    name: &str,
    asked: &[(&str, Duration)],
    theirs: &[Option<f64>],
    of: &str,
    results: &mut Results,
) -> Option<f64> {
    let both: Vec<(Duration, Duration)> = asked
        .iter()
        .zip(theirs)
        .filter_map(|((_, ours), theirs)| Some((*ours, Duration::from_nanos((theirs.as_ref()? * 1000.0) as u64))))
        .collect();
    if both.is_empty() {
        results.absent(name, "it evaluated none of the expressions");
        return None;
    }
    let mean = |of: &dyn Fn(&(Duration, Duration)) -> Duration| {
        let logs: f64 = both.iter().map(|pair| of(pair).as_secs_f64().max(1e-9).ln()).sum();
        Duration::from_secs_f64((logs / both.len() as f64).exp())
    };
    let remark = format!("geometric means of {} expressions of {of}", both.len());
    let times = results.row("FHIRPath on 70 entries", name, (mean(&|pair| pair.0), mean(&|pair| pair.1)), remark);
    if let (Some((WALK, ours)), Some(Some(theirs))) = (asked.first().copied(), theirs.first()) {
        let theirs = Duration::from_nanos((theirs * 1000.0) as u64);
        results.row("FHIRPath, a walk over the whole Bundle", name, (ours, theirs), format!("`{WALK}`"));
    }
    Some(times)
}

/// Another engine, behind a program.
struct Peer {
    name: &'static str,
    ready: Result<(), String>,
    command: Command,
    every: usize,
}

impl Peer {
    fn npm(here: &Path) -> Peer {
        let mut install = Command::new("npm");
        install.args(["install", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(here);
        let mut command = Command::new("node");
        command.arg(here.join("fhirpath.mjs"));
        Peer { name: "npm `fhirpath` 5.1.0", ready: done(install), command, every: 1 }
    }

    fn pypi(here: &Path) -> Peer {
        let venv = here.join("venv");
        let mut make = Command::new("python3");
        make.args(["-m", "venv"]).arg(&venv);
        let mut install = Command::new(venv.join("bin/pip"));
        install.args(["install", "--quiet", "fhirpathpy==2.2.4"]);
        let mut command = Command::new(venv.join("bin/python"));
        command.arg(here.join("fhirpath.py"));
        let ready = done(make).and_then(|()| done(install));
        Peer { name: "PyPI `fhirpathpy` 2.2.4", ready, command, every: SAMPLE }
    }
}

fn done(mut command: Command) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!("`{program}` failed: {}", String::from_utf8_lossy(&output.stderr).trim())),
        Err(error) => Err(format!("`{program}` cannot be started: {error}")),
    }
}

fn run(here: &Path, job: &Job<'_>, mut command: Command) -> Result<Vec<Option<f64>>, String> {
    let folder = here.join("target");
    let path = folder.join("job.json");
    let wrong = |error: &dyn std::fmt::Display| error.to_string();
    std::fs::create_dir_all(&folder).map_err(|e| wrong(&e))?;
    std::fs::write(&path, serde_json::to_vec(job).map_err(|e| wrong(&e))?).map_err(|e| wrong(&e))?;
    let output = command.arg(&path).output().map_err(|e| wrong(&e))?;
    serde_json::from_slice(&output.stdout)
        .map_err(|_| format!("it gave no figures: {}", String::from_utf8_lossy(&output.stderr).trim()))
}

/// The distinct expressions without placeholders of the STU3 scripts at hand, and whose they are.
fn expressions(here: &Path) -> (BTreeSet<String>, String) {
    let assets = std::env::var_os("KEUR_ASSETS").map_or_else(|| here.join("../../target/assets"), PathBuf::from);
    let official = assets.join("nictiz-testscripts/output/STU3");
    let (path, of) = match official.is_dir() {
        true => (official, "the open official STU3 scripts"),
        false => (here.join("../../testscripts/bgz-3.0"), "our suite for BgZ 3.0"),
    };
    let Ok(set) = ScriptSet::collect(&FileSystem, &[path]) else { return (BTreeSet::new(), of.to_owned()) };
    let of_script = set.map(|loaded| {
        let Some(script) = loaded.script else { return vec![] };
        let literal = |template: &Template| template.is_literal().then(|| template.text.clone());
        let asserts = script.actions().filter_map(|action| match action {
            Action::Assert(assert) => match &assert.check {
                Check::Expression(expression) => literal(expression),
                _ => None,
            },
            Action::Operation(_) => None,
        });
        asserts.collect::<Vec<_>>()
    });
    (of_script.into_iter().flatten().collect(), of.to_owned())
}
