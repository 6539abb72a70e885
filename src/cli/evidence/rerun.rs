//! `keur evidence rerun BUNDLE --sample 10%`: the auditor's own sample, live, beside what was handed in.

use std::path::PathBuf;

use crate::diagnostic::Diagnostic;
use crate::evidence::bundle::{self, Trust};
use crate::evidence::code;
use crate::evidence::diff::{Kind, Outcomes, diff};
use crate::report::fold;
use crate::testscript::{ScriptFile, ScriptReader, problem as script_problem};

use super::super::console::Console;
use super::super::diff::{Format, show};
use super::super::exit::Exit;
use super::super::problem;
use super::super::replay::refused;
use super::super::run;
use super::super::settings::{Checked, Key, Said, Settings, ValueFlags};

/// Flags of `rerun`.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// The bundle
    #[arg(value_name = "BUNDLE")]
    bundle: PathBuf,
    /// How many of its scripts: a share (`10%`) or a number
    #[arg(long, value_name = "SHARE", default_value = "10%")]
    sample: String,
    /// Which ones: the same seed chooses the same
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    seed: u64,
    /// Base URL of the server under test
    #[arg(long, value_name = "URL")]
    target: Option<String>,
    #[command(flatten)]
    values: ValueFlags,
    /// FHIR package to use (repeatable)
    #[arg(long, value_name = "PACKAGE")]
    package: Vec<String>,
    /// Folder of run records [default: .keur/runs]
    #[arg(long, value_name = "FOLDER")]
    record: Option<String>,
}

impl Arguments {
    /// Flags that are settings too.
    pub fn settings(&self) -> Said {
        Said::default()
            .one(Key::Target, &self.target)
            .and(self.values.said())
            .many(Key::Package, &self.package)
            .one(Key::Record, &self.record)
    }
}

/// Runs the sample and compares.
pub fn rerun(arguments: &Arguments, settings: &Settings, checked: &Checked, console: &Console) -> Exit {
    match sampled(arguments, settings, checked, console) {
        Ok(exit) => exit,
        Err(problems) => refused(problems, console),
    }
}

fn sampled(
    arguments: &Arguments,
    settings: &Settings,
    checked: &Checked,
    console: &Console,
) -> Result<Exit, Vec<Diagnostic>> {
    let wrong = |code, message: &str| vec![code::error(code, message)];
    if checked.target.is_none() {
        return Err(vec![problem::error(problem::NO_TARGET, "a sample is run live, and there is no `--target`")]);
    }
    let intact = bundle::open(&arguments.bundle, &Trust::default())?;
    let missing = || wrong(code::RECORD, "the bundle does not say what the run was given");
    let broken = |error: crate::record::ReadRecordError| wrong(code::RECORD, &error.to_string());
    let inputs = intact.record.inputs().map_err(broken)?.ok_or_else(missing)?;
    let files = intact.record.files().map_err(broken)?.ok_or_else(missing)?;
    let all = inputs.scripts.len();
    let count = share(&arguments.sample, all)
        .ok_or_else(|| wrong(problem::SETTING_VALUE, "a sample is a share such as `10%`, or a number of scripts"))?;
    let chosen = chosen(all, count, arguments.seed);
    let places: Vec<ScriptFile> = chosen
        .iter()
        .filter_map(|at| inputs.scripts.get(*at))
        .map(|script| ScriptFile { path: script.path.clone().into(), root: script.root.clone().into() })
        .collect();
    let reader = ScriptReader::new(&files);
    let mut scripts = vec![];
    for place in &places {
        let loaded = reader.load(&place.path, &place.root);
        if loaded.problems.iter().any(script_problem::forbids_running) {
            return Err(loaded.problems);
        }
        scripts.extend(loaded.script.map(std::sync::Arc::new));
    }
    let paths: Vec<String> = places.iter().map(|place| place.path.to_string_lossy().replace('\\', "/")).collect();
    console.error(&format!("sample of {} of {all} scripts, seed {}\n", paths.len(), arguments.seed));
    let (exit, record) = run::sample(scripts, places, &files, settings, checked, console);
    let Some(record) = record else { return Ok(exit) };
    let mut before = Outcomes::of(&fold(intact.record.events()));
    before.only(&paths);
    let mut changes = diff(before, Outcomes::of(&fold(record.events())));
    // Values differ where the keys of the masks do: verdicts are what is compared.
    changes.retain(|change| !matches!(change.kind, Kind::Changed | Kind::Slower));
    // What was not judged there because persons are masked did not become better.
    let withheld = code::MASKED.to_string();
    let compared = changes.len();
    changes.retain(|change| change.before.as_ref().is_none_or(|before| before.code != withheld));
    if changes.len() < compared {
        let message = format!("{} asserts of the bundle cannot be compared", compared - changes.len());
        console.tell(code::warning(code::MASKED, message));
    }
    Ok(match (show(&changes, Format::Text, console), exit) {
        (_, Exit::Usage | Exit::NoAnswer | Exit::NoToken | Exit::Interrupted) => exit,
        (compared, _) => compared,
    })
}

/// How many: at least one.
fn share(text: &str, all: usize) -> Option<usize> {
    let count = match text.strip_suffix('%') {
        Some(percent) => {
            let percent: f64 = percent.trim().parse().ok().filter(|percent| (0.0..=100.0).contains(percent))?;
            (percent / 100.0 * all as f64).ceil() as usize
        }
        None => text.trim().parse().ok()?,
    };
    Some(count.clamp(1, all.max(1)))
}

/// Which ones, in the order of the run: those with the smallest hash of seed and number.
fn chosen(all: usize, count: usize, seed: u64) -> Vec<usize> {
    let hash = |at: &usize| ring::digest::digest(&ring::digest::SHA256, format!("keur sample {seed} {at}").as_bytes());
    let mut numbers: Vec<usize> = (0..all).collect();
    numbers.sort_by_cached_key(|at| hash(at).as_ref().to_vec());
    numbers.truncate(count);
    numbers.sort_unstable();
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_rounded_up_and_a_seed_chooses_the_same() {
        for (text, all, expected) in [
            ("10%", 32, Some(4)),
            ("0%", 5, Some(1)),
            ("100%", 5, Some(5)),
            ("3", 5, Some(3)),
            ("9", 5, Some(5)),
            ("x", 5, None),
            ("101%", 5, None),
        ] {
            assert_eq!(share(text, all), expected, "{text}");
        }
        assert_eq!(chosen(32, 4, 7), chosen(32, 4, 7));
        assert_ne!(chosen(32, 4, 7), chosen(32, 4, 8));
        assert!(chosen(32, 4, 7).is_sorted());
    }
}
