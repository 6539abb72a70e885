//! `keur doctor`: one page before a test day, each line with what to do.

use std::path::PathBuf;

use crate::check::doctor::{Health, examine};
use crate::diagnostic::Words;

use super::check::{Supplied, gather};
use super::console::Console;
use super::exit::Exit;
use super::runtime::{self, Workers};
use super::settings::{Checked, Key, Said, Settings};

/// Flags of `doctor`.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    #[command(flatten)]
    supplied: Supplied,
    /// Longest wait for an answer [default: 60s]
    #[arg(long, value_name = "DURATION")]
    timeout: Option<String>,
}

impl Arguments {
    /// Flags that are settings too.
    pub fn settings(&self) -> Said {
        self.supplied.said().one(Key::Timeout, &self.timeout)
    }
}

const WORDS: [(Health, Words); 4] = [
    (Health::Good, Words::new("ok", "goed")),
    (Health::Unknown, Words::new("?", "?")),
    (Health::Doubt, Words::new("note", "let op")),
    (Health::Bad, Words::new("FAIL", "FOUT")),
];

const READY: Words = Words::new("nothing stands in the way of a test", "niets staat een test in de weg");
const TO_DO: Words = Words::new("to do before the test: {}", "te doen voor de test: {}");

/// Carries it out.
pub fn doctor(
    arguments: &Arguments,
    settings: &Settings,
    checked: &Checked,
    configuration: Option<PathBuf>,
    console: &Console,
) -> Exit {
    let runtime = match runtime::start(Workers::Two, console) {
        Ok(runtime) => runtime,
        Err(exit) => return exit,
    };
    let lines = runtime.block_on(async {
        match gather(&arguments.supplied, settings, checked, configuration).await {
            Ok((setup, warnings)) => {
                console.tell_all(warnings);
                Some(examine(&setup, console.language).await)
            }
            Err(problems) => {
                console.tell_all(problems);
                None
            }
        }
    });
    runtime.shutdown_background();
    let Some(lines) = lines else { return Exit::Usage };
    let mut page = String::new();
    for line in &lines {
        let word = WORDS
            .iter()
            .find(|(health, _)| *health == line.health)
            .map_or("", |(_, words)| words.get(console.language));
        page.push_str(&format!("{word:7}{:24}{}\n", line.subject.get(console.language), line.seen));
        if let Some(remedy) = line.remedy {
            page.push_str(&format!("       {:24}-> {}\n", "", remedy.get(console.language)));
        }
    }
    if console.output(page.as_bytes()).is_err() {
        return Exit::Usage;
    }
    let to_do = lines.iter().filter(|line| line.remedy.is_some()).count();
    let told = match to_do {
        0 => READY.get(console.language).to_owned(),
        _ => TO_DO.get(console.language).replace("{}", &to_do.to_string()),
    };
    console.error(&format!("{told}\n"));
    match lines.iter().map(|line| line.health).max() {
        Some(Health::Bad) => Exit::Failed,
        Some(Health::Unknown) => Exit::Incomplete,
        _ => Exit::Passed,
    }
}
