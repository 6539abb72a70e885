//! What `keur run` is told on the command line.

use std::path::PathBuf;

use crate::cli::awaiting;
use crate::cli::settings::{Key, PackageFlags, Said, ValueFlags};
use crate::cli::terminology;

/// Flags of `run`.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Files and folders of TestScripts, or names of built-in suites
    #[arg(value_name = "PATH", required_unless_present = "service")]
    pub(super) paths: Vec<PathBuf>,
    /// Data services whose built-in suites are run, by number: 48,51 (see `keur list --own`)
    #[arg(long, value_name = "ID", value_delimiter = ',', value_parser = service)]
    pub(super) service: Vec<u32>,
    /// Base URL of the server under test; built-in suites run against the simulator without it
    #[arg(long, value_name = "URL")]
    target: Option<String>,
    #[command(flatten)]
    values: ValueFlags,
    /// Report to write: html, json, junit, terminal, testreport, testreport-r5, sarif, har, github or gitlab; `-` is
    /// standard output (repeatable)
    #[arg(long, value_name = "KIND=PATH")]
    report: Vec<String>,
    /// FHIR version of the exchange where the scripts do not say: 3.0 or 4.0 [default: 3.0]
    #[arg(long, value_name = "VERSION")]
    fhir_version: Option<String>,
    #[command(flatten)]
    packages: PackageFlags,
    /// Take the nearest version where `--package-dir` does not have the one that is asked for
    #[arg(long)]
    nearest_package: bool,
    /// Longest wait for an answer [default: 60s]
    #[arg(long, value_name = "DURATION")]
    timeout: Option<String>,
    /// Scripts that run side by side; those that write run by themselves [default: 1]
    #[arg(long, value_name = "NUMBER")]
    jobs: Option<String>,
    /// Dial no host but the target's
    #[arg(long)]
    offline: bool,
    /// Folder of run records [default: .keur/runs]
    #[arg(long, value_name = "FOLDER")]
    record: Option<String>,
    /// Table of requirements to judge, by name or file (repeatable)
    #[arg(long, value_name = "NAME")]
    requirements: Vec<String>,
    /// Key of the pseudonyms of persons in reports: env:VARIABLE, @FILE or the key [default: one of this folder]
    #[arg(long, value_name = "KEY")]
    mask_key: Option<String>,
    /// End the run, without asking, at an answer with what looks like a real person
    #[arg(long)]
    test_persons_only: bool,
    /// Command that logs in where `keur.toml` has a `[login]`: gets the URL, writes the final redirect
    #[arg(long, value_name = "COMMAND")]
    pub(super) login_hook: Option<String>,
    #[command(flatten)]
    terminology: terminology::Flags,
    #[command(flatten)]
    pub(super) awaiting: awaiting::Flags,
}

impl Arguments {
    /// Flags that are settings too.
    pub fn settings(&self) -> Said {
        Said::default()
            .one(Key::Target, &self.target)
            .and(self.values.said())
            .many(Key::Report, &self.report)
            .one(Key::FhirVersion, &self.fhir_version)
            .and(self.packages.said())
            .switch(Key::NearestPackage, self.nearest_package)
            .one(Key::Timeout, &self.timeout)
            .one(Key::Jobs, &self.jobs)
            .switch(Key::Offline, self.offline)
            .one(Key::Record, &self.record)
            .many(Key::Requirements, &self.requirements)
            .one(Key::Mask, &self.mask_key)
            .switch(Key::TestPersonsOnly, self.test_persons_only)
            .and(self.terminology.said())
    }
}

/// The id of a data service in the MedMij catalogue.
fn service(text: &str) -> Result<u32, &'static str> {
    text.trim().parse().map_err(|_| "a data service has a number (48 is the BgZ); a suite is run by its name alone")
}
